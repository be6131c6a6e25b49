//! A schedule near the present one in which a certain person holds a certain slot.
//!
//! The person takes the slot; what of theirs is in the way goes to others. Then what was given is
//! balanced: by an exchange with who held it, by a slot of theirs that goes to a third person, who
//! gives another to who held it, or not at all; the cheapest of these is improved step by step
//! among the people it touched. The work is bounded by the slots and candidates of a few people,
//! and what is found is a schedule that obeys every rule. That there is none cheaper is for the
//! floor to say.
use super::super::problem::{Block, Problem, Standing};
use super::super::roster::Roster;
use super::super::score;
use super::super::search::{swap_cost, try_swap};
use super::super::table::{At, set};
use super::super::{Effort, bound, recommend, rules};

/// At most so many improving steps.
const STEPS: usize = 4;

/// Sweeps of the bound.
const SWEEPS: usize = 20;

/// The problem in which the slots that are open now stay so, but for one.
pub(super) struct Forcing {
    problem: Problem,
    slot: usize,
    /// Slots that stay open.
    closed: usize,
    before: Vec<Option<usize>>,
}

/// What forcing came to.
pub(super) struct Forced {
    /// The schedule, if one was found.
    pub assignment: Option<Vec<Option<usize>>>,
    /// No schedule that fills the same slots costs less.
    pub floor: i128,
}

impl Forcing {
    pub fn new(problem: &Problem, assignment: &[Option<usize>], slot: usize) -> Self {
        let before = Roster::of(problem, assignment).holder;
        let mut people = problem.people.clone();
        let mut slots = problem.slots.clone();
        let mut closed = 0;
        for (open, entry) in slots.iter_mut().enumerate() {
            if open == slot || before.at(open).is_some() {
                continue;
            }
            closed += 1;
            entry.pin = None;
            for person in &mut people {
                set(
                    &mut person.standing,
                    open,
                    Standing::Blocked(Block::Unavailable),
                );
            }
        }
        let problem = if closed > 0 {
            let settings = problem.settings.clone();
            Problem::new(people, problem.shifts.clone(), slots, settings)
        } else {
            problem.clone()
        };
        Self {
            problem,
            slot,
            closed,
            before,
        }
    }

    /// The best that was found with this person on the slot, and what no schedule goes below.
    pub fn force(&mut self, person: usize) -> Forced {
        self.pin(Some(person));
        let problem = &self.problem;
        if super::super::search::small(problem) {
            let best = recommend(problem, Effort::Quick);
            let mut pins = Roster::pinned(problem);
            pins.take(self.slot);
            let filled = best.score.unfilled <= self.closed;
            let allowed = filled && rules::allows(&pins, person, self.slot);
            return Forced {
                assignment: allowed.then_some(best.assignment),
                floor: best.score.total,
            };
        }
        Forced {
            assignment: self.near(person).map(|roster| roster.holder),
            floor: self.floor(person),
        }
    }

    /// What no schedule with this person on the slot goes below.
    pub fn floor(&mut self, person: usize) -> i128 {
        self.pin(Some(person));
        bound::bound(&self.problem, self.closed, SWEEPS)
    }

    /// The best that was found with this person on the slot.
    pub fn find(&mut self, person: usize) -> Option<Vec<Option<usize>>> {
        self.pin(Some(person));
        self.near(person).map(|roster| roster.holder)
    }

    fn pin(&mut self, person: Option<usize>) {
        if let Some(entry) = self.problem.slots.get_mut(self.slot) {
            entry.pin = person;
        }
    }

    fn near(&self, person: usize) -> Option<Roster<'_>> {
        let mut roster = Roster::of(&self.problem, &self.before);
        let holder = roster.take(self.slot);
        let given = make_way(&mut roster, person, self.slot)?;
        let mut touched: Vec<usize> = holder.into_iter().chain([person]).collect();
        for slot in given {
            let heir = heirs(&roster, slot).min_by_key(|&p| score::gain(&roster, p, slot))?;
            roster.put(slot, heir);
            touched.push(heir);
        }
        if let Some(holder) = holder.filter(|&h| h != person) {
            balance(&mut roster, self.slot, person, holder);
        }
        improve(&mut roster, touched);
        Some(roster)
    }
}

/// Puts the person on the slot, and opens what stands in their way; `None` where that is fixed.
fn make_way(roster: &mut Roster, person: usize, slot: usize) -> Option<Vec<usize>> {
    let mut given = Vec::new();
    while !rules::allows(roster, person, slot) {
        let way = rules::in_the_way(roster, person, slot);
        // One at a time: often the first mends all.
        let next = way.into_iter().find(|&s| free(roster, s))?;
        roster.take(next);
        given.push(next);
    }
    roster.put(slot, person);
    Some(given)
}

fn free(roster: &Roster, slot: usize) -> bool {
    let entry = roster.problem.slots.get(slot);
    entry.is_some_and(|s| s.pin.is_none())
}

/// Who may take an open slot.
fn heirs<'a>(roster: &'a Roster, slot: usize) -> impl Iterator<Item = usize> + 'a {
    let people = roster.problem.index.candidates.get(slot);
    let people = people.into_iter().flatten().copied();
    people.filter(move |&p| rules::allows(roster, p, slot))
}

/// Slots of a person that may move.
fn movable(roster: &Roster, person: usize) -> Vec<usize> {
    let held = roster.holder.iter().enumerate();
    held.filter(|(slot, who)| **who == Some(person) && free(roster, *slot))
        .map(|(slot, _)| slot)
        .collect()
}

/// The person gained a slot that the other lost: the cheapest way to pass one on, from the person to
/// the other, or to a third who passes one on in turn. Does nothing where nothing is cheaper.
fn balance(roster: &mut Roster, gained: usize, person: usize, other: usize) {
    let mut best = (0, Vec::new());
    for first in movable(roster, person) {
        if first == gained {
            continue;
        }
        let Some(lost) = leave(roster, first) else {
            continue;
        };
        let thirds: Vec<usize> = heirs(roster, first).collect();
        for third in thirds {
            let cost = lost + score::gain(roster, third, first);
            if third != person && cost < best.0 {
                best = (cost, vec![(first, third)]);
            }
            if third == person || third == other {
                continue;
            }
            roster.put(first, third);
            for second in movable(roster, third) {
                if second == first || !roster.possible(other, second) {
                    continue;
                }
                let Some(passed) = leave(roster, second) else {
                    continue;
                };
                let whole = cost + passed + score::gain(roster, other, second);
                if whole < best.0 && rules::allows(roster, other, second) {
                    best = (whole, vec![(first, third), (second, other)]);
                }
                roster.put(second, third);
            }
            roster.take(first);
        }
        roster.put(first, person);
    }
    for (slot, heir) in best.1 {
        roster.take(slot);
        roster.put(slot, heir);
    }
}

/// Opens a slot and says what that changes.
fn leave(roster: &mut Roster, slot: usize) -> Option<i128> {
    let person = roster.holder.at(slot)?;
    let cost = score::loss(roster, person, slot);
    roster.take(slot);
    Some(cost)
}

/// Steepest descent by changes and exchanges that involve somebody whose slots have changed.
fn improve(roster: &mut Roster, mut touched: Vec<usize>) {
    for _ in 0..STEPS {
        touched.sort_unstable();
        touched.dedup();
        let Some(people) = step(roster, &touched) else {
            return;
        };
        touched.extend(people);
    }
}

/// Makes the best improving step; the people it involves, if there is one.
fn step(roster: &mut Roster, touched: &[usize]) -> Option<[usize; 2]> {
    let mut moves: Vec<(i128, usize, Move)> = Vec::new();
    let is_touched = |person: usize| touched.binary_search(&person).is_ok();
    for slot in 0..roster.holder.len() {
        let Some(from) = roster.holder.at(slot).filter(|_| free(roster, slot)) else {
            continue;
        };
        let ours = is_touched(from);
        let lost = score::loss(roster, from, slot);
        let people = roster.problem.index.candidates.get(slot);
        for &to in people.into_iter().flatten() {
            let cost = lost + score::gain(roster, to, slot);
            if to != from && cost < 0 && (ours || is_touched(to)) {
                moves.push((cost, slot, Move::Give(to)));
            }
        }
        if !ours {
            continue;
        }
        for other in 0..roster.holder.len() {
            let Some(with) = roster.holder.at(other).filter(|&w| w != from) else {
                continue;
            };
            if !roster.possible(with, slot) || !roster.possible(from, other) {
                continue;
            }
            let cost = swap_cost(roster, slot, other, from, with);
            if cost < 0 && free(roster, other) {
                moves.push((cost, slot, Move::Swap(other)));
            }
        }
    }
    moves.sort_unstable();
    for (_, slot, step) in moves {
        let from = roster.holder.at(slot)?;
        match step {
            Move::Give(to) => {
                roster.take(slot);
                let allowed = rules::allows(roster, to, slot);
                roster.put(slot, if allowed { to } else { from });
                if allowed {
                    return Some([from, to]);
                }
            }
            Move::Swap(other) => {
                let with = roster.holder.at(other)?;
                if try_swap(roster, slot, other) {
                    return Some([from, with]);
                }
            }
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Move {
    Give(usize),
    Swap(usize),
}
