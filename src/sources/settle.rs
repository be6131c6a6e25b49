//! What follows from a reading: it is kept, leave is proposed, utilisation counted, clashes told, and
//! the next reading planned.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::ask::Problem;
use super::model::{Kind, Span, away, next_reading, steps};
use super::read::plan;
use super::store::{self, Outcome, ToRead};
use super::words;
use super::work_out::Got;
use crate::audit;
use crate::availability::{self, Taken};
use crate::jobs;
use crate::vocab::{Interval, PersonId};

/// What only its owner can mend is tried again after so long: asking again and again with a wrong password
/// locks accounts. Whoever mends it has it read at once.
const AFTER_REFUSAL: TimeDelta = TimeDelta::hours(12);

/// Clashes are told so far ahead.
const CLASHES_AHEAD: TimeDelta = TimeDelta::days(120);

/// Keeps what came of an attempt and does what follows: leave is proposed, utilisation counted,
/// clashes told, and the next reading planned. With `instead_of`, only where that is still the planned
/// reading. Call it in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn settle(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    source: &ToRead,
    mut got: Result<Option<Got>, Problem>,
    instead_of: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    let mut known_until = availability::window(now).end;
    if let Ok(Some(got)) = &mut got
        && let Some(first) = got.spans.get(store::MOST_SPANS)
    {
        // What is left out is not free.
        known_until = first.interval.start;
        got.spans.truncate(store::MOST_SPANS);
        got.warnings.insert(0, words::too_many(store::MOST_SPANS));
    }
    let outcome = match &got {
        Ok(Some(got)) => Outcome::Read {
            entries: got.entries,
            warnings: &got.warnings,
            known_until,
            etag: &got.etag,
            last_modified: &got.last_modified,
        },
        Ok(None) => Outcome::Unchanged,
        Err(problem) => Outcome::Failed(&problem.words),
    };
    if !store::keep(conn, source.id, &outcome, instead_of, now).await? {
        return Ok(());
    }
    match &got {
        Ok(read) => {
            let changed = match read {
                Some(got) => store::replace_spans(conn, source.id, &got.spans).await?,
                None => false,
            };
            // Every day brings another one within reach.
            let day = |at: DateTime<Utc>| at.with_timezone(&source.zone).date_naive();
            if changed || source.good_at.is_none_or(|at| day(at) != day(now)) {
                // Before out of office becomes leave: a shift under leave is no clash any more.
                tell_clashes(conn, source.person, &source.owner, source.zone, now).await?;
                if let Some(got) = read {
                    propose(conn, source, &got.spans, now).await?;
                }
                availability::recount(conn, source.person, now).await?;
            }
        }
        Err(problem) => complain(conn, source, problem, now).await?,
    }
    if source.kind != Kind::File {
        let at = match &got {
            Ok(_) => next_reading(now, 0, None, rand::random()),
            Err(problem) => {
                let failures = source.failures + 1;
                let wait = problem.is_refusal().then_some(AFTER_REFUSAL);
                let wait = problem.wait.max(wait);
                next_reading(now, failures, wait, rand::random())
            }
        };
        plan(conn, now, source.id, at, instead_of).await?;
    }
    Ok(())
}

/// What follows whenever what is known of somebody's time has changed: utilisation is counted, and
/// clashes with published shifts are told, once each.
pub async fn consequences(
    conn: &mut PgConnection,
    person: PersonId,
    name: &str,
    zone: Tz,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    availability::recount(conn, person, now).await?;
    tell_clashes(conn, person, name, zone, now).await
}

/// Tells of clashes with published shifts: of each once, and everybody in one message.
pub async fn tell_clashes(
    conn: &mut PgConnection,
    person: PersonId,
    name: &str,
    zone: Tz,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let ahead = Interval {
        start: now,
        end: now + CLASHES_AHEAD,
    };
    let taken = availability::taken_shifts(conn, &[person], ahead).await?;
    if taken.is_empty() {
        return Ok(());
    }
    let mut slugs: Vec<String> = taken.iter().map(|t| t.shift.slug.clone()).collect();
    slugs.sort_unstable();
    slugs.dedup();
    let mut readers: BTreeMap<PersonId, (Tz, Vec<&Taken>)> = BTreeMap::new();
    readers.insert(person, (zone, taken.iter().collect()));
    for manager in store::managers(conn, &slugs).await? {
        let of_team = taken.iter().filter(|t| t.shift.slug == manager.slug);
        if manager.id != person {
            let reader = readers
                .entry(manager.id)
                .or_insert((manager.zone, Vec::new()));
            reader.1.extend(of_team);
        }
    }
    for (reader, (zone, clashes)) in readers {
        let known = clashes
            .iter()
            .map(|t| (words::clash_key(t), t.shift.interval.end));
        let fresh = store::tell_of(conn, reader, &known.collect::<Vec<_>>()).await?;
        let is_fresh = |t: &&Taken| fresh.contains(&words::clash_key(t));
        let fresh: Vec<&Taken> = clashes.into_iter().filter(is_fresh).collect();
        // One message, however many there are.
        let notice = if reader == person {
            words::clashes(&fresh, zone)
        } else {
            words::clashes_to_manager(&fresh, name, reader, zone)
        };
        if let Some(notice) = notice {
            jobs::notify(conn, now, &notice).await?;
        }
    }
    Ok(())
}

/// Out of office of a day or more is proposed as leave; where it is leave already, or a team takes
/// it so, nobody is asked.
async fn propose(
    conn: &mut PgConnection,
    source: &ToRead,
    spans: &[Span],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let before = store::proposals(conn, source.id).await?;
    let steps = steps(&away(spans, source.zone), &before, now);
    if steps.is_empty() {
        return Ok(());
    }
    let new = store::apply(conn, source.id, &steps, now).await?;
    let by_itself = !new.is_empty() && store::accept_by_itself(conn, source.person).await?;
    for interval in new {
        let timelines = availability::for_planning(conn, &[source.person], interval).await?;
        let is_leave = timelines
            .get(&source.person)
            .is_some_and(|t| t.leave_minutes(interval) == interval.minutes());
        if is_leave || by_itself {
            store::mark(conn, source.id, interval, "accepted", now).await?;
        }
        if by_itself && !is_leave {
            let whose = (source.person, source.owner.as_str(), source.zone);
            accept(conn, whose, interval, None, now).await?;
        }
    }
    Ok(())
}

/// Enters out of office as leave, beside what is entered, and notes who did so: nobody where a team takes it
/// so. [`availability::recount`] is to follow.
pub async fn accept(
    conn: &mut PgConnection,
    (person, name, zone): (PersonId, &str, Tz),
    interval: Interval,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    // A note of our own is a note.
    let Ok(note) = "Out of office in the calendar".parse() else {
        return Ok(());
    };
    availability::add_leave(conn, person, interval, &note, by, now).await?;
    let said = format!(
        "{name}: {}, out of office in the calendar",
        availability::describe(interval, zone)
    );
    for team in store::teams_of(conn, person).await? {
        audit::record(conn, now, by, Some(team), "accepted leave", &said).await?;
    }
    Ok(())
}

/// Tells the owner that a calendar can't be read: at once where only they can mend it, else after a
/// day.
async fn complain(
    conn: &mut PgConnection,
    source: &ToRead,
    problem: &Problem,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let known = store::source(conn, source.person, source.id).await?;
    let Some(known) = known else { return Ok(()) };
    let is_old = known
        .good_at
        .is_none_or(|at| now - at > TimeDelta::hours(24));
    if !problem.is_refusal() && !is_old {
        return Ok(());
    }
    let notice = words::unreadable(
        source.person,
        source.id,
        &source.name,
        &problem.words,
        known.good_at,
        source.zone,
    );
    jobs::notify(conn, now, &notice).await
}
