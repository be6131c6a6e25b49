//! Nobody takes a slot they cannot take.
use super::super::problem::Standing;
use super::Roster;

pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    matches!(roster.problem.standing(person, slot), Standing::Blocked(_))
}
