//! Who is on call: the home page, a team's page, the page of one shift.
//!
//! The home page answers one person's question: am I on call, with whom, what do I still owe? The
//! team's page answers another: who is on now? Both only read. What is shown of a shift is a
//! [`Duty`]: who serves, with whom, whom to escalate to in which order and how to reach them, who
//! served before and who comes next. Calendar feeds show the same, so [`duties`] reads it for all of
//! them, in a bounded number of queries however many shifts there are. What people carried over a
//! period, for the balance and for reports, is [`carried`].

mod home;
mod model;
mod open;
mod reads;
mod shift;
mod team;

use axum::Router;
use axum::routing::get;

use crate::state::AppState;

pub use model::{
    Carried, Contact, Duty, Handover, KINDS, Kinds, Partner, Period, Reach, Who, length, segments,
};
pub use reads::{Scope, Viewer, carried, duties, duties_of_shift, engineers};

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::show))
        .route("/teams/{slug}", get(team::show))
        .route("/shifts/{id}", get(shift::show))
}
