//! What changes would do, before they are made.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::rules::{self, Violation};
use super::super::{score, table};

/// One slot given to somebody, or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which slot.
    pub slot: usize,
    /// Who takes it; `None` opens it.
    pub person: Option<usize>,
}

/// What changes would do, before they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The assignment afterwards.
    pub assignment: Vec<Option<usize>>,
    /// More unfilled slots (negative: fewer).
    pub unfilled: i64,
    /// More cost (negative: less).
    pub cost: i128,
    /// Rules broken afterwards that are not broken now.
    pub broken: Vec<Violation>,
    /// Rules broken now that no longer would be.
    pub mended: Vec<Violation>,
}

/// What changes to an assignment would cost and break, exactly. Changes that name no slot are
/// ignored; a person who does not exist opens the slot.
#[must_use]
pub fn cost_of(problem: &Problem, assignment: &[Option<usize>], changes: &[Change]) -> Effect {
    let before = Roster::of(problem, assignment).holder;
    let mut after = before.clone();
    for change in changes {
        let person = change.person.filter(|&p| p < problem.people.len());
        table::set(&mut after, change.slot, person);
    }
    let (old, new) = (
        score::score(problem, &before),
        score::score(problem, &after),
    );
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (was, is) = (
        rules::violations(problem, &before),
        rules::violations(problem, &after),
    );
    Effect {
        assignment: after,
        unfilled: count(new.unfilled) - count(old.unfilled),
        cost: new.total.saturating_sub(old.total),
        broken: is.iter().filter(|v| !was.contains(v)).cloned().collect(),
        mended: was.iter().filter(|v| !is.contains(v)).cloned().collect(),
    }
}

/// What differs between two assignments, in the order of the slots.
pub(super) fn changes(before: &[Option<usize>], after: &[Option<usize>]) -> Vec<Change> {
    let slots = before.iter().zip(after).enumerate();
    slots
        .filter(|(_, (before, after))| before != after)
        .map(|(slot, (_, after))| Change {
            slot,
            person: *after,
        })
        .collect()
}
