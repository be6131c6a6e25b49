//! Why this person, who else, and at what extra cost, in words.

use super::inputs::{Inputs, PersonInput};
use super::problem::{Built, rule_name};
use crate::scheduler::{Block, Outcome as Found, Rule, Standing, explain};
use crate::vocab::{Interval, PersonId, Points};

/// What putting somebody else into a slot would mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// So many points more (negative: less).
    Extra(Points),
    /// As good: spacing, partners or the published schedule decided.
    Tie,
    /// It would break these rules.
    Breaks(Vec<String>),
    /// They can't, and why.
    Blocked(String),
}

impl Outcome {
    /// Whether a manager has to give a reason.
    #[must_use]
    pub fn needs_reason(&self) -> bool {
        matches!(self, Self::Breaks(_) | Self::Blocked(_))
    }

    /// In a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Extra(points) if points.0.abs() < 5 => "almost the same".to_owned(),
            Self::Extra(points) if points.0 < 0 => format!("{points} points: fairer"),
            Self::Extra(points) => format!("{} points", points.signed()),
            Self::Tie => "just as good".to_owned(),
            Self::Breaks(rules) => rules.join("; "),
            Self::Blocked(why) => why.clone(),
        }
    }
}

/// Another person for a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// Name.
    pub name: String,
    /// What it would mean.
    pub outcome: Outcome,
    /// The slot that the present holder would take in exchange, if the figure is for an exchange.
    pub exchange: Option<usize>,
}

/// The story of one slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotStory {
    /// Which slot.
    pub slot: usize,
    /// Who holds it.
    pub holder: Option<(PersonId, String)>,
    /// What speaks for or against the holder.
    pub why: Vec<String>,
    /// Everybody else, the best first.
    pub others: Vec<Candidate>,
}

/// Tells a slot's story, given who holds each slot by index.
#[must_use]
pub fn tell(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    slot: usize,
) -> Option<SlotStory> {
    let found = explain(&built.problem, assignment, slot)?;
    let holder = found.holder.and_then(|p| inputs.people.get(p));
    let mut why = Vec::new();
    if let (Some(person), Some(facts)) = (holder, found.facts) {
        if facts.pinned {
            why.push(if inputs.shift_of(slot).is_some_and(|s| s.is_locked) {
                "The shift has begun: it stays as published.".to_owned()
            } else {
                "Pinned here by a manager.".to_owned()
            });
        }
        why.push(balance_words(
            Points(facts.balance_before),
            Points(facts.balance_after),
        ));
        why.push(match facts.standing {
            Standing::Preferred => "Prefers this time.".to_owned(),
            Standing::Available => "Available.".to_owned(),
            Standing::IfNeeded => "Takes it only if needed.".to_owned(),
            Standing::Blocked(block) => format!(
                "Against the rules: {}.",
                block_words(inputs, person, slot, block)
            ),
        });
        match person.utilisation_percent {
            Some(percent) if person.is_utilisation_known => {
                why.push(format!("{percent} % utilised this month."));
            }
            Some(percent) => why.push(format!(
                "Utilisation not entered: counted as the others' mean, {percent} %."
            )),
            None => {}
        }
        if facts.as_before {
            why.push("Held it in the published schedule.".to_owned());
        }
    }
    let others = found.alternatives.into_iter().filter_map(|other| {
        let person = inputs.people.get(other.person)?;
        let (outcome, exchange) = match other.outcome {
            Found::Extra { cost, exchange } => (Outcome::Extra(built.points(cost)), exchange),
            Found::Tie { exchange } => (Outcome::Tie, exchange),
            Found::Breaks(rules) => {
                let words =
                    |&rule: &Rule| broken_words(inputs, assignment, other.person, slot, rule);
                (Outcome::Breaks(rules.iter().map(words).collect()), None)
            }
            Found::Blocked(block) => (
                Outcome::Blocked(block_words(inputs, person, slot, block)),
                None,
            ),
        };
        Some(Candidate {
            person: person.id,
            name: person.name.clone(),
            outcome,
            exchange,
        })
    });
    Some(SlotStory {
        slot,
        holder: holder.map(|p| (p.id, p.name.clone())),
        why,
        others: others.collect(),
    })
}

fn balance_words(before: Points, after: Points) -> String {
    let side = |points: Points| match points.0 {
        p if p <= -5 => format!("{} points under the fair share", -points),
        p if p >= 5 => format!("{points} points over the fair share"),
        _ => "at the fair share".to_owned(),
    };
    let before = side(before);
    let mut letters = before.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    format!(
        "{first}{} without this shift, {} with it.",
        letters.as_str(),
        side(after)
    )
}

/// Why a person can't take a slot whatever the others do.
#[must_use]
pub fn block_words(inputs: &Inputs, person: &PersonInput, slot: usize, block: Block) -> String {
    match block {
        Block::Leave => "on leave".to_owned(),
        Block::LacksRequirement => {
            let lacks = person
                .lacks
                .get(&slot)
                .map(|l| l.join(" and "))
                .unwrap_or_default();
            format!("lacks {lacks}")
        }
        Block::NotInLeg => {
            let leg = inputs
                .shift_of(slot)
                .map(|s| s.leg_name.clone())
                .unwrap_or_default();
            format!("does not belong to {leg}")
        }
        Block::NotThere => match person.left_on {
            Some(day) if inputs.shift_of(slot).is_some_and(|s| s.day >= day) => {
                format!("leaves on {}", day.format("%-d %b"))
            }
            _ => format!("joins on {}", person.joined_on.format("%-d %b")),
        },
        Block::Begun => "not asked before it began".to_owned(),
        Block::Unavailable => {
            let note = inputs.shift_of(slot).and_then(|s| note(person, s.interval));
            note.map_or("unavailable".to_owned(), |note| {
                format!("unavailable ({note})")
            })
        }
    }
}

/// What the person wrote where they can't.
fn note(person: &PersonInput, interval: Interval) -> Option<String> {
    let mut pieces = person.timeline.pieces(interval);
    pieces
        .find(|piece| !piece.level.can_serve() && !piece.note.is_empty())
        .map(|piece| piece.note)
}

/// A broken rule with this person's own numbers, where they are at hand.
#[must_use]
pub fn broken_words(
    inputs: &Inputs,
    assignment: &[Option<usize>],
    person: usize,
    slot: usize,
    rule: Rule,
) -> String {
    let general = rule_name(inputs, rule);
    if rule != Rule::MinimumRest {
        return general;
    }
    let Some(shift) = inputs.shift_of(slot) else {
        return general;
    };
    let elsewhere = inputs
        .people
        .get(person)
        .map(|p| p.elsewhere.as_slice())
        .unwrap_or_default();
    let own = assignment
        .iter()
        .enumerate()
        .filter(|(other, holder)| **holder == Some(person) && *other != slot);
    let gap = own
        .filter_map(|(other, _)| inputs.shift_of(other).map(|s| s.interval))
        .chain(elsewhere.iter().map(|e| e.interval))
        .filter_map(|other| rest_between(shift.interval, other))
        .min();
    gap.map_or(general.clone(), |minutes| {
        format!("would rest {} h, {general}", minutes / 60)
    })
}

fn rest_between(a: Interval, b: Interval) -> Option<i64> {
    if a.overlaps(&b) {
        return None;
    }
    let gap = if a.start >= b.end {
        a.start - b.end
    } else {
        b.start - a.end
    };
    Some(gap.num_minutes())
}
