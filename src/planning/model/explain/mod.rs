//! The reasons behind a plan, in words and numbers that a person can check: for a slot, a person, the
//! whole, and a slot that stays open.

mod gap;
mod known;
mod person;
mod rules;
mod slot;
mod whole;
mod words;

pub use gap::{Offer, ways};
pub use person::{PersonStory, tell_person};
pub use rules::{block_note, block_words, broken_words, open_block_words};
pub use slot::{Deed, SlotStory, tell};
pub use whole::{Whole, tell_whole};
pub use words::slot_words;
