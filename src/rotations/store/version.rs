//! Writing versions of a rotation's rules.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use sqlx::PgConnection;

use super::identity::{leg_ids, role_ids};
use crate::rotations::model::{Cadence, Country, Definition};
use crate::vocab::{LegId, PersonId, RoleId, RotationId};

/// Adds rules that take effect on their date; those of the same date are replaced. A role or leg
/// keeps its identity by its id, and may have a new name; with an id that is not the rotation's it
/// is a new one, or the earlier one of that name. Forbidden pairs and entered holidays become those
/// of the definition at once. Returns the definition with its ids.
///
/// # Errors
/// Where the database fails; the definition must be sound (see `validate`), and a known role or leg
/// may not take the name of one that the definition leaves out.
pub async fn add_version(
    conn: &mut PgConnection,
    rotation: RotationId,
    definition: &Definition,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<Definition> {
    let mut definition = definition.clone();
    let roles = definition.roles.iter().map(|r| (r.id.0, r.name.as_str()));
    let roles = role_ids(conn, rotation, &roles.collect::<Vec<_>>()).await?;
    for (role, id) in definition.roles.iter_mut().zip(roles) {
        role.id = RoleId(id);
    }
    let legs = definition.legs.iter().map(|l| (l.id.0, l.name.as_str()));
    let legs = leg_ids(conn, rotation, &legs.collect::<Vec<_>>()).await?;
    for (leg, id) in definition.legs.iter_mut().zip(legs) {
        leg.id = LegId(id);
    }
    remove_version(conn, rotation, definition.effective_from).await?;
    let version = insert_version(conn, rotation, &definition, by, now).await?;
    insert_roles(conn, version, &definition).await?;
    insert_legs(conn, version, &definition).await?;
    set_holidays(conn, &definition).await?;
    set_pairs(conn, rotation, &definition.rules.forbidden_pairs).await?;
    Ok(definition)
}

/// Takes away the rules that take effect on that date. Whether there were any.
pub async fn remove_version(
    conn: &mut PgConnection,
    rotation: RotationId,
    effective_from: NaiveDate,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from rotation_versions where rotation_id = $1 and effective_from = $2",
        rotation.0,
        effective_from,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Numbers fit their columns: the rules say so before anything is stored. What doesn't fails there.
fn small(number: impl TryInto<i16>) -> i16 {
    number.try_into().unwrap_or(i16::MAX)
}

fn int(number: impl TryInto<i32>) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

async fn insert_version(
    conn: &mut PgConnection,
    rotation: RotationId,
    definition: &Definition,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let (burden, rules) = (&definition.burden, &definition.rules);
    sqlx::query_scalar!(
        "insert into rotation_versions (rotation_id, effective_from, created_by, created_at,
            weekday_rate, night_rate, weekend_rate, holiday_rate, night_from, night_to,
            min_rest_minutes, max_shifts, window_days, max_weekends,
            newcomer_until, experienced_from, experienced_per_shift, newcomers, look_back_months)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
        returning id",
        rotation.0,
        definition.effective_from,
        by.map(|p| p.0),
        now,
        int(burden.weekday),
        int(burden.night),
        int(burden.weekend),
        int(burden.holiday),
        burden.night_from,
        burden.night_to,
        int(rules.min_rest_minutes),
        rules.max_shifts_in_window.map(small),
        small(rules.window_days),
        rules.max_consecutive_weekends.map(small),
        small(rules.newcomer_until_shifts),
        small(rules.experienced_from_shifts),
        small(rules.experienced_per_shift),
        rules.newcomers.key(),
        small(rules.look_back_months),
    )
    .fetch_one(conn)
    .await
}

async fn insert_roles(
    conn: &mut PgConnection,
    version: i64,
    definition: &Definition,
) -> sqlx::Result<()> {
    let roles = &definition.roles;
    let ids: Vec<i64> = roles.iter().map(|r| r.id.0).collect();
    let orders: Vec<i16> = roles.iter().map(|r| r.order.into()).collect();
    let burdens: Vec<i16> = roles.iter().map(|r| small(r.burden_percent)).collect();
    let shadows: Vec<bool> = roles.iter().map(|r| r.shadow).collect();
    sqlx::query!(
        "insert into version_roles (version_id, role_id, escalation_order, burden_percent, is_shadow)
        select $1, r.* from unnest($2::bigint[], $3::smallint[], $4::smallint[], $5::boolean[]) r",
        version,
        &ids,
        &orders,
        &burdens,
        &shadows,
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn insert_legs(
    conn: &mut PgConnection,
    version: i64,
    definition: &Definition,
) -> sqlx::Result<()> {
    let legs = &definition.legs;
    let hours = |cadence| match cadence {
        Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        } => Some((int(coverage_minutes), int(shift_minutes))),
        _ => None,
    };
    let weekend = |cadence| match cadence {
        Cadence::WeekdaysAndWeekend { weekend_from } => Some(monday_is_0(weekend_from)),
        _ => None,
    };
    let ids: Vec<i64> = legs.iter().map(|l| l.id.0).collect();
    let zones: Vec<String> = legs.iter().map(|l| l.zone.name().to_owned()).collect();
    let handovers: Vec<NaiveTime> = legs.iter().map(|l| l.handover).collect();
    // A leg that covers whole weeks takes no notice of weekdays, but the column wants some.
    let weekdays: Vec<i16> = legs
        .iter()
        .map(|l| l.weekdays.bits().max(1).into())
        .collect();
    let cadences: Vec<String> = legs.iter().map(|l| cadence_key(l.cadence).into()).collect();
    let coverages: Vec<Option<i32>> = legs.iter().map(|l| hours(l.cadence).map(|h| h.0)).collect();
    let shifts: Vec<Option<i32>> = legs.iter().map(|l| hours(l.cadence).map(|h| h.1)).collect();
    let weekends: Vec<Option<i16>> = legs.iter().map(|l| weekend(l.cadence)).collect();
    let countries: Vec<Option<String>> = legs
        .iter()
        .map(|l| l.holidays.country.map(|c: Country| c.code().to_owned()))
        .collect();
    sqlx::query!(
        "insert into version_legs (version_id, leg_id, time_zone, handover, weekdays, cadence,
            coverage_minutes, shift_minutes, weekend_from, holiday_country)
        select $1, l.* from unnest($2::bigint[], $3::text[], $4::time[], $5::smallint[], $6::text[],
            $7::integer[], $8::integer[], $9::smallint[], $10::text[]) l",
        version,
        &ids,
        &zones,
        &handovers,
        &weekdays,
        &cadences,
        &coverages as &[Option<i32>],
        &shifts as &[Option<i32>],
        &weekends as &[Option<i16>],
        &countries as &[Option<String>],
    )
    .execute(conn)
    .await
    .map(drop)
}

fn cadence_key(cadence: Cadence) -> &'static str {
    match cadence {
        Cadence::Hours { .. } => "hours",
        Cadence::Weekly => "weekly",
        Cadence::WeekdaysAndWeekend { .. } => "weekdays_and_weekend",
    }
}

fn monday_is_0(day: Weekday) -> i16 {
    small(day.num_days_from_monday())
}

async fn set_holidays(conn: &mut PgConnection, definition: &Definition) -> sqlx::Result<()> {
    let legs: Vec<i64> = definition.legs.iter().map(|l| l.id.0).collect();
    sqlx::query!("delete from leg_holidays where leg_id = any ($1)", &legs)
        .execute(&mut *conn)
        .await?;
    let (mut ids, mut days, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for leg in &definition.legs {
        for (day, name) in &leg.holidays.extra {
            ids.push(leg.id.0);
            days.push(*day);
            names.push(name.clone());
        }
    }
    sqlx::query!(
        "insert into leg_holidays (leg_id, day, name)
        select * from unnest($1::bigint[], $2::date[], $3::text[])",
        &ids,
        &days,
        &names,
    )
    .execute(conn)
    .await
    .map(drop)
}

async fn set_pairs(
    conn: &mut PgConnection,
    rotation: RotationId,
    pairs: &[(PersonId, PersonId)],
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from forbidden_pairs where rotation_id = $1",
        rotation.0
    )
    .execute(&mut *conn)
    .await?;
    let pairs: BTreeSet<(i64, i64)> = pairs
        .iter()
        .map(|(a, b)| (a.0.min(b.0), a.0.max(b.0)))
        .collect();
    let (ones, others): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
    sqlx::query!(
        "insert into forbidden_pairs (rotation_id, person_a, person_b)
        select $1, p.* from unnest($2::bigint[], $3::bigint[]) p",
        rotation.0,
        &ones,
        &others,
    )
    .execute(conn)
    .await
    .map(drop)
}
