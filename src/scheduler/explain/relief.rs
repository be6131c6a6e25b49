//! For a person who carries much: what it would cost to give one of their slots to each other person.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::table::At;
use super::slot::{Outcome, Prices};

/// What another person could take off somebody at best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relief {
    /// The other person.
    pub person: usize,
    /// The slot.
    pub slot: usize,
    /// What giving it to them would mean.
    pub outcome: Outcome,
}

/// For each other person the slot of this one that they could take at the least cost; where they
/// can take none, one that shows why. The cheapest first. Slots that are pinned are not asked about.
#[must_use]
pub fn relief(problem: &Problem, assignment: &[Option<usize>], person: usize) -> Vec<Relief> {
    let mut roster = Roster::of(problem, assignment);
    let theirs: Vec<usize> = (0..problem.slots.len())
        .filter(|&slot| {
            let pinned = problem.slots.get(slot).is_none_or(|s| s.pin.is_some());
            roster.holder.at(slot) == Some(person) && !pinned
        })
        .collect();
    let mut best: Vec<Option<Relief>> = vec![None; problem.people.len()];
    for slot in theirs {
        let mut prices = Prices::new(problem, assignment, slot);
        for (other, known) in best.iter_mut().enumerate().filter(|(p, _)| *p != person) {
            let outcome = prices.of(&mut roster, other);
            if known
                .as_ref()
                .is_none_or(|k| rank(&outcome) < rank(&k.outcome))
            {
                *known = Some(Relief {
                    person: other,
                    slot,
                    outcome,
                });
            }
        }
    }
    let mut found: Vec<Relief> = best.into_iter().flatten().collect();
    found.sort_by_key(|r| rank(&r.outcome));
    found
}

fn rank(outcome: &Outcome) -> (u8, i128) {
    match outcome {
        Outcome::Costs { cost, .. } => (0, *cost),
        Outcome::Breaks { floor, .. } => (1, *floor),
        Outcome::Blocked(_) => (2, 0),
    }
}
