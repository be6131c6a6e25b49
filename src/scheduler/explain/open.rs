//! For a slot that nobody holds, what keeps each person from it.
use super::super::problem::{Block, Problem, Standing};
use super::super::roster::Roster;
use super::super::rules::{self, Rule};

/// What keeps a person from an open slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// They cannot take it whatever the others do.
    Blocked(Block),
    /// They would break these rules, given everything else on the schedule.
    Breaks(Vec<Rule>),
}

/// A slot that nobody holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSlot {
    /// Which slot.
    pub slot: usize,
    /// For every person what keeps them from it, in the order of the people. A person nothing
    /// keeps from it (possible only in a schedule made by hand) is not listed.
    pub reasons: Vec<(usize, Reason)>,
}

/// For each open slot, what keeps each person from it.
#[must_use]
pub fn open_slots(problem: &Problem, assignment: &[Option<usize>]) -> Vec<OpenSlot> {
    let roster = Roster::of(problem, assignment);
    let reason = |person: usize, slot: usize| match problem.standing(person, slot) {
        Standing::Blocked(block) => Some(Reason::Blocked(block)),
        _ => Some(rules::broken(&roster, person, slot))
            .filter(|broken| !broken.is_empty())
            .map(Reason::Breaks),
    };
    let open = roster.open().map(|slot| OpenSlot {
        slot,
        reasons: (0..problem.people.len())
            .filter_map(|p| reason(p, slot).map(|r| (p, r)))
            .collect(),
    });
    open.collect()
}
