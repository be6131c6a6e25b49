//! Somebody takes a slot that the published schedule leaves open.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::against::OUTSIDE;
use super::tell;
use crate::audit;
use crate::error::AppError;
use crate::oncall::Duty;
use crate::planning::{self, SlotPart, Take, Taken};
use crate::vocab::{Interval, PersonId};
use crate::web::Membership;

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Filled {
    /// It is theirs.
    Done,
    /// It is over, or somebody else's by now.
    Gone,
    /// Rules speak against it, in words for themselves.
    Breaks(String),
}

/// Gives an open slot, or what is left of it, to whoever wants it: by the same rules as a cover, and in
/// one step with what is said of it. Hold [`planning::lock_shift`].
///
/// # Errors
/// `Conflict` where they serve elsewhere by now.
pub async fn fill(
    conn: &mut PgConnection,
    open: &Duty,
    team: &Membership,
    person: PersonId,
    now: DateTime<Utc>,
) -> Result<Filled, AppError> {
    let slot = &open.slot;
    let start = slot.interval.start.max(planning::next_minute(now));
    let Ok(interval) = Interval::new(start, slot.interval.end) else {
        return Ok(Filled::Gone);
    };
    let part = SlotPart {
        shift: slot.shift,
        role: slot.role,
        person: None,
        interval,
    };
    let take = Take {
        part,
        person,
        freed: None,
    };
    match planning::could_take(conn, &[take], now).await?.pop() {
        None | Some(Taken::Gone) => return Ok(Filled::Gone),
        Some(Taken::Outside) => return Ok(Filled::Breaks(OUTSIDE.to_owned())),
        Some(Taken::By(found)) if !found.broken.is_empty() => {
            return Ok(Filled::Breaks(found.broken_and_why()));
        }
        Some(Taken::By(_)) => {}
    }
    if !planning::hand_over(conn, &part, person, ("", ""), now).await? {
        return Ok(Filled::Gone);
    }
    let when = super::words::when_long(interval, team.zone, now);
    let summary = format!("{}, {when}", slot.role_name);
    let (by, of) = (Some(person), Some(team.team));
    audit::record(conn, now, by, of, "took an open slot", &summary).await?;
    tell::filled(conn, open, interval, (team, person), now).await?;
    Ok(Filled::Done)
}
