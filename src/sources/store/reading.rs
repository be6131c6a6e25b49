//! What readings need and leave behind.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::sources::place;
use crate::secret::{Secret, SecretKey, Unreadable};
use crate::sources::model::{Kind, SourceId, Span};
use crate::vocab::{Email, PersonId};

/// Spans that are kept of one source. Merged within each kind, so a person is that often busy in 14
/// months at most.
pub const MOST_SPANS: usize = 20_000;

/// What is to be read.
pub struct ToRead {
    /// Names it.
    pub id: SourceId,
    /// Whose it is.
    pub person: PersonId,
    /// The owner's name.
    pub owner: String,
    /// The owner's address, by which invitations know them.
    pub email: Option<Email>,
    /// The owner's zone.
    pub zone: Tz,
    /// What its owner calls it.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// Paths of the chosen calendars of an account.
    pub chosen: Vec<(String, String)>,
    /// For conditional requests.
    pub etag: String,
    /// For conditional requests.
    pub last_modified: String,
    /// When it was last worked out anew (UTC).
    pub parsed_at: Option<DateTime<Utc>>,
    /// The last attempt that gave data (UTC).
    pub good_at: Option<DateTime<Utc>>,
    /// When it is to be read (UTC).
    pub next_at: Option<DateTime<Utc>>,
    /// Attempts in a row that gave nothing.
    pub failures: i32,
    /// The day the owner left, by their clock, if so.
    pub left_on: Option<NaiveDate>,
}

/// What is to be read, without its secret; none where it is gone.
pub async fn to_read(conn: &mut PgConnection, id: SourceId) -> sqlx::Result<Option<ToRead>> {
    let row = sqlx::query!(
        r#"select s.person_id as "person: PersonId", p.name as owner, p.email, p.time_zone, s.name,
            s.kind as "kind: Kind", s.etag, s.last_modified, s.parsed_at, s.good_at, s.next_at, s.failures, p.left_on
        from sources s join people p on p.id = s.person_id where s.id = $1"#,
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let chosen = sqlx::query!(
        "select href, name from source_calendars where source_id = $1 and is_chosen order by href",
        id.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(Some(ToRead {
        id,
        person: row.person,
        owner: row.owner,
        email: row.email.parse().ok(),
        zone: row.time_zone.parse().unwrap_or(Tz::UTC),
        name: row.name,
        kind: row.kind,
        chosen: chosen.into_iter().map(|c| (c.href, c.name)).collect(),
        etag: row.etag,
        last_modified: row.last_modified,
        parsed_at: row.parsed_at,
        good_at: row.good_at,
        next_at: row.next_at,
        failures: row.failures,
        left_on: row.left_on,
    }))
}

/// What is secret of a source; none for files and where the source is gone.
pub async fn secret(
    conn: &mut PgConnection,
    id: SourceId,
    key: &SecretKey,
) -> sqlx::Result<Option<Result<Secret, Unreadable>>> {
    let sealed = sealed(conn, id).await?;
    Ok(sealed.map(|sealed| key.open(&sealed, &place(id))))
}

/// The same, as it is encrypted.
pub async fn sealed(conn: &mut PgConnection, id: SourceId) -> sqlx::Result<Option<Vec<u8>>> {
    let sealed = sqlx::query_scalar!("select secret from sources where id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(sealed.flatten())
}

/// What came of an attempt.
pub enum Outcome<'a> {
    /// It is as it was.
    Unchanged,
    /// It was read.
    Read {
        /// Entries in it.
        entries: usize,
        /// What the owner should know.
        warnings: &'a [String],
        /// Until when it says who is free (UTC).
        known_until: DateTime<Utc>,
        /// For the next request.
        etag: &'a str,
        /// For the next request.
        last_modified: &'a str,
    },
    /// It was not read, and why.
    Failed(&'a str),
}

/// Notes what came of an attempt. Where nothing came of it, what was known stays. False where nothing is
/// noted: the source is gone, or, with `instead_of`, that is no longer the planned reading. Then its owner
/// chose something else meanwhile, and what was read is of no use. Locks the source until the transaction
/// ends.
pub async fn keep(
    conn: &mut PgConnection,
    id: SourceId,
    outcome: &Outcome<'_>,
    instead_of: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let is_planned = sqlx::query_scalar!(
        r#"select $2::timestamptz is null or next_at is not distinct from $2 as "is!"
        from sources where id = $1 for no key update"#,
        id.0,
        instead_of,
    )
    .fetch_optional(&mut *conn)
    .await?;
    if is_planned != Some(true) {
        return Ok(false);
    }
    let short = |text: &str, most: usize| -> String { text.chars().take(most).collect() };
    match outcome {
        Outcome::Unchanged => {
            sqlx::query!(
                "update sources set read_at = $2, good_at = $2, failures = 0, problem = '' where id = $1",
                id.0,
                now,
            )
            .execute(conn)
            .await?
        }
        Outcome::Read {
            entries,
            warnings,
            known_until,
            etag,
            last_modified,
        } => {
            let warnings: Vec<String> = warnings.iter().take(20).map(|w| short(w, 300)).collect();
            // What is too long to be kept is not asked with.
            let etag = if etag.len() <= 1000 { *etag } else { "" };
            let last_modified = if last_modified.len() <= 200 { *last_modified } else { "" };
            sqlx::query!(
                "update sources set read_at = $2, good_at = $2, parsed_at = $2, failures = 0, problem = '',
                    entries = $3, warnings = $4, etag = $5, last_modified = $6, known_until = $7
                where id = $1",
                id.0,
                now,
                i32::try_from(*entries).unwrap_or(i32::MAX),
                &warnings,
                etag,
                last_modified,
                known_until,
            )
            .execute(conn)
            .await?
        }
        Outcome::Failed(problem) => {
            sqlx::query!(
                "update sources set read_at = $2, failures = failures + 1, problem = $3 where id = $1",
                id.0,
                now,
                short(problem, 1000),
            )
            .execute(conn)
            .await?
        }
    };
    Ok(true)
}

/// Keeps these spans and no others; whether that changed anything. At most [`MOST_SPANS`].
pub async fn replace_spans(
    conn: &mut PgConnection,
    id: SourceId,
    spans: &[Span],
) -> sqlx::Result<bool> {
    let spans = || spans.iter().take(MOST_SPANS);
    let starts: Vec<DateTime<Utc>> = spans().map(|s| s.interval.start).collect();
    let ends: Vec<DateTime<Utc>> = spans().map(|s| s.interval.end).collect();
    let kinds: Vec<String> = spans().map(|s| s.kind.key().to_owned()).collect();
    let days: Vec<bool> = spans().map(|s| s.all_day).collect();
    let removed = sqlx::query!(
        "delete from source_spans t where source_id = $1 and not exists (
            select from unnest($2::timestamptz[], $3::timestamptz[], $4::text[], $5::boolean[]) as n (s, e, k, d)
            where n.s = t.starts_at and n.e = t.ends_at and n.k = t.kind and n.d = t.all_day)",
        id.0,
        &starts,
        &ends,
        &kinds,
        &days,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let added = sqlx::query!(
        "insert into source_spans (source_id, starts_at, ends_at, kind, all_day)
        select $1, * from unnest($2::timestamptz[], $3::timestamptz[], $4::text[], $5::boolean[])
        on conflict do nothing",
        id.0,
        &starts,
        &ends,
        &kinds,
        &days,
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(removed + added > 0)
}

/// Plans the next reading, in place of the one planned until now. With `instead_of`, only where that
/// is still the one: who asked meanwhile has planned another. Whether it was planned.
pub async fn schedule(
    conn: &mut PgConnection,
    id: SourceId,
    next_at: Option<DateTime<Utc>>,
    instead_of: Option<DateTime<Utc>>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sources set next_at = $2 where id = $1 and ($3::timestamptz is null or next_at = $3)",
        id.0,
        next_at,
        instead_of,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sources that should have been read by then, at most 1,000: their jobs are lost.
pub async fn overdue(conn: &mut PgConnection, by: DateTime<Utc>) -> sqlx::Result<Vec<SourceId>> {
    sqlx::query_scalar!(
        r#"select id as "id: SourceId" from sources where next_at < $1 order by next_at limit 1000"#,
        by,
    )
    .fetch_all(conn)
    .await
}

/// Has the next reading work everything out anew, whether the server has another version or not.
pub async fn forget_version(conn: &mut PgConnection, id: SourceId) -> sqlx::Result<()> {
    sqlx::query!("update sources set parsed_at = null where id = $1", id.0)
        .execute(conn)
        .await
        .map(drop)
}

/// Name and zone of whoever owns calendars; none where they have left by now.
pub async fn owner(
    conn: &mut PgConnection,
    person: PersonId,
) -> sqlx::Result<Option<(String, Tz)>> {
    let row = sqlx::query!(
        "select name, time_zone from people where id = $1 and (left_on is null or left_on > current_date)",
        person.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.name, row.time_zone.parse().unwrap_or(Tz::UTC))))
}
