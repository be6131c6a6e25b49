//! What is shown of published shifts. Pure.

mod carried;
mod duty;
mod month;
mod period;
mod timeline;
mod times;

pub use carried::{Carried, KINDS, Kinds, Rates, Segment, segments, split};
pub use duty::{Contact, Duty, Handover, Partner, Reach, Slot, Who, escalation};
pub use month::Grid;
pub use period::Period;
pub use timeline::Timeline;
pub use times::{day_time, length, until, wait};
