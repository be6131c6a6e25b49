//! The only SQL that writes `feeds`, `calendar_channels` and `calendar_deliveries`.

mod channels;
mod deliveries;
mod feeds;

pub use channels::{
    Channel, Choice, Kind, Person, State, channels, choose, end, forget_account, hold,
    later_is_running, note, person, prune, to_sweep,
};
pub use deliveries::{Delivery, Fresh, Put, add, decide, ledger, put};
pub use feeds::{Subscription, feeds, find, remove_feed, set_busy, set_feed};
