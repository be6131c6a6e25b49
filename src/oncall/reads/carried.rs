//! What people carried.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::oncall::model::{Carried, Kinds, Rates, Who, split};
use crate::vocab::{Interval, PersonId, Points, RoleId, RotationId, ShiftId, TeamId};

/// What people carried in a team in slots that begin within the interval, published and imported, by
/// start; at most 100,000 slots.
///
/// # Errors
/// Where the database fails.
pub async fn carried(
    conn: &mut PgConnection,
    team: TeamId,
    interval: Interval,
) -> sqlx::Result<Vec<Carried>> {
    let rates = rates(conn, team).await?;
    let rows = sqlx::query!(
        // The same as the view `carried`, without its way over shifts, which grow with every team.
        r#"with wanted as (
            select o.id, o.name, o.rotation_id, r.name as rotation
            from roles o join rotations r on r.id = o.rotation_id where r.team_id = $1),
        slots as (
            select role_id, person_id, starts_at, ends_at, weekday_minutes, night_minutes, weekend_minutes,
                holiday_minutes, points, shift_id
            from assignments
            where schedule_state = 'published' and person_id is not null
                and role_id = any (array(select id from wanted)) and starts_at >= $2 and starts_at < $3
            union all
            select role_id, person_id, starts_at, ends_at, weekday_minutes, night_minutes, weekend_minutes,
                holiday_minutes, points, null
            from past_shifts
            where role_id = any (array(select id from wanted)) and starts_at >= $2 and starts_at < $3)
        select c.person_id as "person_id!", p.name, c.starts_at as "starts_at!", c.ends_at as "ends_at!",
            w.rotation_id, w.rotation, w.id as role_id, w.name as role, c.shift_id as "shift_id?",
            c.weekday_minutes as "weekday_minutes!", c.night_minutes as "night_minutes!",
            c.weekend_minutes as "weekend_minutes!", c.holiday_minutes as "holiday_minutes!", c.points as "points!"
        from slots c join wanted w on w.id = c.role_id join people p on p.id = c.person_id
        order by c.starts_at, c.role_id, c.person_id limit 100000"#,
        team.0,
        interval.start,
        interval.end,
    )
    .fetch_all(conn)
    .await?;
    let carried = rows.into_iter().map(|r| {
        let rotation = RotationId(r.rotation_id);
        let minutes = [
            r.weekday_minutes,
            r.night_minutes,
            r.weekend_minutes,
            r.holiday_minutes,
        ]
        .map(i64::from);
        Carried {
            who: Who {
                id: PersonId(r.person_id),
                name: r.name,
            },
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
            rotation,
            rotation_name: r.rotation,
            role: RoleId(r.role_id),
            role_name: r.role,
            shift: r.shift_id.map(ShiftId),
            minutes,
            points: split(
                Points(r.points),
                minutes,
                in_force(&rates, rotation, r.starts_at),
            ),
        }
    });
    Ok(carried.collect())
}

/// The rates of a team's rotations, the newest first.
async fn rates(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Rates>> {
    let rows = sqlx::query!(
        "select v.rotation_id, v.effective_from, v.weekday_rate, v.night_rate, v.weekend_rate, v.holiday_rate
        from rotation_versions v join rotations r on r.id = v.rotation_id
        where r.team_id = $1 order by v.effective_from desc limit 2000",
        team.0,
    )
    .fetch_all(conn)
    .await?;
    let rates = rows.into_iter().map(|r| Rates {
        rotation: RotationId(r.rotation_id),
        from: r.effective_from,
        by_kind: [r.weekday_rate, r.night_rate, r.weekend_rate, r.holiday_rate].map(i64::from),
    });
    Ok(rates.collect())
}

/// The rates of that day, or for what was before all versions those of the first.
fn in_force(rates: &[Rates], rotation: RotationId, at: DateTime<Utc>) -> Kinds<i64> {
    let mut of_rotation = rates.iter().filter(|r| r.rotation == rotation);
    let oldest = of_rotation.clone().next_back();
    of_rotation
        .find(|r| r.from <= at.date_naive())
        .or(oldest)
        .map_or([0; 4], |r| r.by_kind)
}
