//! What would close an open slot, cheapest first, in words.

use super::rules::{block_words, broken_words};
use super::slot::more;
use super::words::{count, short_title};
use crate::planning::model::inputs::Inputs;
use crate::planning::model::problem::Built;
use crate::scheduler::{Block, Remedy, Stand, Standing, Way, mend};
use crate::vocab::{Level, PersonId};

/// What a manager can do about it on the spot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// This person takes it, and others move as was found.
    Arrange(PersonId),
    /// This person takes it against a rule, which asks for a reason.
    Assign(PersonId),
    /// The slot of this index is unpinned; recommending again then closes this one.
    Unpin(usize),
}

/// A way to close a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GapWay {
    /// What has to happen.
    pub what: String,
    /// What it costs, exactly.
    pub cost: String,
    /// What to do.
    pub offer: Offer,
}

/// The ways to close a slot that nobody holds, cheapest first, at most so many. Each was tried.
#[must_use]
pub fn ways(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    slot: usize,
    most: usize,
) -> Vec<GapWay> {
    let (stands, asked) = stands(inputs, built, slot);
    // What has begun is pinned too, but nobody can unpin it.
    let may_move = |slot: &usize| inputs.shift_of(*slot).is_some_and(|s| !s.is_locked);
    let pins: Vec<usize> = (0..inputs.slots.len()).filter(may_move).collect();
    let found = mend(&built.problem, assignment, slot, &stands, &pins);
    let way = |remedy: &Remedy| way(inputs, built, assignment, slot, &asked, remedy);
    found.iter().filter_map(way).take(most).collect()
}

/// Who could take it if they were asked, or were given what they lack; and in words what for.
fn stands(inputs: &Inputs, built: &Built, slot: usize) -> (Vec<Stand>, Vec<(usize, String)>) {
    let (mut stands, mut asked) = (Vec::new(), Vec::new());
    for (index, person) in inputs.people.iter().enumerate() {
        let Standing::Blocked(block) = built.problem.standing(index, slot) else {
            continue;
        };
        let slots = match block {
            Block::Unavailable => vec![(slot, Standing::IfNeeded)],
            Block::LacksRequirement => granted(inputs, index, slot),
            _ => continue,
        };
        if !slots.iter().any(|(s, _)| *s == slot) {
            continue;
        }
        let why = block_words(inputs, person, slot, block);
        asked.push((
            index,
            match block {
                Block::LacksRequirement => {
                    let lacks = person.lacks.get(&slot).map(|l| l.join(" and "));
                    format!(
                        "{} gets {}",
                        person.name,
                        lacks.unwrap_or_else(|| "what they lack".to_owned())
                    )
                }
                _ => format!("Ask {}, who is {why}", person.name),
            },
        ));
        stands.push(Stand {
            person: index,
            slots,
        });
    }
    (stands, asked)
}

/// The slots that a person could take with what they lack for this one, as available as they are.
fn granted(inputs: &Inputs, index: usize, slot: usize) -> Vec<(usize, Standing)> {
    let Some(person) = inputs.people.get(index) else {
        return Vec::new();
    };
    let Some(titles) = person.lacks.get(&slot) else {
        return Vec::new();
    };
    let same = person.lacks.iter();
    let same = same.filter(|(_, lacks)| lacks.iter().all(|l| titles.contains(l)));
    same.filter_map(|(slot, _)| {
        let standing = match inputs.level(index, *slot) {
            Level::Preferred => Standing::Preferred,
            Level::Available => Standing::Available,
            Level::IfNeeded => Standing::IfNeeded,
            Level::Unavailable | Level::Leave => return None,
        };
        Some((*slot, standing))
    })
    .collect()
}

fn way(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    slot: usize,
    asked: &[(usize, String)],
    remedy: &Remedy,
) -> Option<GapWay> {
    let person = |index: usize| inputs.people.get(index);
    let (what, offer) = match &remedy.way {
        Way::Now(index) => {
            let person = person(*index)?;
            (
                format!("{} takes it", person.name),
                Offer::Arrange(person.id),
            )
        }
        Way::Stand(number) => {
            let (index, what) = asked.get(*number)?;
            (what.clone(), Offer::Assign(person(*index)?.id))
        }
        Way::Unpin(pinned) => {
            let holder = assignment.get(*pinned).copied().flatten();
            let holder = person(holder?)?;
            (
                format!(
                    "Unpin {} from {}",
                    holder.name,
                    short_title(inputs, *pinned)
                ),
                Offer::Unpin(*pinned),
            )
        }
        Way::Once(index, rules) => {
            let words: Vec<String> = rules
                .iter()
                .map(|rule| broken_words(inputs, assignment, *index, slot, *rule))
                .collect();
            let person = person(*index)?;
            (
                format!("Let {} once, although: {}", person.name, words.join("; ")),
                Offer::Assign(person.id),
            )
        }
    };
    let others = remedy.changes.len().saturating_sub(1);
    let others = match others {
        0 => String::new(),
        1 => ", another slot moves".to_owned(),
        n => format!(", {} move", count(n, "other slot")),
    };
    Some(GapWay {
        what,
        cost: format!("{}{others}", more(built.points(remedy.cost))),
        offer,
    })
}
