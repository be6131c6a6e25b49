//! Straight downhill: every change, push and swap that lowers the cost, until none does.
use super::super::roster::Roster;
use super::super::table::At;
use super::super::{rules, score};
use super::{greedy, swap_cost, try_swap};

/// With more slots than this, exchanges are left to annealing: there are too many pairs to look at.
const MOST: usize = 1_500;

/// At most so many passes over all slots. Leaves no open slot that somebody may simply take.
pub(super) fn descend(roster: &mut Roster, passes: usize) {
    for _ in 0..passes {
        let filled = fill(roster);
        let changed = changes(roster);
        let swapped = swaps(roster);
        if !filled && !changed && !swapped {
            return;
        }
    }
    fill(roster);
}

fn free(roster: &Roster, slot: usize) -> bool {
    roster
        .problem
        .slots
        .get(slot)
        .is_some_and(|s| s.pin.is_none())
}

fn fill(roster: &mut Roster) -> bool {
    let mut open: Vec<usize> = roster.open().collect();
    open.sort_by_key(|&s| std::cmp::Reverse(roster.problem.index.urgency.at(s)));
    let mut better = false;
    for slot in open {
        if let Some(person) = greedy::cheapest(roster, slot) {
            roster.put(slot, person);
            better = true;
        } else {
            better |= fill_by_moving(roster, slot);
        }
    }
    better
}

/// Fills an open slot by moving the one assignment that is in somebody's way to a third person.
fn fill_by_moving(roster: &mut Roster, slot: usize) -> bool {
    let problem = roster.problem;
    let Some(people) = problem.index.candidates.get(slot) else {
        return false;
    };
    for &person in people {
        let way = rules::in_the_way(roster, person, slot);
        let [other] = way.as_slice() else { continue };
        if !free(roster, *other) {
            continue;
        }
        let Some(who) = roster.take(*other) else {
            continue;
        };
        if rules::allows(roster, person, slot) {
            roster.put(slot, person);
            if let Some(heir) = greedy::cheapest(roster, *other) {
                roster.put(*other, heir);
                return true;
            }
            roster.take(slot);
        }
        roster.put(*other, who);
    }
    false
}

fn changes(roster: &mut Roster) -> bool {
    let mut better = false;
    for slot in 0..roster.holder.len() {
        if !free(roster, slot) {
            continue;
        }
        let Some(from) = roster.take(slot) else {
            continue;
        };
        let best = greedy::cheapest(roster, slot).unwrap_or(from);
        let saves = score::gain(roster, best, slot) < score::gain(roster, from, slot);
        roster.put(slot, if saves { best } else { from });
        better |= saves;
    }
    better
}

fn swaps(roster: &mut Roster) -> bool {
    let mut better = false;
    if roster.holder.len() > MOST {
        return false;
    }
    for one in 0..roster.holder.len() {
        for two in 0..one {
            let (Some(a), Some(b)) = (roster.holder.at(one), roster.holder.at(two)) else {
                continue;
            };
            if a == b || !roster.possible(a, two) || !roster.possible(b, one) {
                continue;
            }
            if swap_cost(roster, one, two, a, b) < 0 && free(roster, one) && free(roster, two) {
                better |= try_swap(roster, one, two);
            }
        }
    }
    better
}
