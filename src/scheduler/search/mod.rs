//! The search: greedy, annealing, descent; small problems by trying everything.
//!
//! Work is counted in steps, never in time, so that the same problem and effort give the same
//! schedule on every machine.
mod anneal;
mod canonical;
mod descent;
mod exact;
mod greedy;
mod random;
mod second;
#[cfg(test)]
mod tests;

use super::problem::Problem;
use super::roster::Roster;
use super::score;
use super::{Effort, Progress};
use anneal::Anneal;
pub(super) use anneal::{swap_cost, try_swap};
pub(super) use canonical::{canonical, original, sorted};
pub use second::{SecondObjective, second_objective};
use std::ops::ControlFlow;

/// Unfilled slots, their urgency, total cost.
pub(super) type Key = (usize, i64, i128);

/// What the search found.
pub(super) struct Found {
    pub assignment: Vec<Option<usize>>,
    /// Every schedule was looked at: there is none better.
    pub proven: bool,
}

/// Temperatures per round of annealing.
const LEVELS: u64 = 64;

/// Searches from the pinned people and the assignment given. `goal` is the number of slots nobody can ever take, and
/// a cost below which no schedule that fills all others lies.
pub(super) fn search(
    problem: &Problem,
    effort: Effort,
    start: &[Option<usize>],
    goal: (usize, i128),
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Found {
    let mut roster = Roster::pinned(problem);
    let warm = greedy::resume(&mut roster, start);
    greedy::fill(&mut roster);
    descent::descend(&mut roster, 4);
    let proven = exact::small(problem);
    if proven {
        if let Some(better) = exact::solve(problem, score::breakdown(&roster).key()) {
            roster = Roster::of(problem, &better);
        }
    } else {
        let mut anneal = Anneal::new(roster, 0x5eed);
        rounds(&mut anneal, (problem, warm), effort, goal, watch);
        roster = Roster::of(problem, anneal.best());
        descent::descend(&mut roster, 8);
    }
    Found {
        assignment: second::improve(&roster, effort.passes()).holder,
        proven,
    }
}

fn rounds(
    anneal: &mut Anneal,
    (problem, warm): (&Problem, bool),
    effort: Effort,
    goal: (usize, i128),
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) {
    let (rounds, steps) = effort.work(problem.slots.len());
    let mut done = 0;
    for round in 0..rounds {
        let typical = anneal.typical_step().max(1) << 10;
        // Later rounds reheat less: they repair what the first left, they do not start again. Nor
        // does a search that was given a schedule.
        let reheated = if warm { 6 } else { round.min(6) };
        let mut temperature = typical / (2 + 2 * i128::from(reheated));
        for _ in 0..LEVELS {
            let (unfilled, _, cost) = anneal.best_key;
            let progress = Progress {
                unfilled,
                cost,
                bound: goal.1,
                steps: done,
            };
            if watch(progress).is_break() || (unfilled <= goal.0 && cost <= goal.1) {
                return;
            }
            anneal.run(steps / LEVELS, temperature);
            temperature = temperature * 15 / 16;
            done += steps / LEVELS;
        }
        anneal.rewind();
    }
}

/// Slots that nobody can ever take.
pub(super) fn hopeless(problem: &Problem) -> usize {
    let slots = problem.slots.iter().zip(&problem.index.candidates);
    let hopeless = slots.filter(|(slot, people)| slot.pin.is_none() && people.is_empty());
    hopeless.count()
}
