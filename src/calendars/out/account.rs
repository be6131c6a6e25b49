//! The accounts that people's calendars are in: connected among their sources.

use serde::Deserialize;
use sqlx::PgConnection;
use url::Url;

use super::dav::Trouble;
use super::push::Stop;
use crate::calendars::store::Channel;
use crate::state::AppState;
use crate::vocab::PersonId;

/// A calendar that shifts could be written into.
#[derive(Clone, Debug)]
pub struct Writable {
    /// The account it belongs to.
    pub source: i64,
    /// What its owner calls the account.
    pub account: String,
    /// Its path on the server, or its whole address.
    pub href: String,
    /// Its name.
    pub name: String,
}

/// Calendars of a person's accounts, by account and name.
pub async fn calendars(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Writable>> {
    sqlx::query_as!(
        Writable,
        "select s.id as source, s.name as account, c.href, c.name
        from sources s join source_calendars c on c.source_id = s.id
        where s.person_id = $1 and s.kind = 'account' order by s.id, c.name, c.href limit 500",
        person.0,
    )
    .fetch_all(conn)
    .await
}

/// How an account is opened. Neither shown nor logged.
#[derive(Deserialize)]
pub struct Account {
    /// Its server.
    address: String,
    /// The user's name there.
    pub user: String,
    /// Their password there.
    pub password: String,
}

impl Account {
    /// The account of a source.
    pub async fn open(
        conn: &mut PgConnection,
        state: &AppState,
        source: i64,
    ) -> Result<Self, Stop> {
        let sealed = sqlx::query_scalar!("select secret from sources where id = $1", source)
            .fetch_optional(conn)
            .await?;
        let unreadable = Trouble::Refused(
            "The account's password can't be read any more. Enter it again where the account is connected.",
        );
        let key = state.site.secret_key.as_ref().ok_or(Trouble::Later(
            "This installation has lost the key to your password. Tell your administrator."
                .to_owned(),
        ))?;
        let place = format!("sources.secret {source}");
        let secret = sealed
            .flatten()
            .and_then(|sealed| key.open(&sealed, &place).ok());
        let account = secret.and_then(|secret| serde_json::from_str(secret.expose()).ok());
        Ok(account.ok_or(unreadable)?)
    }

    /// The account that a channel writes into, if its password may be sent there.
    pub async fn of(
        conn: &mut PgConnection,
        state: &AppState,
        channel: &Channel,
    ) -> Result<Self, Stop> {
        let source = channel.source.ok_or(Trouble::Gone)?;
        let account = Self::open(conn, state, source).await?;
        let (server, target) = (Url::parse(&account.address), Url::parse(&channel.target));
        if server.map(|url| url.origin()) != target.map(|url| url.origin()) {
            return Err(Trouble::Refused(
                "The calendar is on another server than the account. Choose one of the account's own.",
            )
            .into());
        }
        Ok(account)
    }

    /// The whole address of a calendar of this account.
    pub fn address_of(&self, href: &str) -> Option<String> {
        let server = Url::parse(&self.address).ok()?;
        server.join(href).ok().map(String::from)
    }
}
