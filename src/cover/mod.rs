//! "I can't make it": somebody asks to be covered, others are asked, somebody takes the shift.
//!
//! A request is about a slot that somebody serves, or a part of it. Whoever asks is unavailable for
//! that time at once. [`planning::replacements`](crate::planning::replacements) ranks the others by the
//! scheduler's own rules and cost; the best is asked, then the next, at a pace that grows as the shift
//! comes near (`model::pace`), by a link that needs no sign-in. Whoever agrees first takes it: rules are
//! looked at again, the assignment changes hands in the same transaction
//! ([`planning::hand_over`](crate::planning::hand_over)), and schedule, pages and feeds follow. A
//! manager may ask somebody, assign somebody, approve or close; a colleague may volunteer; a shift may
//! also be given to one colleague by name, or swapped. A slot that is published open needs no request:
//! an engineer who may by the rules takes it (`flow::fill`). Who was asked and breaks a rule by now is not
//! asked any more, and the next is (`flow::advance` looks every quarter of an hour).
//!
//! The states and their transitions are one table ([`model::State`], [`model::OfferState`]), which
//! PostgreSQL holds, too; so does it hold that a time is asked for once, that nobody is asked twice and
//! that there is one winner. A new version of the schedule carries a request over where its time stays
//! theirs, be it in a shift with other limits, and closes every other one (trigger `close_cover`). Each
//! step is one transaction with its history and its notices; deadlines are jobs ([`flow`]).
//!
//! Who may do what is decided in `access`, for every route. What people wrote of themselves where they
//! can't is for them and their managers. Open pages follow what happens (`pages::live`).

mod access;
mod flow;
pub mod model;
mod pages;
mod store;

use axum::Router;
use axum::middleware::map_response;
use axum::routing::{get, post};

use crate::error::AppError;
use crate::jobs::{Done, Handlers, Outcome, Work};
use crate::state::AppState;
use crate::vocab::{CoverId, PersonId};
use pages::{acts, live, new, offer, open, show, team};

pub use flow::{Made, NewCover, make};
pub use model::Kind;
pub use store::{Answers, Slot, answers, slots_of_shift};

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/covers", post(new::create))
        .route("/shifts/{id}/assignment", post(open::create))
        .route("/covers/new", get(new::fresh))
        .route("/covers/{id}", get(show::show))
        .route("/covers/{id}/live", get(live::of_request))
        .route("/covers/{id}/answer", post(acts::answer))
        .route("/covers/{id}/agreement", post(acts::volunteer))
        .route("/covers/{id}/undo", post(acts::undo))
        .route("/covers/{id}/withdrawal", post(acts::withdraw))
        .route("/covers/{id}/asks", post(acts::ask))
        .route("/covers/{id}/assignment", post(acts::assign))
        .route("/covers/{id}/approval", post(acts::approve))
        .route("/covers/{id}/closure", post(acts::close))
        .route("/teams/{slug}/covers", get(team::index))
        .route("/teams/{slug}/covers/live", get(live::of_team))
        .route("/teams/{slug}/covers/settings", post(team::update))
        .merge(links())
}

/// What a mail's link leads to: also where it goes wrong, nobody else learns the address.
fn links() -> Router<AppState> {
    Router::new()
        .route("/offers/{token}", get(offer::show))
        .route("/offers/{token}/answer", post(offer::answer))
        .route("/offers/{token}/undo", post(offer::undo))
        .layer(map_response(offer::private))
}

/// Whether a request to this path brings its own secret, so that it needs no other proof of where it
/// comes from: pages of a mail's link send no referrer, and with that no origin.
#[must_use]
pub fn brings_secret(path: &str) -> bool {
    path.starts_with("/offers/")
}

/// Does the slice's jobs: deadlines, and the news of requests that the schedule closed.
#[must_use]
pub fn handle(handlers: Handlers) -> Handlers {
    handlers
        .on("cover.deadline", deadline)
        .on("cover.closed", closed)
}

#[derive(serde::Deserialize)]
struct About {
    request: CoverId,
    /// Whom the end concerns besides the requester.
    #[serde(default)]
    others: Vec<PersonId>,
}

async fn deadline(state: AppState, work: Work) -> Outcome {
    let about: About = serde_json::from_value(work.payload)?;
    let mut tx = state.db.begin().await?;
    match flow::advance(&mut tx, about.request, state.clock.now()).await {
        // It went with its shift or its team.
        Err(AppError::NotFound) => return Ok(Done),
        done => done?,
    }
    tx.commit().await?;
    Ok(Done)
}

async fn closed(state: AppState, work: Work) -> Outcome {
    let about: About = serde_json::from_value(work.payload)?;
    let mut tx = state.db.begin().await?;
    flow::told_closed(&mut tx, about.request, &about.others, state.clock.now()).await?;
    tx.commit().await?;
    Ok(Done)
}
