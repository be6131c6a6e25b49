//! Types and rules of covering; no I/O.

mod pace;
mod part;
mod request;
mod state;

pub use pace::{Pace, UNDO, next_reminder, pace, reminder, undo_until};
pub use part::{PartError, part_of};
pub use request::{Kind, Offer, Person, Request, Return};
pub use state::{OfferState, Origin, State};
