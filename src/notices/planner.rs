//! Notices that the time brings: a shift starts, a requirement lapses.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::store::{self, Lapsing, Starting};
use crate::jobs::{self, Action, Done, Notice, Outcome, To, Topic, Work};
use crate::state::AppState;

/// Days before a requirement lapses at which its holder is told.
const LAPSE_DAYS: [i64; 3] = [30, 7, 1];

/// Looks for what is to be said by now.
pub async fn plan(state: AppState, _: Work) -> Outcome {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    for shift in store::starting(&mut conn, now).await? {
        jobs::notify(&mut conn, now, &starts(&shift)).await?;
    }
    for holding in store::lapsing(&mut conn, now).await? {
        jobs::notify(&mut conn, now, &lapses(&holding, now)).await?;
    }
    store::prune(&mut conn, now).await?;
    Ok(Done)
}

fn starts(shift: &Starting) -> Notice {
    let zone: Tz = shift.zone.parse().unwrap_or(Tz::UTC);
    let at = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string();
    let mut lines = vec![format!(
        "{}, {}: you are {} from {} to {} ({}).",
        shift.team,
        shift.rotation,
        shift.role,
        at(shift.starts_at),
        at(shift.ends_at),
        zone.name()
    )];
    if shift.others.is_empty() {
        lines.push("Nobody else is on call with you.".to_owned());
    } else {
        lines.push(format!("With you:\n{}", shift.others.join("\n")));
    }
    match (&shift.before, &shift.after) {
        (Some(before), Some(after)) => {
            lines.push(format!(
                "You take over from {before} and hand over to {after}."
            ));
        }
        (Some(before), None) => lines.push(format!("You take over from {before}.")),
        (None, Some(after)) => lines.push(format!("You hand over to {after}.")),
        (None, None) => {}
    }
    let key = format!(
        "shift-starts:{}:{}:{}",
        shift.shift,
        shift.person,
        shift.starts_at.timestamp()
    );
    Notice {
        to: To::Person(shift.person),
        topic: Topic::ShiftStarts,
        key,
        lane: format!("person:{}:shift:{}", shift.person, shift.shift),
        title: format!(
            "You are on call from {}: {}, {}",
            at(shift.starts_at),
            shift.rotation,
            shift.role
        ),
        lines,
        actions: vec![Action {
            label: "Open the shift".to_owned(),
            path: format!("/shifts/{}", shift.shift),
        }],
        until: Some(shift.starts_at),
    }
}

fn lapses(holding: &Lapsing, now: DateTime<Utc>) -> Notice {
    let zone: Tz = holding.zone.parse().unwrap_or(Tz::UTC);
    let left = holding.until - now;
    // The nearest mark that was passed; those before it are not told any more.
    let mark = LAPSE_DAYS
        .into_iter()
        .filter(|days| left <= TimeDelta::days(*days))
        .min()
        .unwrap_or(30);
    let day = holding
        .until
        .with_timezone(&zone)
        .format("%a %-d %b %Y %H:%M");
    let mut lines = vec![format!(
        "{} asks for {} while you are on call. Yours lapses on {day} ({}); shifts after that can't be yours until \
         you hold it again.",
        holding.team,
        holding.title,
        zone.name()
    )];
    if !holding.how.is_empty() {
        lines.push(format!("How to get it: {}", holding.how));
    }
    Notice {
        to: To::Person(holding.person),
        topic: Topic::RequirementLapses,
        key: format!(
            "lapses:{}:{}:{mark}",
            holding.holding,
            holding.until.timestamp()
        ),
        lane: format!(
            "person:{}:requirement:{}",
            holding.person, holding.requirement
        ),
        title: format!(
            "{} lapses on {}",
            holding.title,
            holding.until.with_timezone(&zone).format("%-d %b")
        ),
        lines,
        actions: vec![Action {
            label: "Open my requirements".to_owned(),
            path: "/requirements".to_owned(),
        }],
        until: Some(holding.until),
    }
}
