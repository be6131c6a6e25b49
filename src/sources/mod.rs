//! People's own calendars: connected once, read again and again.
//!
//! A source is a calendar of one person: a secret address, an account on a CalDAV server of which
//! some calendars are chosen, or an uploaded file. Workers read it about once an hour (`read`), with
//! conditional requests and within limits (`ask`); the owner may ask for it sooner. Only when and
//! which way somebody is busy is kept, from the first day of last month to 400 days ahead, at most
//! 20,000 stretches of a source; never titles, places or people. A source that is removed takes all
//! of that with it.
//!
//! A reading that fails changes nothing of what is known: a failure never means "free", nor does what was
//! not read: later months, a part of an account. Whatever its owner chose during a reading wins over it. The page
//! shows the problem and the age of the last good data, attempts get rarer up to twelve hours, and
//! the owner is told.
//!
//! What is known is read by `availability` through the views `busy_times`, `calendar_freshness` and
//! `leave_to_decide`; after each change we ask it to count utilisation again
//! ([`crate::availability::recount`]), and from there levels in the planner follow. Out of office of
//! a day or more is proposed as leave: the engineer accepts or dismisses it, or a team's setting
//! accepts it by itself.
//!
//! Addresses and passwords are encrypted with the key of the installation, bound to their row
//! ([`crate::secret`]). They are never shown again, not even to their owner, and never logged. A
//! password goes only to the server that was entered with it.

mod accounts;
mod ask;
mod dav;
mod model;
mod pages;
mod read;
mod settle;
mod store;
mod words;
mod work_out;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::jobs::Handlers;
use crate::state::AppState;
use crate::vocab::{Line, PersonId};
use pages::{connect, leave, list, one, team};

pub use accounts::{Writable, open as open_account, open_sealed, writable};
pub use model::{Account, SourceId};

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    // The file and the form around it.
    let large = DefaultBodyLimit::max(model::MOST_UPLOAD + 64 * 1024);
    Router::new()
        .route("/availability/calendars", get(list::show))
        .route("/availability/calendars/addresses", post(connect::address))
        .route("/availability/calendars/accounts", post(connect::account))
        .route(
            "/availability/calendars/files",
            post(connect::file).layer(large),
        )
        .route(
            "/availability/calendars/{id}",
            get(one::show).post(one::update),
        )
        .route("/availability/calendars/{id}/calendars", post(one::choose))
        .route(
            "/availability/calendars/{id}/file",
            post(one::file).layer(large),
        )
        .route("/availability/calendars/{id}/reading", post(one::read_now))
        .route("/availability/calendars/{id}/removal", post(one::remove))
        .route("/availability/calendars/{id}/secret", post(one::secret))
        .route("/availability/leave/{id}", post(leave::decide))
        .route(
            "/teams/{slug}/calendars",
            get(team::show).post(team::update),
        )
}

/// Connects a calendar from a file's bytes, as if its owner had uploaded it; false where it can't be
/// read. For the demo.
///
/// # Errors
/// Where the database fails.
pub async fn import(
    conn: &mut PgConnection,
    person: PersonId,
    name: &Line,
    ics: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let new = store::NewSource {
        person,
        name: name.as_str(),
        kind: model::Kind::File,
        counts: model::Counts::Busy,
        place: "calendar.ics",
        secret: None,
    };
    let Some(id) = store::connect(conn, &new, now).await? else {
        return Ok(false);
    };
    let Some(source) = store::to_read(conn, id).await? else {
        return Ok(false);
    };
    let got = work_out::parse(ics, &work_out::Owner::of(&source), now, "");
    let is_good = got.is_ok();
    settle::settle(conn, now, &source, got.map(Some), None).await?;
    Ok(is_good)
}

/// The jobs that read calendars.
#[must_use]
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers
        .on(read::READ, read::run)
        .at_most(3, &[read::READ])
        .on(read::CLASH, read::clash)
        .on(read::ZONE, read::zone)
        .every(read::SWEEP, TimeDelta::hours(1), read::sweep)
}
