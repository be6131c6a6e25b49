//! What would close an open slot, cheapest first: each way tried by solving with it.
use super::super::problem::{Problem, Standing};
use super::super::roster::Roster;
use super::super::rules::{self, Rule};
use super::super::score;
use super::super::table::{At, set};
use super::change::{Change, changes};
use super::resolve::Forcing;

/// A person who could take slots after all: asked although unavailable, given a requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Who.
    pub person: usize,
    /// The slots, and how they would stand to them.
    pub slots: Vec<(usize, Standing)>,
}

/// The single change that closes a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// None is needed: this person can take it if others move.
    Now(usize),
    /// The one of this number of those that were asked about.
    Stand(usize),
    /// What is pinned on this slot may move.
    Unpin(usize),
    /// This person breaks these rules once, here.
    Once(usize, Vec<Rule>),
}

/// What closes a slot, and what it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// The single change of what is given.
    pub way: Way,
    /// So much more cost than with the slot open, exactly that of `changes`.
    pub cost: i128,
    /// What then changes on the schedule, the slot's own among them.
    pub changes: Vec<Change>,
}

/// What would close an open slot with every other slot kept filled: moving others, each of
/// `stands`, one of `pins` (slots whose pin may move: what has begun may not), a rule broken once. The
/// cheapest first; what would not help is left out.
#[must_use]
pub fn mend(
    problem: &Problem,
    assignment: &[Option<usize>],
    slot: usize,
    stands: &[Stand],
    pins: &[usize],
) -> Vec<Remedy> {
    let roster = Roster::of(problem, assignment);
    if slot >= problem.slots.len() || roster.holder.at(slot).is_some() {
        return Vec::new();
    }
    let before = &roster.holder;
    let mut found = Vec::new();
    found.extend(nearest(problem, before, slot, Way::Now));
    for (number, stand) in stands.iter().enumerate() {
        let mut asked = problem.people.clone();
        if let Some(person) = asked.get_mut(stand.person) {
            for &(slot, standing) in &stand.slots {
                set(&mut person.standing, slot, standing);
            }
        }
        let asked = Problem::new(
            asked,
            problem.shifts.clone(),
            problem.slots.clone(),
            problem.settings.clone(),
        );
        let mut forcing = Forcing::new(&asked, before, slot);
        found.extend(remedy(
            &asked,
            before,
            slot,
            &mut forcing,
            stand.person,
            |_| Way::Stand(number),
        ));
    }
    let is_pinned = |slot: usize| problem.slots.get(slot).is_some_and(|s| s.pin.is_some());
    for pinned in pins.iter().copied().filter(|&slot| is_pinned(slot)) {
        // Pins are read as they are; no table depends on them.
        let mut freed = problem.clone();
        if let Some(entry) = freed.slots.get_mut(pinned) {
            entry.pin = None;
        }
        let closes = nearest(&freed, before, slot, |_| Way::Unpin(pinned));
        // Otherwise it was not the pin that stood in the way.
        found.extend(closes.filter(|r| r.changes.iter().any(|c| c.slot == pinned)));
    }
    for person in 0..problem.people.len() {
        found.extend(once(problem, &roster, slot, person));
    }
    found.sort_by_key(|r| (r.cost, r.changes.len()));
    found
}

/// The cheapest person for the slot, whoever it is.
fn nearest(
    problem: &Problem,
    before: &[Option<usize>],
    slot: usize,
    way: impl Fn(usize) -> Way,
) -> Option<Remedy> {
    let mut forcing = Forcing::new(problem, before, slot);
    let people = problem.index.candidates.get(slot).cloned();
    people
        .into_iter()
        .flatten()
        .filter_map(|person| remedy(problem, before, slot, &mut forcing, person, &way))
        .min_by_key(|r| (r.cost, r.changes.len()))
}

fn remedy(
    problem: &Problem,
    before: &[Option<usize>],
    slot: usize,
    forcing: &mut Forcing,
    person: usize,
    way: impl Fn(usize) -> Way,
) -> Option<Remedy> {
    let possible = problem.index.candidates.get(slot)?;
    if possible.binary_search(&person).is_err() {
        return None;
    }
    let after = forcing.find(person)?;
    let cost = score::score(problem, &after).total - score::score(problem, before).total;
    Some(Remedy {
        way: way(person),
        cost,
        changes: changes(before, &after),
    })
}

/// The person takes the slot although rules speak against it, and nobody else moves.
fn once(problem: &Problem, roster: &Roster, slot: usize, person: usize) -> Option<Remedy> {
    if matches!(problem.standing(person, slot), Standing::Blocked(_)) {
        return None;
    }
    let broken = rules::broken(roster, person, slot);
    // Nobody can be in two places at once, whoever allows it.
    if broken.is_empty() || broken.contains(&Rule::OneSlotAtATime) {
        return None;
    }
    Some(Remedy {
        way: Way::Once(person, broken),
        cost: score::gain(roster, person, slot),
        changes: vec![Change {
            slot,
            person: Some(person),
        }],
    })
}
