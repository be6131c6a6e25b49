//! What every handler may use.

use std::sync::Arc;

use sqlx::PgPool;

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::fetch::Fetcher;
use crate::live::Live;
use crate::mail::Mailer;
use crate::secret::SecretKey;

/// What every handler may use. Cloning is cheap.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub db: PgPool,
    /// The time.
    pub clock: Clock,
    /// What changed just now, for pages that stay open.
    pub live: Live,
    /// What this installation is.
    pub site: Arc<Site>,
    /// Asks addresses that people gave us.
    pub fetcher: Fetcher,
    /// Hands mail in.
    pub mailer: Mailer,
}

/// What this installation is; fixed while it runs.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where people reach it.
    pub public_url: PublicUrl,
    /// Whether this is a demo: its sign-in page signs in with one click.
    pub demo: bool,
    /// What encrypts the secrets of people's calendars; none where the administrator has not set it.
    pub secret_key: Option<SecretKey>,
}
