//! What a feed says and how iCalendar (RFC 5545, RFC 7986) wants it written. Pure.
//!
//! The writer is our own: the `icalendar` crate lets carriage returns, NUL and escape characters
//! out, writes no VTIMEZONE, stamps with the present where a stamp is missing, and brings a parser's
//! dependencies along.

mod event;
mod feed;
mod text;
mod timezone;

pub use event::{Contact, Entry, Partner};
pub use feed::{Feed, Namespace, etag, write};
