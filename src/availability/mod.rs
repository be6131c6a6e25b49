//! When people can be on call.
//!
//! A person's level at an instant is what was entered for it; else what the weekly pattern in force
//! says, by the person's clock; else "available". Painting an interval cuts and replaces what it
//! covers, so entries never overlap; one person's changes happen one after the other, and the last
//! can be taken back. A manager opens a round for a month; its engineers fill it in and say that it
//! is complete. Utilisation is entered for a month, by the engineer or for them. What is published
//! stays published: whoever becomes unavailable then is told at once, and so is the manager.
//!
//! Where people connect their calendars (the slice `sources`, whose views we read), utilisation
//! counts itself: merged busy time within working hours, divided by working hours. Leave is no
//! working time, in neither of the two: it lowers the fair share already, and would count twice.
//! A number that somebody enters for a month is a correction, names its author, and wins.
//!
//! Planning asks for whole teams at once: [`for_planning`], [`utilisations`], [`answered`],
//! [`clashes`], [`taken_shifts`], [`freshness`]. None of it queries once per person.

mod model;
mod pages;
mod store;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;
use pages::{changes, person, rounds, team};

pub use model::{
    Banner, Booked, Busy, BusyKind, Clash, Freshness, Hours, LeaveToDecide, NewEntry, OnCall, Part,
    Pattern, Percent, Source, Span, Taken, Timeline, Utilisation, Week, WeekDay, WeekError,
    WorkingHours, ago, cant_path, describe, window,
};
pub use store::{
    add_leave, answer, answered, banner, busy_of, clashes, clear_entry, for_planning, freshness,
    leave_to_decide, open_round, paint_entry, put_back, recount, set_entry, set_pattern,
    set_utilisation, taken_shifts, utilisations,
};

/// The slice's routes: one's own month, the same page about somebody else for managers, the team.
pub fn routes() -> Router<AppState> {
    own().merge(of_member()).merge(of_team())
}

fn own() -> Router<AppState> {
    Router::new()
        .route("/availability", get(person::show))
        .route("/availability/days", post(changes::set_days))
        .route("/availability/range", post(changes::set_range))
        .route("/availability/undo", post(changes::undo))
        .route("/availability/entries/{entry}", post(changes::update_note))
        .route(
            "/availability/entries/{entry}/removal",
            post(changes::remove_entry),
        )
        .route("/availability/pattern", post(changes::set_pattern))
        .route(
            "/availability/pattern/removal",
            post(changes::remove_pattern),
        )
        .route("/availability/utilisation", post(changes::set_utilisation))
        .route(
            "/availability/working-hours",
            post(changes::set_working_hours),
        )
        .route("/availability/answer", post(changes::answer))
        .route(
            "/availability/answer/removal",
            post(changes::withdraw_answer),
        )
}

fn of_member() -> Router<AppState> {
    Router::new()
        .route("/teams/{slug}/availability/{person}", get(person::show))
        .route(
            "/teams/{slug}/availability/{person}/days",
            post(changes::set_days),
        )
        .route(
            "/teams/{slug}/availability/{person}/range",
            post(changes::set_range),
        )
        .route(
            "/teams/{slug}/availability/{person}/undo",
            post(changes::undo),
        )
        .route(
            "/teams/{slug}/availability/{person}/entries/{entry}",
            post(changes::update_note),
        )
        .route(
            "/teams/{slug}/availability/{person}/entries/{entry}/removal",
            post(changes::remove_entry),
        )
        .route(
            "/teams/{slug}/availability/{person}/pattern",
            post(changes::set_pattern),
        )
        .route(
            "/teams/{slug}/availability/{person}/pattern/removal",
            post(changes::remove_pattern),
        )
        .route(
            "/teams/{slug}/availability/{person}/utilisation",
            post(changes::set_utilisation),
        )
}

fn of_team() -> Router<AppState> {
    Router::new()
        .route("/teams/{slug}/availability", get(team::show))
        .route("/teams/{slug}/rounds", post(rounds::open))
        .route("/teams/{slug}/rounds/removal", post(rounds::close))
        .route("/teams/{slug}/utilisation", post(team::set_utilisation))
}
