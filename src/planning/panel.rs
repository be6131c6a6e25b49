//! What the planner tells beside the grid: of a slot, of a person, of the whole.

use super::model::{Deed, Inputs, Offer, PersonStory, SlotKey, SlotStory, Whole};
use super::model::{slot_words, tell, tell_person, tell_whole, ways};
use super::plan::Plan;
use super::words::slot_title;
use crate::vocab::PersonId;

/// Ways to close a slot that are shown at most.
const WAYS: usize = 6;

/// The slot that the page tells about.
pub struct Story {
    /// Names it.
    pub key: String,
    /// Role and times.
    pub title: String,
    /// Its burden.
    pub points: String,
    /// The manager's choice.
    pub is_pinned: bool,
    /// It has begun.
    pub is_locked: bool,
    /// The rule that was broken on purpose, and why.
    pub override_note: Option<String>,
    /// Who holds it and why.
    pub told: SlotStory,
    /// Everybody else.
    pub others: Vec<Other>,
    /// What would close it, where nobody holds it.
    pub ways: Vec<Closing>,
}

/// Another person for a slot.
pub struct Other {
    /// Who.
    pub person: PersonId,
    /// Name.
    pub name: String,
    /// What it would mean.
    pub words: String,
    /// How they would stand afterwards.
    pub then: String,
    /// Only against a rule.
    pub is_barred: bool,
    /// They can take it with nobody else moved.
    pub is_alone: bool,
    /// What else would move.
    pub moves: String,
    /// How many other slots that are.
    pub moved: usize,
    /// The other slot of an exchange, by key.
    pub exchange: Option<String>,
    /// Others move, and not only in an exchange.
    pub is_arranged: bool,
}

/// A way to close a slot.
pub struct Closing {
    /// What has to happen.
    pub what: String,
    /// What it costs.
    pub cost: String,
    /// What the button does, on which slot, for whom; and its label.
    pub action: &'static str,
    /// The slot it is about.
    pub slot: String,
    /// The person it is about.
    pub person: Option<PersonId>,
    /// The button's label.
    pub label: &'static str,
}

/// What a page tells beside the grid.
pub struct Panel {
    /// The slot that was asked about.
    pub story: Option<Story>,
    /// The person who was asked about.
    pub person: Option<PersonStory>,
    /// The whole.
    pub whole: Whole,
}

/// All of it. Takes a while where many people could take the slot.
#[must_use]
pub fn panel(plan: &Plan, slot: Option<usize>, person: Option<PersonId>) -> Panel {
    let assignment = plan.assignment();
    let person = person.and_then(|p| plan.inputs.person(p));
    Panel {
        story: slot.and_then(|slot| story(plan, slot)),
        person: person.and_then(|p| tell_person(&plan.inputs, &plan.built, &assignment, p)),
        whole: tell_whole(&plan.inputs, &plan.built, &assignment, &plan.score),
    }
}

fn story(plan: &Plan, slot: usize) -> Option<Story> {
    let inputs = &plan.inputs;
    let input = inputs.slots.get(slot)?;
    let held = plan.held.get(slot)?;
    let assignment = plan.assignment();
    let told = tell(inputs, &plan.built, &assignment, slot)?;
    let is_locked = inputs.shift_of(slot).is_some_and(|s| s.is_locked);
    let ways = if told.holder.is_none() && !is_locked {
        ways(inputs, &plan.built, &assignment, slot, WAYS)
    } else {
        Vec::new()
    };
    let others = told.others.iter().map(|candidate| {
        let moved: Vec<String> = candidate
            .changes
            .iter()
            .filter(|change| change.slot != slot)
            .map(|change| {
                let to = change.person.and_then(|p| inputs.people.get(p));
                let to = to.map_or("nobody", |p| p.name.as_str());
                format!("{} to {to}", slot_words(inputs, &[change.slot]))
            })
            .collect();
        Other {
            person: candidate.person,
            name: candidate.name.clone(),
            words: candidate.outcome.words(),
            then: candidate.then.clone(),
            is_barred: candidate.outcome.needs_reason(),
            is_alone: candidate.outcome.is_alone(),
            moved: moved.len(),
            moves: moved.join("; "),
            exchange: match candidate.deed {
                Deed::Swap(other) => key(inputs, other),
                Deed::Assign | Deed::Arrange => None,
            },
            is_arranged: candidate.deed == Deed::Arrange && candidate.outcome.moves_others(),
        }
    });
    Some(Story {
        key: input.key.to_string(),
        title: slot_title(inputs, slot, inputs.zone),
        points: input.points.to_string(),
        is_pinned: held.is_pinned,
        is_locked,
        override_note: (!held.reason.is_empty())
            .then(|| format!("Broken on purpose: {}. Why: “{}”", held.broken, held.reason)),
        others: others.collect(),
        ways: ways
            .into_iter()
            .filter_map(|way| {
                let (action, about, person, label) = match way.offer {
                    Offer::Arrange(person) => ("arrange", slot, Some(person), "Do it"),
                    Offer::Assign(person) => ("assign", slot, Some(person), "Assign"),
                    Offer::Unpin(pinned) => ("unpin", pinned, None, "Unpin"),
                };
                Some(Closing {
                    what: way.what,
                    cost: way.cost,
                    action,
                    slot: key(inputs, about)?,
                    person,
                    label,
                })
            })
            .collect(),
        told,
    })
}

fn key(inputs: &Inputs, slot: usize) -> Option<String> {
    let key: SlotKey = inputs.slots.get(slot)?.key;
    Some(key.to_string())
}
