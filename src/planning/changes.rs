//! Changing the month: assign, swap, clear, pin, and recommend again around the pins.
//!
//! `POST /teams/{slug}/plan/{month}/changes` with the rotation, the basis that the page was made
//! from, the action and what it is about. A change that would break a rule asks for a reason first
//! ([`ask`]).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::ask::{self, Breaking};
use super::intent::Intent;
use super::model::{HeldPart, SlotKey};
use super::plan::{Plan, Source, current};
use super::search::{better_apart, noted};
use super::store::{self, NewSlot};
use super::turns::in_turn;
use super::words::{self, slot_title};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::rotations::{self, Rotation};
use crate::state::AppState;
use crate::vocab::{Interval, Month, Note, PersonId, RotationId, ScheduleId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "planning/conflict.html")]
struct Conflict {
    frame: Frame,
    wanted: String,
    now: Vec<String>,
    back: String,
}

/// The rotation of that id, if it is the team's.
pub async fn rotation_of(
    conn: &mut PgConnection,
    team: &Membership,
    id: &str,
) -> Result<Rotation, AppError> {
    let id: RotationId = id.parse().map_err(|_| AppError::NotFound)?;
    rotations::load(conn, id)
        .await?
        .filter(|r| r.team == team.team)
        .ok_or(AppError::NotFound)
}

/// The same, and nobody else changes its schedules until the transaction ends. It is read after the
/// lock: what was there before may have changed while this waited.
pub async fn locked(
    conn: &mut PgConnection,
    team: &Membership,
    id: &str,
) -> Result<Rotation, AppError> {
    // Nobody makes another team wait.
    let rotation = rotation_of(conn, team, id).await?;
    store::lock(conn, rotation.id).await?;
    rotation_of(conn, team, id).await
}

/// Where the plan of a rotation's month is.
pub fn plan_path(slug: &str, month: Month, rotation: RotationId, slot: Option<&SlotKey>) -> String {
    let slot = slot
        .map(|key| format!("&slot={key}#slot"))
        .unwrap_or_default();
    format!("/teams/{slug}/plan/{month}?rotation={rotation}{slot}")
}

/// `POST /teams/{slug}/plan/{month}/changes`
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let _turn = in_turn().await?;
    let mut tx = state.db.begin().await?;
    let rotation = locked(&mut tx, &team, form.value("rotation")).await?;
    let plan = current(&mut tx, &rotation, month, user.now).await?;
    let intent = Intent::parse(&form, &plan.inputs)?;
    let key = intent
        .slot()
        .and_then(|s| plan.inputs.slots.get(s))
        .map(|s| s.key);
    let back = plan_path(&slug, month, rotation.id, key.as_ref());
    let wanted = intent.words(&plan);
    if form.value("basis") != plan.basis() {
        return faster(&user, &team, wanted, standing(&plan, &intent, &user), back);
    }
    let locked = |slot: &usize| plan.inputs.shift_of(*slot).is_some_and(|s| s.is_locked);
    if intent.moved().iter().any(locked) {
        return Err(AppError::BadRequest(
            "This shift has begun and was published: who serves it is history by now. Change the shifts still to come.".into(),
        ));
    }
    let note = async |tx: &mut PgConnection, action: &str, summary: &str| {
        audit::record(
            tx,
            user.now,
            Some(user.id),
            Some(team.team),
            action,
            summary,
        )
        .await
    };
    if intent == Intent::Discard {
        store::discard(&mut tx, rotation.id, month).await?;
        note(&mut tx, "discarded draft", &title(&rotation, month)).await?;
        tx.commit().await?;
        return Ok(Flash::redirect(&back, "The draft is gone."));
    }
    // A reason that can't be kept is shown again with what is wrong, on the page that asks for it.
    let reason = form
        .parse::<Note>("reason")
        .map(|note| note.to_string())
        .unwrap_or_default();
    let mut after = afterwards(&plan, &intent, form.value("plan")).await?;
    let broken = newly_broken(&plan, &after, &intent);
    let cost = cost_words(&plan, &after);
    if !broken.is_empty() && reason.is_empty() {
        if !form.ticked("confirming") {
            // A page of its own, so that going back from what follows sends nothing again.
            return Ok(Redirect::to(&ask::path(&slug, month, &form)).into_response());
        }
        if form.is_good() {
            form.refuse("reason", "Say why, so that others understand it later.");
        }
        let breaking = Breaking {
            wanted,
            cost,
            broken,
            back,
        };
        return ask::asked(&user, team, month, form, breaking);
    }
    let kept = if broken.is_empty() { "" } else { &reason };
    for slot in intent.moved() {
        if let Some(held) = after.held.get_mut(slot) {
            kept.clone_into(&mut held.reason);
            held.broken = broken.join("; ");
        }
    }
    save(&mut tx, &after, Some(user.id)).await?;
    let summary = if kept.is_empty() {
        format!("{}: {wanted}", title(&rotation, month))
    } else {
        format!(
            "{}: {wanted}, although {}: {kept}",
            title(&rotation, month),
            broken.join("; ")
        )
    };
    note(&mut tx, "changed draft", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &back,
        &format!("Saved in the draft: {wanted}. {cost}"),
    ))
}

/// The plan after the change. To recommend again takes the plan that the page was offered, if it is one
/// of these inputs.
async fn afterwards(plan: &Plan, intent: &Intent, offered: &str) -> Result<Plan, AppError> {
    if *intent != Intent::Recompute {
        return Ok(plan.with(intent.apply(plan)));
    }
    let offered = noted(&plan.inputs, offered);
    let better = better_apart(&plan.inputs, &plan.held, offered).await?;
    Ok(Plan {
        proven: Some(better.proven),
        ..plan.with(better.held)
    })
}

/// "Payments, December 2026".
pub fn title(rotation: &Rotation, month: Month) -> String {
    format!("{}, {}", rotation.name, month.title())
}

/// Rules that the change breaks, in words. Recommending again breaks none that pins don't.
pub fn newly_broken(before: &Plan, after: &Plan, intent: &Intent) -> Vec<String> {
    let new = after
        .violations
        .iter()
        .filter(|v| *intent != Intent::Recompute && !before.violations.contains(v));
    words::broken(after, new, after.inputs.zone)
}

/// What the slots that were meant look like now.
fn standing(plan: &Plan, intent: &Intent, user: &SignedIn) -> Vec<String> {
    let mut now: Vec<String> = intent
        .slot()
        .into_iter()
        .chain(intent.moved())
        .map(|slot| {
            let holder = plan
                .held
                .get(slot)
                .and_then(|h| h.person)
                .and_then(|p| plan.inputs.person(p));
            let name = holder
                .and_then(|p| plan.inputs.people.get(p))
                .map_or("nobody", |p| &p.name);
            format!(
                "{}: {name}",
                slot_title(&plan.inputs, slot, plan.inputs.zone)
            )
        })
        .collect();
    now.dedup();
    now.extend(latest(plan, user));
    now
}

/// Who changed or published the plan last, and what it is computed from that changed.
pub fn latest(plan: &Plan, user: &SignedIn) -> Vec<String> {
    latest_of(&plan.source, &plan.changed, user)
}

/// The same of a plan that is not computed.
pub fn latest_of(source: &Source, changed: &[String], user: &SignedIn) -> Vec<String> {
    let at = |at: DateTime<Utc>| at.with_timezone(&user.zone).format("%-d %b %H:%M");
    let by = |name: &Option<String>| name.as_ref().map_or(String::new(), |n| format!(" by {n}"));
    let source = match source {
        Source::Recommended => None,
        Source::Draft(stored) | Source::Recomputed(stored) => Some(format!(
            "The draft was last changed{} on {} ({}).",
            by(&stored.updated_by),
            at(stored.updated_at),
            user.zone
        )),
        Source::Published(stored) => stored.published_at.map(|published| {
            format!(
                "Version {} was published{} on {} ({}).",
                stored.version.unwrap_or_default(),
                by(&stored.published_by),
                at(published),
                user.zone
            )
        }),
    };
    source.into_iter().chain(changed.iter().cloned()).collect()
}

/// The page for who sends a form of a plan that is no more.
pub fn faster(
    user: &SignedIn,
    team: &Membership,
    wanted: String,
    now: Vec<String>,
    back: String,
) -> Answer {
    let frame = user
        .team_frame("Somebody was faster", Section::Plan, team)
        .with_times_in(team.zone);
    let conflict = Conflict {
        frame,
        wanted,
        now,
        back,
    };
    page_with(StatusCode::CONFLICT, &conflict)
}

pub fn cost_words(before: &Plan, after: &Plan) -> String {
    let open = after.open().cast_signed() - before.open().cast_signed();
    // What changes from the published schedule is told as such, not as unfairness.
    let fair = |plan: &Plan| plan.score.total - plan.score.stability;
    let points = after.built.points(fair(after) - fair(before));
    let slots = match open {
        0 => String::new(),
        1.. => format!("{open} more open. "),
        ..0 => format!("{} fewer open. ", -open),
    };
    match points.0 {
        p if p >= 5 => format!("{slots}That makes the month {points} points less fair."),
        p if p <= -5 => format!("{slots}That makes the month {} points fairer.", -points),
        _ => format!("{slots}The month is as fair as before."),
    }
}

/// The parts, unless the shift has other limits by now: then its holder serves all of it.
pub(super) fn parts_within(parts: &[HeldPart], shift: Interval) -> &[HeldPart] {
    let (first, last) = (parts.first(), parts.last());
    let fits = first.is_some_and(|p| p.interval.start == shift.start)
        && last.is_some_and(|p| p.interval.end == shift.end);
    if fits { parts } else { &[] }
}

/// Stores the plan as the month's draft.
pub async fn save(
    conn: &mut PgConnection,
    plan: &Plan,
    by: Option<PersonId>,
) -> sqlx::Result<ScheduleId> {
    let inputs = &plan.inputs;
    let slots: Vec<NewSlot<'_>> = inputs
        .slots
        .iter()
        .zip(&plan.held)
        .filter_map(|(slot, held)| {
            let (shift, role) = (inputs.shifts.get(slot.shift)?, inputs.roles.get(slot.role)?);
            Some(NewSlot {
                parts: parts_within(&held.parts, shift.interval),
                leg: shift.leg,
                zone: shift.zone.name(),
                interval: shift.interval,
                role: role.id,
                order: role.order,
                is_shadow: role.is_shadow,
                minutes: [
                    shift.minutes.weekday,
                    shift.minutes.night,
                    shift.minutes.weekend,
                    shift.minutes.holiday,
                ],
                points: slot.points,
                held,
            })
        })
        .collect();
    let cost = i64::try_from(plan.score.total).unwrap_or(i64::MAX);
    store::save_draft(
        conn,
        inputs.rotation,
        inputs.month,
        &plan.facts,
        (cost, plan.proven.as_ref()),
        &slots,
        by,
        inputs.now,
    )
    .await
}
