//! Who did what when. Every slice writes its line in the transaction of the change itself; managers
//! read them on the team's audit page.

mod pages;
mod store;

use axum::Router;
use axum::routing::get;
use sqlx::PgConnection;

use crate::state::AppState;
use crate::vocab::TeamId;
use crate::web::SignedIn;

pub use store::record;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new().route("/teams/{slug}/audit", get(pages::show))
}

/// Adds a line about what the person who asks has just done: see [`record`].
///
/// # Errors
/// Where the database fails.
pub async fn by(
    conn: &mut PgConnection,
    user: &SignedIn,
    team: impl Into<Option<TeamId>>,
    action: &str,
    summary: &str,
) -> sqlx::Result<()> {
    let team = team.into();
    record(conn, user.now, Some(user.id), team, action, summary).await
}
