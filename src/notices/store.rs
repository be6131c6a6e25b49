//! The only SQL that writes `notice_choices`, `digest_items` and `outbox`.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::{PersonId, RoleId, ShiftId};

use super::choices::Recipient;

/// Days for which mails that were not sent can be looked at.
const KEPT_DAYS: i64 = 30;

/// Somebody whom notices may reach; none where there is no such person.
pub async fn recipient(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Recipient>> {
    let row = sqlx::query!(
        r#"select email as "email!", time_zone as "time_zone!", left_on, by_mail as "by_mail!", muted as "muted!", digest_hour
        from recipients where person_id = $1"#,
        person.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let zone: Tz = row.time_zone.parse().unwrap_or(Tz::UTC);
        let today = now.with_timezone(&zone).date_naive();
        Recipient {
            email: row.email,
            zone,
            has_left: row.left_on.is_some_and(|day| day <= today),
            by_mail: row.by_mail,
            muted: row.muted,
            digest_hour: row.digest_hour.and_then(|hour| hour.try_into().ok()),
        }
    }))
}

/// The names of these people.
pub async fn names(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<BTreeMap<PersonId, String>> {
    let ids: Vec<i64> = people.iter().map(|person| person.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "id!: PersonId", name as "name!" from recipients where person_id = any ($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// What a person chose.
pub struct Choices {
    /// Whether they want mail.
    pub by_mail: bool,
    /// Topics they do not want to hear of.
    pub muted: Vec<String>,
    /// The hour of their digest.
    pub digest_hour: Option<i16>,
    /// Minutes before a shift.
    pub lead_minutes: Option<i32>,
}

/// What a person chose; what holds for everybody where they chose nothing.
pub async fn choices(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Choices> {
    sqlx::query_as!(
        Choices,
        r#"select by_mail as "by_mail!", muted as "muted!", digest_hour, lead_minutes from recipients where person_id = $1"#,
        person.0,
    )
    .fetch_one(conn)
    .await
}

/// Keeps what a person chose.
pub async fn choose(
    conn: &mut PgConnection,
    person: PersonId,
    choices: &Choices,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notice_choices (person_id, by_mail, muted, digest_hour, lead_minutes) values ($1, $2, $3, $4, $5)
        on conflict (person_id) do update set by_mail = excluded.by_mail, muted = excluded.muted,
            digest_hour = excluded.digest_hour, lead_minutes = excluded.lead_minutes",
        person.0,
        choices.by_mail,
        &choices.muted,
        choices.digest_hour,
        choices.lead_minutes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a notice aside for a person's digest; once.
pub async fn collect(
    conn: &mut PgConnection,
    person: PersonId,
    key: &str,
    notice: &serde_json::Value,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into digest_items (person_id, key, notice, added_at) values ($1, $2, $3, $4) on conflict (key) do nothing",
        person.0,
        key,
        notice,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the digest of that key holds, the oldest first, with the ids: of what was put aside before
/// it was due, 100 at most. Asked again, the same.
pub async fn claim(
    conn: &mut PgConnection,
    person: PersonId,
    digest: &str,
    due_at: DateTime<Utc>,
) -> sqlx::Result<Vec<(i64, serde_json::Value)>> {
    sqlx::query!(
        "update digest_items set digest = $2
        where id in (select id from digest_items
                where person_id = $1 and digest is null and added_at < $3 order by id limit 100)
            and not exists (select from digest_items where digest = $2)",
        person.0,
        digest,
        due_at,
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "select id, notice from digest_items where digest = $1 order by id",
        digest,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.notice)).collect())
}

/// Forgets what the digest of that key held. Whether more was put aside before it was due.
pub async fn clear(
    conn: &mut PgConnection,
    person: PersonId,
    digest: &str,
    due_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query!("delete from digest_items where digest = $1", digest)
        .execute(&mut *conn)
        .await?;
    sqlx::query_scalar!(
        r#"select exists (select from digest_items
            where person_id = $1 and digest is null and added_at < $2) as "more!""#,
        person.0,
        due_at,
    )
    .fetch_one(conn)
    .await
}

/// People for whom something is put aside, and no digest is to come; at most 500. `lane` is what the
/// lanes of digests begin with.
pub async fn waiting_in_vain(conn: &mut PgConnection, lane: &str) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select distinct person_id as "id: PersonId" from digest_items d
        where digest is null and not exists (select from busy_lanes l where l.lane = $1 || d.person_id)
        order by 1 limit 500"#,
        lane,
    )
    .fetch_all(conn)
    .await
}

/// A mail for the outbox page.
pub struct NewMail<'a> {
    /// The job's.
    pub key: &'a str,
    /// Whom it is for.
    pub recipient: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Plain text.
    pub text: &'a str,
    /// HTML.
    pub html: &'a str,
    /// A calendar that goes with it.
    pub calendar: Option<&'a str>,
}

/// Keeps a mail that is not sent; once.
pub async fn write(
    conn: &mut PgConnection,
    mail: &NewMail<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into outbox (key, recipient, subject, body_text, body_html, calendar, written_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing",
        mail.key,
        mail.recipient,
        mail.subject,
        mail.text,
        mail.html,
        mail.calendar,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A line of the outbox page.
pub struct Line {
    /// Its id.
    pub id: i64,
    /// Whom it is for.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// When it was written (UTC).
    pub written_at: DateTime<Utc>,
}

/// The newest mails that were not sent, older than `before`.
pub async fn written(conn: &mut PgConnection, before: i64, most: i64) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        "select id, recipient, subject, written_at from outbox where id < $1 order by id desc limit $2",
        before,
        most,
    )
    .fetch_all(conn)
    .await
}

/// A mail as the outbox page shows it.
pub struct Written {
    /// Whom it is for.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// A calendar that goes with it.
    pub calendar: Option<String>,
    /// When it was written (UTC).
    pub at: DateTime<Utc>,
}

/// One mail that was not sent.
pub async fn one(conn: &mut PgConnection, id: i64) -> sqlx::Result<Option<Written>> {
    sqlx::query_as!(
        Written,
        "select recipient, subject, body_text as text, body_html as html, calendar, written_at as at from outbox where id = $1",
        id,
    )
    .fetch_optional(conn)
    .await
}

/// Forgets mails that were written long ago.
pub async fn prune(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from outbox where written_at < $1",
        now - TimeDelta::days(KEPT_DAYS)
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A shift whose people are to be told that it starts.
pub struct Starting {
    /// The shift.
    pub shift: ShiftId,
    /// The role in it.
    pub role: RoleId,
    /// Who is told.
    pub person: PersonId,
    /// Their zone.
    pub zone: String,
    /// From when they serve (UTC).
    pub starts_at: DateTime<Utc>,
}

/// Shifts that start as soon as their people wanted to know before, but have not begun. Who goes on
/// from one shift of a rotation to the next is told of the first. At most 200: the rest is found five minutes later,
/// because who was told is left out by the key.
pub async fn starting(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<Starting>> {
    sqlx::query_as!(
        Starting,
        r#"select c.shift_id as "shift!: ShiftId", c.role_id as "role!: RoleId", c.person_id as "person!: PersonId",
            p.time_zone as "zone!", c.starts_at as "starts_at!"
        from on_call c
        join recipients p on p.person_id = c.person_id
        where c.starts_at > $1 and c.starts_at <= $1 + interval '14 days'
            and c.starts_at <= $1 + make_interval(mins => p.lead_minutes)
            and p.by_mail and not 'shift_starts' = any (p.muted)
            and (p.left_on is null or p.left_on > c.starts_at::date)
            and not exists (select from on_call b where b.person_id = c.person_id
                and b.rotation_id = c.rotation_id and b.ends_at = c.starts_at)
            and not exists (select from job_keys j where j.key = 'notice:shift-starts:' || c.shift_id || ':' || c.person_id
                || ':' || floor(extract(epoch from c.starts_at))::bigint)
        order by c.starts_at, c.shift_id, c.person_id limit 200"#,
        now,
    )
    .fetch_all(conn)
    .await
}

/// A holding that lapses soon.
pub struct Lapsing {
    /// The holding.
    pub holding: i64,
    /// The requirement.
    pub requirement: i64,
    /// Who holds it.
    pub person: PersonId,
    /// Their zone.
    pub zone: String,
    /// What it is.
    pub title: String,
    /// How to get it again.
    pub how: String,
    /// The team's name.
    pub team: String,
    /// Until when it is held (UTC).
    pub until: DateTime<Utc>,
}

/// Holdings that lapse within 30 days, of people who take shifts in the team and have not asked for it
/// again or been given it for longer, and were not told of the mark that was passed last. Bounded: the rest is
/// found five minutes later.
pub async fn lapsing(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<Vec<Lapsing>> {
    sqlx::query_as!(
        Lapsing,
        r#"select h.id as holding, q.id as requirement, h.person_id as "person: PersonId", p.time_zone as "zone!", q.title, q.how,
            t.name as team, h.held_until as "until!"
        from holdings h
        join requirements q on q.id = h.requirement_id and q.retired_at is null
        join teams t on t.id = q.team_id
        join team_members m on m.team_id = t.id and m.person_id = h.person_id and m.is_engineer
        join recipients p on p.person_id = h.person_id
        where h.state = 'held' and h.held_until > $1 and h.held_until <= $1 + interval '30 days'
            and p.by_mail and not 'requirement_lapses' = any (p.muted)
            and (p.left_on is null or p.left_on > $1::date)
            and not exists (select from holdings n where n.requirement_id = h.requirement_id
                and n.person_id = h.person_id and (n.state = 'pending'
                    or (n.state = 'held' and coalesce(n.held_until, 'infinity') > h.held_until)))
            and not exists (select from job_keys j where j.key = 'notice:lapses:' || h.id || ':'
                || floor(extract(epoch from h.held_until))::bigint || ':'
                || case when h.held_until <= $1 + interval '1 day' then 1 when h.held_until <= $1 + interval '7 days' then 7
                    else 30 end)
        order by h.held_until, h.id limit 500"#,
        now,
    )
    .fetch_all(conn)
    .await
}
