//! Taking jobs and doing them.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{info, warn};

use super::handlers::{Failure, Group, Handlers, Outcome, Work};
use super::model::{Job, MOST_ATTEMPTS, wait};
use super::store;
use crate::state::AppState;

/// Jobs that one worker does at once. More than all limits of [`Handlers::at_most`] together, so that
/// what has none is never in want of room for long.
const AT_ONCE: usize = 16;

/// An attempt that takes longer has failed. Well under the lease, so that nobody else begins before.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// A worker looks at least so often, whatever it was told: for leases that ran out.
const REST: Duration = Duration::from_secs(15);

/// Once a worker was asked to stop, what it does may take so long to end.
const LAST_JOBS: Duration = Duration::from_secs(10);

/// Does jobs as they become due, until `stop` says so; then lets those under way end, and gives back
/// what takes too long.
pub async fn work(state: AppState, handlers: Handlers, stop: watch::Receiver<bool>) {
    let mut worker = Worker {
        state,
        handlers,
        running: JoinSet::new(),
        held: BTreeMap::new(),
        ticked: vec![],
    };
    worker.run(stop).await;
}

/// Makes the jobs that are to be done again and again, where they are not there yet.
///
/// # Errors
/// Where the database fails.
pub async fn tick(state: &AppState, handlers: &Handlers) -> sqlx::Result<()> {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    store::bury(&mut conn, now).await?;
    for (kind, start) in handlers.stretches(now) {
        let job = Job {
            kind,
            key: format!("{kind}:{}", start.timestamp()),
            lane: kind.to_owned(),
            run_at: start,
            payload: serde_json::json!({}),
        };
        store::enqueue(&mut conn, now, &job).await?;
    }
    Ok(())
}

/// Does everything that is due now and what becomes due by it, one after the other, and returns how
/// many attempts that took. What is to be done again and again is made by [`tick`].
///
/// # Errors
/// Where the database fails.
pub async fn run_due(state: &AppState, handlers: &Handlers) -> sqlx::Result<usize> {
    let kinds = handlers.kinds();
    let mut attempts = 0;
    loop {
        let now = state.clock.now();
        let mut conn = state.db.acquire().await?;
        store::reclaim(&mut conn).await?;
        let taken = store::take(&mut conn, now, &kinds, 1).await?;
        drop(conn);
        let Some(work) = taken.into_iter().next() else {
            return Ok(attempts);
        };
        let doing = tokio::spawn(attempt(state.clone(), handlers.clone(), work.clone()));
        let outcome = doing.await.unwrap_or_else(|error| Err(broken(&error)));
        finish(state, &work, outcome).await?;
        attempts += 1;
    }
}

struct Worker {
    state: AppState,
    handlers: Handlers,
    running: JoinSet<Outcome>,
    /// What the tasks are at.
    held: BTreeMap<Id, Work>,
    /// What was last made of the jobs that are done again and again.
    ticked: Vec<(&'static str, DateTime<Utc>)>,
}

impl Worker {
    async fn run(&mut self, mut stop: watch::Receiver<bool>) {
        let mut listener = None;
        while !*stop.borrow() {
            if listener.is_none() {
                listener = listen(&self.state).await;
            }
            let pause = match self.fill().await {
                Ok(pause) => pause,
                Err(error) => {
                    warn!(%error, "jobs can't be taken");
                    REST
                }
            };
            tokio::select! {
                () = asked(&mut stop) => {}
                Some(ended) = self.running.join_next_with_id() => self.ended(ended).await,
                () = told(&mut listener) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        drop(listener);
        let last = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                self.ended(ended).await;
            }
        };
        if tokio::time::timeout(LAST_JOBS, last).await.is_err() {
            warn!("jobs under way were cut off; they are done again later");
            self.running.shutdown().await;
            for work in std::mem::take(&mut self.held).into_values() {
                if let Ok(mut conn) = self.state.db.acquire().await {
                    // Otherwise the lease runs out.
                    let _ = store::release(&mut conn, work.id, work.attempt).await;
                }
            }
        }
    }

    /// Begins what is due, as much as fits; returns how long there is nothing more to begin.
    async fn fill(&mut self) -> sqlx::Result<Duration> {
        let stretches: Vec<_> = self.handlers.stretches(self.state.clock.now()).collect();
        if stretches != self.ticked {
            tick(&self.state, &self.handlers).await?;
            self.ticked = stretches;
        }
        let mut conn = self.state.db.acquire().await?;
        store::reclaim(&mut conn).await?;
        let now = self.state.clock.now();
        for group in self.handlers.groups() {
            let room = self.room(&group);
            if room == 0 {
                continue;
            }
            let most = i64::try_from(room).unwrap_or(1);
            for work in store::take(&mut conn, now, &group.kinds, most).await? {
                let doing = attempt(self.state.clone(), self.handlers.clone(), work.clone());
                let task = self.running.spawn(doing);
                self.held.insert(task.id(), work);
            }
        }
        let next = store::pause(&mut conn, now, &self.handlers.kinds()).await?;
        Ok(next.map_or(REST, |next| next.min(REST)))
    }

    /// How many more jobs of a group may begin.
    fn room(&self, group: &Group) -> usize {
        let theirs = self.held.values();
        let theirs = theirs.filter(|work| group.kinds.contains(&work.kind));
        let room = group.most.saturating_sub(theirs.count());
        room.min(AT_ONCE.saturating_sub(self.running.len()))
    }

    async fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let (id, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(broken(&error))),
        };
        let Some(work) = self.held.remove(&id) else {
            return;
        };
        if let Err(error) = finish(&self.state, &work, outcome).await {
            // It is done again when the lease has run out.
            warn!(%error, job = work.id, "what became of a job can't be noted");
        }
    }
}

/// One attempt.
async fn attempt(state: AppState, handlers: Handlers, work: Work) -> Outcome {
    let Some(handler) = handlers.of(&work.kind) else {
        return Err(Failure::retry("nobody here knows this kind of job"));
    };
    tokio::time::timeout(PATIENCE, handler(state, work))
        .await
        .unwrap_or_else(|_| {
            let seconds = PATIENCE.as_secs();
            Err(Failure::retry(format!("it took longer than {seconds} s")))
        })
}

fn broken(_: &JoinError) -> Failure {
    // What a panic says may hold anything.
    Failure::retry("it broke; the log of that time says more")
}

/// Notes what became of an attempt.
async fn finish(state: &AppState, work: &Work, outcome: Outcome) -> sqlx::Result<()> {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    let Err(failure) = outcome else {
        return store::done(&mut conn, work, now).await;
    };
    let again = failure.retry && work.attempt < MOST_ATTEMPTS;
    let next = again.then(|| now + wait(work.attempt, rand::random()).max(failure.wait));
    let (job, kind, attempt) = (work.id, &work.kind, work.attempt);
    info!(job, kind, attempt, again, reason = %failure.message, "a job failed");
    store::failed(&mut conn, work, now, next, &failure.message).await
}

async fn listen(state: &AppState) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(&state.db).await.ok()?;
    listener.listen("jobs").await.ok()?;
    Some(listener)
}

/// Ends when a job was added. Without a connection that tells, never.
async fn told(listener: &mut Option<PgListener>) {
    if let Some(on) = listener {
        if on.try_recv().await.is_ok_and(|told| told.is_some()) {
            // One look is enough for all that has been told so far.
            while on.next_buffered().is_some() {}
            return;
        }
        // The connection was lost, and what was added meanwhile was not told: look at once.
        *listener = None;
        return;
    }
    std::future::pending::<()>().await;
}

/// Ends when the worker is to stop.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to ask: stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
