//! Reading a calendar: planned as a job, asked for, worked out. What follows is in [`super::settle`].

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::ask::{self, Answer, Known, Problem, Why};
use super::dav::Dav;
use super::model::{Kind, SourceId, Target, is_stale};
use super::settle;
use super::store;
use super::words;
use super::work_out::{Got, Owner, broken, merged, work_out};
use crate::availability;
use crate::jobs::{self, Done, Failure, Job, Work};
use crate::state::AppState;
use crate::vocab::{Email, PersonId};

/// The kind of the jobs that read calendars.
pub const READ: &str = "calendar.read";
/// The kind of the job that looks for calendars nobody reads any more.
pub const SWEEP: &str = "calendar.sweep";

/// The kind of the jobs that look whether a shift that somebody got clashes with their calendars.
pub const CLASH: &str = "calendar.clash";
/// The kind of the jobs that have somebody's calendars read by another clock.
pub const ZONE: &str = "calendar.zone";

/// An attempt with all its requests, and time left to note what became of it.
const IN_ALL: Duration = Duration::from_secs(50);
const _: () = assert!(IN_ALL.as_secs() + 5 < jobs::PATIENCE.as_secs());
/// The same where somebody waits for the page: well under the time that a request may take.
const WHILE_SOMEBODY_WAITS: Duration = Duration::from_secs(25);
/// A calendar that was not read for so long after its time has lost its job.
const LOST: TimeDelta = TimeDelta::hours(2);

/// What a job is told: which source, and the moment it was planned for. Where that is no longer the
/// planned one, another job has taken its place.
#[derive(Serialize, Deserialize)]
struct Order {
    source: SourceId,
    due: DateTime<Utc>,
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
    let known = if is_stale(source.parsed_at, now) {
        Known::default()
    } else {
        Known {
            etag: &source.etag,
            last_modified: &source.last_modified,
        }
    };
    let got = match &target {
        Ok(target) => whole(look(&state, target, &owner, &source.chosen, known), IN_ALL).await,
        Err(problem) => Err(problem.clone()),
    };
    let mut tx = state.db.begin().await?;
    settle::settle(&mut tx, now, &source, got, Some(order.due)).await?;
    tx.commit().await?;
    Ok(Done)
}

/// What a job about a person is told.
#[derive(Deserialize)]
struct About {
    person: PersonId,
}

/// The job: somebody got a shift, which may clash with their calendars.
pub async fn clash(state: AppState, work: Work) -> jobs::Outcome {
    let About { person } = serde_json::from_value(work.payload)?;
    let mut tx = state.db.begin().await?;
    if let Some((name, zone)) = store::owner(&mut tx, person).await? {
        settle::tell_clashes(&mut tx, person, &name, zone, state.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(Done)
}

/// The job: somebody moved to another time zone, so their calendars mean other times.
pub async fn zone(state: AppState, work: Work) -> jobs::Outcome {
    let About { person } = serde_json::from_value(work.payload)?;
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    if let Some((name, zone)) = store::owner(&mut tx, person).await? {
        for source in store::of_person(&mut tx, person).await? {
            if source.kind == Kind::File {
                store::warn(&mut tx, source.id, words::OTHER_ZONE).await?;
            } else if source.next_at.is_some() {
                store::forget_version(&mut tx, source.id).await?;
                plan(&mut tx, now, source.id, now, None).await?;
            }
        }
        // Working hours are by the new clock at once.
        settle::consequences(&mut tx, person, &name, zone, now).await?;
    }
    tx.commit().await?;
    Ok(Done)
}

/// The job: plans readings whose jobs are lost.
pub async fn sweep(state: AppState, _: Work) -> jobs::Outcome {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    store::forget_told(&mut tx, now).await?;
    for id in store::overdue(&mut tx, now - LOST).await? {
        plan(&mut tx, now, id, now, None).await?;
    }
    tx.commit().await?;
    Ok(Done)
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

/// A reading that ends in time and with an answer, whatever happens to it: what became of it is noted in any
/// case, and the next one planned.
async fn whole<T>(
    reading: impl Future<Output = Result<T, Problem>>,
    limit: Duration,
) -> Result<T, Problem> {
    let mut reading = pin!(reading);
    let careful = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| reading.as_mut().poll(context)));
        polled.unwrap_or_else(|_| Poll::Ready(Err(broken())))
    });
    tokio::time::timeout(limit, careful)
        .await
        .unwrap_or_else(|_| Err(Problem::slow(limit)))
}

/// Reads a calendar at a secret address while its owner waits.
///
/// # Errors
/// Why nothing was read.
pub async fn look_at(
    state: &AppState,
    target: &Target,
    owner: &Owner,
) -> Result<Option<Got>, Problem> {
    let reading = look(state, target, owner, &[], Known::default());
    whole(reading, WHILE_SOMEBODY_WAITS).await
}

/// Reads a file while its owner waits.
///
/// # Errors
/// Why nothing was read.
pub async fn read_file(state: &AppState, owner: Owner, bytes: Vec<u8>) -> Result<Got, Problem> {
    let reading = whole(work_out(state, owner, vec![bytes]), WHILE_SOMEBODY_WAITS);
    reading.await.map_err(|problem| match problem.why {
        Why::Slow => {
            Problem::new("Many calendars are being read right now. Try again in a minute.")
        }
        _ => problem,
    })
}

/// Reads a calendar, or the chosen calendars of an account; none where it is as it was.
async fn look(
    state: &AppState,
    target: &Target,
    owner: &Owner,
    chosen: &[(String, String)],
    known: Known<'_>,
) -> Result<Option<Got>, Problem> {
    match target {
        Target::Address(address) => match ask::calendar(&state.fetcher, address, known).await? {
            Answer::Unchanged => Ok(None),
            Answer::Calendar {
                bytes,
                etag,
                last_modified,
            } => {
                let got = work_out(state, owner.clone(), vec![bytes]).await?;
                Ok(Some(Got {
                    etag,
                    last_modified,
                    ..got
                }))
            }
        },
        Target::Account(account) => {
            let dav = Dav {
                fetcher: &state.fetcher,
                account,
            };
            let mut owner = owner.clone();
            owner.emails.extend(account.user.parse::<Email>().ok());
            account_of(state, &dav, &owner, chosen, known).await
        }
    }
}

/// All chosen calendars of an account; none where all of them are as they were. Where one fails, all do: half
/// of somebody's time must not look like all of it.
async fn account_of(
    state: &AppState,
    dav: &Dav<'_>,
    owner: &Owner,
    chosen: &[(String, String)],
    known: Known<'_>,
) -> Result<Option<Got>, Problem> {
    let window = availability::window(state.clock.now());
    // Before anything is read: what changes meanwhile is read the next time.
    let version = versions(dav, chosen).await?;
    if !version.is_empty() && version == known.etag {
        return Ok(None);
    }
    let mut all = Got {
        etag: version,
        ..Got::default()
    };
    for (href, name) in chosen {
        let of_this = |problem: Problem| problem.of(name);
        let entries = dav.entries(href, window).await.map_err(of_this)?;
        if entries.is_empty() {
            continue;
        }
        let files = entries.into_iter().map(String::into_bytes).collect();
        let got = work_out(state, owner.clone(), files)
            .await
            .map_err(of_this)?;
        all.spans.extend(got.spans);
        all.entries += got.entries;
        all.warnings
            .extend(got.warnings.into_iter().map(|w| format!("{name}: {w}")));
    }
    all.spans = merged(&all.spans);
    Ok(Some(all))
}

/// Names the state that all chosen calendars are in; empty where the server does not tell of each.
async fn versions(dav: &Dav<'_>, chosen: &[(String, String)]) -> Result<String, Problem> {
    let mut hash = Sha256::new();
    for (href, name) in chosen {
        let version = match dav.version(href).await {
            // Who may see times only may not see this.
            Err(problem) if problem.why == Why::Forbidden => None,
            version => version.map_err(|problem| problem.of(name))?,
        };
        let Some(version) = version else {
            return Ok(String::new());
        };
        for part in [href, &version] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
    }
    Ok(STANDARD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reading_that_breaks_or_hangs_is_a_problem() {
        let soon = Duration::from_millis(1);
        let broke = async || {
            tokio::task::yield_now().await;
            Vec::<()>::new().pop().unwrap();
            Ok(())
        };
        let problem = whole(broke(), IN_ALL).await.unwrap_err();
        assert_eq!(problem, broken());
        let hangs = std::future::pending::<Result<(), Problem>>();
        let problem = whole(hangs, soon).await.unwrap_err();
        assert_eq!(problem, Problem::slow(soon));
        assert_eq!(whole(async { Ok(1) }, IN_ALL).await, Ok(1));
    }
}
