//! Floors that are proven of all people and slots at once.

use crate::planning::model::problem::Built;
use crate::scheduler::{Effort, Floors, Outcome, floors, score};

/// Floors under what any person on any slot would cost, all from one proof.
pub struct Known {
    floors: Floors,
    now: i128,
}

impl Known {
    /// Of schedules that fill as many slots as `filled`, compared with `assignment`.
    pub fn new(built: &Built, assignment: &[Option<usize>], filled: &[Option<usize>]) -> Self {
        Self {
            floors: floors(&built.problem, filled, Effort::Quick),
            now: score(&built.problem, assignment).total,
        }
    }

    /// Raises the floor of an outcome where more is known; who is pinned elsewhere has no floor here.
    pub fn raise(&self, outcome: &mut Outcome, person: usize, slot: usize) {
        if let Some(floor) = self.floors.with(person, slot) {
            outcome.raise(floor - self.now);
        }
    }
}
