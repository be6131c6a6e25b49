//! What a calendar's bytes say, worked out within limits: off the threads that serve requests, two at a
//! time.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use tokio::sync::Semaphore;

use super::ask::Problem;
use super::model::{Span, SpanKind};
use super::store::ToRead;
use crate::availability;
use crate::reading::{self, BusyKind, BusySpan, Reader, Unreadable};
use crate::state::AppState;
use crate::vocab::Email;

/// Working a calendar out may take so long.
const TO_PARSE: Duration = Duration::from_secs(10);
/// Calendars that are worked out at once in this process: each takes a core and memory for a while.
static WORKING_OUT: Semaphore = Semaphore::const_new(2);

/// What came out of a calendar.
#[derive(Default)]
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

impl Owner {
    /// The owner of a source.
    pub fn of(source: &ToRead) -> Self {
        Self {
            emails: source.email.iter().cloned().collect(),
            zone: source.zone,
        }
    }
}

/// Whatever a calendar did to us, it is not to be believed free.
pub fn broken() -> Problem {
    Problem::new("The calendar could not be read.")
}

/// Reads files of one calendar, off the threads that serve requests: one, or one for each entry.
///
/// # Errors
/// Why nothing could be read.
pub async fn work_out(state: &AppState, owner: Owner, files: Vec<Vec<u8>>) -> Result<Got, Problem> {
    let now = state.clock.now();
    let host = state.site.public_url.host().to_owned();
    in_turn(&WORKING_OUT, move || match files.as_slice() {
        [file] => parse(file, &owner, now, &host),
        files => parse_all(files, &owner, now, &host),
    })
    .await
}

/// Works off the threads that serve requests, once it is its turn. A turn ends with its work, also where that
/// breaks or nobody waits for it any more.
async fn in_turn<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let turn = turns.acquire().await.map_err(|_| broken())?;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .unwrap_or_else(|_| Err(broken()))
}

/// Reads the bytes of a calendar. It may take ten seconds. `host` is our own, by which shifts that
/// come back are known.
///
/// # Errors
/// Why nothing could be read.
pub fn parse(bytes: &[u8], owner: &Owner, now: DateTime<Utc>, host: &str) -> Result<Got, Problem> {
    let begun = Instant::now();
    let read = reader(owner, now, host, &|| begun.elapsed() > TO_PARSE, |reader| {
        reading::read(bytes, reader)
    });
    read.map(|read| Got::of(&read))
        .map_err(|unreadable| Problem::new(unreadable.to_string()))
}

/// Reads entries that a server keeps one by one, each a calendar with time zones of its own, within the
/// limits of one. What can't be read of one is left out and said.
fn parse_all(
    files: &[Vec<u8>],
    owner: &Owner,
    now: DateTime<Utc>,
    host: &str,
) -> Result<Got, Problem> {
    let begun = Instant::now();
    let mut all = Got::default();
    let mut unreadable = 0_usize;
    let stop = || begun.elapsed() > TO_PARSE;
    reader(owner, now, host, &stop, |reader| {
        let mut left = reader.limits;
        for file in files {
            let reader = Reader {
                limits: left,
                ..*reader
            };
            match reading::read(file, &reader) {
                Ok(read) => {
                    // Lines count as steps as well; a file of its own has few.
                    left.feed_steps = left.feed_steps.saturating_sub(read.steps);
                    left.entries = left.entries.saturating_sub(read.entries);
                    let got = Got::of(&read);
                    all.spans.extend(got.spans);
                    all.entries += got.entries;
                    all.warnings.extend(got.warnings);
                }
                Err(problem @ (Unreadable::TooSlow | Unreadable::TooMany(_))) => {
                    return Err(problem);
                }
                Err(_) => unreadable += 1,
            }
        }
        Ok(())
    })
    .map_err(|unreadable| Problem::new(unreadable.to_string()))?;
    if unreadable == files.len() {
        return Err(broken());
    }
    if unreadable > 0 {
        all.warnings.push(format!(
            "{unreadable} of {} entries could not be read and were left out.",
            files.len()
        ));
    }
    all.spans = merged(&all.spans);
    all.warnings.sort_unstable();
    all.warnings.dedup();
    Ok(all)
}

fn reader<T>(
    owner: &Owner,
    now: DateTime<Utc>,
    host: &str,
    stop: &dyn Fn() -> bool,
    read: impl FnOnce(&Reader<'_>) -> T,
) -> T {
    read(&Reader {
        owner: &owner.emails,
        zone: owner.zone,
        window: availability::window(now),
        own_host: host,
        limits: reading::Limits::default(),
        stop,
    })
}

impl Got {
    fn of(read: &reading::Reading) -> Self {
        Self {
            spans: read.spans.iter().map(kept).collect(),
            entries: read.entries,
            warnings: read.warnings.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }
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
pub fn merged(spans: &[Span]) -> Vec<Span> {
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
    use proptest::prelude::*;

    use super::*;

    fn entry() -> impl Strategy<Value = Vec<u8>> {
        let lines = prop::sample::select(vec![
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VTIMEZONE",
            "END:VTIMEZONE",
            "BEGIN:STANDARD",
            "END:STANDARD",
            "TZID:X",
            "TZOFFSETTO:+0300",
            "UID:1",
            "DTSTART:20261201T070000Z",
            "DTSTART;TZID=X:20261201T070000",
            "DTSTART;VALUE=DATE:20261201",
            "DURATION:PT1H",
            "RRULE:FREQ=SECONDLY",
            "RRULE:FREQ=DAILY;COUNT=9",
            "RECURRENCE-ID:20261202T070000Z",
            "STATUS:TENTATIVE",
            "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
            "\u{202E}",
            "<html>",
            "",
        ]);
        prop_oneof![
            4 => prop::collection::vec(lines, 0..14).prop_map(|lines| {
                let inside = lines.join("\r\n");
                format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{inside}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n").into_bytes()
            }),
            1 => prop::collection::vec(any::<u8>(), 0..80),
        ]
    }

    /// Two calendars are worked out, the third waits, whoever stops waiting for his gives no turn away early, and
    /// one that breaks gives it back.
    #[tokio::test]
    async fn two_are_worked_out_at_once() {
        use std::sync::mpsc::channel;
        static TURNS: Semaphore = Semaphore::const_new(2);
        assert_eq!(WORKING_OUT.available_permits(), 2);
        let (say, mut at_work) = tokio::sync::mpsc::unbounded_channel();
        let start = |name: u8| {
            let (end, ended) = channel::<bool>();
            let say = say.clone();
            let work = in_turn(&TURNS, move || {
                say.send(name).unwrap();
                assert!(ended.recv().unwrap(), "it breaks");
                Ok(name)
            });
            (tokio::spawn(work), end)
        };
        let (first, end_first) = start(1);
        assert_eq!(at_work.recv().await, Some(1));
        let (second, end_second) = start(2);
        assert_eq!(at_work.recv().await, Some(2));
        let (third, end_third) = start(3);
        let (fourth, end_fourth) = start(4);
        // Whoever waited for it has gone; it is at work all the same.
        first.abort();
        assert!(first.await.is_err());
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(TURNS.available_permits(), 0);
        assert!(at_work.try_recv().is_err(), "two are at work");
        end_first.send(true).unwrap();
        assert_eq!(at_work.recv().await, Some(3));
        assert!(at_work.try_recv().is_err(), "two are at work");
        end_second.send(false).unwrap();
        assert_eq!(second.await.unwrap(), Err(broken()));
        assert_eq!(at_work.recv().await, Some(4));
        for end in [end_third, end_fourth] {
            end.send(true).unwrap();
        }
        assert_eq!(third.await.unwrap(), Ok(3));
        assert_eq!(fourth.await.unwrap(), Ok(4));
        assert_eq!(TURNS.available_permits(), 2);
    }

    proptest! {
        /// Entries of a server, whatever they are: an answer, in order, within what was asked.
        #[test]
        fn entries_of_any_kind_are_read_or_refused(files in prop::collection::vec(entry(), 1..6)) {
            let now = "2026-11-16T09:00:00Z".parse().unwrap();
            let owner = Owner { emails: vec![], zone: Tz::Europe__Istanbul };
            let window = availability::window(now);
            let Ok(got) = parse_all(&files, &owner, now, "fairshift.example") else {
                return Ok(());
            };
            prop_assert!(got.spans.is_sorted());
            prop_assert!(got.warnings.is_sorted());
            for span in &got.spans {
                prop_assert_eq!(window.intersection(&span.interval), Some(span.interval));
            }
            // What one entry says, the others don't take away.
            let alone: usize = files.iter().filter_map(|f| parse(f, &owner, now, "fairshift.example").ok()).map(|g| g.entries).sum();
            prop_assert_eq!(got.entries, alone);
        }
    }
}
