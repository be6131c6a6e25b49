//! Newcomers are never alone on a shift, or only shadow. A shadow is no company.
use super::super::table::At;
use super::Roster;

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    let problem = roster.problem;
    let newcomer = problem.people.get(person).is_some_and(|p| p.newcomer);
    if !newcomer || problem.slots.get(slot).is_none_or(|s| s.role.shadow) {
        return false;
    }
    let shift = problem.index.shift.at(slot);
    roster.newcomers.at(shift) >= problem.index.newcomers_max.at(shift)
}

pub(super) fn others(roster: &Roster, slot: usize) -> Vec<usize> {
    super::team_where(roster, slot, |person| person.newcomer)
}
