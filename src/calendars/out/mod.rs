//! Published shifts come into people's calendars by themselves: by invitation or written into a calendar.
//!
//! What changes a shift's entries enqueues a job for each person concerned in its own transaction (a trigger
//! does, so that nothing is forgotten). The job compares what should be in the person's calendar, the same
//! entries as in their feed, with the ledger of what was delivered, and does what differs: see
//! [`super::model::steps`]. Only shifts that are not over: the past stays as it is.
//!
//! - A mail is a row of the outbox in the transaction of the ledger: it is sent once for each revision.
//! - A pushed entry is written under a name that follows from the assignment, over the version that we know
//!   of and no other, and what is about to be written is noted before: see [`super::model::next`].
//! - A server that fails is asked again after half a minute, then twice as long, up to an hour. One that
//!   refuses us is asked once a day, or when the person says so: a wrong password, again and again,
//!   locks accounts.
//! - Invitations are a choice of their own: they come whatever somebody chose about notices. Who wants none
//!   chooses another channel.
//! - Who leaves a team keeps the shifts that are still theirs, without their colleagues' numbers. Who has
//!   left altogether gets nothing more, and what is to come is taken back.

mod dav;
mod mail;
mod picture;
mod push;
mod words;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::store::{self, Channel, Kind, State};
use crate::jobs::{self, Done, Failure, Handlers, Job, Outcome, Work};
use crate::state::AppState;
use crate::vocab::PersonId;

use dav::Trouble;
use mail::Secretary;
use picture::{Picture, Task};
use push::{Courier, Ran, Stop};

pub use words::when;

/// The kind of the jobs that bring one person's calendar up to date.
const KIND: &str = "calendar.out";

/// Work that one job does; what is left, the next one does.
const BUDGET: Duration = Duration::from_secs(25);

/// Everything that one job asks of a server, well within what a job may take: whoever is cut off notes nothing.
const IN_ALL: Duration = Duration::from_secs(45);
const _: () = assert!(
    BUDGET.as_secs() + dav::PATIENCE.as_secs() <= IN_ALL.as_secs()
        && IN_ALL.as_secs() + 10 < jobs::PATIENCE.as_secs()
);

/// Who finds a later job of the same person at work looks again after so long.
const ASIDE: TimeDelta = TimeDelta::seconds(5);

/// The daily look at everybody is spread over so many minutes.
const SPREAD: i64 = 240;

/// The first wait after a failure, and the longest.
const WAITS: (i64, i64) = (30, 3600);

/// After so many hours of failures the person is told.
const TOLD_AFTER: i64 = 24;

/// The address that mails come from; none where this installation sends none.
pub fn organizer(state: &AppState) -> Option<String> {
    // A demo shows on a page what it would send.
    (state.mailer.is_set_up() || state.site.demo).then(|| state.mailer.address())
}

/// What a job is asked.
#[derive(Debug, Serialize, Deserialize)]
struct Ask {
    person: PersonId,
    /// Ask also a server that refused us.
    #[serde(default)]
    retry: bool,
}

/// Adds who does this slice's jobs.
#[must_use]
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers.on(KIND, deliver).at_most(3, &[KIND]).every(
        "calendar.out.sweep",
        TimeDelta::hours(24),
        sweep,
    )
}

/// Has a person's calendar brought up to date, in the caller's transaction. `cause` tells one wish from
/// another.
pub async fn wish(
    conn: &mut PgConnection,
    person: PersonId,
    cause: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let ask = Ask {
        person,
        retry: true,
    };
    enqueue(conn, &ask, cause, now, now).await
}

async fn enqueue(
    conn: &mut PgConnection,
    ask: &Ask,
    cause: &str,
    run_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let person = ask.person;
    let job = Job {
        kind: KIND,
        key: format!("{KIND}:{person}:{cause}"),
        lane: lane(person),
        run_at,
        payload: serde_json::json!(ask),
    };
    jobs::enqueue(conn, now, &job).await
}

fn lane(person: PersonId) -> String {
    format!("{KIND}:{person}")
}

async fn deliver(state: AppState, work: Work) -> Outcome {
    let ask: Ask = serde_json::from_value(work.payload.clone())?;
    by_mail(&state, ask.person).await?;
    by_push(&state, &ask, &work).await?;
    Ok(Done)
}

/// All mails, in one transaction with the ledger.
async fn by_mail(state: &AppState, person: PersonId) -> Result<(), Failure> {
    let Some(organizer) = organizer(state) else {
        return Ok(());
    };
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    store::hold(&mut tx, person).await?;
    let Some(picture) = Picture::read(&mut tx, state, person, now).await? else {
        return Ok(());
    };
    let secretary = Secretary {
        organizer: &organizer,
        person: &picture.person,
        now,
    };
    for (channel, task) in picture.tasks(Kind::Mail) {
        match task {
            Task::Create(entry, time) => {
                secretary
                    .invite(&mut tx, channel, (entry, time), &picture.desired)
                    .await?;
            }
            Task::Change(delivery, entry) => {
                secretary.change(&mut tx, channel, delivery, entry).await?;
            }
            Task::Remove(delivery) => secretary.take_back(&mut tx, channel, delivery).await?,
        }
    }
    if let Some(channel) = picture.desired.channel.filter(|c| c.kind == Kind::Mail) {
        store::note(&mut tx, channel.id, (State::Well, ""), None, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// All that is pushed, entry by entry.
async fn by_push(state: &AppState, ask: &Ask, work: &Work) -> Result<(), Failure> {
    let begun = Instant::now();
    let mut conn = state.db.acquire().await?;
    let now = state.clock.now();
    let Some(picture) = Picture::read(&mut conn, state, ask.person, now).await? else {
        return Ok(());
    };
    if picture.channels.iter().all(|c| c.kind != Kind::Push) {
        return Ok(());
    }
    // An attempt that was planned long ago comes due while a later job of its lane is at work: two would
    // take what the other writes for its owner's doing.
    if store::later_is_running(&mut conn, &lane(ask.person), work.id).await? {
        let cause = format!("aside:{}:{}", work.id, work.attempt);
        enqueue(&mut conn, ask, &cause, now + ASIDE, now).await?;
        return Ok(());
    }
    drop(conn);
    for channel in picture.channels.iter().filter(|c| c.kind == Kind::Push) {
        let mut tasks = picture
            .tasks(Kind::Push)
            .filter(|(c, _)| c.id == channel.id);
        let tasks: Vec<Task<'_>> = tasks.by_ref().map(|(_, task)| task).collect();
        let stuck = matches!(channel.state, State::Refused | State::Gone);
        if (channel.is_over && tasks.is_empty()) || (stuck && !ask.retry) {
            continue;
        }
        let ran = match Courier::open(state, &picture, channel, begun, now).await {
            Ok(courier) => courier.run(&tasks, ask.retry).await,
            Err(stop) => Err(stop),
        };
        let mut conn = state.db.acquire().await?;
        match ran {
            Ok(Ran::All) => {
                store::note(&mut conn, channel.id, (State::Well, ""), None, now).await?;
                store::forget_account(&mut conn, channel.id).await?;
            }
            Ok(Ran::Part) => {
                let cause = format!("on:{}:{}", work.id, work.attempt);
                enqueue(&mut conn, ask, &cause, now, now).await?;
            }
            Ok(Ran::Without(problem)) => {
                let trouble = Trouble::Later(problem);
                failed(&mut conn, channel, ask.person, &trouble, now).await?;
            }
            Err(Stop::Trouble(trouble)) => {
                failed(&mut conn, channel, ask.person, &trouble, now).await?;
            }
            Err(Stop::Database(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Notes that a calendar can't be written to; sees to it that it is tried again, or its owner is told.
async fn failed(
    conn: &mut PgConnection,
    channel: &Channel,
    person: PersonId,
    trouble: &Trouble,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (standing, problem) = match trouble {
        Trouble::Later(problem) => (State::Failing, problem.as_str()),
        Trouble::Refused(problem) => (State::Refused, *problem),
        Trouble::Gone => (
            State::Gone,
            "The calendar is not there any more. Choose another one.",
        ),
        // About one entry, which whoever runs through all of them looks at.
        Trouble::Entry(_) => (State::Failing, "The server does not take an entry."),
    };
    let for_long =
        channel.state == State::Failing && now - channel.state_at > TimeDelta::hours(TOLD_AFTER);
    let mut retry_at = None;
    if standing == State::Failing {
        let doublings = channel.failures.clamp(0, 7);
        let wait = TimeDelta::seconds((WAITS.0 << doublings).min(WAITS.1));
        // One chain of attempts, however many changes come in between.
        let planned = channel.retry_at.filter(|at| *at > now);
        if planned.is_none() {
            let ask = Ask {
                person,
                retry: false,
            };
            let cause = format!("again:{}:{}", channel.id, (now + wait).timestamp());
            enqueue(conn, &ask, &cause, now + wait, now).await?;
        }
        retry_at = planned.or(Some(now + wait));
    }
    if !channel.is_over && (standing != State::Failing || for_long) {
        jobs::notify(conn, now, &words::stuck(person, channel, problem)).await?;
    }
    if channel.sealed.is_some() && standing != State::Failing {
        // Nobody can enter another password of an account that was removed.
        store::forget_account(conn, channel.id).await?;
        jobs::notify(conn, now, &words::left_behind(person, channel, problem)).await?;
    }
    store::note(conn, channel.id, (standing, problem), retry_at, now).await
}

/// Once a day: what became due by itself, such as the last day of who leaves, and what is long past.
async fn sweep(state: AppState, work: Work) -> Outcome {
    let now = state.clock.now();
    let mut tx = state.db.begin().await?;
    store::prune(&mut tx, now).await?;
    for person in store::to_sweep(&mut tx, now).await? {
        let ask = Ask {
            person,
            retry: true,
        };
        // Not all servers at once.
        let at = now + TimeDelta::minutes(rand::random_range(0..SPREAD));
        enqueue(&mut tx, &ask, &format!("sweep:{}", work.id), at, now).await?;
    }
    tx.commit().await?;
    Ok(Done)
}
