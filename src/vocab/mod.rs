//! The words everybody shares: identifiers, intervals, months, levels, points, clean text. No I/O.
//!
//! Everything here is a value that has been checked once, where it came in, and can be trusted
//! afterwards. See `DESIGN` words: team, rotation, leg, role, shift, slot, availability, burden.

mod ids;
mod level;
mod points;
mod text;
mod time;

pub use ids::{
    AssignmentId, CoverId, LegId, MemberId, OfferId, PersonId, RequirementId, RoleId, RotationId,
    ScheduleId, SessionId, ShiftId, TeamId,
};
pub use level::Level;
pub use points::Points;
pub(crate) use text::hidden;
pub use text::{Email, Line, Note, Slug, TextError};
pub use time::{
    Interval, Month, TimeError, ZoneError, is_whole_minute, local_instant, time_of_day, typed_zone,
    zone,
};
