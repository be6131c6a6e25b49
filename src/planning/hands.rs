//! Giving a slot of the published schedule, or a part of it, to somebody else.
//!
//! What is handed over is pinned, in the published schedule and in a draft that has the same person
//! there: neither a later recommendation nor a new version takes it back by itself. Every other
//! draft of the month counts as changed: whoever looks at it sees the agreement before it publishes
//! something else.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use sqlx::PgConnection;

use super::model::share_out;
use super::replacement::SlotPart;
use super::store::{self, PublishedSlot};
use crate::error::AppError;
use crate::rotations::{self, Rotation};
use crate::vocab::{Interval, PersonId, Points, ShiftId, zone};

/// Minutes by kind and burden of an assignment's pieces. Together they are the assignment's.
pub(super) fn shares(
    rotation: &Rotation,
    slot: &PublishedSlot,
    pieces: &[Interval],
) -> Vec<([i64; 4], Points)> {
    let tz = zone(&slot.time_zone).unwrap_or(chrono_tz::UTC);
    let day = slot.shift.start.with_timezone(&tz).date_naive();
    let ruled = rotation.on(day).and_then(|version| {
        let leg = version.legs.iter().find(|l| l.id == slot.leg)?;
        let holidays = leg.holidays.between(&(day.year()..=day.year() + 1));
        let of = |piece: &Interval| {
            let m = version.burden.minutes(*piece, leg.zone, &holidays);
            [m.weekday, m.night, m.weekend, m.holiday]
        };
        let rates = [
            version.burden.weekday,
            version.burden.night,
            version.burden.weekend,
            version.burden.holiday,
        ];
        Some((pieces.iter().map(of).collect::<Vec<_>>(), rates))
    });
    let lengths: Vec<i64> = pieces.iter().map(Interval::minutes).collect();
    share_out(slot.minutes, slot.points, &lengths, ruled)
}

/// An interval before, in and after a part of it.
pub(super) fn cut(whole: Interval, part: Interval) -> Vec<Interval> {
    let pieces = [
        Interval::new(whole.start, part.start),
        Ok(part),
        Interval::new(part.end, whole.end),
    ];
    pieces.into_iter().flatten().collect()
}

/// Gives a part of the published schedule to somebody else, and the same part of a draft that has
/// the same person there. `reason` says why a rule is broken on purpose, and which. False where the
/// part is not that person's (any more). Call it in a transaction that holds [`lock`].
///
/// # Errors
/// `Conflict` where whoever takes it serves elsewhere at that time.
pub async fn hand_over(
    conn: &mut PgConnection,
    part: &SlotPart,
    to: PersonId,
    reason: (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, AppError> {
    store::one_at_a_time(conn).await?;
    let Some(slot) = store::published_slot(conn, part).await? else {
        return Ok(false);
    };
    let Some(rotation) = rotations::load(conn, slot.rotation).await? else {
        return Ok(false);
    };
    let draft = store::same_in_draft(conn, part).await?;
    if draft.is_none() {
        // Whoever looks at the draft has not seen what becomes of the slot now.
        store::touch_draft(conn, slot.rotation, slot.month, now).await?;
    }
    for slot in [Some(slot), draft].into_iter().flatten() {
        let pieces = cut(slot.interval, part.interval);
        let shares = shares(&rotation, &slot, &pieces);
        let pieces: Vec<(Interval, [i64; 4], Points)> = pieces
            .into_iter()
            .zip(shares)
            .map(|(piece, (minutes, points))| (piece, minutes, points))
            .collect();
        store::give(conn, &slot, part, &pieces, to, reason, now)
            .await
            .map_err(busy)?;
    }
    Ok(true)
}

/// Waits for everybody else who changes this shift's rotation, until the transaction ends; false
/// where there is no such shift.
///
/// # Errors
/// Where the database fails.
pub async fn lock_shift(conn: &mut PgConnection, shift: ShiftId) -> sqlx::Result<bool> {
    let Some(rotation) = store::rotation_of(conn, shift).await? else {
        return Ok(false);
    };
    store::lock(conn, rotation).await?;
    Ok(true)
}

fn busy(error: sqlx::Error) -> AppError {
    let constraint = error
        .as_database_error()
        .and_then(|e| e.constraint())
        .unwrap_or_default();
    if constraint != "nobody_twice" {
        return error.into();
    }
    AppError::Conflict(
        "Whoever takes this shift is on another one at the same time by now. Nothing was changed; open the page again."
            .into(),
    )
}

/// The first whole minute that is not over yet: from then on a running shift can change hands.
#[must_use]
pub fn next_minute(now: DateTime<Utc>) -> DateTime<Utc> {
    let over = now.timestamp().rem_euclid(60);
    let whole = now
        - TimeDelta::seconds(over)
        - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
    if whole == now {
        now
    } else {
        whole + TimeDelta::seconds(60)
    }
}
