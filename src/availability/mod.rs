//! When people can be on call.
//!
//! A person's level at an instant is what was entered for it; else what the weekly pattern in force
//! says, by the person's clock; else "available". Painting an interval cuts and replaces what it
//! covers, so entries never overlap; one person's changes happen one after the other, and the last
//! can be taken back. A manager opens a round for a month; its engineers fill it in and say that it
//! is complete. Utilisation is entered for a month, by the engineer or for them. What is published
//! stays published: whoever becomes unavailable then is told at once, and so is the manager.
//!
//! Planning asks for whole teams at once: [`for_planning`], [`utilisations`], [`answered`],
//! [`clashes`]. None of it queries once per person.

#[allow(dead_code, unused_imports)] // The pages use the rest.
mod model;
#[allow(dead_code, unused_imports)] // The pages use the rest.
mod store;

pub use model::{
    Banner, Clash, OnCall, Part, Pattern, Percent, Source, Span, Timeline, Utilisation, Week,
    WeekDay, WeekError,
};
pub use store::{
    answer, answered, banner, clashes, for_planning, open_round, set_entry, set_pattern,
    set_utilisation, utilisations,
};
