//! What planning reads. Every query is bounded by a month, a look-back or a rotation's people.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use crate::vocab::{Interval, Month, PersonId, Points, RotationId, ScheduleId, SessionId, TeamId};

/// A person as planning needs them.
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// First day in the team.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
    /// First day in the rotation: long ago where they were there from its beginning, or are not there.
    pub in_rotation_since: NaiveDate,
}

/// These people, by name, as the rotation's team has them; whoever is in it no more, as they are.
///
/// # Errors
/// Where the database fails.
pub async fn people(
    conn: &mut PgConnection,
    team: TeamId,
    rotation: RotationId,
    ids: &[PersonId],
) -> sqlx::Result<Vec<PersonRow>> {
    let ids: Vec<i64> = ids.iter().map(|p| p.0).collect();
    sqlx::query_as!(
        PersonRow,
        r#"select p.id as "id: PersonId", p.name, p.capacity_percent,
            greatest(p.joined_on, m.joined_on) as "joined_on!", p.left_on,
            coalesce((select min(x.joined_on) from leg_members x join legs l on l.id = x.leg_id
                where l.rotation_id = $3 and x.person_id = p.id), '2000-01-01') as "in_rotation_since!"
        from people p left join team_members m on m.person_id = p.id and m.team_id = $2
        where p.id = any ($1) order by p.name, p.id"#,
        &ids,
        team.0,
        rotation.0,
    )
    .fetch_all(conn)
    .await
}

/// Which of these people are still engineers of the team.
///
/// # Errors
/// Where the database fails.
pub async fn members(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select person_id as "id: PersonId" from team_members where team_id = $1 and is_engineer order by person_id"#,
        team.0
    )
    .fetch_all(conn)
    .await
}

/// Engineers of the team on that day or later who are in no leg of any of its rotations: nobody
/// would ever plan them. By name, at most 50.
///
/// # Errors
/// Where the database fails.
pub async fn without_leg(
    conn: &mut PgConnection,
    team: TeamId,
    day: NaiveDate,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select p.name from team_members tm join people p on p.id = tm.person_id
        where tm.team_id = $1 and tm.is_engineer and (p.left_on is null or p.left_on > $2)
            and not exists (
                select from leg_members lm join legs l on l.id = lm.leg_id
                    join rotations r on r.id = l.rotation_id
                where lm.person_id = p.id and r.team_id = $1)
        order by p.name, p.id limit 50",
        team.0,
        day
    )
    .fetch_all(conn)
    .await
}

/// Name of a team's zone.
///
/// # Errors
/// Where the database fails.
pub async fn team_zone(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<String> {
    sqlx::query_scalar!("select time_zone from teams where id = $1", team.0)
        .fetch_one(conn)
        .await
}

/// A team's name.
///
/// # Errors
/// Where the database fails.
pub async fn team_name(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<String> {
    sqlx::query_scalar!("select name from teams where id = $1", team.0)
        .fetch_one(conn)
        .await
}

/// Who of these people has no device that wakes them.
///
/// # Errors
/// Where the database fails.
pub async fn without_device(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<Vec<PersonId>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: PersonId" from people p where id = any ($1)
            and not exists (select from contact_methods c where c.person_id = p.id and c.is_on_call_device)
        order by name, id"#,
        &ids,
    )
    .fetch_all(conn)
    .await
}

/// When the first shift of a rotation began that anybody served or will.
///
/// # Errors
/// Where the database fails.
pub async fn first_shift(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select least(
            (select min(s.starts_at) from shifts s where s.rotation_id = $1 and exists (select from assignments a
                where a.shift_id = s.id and a.schedule_state = 'published' and a.person_id is not null)),
            (select min(starts_at) from past_shifts where rotation_id = $1))",
        rotation.0,
    )
    .fetch_one(conn)
    .await
}

/// Burden carried in a rotation, by person and month of the shift's start in `zone`.
///
/// # Errors
/// Where the database fails.
pub async fn carried_by_month(
    conn: &mut PgConnection,
    rotation: RotationId,
    range: Interval,
    zone: &str,
) -> sqlx::Result<BTreeMap<(PersonId, Month), Points>> {
    let rows = sqlx::query!(
        r#"select person_id as "person!", date_trunc('month', starts_at at time zone $4)::date as "month!", sum(points)::bigint as "points!"
        from carried where rotation_id = $1 and starts_at >= $2 and starts_at < $3 group by 1, 2"#,
        rotation.0,
        range.start,
        range.end,
        zone,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| ((PersonId(r.person), Month::of(r.month)), Points(r.points)))
        .collect())
}

/// Shifts of a rotation that each person has behind them; watching along doesn't count.
///
/// # Errors
/// Where the database fails.
pub async fn served(
    conn: &mut PgConnection,
    rotation: RotationId,
    now: DateTime<Utc>,
) -> sqlx::Result<BTreeMap<PersonId, i64>> {
    let rows = sqlx::query!(
        r#"select person_id as "person!", count(distinct shift_id) + count(*) filter (where shift_id is null) as "shifts!"
        from carried where rotation_id = $1 and ends_at <= $2 and not is_shadow group by 1"#,
        rotation.0,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (PersonId(r.person), r.shifts))
        .collect())
}

/// A published shift of somebody's.
pub struct ElsewhereRow {
    /// Whose.
    pub person: PersonId,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Name of the zone whose clocks it follows.
    pub time_zone: String,
}

/// Published shifts of these people in the range, but for one schedule's.
///
/// # Errors
/// Where the database fails.
pub async fn elsewhere(
    conn: &mut PgConnection,
    ids: &[PersonId],
    range: Interval,
    but: Option<ScheduleId>,
) -> sqlx::Result<Vec<ElsewhereRow>> {
    let ids: Vec<i64> = ids.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person!", starts_at as "start!", ends_at as "end!", time_zone as "zone!" from on_call
        where person_id = any ($1) and starts_at >= $2 and starts_at < $3 and schedule_id is distinct from $4
        order by starts_at, person_id"#,
        &ids,
        range.start,
        range.end,
        but.map(|s| s.0),
    )
    .fetch_all(conn)
    .await?;
    let row = |r: (i64, DateTime<Utc>, DateTime<Utc>, String)| ElsewhereRow {
        person: PersonId(r.0),
        interval: Interval {
            start: r.1,
            end: r.2,
        },
        time_zone: r.3,
    };
    Ok(rows
        .into_iter()
        .map(|r| row((r.person, r.start, r.end, r.zone)))
        .collect())
}

/// The last month that a rotation of the team has a published schedule for.
///
/// # Errors
/// Where the database fails.
pub async fn latest_month(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Option<Month>> {
    let day = sqlx::query_scalar!(
        "select max(s.month) from schedules s join rotations r on r.id = s.rotation_id where r.team_id = $1 and s.state = 'published'",
        team.0
    )
    .fetch_one(conn)
    .await?;
    Ok(day.map(Month::of))
}

/// Whether that session still lasts, and its person may still plan for the team.
///
/// # Errors
/// Where the database fails.
pub async fn may_plan(
    conn: &mut PgConnection,
    session: SessionId,
    team: TeamId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions s join people p on p.id = s.person_id
            where s.id = $1 and s.expires_at > $2 and (p.is_admin or exists (select from team_members m
                where m.person_id = p.id and m.team_id = $3 and m.is_manager))) as "may!""#,
        session.0,
        now,
        team.0,
    )
    .fetch_one(conn)
    .await
}

/// The zones of people.
pub async fn zones(
    conn: &mut PgConnection,
    people: &[i64],
) -> sqlx::Result<BTreeMap<PersonId, chrono_tz::Tz>> {
    let rows = sqlx::query!(
        r#"select id as "id: PersonId", time_zone from people where id = any ($1)"#,
        people,
    )
    .fetch_all(conn)
    .await?;
    let zone = |name: &str| name.parse().unwrap_or(chrono_tz::Tz::UTC);
    Ok(rows
        .iter()
        .map(|row| (row.id, zone(&row.time_zone)))
        .collect())
}
