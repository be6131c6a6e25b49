//! Accounts for those who write into their calendars.

use sqlx::PgConnection;
use url::Url;

use super::model::{Account, SourceId, Target};
use super::{store, words};
use crate::state::AppState;
use crate::vocab::PersonId;

/// A calendar of an account.
#[derive(Clone, Debug)]
pub struct Writable {
    /// The account.
    pub source: SourceId,
    /// What its owner calls the account.
    pub account: String,
    /// The calendar's path on the server, or its whole address.
    pub href: String,
    /// Its name.
    pub name: String,
}

/// The calendars of a person's accounts, by account and name, whether they are read or not; at most 500.
///
/// # Errors
/// Where the database fails.
pub async fn writable(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Writable>> {
    store::writable(conn, person).await
}

/// Opens an account, or says in words for its owner why it can't be opened.
///
/// # Errors
/// Where the database fails.
pub async fn open(
    conn: &mut PgConnection,
    state: &AppState,
    source: SourceId,
) -> sqlx::Result<Result<Account, &'static str>> {
    let Some(key) = &state.site.secret_key else {
        return Ok(Err(words::KEY_GONE));
    };
    let secret = store::secret(conn, source, key).await?.and_then(Result::ok);
    Ok(match secret.as_ref().and_then(Target::of_secret) {
        Some(Target::Account(account)) => Ok(account),
        _ => Err(words::OTHER_KEY),
    })
}

impl Account {
    /// The whole address of one of the account's calendars; none where the password must not be sent
    /// there.
    #[must_use]
    pub fn address_of(&self, href: &str) -> Option<Url> {
        let url = self.server.url().join(href).ok()?;
        self.server.owns(&url).then_some(url)
    }
}
