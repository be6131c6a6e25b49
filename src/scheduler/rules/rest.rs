//! Minimum rest: the later of two shifts starts so long after the earlier ends.
use super::super::table::At;
use super::Roster;

fn close<'a>(roster: &'a Roster, slot: usize) -> &'a [usize] {
    let index = &roster.problem.index;
    let list = index.close.get(index.shift.at(slot));
    list.map(Vec::as_slice).unwrap_or_default()
}

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    let index = &roster.problem.index;
    let cell = person * roster.problem.shifts.len() + index.shift.at(slot);
    index.tired.at(cell)
        || close(roster, slot)
            .iter()
            .any(|&s| roster.serves(person, s))
}

pub(super) fn others(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    roster.slots_on(person, close(roster, slot).iter().copied())
}
