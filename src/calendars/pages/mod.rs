//! The page on which people say how their shifts get into their calendar.

mod channel;
mod feeds;
mod show;

pub use channel::{attempt, choose, decide};
pub use feeds::{create, remove, update};
pub use show::show;
