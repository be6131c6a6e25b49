//! The only SQL that writes availability, weekly patterns, working hours, rounds, answers and
//! utilisation.

mod booked;
mod entries;
mod painting;
mod patterns;
mod read;
mod rounds;
mod utilisation;

pub use booked::{
    busy_of, freshness, hours_of, leave_to_decide, recount, set_working_hours, taken_shifts,
    weeks_booked,
};
pub use entries::{EntryRow, entry, is_taken, month_entries};
pub use painting::{
    add_leave, can_undo, clear_entry, paint_entry, put_back, repaint, set_entry, undo,
};
pub use patterns::{patterns_of, remove_pattern, set_pattern};
pub use read::{Member, clashes, for_planning, managers, members, person, shifts_of};
pub use rounds::unanswered;
pub use rounds::{
    answer, answered, banner, close_round, open_round, round, rounds_for, withdraw_answer,
};
pub use utilisation::{clear_utilisation, set_utilisation, utilisations};
