//! The pages: what I am told, what would have been sent, what could not be.

pub mod outbox;
pub mod settings;
pub mod undelivered;
