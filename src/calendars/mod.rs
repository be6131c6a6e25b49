//! Calendars: shifts appear where people already look.
//!
//! A calendar app subscribes to an address and reads it again every few hours. It has no patience:
//! one line folded inside a character and Google drops the whole feed; an entry whose revision
//! didn't rise keeps its old text for ever; a time zone that classic Outlook can't express stops
//! the subscription. So a feed is a pure function of rows that carry their own revision
//! ([`write()`]): the same rows give the same bytes and the same [`etag`], and tests have real clients
//! read what it writes.

mod model;

pub use model::{Contact, Entry, Feed, Namespace, Partner, etag, write};
