//! What people must hold in order to be on duty.
//!
//! A manager defines requirements of the team: what, why, how to get it, for which roles, for how
//! long a holding lasts, and whether the engineer declares it or a manager signs it off. An
//! engineer sees what she needs and where she stands: held, pending, expired or missing. Nothing
//! runs when a holding lapses: where somebody stands is computed from the dates and the clock. A
//! renewal that waits or is refused takes nothing away from a holding that still runs, and one that
//! a manager revokes was held until then.
//!
//! Planning reads [`holdings_for`] once per rotation and asks [`RotationRequirements::lacks`] for
//! each shift; the home page shows [`summary`].

mod model;
mod pages;
mod store;

use axum::Router;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::state::AppState;
use crate::vocab::PersonId;

pub use model::{Definition, Holding, Link, RoleRequirement, RotationRequirements, Span, Summary};
pub use store::{Refused, Signature, add_requirement, ask, declare, holdings_for, sign_off};

/// What a person still owes before they can be on duty.
///
/// # Errors
/// Where the database fails.
pub async fn summary(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Summary> {
    let board = store::board(conn, store::Scope::Person(person), now).await?;
    Ok(model::summary(&board))
}

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    use pages::{definition, mine, person, team};
    Router::new()
        .route("/requirements", get(mine::show))
        .route("/requirements/{id}/declaration", post(mine::declare))
        .route("/requirements/{id}/request", post(mine::ask))
        .route(
            "/requirements/{id}/request/withdrawal",
            post(mine::withdraw),
        )
        .route(
            "/teams/{slug}/requirements",
            get(team::show).post(definition::create),
        )
        .route(
            "/teams/{slug}/requirements/requests/{id}/decision",
            post(team::decide),
        )
        .route(
            "/teams/{slug}/requirements/{id}",
            get(definition::show).post(definition::update),
        )
        .route(
            "/teams/{slug}/requirements/{id}/retirement",
            post(definition::retire),
        )
        .route(
            "/teams/{slug}/requirements/{id}/restoration",
            post(definition::restore),
        )
        .route(
            "/teams/{slug}/requirements/{id}/people/{person}",
            get(person::show),
        )
        .route(
            "/teams/{slug}/requirements/{id}/people/{person}/sign-off",
            post(person::sign_off),
        )
        .route(
            "/teams/{slug}/requirements/{id}/people/{person}/revocation",
            post(person::revoke),
        )
}
