//! Shifts served before Fairshift.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::rotations::model::Minutes;
use crate::vocab::{Interval, PersonId, Points, RoleId, RotationId};

/// A shift that somebody served, and what it weighed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PastShift {
    /// Who.
    pub person: PersonId,
    /// In which role of the rotation.
    pub role: RoleId,
    /// When (UTC).
    pub interval: Interval,
    /// Its minutes by kind.
    pub minutes: Minutes,
    /// Its burden.
    pub points: Points,
}

/// A row that can't be imported, since the person served at that time already.
pub struct Clash {
    /// Place in the list that was asked about, from 0.
    pub place: usize,
    /// Whether the other shift is published here; otherwise it was imported.
    pub is_published: bool,
}

fn int(minutes: i64) -> i32 {
    minutes.try_into().unwrap_or(i32::MAX)
}

/// Adds what people served before. Nobody may serve twice at a time in one rotation.
///
/// # Errors
/// Where the database fails, also by its exclusion constraint where a shift overlaps another one of
/// the same person.
pub async fn add_past_shifts(
    conn: &mut PgConnection,
    rotation: RotationId,
    rows: &[PastShift],
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let persons: Vec<i64> = rows.iter().map(|r| r.person.0).collect();
    let roles: Vec<i64> = rows.iter().map(|r| r.role.0).collect();
    let starts: Vec<DateTime<Utc>> = rows.iter().map(|r| r.interval.start).collect();
    let ends: Vec<DateTime<Utc>> = rows.iter().map(|r| r.interval.end).collect();
    let weekday: Vec<i32> = rows.iter().map(|r| int(r.minutes.weekday)).collect();
    let night: Vec<i32> = rows.iter().map(|r| int(r.minutes.night)).collect();
    let weekend: Vec<i32> = rows.iter().map(|r| int(r.minutes.weekend)).collect();
    let holiday: Vec<i32> = rows.iter().map(|r| int(r.minutes.holiday)).collect();
    let points: Vec<i64> = rows.iter().map(|r| r.points.0).collect();
    sqlx::query!(
        "insert into past_shifts (rotation_id, person_id, role_id, starts_at, ends_at,
            weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points, imported_by, imported_at)
        select $1, p.*, $11, $12 from unnest($2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[],
            $6::integer[], $7::integer[], $8::integer[], $9::integer[], $10::bigint[]) p",
        rotation.0,
        &persons,
        &roles,
        &starts,
        &ends,
        &weekday,
        &night,
        &weekend,
        &holiday,
        &points,
        by.map(|p| p.0),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Which of these shifts overlap one that the person has in the rotation already.
pub async fn clashes(
    conn: &mut PgConnection,
    rotation: RotationId,
    rows: &[(PersonId, Interval)],
) -> sqlx::Result<Vec<Clash>> {
    let persons: Vec<i64> = rows.iter().map(|r| r.0.0).collect();
    let starts: Vec<DateTime<Utc>> = rows.iter().map(|r| r.1.start).collect();
    let ends: Vec<DateTime<Utc>> = rows.iter().map(|r| r.1.end).collect();
    let rows = sqlx::query!(
        r#"select n.place as "place!", bool_or(c.shift_id is not null) as "is_published!"
        from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[])
            with ordinality as n (person_id, starts_at, ends_at, place)
        join carried c on c.rotation_id = $1 and c.person_id = n.person_id
            and c.starts_at < n.ends_at and c.ends_at > n.starts_at
        group by n.place order by n.place"#,
        rotation.0,
        &persons,
        &starts,
        &ends,
    )
    .fetch_all(conn)
    .await?;
    let place = |n: i64| usize::try_from(n - 1).unwrap_or_default();
    Ok(rows
        .into_iter()
        .map(|r| Clash {
            place: place(r.place),
            is_published: r.is_published,
        })
        .collect())
}

/// Whether anything was ever published or imported for the rotation.
pub async fn is_used(conn: &mut PgConnection, rotation: RotationId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from past_shifts where rotation_id = $1)
            or exists (select from schedules where rotation_id = $1 and state <> 'draft') as "used!""#,
        rotation.0,
    )
    .fetch_one(conn)
    .await
}
