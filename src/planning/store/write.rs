//! Writes of planning. Call them in one transaction that holds [`lock`].

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::planning::model::{Facts, Held, HeldPart, Proven};
use crate::vocab::{Interval, LegId, Month, PersonId, Points, RoleId, RotationId, ScheduleId};

/// A slot to be stored.
pub struct NewSlot<'a> {
    /// Its leg.
    pub leg: LegId,
    /// Name of the zone whose clocks the shift follows.
    pub zone: &'a str,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Its role.
    pub role: RoleId,
    /// Place of the role in the escalation.
    pub order: u8,
    /// Only watches and learns.
    pub is_shadow: bool,
    /// Minutes on weekdays, at night, at weekends, on holidays.
    pub minutes: [i64; 4],
    /// Its burden.
    pub points: Points,
    /// Who holds it.
    pub held: &'a Held,
    /// Its parts, where it changed hands within the shift.
    pub parts: &'a [HeldPart],
}

impl NewSlot<'_> {
    /// Its assignments: one, or one for each part.
    fn assignments(&self) -> Vec<(&Self, HeldPart)> {
        if self.parts.is_empty() {
            let whole = HeldPart {
                interval: self.interval,
                person: self.held.person,
                minutes: self.minutes,
                points: self.points,
            };
            return vec![(self, whole)];
        }
        self.parts.iter().map(|part| (self, part.clone())).collect()
    }
}

/// The database's own lock that is held while a schedule is published.
pub(super) const PUBLISHING: i64 = 0x7075_626c_6973_6864;

/// Waits for everybody else who changes this rotation's schedules, until the transaction ends.
///
/// # Errors
/// Where the database fails.
pub async fn lock(conn: &mut PgConnection, rotation: RotationId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from rotations where id = $1 for update",
        rotation.0
    )
    .fetch_optional(conn)
    .await
    .map(drop)
}

/// The ids of these shifts by leg, start and end; made where they are missing.
///
/// # Errors
/// Where the database fails.
async fn shift_ids(
    conn: &mut PgConnection,
    rotation: RotationId,
    slots: &[NewSlot<'_>],
    now: DateTime<Utc>,
) -> sqlx::Result<BTreeMap<(LegId, Interval), i64>> {
    let legs: Vec<i64> = slots.iter().map(|s| s.leg.0).collect();
    let starts: Vec<DateTime<Utc>> = slots.iter().map(|s| s.interval.start).collect();
    let ends: Vec<DateTime<Utc>> = slots.iter().map(|s| s.interval.end).collect();
    let zones: Vec<String> = slots.iter().map(|s| s.zone.to_owned()).collect();
    sqlx::query!(
        "insert into shifts (rotation_id, leg_id, starts_at, ends_at, time_zone, changed_at)
        select distinct $1::bigint, l, s, e, z, $6::timestamptz
        from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[]) as n (l, s, e, z)
        on conflict (leg_id, starts_at, ends_at) do nothing",
        rotation.0,
        &legs,
        &starts,
        &ends,
        &zones,
        now,
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        r#"select s.id, s.leg_id, s.starts_at, s.ends_at from shifts s
        join (select distinct l, a, e from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) as n (l, a, e)) n
        on s.leg_id = n.l and s.starts_at = n.a and s.ends_at = n.e"#,
        &legs,
        &starts,
        &ends,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            (
                (
                    LegId(r.leg_id),
                    Interval {
                        start: r.starts_at,
                        end: r.ends_at,
                    },
                ),
                r.id,
            )
        })
        .collect())
}

/// Stores the month's draft, in place of the one there is.
///
/// # Errors
/// Where the database fails.
#[allow(clippy::too_many_arguments)] // The columns of a schedule.
pub async fn save_draft(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
    facts: &Facts,
    (cost, proven): (i64, Option<&Proven>),
    slots: &[NewSlot<'_>],
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<ScheduleId> {
    // A bound that can't be kept as it is is none.
    let bound =
        proven.and_then(|p| Some((i32::try_from(p.open).ok()?, i64::try_from(p.bound).ok()?)));
    let id = sqlx::query_scalar!(
        "insert into schedules (rotation_id, month, state, inputs, inputs_digest, cost, bound, bound_open, bound_of,
            bound_fewest, created_at, updated_at, updated_by)
        values ($1, $2, 'draft', $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
        on conflict (rotation_id, month) where state = 'draft' do update
        set revision = schedules.revision + 1, inputs = excluded.inputs, inputs_digest = excluded.inputs_digest,
            cost = excluded.cost, bound = excluded.bound, bound_open = excluded.bound_open, bound_of = excluded.bound_of,
            bound_fewest = excluded.bound_fewest,
            updated_at = excluded.updated_at, updated_by = excluded.updated_by
        returning id",
        rotation.0,
        month.first(),
        Json(facts) as _,
        facts.digest(),
        cost,
        bound.map(|(_, bound)| bound),
        bound.map(|(open, _)| open),
        bound.and(proven).map_or("", |p| p.of.as_str()),
        bound.and(proven).is_some_and(|p| p.fewest),
        now,
        by.map(|p| p.0),
    )
    .fetch_one(&mut *conn)
    .await?;
    let shifts = shift_ids(conn, rotation, slots, now).await?;
    sqlx::query!("delete from assignments where schedule_id = $1", id)
        .execute(&mut *conn)
        .await?;
    let rows: Vec<(&NewSlot<'_>, HeldPart)> = slots.iter().flat_map(NewSlot::assignments).collect();
    let of_slot = |of: &dyn Fn(&NewSlot<'_>) -> i64| -> Vec<i64> {
        rows.iter().map(|(slot, _)| of(slot)).collect()
    };
    let of_part = |of: &dyn Fn(&HeldPart) -> i64| -> Vec<i64> {
        rows.iter().map(|(_, part)| of(part)).collect()
    };
    let shift: Vec<i64> = of_slot(&|s| {
        let id = shifts.get(&(s.leg, s.interval));
        id.copied().unwrap_or_default()
    });
    let person: Vec<Option<i64>> = rows.iter().map(|(_, p)| p.person.map(|p| p.0)).collect();
    let starts: Vec<DateTime<Utc>> = rows.iter().map(|(_, p)| p.interval.start).collect();
    let ends: Vec<DateTime<Utc>> = rows.iter().map(|(_, p)| p.interval.end).collect();
    let pinned: Vec<bool> = rows.iter().map(|(s, _)| s.held.is_pinned).collect();
    let shadow: Vec<bool> = rows.iter().map(|(s, _)| s.is_shadow).collect();
    let reasons: Vec<String> = rows.iter().map(|(s, _)| s.held.reason.clone()).collect();
    let broken: Vec<String> = rows.iter().map(|(s, _)| s.held.broken.clone()).collect();
    sqlx::query!(
        "insert into assignments (schedule_id, schedule_state, shift_id, role_id, person_id, starts_at, ends_at, is_pinned,
            override_reason, overridden_rules, weekday_minutes, night_minutes, weekend_minutes, holiday_minutes, points,
            escalation_order, is_shadow)
        select $1, 'draft', shift, role, person, starts, ends, pinned, reason, broken, weekday, night, weekend, holiday, points, ord, shadow
        from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::timestamptz[], $7::bool[], $8::text[], $9::text[],
            $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bool[])
        as n (shift, role, person, starts, ends, pinned, reason, broken, weekday, night, weekend, holiday, points, ord, shadow)",
        id,
        &shift,
        &of_slot(&|s| s.role.0),
        &person as &[Option<i64>],
        &starts,
        &ends,
        &pinned,
        &reasons,
        &broken,
        &of_part(&|p| p.minutes[0]),
        &of_part(&|p| p.minutes[1]),
        &of_part(&|p| p.minutes[2]),
        &of_part(&|p| p.minutes[3]),
        &of_part(&|p| p.points.0),
        &of_slot(&|s| s.order.into()),
        &shadow,
    )
    .execute(conn)
    .await?;
    Ok(ScheduleId(id))
}

/// Throws the month's draft away; whether there was one.
///
/// # Errors
/// Where the database fails.
pub async fn discard(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from schedules where rotation_id = $1 and month = $2 and state = 'draft'",
        rotation.0,
        month.first()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Supersedes the published schedule and publishes the draft as the next version, whose number it
/// returns.
///
/// # Errors
/// Where the database fails; a unique or exclusion constraint speaks where somebody would be on
/// call twice at once.
pub async fn publish(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
    draft: ScheduleId,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<i32> {
    // One publication at a time: two that book the same people would wait for each other's rows,
    // each for the other's, and PostgreSQL would have to end one of them.
    sqlx::query!("select pg_advisory_xact_lock($1)", PUBLISHING)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update schedules set state = 'superseded' where rotation_id = $1 and month = $2 and state = 'published'",
        rotation.0,
        month.first(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        r#"update schedules set state = 'published', published_at = $4, published_by = $5,
            version = 1 + coalesce((select max(version) from schedules o where o.rotation_id = $1 and o.month = $2), 0)
        where id = $3 returning version as "version!""#,
        rotation.0,
        month.first(),
        draft.0,
        now,
        by.map(|p| p.0),
    )
    .fetch_one(conn)
    .await
}
