//! An open planner, by server-sent events: what changed meanwhile, and a better plan being looked
//! for.
//!
//! `GET /teams/{slug}/plan/{month}/live?rotation=&basis=`. Events, each a JSON object: `progress`
//! (`text`) and then `found` (`text`, `better`: whether there is a better plan, `plan`: which, to be
//! sent with the request to recommend again), and `changed` (`lines`), after which the stream ends:
//! the page is another one then.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Deserialize;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::beside::{Said, said};
use super::better::{self, Told};
use super::changes::{latest_of, rotation_of};
use super::model::changes;
use super::plan::{Ground, read};
use super::store;
use crate::error::{Answer, AppError};
use crate::live::Follower;
use crate::rotations::Rotation;
use crate::state::AppState;
use crate::vocab::Month;
use crate::web::{Membership, SignedIn};

/// Changes come in bursts (a calendar that was read, a month that was filled in): one answer to each.
const BURST: Duration = Duration::from_millis(300);

/// Streams end after a while; browsers open them again.
const LIFE: Duration = Duration::from_mins(20);

/// How many streams look at the database at once.
static READERS: Semaphore = Semaphore::const_new(4);

/// How many searches run at once; the others wait.
static SEARCHES: Semaphore = Semaphore::const_new(2);

/// Which plan the page shows.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    rotation: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    said: String,
}

type Events = mpsc::Sender<Result<Event, Infallible>>;

/// What a stream follows.
struct Page {
    state: AppState,
    user: SignedIn,
    team: Membership,
    rotation: String,
    month: Month,
    basis: String,
    said: String,
}

/// `GET /teams/{slug}/plan/{month}/live`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let (events, stream) = mpsc::channel(16);
    // Before anything is read, so that nothing is missed in between.
    let follower = state.live.follow();
    let page = Page {
        state,
        user,
        team,
        rotation: asked.rotation,
        month,
        basis: asked.basis,
        said: asked.said,
    };
    let before = look(&page).await?.ok_or(AppError::NotFound)?;
    tokio::spawn(async move {
        if let Err(error) = follow(page, before, follower, events).await {
            tracing::warn!(%error, "a stream of the planner ended");
        }
    });
    let stream = Sse::new(ReceiverStream::new(stream));
    Ok(stream.keep_alive(KeepAlive::default()).into_response())
}

/// Ends a search that nobody waits for any more.
struct Search(Arc<AtomicBool>);

impl Drop for Search {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn follow(
    page: Page,
    (before, said): (Ground, Said),
    mut follower: Follower,
    events: Events,
) -> Result<(), AppError> {
    if before.basis() != page.basis {
        // What the page knew is not known here; but a draft remembers what it was computed from.
        let lines = if before.changed.is_empty() {
            latest_of(&before.source, &[], &page.user)
        } else {
            before.changed
        };
        say(&events, "changed", &serde_json::json!({ "lines": lines })).await;
        return Ok(());
    }
    if said.digest() != page.said && !page.said.is_empty() {
        let lines = said.since(&Said::default());
        say(&events, "changed", &serde_json::json!({ "lines": lines })).await;
        return Ok(());
    }
    let search = search(before.clone(), events.clone());
    let life = tokio::time::sleep(LIFE);
    tokio::pin!(life);
    loop {
        tokio::select! {
            () = events.closed() => return Ok(()),
            () = &mut life => return Ok(()),
            change = follower.next() => match change {
                None => return Ok(()),
                Some(change) if !change.concerns(page.team.team) => continue,
                Some(_) => {}
            },
        }
        if !follower.quiet(BURST).await {
            return Ok(());
        }
        let Some((now, now_said)) = look(&page).await? else {
            return Ok(());
        };
        if now.basis() != page.basis || now_said.digest() != said.digest() {
            drop(search);
            let mut lines = now_said.since(&said);
            if now.basis() != page.basis {
                lines.extend(difference(&before, &now, &page.user));
            }
            say(&events, "changed", &serde_json::json!({ "lines": lines })).await;
            return Ok(());
        }
    }
}

/// What there is now; `None` where there is nothing to see for this person any more.
async fn look(page: &Page) -> Result<Option<(Ground, Said)>, AppError> {
    let _turn = READERS.acquire().await;
    let mut conn = page.state.db.acquire().await?;
    let now = page.state.clock.now();
    if !store::may_plan(&mut conn, page.user.session, page.team.team, now).await? {
        return Ok(None);
    }
    let rotation: Rotation = match rotation_of(&mut conn, &page.team, &page.rotation).await {
        Err(AppError::NotFound) => return Ok(None),
        found => found?,
    };
    let ground = read(&mut conn, &rotation, page.month, now).await?;
    let said = said(&mut conn, &ground.inputs, now).await?;
    Ok(Some((ground, said)))
}

fn difference(before: &Ground, now: &Ground, user: &SignedIn) -> Vec<String> {
    let changed = changes(&before.facts, &now.facts);
    if changed.is_empty() {
        latest_of(&now.source, &[], user)
    } else {
        changed
    }
}

async fn say(events: &Events, name: &str, data: &serde_json::Value) {
    // Nobody there to hear it is fine.
    let _ = events.send(Ok(event(name, data))).await;
}

fn event(name: &str, data: &serde_json::Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

/// Looks for a better plan than the page shows, until the answer is dropped.
fn search(ground: Ground, events: Events) -> Search {
    let over = Arc::new(AtomicBool::new(false));
    let ended = Arc::clone(&over);
    tokio::spawn(async move {
        let Ok(turn) = SEARCHES.acquire().await else {
            return;
        };
        let look = move || {
            let is_over = || ended.load(Ordering::Relaxed) || events.is_closed();
            if !is_over() {
                better::look(&ground, &is_over, &mut |told| {
                    let (name, data) = match told {
                        Told::Progress(text) => ("progress", serde_json::json!({ "text": text })),
                        Told::Found { text, plan } => (
                            "found",
                            serde_json::json!({ "text": text, "better": plan.is_some(), "plan": plan }),
                        ),
                    };
                    // A reader who is too slow misses some progress.
                    let _ = events.try_send(Ok(event(name, &data)));
                });
            }
        };
        let _ = tokio::task::spawn_blocking(look).await;
        drop(turn);
    });
    Search(over)
}
