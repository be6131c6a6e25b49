//! The only SQL that writes sources, their calendars and spans, and what was decided on leave.

mod leave;
mod reading;
mod sources;
mod team;

pub use leave::{
    Decided, accept_by_itself, accepting_teams, apply, decide, decided, mark, proposals,
    set_accepting,
};
pub use reading::{Outcome, ToRead, keep, overdue, replace_spans, schedule, secret, to_read};
pub use sources::{
    NewSource, calendars, choose, connect, disconnect, of_person, reconnect, set_calendars, source,
    update, writable,
};
pub use team::{managers, members};
