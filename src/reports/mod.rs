//! Reports: who carried what in a team over any period.
//!
//! Everybody in a team sees them: fairness that can't be checked is not believed. They count what
//! was published and what was imported, also of people who have left, by kind of hour, role and
//! partner. A slot counts on the day on which it begins by the team's clocks, so that the months of
//! a year add up to the year. The last six months end with today, here and on the home page
//! ([`crate::oncall::Period::half_year`]): what is still to come is carried by nobody yet.

mod csv;
mod pages;
mod sums;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/teams/{slug}/reports", get(pages::show))
        .route("/teams/{slug}/reports.csv", get(pages::people_csv))
        .route("/teams/{slug}/reports/shifts.csv", get(pages::shifts_csv))
        .route("/teams/{slug}/reports/cover.csv", get(pages::covers_csv))
}
