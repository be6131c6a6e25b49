//! What it would cost at least to have a person on a slot, for all pairs at once.
use super::problem::Problem;
use super::proof::Proof;
use super::table::At;
use super::{Effort, bound, score, search};

/// Proven floors under the cost of schedules, and the prices behind them; see [`floors`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floors {
    bound: i128,
    /// Per slot the people who may take it, in order, each with the floor.
    pairs: Vec<Vec<(usize, i128)>>,
    prices: Vec<i128>,
}

impl Floors {
    /// No schedule with as many filled slots costs less than this.
    #[must_use]
    pub fn bound(&self) -> i128 {
        self.bound
    }

    /// No schedule with as many filled slots and this person on this slot costs less than this.
    /// `None` where the person cannot be.
    #[must_use]
    pub fn with(&self, person: usize, slot: usize) -> Option<i128> {
        let people = self.pairs.get(slot)?;
        let place = people.binary_search_by_key(&person, |pair| pair.0).ok()?;
        people.get(place).map(|pair| pair.1)
    }

    /// How scarce people are for a slot: what taking it is worth, in 1/1024 of the cost's unit. 0
    /// for pinned slots and those nobody can take.
    #[must_use]
    pub fn price(&self, slot: usize) -> i128 {
        self.prices.at(slot)
    }
}

/// Floors for schedules that leave no more slots open than this one, the prices made good with so
/// much effort. Every floor holds whatever the effort; more of it makes them higher.
#[must_use]
pub fn floors(problem: &Problem, assignment: &[Option<usize>], effort: Effort) -> Floors {
    let (sorted, order) = search::canonical(problem);
    let own = score::score(problem, assignment);
    let known = bound::bound(&sorted, own.unfilled, effort.looks(), own.total);
    let mut found = Floors {
        bound: known,
        pairs: vec![Vec::new(); problem.slots.len()],
        prices: vec![0; problem.slots.len()],
    };
    if let Some(mut proof) = Proof::new(&sorted, (own.unfilled, i64::MAX), known) {
        proof.raise(own.total, (effort.proof(), false), &mut |_| true);
        found.bound = proof.bound();
        found.pairs = proof.floors();
        found.prices = proof.prices();
    } else {
        let people = sorted.index.candidates.iter();
        found.pairs = people
            .map(|c| c.iter().map(|&p| (p, known)).collect())
            .collect();
    }
    for (list, slot) in found.pairs.iter_mut().zip(&problem.slots) {
        for pair in list.iter_mut() {
            pair.0 = order.at(pair.0);
        }
        if let Some(person) = slot.pin {
            *list = vec![(person, found.bound)];
        }
        list.sort_unstable();
    }
    found
}
