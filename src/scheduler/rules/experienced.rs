//! Every shift has enough experienced people, shadows aside. A shift of fewer slots than that asks
//! for experienced people on all of them.
use super::super::table::At;
use super::Roster;

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    let problem = roster.problem;
    let experienced = problem.people.get(person).is_some_and(|p| p.experienced);
    if experienced || problem.slots.get(slot).is_none_or(|s| s.role.shadow) {
        return false;
    }
    let shift = problem.index.shift.at(slot);
    roster.inexperienced.at(shift) >= problem.index.inexperienced_max.at(shift)
}

pub(super) fn others(roster: &Roster, slot: usize) -> Vec<usize> {
    super::team_where(roster, slot, |person| !person.experienced)
}
