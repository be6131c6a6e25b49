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
    let sealed = store::sealed(conn, source).await?.unwrap_or_default();
    Ok(open_sealed(state, source, &sealed))
}

/// Opens an account by what was encrypted of it when it was still there.
///
/// # Errors
/// Why it can't be opened, in words for its owner.
pub fn open_sealed(
    state: &AppState,
    source: SourceId,
    sealed: &[u8],
) -> Result<Account, &'static str> {
    let key = state.site.secret_key.as_ref().ok_or(words::KEY_GONE)?;
    let secret = key.open(sealed, &store::place(source)).ok();
    match secret.as_ref().and_then(Target::of_secret) {
        Some(Target::Account(account)) => Ok(account),
        _ => Err(words::OTHER_KEY),
    }
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
