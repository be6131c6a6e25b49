//! A page of covering that stays open, by server-sent events: one event, `changed`, once the page is
//! another one by now, after which the stream ends. Whoever hears it opens the page again, and sees
//! what they may see then.
//!
//! `GET /covers/{id}/live?seen=` and `GET /teams/{slug}/covers/live?seen=`; `seen` is the last line of
//! the history that the page knows.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::TimeDelta;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::id_in;
use crate::cover::access::Rights;
use crate::cover::store;
use crate::error::{Answer, AppError};
use crate::live::{Change, Follower};
use crate::state::AppState;
use crate::vocab::{CoverId, TeamId};
use crate::web::SignedIn;

/// One step often leads to the next at once: one answer to all.
const BURST: Duration = Duration::from_millis(300);

/// Streams end after a while; browsers open them again, as whoever is signed in then.
const LIFE: Duration = Duration::from_mins(20);

/// Whatever happens to what is further in the past, the team's page is told of nothing.
const LOOK_BACK: TimeDelta = TimeDelta::days(60);

/// What the page knows.
#[derive(Deserialize, Default)]
pub struct Seen {
    #[serde(default)]
    seen: i64,
}

/// What the page shows.
#[derive(Clone, Copy)]
enum Shown {
    Request(CoverId),
    Team(TeamId),
}

impl Shown {
    fn concerns(self, change: Change) -> bool {
        match (self, change) {
            (_, Change::Unknown) => true,
            (Self::Request(shown), Change::Cover { request, .. }) => shown == request,
            (Self::Team(shown), Change::Cover { team, .. }) => shown == team,
            (_, Change::Plan(_)) => false,
        }
    }

    /// The last line of history of what is shown.
    async fn last(self, state: &AppState) -> Result<i64, AppError> {
        let mut conn = state.db.acquire().await?;
        Ok(match self {
            Self::Request(id) => store::last_event(&mut conn, id).await?,
            Self::Team(team) => {
                let after = state.clock.now() - LOOK_BACK;
                store::last_event_of_team(&mut conn, team, after).await?
            }
        })
    }
}

/// `GET /covers/{id}/live`
pub async fn of_request(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let request = store::load(&mut conn, id_in(&id)?)
        .await?
        .ok_or(AppError::NotFound)?;
    Rights::of(&mut conn, &user, &request).await?;
    drop(conn);
    Ok(stream(state, Shown::Request(request.id), seen.seen))
}

/// `GET /teams/{slug}/covers/live`
pub async fn of_team(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(seen): Query<Seen>,
) -> Answer {
    let team = user.member_of(&slug)?.team;
    Ok(stream(state, Shown::Team(team), seen.seen))
}

fn stream(state: AppState, shown: Shown, seen: i64) -> axum::response::Response {
    let (events, stream) = mpsc::channel::<Result<Event, Infallible>>(1);
    // Before anything is read, so that nothing is missed in between.
    let follower = state.live.follow();
    tokio::spawn(async move {
        let changed = tokio::select! {
            () = events.closed() => return,
            () = tokio::time::sleep(LIFE) => return,
            changed = changed(&state, shown, seen, follower) => changed,
        };
        match changed {
            // Nobody there to hear it is fine.
            Ok(true) => drop(
                events
                    .send(Ok(Event::default().event("changed").data("{}")))
                    .await,
            ),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a stream of covering ended"),
        }
    });
    let stream = Sse::new(ReceiverStream::new(stream));
    stream.keep_alive(KeepAlive::default()).into_response()
}

/// Waits until there is more history than was seen; false where the process stops before.
async fn changed(
    state: &AppState,
    shown: Shown,
    seen: i64,
    mut follower: Follower,
) -> Result<bool, AppError> {
    while shown.last(state).await? <= seen {
        loop {
            match follower.next().await {
                None => return Ok(false),
                Some(change) if shown.concerns(change) => break,
                Some(_) => {}
            }
        }
        if !follower.quiet(BURST).await {
            return Ok(false);
        }
    }
    Ok(true)
}
