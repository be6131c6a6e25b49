//! Webhooks: what concerns a team is posted to its chat room or to a program of its own.
//!
//! A notice to a team ([`crate::jobs::To::Team`]) becomes one job for each of the team's webhooks
//! ([`fan_out`]), in a lane of webhook and subject: what one webhook refuses holds up no other, nor
//! another subject, and what is said of one subject arrives in order.
//!
//! | answer | what follows |
//! | --- | --- |
//! | 2xx | it is delivered |
//! | 410 | the webhook is disabled, until a manager's test arrives; its managers are told |
//! | other 4xx | it is given up and listed for administrators; managers see it and are told |
//! | 408, 429 | it is tried again, not before `Retry-After`; until then the webhook is left alone |
//! | all else, redirects and silence too | it is tried again, ever later |
//!
//! The address and the secret of the signature are encrypted at rest. The address is never shown
//! again, only its host; the secret is shown once. An address is vetted when it is entered and each
//! time it is asked ([`crate::fetch`]).

mod body;
mod model;
mod pages;
mod send;
mod sign;
mod store;

use axum::Router;
use axum::routing::{get, post};

use crate::jobs::Handlers;
use crate::state::AppState;

pub use send::fan_out;

/// The slice's routes.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/teams/{slug}/webhooks",
            get(pages::index).post(pages::create),
        )
        .route("/teams/{slug}/webhooks/{id}/test", post(pages::test))
        .route("/teams/{slug}/webhooks/{id}/secret", post(pages::renew))
        .route("/teams/{slug}/webhooks/{id}/removal", post(pages::remove))
}

/// Adds what this slice does with jobs.
#[must_use]
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers
        .on(send::KIND, send::deliver)
        .at_most(3, &[send::KIND])
}
