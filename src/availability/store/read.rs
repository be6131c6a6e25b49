//! What others ask for: levels over time, shifts, clashes, who is asked.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{entries, patterns};
use crate::availability::model::{Clash, Entry, OnCall, Timeline, clashes_in, resolve};
use crate::vocab::{Interval, Month, PersonId, ShiftId, TeamId};

/// The levels of these people over a range, in three queries however many there are. Everybody
/// asked for is in the answer, except ids that are nobody's.
///
/// # Errors
/// Where the database fails.
pub async fn for_planning(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<BTreeMap<PersonId, Timeline>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let zones = sqlx::query!(
        r#"select id as "id: PersonId", time_zone from people where id = any ($1)"#,
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    // A day more on both sides: local dates may differ from those of UTC.
    let eve = range.start.date_naive() - Days::new(1);
    let morrow = range.end.date_naive() + Days::new(1);
    let patterns = patterns::in_force(conn, people, eve, morrow).await?;
    let mut entries: BTreeMap<PersonId, Vec<Entry>> = BTreeMap::new();
    for (person, entry) in entries::in_range(conn, people, range).await? {
        entries.entry(person).or_default().push(entry);
    }
    let none = (Vec::new(), Vec::new());
    Ok(zones
        .into_iter()
        .map(|row| {
            let zone = row.time_zone.parse().unwrap_or(Tz::UTC);
            let patterns = patterns.get(&row.id).unwrap_or(&none.0);
            let entries = entries.get(&row.id).unwrap_or(&none.1);
            (row.id, resolve(zone, patterns, entries, range))
        })
        .collect())
}

/// Published shifts of these people that overlap a range, by time.
pub async fn shifts_of(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<Vec<(PersonId, OnCall)>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select o.person_id as "person_id!: PersonId", o.shift_id as "shift_id!: ShiftId", o.starts_at as "starts_at!", o.ends_at as "ends_at!",
            o.escalation_order as "order!", role.name as role, r.name as rotation, t.name as team, t.slug
        from on_call o
        join roles role on role.id = o.role_id
        join rotations r on r.id = o.rotation_id
        join teams t on t.id = o.team_id
        where o.person_id = any ($1) and o.starts_at < $3 and o.ends_at > $2
        order by o.starts_at, o.escalation_order limit 5000"#,
        &ids,
        range.start,
        range.end,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let shift = OnCall {
                id: r.shift_id,
                interval: Interval {
                    start: r.starts_at,
                    end: r.ends_at,
                },
                role: r.role,
                order: r.order,
                rotation: r.rotation,
                team: r.team,
                slug: r.slug,
            };
            (r.person_id, shift)
        })
        .collect())
}

/// Published shifts that overlap a range and that their person can't serve, by time.
///
/// # Errors
/// Where the database fails.
pub async fn clashes(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<Vec<Clash>> {
    let shifts = shifts_of(conn, people, range).await?;
    let hull = shifts.iter().fold(range, |hull, (_, shift)| Interval {
        start: hull.start.min(shift.interval.start),
        end: hull.end.max(shift.interval.end),
    });
    let timelines = for_planning(conn, people, hull).await?;
    Ok(clashes_in(shifts, &timelines).collect())
}

/// Somebody a team asks for their availability.
pub struct Member {
    /// Who.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Their zone.
    pub zone: Tz,
    /// When they said that the month is complete (UTC).
    pub answered_at: Option<DateTime<Utc>>,
}

/// The team's engineers who are there in a month, by name, at most 200.
pub async fn members(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
) -> sqlx::Result<Vec<Member>> {
    let rows = sqlx::query!(
        r#"select p.id as "id: PersonId", p.name, p.time_zone, a.answered_at as "answered_at?"
        from team_members m join people p on p.id = m.person_id
        left join availability_answers a on a.person_id = p.id and a.month = $2
        where m.team_id = $1 and m.is_engineer
            and p.joined_on <= $3 and (p.left_on is null or p.left_on > $2)
        order by p.name, p.id limit 200"#,
        team.0,
        month.first(),
        month.last(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Member {
            id: r.id,
            name: r.name,
            zone: r.time_zone.parse().unwrap_or(Tz::UTC),
            answered_at: r.answered_at,
        })
        .collect())
}

/// Name and zone of a member of a team, engineer or not; none for others.
pub async fn person(
    conn: &mut PgConnection,
    team: TeamId,
    id: PersonId,
) -> sqlx::Result<Option<(String, Tz)>> {
    let row = sqlx::query!(
        "select p.name, p.time_zone from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.person_id = $2",
        team.0,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| (r.name, r.time_zone.parse().unwrap_or(Tz::UTC))))
}

/// Managers of these teams: the team's slug, the manager's name and address.
pub async fn managers(
    conn: &mut PgConnection,
    slugs: &[String],
) -> sqlx::Result<Vec<(String, String, String)>> {
    let rows = sqlx::query!(
        "select t.slug, p.name, p.email from teams t
        join team_members m on m.team_id = t.id and m.is_manager
        join people p on p.id = m.person_id
        where t.slug = any ($1) order by t.slug, p.name limit 100",
        slugs,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.slug, r.name, r.email))
        .collect())
}
