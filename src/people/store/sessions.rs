//! Sessions.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::people::model::browser;
use crate::vocab::{PersonId, SessionId};

/// A browser that is signed in.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// When it signed in.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// What the browser calls itself.
    pub user_agent: String,
    /// Where it signed in from.
    pub address: String,
}

impl Session {
    /// The browser and its system, as people call them.
    #[must_use]
    pub fn browser(&self) -> String {
        browser(&self.user_agent)
    }
}

/// A session to be added.
pub struct NewSession<'a> {
    /// Who signed in.
    pub person: PersonId,
    /// Hash of its secret.
    pub token_hash: &'a [u8],
    /// Hash of the secret that the browser had until now; that session ends.
    pub instead_of: Option<&'a [u8]>,
    /// When it signed in.
    pub now: DateTime<Utc>,
    /// When it ends by itself.
    pub expires_at: DateTime<Utc>,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// Where it signed in from.
    pub address: &'a str,
}

/// Adds a session, and removes those that have expired.
///
/// # Errors
/// Where the database fails.
pub async fn add_session(conn: &mut PgConnection, new: &NewSession<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from sessions where expires_at <= $1 or token_hash = $2",
        new.now,
        new.instead_of
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into sessions (person_id, token_hash, created_at, expires_at, user_agent, address) values ($1, $2, $3, $4, $5, $6)",
        new.person.0,
        new.token_hash,
        new.now,
        new.expires_at,
        new.user_agent,
        new.address,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A person's sessions, the newest first, at most 50.
///
/// # Errors
/// Where the database fails.
pub async fn sessions_of(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", created_at, expires_at, user_agent, address from sessions
        where person_id = $1 and expires_at > $2 order by created_at desc, id desc limit 50"#,
        person.0,
        now,
    )
    .fetch_all(conn)
    .await
}

/// Ends one of a person's sessions.
///
/// # Errors
/// Where the database fails.
pub async fn end_session(
    conn: &mut PgConnection,
    person: PersonId,
    id: SessionId,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from sessions where person_id = $1 and id = $2",
        person.0,
        id.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all of a person's sessions but one.
///
/// # Errors
/// Where the database fails.
pub async fn end_sessions(
    conn: &mut PgConnection,
    person: PersonId,
    but: Option<SessionId>,
) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where person_id = $1 and id is distinct from $2",
        person.0,
        but.map(|s| s.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
