//! Rotations: who is needed when. Their roles, legs, burden and hard rules, the shifts that follow
//! from them, and on-call history imported from elsewhere.
//!
//! A rotation's rules are kept in versions, each a [`Definition`] with the date it takes effect on.
//! Managers change them from today on at the earliest; what the past led to, and what is published,
//! stays as it is. At most one version lies in the future: saving replaces it. Names of roles and
//! legs, members, forbidden pairs and entered holidays have no versions: they hold from now on.

mod model;
mod pages;
mod store;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::state::AppState;

pub use model::{
    BurdenRules, Cadence, Country, Definition, FieldError, HardRules, Holidays, Leg, Minutes,
    Newcomers, Preset, RoleRule, Shift, Weekdays, gaps, least_people, shifts, shifts_of_month,
    validate, weekend,
};
pub use store::{
    PastShift, Rotation, add_past_shifts, add_version, create, list, load, set_members,
};

/// Bytes of the largest history that can be imported at once, as a form.
const MOST_HISTORY: usize = 2 * 1024 * 1024;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    let history = Router::new()
        .route(
            "/teams/{slug}/rotations/{id}/history",
            get(pages::history).post(pages::import),
        )
        .route(
            "/teams/{slug}/rotations/{id}/history/check",
            post(pages::check),
        )
        .layer(DefaultBodyLimit::max(MOST_HISTORY));
    Router::new()
        .route(
            "/teams/{slug}/rotations",
            get(pages::index).post(pages::create),
        )
        .route("/teams/{slug}/rotations/new", get(pages::fresh))
        .route(
            "/teams/{slug}/rotations/{id}",
            get(pages::show).post(pages::update),
        )
        .route("/teams/{slug}/rotations/{id}/edit", get(pages::edit))
        .route("/teams/{slug}/rotations/{id}/preview", post(pages::preview))
        .route("/teams/{slug}/rotations/{id}/removal", post(pages::remove))
        .route(
            "/teams/{slug}/rotations/{id}/versions/{day}/removal",
            post(pages::drop_pending),
        )
        .merge(history)
}
