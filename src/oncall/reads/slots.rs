//! Slots by themselves, and what is decided of a month.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{LONGEST, who};
use crate::oncall::model::Slot;
use crate::vocab::{Interval, RoleId, RotationId, ShiftId, TeamId};

/// Published slots of these teams that share any instant with the interval, by team, rotation, role
/// and start; open ones included; at most 20,000.
///
/// # Errors
/// Where the database fails.
pub async fn slots(
    conn: &mut PgConnection,
    teams: &[TeamId],
    interval: Interval,
) -> sqlx::Result<Vec<Slot>> {
    let teams: Vec<i64> = teams.iter().map(|t| t.0).collect();
    let rows = sqlx::query!(
        r#"select a.shift_id, a.role_id, a.person_id, p.name as "person?", a.starts_at, a.ends_at, a.escalation_order, a.is_shadow,
            o.name as role, r.id as rotation_id, r.name as rotation, r.team_id
        from assignments a
        join roles o on o.id = a.role_id
        join rotations r on r.id = o.rotation_id
        left join people p on p.id = a.person_id
        where a.schedule_state = 'published'
            and a.role_id = any (array(select x.id from roles x join rotations y on y.id = x.rotation_id where y.team_id = any ($1)))
            and a.starts_at >= $2 and a.starts_at < $3 and a.ends_at > $4
        order by r.team_id, r.position, r.name, r.id, a.escalation_order, a.role_id, a.starts_at, a.id limit 20000"#,
        &teams,
        interval.start - LONGEST,
        interval.end,
        interval.start,
    )
    .fetch_all(conn)
    .await?;
    let slot = rows.into_iter().map(|r| Slot {
        shift: ShiftId(r.shift_id),
        interval: Interval {
            start: r.starts_at,
            end: r.ends_at,
        },
        team: TeamId(r.team_id),
        rotation: RotationId(r.rotation_id),
        rotation_name: r.rotation,
        role: RoleId(r.role_id),
        role_name: r.role,
        order: r.escalation_order,
        is_shadow: r.is_shadow,
        who: who(r.person_id, r.person),
    });
    Ok(slot.collect())
}

/// Published slots of these teams that nobody serves, the next first, by the teams' and the role's names;
/// at most `most`. Not of teams where a manager must approve who takes one.
///
/// # Errors
/// Where the database fails.
pub async fn open_slots(
    conn: &mut PgConnection,
    teams: &[TeamId],
    interval: Interval,
    most: i64,
) -> sqlx::Result<Vec<Slot>> {
    let teams: Vec<i64> = teams.iter().map(|t| t.0).collect();
    let rows = sqlx::query!(
        "select a.shift_id, a.role_id, a.starts_at, a.ends_at, a.escalation_order, a.is_shadow,
            o.name as role, r.id as rotation_id, r.name as rotation, r.team_id
        from assignments a
        join roles o on o.id = a.role_id
        join rotations r on r.id = o.rotation_id
        where a.schedule_state = 'published' and a.person_id is null
            and a.role_id = any (array(select x.id from roles x join rotations y on y.id = x.rotation_id
                where y.team_id = any ($1) and y.team_id not in (select team_id from cover_approvals)))
            and a.starts_at >= $2 and a.starts_at < $3 and a.ends_at > $4
        order by a.starts_at, a.escalation_order, a.id limit $5",
        &teams,
        interval.start - LONGEST,
        interval.end,
        interval.start,
        most,
    )
    .fetch_all(conn)
    .await?;
    let slot = rows.into_iter().map(|r| Slot {
        shift: ShiftId(r.shift_id),
        interval: Interval {
            start: r.starts_at,
            end: r.ends_at,
        },
        team: TeamId(r.team_id),
        rotation: RotationId(r.rotation_id),
        rotation_name: r.rotation,
        role: RoleId(r.role_id),
        role_name: r.role,
        order: r.escalation_order,
        is_shadow: r.is_shadow,
        who: None,
    });
    Ok(slot.collect())
}

/// Whether a manager must approve who takes a shift of a team.
///
/// # Errors
/// Where the database fails.
pub async fn needs_approval(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from cover_approvals where team_id = $1) as "needs!""#,
        team.0
    )
    .fetch_one(conn)
    .await
}

/// A rotation and what is decided for a month.
pub struct Decided {
    /// The team.
    pub team: TeamId,
    /// The rotation's name.
    pub rotation: String,
    /// `published`, `draft` or neither.
    pub state: Option<String>,
}

/// Every rotation of these teams, and whether the month is published or at least drafted.
///
/// # Errors
/// Where the database fails.
pub async fn decided(
    conn: &mut PgConnection,
    teams: &[TeamId],
    month: NaiveDate,
) -> sqlx::Result<Vec<Decided>> {
    let teams: Vec<i64> = teams.iter().map(|t| t.0).collect();
    sqlx::query_as!(
        Decided,
        r#"select r.team_id as "team: TeamId", r.name as rotation,
            (select max(s.state) from schedules s where s.rotation_id = r.id and s.month = $2 and s.state in ('draft', 'published')) as state
        from rotations r where r.team_id = any ($1) order by r.team_id, r.position, r.name, r.id limit 2000"#,
        &teams,
        month,
    )
    .fetch_all(conn)
    .await
}
