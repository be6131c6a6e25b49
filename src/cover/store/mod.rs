//! The only SQL that writes cover requests, offers, their history and the teams' setting. Changes of a
//! request happen in a transaction that holds [`lock`].

mod offers;
mod read;
mod requests;

pub use offers::{
    agree, asked_now, bar, by_token, decline, is_in_team, lapse_due, offer_of, offers, put_asked,
    take_back, undo_offer,
};
pub use read::{
    Answers, Event, Listed, Slot, answers, events, last_event, last_event_of_team, listed,
    managers, open_of_slot, own_slots, people, serves_then, slots_of_shift,
};
pub use requests::{
    NewRequest, add_event, agreed, approval, create, exhausted, keep_replaced, load, lock,
    others_of_slot, reopen, replaced, set_approval, settle, start_at,
};
