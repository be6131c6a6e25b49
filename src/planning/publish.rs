//! Approving and publishing a month: one transaction, one new version.

use sqlx::PgConnection;

use super::changes::{save, title};
use super::model::{Held, SlotInput};
use super::news;
use super::plan::Plan;
use super::store::{self, StoredSlot};
use crate::audit;
use crate::error::AppError;
use crate::rotations::Rotation;
use crate::vocab::PersonId;

/// What was published.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Number of the month's version, from 1.
    pub version: i32,
    /// Slots that are not served as before: by somebody else, or by several one after the other.
    pub changed: usize,
    /// Slots that nobody holds.
    pub open: usize,
}

/// Publishes the plan. Call it in a transaction that holds `store::lock` (as [`super::changes`]
/// does), with a plan read in it.
///
/// # Errors
/// `Conflict` where somebody would be on call twice at once, because another team published in
/// between.
pub async fn publish(
    conn: &mut PgConnection,
    rotation: &Rotation,
    plan: &Plan,
    by: Option<PersonId>,
) -> Result<Published, AppError> {
    let month = plan.inputs.month;
    let now = plan.inputs.now;
    if plan.inputs.slots.is_empty() {
        return Err(AppError::BadRequest(
            "This month has no shifts. Check from when the rotation's rules take effect.".into(),
        ));
    }
    // Also a stored draft: a shift that has begun since it was stored stays as published.
    let draft = save(conn, plan, by).await?;
    let version = store::publish(conn, rotation.id, month, draft, by, now)
        .await
        .map_err(|error| twice(error, plan))?;
    news::tell(conn, rotation, plan, version, by).await?;
    let open = plan.open();
    let gaps = match open {
        0 => String::new(),
        1 => ", one slot open".to_owned(),
        n => format!(", {n} slots open"),
    };
    let summary = format!("{}: version {version}{gaps}", title(rotation, month));
    audit::record(
        conn,
        now,
        by,
        Some(rotation.team),
        "published schedule",
        &summary,
    )
    .await?;
    Ok(Published {
        version,
        changed: news::differences(plan).len(),
        open,
    })
}

/// Whether the published version says the same already: the same slots, weights, holders and reasons.
///
/// # Errors
/// Where the database fails.
pub async fn is_published_already(conn: &mut PgConnection, plan: &Plan) -> sqlx::Result<bool> {
    let Some(published) = &plan.published else {
        return Ok(false);
    };
    let inputs = &plan.inputs;
    let stored = store::slots_of(conn, published.id).await?;
    let is_same = |(index, (slot, held)): (usize, (&SlotInput, &Held))| {
        let Some(shift) = inputs.shift_of(index) else {
            return false;
        };
        let of = |s: &&StoredSlot| {
            (s.leg, s.role, s.interval) == (slot.key.leg, slot.key.role, shift.interval)
        };
        stored.iter().find(of).is_some_and(|s| {
            (s.points, s.person, &s.parts, &s.reason)
                == (slot.points, held.person, &held.parts, &held.reason)
        })
    };
    let mut slots = inputs.slots.iter().zip(&plan.held).enumerate();
    Ok(stored.len() == inputs.slots.len() && slots.all(is_same))
}

/// Double booking speaks as a constraint; everything else is our fault.
fn twice(error: sqlx::Error, plan: &Plan) -> AppError {
    let constraint = error
        .as_database_error()
        .and_then(|e| e.constraint())
        .unwrap_or_default();
    if constraint != "nobody_twice" {
        return error.into();
    }
    let overlap = plan
        .violations
        .iter()
        .find(|v| v.rule == crate::scheduler::Rule::OneSlotAtATime);
    let name = overlap
        .and_then(|v| v.people.first())
        .and_then(|p| plan.inputs.people.get(*p))
        .map_or("Somebody".to_owned(), |p| p.name.clone());
    AppError::Conflict(format!(
        "{name} would be on call twice at the same time, here and in a schedule published meanwhile. Nothing was \
         published. Open the plan again and give one of the two shifts to somebody else."
    ))
}
