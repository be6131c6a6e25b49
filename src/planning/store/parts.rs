//! A part of a published slot changes hands.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::write::PUBLISHING;
use crate::planning::replacement::SlotPart;
use crate::vocab::{
    AssignmentId, Interval, LegId, Month, PersonId, Points, RoleId, RotationId, ScheduleId, ShiftId,
};

/// An assignment that a part is cut out of.
#[derive(Clone, Debug)]
pub struct PublishedSlot {
    /// The assignment.
    pub id: AssignmentId,
    /// Its shift and role.
    pub of: (ShiftId, RoleId),
    /// Who serves; nobody where it is open.
    pub person: Option<PersonId>,
    /// The schedule it is in.
    pub schedule: ScheduleId,
    /// The rotation.
    pub rotation: RotationId,
    /// The schedule's month.
    pub month: Month,
    /// The shift's leg.
    pub leg: LegId,
    /// From when to when the shift is (UTC).
    pub shift: Interval,
    /// From when to when the assignment is (UTC).
    pub interval: Interval,
    /// Name of the zone whose clocks the shift follows.
    pub time_zone: String,
    /// Minutes on weekdays, at night, at weekends, on holidays.
    pub minutes: [i64; 4],
    /// Its burden.
    pub points: Points,
}

impl PublishedSlot {
    fn holds(&self, part: &SlotPart) -> bool {
        self.of == (part.shift, part.role)
            && self.person == part.person
            && self.interval.start <= part.interval.start
            && self.interval.end >= part.interval.end
    }
}

/// For each part the published assignment that holds it, if it is that person's, or open where it is
/// said to be.
///
/// # Errors
/// Where the database fails.
pub async fn published_slots(
    conn: &mut PgConnection,
    parts: &[SlotPart],
) -> sqlx::Result<Vec<Option<PublishedSlot>>> {
    let shifts: Vec<i64> = parts.iter().map(|part| part.shift.0).collect();
    let found = assignments(conn, &shifts, "published").await?;
    let of = |part: &SlotPart| found.iter().find(|slot| slot.holds(part)).cloned();
    Ok(parts.iter().map(of).collect())
}

/// The published assignment that holds a part, as in [`published_slots`].
///
/// # Errors
/// Where the database fails.
pub async fn published_slot(
    conn: &mut PgConnection,
    part: &SlotPart,
) -> sqlx::Result<Option<PublishedSlot>> {
    Ok(published_slots(conn, &[*part]).await?.pop().flatten())
}

/// The same in the month's draft.
///
/// # Errors
/// Where the database fails.
pub async fn same_in_draft(
    conn: &mut PgConnection,
    part: &SlotPart,
) -> sqlx::Result<Option<PublishedSlot>> {
    let found = assignments(conn, &[part.shift.0], "draft").await?;
    Ok(found.into_iter().find(|slot| slot.holds(part)))
}

/// All assignments of these shifts in schedules of a state.
async fn assignments(
    conn: &mut PgConnection,
    shifts: &[i64],
    state: &str,
) -> sqlx::Result<Vec<PublishedSlot>> {
    let rows = sqlx::query!(
        "select a.id, a.shift_id, a.role_id, a.person_id, a.schedule_id, s.rotation_id, c.month, s.leg_id,
            s.starts_at as shift_start, s.ends_at as shift_end, a.starts_at, a.ends_at, s.time_zone,
            a.weekday_minutes, a.night_minutes, a.weekend_minutes, a.holiday_minutes, a.points
        from assignments a join shifts s on s.id = a.shift_id join schedules c on c.id = a.schedule_id
        where a.shift_id = any ($1) and a.schedule_state = $2",
        shifts,
        state,
    )
    .fetch_all(conn)
    .await?;
    let slot = rows.into_iter().map(|r| PublishedSlot {
        id: AssignmentId(r.id),
        of: (ShiftId(r.shift_id), RoleId(r.role_id)),
        person: r.person_id.map(PersonId),
        schedule: ScheduleId(r.schedule_id),
        rotation: RotationId(r.rotation_id),
        month: Month::of(r.month),
        leg: LegId(r.leg_id),
        shift: Interval {
            start: r.shift_start,
            end: r.shift_end,
        },
        interval: Interval {
            start: r.starts_at,
            end: r.ends_at,
        },
        time_zone: r.time_zone,
        minutes: [
            r.weekday_minutes.into(),
            r.night_minutes.into(),
            r.weekend_minutes.into(),
            r.holiday_minutes.into(),
        ],
        points: Points(r.points),
    });
    Ok(slot.collect())
}

/// The rotation of a shift.
///
/// # Errors
/// Where the database fails.
pub async fn rotation_of(
    conn: &mut PgConnection,
    shift: ShiftId,
) -> sqlx::Result<Option<RotationId>> {
    sqlx::query_scalar!(
        r#"select rotation_id as "id: RotationId" from shifts where id = $1"#,
        shift.0
    )
    .fetch_optional(conn)
    .await
}

/// Waits for every publication and every handing over that is going on: two that book the same
/// people would wait for each other's rows.
///
/// # Errors
/// Where the database fails.
pub async fn one_at_a_time(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock($1)", PUBLISHING)
        .execute(conn)
        .await
        .map(drop)
}

/// Cuts an assignment into `pieces` and gives the one that is the part to somebody else, pinned.
/// Neighbouring pieces of the same person become one again.
///
/// # Errors
/// Where the database fails; `nobody_twice` speaks where they serve elsewhere at that time.
pub async fn give(
    conn: &mut PgConnection,
    slot: &PublishedSlot,
    part: &SlotPart,
    pieces: &[(Interval, [i64; 4], Points)],
    to: PersonId,
    (reason, broken): (&str, &str),
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let is_part = |piece: &&(Interval, [i64; 4], Points)| piece.0 == part.interval;
    for (interval, [weekday, night, weekend, holiday], points) in pieces.iter().filter(is_part) {
        sqlx::query!(
            "update assignments set person_id = $2, starts_at = $3, ends_at = $4, is_pinned = true,
                override_reason = $5, overridden_rules = $6, weekday_minutes = $7, night_minutes = $8,
                weekend_minutes = $9, holiday_minutes = $10, points = $11
            where id = $1",
            slot.id.0,
            to.0,
            interval.start,
            interval.end,
            reason,
            broken,
            i32::try_from(*weekday).unwrap_or(i32::MAX),
            i32::try_from(*night).unwrap_or(i32::MAX),
            i32::try_from(*weekend).unwrap_or(i32::MAX),
            i32::try_from(*holiday).unwrap_or(i32::MAX),
            points.0,
        )
        .execute(&mut *conn)
        .await?;
    }
    for (interval, [weekday, night, weekend, holiday], points) in
        pieces.iter().filter(|piece| !is_part(piece))
    {
        sqlx::query!(
            "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, is_pinned,
                override_reason, overridden_rules, weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points,
                escalation_order, is_shadow)
            select schedule_id, schedule_state, shift_id, role_id, $2, $3, $4, true, '', '', $5, $6, $7, $8, $9,
                escalation_order, is_shadow
            from assignments where id = $1",
            slot.id.0,
            part.person.map(|p| p.0),
            interval.start,
            interval.end,
            i32::try_from(*weekday).unwrap_or(i32::MAX),
            i32::try_from(*night).unwrap_or(i32::MAX),
            i32::try_from(*weekend).unwrap_or(i32::MAX),
            i32::try_from(*holiday).unwrap_or(i32::MAX),
            points.0,
        )
        .execute(&mut *conn)
        .await?;
    }
    while join_neighbours(conn, slot.id).await? {}
    // A plan that is open in a browser was made from other assignments.
    sqlx::query!(
        "update schedules set revision = revision + 1, updated_at = greatest(updated_at, $2) where id = $1",
        slot.schedule.0,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A plan that is open in a browser was made from other assignments, although the month's draft has
/// not changed.
///
/// # Errors
/// Where the database fails.
pub async fn touch_draft(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update schedules set revision = revision + 1, updated_at = greatest(updated_at, $3)
        where rotation_id = $1 and month = $2 and state = 'draft'",
        rotation.0,
        month.first(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Joins an assignment with a neighbour of the same slot and person; whether there was one.
async fn join_neighbours(conn: &mut PgConnection, id: AssignmentId) -> sqlx::Result<bool> {
    let other = sqlx::query!(
        "delete from assignments o using assignments a
        where a.id = $1 and o.id <> a.id and o.schedule_id = a.schedule_id and o.shift_id = a.shift_id
            and o.role_id = a.role_id and o.person_id = a.person_id
            and (o.ends_at = a.starts_at or o.starts_at = a.ends_at)
            and o.id = (select min(x.id) from assignments x
                where x.id <> a.id and x.schedule_id = a.schedule_id and x.shift_id = a.shift_id and x.role_id = a.role_id
                    and x.person_id = a.person_id and (x.ends_at = a.starts_at or x.starts_at = a.ends_at))
        returning o.starts_at, o.ends_at, o.weekday_minutes, o.night_minutes, o.weekend_minutes, o.holiday_minutes, o.points",
        id.0,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(o) = other else { return Ok(false) };
    sqlx::query!(
        "update assignments set starts_at = least(starts_at, $2), ends_at = greatest(ends_at, $3),
            weekday_minutes = weekday_minutes + $4, night_minutes = night_minutes + $5,
            weekend_minutes = weekend_minutes + $6, holiday_minutes = holiday_minutes + $7, points = points + $8
        where id = $1",
        id.0,
        o.starts_at,
        o.ends_at,
        o.weekday_minutes,
        o.night_minutes,
        o.weekend_minutes,
        o.holiday_minutes,
        o.points,
    )
    .execute(conn)
    .await?;
    Ok(true)
}
