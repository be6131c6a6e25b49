//! What a proof says, made use of: schedules where prices point to, and problems without what is in no
//! better schedule.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::rules;
use super::super::table::{At, set};
use super::{descent, greedy};

/// What the smooth solution leans to, made a schedule.
pub(super) fn rounded<'a>(problem: &'a Problem, leaning: &[(usize, usize)]) -> Roster<'a> {
    let mut roster = Roster::pinned(problem);
    for &(slot, person) in leaning {
        if roster.holder.at(slot).is_none() && rules::allows(&roster, person, slot) {
            roster.put(slot, person);
        }
    }
    greedy::fill(&mut roster);
    descent::descend(&mut roster, 8);
    roster
}

/// The problem without the pairs of person and slot that are in no schedule cheaper than `cost`.
pub(super) fn narrow(
    problem: &Problem,
    best: &[Option<usize>],
    floors: &[Vec<(usize, i128)>],
    cost: i128,
) -> Problem {
    let mut narrow = problem.clone();
    let slots = problem.slots.len();
    for (slot, pairs) in floors.iter().enumerate() {
        let holder = best.get(slot).copied().flatten();
        for &(person, floor) in pairs {
            if floor >= cost && holder != Some(person) {
                set(&mut narrow.index.possible, person * slots + slot, false);
            }
        }
        let possible = &narrow.index.possible;
        if let Some(people) = narrow.index.candidates.get_mut(slot) {
            people.retain(|&p| possible.at(p * slots + slot));
        }
    }
    narrow
}
