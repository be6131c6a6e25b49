//! Notices that the time brings: a shift starts, a requirement lapses.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::DIGEST_LANE;
use super::deliver::send_at;
use super::store::{self, Lapsing, Starting};
use crate::jobs::{self, Action, Done, Notice, Outcome, To, Topic, Work};
use crate::oncall::{self, Duty, Viewer};
use crate::state::AppState;

/// Days before a requirement lapses at which its holder is told.
const LAPSE_DAYS: [i64; 3] = [30, 7, 1];

/// Looks for what is to be said by now.
pub async fn plan(state: AppState, _: Work) -> Outcome {
    let now = state.clock.now();
    let mut conn = state.db.acquire().await?;
    for shift in store::starting(&mut conn, now).await? {
        if let Some(duty) = duty(&mut conn, &shift).await? {
            jobs::notify(&mut conn, now, &starts(&shift, &duty)).await?;
        }
    }
    for holding in store::lapsing(&mut conn, now).await? {
        jobs::notify(&mut conn, now, &lapses(&holding, now)).await?;
    }
    for person in store::waiting_in_vain(&mut conn, DIGEST_LANE).await? {
        send_at(&mut conn, person, &now.timestamp().to_string(), now, now).await?;
    }
    store::prune(&mut conn, now).await?;
    Ok(Done)
}

/// The slot of a shift that starts, with its surroundings.
async fn duty(conn: &mut PgConnection, shift: &Starting) -> sqlx::Result<Option<Duty>> {
    let viewer = Viewer {
        id: shift.person,
        is_admin: false,
    };
    let duties = oncall::duties_of_shift(conn, viewer, shift.shift).await?;
    Ok(duties.into_iter().find(|duty| {
        let slot = &duty.slot;
        slot.role == shift.role
            && slot.interval.start == shift.starts_at
            && slot.who.as_ref().is_some_and(|who| who.id == shift.person)
    }))
}

fn starts(shift: &Starting, duty: &Duty) -> Notice {
    let zone: Tz = shift.zone.parse().unwrap_or(Tz::UTC);
    let at = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string();
    let slot = &duty.slot;
    let mut lines = vec![format!(
        "{}, {}: you are {} from {} to {} ({}).",
        duty.team_name,
        slot.rotation_name,
        slot.role_name,
        at(slot.interval.start),
        at(slot.interval.end),
        zone.name()
    )];
    let partners = duty.partners.iter().filter_map(|partner| {
        let (name, theirs) = (&partner.who.as_ref()?.name, partner.interval);
        if !theirs.overlaps(&slot.interval) {
            return None;
        }
        let mut line = format!("{}: {name}", partner.role);
        if theirs.start > slot.interval.start {
            line = format!("{line}, from {}", at(theirs.start));
        }
        if theirs.end < slot.interval.end {
            line = format!("{line}, to {}", at(theirs.end));
        }
        Some(line)
    });
    let partners: Vec<String> = partners.collect();
    lines.push(if partners.is_empty() {
        "Nobody else is on call with you.".to_owned()
    } else {
        format!("With you:\n{}", partners.join("\n"))
    });
    let contacts = (1..).zip(&duty.escalation).map(|(order, contact)| {
        let who = format!("{order}. {}: {}", contact.role, contact.who.name);
        let reach = contact.reach.iter();
        let reach = reach.map(|way| format!("{} {}", way.kind, way.value));
        std::iter::once(who)
            .chain(reach)
            .collect::<Vec<_>>()
            .join(", ")
    });
    let contacts: Vec<String> = contacts.collect();
    if !contacts.is_empty() {
        lines.push(format!("Escalate to:\n{}", contacts.join("\n")));
    }
    let handover = duty.handover_lines(true);
    if !handover.is_empty() {
        lines.push(handover.join(" "));
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
            slot.rotation_name,
            slot.role_name
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
