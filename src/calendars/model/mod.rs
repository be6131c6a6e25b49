//! What a feed, an invitation and a pushed entry say, what is to be done so that a calendar shows what
//! is published, and how iCalendar (RFC 5545, RFC 7986) wants it written. Pure.
//!
//! The writer is our own: the `icalendar` crate lets carriage returns, NUL and escape characters
//! out, writes no VTIMEZONE, stamps with the present where a stamp is missing, and brings a parser's
//! dependencies along.

mod event;
mod exchange;
mod feed;
mod reconcile;
mod seen;
mod single;
mod text;
mod timezone;

pub use event::{Contact, Entry, Partner};
pub use exchange::{Answer, Held, Intent, Move, Next, Theirs, answered, intended, next};
pub use feed::{Feed, Namespace, etag, write};
pub use reconcile::{Known, Standing, Step, steps};
pub use seen::{Digest, Seen, merged};
pub use single::{Guest, Single};
