//! Failed sign-ins, which limit how fast passwords can be guessed, and browsers that are known, where
//! they are counted apart.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};

use crate::vocab::PersonId;

/// Failed attempts count for so long.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Attempts within the window on one account, by strangers together and in each known browser.
const MOST_PER_ACCOUNT: i64 = 10;
/// Attempts by strangers from one network within the window; offices share addresses.
const MOST_PER_ADDRESS: i64 = 60;

/// An attempt to use an account's password, as it is counted.
pub struct Attempt {
    /// The account's address, as typed.
    pub account: String,
    /// The network it comes from.
    pub network: String,
    /// The browser, where the account's owner has signed in from it before.
    pub browser: Option<i64>,
}

/// Whether the attempt may be made. It counts as failed until [`clear_attempts`].
///
/// It is written, and committed, before it is counted: so of a hundred at once no more pass than of a
/// hundred in a row. That is why this takes the pool and not somebody's transaction. Refused attempts
/// are not written: the wait ends after the window, and the table stays small.
///
/// # Errors
/// Where the database fails.
pub async fn may_attempt(db: &PgPool, attempt: &Attempt, now: DateTime<Utc>) -> sqlx::Result<bool> {
    let mut conn = db.acquire().await?;
    sqlx::query!("delete from failed_sign_ins where at <= $1", now - WINDOW)
        .execute(&mut *conn)
        .await?;
    let (by_account, by_address) = attempts(&mut conn, attempt).await?;
    if by_account >= MOST_PER_ACCOUNT || by_address >= MOST_PER_ADDRESS {
        return Ok(false);
    }
    sqlx::query!(
        "insert into failed_sign_ins (account, address, at, browser_id) values ($1, $2, $3, $4)",
        attempt.account,
        attempt.network,
        now,
        attempt.browser,
    )
    .execute(&mut *conn)
    .await?;
    let (by_account, by_address) = attempts(&mut conn, attempt).await?;
    Ok(by_account <= MOST_PER_ACCOUNT && by_address <= MOST_PER_ADDRESS)
}

/// How many were made on the account and from the network. In a known browser only its own count.
async fn attempts(conn: &mut PgConnection, attempt: &Attempt) -> sqlx::Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select (select count(*) from failed_sign_ins where account = $1 and browser_id is not distinct from $3) as "account!",
            (select count(*) from failed_sign_ins where address = $2 and browser_id is null and $3::bigint is null) as "address!""#,
        attempt.account,
        attempt.network,
        attempt.browser,
    )
    .fetch_one(conn)
    .await?;
    Ok((row.account, row.address))
}

/// Forgets failed attempts like this one, after the right password: those of the same known browser, or
/// those of strangers on the account from the same network.
///
/// # Errors
/// Where the database fails.
pub async fn clear_attempts(conn: &mut PgConnection, attempt: &Attempt) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from failed_sign_ins where account = $1 and browser_id is not distinct from $3
            and (browser_id is not null or address = $2)",
        attempt.account,
        attempt.network,
        attempt.browser,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The known browser of that secret, if the account's owner has signed in from it.
///
/// # Errors
/// Where the database fails.
pub async fn known_browser(
    conn: &mut PgConnection,
    token_hash: &[u8],
    account: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "select b.id from known_browsers b join people p on p.id = b.person_id
        where b.token_hash = $1 and p.email = $2 and b.expires_at > $3",
        token_hash,
        account,
        now,
    )
    .fetch_optional(conn)
    .await
}

/// A browser to be known as a person's.
pub struct NewBrowser<'a> {
    /// Who signed in from it.
    pub person: PersonId,
    /// Hash of its fresh secret.
    pub token_hash: &'a [u8],
    /// Hash of the secret that it had until now, which nobody is known by any more.
    pub instead_of: Option<&'a [u8]>,
    /// When the person signed in.
    pub now: DateTime<Utc>,
    /// When it is forgotten.
    pub expires_at: DateTime<Utc>,
}

/// Makes a browser known as a person's. Others who have signed in from it stay known there. Those that
/// have expired are removed.
///
/// # Errors
/// Where the database fails.
pub async fn know_browser(conn: &mut PgConnection, new: &NewBrowser<'_>) -> sqlx::Result<()> {
    sqlx::query!("delete from known_browsers where expires_at <= $1", new.now)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update known_browsers set token_hash = $1 where token_hash = $2",
        new.token_hash,
        new.instead_of,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into known_browsers (token_hash, person_id, expires_at) values ($1, $2, $3)
        on conflict (token_hash, person_id) do update set expires_at = excluded.expires_at",
        new.token_hash,
        new.person.0,
        new.expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets a person's browsers, but one.
///
/// # Errors
/// Where the database fails.
pub async fn forget_browsers(
    conn: &mut PgConnection,
    person: PersonId,
    but: Option<i64>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from known_browsers where person_id = $1 and id is distinct from $2",
        person.0,
        but
    )
    .execute(conn)
    .await
    .map(drop)
}
