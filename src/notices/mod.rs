//! Telling people: what slices say with [`crate::jobs::notify`] arrives here, and goes out as mail, as
//! a line of a daily digest, or nowhere, as the person chose.
//!
//! | topic | who is told | when | can be switched off |
//! | --- | --- | --- | --- |
//! | invitation | whoever is invited | at once | no |
//! | round open | the team's engineers | when a manager opens the month | yes |
//! | published | whoever has other shifts or other partners than before | when a schedule is published | yes |
//! | cover ask | who is asked | at once, never in a digest | no |
//! | cover news | both sides, at once; managers, before the shift begins | as it happens | yes |
//! | cover approval | managers | at once, and as the shift comes nearer, never in a digest | no |
//! | cover overdue | managers, escalation contacts | as the shift comes nearer, never in a digest | yes |
//! | shift starts | who serves it | a day before, or as long before as they choose, never in a digest; not when one shift of theirs follows right on another | yes |
//! | requirement lapses | who holds it | 30, 7 and 1 days before | yes |
//! | calendar | whose calendar it is | when it fails for a while | yes |
//! | webhook | managers of its team | when it refuses what is posted | yes |
//!
//! Being told of a shift a day before is on unless switched off: forgetting a shift costs the team more
//! than a mail. Who has left is told nothing. A notice that must be known, or would be pointless, by the time of the next
//! digest goes out at once; so does a calendar invitation. What is pointless by now is not sent.
//!
//! A digest holds what was put aside before it was due; tried again, it is the same mail. What is put aside for a
//! digest that does not come any more is found within five minutes.
//!
//! What is said to a team goes to its webhooks ([`crate::webhooks`]).
//!
//! Time-driven notices are looked for every five minutes by one process of all. Their keys name the shift or the
//! holding, so nobody is told twice, and a shift that moved is told anew.
//!
//! Without a mail server, mails go to the page `/outbox` for administrators; in a demo, for managers too.

mod choices;
mod deliver;
mod pages;
mod planner;
mod render;
mod store;

use axum::Router;
use axum::routing::{get, post};
use chrono::TimeDelta;

use crate::jobs::{Handlers, NOTICE};
use crate::state::AppState;
use pages::{outbox, settings, undelivered};

/// The kind of the jobs that send digests.
const DIGEST: &str = "notices.digest";

/// What the lanes of digests begin with; the person follows.
const DIGEST_LANE: &str = "notices.digest:";

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/notices", get(settings::show).post(settings::update))
        .route("/notices/test", post(settings::test))
        .route("/outbox", get(outbox::index))
        .route("/outbox/{id}", get(outbox::show))
        .route("/outbox/{id}/html", get(outbox::html))
        .route(
            "/undelivered",
            get(undelivered::index).post(undelivered::retry_all),
        )
        .route("/undelivered/{id}", post(undelivered::update))
}

/// Adds what this slice does with jobs.
#[must_use]
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers
        .on(NOTICE, deliver::notice)
        .on(DIGEST, deliver::digest)
        .every("notices.plan", TimeDelta::minutes(5), planner::plan)
        .at_most(4, &[NOTICE, DIGEST])
}
