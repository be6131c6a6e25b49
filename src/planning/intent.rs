//! What a manager wants to change, and what the month is like afterwards.

use super::model::{Held, Inputs, SlotKey, tell};
use super::plan::Plan;
use super::words::slot_title;
use crate::error::AppError;
use crate::scheduler::Change;
use crate::vocab::PersonId;
use crate::web::Form;

/// What a manager wants to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    Assign(usize, PersonId),
    /// The same, and others move as [`tell`] found it cheapest.
    Arrange(usize, PersonId),
    Clear(usize),
    Swap(usize, usize),
    Pin(usize),
    Unpin(usize),
    Recompute,
    Discard,
}

impl Intent {
    pub fn parse(form: &Form, inputs: &Inputs) -> Result<Self, AppError> {
        let gone = || {
            AppError::BadRequest(
                "This slot is not part of the month any more. Go back to the plan, reload it, and choose again.".into(),
            )
        };
        let slot = |name: &str| {
            let key: SlotKey = form.value(name).parse().map_err(|_| gone())?;
            inputs.slot(&key).ok_or_else(gone)
        };
        Ok(match form.value("action") {
            action @ ("assign" | "arrange") => {
                let person: PersonId = form.value("person").parse().map_err(|_| gone())?;
                let known = inputs.person(person).is_some();
                if !known {
                    return Err(AppError::BadRequest(
                        "This person is not in the rotation. Add them to a leg first.".into(),
                    ));
                }
                if action == "arrange" {
                    Self::Arrange(slot("slot")?, person)
                } else {
                    Self::Assign(slot("slot")?, person)
                }
            }
            "clear" => Self::Clear(slot("slot")?),
            "swap" => Self::Swap(slot("slot")?, slot("other")?),
            "pin" => Self::Pin(slot("slot")?),
            "unpin" => Self::Unpin(slot("slot")?),
            "recompute" => Self::Recompute,
            "discard" => Self::Discard,
            _ => {
                return Err(AppError::BadRequest(
                    "Choose what to do: assign, swap, clear, pin or recommend.".into(),
                ));
            }
        })
    }

    /// The slot it is mainly about.
    pub fn slot(&self) -> Option<usize> {
        match *self {
            Self::Assign(slot, _)
            | Self::Arrange(slot, _)
            | Self::Clear(slot)
            | Self::Swap(slot, _)
            | Self::Pin(slot)
            | Self::Unpin(slot) => Some(slot),
            Self::Recompute | Self::Discard => None,
        }
    }

    /// The slots it moves somebody in or out of.
    pub fn moved(&self) -> Vec<usize> {
        match *self {
            Self::Assign(slot, _) | Self::Arrange(slot, _) | Self::Clear(slot) => vec![slot],
            Self::Swap(one, two) => vec![one, two],
            Self::Pin(_) | Self::Unpin(_) | Self::Recompute | Self::Discard => Vec::new(),
        }
    }

    /// What is wanted, as a sentence, with times in the team's zone as on the plan.
    pub fn words(&self, plan: &Plan) -> String {
        let name = |id: PersonId| {
            plan.inputs
                .person(id)
                .and_then(|p| plan.inputs.people.get(p))
                .map_or("nobody", |p| &p.name)
        };
        let title = |slot: usize| slot_title(&plan.inputs, slot, plan.inputs.zone);
        let holder = |slot: usize| {
            plan.held
                .get(slot)
                .and_then(|h| h.person)
                .map_or("nobody", name)
        };
        match *self {
            Self::Assign(slot, person) => format!(
                "{}: {} instead of {}",
                title(slot),
                name(person),
                holder(slot)
            ),
            Self::Arrange(slot, person) => format!(
                "{}: {} instead of {}, and others move",
                title(slot),
                name(person),
                holder(slot)
            ),
            Self::Clear(slot) => format!("{}: nobody instead of {}", title(slot), holder(slot)),
            Self::Swap(one, two) => {
                format!(
                    "{} takes {}, and {} takes {}",
                    holder(two),
                    title(one),
                    holder(one),
                    title(two)
                )
            }
            Self::Pin(slot) => format!("{}: pin {}", title(slot), holder(slot)),
            Self::Unpin(slot) => format!("{}: unpin {}", title(slot), holder(slot)),
            Self::Recompute if plan.held.iter().any(|h| h.is_pinned) => {
                "recommend again around what is pinned".to_owned()
            }
            Self::Recompute => "recommend again".to_owned(),
            Self::Discard => "throw the draft away".to_owned(),
        }
    }

    /// The holders afterwards. Recommending again is a search of its own. What moves for somebody is
    /// not pinned; what a manager chose is.
    pub fn apply(&self, plan: &Plan) -> Vec<Held> {
        let mut held = plan.held.clone();
        let holder = |slot: usize| plan.held.get(slot).and_then(|h| h.person);
        let mut put = |slot: usize, person: Option<PersonId>| {
            if let Some(at) = held.get_mut(slot) {
                *at = Held {
                    person,
                    is_pinned: true,
                    ..Held::default()
                };
            }
        };
        match *self {
            Self::Assign(slot, person) => put(slot, Some(person)),
            Self::Arrange(slot, person) => {
                put(slot, Some(person));
                for change in moved_for(plan, slot, person) {
                    if let Some(at) = held.get_mut(change.slot).filter(|_| change.slot != slot) {
                        *at = Held {
                            person: change
                                .person
                                .and_then(|p| plan.inputs.people.get(p))
                                .map(|p| p.id),
                            ..Held::default()
                        };
                    }
                }
            }
            Self::Clear(slot) => put(slot, None),
            Self::Swap(one, two) => {
                put(one, holder(two));
                put(two, holder(one));
            }
            Self::Pin(slot) | Self::Unpin(slot) => {
                if let Some(at) = held.get_mut(slot) {
                    at.is_pinned = matches!(self, Self::Pin(_));
                }
            }
            Self::Recompute | Self::Discard => {}
        }
        held
    }
}

/// What moves so that this person can take the slot at the least cost.
fn moved_for(plan: &Plan, slot: usize, person: PersonId) -> Vec<Change> {
    let told = tell(&plan.inputs, &plan.built, &plan.assignment(), slot);
    let mut others = told.into_iter().flat_map(|told| told.others);
    others
        .find(|other| other.person == person)
        .map(|other| other.changes)
        .unwrap_or_default()
}
