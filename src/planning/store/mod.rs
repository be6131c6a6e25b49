//! The only SQL that writes shifts, schedules and assignments; and what planning reads.

mod parts;
mod read;
mod write;

pub use parts::{
    PublishedSlot, give, one_at_a_time, published_slot, rotation_of, same_in_draft, touch_draft,
};
pub use read::zones;
pub use read::{
    PersonRow, Stored, StoredSlot, carried_by_month, elsewhere, first_shift, latest_month,
    may_plan, members, people, schedule, served, slots_of, stored, team_name, team_zone, versions,
    without_device, without_leg,
};
pub use write::{NewSlot, discard, lock, publish, save_draft};
