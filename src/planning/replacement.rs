//! Who could take over a slot of the published schedule, or a part of it.
//!
//! The question is asked of the scheduler's own problem: the published month, with the slot open and
//! its shift as long as the part. So the same hard rules and the same exact cost decide as in
//! planning.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::task::spawn_blocking;

use super::gather::gather;
use super::hands::{cut, shares};
use super::model::{
    Held, Inputs, PersonInput, SlotKey, block_note, broken_words, build, open_block_words,
};
use super::plan::{assignment, match_slots};
use super::store::{self, PublishedSlot};
use crate::error::AppError;
use crate::rotations::{self, Rotation, weekend};
use crate::scheduler::{Block, Change, Rule, Standing, cost_of, score};
use crate::vocab::{Interval, PersonId, Points, RoleId, ShiftId};

/// A slot of the published schedule, or a part of it, and who serves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotPart {
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// Who serves; nobody where it is open.
    pub person: Option<PersonId>,
    /// From when to when (UTC).
    pub interval: Interval,
}

/// Somebody who might take a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replacement {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// What the schedule costs more than with the best of all, as the planner shows costs.
    pub extra: Points,
    /// What speaks for them: "lightest balance, available, rested".
    pub why: String,
    /// The rules they would break, in words for everybody. Whoever breaks none may be asked.
    pub broken: Vec<String>,
    /// What they wrote where they can't: for themselves and their managers.
    pub note: String,
    /// No manager can overrule it: they are on another shift at that time, or not there.
    pub is_final: bool,
}

impl Replacement {
    /// The rules they would break, for themselves and their managers.
    #[must_use]
    pub fn broken_and_why(&self) -> String {
        let broken = self.broken.join("; ");
        if self.note.is_empty() {
            broken
        } else {
            format!("{broken} ({})", self.note)
        }
    }
}

/// Everybody of the rotation who might take a part, the best first; those who would break a rule
/// come last. `None` where the part is not that person's in the published schedule (any more).
///
/// # Errors
/// Where the database fails.
pub async fn replacements(
    conn: &mut PgConnection,
    part: &SlotPart,
    now: DateTime<Utc>,
) -> Result<Option<Vec<Replacement>>, AppError> {
    let Some(slot) = store::published_slot(conn, part).await? else {
        return Ok(None);
    };
    let Some((rotation, inputs, held)) = published(conn, &slot, now).await? else {
        return Ok(None);
    };
    let Some(asked) = Asked::of(&inputs, &rotation, &slot, part) else {
        return Ok(None);
    };
    spawn_blocking(move || Some(rank(inputs, held, &asked, None, None)))
        .await
        .map_err(|error| AppError::Internal(error.to_string()))
}

/// Whether somebody could take a part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Take {
    /// The part.
    pub part: SlotPart,
    /// Who takes it.
    pub person: PersonId,
    /// What is taken off them by the same act.
    pub freed: Option<Interval>,
}

/// What became of a question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The part is not that person's in the published schedule (any more).
    Gone,
    /// They do not belong to the rotation.
    Outside,
    /// The rules they would break, if any.
    By(Replacement),
}

/// Whether people could take parts, each by itself and by the same rules as [`replacements`]; in the
/// order of the questions. Each month is read once, however many are asked about.
///
/// # Errors
/// Where the database fails.
pub async fn could_take(
    conn: &mut PgConnection,
    takes: &[Take],
    now: DateTime<Utc>,
) -> Result<Vec<Taken>, AppError> {
    let parts: Vec<SlotPart> = takes.iter().map(|take| take.part).collect();
    let slots = store::published_slots(conn, &parts).await?;
    let mut months = BTreeMap::new();
    for slot in slots.iter().flatten() {
        if let Entry::Vacant(entry) = months.entry((slot.rotation, slot.month)) {
            entry.insert(published(conn, slot, now).await?);
        }
    }
    let takes = takes.to_vec();
    let answer = move |(take, slot): (&Take, &Option<PublishedSlot>)| {
        let slot = slot.as_ref()?;
        let (rotation, inputs, held) = months.get(&(slot.rotation, slot.month))?.as_ref()?;
        let asked = Asked::of(inputs, rotation, slot, &take.part)?;
        let only = Some(take.person);
        let found = rank(inputs.clone(), held.clone(), &asked, only, take.freed);
        Some(found.into_iter().next().map_or(Taken::Outside, Taken::By))
    };
    spawn_blocking(move || {
        let each = takes.iter().zip(&slots).map(answer);
        each.map(|taken| taken.unwrap_or(Taken::Gone)).collect()
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))
}

/// The published month that a slot is in, as it stands.
async fn published(
    conn: &mut PgConnection,
    slot: &PublishedSlot,
    now: DateTime<Utc>,
) -> Result<Option<(Rotation, Inputs, Vec<Held>)>, AppError> {
    let Some(rotation) = rotations::load(conn, slot.rotation).await? else {
        return Ok(None);
    };
    let (_, Some(stored)) = store::stored(conn, slot.rotation, slot.month).await? else {
        return Ok(None);
    };
    let slots = store::slots_of(conn, stored.id).await?;
    // All shifts as they were published, whatever rules have come since.
    let begun = slot.month.next().interval(chrono_tz::UTC).end;
    let inputs = gather(
        conn,
        &rotation,
        slot.month,
        (now, begun),
        Some(&stored),
        &slots,
    )
    .await?;
    let held = match_slots(&inputs, &slots);
    Ok(Some((rotation, inputs, held)))
}

/// A part as the inputs of its month know it.
struct Asked {
    part: SlotPart,
    /// Index of its slot.
    slot: usize,
    /// Its burden.
    points: Points,
}

impl Asked {
    fn of(
        inputs: &Inputs,
        rotation: &Rotation,
        slot: &PublishedSlot,
        part: &SlotPart,
    ) -> Option<Self> {
        let key = SlotKey {
            leg: slot.leg,
            start: slot.shift.start,
            role: part.role,
        };
        Some(Self {
            part: *part,
            slot: inputs.slot(&key)?,
            points: share_of(rotation, slot, part.interval),
        })
    }
}

/// Everybody but its holder, or `only` one of them, the best first; `freed` is taken off that one.
fn rank(
    mut inputs: Inputs,
    mut held: Vec<Held>,
    asked: &Asked,
    only: Option<PersonId>,
    freed: Option<Interval>,
) -> Vec<Replacement> {
    let (part, slot) = (asked.part, asked.slot);
    narrow(&mut inputs, &mut held, slot, part.interval, asked.points);
    if let Some((person, interval)) = only.zip(freed) {
        free(&mut inputs, &mut held, person, interval);
    }
    let built = build(&inputs, &held, false);
    let base = assignment(&inputs, &held);
    let balances = score(&built.problem, &base).people;
    let others = inputs
        .people
        .iter()
        .enumerate()
        .filter(|(_, p)| Some(p.id) != part.person && only.is_none_or(|only| only == p.id));
    let mut found: Vec<(i128, i64, Standing, Replacement)> = others
        .map(|(index, person)| {
            let change = Change {
                slot,
                person: Some(index),
            };
            let effect = cost_of(&built.problem, &base, &[change]);
            let standing = built.problem.standing(index, slot);
            let block = match standing {
                Standing::Blocked(block) => Some(block),
                _ => None,
            };
            let rules: Vec<Rule> = effect.broken.iter().map(|v| v.rule).collect();
            let mut broken: Vec<String> = rules
                .iter()
                .map(|rule| match (rule, block) {
                    (Rule::Availability, Some(block)) => {
                        open_block_words(&inputs, person, slot, block)
                    }
                    _ => broken_words(&inputs, &effect.assignment, index, slot, *rule),
                })
                .collect();
            broken.dedup();
            let is_final = rules.contains(&Rule::OneSlotAtATime) || is_away(person, block);
            let balance = balances.get(index).map_or(0, |b| b.balance);
            let replacement = Replacement {
                person: person.id,
                name: person.name.clone(),
                extra: Points(0),
                why: String::new(),
                broken,
                note: block
                    .and_then(|block| block_note(&inputs, person, slot, block))
                    .unwrap_or_default(),
                is_final,
            };
            (effect.cost, balance, standing, replacement)
        })
        .collect();
    found.sort_by(|(a, _, _, x), (b, _, _, y)| {
        (!x.broken.is_empty(), a, &x.name, x.person).cmp(&(
            !y.broken.is_empty(),
            b,
            &y.name,
            y.person,
        ))
    });
    let can = |r: &Replacement| r.broken.is_empty();
    let best = found.first().map_or(0, |(cost, ..)| *cost);
    let lightest = found
        .iter()
        .filter(|(_, _, _, r)| can(r))
        .map(|(_, balance, ..)| *balance)
        .min();
    found
        .into_iter()
        .map(|(cost, balance, standing, mut replacement)| {
            if can(&replacement) {
                replacement.extra = built.points(cost - best);
                replacement.why = why(balance, lightest == Some(balance), standing);
            }
            replacement
        })
        .collect()
}

/// Whether somebody is not in the team at that time, or in none of the rotation's legs any more.
fn is_away(person: &PersonInput, block: Option<Block>) -> bool {
    block == Some(Block::NotThere) || (block == Some(Block::NotInLeg) && person.legs.is_empty())
}

/// Makes the slot's shift as long as the part, and the slot open.
fn narrow(inputs: &mut Inputs, held: &mut [Held], slot: usize, part: Interval, points: Points) {
    let Some(shift) = inputs.slots.get(slot).map(|s| s.shift) else {
        return;
    };
    if let Some(input) = inputs.shifts.get_mut(shift) {
        input.interval = part;
        input.day = part.start.with_timezone(&input.zone).date_naive();
        input.weekend = weekend(part, input.zone);
        input.is_locked = false;
    }
    for (index, (input, at)) in inputs.slots.iter_mut().zip(held.iter_mut()).enumerate() {
        if input.shift != shift {
            continue;
        }
        if index == slot {
            input.points = points;
            at.person = None;
            at.parts.retain(|p| !p.interval.overlaps(&part));
        } else {
            // Beside the part serves who serves the most of it.
            let longest = at
                .parts
                .iter()
                .filter_map(|p| Some((p.interval.intersection(&part)?.minutes(), p.person)))
                .max_by_key(|(minutes, _)| *minutes);
            if let Some((_, person)) = longest {
                at.person = person;
            }
        }
    }
}

/// As if a person did not serve in that interval.
fn free(inputs: &mut Inputs, held: &mut [Held], person: PersonId, interval: Interval) {
    for input in inputs.people.iter_mut().filter(|p| p.id == person) {
        input.elsewhere.retain(|e| !e.interval.overlaps(&interval));
    }
    for (input, at) in inputs.slots.iter().zip(held) {
        let shift = inputs.shifts.get(input.shift);
        if at.person == Some(person) && shift.is_some_and(|s| s.interval.overlaps(&interval)) {
            at.person = None;
        }
        at.parts
            .retain(|p| p.person != Some(person) || !p.interval.overlaps(&interval));
    }
}

fn why(balance: i64, is_lightest: bool, standing: Standing) -> String {
    let points = match Points(balance) {
        p if p.0 <= -5 => format!("{} points under the fair share", -p),
        p if p.0 >= 5 => format!("{p} points over the fair share"),
        _ => "at the fair share".to_owned(),
    };
    let points = if is_lightest {
        format!("lightest balance ({points})")
    } else {
        points
    };
    let standing = match standing {
        Standing::Preferred => "prefers this time",
        Standing::IfNeeded => "only if needed",
        Standing::Available | Standing::Blocked(_) => "available",
    };
    format!("{points}, {standing}, rested")
}

/// The burden of a part of a slot, in points.
fn share_of(rotation: &Rotation, slot: &PublishedSlot, part: Interval) -> Points {
    let pieces = cut(slot.interval, part);
    let at = pieces.iter().position(|p| *p == part);
    let shares = shares(rotation, slot, &pieces);
    at.and_then(|at| shares.get(at))
        .map_or(slot.points, |s| s.1)
}
