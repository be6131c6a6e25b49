//! Types and rules of planning, pure: what goes into a recommendation and what comes out.

mod balance;
mod explain;
mod facts;
mod inputs;
mod parts;
mod problem;
mod proven;
mod slots;

pub use balance::{Share, balances};
pub use explain::{
    Deed, Offer, PersonStory, SlotStory, Whole, block_note, block_words, broken_words,
    open_block_words, slot_words, tell, tell_person, tell_whole, ways,
};
pub use facts::{Facts, changes};
pub use inputs::{Elsewhere, Inputs, PersonInput, RoleInput, ShiftInput, SlotInput};
pub use parts::share_out;
pub use problem::{Built, build, rule_name};
pub use proven::{Proven, digest};
pub use slots::{Held, HeldPart, SlotKey};
