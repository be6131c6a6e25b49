//! Reading a calendar: planned as a job, asked for, worked out. What follows is in [`super::settle`].

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::ask::{self, Answer, Known, Problem};
use super::dav::Dav;
use super::model::{SourceId, Span, SpanKind, Target, is_stale};
use super::settle::settle;
use super::store::{self, ToRead};
use super::words;
use crate::availability;
use crate::jobs::{self, Done, Failure, Job, Work};
use crate::reading::{self, BusyKind, BusySpan, Reader, Unreadable};
use crate::state::AppState;
use crate::vocab::Email;

/// The kind of the jobs that read calendars.
pub const READ: &str = "calendar.read";
/// The kind of the job that looks for calendars nobody reads any more.
pub const SWEEP: &str = "calendar.sweep";

/// Working a calendar out may take so long.
const TO_PARSE: Duration = Duration::from_secs(10);
/// An attempt with all its requests. The worker's own patience is a minute.
const IN_ALL: Duration = Duration::from_secs(50);
/// A calendar that was not read for so long after its time has lost its job.
const LOST: TimeDelta = TimeDelta::hours(2);

/// What a job is told: which source, and the moment it was planned for. Where that is no longer the
/// planned one, another job has taken its place.
#[derive(Serialize, Deserialize)]
struct Order {
    source: SourceId,
    due: DateTime<Utc>,
}

/// What came out of a calendar.
pub struct Got {
    /// When its owner is busy, in order.
    pub spans: Vec<Span>,
    /// Entries in it.
    pub entries: usize,
    /// What its owner should know.
    pub warnings: Vec<String>,
    /// For the next request.
    pub etag: String,
    /// For the next request.
    pub last_modified: String,
}

/// Whose calendar it is.
#[derive(Clone)]
pub struct Owner {
    /// Their address; answers to invitations name it.
    pub emails: Vec<Email>,
    /// Their zone.
    pub zone: Tz,
}

/// Plans a reading at `at` in place of the one planned until now. Call it in a transaction.
pub async fn plan(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    id: SourceId,
    at: DateTime<Utc>,
    instead_of: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    if !store::schedule(conn, id, Some(at), instead_of).await? {
        return Ok(());
    }
    let order = Order {
        source: id,
        due: at,
    };
    let job = Job {
        kind: READ,
        // Several may be planned for one moment: the first that runs is the one.
        key: format!(
            "{READ}:{id}:{}:{:08x}",
            at.timestamp(),
            rand::random::<u32>()
        ),
        lane: format!("source:{id}"),
        run_at: at,
        payload: serde_json::to_value(order).unwrap_or_default(),
    };
    jobs::enqueue(conn, now, &job).await
}

/// The job: reads one calendar, if it is still to be read.
pub async fn run(state: AppState, work: Work) -> jobs::Outcome {
    let order: Order = serde_json::from_value(work.payload)?;
    let mut conn = state.db.acquire().await?;
    let Some(source) = store::to_read(&mut conn, order.source).await? else {
        return Ok(Done);
    };
    if source.next_at != Some(order.due) {
        return Ok(Done);
    }
    let now = state.clock.now();
    let today = now.with_timezone(&source.zone).date_naive();
    if source.left_on.is_some_and(|day| day <= today) {
        // Who has left is nobody's business any more.
        store::schedule(&mut conn, source.id, None, Some(order.due)).await?;
        return Ok(Done);
    }
    let target = target(&state, &mut conn, source.id).await?;
    drop(conn);
    let owner = Owner::of(&source);
    let got = match target {
        Ok(target) => {
            let known = if is_stale(source.parsed_at, now) {
                Known::default()
            } else {
                Known {
                    etag: &source.etag,
                    last_modified: &source.last_modified,
                }
            };
            look(&state, &target, &owner, &source.chosen, known).await
        }
        Err(problem) => Err(problem),
    };
    let mut tx = state.db.begin().await?;
    settle(&mut tx, now, &source, got, Some(order.due)).await?;
    tx.commit().await?;
    Ok(Done)
}

/// The job: plans readings whose jobs are lost.
pub async fn sweep(state: AppState, _: Work) -> jobs::Outcome {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    for id in store::overdue(&mut tx, now - LOST).await? {
        plan(&mut tx, now, id, now, None).await?;
    }
    tx.commit().await?;
    Ok(Done)
}

impl Owner {
    /// The owner of a source.
    pub fn of(source: &ToRead) -> Self {
        Self {
            emails: source.email.iter().cloned().collect(),
            zone: source.zone,
        }
    }
}

/// What is secret of a source, decrypted.
async fn target(
    state: &AppState,
    conn: &mut PgConnection,
    id: SourceId,
) -> Result<Result<Target, Problem>, Failure> {
    let Some(key) = &state.site.secret_key else {
        return Ok(Err(Problem::new(words::KEY_GONE)));
    };
    let secret = store::secret(conn, id, key).await?;
    let secret = secret.ok_or_else(|| Failure::give_up("this source can't be read again"))?;
    let target = secret.ok().and_then(|secret| Target::of_secret(&secret));
    Ok(target.ok_or_else(|| Problem::refusal(words::OTHER_KEY)))
}

/// Reads a calendar, or the chosen calendars of an account; none where it is as it was.
///
/// # Errors
/// Why nothing was read.
pub async fn look(
    state: &AppState,
    target: &Target,
    owner: &Owner,
    chosen: &[(String, String)],
    known: Known<'_>,
) -> Result<Option<Got>, Problem> {
    let looking = async {
        match target {
            Target::Address(address) => {
                match ask::calendar(&state.fetcher, address, known).await? {
                    Answer::Unchanged => Ok(None),
                    Answer::Calendar {
                        bytes,
                        etag,
                        last_modified,
                    } => {
                        let got = work_out(state, owner.clone(), bytes).await?;
                        Ok(Some(Got {
                            etag,
                            last_modified,
                            ..got
                        }))
                    }
                }
            }
            Target::Account(account) => {
                let dav = Dav {
                    fetcher: &state.fetcher,
                    account,
                };
                let mut owner = owner.clone();
                owner.emails.extend(account.user.parse::<Email>().ok());
                account_of(state, &dav, &owner, chosen).await.map(Some)
            }
        }
    };
    tokio::time::timeout(IN_ALL, looking)
        .await
        .unwrap_or_else(|_| Err(Problem::new("Reading it took longer than 50 s.")))
}

/// All chosen calendars of an account. Where one fails, all do: half of somebody's time must not look
/// like all of it.
async fn account_of(
    state: &AppState,
    dav: &Dav<'_>,
    owner: &Owner,
    chosen: &[(String, String)],
) -> Result<Got, Problem> {
    let window = availability::window(state.clock.now());
    let mut all = Got {
        spans: Vec::new(),
        entries: 0,
        warnings: Vec::new(),
        etag: String::new(),
        last_modified: String::new(),
    };
    for (href, name) in chosen {
        let of_this = |problem: Problem| Problem {
            words: format!("\"{name}\": {}", problem.words),
            ..problem
        };
        let entries = dav.entries(href, window).await.map_err(of_this)?;
        if entries.is_empty() {
            continue;
        }
        let got = work_out(state, owner.clone(), as_one(&entries).into_bytes())
            .await
            .map_err(of_this)?;
        all.spans.extend(got.spans);
        all.entries += got.entries;
        all.warnings
            .extend(got.warnings.into_iter().map(|w| format!("{name}: {w}")));
    }
    all.spans = merged(&all.spans);
    Ok(all)
}

/// Entries that a server keeps one by one, as one calendar.
fn as_one(entries: &[String]) -> String {
    let mut calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    for entry in entries {
        for line in entry.lines() {
            let line = line.trim_end_matches('\r');
            let upper = line.to_ascii_uppercase();
            if ["BEGIN:VCALENDAR", "END:VCALENDAR", "VERSION:2.0"].contains(&upper.trim_end()) {
                continue;
            }
            calendar.push_str(line);
            calendar.push_str("\r\n");
        }
    }
    calendar.push_str("END:VCALENDAR\r\n");
    calendar
}

/// Reads the bytes of a calendar, off the threads that serve requests.
///
/// # Errors
/// Why nothing could be read.
pub async fn work_out(state: &AppState, owner: Owner, bytes: Vec<u8>) -> Result<Got, Problem> {
    let now = state.clock.now();
    let authority = state.site.public_url.authority();
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host)
        .to_owned();
    tokio::task::spawn_blocking(move || parse(&bytes, &owner, now, &host))
        .await
        // Whatever a file did to us, it is not to be believed free.
        .unwrap_or_else(|_| Err(Problem::new("The calendar could not be read.")))
}

/// Reads the bytes of a calendar. It may take ten seconds. `host` is our own, by which shifts that
/// come back are known.
///
/// # Errors
/// Why nothing could be read.
pub fn parse(bytes: &[u8], owner: &Owner, now: DateTime<Utc>, host: &str) -> Result<Got, Problem> {
    let begun = Instant::now();
    let reader = Reader {
        owner: &owner.emails,
        zone: owner.zone,
        window: availability::window(now),
        own_host: host,
        limits: reading::Limits::default(),
        stop: &|| begun.elapsed() > TO_PARSE,
    };
    let read = reading::read(bytes, &reader)
        .map_err(|unreadable: Unreadable| Problem::new(unreadable.to_string()))?;
    Ok(Got {
        spans: read.spans.iter().map(kept).collect(),
        entries: read.entries,
        warnings: read.warnings.iter().map(ToString::to_string).collect(),
        etag: String::new(),
        last_modified: String::new(),
    })
}

fn kept(span: &BusySpan) -> Span {
    Span {
        interval: span.interval,
        kind: match span.kind {
            BusyKind::Busy => SpanKind::Busy,
            BusyKind::Tentative => SpanKind::Tentative,
            BusyKind::OutOfOffice => SpanKind::OutOfOffice,
        },
        all_day: span.all_day,
    }
}

/// Spans of several calendars, each kind merged within itself.
fn merged(spans: &[Span]) -> Vec<Span> {
    let kinds = [SpanKind::Busy, SpanKind::Tentative, SpanKind::OutOfOffice];
    let groups = kinds.into_iter().flat_map(|k| [(k, true), (k, false)]);
    let mut all: Vec<Span> = groups
        .flat_map(|(kind, all_day)| {
            let of = spans
                .iter()
                .filter(|s| s.kind == kind && s.all_day == all_day);
            let union = reading::union(of.map(|s| s.interval));
            union.into_iter().map(move |interval| Span {
                interval,
                kind,
                all_day,
            })
        })
        .collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_one_calendar() {
        let entry = |uid: &str| {
            format!(
                "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:{uid}\nEND:VEVENT\nEND:VCALENDAR\n"
            )
        };
        let all = as_one(&[entry("a"), entry("b").replace('\n', "\r\n")]);
        assert_eq!(all.matches("VCALENDAR").count(), 2);
        assert_eq!(all.matches("BEGIN:VEVENT\r\n").count(), 2);
        assert!(all.ends_with("UID:b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"));
    }
}
