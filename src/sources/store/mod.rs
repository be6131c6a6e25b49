//! The only SQL that writes sources, their calendars and spans, and what was decided on leave.

mod leave;
mod reading;
mod sources;
mod team;

pub use leave::{
    Decided, accept_by_itself, accepting_teams, apply, decide, decided, mark, proposals,
    set_accepting,
};
pub use reading::{
    MOST_SPANS, Outcome, ToRead, forget_version, keep, overdue, owner, replace_spans, schedule,
    sealed, secret, to_read,
};
pub use sources::{
    NewSource, Pushes, calendars, choose, connect, disconnect, may_try, of_person, place, pushes,
    reconnect, set_calendars, source, update, warn, writable,
};
pub use team::{forget_told, managers, members, teams_of, tell_of};
