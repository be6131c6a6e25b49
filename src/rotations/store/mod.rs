//! The only SQL that writes rotations, their versions, members and imported past.

mod identity;
mod past;
mod read;
mod version;
mod write;

pub use past::{PastShift, add_past_shifts, clashes, is_used};
pub use read::{
    Listed, Person, Rotation, identities, list, load, overview, people, published_until,
};
pub use version::{add_version, remove_version};
pub use write::{create, raise_revision, remove, rename, set_members};
