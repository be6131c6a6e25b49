//! Who does which kind of job: filled in by `app`, which alone knows every slice.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::store;
use crate::error::AppError;
use crate::state::AppState;

/// A job as its handler gets it.
#[derive(Clone, Debug)]
pub struct Work {
    /// Its id; later jobs have higher ones.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// Its key, the same for every attempt.
    pub key: String,
    /// What it was enqueued with.
    pub payload: serde_json::Value,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// When it was to run (UTC).
    pub due_at: DateTime<Utc>,
}

/// It is done, or there was nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done;

/// It is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, for an administrator; never with a secret.
    pub message: String,
    /// Whether it may go better later.
    pub retry: bool,
    /// Not before so long from now, however few attempts there were.
    pub wait: TimeDelta,
}

impl Failure {
    /// It may go better later.
    pub fn retry(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            retry: true,
            wait: TimeDelta::zero(),
        }
    }

    /// Trying again is pointless.
    pub fn give_up(message: impl Display) -> Self {
        Self {
            retry: false,
            ..Self::retry(message)
        }
    }

    /// The same, but not tried again before so long from now.
    #[must_use]
    pub fn wait(self, wait: TimeDelta) -> Self {
        Self { wait, ..self }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::retry(format!("the database failed: {error}"))
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        Self::retry(error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(_: serde_json::Error) -> Self {
        // What serde says may quote the payload.
        Self::give_up("this version of Fairshift can't read the job")
    }
}

/// What a handler returns.
pub type Outcome = Result<Done, Failure>;

type Handler =
    Arc<dyn Fn(AppState, Work) -> Pin<Box<dyn Future<Output = Outcome> + Send>> + Send + Sync>;

/// Handlers by kind, and what is to be done again and again.
#[derive(Clone)]
pub struct Handlers {
    by_kind: BTreeMap<&'static str, Handler>,
    every: Vec<(&'static str, TimeDelta)>,
    limits: Vec<Group>,
}

/// Kinds that share some of a worker's room.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The kinds.
    pub kinds: Vec<String>,
    /// Jobs of them that one worker does at once.
    pub most: usize,
}

impl Default for Handlers {
    fn default() -> Self {
        Self::new()
    }
}

impl Handlers {
    /// No kinds but the outbox's own housekeeping.
    #[must_use]
    pub fn new() -> Self {
        let none = Self {
            by_kind: BTreeMap::new(),
            every: Vec::new(),
            limits: Vec::new(),
        };
        none.every("jobs.prune", TimeDelta::hours(24), async |state, _| {
            let mut conn = state.db.acquire().await?;
            store::prune(&mut conn, state.clock.now()).await?;
            Ok(Done)
        })
    }

    /// Jobs of `kind` are done by `handler`.
    #[must_use]
    pub fn on<F, R>(mut self, kind: &'static str, handler: F) -> Self
    where
        F: Fn(AppState, Work) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |state, work| Box::pin(handler(state, work)));
        self.by_kind.insert(kind, handler);
        self
    }

    /// A job of `kind` is made once in every stretch of time of that length, however many processes
    /// run; `handler` does it. It has a lane of its own and no payload.
    #[must_use]
    pub fn every<F, R>(mut self, kind: &'static str, length: TimeDelta, handler: F) -> Self
    where
        F: Fn(AppState, Work) -> R + Send + Sync + 'static,
        R: Future<Output = Outcome> + Send + 'static,
    {
        self.every.push((kind, length));
        self.on(kind, handler)
    }

    /// One worker does at most so many jobs of these kinds together at once, for those that wait for
    /// others' machines: when those are slow, there is still room for what is done here.
    #[must_use]
    pub fn at_most(mut self, most: usize, kinds: &[&'static str]) -> Self {
        let kinds = kinds.iter().map(ToString::to_string).collect();
        self.limits.push(Group { kinds, most });
        self
    }

    /// All kinds in groups: first those without a limit, which have all the room there is.
    pub(super) fn groups(&self) -> Vec<Group> {
        let limited = |kind: &String| self.limits.iter().any(|group| group.kinds.contains(kind));
        let mut kinds = self.kinds();
        kinds.retain(|kind| !limited(kind));
        let rest = Group {
            kinds,
            most: usize::MAX,
        };
        std::iter::once(rest).chain(self.limits.clone()).collect()
    }

    /// The kinds there are handlers for. Jobs of others are left to processes that know them.
    pub(super) fn kinds(&self) -> Vec<String> {
        self.by_kind.keys().map(ToString::to_string).collect()
    }

    pub(super) fn of(&self, kind: &str) -> Option<&Handler> {
        self.by_kind.get(kind)
    }

    /// What is made again and again, and the start of the stretch of time that `now` lies in.
    pub(super) fn stretches(
        &self,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = (&'static str, DateTime<Utc>)> {
        self.every.iter().filter_map(move |(kind, length)| {
            let seconds = length.num_seconds().max(1);
            let start = now.timestamp().div_euclid(seconds) * seconds;
            Some((*kind, DateTime::from_timestamp(start, 0)?))
        })
    }
}
