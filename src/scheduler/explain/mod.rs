//! Why this person, who else, at what extra cost; what keeps a slot open and what would close it; who
//! carries more than their share and why that can't be better.
//!
//! What a figure means is always said: a cost is exact when it equals its proven floor; otherwise
//! it is that of the cheapest way found, and the floor says how much cheaper another could be at
//! most. The ways are real schedules: whoever takes one gets exactly that cost.
mod change;
mod mend;
mod open;
mod relief;
mod resolve;
mod slot;
#[cfg(test)]
mod tests;
mod tight;

pub use change::{Change, Effect, cost_of};
pub use mend::{Remedy, Stand, Way, mend};
pub use open::{OpenSlot, Reason, open_slots};
pub use relief::{Relief, relief};
pub use slot::{Alternative, Decided, Facts, Outcome, SlotExplanation, explain};
pub use tight::{Bottleneck, bottlenecks};
