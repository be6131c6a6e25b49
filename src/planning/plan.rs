//! The month as it stands: what the planner shows and what every change starts from.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::gather::gather;
use super::model::{Built, Facts, Held, Inputs, Proven, SlotInput, SlotKey, build, changes};
use super::search::{Wanted, recommended};
use super::store::{self, Stored, StoredSlot};
use crate::error::AppError;
use crate::rotations::Rotation;
use crate::scheduler::{Breakdown, Violation, levels, score, violations};
use crate::vocab::Month;

/// Where the month's assignments come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Computed just now; nothing is stored.
    Recommended,
    /// The stored draft, as it is.
    Draft(Stored),
    /// The stored draft's pins, with the rest computed again because inputs changed.
    Recomputed(Stored),
    /// The published schedule; there is no draft.
    Published(Stored),
}

/// A month of a rotation as it stands.
#[derive(Clone, Debug)]
pub struct Plan {
    /// All it is computed from.
    pub inputs: Inputs,
    /// The same in few words.
    pub facts: Facts,
    /// Where the assignments come from.
    pub source: Source,
    /// The published schedule, if any.
    pub published: Option<Stored>,
    /// Who holds each slot.
    pub held: Vec<Held>,
    /// The scheduler's problem, with the pins.
    pub built: Built,
    /// What the assignments cost.
    pub score: Breakdown,
    /// What a search proved last, and of what.
    pub proven: Option<Proven>,
    /// Rules that the assignments break.
    pub violations: Vec<Violation>,
    /// How strongly each person is recommended, 0 to 100.
    pub levels: Vec<u8>,
    /// What changed since the draft was stored, or the schedule published.
    pub changed: Vec<String>,
}

impl Plan {
    /// Names what a change is based on: a stored revision and the inputs.
    #[must_use]
    pub fn basis(&self) -> String {
        basis(&self.source, &self.facts)
    }

    /// Holders by index, as the scheduler wants them.
    #[must_use]
    pub fn assignment(&self) -> Vec<Option<usize>> {
        assignment(&self.inputs, &self.held)
    }

    /// Slots that nobody holds.
    #[must_use]
    pub fn open(&self) -> usize {
        self.held.iter().filter(|h| h.person.is_none()).count()
    }

    /// Published slots that somebody else, or nobody, holds by this plan.
    #[must_use]
    pub fn moved(&self) -> usize {
        let slots = self.inputs.slots.iter().zip(&self.held);
        slots
            .filter(|(slot, held)| {
                let before = slot.published.as_ref().and_then(|p| p.person);
                before.is_some() && before != held.person
            })
            .count()
    }

    /// The plan with other holders.
    #[must_use]
    pub fn with(&self, held: Vec<Held>) -> Self {
        let built = build(&self.inputs, &held, true);
        let assignment = assignment(&self.inputs, &held);
        Self {
            score: score(&built.problem, &assignment),
            violations: violations(&built.problem, &assignment),
            built,
            held,
            ..self.clone()
        }
    }
}

fn basis(source: &Source, facts: &Facts) -> String {
    let stored = match source {
        Source::Recommended => "new".to_owned(),
        Source::Draft(s) | Source::Recomputed(s) => format!("d{}.{}", s.id, s.revision),
        Source::Published(s) => format!("v{}.{}", s.id, s.revision),
    };
    format!("{stored}-{}", facts.digest())
}

/// What a plan is made of, read and not yet computed.
#[derive(Clone, Debug)]
pub struct Ground {
    /// All it is computed from.
    pub inputs: Inputs,
    /// The same in few words.
    pub facts: Facts,
    /// Where the assignments come from.
    pub source: Source,
    /// What is stored of the holders.
    pub held: Vec<Held>,
    /// What changed since the draft was stored, or the schedule published.
    pub changed: Vec<String>,
    published: Option<Stored>,
}

impl Ground {
    /// As [`Plan::basis`].
    #[must_use]
    pub fn basis(&self) -> String {
        basis(&self.source, &self.facts)
    }
}

/// Holders by index.
pub fn assignment(inputs: &Inputs, held: &[Held]) -> Vec<Option<usize>> {
    held.iter()
        .map(|h| h.person.and_then(|p| inputs.person(p)))
        .collect()
}

/// The month as it stands. Reads only.
///
/// # Errors
/// Where the database fails.
pub async fn current(
    conn: &mut PgConnection,
    rotation: &Rotation,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Plan, AppError> {
    complete(read(conn, rotation, month, now).await?).await
}

/// What the month's plan is made of. Reads only.
///
/// # Errors
/// Where the database fails.
pub async fn read(
    conn: &mut PgConnection,
    rotation: &Rotation,
    month: Month,
    now: DateTime<Utc>,
) -> Result<Ground, AppError> {
    let (draft, published) = store::stored(conn, rotation.id, month).await?;
    let published_slots = match &published {
        Some(stored) => store::slots_of(conn, stored.id).await?,
        None => Vec::new(),
    };
    let draft_slots = match &draft {
        Some(stored) => store::slots_of(conn, stored.id).await?,
        None => Vec::new(),
    };
    let inputs = gather(
        conn,
        rotation,
        month,
        (now, now),
        published.as_ref(),
        &published_slots,
    )
    .await?;
    let facts = Facts::of(&inputs);
    let (source, stored_slots) = match (draft, &published) {
        (Some(draft), _) if draft.digest == facts.digest() => (Source::Draft(draft), draft_slots),
        (Some(draft), _) => (Source::Recomputed(draft), draft_slots),
        (None, Some(published)) => (Source::Published(published.clone()), published_slots),
        (None, None) => (Source::Recommended, Vec::new()),
    };
    let held = match_slots(&inputs, &stored_slots);
    let changed = match &source {
        Source::Recomputed(stored) | Source::Published(stored) => changes(&stored.facts, &facts),
        Source::Draft(_) | Source::Recommended => Vec::new(),
    };
    Ok(Ground {
        inputs,
        facts,
        source,
        held,
        changed,
        published,
    })
}

/// Computes what is not stored: the recommendation where one is needed, cost, bound, levels. Needs no
/// connection.
///
/// # Errors
/// Where the worker fails.
pub async fn complete(ground: Ground) -> Result<Plan, AppError> {
    let Ground {
        inputs,
        facts,
        source,
        held,
        published,
        changed,
    } = ground;
    spawn_blocking(move || {
        let (held, proven) = match &source {
            Source::Draft(stored) | Source::Published(stored) => (held, stored.proven.clone()),
            Source::Recommended | Source::Recomputed(_) => {
                let first = recommended(&inputs, &held, Wanted::First);
                (first.held, Some(first.proven))
            }
        };
        let built = build(&inputs, &held, true);
        let assignment = assignment(&inputs, &held);
        Plan {
            score: score(&built.problem, &assignment),
            violations: violations(&built.problem, &assignment),
            levels: levels(&built.problem),
            facts,
            source,
            published,
            held,
            built,
            proven,
            changed,
            inputs,
        }
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))
}

/// Holders of the inputs' slots as stored; locked ones as published.
pub fn match_slots(inputs: &Inputs, stored: &[StoredSlot]) -> Vec<Held> {
    let by_key: BTreeMap<SlotKey, &StoredSlot> = stored
        .iter()
        .map(|s| {
            (
                SlotKey {
                    leg: s.leg,
                    start: s.interval.start,
                    role: s.role,
                },
                s,
            )
        })
        .collect();
    let holder = |(index, slot): (usize, &SlotInput)| {
        if inputs.shift_of(index).is_some_and(|s| s.is_locked)
            && let Some(published) = &slot.published
        {
            return published.clone();
        }
        by_key
            .get(&slot.key)
            .map_or_else(Held::default, |s| held(s))
    };
    inputs.slots.iter().enumerate().map(holder).collect()
}

/// What is stored of a holder.
pub fn held(slot: &StoredSlot) -> Held {
    Held {
        person: slot.person,
        is_pinned: slot.is_pinned,
        reason: slot.reason.clone(),
        broken: slot.broken.clone(),
        parts: slot.parts.clone(),
    }
}
