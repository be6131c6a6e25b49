//! The ledger of what was delivered.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::calendars::model::{Digest, Held, Intent, Known, Standing, Theirs};
use crate::vocab::{Interval, PersonId};

/// Entries of one person that are looked at.
const MOST: i64 = 10_000;

/// An entry in the ledger.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it is compared by.
    pub known: Known,
    /// Its name in every calendar.
    pub uid: String,
    /// Its latest revision.
    pub sequence: i32,
    /// Pushed: where it is.
    pub href: String,
    /// Pushed: what is known of what is there.
    pub held: Held,
    /// What its owner did to it.
    pub theirs: Option<Theirs>,
    /// When the shift is, as delivered (UTC).
    pub interval: Interval,
    /// What it is called.
    pub summary: String,
}

/// A person's ledger: what is not past, of all their channels, by start.
///
/// # Errors
/// Where the database fails.
pub async fn ledger(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Delivery>> {
    let rows = sqlx::query!(
        "select d.id, d.channel_id, d.key, d.uid, d.sequence, d.standing, d.digest, d.intent, d.href, d.etag,
            d.theirs, d.starts_at, d.ends_at, d.summary
        from calendar_deliveries d join calendar_channels c on c.id = d.channel_id
        where c.person_id = $1 and d.ends_at > $2 order by d.starts_at, d.id limit $3",
        person.0,
        now,
        MOST,
    )
    .fetch_all(conn)
    .await?;
    let deliveries = rows.into_iter().map(|r| {
        let digest = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| Digest::try_from(bytes).ok());
        let held = Held {
            etag: r.etag,
            digest: digest(r.digest),
            intent: r.intent.and_then(|bytes| {
                if bytes.is_empty() {
                    Some(Intent::Remove)
                } else {
                    Digest::try_from(bytes).ok().map(Intent::Write)
                }
            }),
        };
        Delivery {
            known: Known {
                id: r.id,
                channel: r.channel_id,
                key: r.key,
                standing: match r.standing.as_str() {
                    "there" => Standing::There,
                    "conflict" => Standing::Conflict,
                    "kept" => Standing::Kept,
                    _ => Standing::Gone,
                },
                digest: held.digest,
                unsettled: held.intent.is_some(),
            },
            uid: r.uid,
            sequence: r.sequence,
            href: r.href,
            held,
            theirs: r.theirs.map(|theirs| match theirs.as_str() {
                "removed" => Theirs::Removed,
                _ => Theirs::Changed,
            }),
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
            summary: r.summary,
        }
    });
    Ok(deliveries.collect())
}

/// An intent as it is kept.
fn bytes(intent: &Intent) -> &[u8] {
    match intent {
        Intent::Write(digest) => digest.as_slice(),
        Intent::Remove => &[],
    }
}

/// An entry to be delivered for the first time.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    /// By which channel.
    pub channel: i64,
    /// The assignment's.
    pub key: &'a str,
    /// Its name in every calendar.
    pub uid: &'a str,
    /// Pushed: where it will be.
    pub href: &'a str,
    /// When the shift is (UTC).
    pub interval: Interval,
    /// What it is called.
    pub summary: &'a str,
}

/// Adds an entry with what is known of it, and returns its id.
///
/// # Errors
/// Where the database fails.
pub async fn add(
    conn: &mut PgConnection,
    fresh: Fresh<'_>,
    held: &Held,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into calendar_deliveries
            (channel_id, key, uid, href, digest, intent, starts_at, ends_at, summary, changed_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, left($9, 1000), $10) returning id",
        fresh.channel,
        fresh.key,
        fresh.uid,
        fresh.href,
        held.digest.as_ref().map(Digest::as_slice),
        held.intent.as_ref().map(bytes),
        fresh.interval.start,
        fresh.interval.end,
        fresh.summary,
        now,
    )
    .fetch_one(conn)
    .await
}

/// What is known of an entry now.
#[derive(Clone, Copy, Debug)]
pub struct Put<'a> {
    /// Its revision.
    pub sequence: i32,
    /// What became of it.
    pub standing: Standing,
    /// What is there.
    pub held: &'a Held,
    /// What its owner did to it, where they have the say.
    pub theirs: Option<Theirs>,
    /// When the shift is and what it is called, as delivered.
    pub says: (Interval, &'a str),
}

/// Notes what is known of an entry now.
///
/// # Errors
/// Where the database fails.
pub async fn put(
    conn: &mut PgConnection,
    id: i64,
    put: Put<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (interval, summary) = put.says;
    sqlx::query!(
        "update calendar_deliveries set sequence = $2, standing = $3, digest = $4, intent = $5, etag = left($6, 1000),
            theirs = $7, starts_at = $8, ends_at = $9, summary = left($10, 1000), changed_at = $11
        where id = $1",
        id,
        put.sequence,
        match put.standing {
            Standing::There => "there",
            Standing::Conflict => "conflict",
            Standing::Kept => "kept",
            Standing::Gone => "gone",
        },
        put.held.digest.as_ref().map(Digest::as_slice),
        put.held.intent.as_ref().map(bytes),
        put.held.etag,
        put.theirs.map(|theirs| match theirs {
            Theirs::Changed => "changed",
            Theirs::Removed => "removed",
        }),
        interval.start,
        interval.end,
        summary,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// An owner's decision about an entry that they changed or removed: ours, or theirs. Whether there was
/// one to be made.
///
/// # Errors
/// Where the database fails.
pub async fn decide(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
    ours: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update calendar_deliveries d set standing = case when $3 then 'there' else 'kept' end,
            theirs = case when $3 then null else theirs end, changed_at = $4
        from calendar_channels c
        where c.id = d.channel_id and c.person_id = $1 and d.id = $2 and d.standing in ('conflict', 'kept')",
        person.0,
        id,
        ours,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
