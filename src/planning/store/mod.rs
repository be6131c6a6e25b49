//! The only SQL that writes shifts, schedules and assignments; and what planning reads.

mod parts;
mod read;
mod schedules;
mod write;

pub use parts::{
    PublishedSlot, give, one_at_a_time, published_slot, published_slots, rotation_of,
    same_in_draft, touch_draft,
};
pub use read::{
    PersonRow, carried_by_month, elsewhere, first_shift, latest_month, may_plan, members, people,
    served, team_name, team_zone, without_device, without_leg, zones,
};
pub use schedules::{Stored, StoredSlot, schedule, slots_of, stored, versions};
pub use write::{NewSlot, discard, lock, publish, save_draft};
