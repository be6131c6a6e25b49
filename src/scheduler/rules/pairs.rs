//! Pairs of people who never share a shift.
use super::super::table::At;
use super::Roster;

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    roster.problem.index.pairs && partners(roster, person, slot).next().is_some()
}

pub(super) fn others(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    partners(roster, person, slot).collect()
}

/// Slots of the same shift held by people this person may not serve with.
#[inline]
fn partners<'a>(
    roster: &'a Roster,
    person: usize,
    slot: usize,
) -> impl Iterator<Item = usize> + 'a {
    let index = &roster.problem.index;
    let row = person * roster.problem.people.len();
    let team = index.slots_of.get(index.shift.at(slot));
    let team = team.map(Vec::as_slice).unwrap_or_default().iter().copied();
    team.filter(move |&s| {
        roster
            .holder
            .at(s)
            .is_some_and(|q| index.forbidden.at(row + q))
    })
}
