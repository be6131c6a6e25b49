//! Calendars that people connected.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::secret::SecretKey;
use crate::sources::accounts::Writable;
use crate::sources::model::{AccountCalendar, Counts, Kind, Source, SourceId, Target};
use crate::vocab::PersonId;

/// Calendars a person may connect.
const MOST: i64 = 20;
/// Attempts to connect or upload within [`WITHIN`].
pub const MOST_ATTEMPTS: i32 = 60;
/// For so long attempts are counted.
const WITHIN: TimeDelta = TimeDelta::minutes(10);

/// What the secret of a row is bound to.
pub fn place(id: SourceId) -> String {
    format!("sources.secret {id}")
}

/// A calendar to be connected.
pub struct NewSource<'a> {
    /// Whose it is.
    pub person: PersonId,
    /// What its owner calls it.
    pub name: &'a str,
    /// How it is reached.
    pub kind: Kind,
    /// What of it counts.
    pub counts: Counts,
    /// Where, as far as it may be shown.
    pub place: &'a str,
    /// What is secret of it, and the key to keep it with; files have nothing secret.
    pub secret: Option<(&'a Target, &'a SecretKey)>,
}

/// Connects a calendar; none where the person has as many as anybody may.
pub async fn connect(
    conn: &mut PgConnection,
    new: &NewSource<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<SourceId>> {
    // Two windows of one person connect one after the other. What is counted in the statement that
    // waits for the lock was counted before it waited.
    sqlx::query!(
        "select id from people where id = $1 for no key update",
        new.person.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let has = sqlx::query_scalar!(
        r#"select count(*) as "has!" from sources where person_id = $1"#,
        new.person.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    if has >= MOST {
        return Ok(None);
    }
    // The secret is bound to its row, so the row's number comes first.
    let id = sqlx::query_scalar!(
        r#"select nextval(pg_get_serial_sequence('sources', 'id')) as "id!: SourceId""#
    )
    .fetch_one(&mut *conn)
    .await?;
    let sealed = new
        .secret
        .map(|(target, key)| key.seal(&target.to_secret(), &place(id)));
    sqlx::query!(
        "insert into sources (id, person_id, name, kind, counts, place, secret, connected_at)
        overriding system value values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.0,
        new.person.0,
        new.name,
        new.kind as Kind,
        new.counts as Counts,
        new.place.chars().take(300).collect::<String>(),
        sealed,
        now,
    )
    .execute(conn)
    .await?;
    Ok(Some(id))
}

/// Another address, or another password: everything starts anew, what was read stays until it is
/// read again.
pub async fn reconnect(
    conn: &mut PgConnection,
    id: SourceId,
    target: &Target,
    key: &SecretKey,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sources set secret = $2, place = $3, etag = '', last_modified = '', parsed_at = null
        where id = $1",
        id.0,
        key.seal(&target.to_secret(), &place(id)),
        target.place().chars().take(300).collect::<String>(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Another name, or another purpose; false where nothing of that id is this person's.
pub async fn update(
    conn: &mut PgConnection,
    person: PersonId,
    id: SourceId,
    name: &str,
    counts: Counts,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update sources set name = $3, counts = $4 where id = $2 and person_id = $1",
        person.0,
        id.0,
        name,
        counts as Counts,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a calendar and all that was read from it; its name, or none where nothing of that id is
/// this person's.
pub async fn disconnect(
    conn: &mut PgConnection,
    person: PersonId,
    id: SourceId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "delete from sources where id = $2 and person_id = $1 returning name",
        person.0,
        id.0,
    )
    .fetch_optional(conn)
    .await
}

/// A person's calendars, the oldest first.
pub async fn of_person(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Source>> {
    sqlx::query_as!(
        Source,
        r#"select id as "id: SourceId", name, kind as "kind: Kind",
            counts as "counts: Counts", place, read_at, good_at, next_at, failures, problem, entries, warnings
        from sources where person_id = $1 order by id"#,
        person.0,
    )
    .fetch_all(conn)
    .await
}

/// One of this person's calendars.
pub async fn source(
    conn: &mut PgConnection,
    person: PersonId,
    id: SourceId,
) -> sqlx::Result<Option<Source>> {
    sqlx::query_as!(
        Source,
        r#"select id as "id: SourceId", name, kind as "kind: Kind",
            counts as "counts: Counts", place, read_at, good_at, next_at, failures, problem, entries, warnings
        from sources where person_id = $1 and id = $2"#,
        person.0,
        id.0,
    )
    .fetch_optional(conn)
    .await
}

/// The calendars of an account, by name.
pub async fn calendars(
    conn: &mut PgConnection,
    id: SourceId,
) -> sqlx::Result<Vec<AccountCalendar>> {
    sqlx::query_as!(
        AccountCalendar,
        "select href, name, is_chosen from source_calendars where source_id = $1 order by name, href",
        id.0,
    )
    .fetch_all(conn)
    .await
}

/// What the server has now: new calendars are not chosen, chosen ones stay so, gone ones are removed
/// unless they are chosen, because their going must be noticed.
pub async fn set_calendars(
    conn: &mut PgConnection,
    id: SourceId,
    found: &[(String, String)],
) -> sqlx::Result<()> {
    let (hrefs, names): (Vec<String>, Vec<String>) = found.iter().cloned().unzip();
    sqlx::query!(
        "delete from source_calendars where source_id = $1 and not is_chosen and href <> all ($2)",
        id.0,
        &hrefs,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into source_calendars (source_id, href, name)
        select $1, * from unnest($2::text[], $3::text[])
        on conflict (source_id, href) do update set name = excluded.name",
        id.0,
        &hrefs,
        &names,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Chooses which calendars of an account are read; how many those are.
pub async fn choose(
    conn: &mut PgConnection,
    id: SourceId,
    hrefs: &[String],
) -> sqlx::Result<usize> {
    sqlx::query!(
        "update source_calendars set is_chosen = href = any ($2) where source_id = $1",
        id.0,
        hrefs,
    )
    .execute(&mut *conn)
    .await?;
    let chosen = sqlx::query_scalar!(
        r#"select count(*) as "n!" from source_calendars where source_id = $1 and is_chosen"#,
        id.0,
    )
    .fetch_one(&mut *conn)
    .await?;
    // What is known of others must not be believed to be unchanged; and where none is chosen, nothing is
    // known, which is not the same as free.
    sqlx::query!(
        "update sources set parsed_at = null, good_at = case when $2 then good_at end,
            known_until = case when $2 then known_until end, entries = case when $2 then entries else 0 end,
            warnings = case when $2 then warnings else '{}' end, failures = case when $2 then failures else 0 end,
            problem = case when $2 then problem else '' end
        where id = $1",
        id.0,
        chosen > 0,
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(chosen).unwrap_or_default())
}

/// The calendars of a person's accounts, by account and name.
pub async fn writable(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Writable>> {
    sqlx::query_as!(
        Writable,
        r#"select s.id as "source: SourceId", s.name as account, c.href, c.name
        from sources s join source_calendars c on c.source_id = s.id
        where s.person_id = $1 and s.kind = 'account' order by s.id, c.name, c.href limit 500"#,
        person.0,
    )
    .fetch_all(conn)
    .await
}

/// Whether a person may try to connect or upload another calendar now; counts the attempt.
pub async fn may_try(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let attempts = sqlx::query_scalar!(
        "insert into source_attempts as a (person_id, since, attempts) values ($1, $2, 1)
        on conflict (person_id) do update set
            since = case when a.since < $3 then $2 else a.since end,
            attempts = case when a.since < $3 then 1 else least(a.attempts, $4) + 1 end
        returning attempts",
        person.0,
        now,
        now - WITHIN,
        MOST_ATTEMPTS,
    )
    .fetch_one(conn)
    .await?;
    Ok(attempts <= MOST_ATTEMPTS)
}

/// Says something of a source that its owner should know, beside what is said already.
pub async fn warn(conn: &mut PgConnection, id: SourceId, words: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update sources set warnings = warnings || $2::text
        where id = $1 and not $2 = any (warnings) and cardinality(warnings) < 20",
        id.0,
        words,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A calendar that shifts are written into by an account.
pub struct Pushes {
    /// What it is called.
    pub name: String,
    /// Whether shifts still go there.
    pub is_chosen: bool,
    /// Shifts to come that stand in it.
    pub entries: i64,
}

/// Calendars that shifts are written into by this account.
pub async fn pushes(conn: &mut PgConnection, id: SourceId) -> sqlx::Result<Vec<Pushes>> {
    sqlx::query_as!(
        Pushes,
        r#"select name as "name!", is_chosen as "is_chosen!", entries as "entries!" from account_pushes
        where source_id = $1 and (is_chosen or entries > 0) order by name limit 20"#,
        id.0,
    )
    .fetch_all(conn)
    .await
}
