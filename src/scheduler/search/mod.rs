//! The search: greedy, descent, sharing out two by two, annealing; small problems by trying everything.
//!
//! Work is counted in steps, never in time, so that the same problem and effort give the same
//! schedule on every machine.
mod anneal;
mod campaign;
mod canonical;
mod descent;
mod exact;
mod filling;
mod greedy;
mod narrow;
mod random;
mod second;
mod sharing;
#[cfg(test)]
pub(super) mod tests;

use super::problem::Problem;
use super::roster::Roster;
use super::table::At;
use super::{Effort, Progress};
use super::{rules, score};
pub(super) use anneal::{swap_cost, try_swap};
pub(super) use canonical::{canonical, original, sorted};
pub(super) use exact::small;
pub use second::{SecondObjective, second_objective};
use std::ops::ControlFlow;

/// Unfilled slots, their urgency, total cost.
pub(super) type Key = (usize, i64, i128);

/// What the search found.
pub(super) struct Found {
    pub assignment: Vec<Option<usize>>,
    /// No schedule with as many filled slots costs less.
    pub bound: i128,
    /// No schedule has fewer open slots, or as many that matter less.
    pub least: filling::Open,
}

/// Temperatures per round of annealing.
const LEVELS: u64 = 64;

/// Whoever watches, and may stop it.
type Watch<'a> = &'a mut dyn FnMut(Progress) -> ControlFlow<()>;

/// Searches from the pinned people and the assignment given.
pub(super) fn search(
    problem: &Problem,
    effort: Effort,
    start: &[Option<usize>],
    watch: Watch,
) -> Found {
    let mut roster = Roster::pinned(problem);
    let warm = greedy::resume(&mut roster, start);
    complete(&mut roster);
    let (bound, least) = if exact::small(problem) {
        if let Some(better) = exact::solve(problem, score::breakdown(&roster).key()) {
            roster = Roster::of(problem, &better);
        }
        let (unfilled, urgency, total) = score::breakdown(&roster).key();
        (total, (unfilled, urgency))
    } else {
        let best = campaign::run(&roster, warm, effort, watch);
        roster = Roster::of(problem, &best.assignment);
        descent::descend(&mut roster, 8);
        (best.bound, best.least)
    };
    Found {
        assignment: second::improve(&roster, effort.pairs()).holder,
        bound,
        least,
    }
}

/// Fills what is open as well as a glance allows.
fn complete(roster: &mut Roster) {
    greedy::fill(roster);
    descent::descend(roster, 4);
}

/// Slots that nobody can ever take, whatever else is decided than the pins, and how much they matter.
pub(super) fn hopeless(problem: &Problem) -> filling::Open {
    let roster = Roster::pinned(problem);
    let nobody = |&slot: &usize| {
        let people = problem.index.candidates.get(slot);
        let mut people = people.into_iter().flatten();
        !people.any(|&p| rules::allows(&roster, p, slot))
    };
    let urgency = roster
        .open()
        .filter(nobody)
        .map(|s| problem.index.urgency.at(s));
    urgency.fold((0, 0), |(count, sum), more| (count + 1, sum + more))
}
