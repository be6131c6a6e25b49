//! The only SQL that writes cover requests, offers, their history and the teams' setting. Changes of a
//! request happen in a transaction that holds [`lock`].

mod offers;
mod read;
mod requests;

pub use offers::{
    agree, asked_now, by_token, decline, lapse_due, offer_of, offers, put_asked, take_back,
    undo_offer,
};
pub use read::{
    Answers, Event, Listed, Slot, answers, events, listed, managers, open_of_slot, own_slots,
    people, slots_of_shift,
};
pub use requests::{
    NewRequest, add_event, agreed, approval, create, exhausted, load, lock, reopen, set_approval,
    settle, start_at,
};
