//! A first schedule: the slots with the fewest people first, each to whom it costs least.
use super::super::roster::Roster;
use super::super::table::At;
use super::super::{rules, score};

/// Fills every open slot that somebody may take, scarce slots first, then in order of time.
pub(super) fn fill(roster: &mut Roster) {
    let problem = roster.problem;
    let mut open: Vec<usize> = roster.open().collect();
    open.sort_by_key(|&slot| {
        let people = problem.index.candidates.get(slot).map_or(0, Vec::len);
        let entry = problem.slots.get(slot);
        let start = entry.and_then(|s| problem.shifts.get(s.shift));
        (
            people,
            entry.map(|s| s.role),
            start.map(|s| s.start_min),
            slot,
        )
    });
    for slot in open {
        if let Some(person) = cheapest(roster, slot) {
            roster.put(slot, person);
        }
    }
}

/// Takes over an assignment as far as the slots are open and no rule objects; whether it gave any.
pub(super) fn resume(roster: &mut Roster, start: &[Option<usize>]) -> bool {
    let mut any = false;
    for (slot, entry) in start.iter().enumerate().take(roster.holder.len()) {
        let Some(person) = *entry else { continue };
        if roster.holder.at(slot).is_none() && rules::allows(roster, person, slot) {
            roster.put(slot, person);
            any = true;
        }
    }
    any
}

/// Who may take an open slot at the least extra cost; the first of equals.
pub(super) fn cheapest(roster: &Roster, slot: usize) -> Option<usize> {
    let people = roster.problem.index.candidates.get(slot)?.iter().copied();
    people
        .filter(|&p| rules::allows(roster, p, slot))
        .min_by_key(|&p| score::gain(roster, p, slot))
}
