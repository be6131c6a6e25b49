//! The hard rules, one per file, each with its name.
//!
//! Every rule answers one question: would this person on this open slot break it, given
//! everything else on the roster? Taking somebody off a slot never breaks a rule, so a roster
//! built by putting people one at a time where no rule objects obeys them all. The rules about a
//! shift's whole team count its open slots in its favour: they are broken once filling those
//! could no longer mend it.
mod availability;
mod experienced;
mod newcomers;
mod one_slot;
mod pairs;
mod rest;
mod weekends;
mod window;

use super::problem::{Person, Problem};
use super::roster::Roster;
use super::table::At;
use std::collections::BTreeSet;

/// A hard rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Nobody takes a slot they cannot take (unavailable, on leave, lacking a requirement, ...).
    Availability,
    /// Nobody is in two places at once.
    OneSlotAtATime,
    /// Rest between two of a person's shifts.
    MinimumRest,
    /// At most so many shifts in a rolling window.
    ShiftsInWindow,
    /// At most so many weekends in a row.
    WeekendsInARow,
    /// Enough experienced people on every shift.
    ExperiencedOnShift,
    /// Newcomers are never alone, or only shadow.
    Newcomers,
    /// Pairs that may not serve together.
    ForbiddenPair,
}

impl Rule {
    /// Every rule, in the order in which they are looked at and reported.
    pub const ALL: [Self; 8] = [
        Self::Availability,
        Self::OneSlotAtATime,
        Self::MinimumRest,
        Self::ShiftsInWindow,
        Self::WeekendsInARow,
        Self::ExperiencedOnShift,
        Self::Newcomers,
        Self::ForbiddenPair,
    ];

    /// The rule's short name, for answers and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Availability => "availability",
            Self::OneSlotAtATime => "one slot at a time",
            Self::MinimumRest => "minimum rest",
            Self::ShiftsInWindow => "shifts in the window",
            Self::WeekendsInARow => "weekends in a row",
            Self::ExperiencedOnShift => "experienced on every shift",
            Self::Newcomers => "newcomers",
            Self::ForbiddenPair => "may not serve together",
        }
    }

    /// Whether this person on this open slot would break the rule.
    #[inline]
    fn broken(self, roster: &Roster, person: usize, slot: usize) -> bool {
        match self {
            Self::Availability => availability::broken(roster, person, slot),
            Self::OneSlotAtATime => one_slot::broken(roster, person, slot),
            Self::MinimumRest => rest::broken(roster, person, slot),
            Self::ShiftsInWindow => window::broken(roster, person, slot),
            Self::WeekendsInARow => weekends::broken(roster, person, slot),
            Self::ExperiencedOnShift => experienced::broken(roster, person, slot),
            Self::Newcomers => newcomers::broken(roster, person, slot),
            Self::ForbiddenPair => pairs::broken(roster, person, slot),
        }
    }

    /// The other slots that take part in breaking it.
    fn others(self, roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
        match self {
            Self::Availability => Vec::new(),
            Self::OneSlotAtATime => one_slot::others(roster, person, slot),
            Self::MinimumRest => rest::others(roster, person, slot),
            Self::ShiftsInWindow => window::others(roster, person, slot),
            Self::WeekendsInARow => weekends::others(roster, person, slot),
            Self::ExperiencedOnShift => experienced::others(roster, slot),
            Self::Newcomers => newcomers::others(roster, slot),
            Self::ForbiddenPair => pairs::others(roster, person, slot),
        }
    }
}

/// A rule that an assignment breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// The slots that break it together, in order.
    pub slots: Vec<usize>,
    /// The people on them, in order.
    pub people: Vec<usize>,
}

/// Whether a person may take an open slot. Fixed reasons come from a table, so that the search
/// pays only for what moves.
#[inline]
pub(super) fn allows(roster: &Roster, person: usize, slot: usize) -> bool {
    roster.possible(person, slot)
        && !one_slot::broken(roster, person, slot)
        && !rest::broken(roster, person, slot)
        && !experienced::broken(roster, person, slot)
        && !newcomers::broken(roster, person, slot)
        && !pairs::broken(roster, person, slot)
        && !window::broken(roster, person, slot)
        && !weekends::broken(roster, person, slot)
}

/// Every rule that a person on an open slot would break.
pub(super) fn broken(roster: &Roster, person: usize, slot: usize) -> Vec<Rule> {
    let rules = Rule::ALL.into_iter();
    rules.filter(|r| r.broken(roster, person, slot)).collect()
}

/// The slots that stand in a person's way on an open slot, over all rules.
pub(super) fn in_the_way(roster: &Roster, person: usize, slot: usize) -> Vec<usize> {
    let mut slots: Vec<usize> = broken(roster, person, slot)
        .into_iter()
        .flat_map(|r| r.others(roster, person, slot))
        .collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Serving slots of the same shift whose holder is like this.
fn team_where(roster: &Roster, slot: usize, like: fn(&Person) -> bool) -> Vec<usize> {
    let problem = roster.problem;
    let team = problem.index.slots_of.get(problem.index.shift.at(slot));
    let team = team.map(Vec::as_slice).unwrap_or_default().iter().copied();
    team.filter(|&s| {
        let serving = problem.slots.get(s).is_some_and(|s| !s.role.shadow);
        let holder = roster.holder.at(s).and_then(|p| problem.people.get(p));
        serving && holder.is_some_and(like)
    })
    .collect()
}

/// Every rule that an assignment breaks, each named once per group of slots. What commitments
/// break among themselves is not this schedule's and is not reported.
#[must_use]
pub fn violations(problem: &Problem, assignment: &[Option<usize>]) -> Vec<Violation> {
    let mut roster = Roster::of(problem, assignment);
    let mut found = BTreeSet::new();
    for slot in 0..problem.slots.len() {
        let Some(person) = roster.take(slot) else {
            continue;
        };
        for rule in broken(&roster, person, slot) {
            let mut slots = rule.others(&roster, person, slot);
            slots.push(slot);
            slots.sort_unstable();
            slots.dedup();
            let holder = |s: usize| {
                if s == slot {
                    Some(person)
                } else {
                    roster.holder.at(s)
                }
            };
            let mut people: Vec<usize> = slots.iter().filter_map(|&s| holder(s)).collect();
            people.sort_unstable();
            people.dedup();
            found.insert(Violation {
                rule,
                slots,
                people,
            });
        }
        roster.put(slot, person);
    }
    found.into_iter().collect()
}
