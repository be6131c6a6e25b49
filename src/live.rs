//! What changed just now, for pages that stay open.
//!
//! Triggers tell what a plan is computed from (see `migrations/0030_plan_news.sql`) and each step of
//! covering (`migrations/0041_cover_news.sql`) on channels of PostgreSQL. One connection of each process listens there and passes it on to whatever is open in
//! that process; an open page holds no connection of its own. What is told is only that something
//! changed: who wants to know what, reads it as always.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{broadcast, watch};
use tracing::warn;

use crate::vocab::{CoverId, TeamId};

/// The triggers' channels.
const CHANNELS: [&str; 2] = ["plan", "cover"];

/// Changes that wait for a slow listener; it is told that it missed some beyond that.
const WAITING: usize = 256;

/// How long to wait for the database before trying again.
const AGAIN: Duration = Duration::from_secs(2);

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something that this team's plans are computed from, or the plans themselves.
    Plan(TeamId),
    /// A step of a cover request of this team.
    Cover {
        /// The team.
        team: TeamId,
        /// The request.
        request: CoverId,
    },
    /// Unknown: the connection was lost for a while, so anything may have.
    Unknown,
}

impl Change {
    /// Whether it may concern this team's plans.
    #[must_use]
    pub fn concerns(self, team: TeamId) -> bool {
        match self {
            Self::Plan(changed) => changed == team,
            Self::Cover { .. } => false,
            Self::Unknown => true,
        }
    }

    /// What was told on a channel.
    fn of(channel: &str, told: &str) -> Option<Self> {
        if channel == "plan" {
            return told.parse().ok().map(|team| Self::Plan(TeamId(team)));
        }
        let (team, request) = told.split_once(' ')?;
        Some(Self::Cover {
            team: TeamId(team.parse().ok()?),
            request: CoverId(request.parse().ok()?),
        })
    }
}

/// Passes changes on to open pages, and tells them when the process stops. Clones are the same.
#[derive(Clone, Debug)]
pub struct Live {
    changes: broadcast::Sender<Change>,
    stopped: watch::Sender<bool>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            changes: broadcast::Sender::new(WAITING),
            stopped: watch::Sender::new(false),
        }
    }
}

impl Live {
    /// Changes from now on.
    #[must_use]
    pub fn follow(&self) -> Follower {
        Follower {
            changes: self.changes.subscribe(),
            stopped: self.stopped.subscribe(),
        }
    }

    /// Ends everything that follows, so that the process can stop.
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Listens to the database until the process stops. Where the database is away it waits for it.
    pub async fn listen(&self, db: PgPool) {
        let mut stopped = self.stopped.subscribe();
        loop {
            let heard = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                heard = self.hear(&db) => heard,
            };
            if let Err(error) = heard {
                if matches!(error, sqlx::Error::PoolClosed) {
                    return;
                }
                warn!(%error, "can't listen to the database; trying again");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }

    async fn hear(&self, db: &PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(db).await?;
        listener.listen_all(CHANNELS).await?;
        loop {
            // Whoever began to follow before this connection may have missed something.
            let _ = self.changes.send(Change::Unknown);
            while let Some(told) = listener.try_recv().await? {
                if let Some(change) = Change::of(told.channel(), told.payload()) {
                    // Nobody there to hear it is fine.
                    let _ = self.changes.send(change);
                }
            }
        }
    }
}

/// Follows changes.
#[derive(Debug)]
pub struct Follower {
    changes: broadcast::Receiver<Change>,
    stopped: watch::Receiver<bool>,
}

impl Follower {
    /// The next change; `None` once the process stops.
    pub async fn next(&mut self) -> Option<Change> {
        tokio::select! {
            _ = self.stopped.wait_for(|stopped| *stopped) => None,
            change = self.changes.recv() => match change {
                Ok(change) => Some(change),
                Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Unknown),
                Err(broadcast::error::RecvError::Closed) => None,
            },
        }
    }

    /// Waits so long for the end of a burst, whatever changes meanwhile. False where the process stops.
    pub async fn quiet(&mut self, pause: Duration) -> bool {
        let pause = tokio::time::sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return true,
                change = self.next() => if change.is_none() {
                    return false;
                },
            }
        }
    }

    /// Ends when the process stops.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // An error means that nobody is left to say so.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn followers_hear_what_concerns_them_until_the_process_stops() {
        let live = Live::default();
        let mut follower = live.follow();
        let change = Change::Plan(TeamId(7));
        live.changes.send(change).unwrap();
        assert_eq!(follower.next().await, Some(change));
        assert!(change.concerns(TeamId(7)) && !change.concerns(TeamId(8)));
        assert!(Change::Unknown.concerns(TeamId(8)));
        let cover = Change::of("cover", "7 12").unwrap();
        let (team, request) = (TeamId(7), CoverId(12));
        assert_eq!(cover, Change::Cover { team, request });
        assert!(!cover.concerns(team), "plans are not computed from it");
        assert_eq!(Change::of("plan", "7"), Some(change));
        assert_eq!(Change::of("cover", "7"), None);
        // Whoever is too slow is told so.
        for _ in 0..=WAITING {
            live.changes.send(change).unwrap();
        }
        assert_eq!(follower.next().await, Some(Change::Unknown));
        live.stop();
        while follower.next().await.is_some() {}
        follower.stopped().await;
        assert_eq!(live.follow().next().await, None, "also who comes late");
    }
}
