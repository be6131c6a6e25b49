//! The outbox: work that follows a change. A slice writes a [`Job`] in the transaction of the change
//! itself, so that the two happen together or not at all; workers do it afterwards.
//!
//! - Workers run in every `fairshift serve`, any number of processes on one database. Each takes what
//!   is due under a lease of two minutes of the database's clock; the job of a worker that died is
//!   taken again after that. So a job runs **at least once**, and its handler must bear a second time.
//! - A **key** names a job. Enqueueing a key that is there, done ones included, does nothing. Done jobs
//!   are remembered for 60 days.
//! - Due jobs of one **lane** run one after the other, in the order of their ids. A job that waits to be
//!   tried again holds up the later ones of its lane; one that is not due yet, or given up, does not.
//!   Transactions that enqueue in one lane are ordered by a lock of their own, such as the shift's row.
//! - A failure is tried again after 15 s, 30 s, 1 min and so on, doubling up to an hour, each wait up to
//!   a fifth longer or shorter, so that what failed together does not come back together. After 56 attempts,
//!   about two days, or at once where trying again is pointless, it is given up, and an
//!   administrator sees why and may have it tried again or drop it.
//! - One worker does sixteen jobs at once, and of kinds that wait for others' machines only a few
//!   ([`Handlers::at_most`]): three readings of calendars, three writings, four mails, three posts. So a
//!   mail server that is slow, or a thousand calendars that are due together, hold up nothing else.
//! - An attempt that takes longer than a minute, or panics, has failed.
//! - When a job is done or dropped its payload is emptied, because it may hold secrets. The text of a
//!   failure is stored and shown: a handler never puts a secret, a token or a whole address in it.
//!
//! What a person is told is a job too: see [`notify`] and [`Notice`].

mod handlers;
mod model;
mod notice;
mod store;
mod worker;

pub use handlers::{Done, Failure, Handlers, Outcome, Work};
pub use model::{Job, MOST_ATTEMPTS};
pub use notice::{
    Action, Invitation, KIND as NOTICE, Letter, Method, Notice, To, Topic, invite, notify,
    notify_by,
};
pub use store::{
    Undelivered, cancel, drop_failed, enqueue, retry_all_failed, retry_failed, undelivered,
};
pub use worker::{PATIENCE, run_due, tick, work};
