//! Calendars: shifts appear where people already look.
//!
//! A calendar app subscribes to an address and reads it again every few hours. It has no patience:
//! one line folded inside a character and Google drops the whole feed; an entry whose revision
//! didn't rise keeps its old text for ever; a time zone that classic Outlook can't express stops
//! the subscription. So a feed is a pure function of rows that carry their own revision
//! ([`write()`]): the same rows give the same bytes and the same [`etag`], and tests have real clients
//! read what it writes.
//!
//! An address is secret: whoever has it reads the feed without signing in. It is shown once, kept as
//! a hash, and ended by a new one. A person has one for their own shifts and one for each team they
//! are in; a team's stops working when they leave it.

//!
//! Beside feeds a person may choose one channel by which shifts come by themselves: invitations by mail,
//! or entries written into a calendar of theirs on a CalDAV server. How is told in `out`.

mod entries;
mod feed;
mod model;
mod out;
mod pages;
mod store;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub use model::{Contact, Entry, Feed, Namespace, Partner, etag, write};
pub use out::handlers;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/calendar", get(pages::show))
        .route("/calendar/feeds", post(pages::create))
        .route("/calendar/feeds/{id}", post(pages::update))
        .route("/calendar/feeds/{id}/removal", post(pages::remove))
        .route("/calendar/channel", post(pages::choose))
        .route("/calendar/channel/attempt", post(pages::attempt))
        .route("/calendar/entries/{id}", post(pages::decide))
        // The name ends in `.ics`. The log names this pattern, never the token.
        .route("/calendar/{file}", get(feed::show))
}
