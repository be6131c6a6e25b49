//! Published slots that nobody serves, and whether the viewer could.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::model::Slot;
use super::reads;
use crate::error::AppError;
use crate::planning::{self, SlotPart, Take, Taken};
use crate::vocab::{Interval, TeamId};
use crate::web::SignedIn;

/// Open slots that are looked at, and how far ahead.
const MOST: i64 = 12;
const AHEAD: TimeDelta = TimeDelta::days(62);
/// Those that are listed.
const LISTED: usize = 5;

/// The next open slots that somebody could take by the rules, each with the team's name.
///
/// # Errors
/// Where the database fails.
pub async fn next(
    conn: &mut PgConnection,
    user: &SignedIn,
) -> Result<Vec<(Slot, String)>, AppError> {
    let teams = user.teams.iter().filter(|t| t.is_engineer);
    let teams: Vec<TeamId> = teams.map(|t| t.team).collect();
    if teams.is_empty() {
        return Ok(Vec::new());
    }
    let ahead = Interval {
        start: user.now,
        end: user.now + AHEAD,
    };
    let slots = reads::open_slots(conn, &teams, ahead, MOST).await?;
    let found = could_take(conn, user, slots).await?;
    let can = found.into_iter().filter(|(_, against)| against.is_none());
    let named = can.filter_map(|(slot, _)| {
        let team = user.teams.iter().find(|t| t.team == slot.team)?;
        Some((slot, team.name.clone()))
    });
    Ok(named.take(LISTED).collect())
}

/// Whether the viewer could take these open slots, by the rules that decide when they do: for each what
/// is left of it, and what speaks against it. Those that are over are left out.
///
/// # Errors
/// Where the database fails.
pub async fn could_take(
    conn: &mut PgConnection,
    user: &SignedIn,
    slots: impl IntoIterator<Item = Slot>,
) -> Result<Vec<(Slot, Option<String>)>, AppError> {
    let now = planning::next_minute(user.now);
    let left = |slot: Slot| {
        let interval = Interval::new(slot.interval.start.max(now), slot.interval.end).ok()?;
        let part = SlotPart {
            shift: slot.shift,
            role: slot.role,
            person: None,
            interval,
        };
        let take = Take {
            part,
            person: user.id,
            freed: None,
        };
        Some((slot, take))
    };
    let (slots, takes): (Vec<Slot>, Vec<Take>) = slots.into_iter().filter_map(left).unzip();
    if takes.is_empty() {
        return Ok(Vec::new());
    }
    let found = planning::could_take(conn, &takes, user.now).await?;
    let against = |taken: Taken| match taken {
        Taken::Gone => Some("somebody serves by now".to_owned()),
        Taken::Outside => Some("you do not belong to the rotation".to_owned()),
        Taken::By(found) => Some(found.broken_and_why()).filter(|why| !why.is_empty()),
    };
    let against = found.into_iter().map(against);
    Ok(slots.into_iter().zip(against).collect())
}
