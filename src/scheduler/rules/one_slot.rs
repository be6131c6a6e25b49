//! One slot at a time, across everything a person does.
use super::super::table::At;
use super::Roster;

fn overlapping<'a>(roster: &'a Roster, slot: usize) -> &'a [usize] {
    let index = &roster.problem.index;
    let list = index.overlaps.get(index.shift.at(slot));
    list.map(Vec::as_slice).unwrap_or_default()
}

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    let index = &roster.problem.index;
    let cell = person * roster.problem.shifts.len() + index.shift.at(slot);
    index.busy.at(cell)
        || overlapping(roster, slot)
            .iter()
            .any(|&s| roster.serves(person, s))
}

pub(super) fn others(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    roster.slots_on(person, overlapping(roster, slot).iter().copied())
}
