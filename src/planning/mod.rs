//! The recommendation, the planner, approval.
//!
//! A month of a rotation has at most one draft and one published schedule; earlier published ones
//! are superseded and stay. Opening the planner reads what there is: the draft, or the published
//! schedule, or, where there is neither, a recommendation computed on the spot ([`plan::current`]).
//! Reading stores nothing. The first change stores a draft. Where inputs (availability, leave,
//! utilisation, requirements, people, rules) have changed since a draft was stored, it is computed
//! again around what the manager pinned, and the page says what changed.
//!
//! Every change names the *basis* it was made on: a digest of the stored schedule's revision and of
//! the inputs. Where that is no longer what is there, nothing is changed and the page shows both.
//! An open planner follows ([`crate::live`]): it says when what it shows is no longer what is there,
//! and looks for a better plan meanwhile.
//!
//! Publishing supersedes the old version and publishes the new one in one transaction; triggers raise
//! the revision of the shifts that differ, so that calendars take the change.

mod ask;
mod beside;
mod better;
mod changes;
mod gather;
mod hands;
mod intent;
mod live;
pub mod model;
mod news;
mod pages;
mod panel;
mod plan;
mod publish;
mod quality;
mod replacement;
mod search;
mod shape;
mod store;
mod turns;
mod versions;
mod view;
mod words;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

pub use hands::{hand_over, lock_shift, next_minute};
pub use plan::current;
pub use publish::{Published, publish};
pub use replacement::{Replacement, SlotPart, Take, Taken, could_take, replacements};

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/teams/{slug}/plan", get(pages::latest))
        .route("/teams/{slug}/plan/{month}", get(pages::show))
        .route("/teams/{slug}/plan/{month}/live", get(live::show))
        .route(
            "/teams/{slug}/plan/{month}/changes",
            get(ask::show).post(changes::create),
        )
        .route(
            "/teams/{slug}/plan/{month}/publication",
            get(versions::confirm).post(versions::create),
        )
        .route("/teams/{slug}/plan/{month}/versions", get(versions::index))
}
