//! The one cost function.
use super::problem::Problem;
use super::roster::Roster;
use super::table::At;

/// What a schedule costs and where the cost comes from. Smaller is better, in the order
/// [`Breakdown::key`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// Slots that nobody holds.
    pub unfilled: usize,
    /// How much those matter: shadows nothing, the lower its escalation order the more.
    pub urgency: i64,
    /// Sum of the people's fairness costs.
    pub fairness: i128,
    /// Sum of the preference costs.
    pub preference: i128,
    /// Slots whose holder differs from the schedule last published, times the stability weight.
    pub stability: i128,
    /// Fairness plus preference plus stability.
    pub total: i128,
    /// What it means for each person.
    pub people: Vec<PersonScore>,
}

/// One person's part of the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonScore {
    /// Burden assigned, in weight units.
    pub load: i64,
    /// Slots assigned.
    pub slots: usize,
    /// `history + load`: the balance after this schedule.
    pub balance: i64,
    /// `(scale / capacity) * balance^2`.
    pub fairness: i128,
    /// Preference cost of the slots assigned.
    pub preference: i128,
}

impl Breakdown {
    /// What decides between two schedules: fewest unfilled slots, then the less urgent ones
    /// unfilled, then the smallest total.
    #[must_use]
    pub fn key(&self) -> (usize, i64, i128) {
        (self.unfilled, self.urgency, self.total)
    }
}

/// Scores an assignment; an entry that names nobody counts as unfilled.
#[must_use]
pub fn score(problem: &Problem, assignment: &[Option<usize>]) -> Breakdown {
    breakdown(&Roster::of(problem, assignment))
}

pub(super) fn breakdown(roster: &Roster) -> Breakdown {
    let problem = roster.problem;
    let mut result = Breakdown {
        unfilled: 0,
        urgency: 0,
        fairness: 0,
        preference: 0,
        stability: 0,
        total: 0,
        people: Vec::with_capacity(problem.people.len()),
    };
    for person in 0..problem.people.len() {
        let balance = balance(roster, person);
        result.people.push(PersonScore {
            load: roster.load.at(person),
            slots: 0,
            balance,
            fairness: fairness(problem, person, balance),
            preference: 0,
        });
    }
    for (slot, holder) in roster.holder.iter().enumerate() {
        if let Some(person) = *holder {
            if let Some(own) = result.people.get_mut(person) {
                let moved = stability(problem, person, slot);
                own.slots += 1;
                own.preference += i128::from(preference(problem, person, slot) - moved);
                result.stability += i128::from(moved);
            }
        } else {
            result.unfilled += 1;
            result.urgency += problem.index.urgency.at(slot);
        }
    }
    for own in &result.people {
        result.fairness = result.fairness.saturating_add(own.fairness);
        result.preference += own.preference;
    }
    let wishes = result.preference + result.stability;
    result.total = result.fairness.saturating_add(wishes);
    result
}

/// What a person carries with the roster as it is: history plus load.
#[inline]
pub(super) fn balance(roster: &Roster, person: usize) -> i64 {
    let history = roster.problem.people.get(person).map_or(0, |p| p.history);
    history + roster.load.at(person)
}

/// Fairness cost of a person at a balance.
#[inline]
pub(super) fn fairness(problem: &Problem, person: usize, balance: i64) -> i128 {
    let balance = i128::from(balance);
    problem.index.coefficient.at(person) * balance * balance
}

/// What a person on a slot costs besides fairness: preference and stability.
#[inline]
pub(super) fn preference(problem: &Problem, person: usize, slot: usize) -> i64 {
    problem
        .index
        .preference
        .at(person * problem.slots.len() + slot)
}

/// What it costs that somebody else held the slot in the schedule last published.
pub(super) fn stability(problem: &Problem, person: usize, slot: usize) -> i64 {
    let before = problem.slots.get(slot).and_then(|s| s.previous);
    if before.is_some_and(|p| p != person) {
        problem.settings.stability
    } else {
        0
    }
}

/// What the fairness cost changes when a person carries so much more (or less).
#[inline]
pub(super) fn extra(roster: &Roster, person: usize, weight: i64) -> i128 {
    let weight = i128::from(weight);
    let balance = i128::from(balance(roster, person));
    roster.problem.index.coefficient.at(person) * weight * (2 * balance + weight)
}

/// What the whole cost changes when a person who does not hold it takes a slot.
#[inline]
pub(super) fn gain(roster: &Roster, person: usize, slot: usize) -> i128 {
    let problem = roster.problem;
    extra(roster, person, problem.index.weight.at(slot))
        + i128::from(preference(problem, person, slot))
}

/// What the whole cost changes when the holder leaves a slot.
#[inline]
pub(super) fn loss(roster: &Roster, person: usize, slot: usize) -> i128 {
    let problem = roster.problem;
    extra(roster, person, -problem.index.weight.at(slot))
        - i128::from(preference(problem, person, slot))
}
