//! At most so many shifts in any so many calendar days in a row.
use super::super::table::At;
use super::Roster;

/// The first and last day of the first window that this slot would overfill.
#[inline]
fn overfull(roster: &Roster, person: usize, slot: usize) -> Option<(i64, i64)> {
    let window = roster.problem.settings.rules.window?;
    let days = roster.days.get(person)?;
    let index = &roster.problem.index;
    let day = index.day.at(index.shift.at(slot));
    let max = usize::try_from(window.max).unwrap_or(usize::MAX);
    // With the new day at `place`, any `max + 1` neighbours that include it must span the window.
    let place = days.iter().position(|&d| d >= day).unwrap_or(days.len());
    let with = |i: usize| match i.cmp(&place) {
        std::cmp::Ordering::Less => days.at(i),
        std::cmp::Ordering::Equal => day,
        std::cmp::Ordering::Greater => days.at(i - 1),
    };
    for first in place.saturating_sub(max)..=place {
        let last = first.saturating_add(max);
        if last > days.len() {
            break;
        }
        if with(last) - with(first) < window.days {
            return Some((with(first), with(first) + window.days - 1));
        }
    }
    None
}

#[inline]
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> bool {
    overfull(roster, person, slot).is_some()
}

pub(super) fn others(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    let Some((from, to)) = overfull(roster, person, slot) else {
        return Vec::new();
    };
    let days = roster.problem.index.day.iter().enumerate();
    let within = days
        .filter(|(_, d)| (from..=to).contains(*d))
        .map(|(shift, _)| shift);
    roster.slots_on(person, within)
}
