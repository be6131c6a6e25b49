//! Who did what when. Every slice writes its line in the transaction of the change itself; managers
//! read them on the team's audit page.

mod pages;
mod store;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

pub use store::record;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new().route("/teams/{slug}/audit", get(pages::show))
}
