//! Sessions, and failed sign-ins that limit how fast passwords can be guessed.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

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

/// Adds a session.
///
/// # Errors
/// Where the database fails.
pub async fn add_session(
    conn: &mut PgConnection,
    person: PersonId,
    token_hash: &[u8],
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    user_agent: &str,
    address: &str,
) -> sqlx::Result<()> {
    sqlx::query!("delete from sessions where expires_at <= $1", now)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into sessions (person_id, token_hash, created_at, expires_at, user_agent, address) values ($1, $2, $3, $4, $5, $6)",
        person.0,
        token_hash,
        now,
        expires_at,
        user_agent,
        address,
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

/// Counts an attempt before the password is looked at, so that a thousand at once don't slip
/// through; then tells how many there were lately for the account and from the address.
///
/// # Errors
/// Where the database fails.
pub async fn attempt(
    conn: &mut PgConnection,
    account: &str,
    address: &str,
    now: DateTime<Utc>,
    window: TimeDelta,
) -> sqlx::Result<(i64, i64)> {
    let since = now - window;
    sqlx::query!("delete from failed_sign_ins where at < $1", since)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into failed_sign_ins (account, address, at) values ($1, $2, $3)",
        account,
        address,
        now
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        r#"select (select count(*) from failed_sign_ins where account = $1) as "account!",
            (select count(*) from failed_sign_ins where address = $2) as "address!""#,
        account,
        address,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.account, row.address))
}

/// Forgets an account's failed attempts from an address, after the right password.
///
/// # Errors
/// Where the database fails.
pub async fn clear_attempts(
    conn: &mut PgConnection,
    account: &str,
    address: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from failed_sign_ins where account = $1 and address = $2",
        account,
        address
    )
    .execute(conn)
    .await
    .map(drop)
}
