//! Never more weekends in a row with a shift than allowed.
use super::super::table::At;
use super::Roster;

/// The weekend columns of the run that this slot would make too long.
#[inline]
fn run(roster: &Roster, person: usize, slot: usize) -> Option<(usize, usize)> {
    let max = roster.problem.settings.rules.max_consecutive_weekends?;
    let index = &roster.problem.index;
    let column = index.weekend.at(index.shift.at(slot)).checked_sub(1)?;
    let works = |c: usize| roster.weekends.at(person * index.weekends + c) > 0;
    let mut first = column;
    while first > 0 && works(first - 1) {
        first -= 1;
    }
    let mut last = column;
    while last + 1 < index.weekends && works(last + 1) {
        last += 1;
    }
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    (last - first + 1 > max).then_some((first, last))
}

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    run(roster, person, slot).is_some()
}

pub(super) fn others(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    let Some((first, last)) = run(roster, person, slot) else {
        return Vec::new();
    };
    let weekends = roster.problem.index.weekend.iter().enumerate();
    let within = weekends.filter(|(_, w)| (first + 1..=last + 1).contains(*w));
    roster.slots_on(person, within.map(|(shift, _)| shift))
}
