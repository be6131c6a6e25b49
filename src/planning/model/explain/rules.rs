//! Why somebody can't, in words.

use crate::planning::model::inputs::{Inputs, PersonInput};
use crate::planning::model::problem::rule_name;
use crate::scheduler::{Block, Rule};
use crate::vocab::Interval;

/// Why a person can't take a slot whatever the others do, with what they wrote about it: for their
/// managers.
#[must_use]
pub fn block_words(inputs: &Inputs, person: &PersonInput, slot: usize, block: Block) -> String {
    let words = open_block_words(inputs, person, slot, block);
    match block_note(inputs, person, slot, block) {
        Some(note) => format!("{words} ({note})"),
        None => words,
    }
}

/// The same without what they wrote, for their colleagues.
#[must_use]
pub fn open_block_words(
    inputs: &Inputs,
    person: &PersonInput,
    slot: usize,
    block: Block,
) -> String {
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
        Block::Unavailable => "unavailable".to_owned(),
    }
}

/// What the person wrote where they can't.
#[must_use]
pub fn block_note(
    inputs: &Inputs,
    person: &PersonInput,
    slot: usize,
    block: Block,
) -> Option<String> {
    if block != Block::Unavailable {
        return None;
    }
    let mut pieces = person.timeline.pieces(inputs.shift_of(slot)?.interval);
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
        // What is missing may be before a part of a shift: a rest that is long enough says nothing.
        .filter(|minutes| *minutes < inputs.rules.min_rest_minutes.into())
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
