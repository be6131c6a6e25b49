//! How a person's shifts come into their calendar by themselves.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::PersonId;

/// Days for which the ledger remembers what is past.
const REMEMBERED: i64 = 30;

/// Days for which a removed account's password is kept, where its server can't be reached.
const FORGOTTEN: i64 = 7;

/// A channel that delivers; who has none is left with feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Kind {
    /// Invitations by mail.
    Mail,
    /// Entries written into a calendar on a server.
    Push,
}

/// How a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum State {
    /// It works.
    Well,
    /// It doesn't at the moment; tried again by itself.
    Failing,
    /// User or password are wrong, or it may not be written to.
    Refused,
    /// There is no such calendar any more.
    Gone,
}

/// A channel of a person.
#[derive(Clone, Debug)]
pub struct Channel {
    /// Its id.
    pub id: i64,
    /// What kind.
    pub kind: Kind,
    /// Who is invited, or the calendar's address.
    pub target: String,
    /// The calendar's name; empty for mail.
    pub name: String,
    /// The account it belongs to; none for mail, and when the account was removed.
    pub source: Option<i64>,
    /// User and password of an account that was removed, encrypted, with the account's number: until what
    /// was delivered by it is taken back.
    pub sealed: Option<(i64, Vec<u8>)>,
    /// Whether being on call paints the day busy.
    pub busy: bool,
    /// Whether another was chosen since.
    pub is_over: bool,
    /// How it is.
    pub state: State,
    /// What is wrong; empty where it is well.
    pub problem: String,
    /// Since when it is so (UTC).
    pub state_at: DateTime<Utc>,
    /// Attempts in a row that failed.
    pub failures: i32,
    /// When the next one is made (UTC).
    pub retry_at: Option<DateTime<Utc>>,
    /// When all was last delivered (UTC).
    pub done_at: Option<DateTime<Utc>>,
}

/// A person's channels: the one they have chosen, and those that it took the place of.
///
/// # Errors
/// Where the database fails.
pub async fn channels(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Channel>> {
    let rows = sqlx::query!(
        r#"select id, kind as "kind: Kind", target, name, source_id, sealed_for, sealed, busy,
            ended_at is not null as "is_over!", state as "state: State", problem, state_at, failures, retry_at, done_at
        from calendar_channels where person_id = $1 order by ended_at nulls first, id desc limit 100"#,
        person.0,
    )
    .fetch_all(conn)
    .await?;
    let channels = rows.into_iter().map(|r| Channel {
        id: r.id,
        kind: r.kind,
        target: r.target,
        name: r.name,
        source: r.source_id,
        sealed: r.sealed_for.zip(r.sealed),
        busy: r.busy,
        is_over: r.is_over,
        state: r.state,
        problem: r.problem,
        state_at: r.state_at,
        failures: r.failures,
        retry_at: r.retry_at,
        done_at: r.done_at,
    });
    Ok(channels.collect())
}

/// Forgets the user and password of a removed account: nothing is left to be taken back by it.
///
/// # Errors
/// Where the database fails.
pub async fn forget_account(conn: &mut PgConnection, id: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "update calendar_channels set sealed = null, sealed_for = null where id = $1 and sealed is not null",
        id,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a later job of a lane is at work.
///
/// # Errors
/// Where the database fails.
pub async fn later_is_running(conn: &mut PgConnection, lane: &str, job: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from jobs where lane = $1 and id > $2 and state = 'running'
            and leased_until > clock_timestamp()) as "is!""#,
        lane,
        job,
    )
    .fetch_one(conn)
    .await
}

/// Holds a person's channels and ledger until the transaction ends.
///
/// # Errors
/// Where the database fails.
pub async fn hold(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from people where id = $1 for no key update",
        person.0
    )
    .fetch_optional(conn)
    .await
    .map(drop)
}

/// What somebody chooses.
#[derive(Clone, Copy, Debug)]
pub struct Choice<'a> {
    /// What kind.
    pub kind: Kind,
    /// Who is invited, or the calendar's address.
    pub target: &'a str,
    /// The calendar's name; empty for mail.
    pub name: &'a str,
    /// The account it belongs to; none for mail.
    pub source: Option<i64>,
    /// Whether being on call paints the day busy.
    pub busy: bool,
}

/// Chooses a channel; the one before ends, unless it is the same. Call [`hold`] first.
///
/// # Errors
/// Where the database fails.
pub async fn choose(
    conn: &mut PgConnection,
    person: PersonId,
    choice: Choice<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let Choice {
        kind,
        target,
        name,
        source,
        busy,
    } = choice;
    let same = sqlx::query!(
        "update calendar_channels set busy = $4, name = $5, source_id = $6
        where person_id = $1 and ended_at is null and kind = $2 and target = $3",
        person.0,
        kind as Kind,
        target,
        busy,
        name,
        source,
    )
    .execute(&mut *conn)
    .await?;
    if same.rows_affected() == 1 {
        return Ok(());
    }
    end(conn, person, now).await?;
    sqlx::query!(
        "insert into calendar_channels (person_id, kind, target, name, source_id, busy, chosen_at, state_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)",
        person.0,
        kind as Kind,
        target,
        name,
        source,
        busy,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends the channel that a person has chosen.
///
/// # Errors
/// Where the database fails.
pub async fn end(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update calendar_channels set ended_at = $2 where person_id = $1 and ended_at is null",
        person.0,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes how a channel is after an attempt: `well` means that all was delivered.
///
/// # Errors
/// Where the database fails.
pub async fn note(
    conn: &mut PgConnection,
    id: i64,
    (state, problem): (State, &str),
    retry_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update calendar_channels set state_at = case when state = $2 then state_at else $5 end,
            state = $2, problem = left($3, 500), retry_at = $4,
            failures = case when $2 = 'well' then 0 else failures + 1 end,
            done_at = case when $2 = 'well' then $5 else done_at end
        where id = $1",
        id,
        state as State,
        problem,
        retry_at,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whose calendar it is.
#[derive(Clone, Debug)]
pub struct Person {
    /// The person.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their zone.
    pub zone: Tz,
    /// Whether they see every team.
    pub is_admin: bool,
    /// The day they leave.
    pub left_on: Option<NaiveDate>,
}

/// A person, as far as their calendar goes.
///
/// # Errors
/// Where the database fails.
pub async fn person(conn: &mut PgConnection, id: PersonId) -> sqlx::Result<Option<Person>> {
    let row = sqlx::query!(
        "select name, time_zone, is_admin, left_on from people where id = $1",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| Person {
        id,
        name: r.name,
        zone: r.time_zone.parse().unwrap_or(Tz::UTC),
        is_admin: r.is_admin,
        left_on: r.left_on,
    }))
}

/// Who has a channel, or something left of one that ended.
///
/// # Errors
/// Where the database fails.
pub async fn to_sweep(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select distinct c.person_id as "person: PersonId" from calendar_channels c
        where c.ended_at is null or exists (select from calendar_deliveries d
            where d.channel_id = c.id and d.standing = 'there' and d.ends_at > $1)
        order by 1 limit 100000"#,
        now,
    )
    .fetch_all(conn)
    .await
}

/// Forgets what is long past.
///
/// # Errors
/// Where the database fails.
pub async fn prune(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    let until = now - TimeDelta::days(REMEMBERED);
    sqlx::query!("delete from calendar_deliveries where ends_at < $1", until)
        .execute(&mut *conn)
        .await?;
    // Whatever could not be taken back by a removed account within days is left where it is.
    sqlx::query!(
        "update calendar_channels set sealed = null, sealed_for = null where sealed is not null and ended_at < $1",
        now - TimeDelta::days(FORGOTTEN),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from calendar_channels c where ended_at < $1
            and not exists (select from calendar_deliveries d where d.channel_id = c.id)",
        until,
    )
    .execute(conn)
    .await
    .map(drop)
}
