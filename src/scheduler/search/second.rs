//! The second objective: among schedules of equal cost, spacing, then varied partners, then
//! nearness to the schedule last published.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::table::{At, set};
use super::super::{rules, score};
use super::swap_cost;

/// What decides among schedules of equal cost; smaller is better, compared in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct SecondObjective {
    /// Closeness of each person's shifts in time: the sum over neighbouring shifts of a million
    /// divided by the days between them plus one.
    pub closeness: i64,
    /// Repetition of partners: the sum over ordered pairs of the square of how often they meet.
    pub repetition: i64,
    /// Slots whose holder differs from the schedule last published.
    pub changed: i64,
}

/// The second objective of an assignment.
#[must_use]
pub fn second_objective(problem: &Problem, assignment: &[Option<usize>]) -> SecondObjective {
    Meetings::of(&Roster::of(problem, assignment)).whole()
}

/// Exchanges that cost nothing and make the second objective better; looks at so many pairs of slots
/// at most, and at all of them once in any case.
pub(super) fn improve<'a>(roster: &Roster<'a>, pairs: usize) -> Roster<'a> {
    let mut meetings = Meetings::of(roster);
    let slots = meetings.roster.holder.len().max(1);
    for _ in 0..(2 * pairs / (slots * slots)).clamp(1, 20) {
        let mut better = false;
        for one in 0..meetings.roster.holder.len() {
            better |= meetings.replace(one);
            for two in 0..one {
                better |= meetings.exchange(one, two);
            }
        }
        if !better {
            break;
        }
    }
    meetings.roster
}

/// A roster that also counts who meets whom.
struct Meetings<'a> {
    roster: Roster<'a>,
    /// Person x person: slots held together on one shift.
    meets: Vec<i64>,
    repetition: i64,
    changed: i64,
}

impl<'a> Meetings<'a> {
    fn of(full: &Roster<'a>) -> Self {
        let problem = full.problem;
        let people = problem.people.len();
        let mut meetings = Self {
            roster: Roster::empty(problem),
            meets: vec![0; people * people],
            repetition: 0,
            changed: 0,
        };
        let previous = problem.slots.iter().filter(|s| s.previous.is_some());
        meetings.changed = i64::try_from(previous.count()).unwrap_or(i64::MAX);
        for (slot, holder) in full.holder.iter().enumerate() {
            if let Some(person) = *holder {
                meetings.put(slot, person);
            }
        }
        meetings
    }

    fn put(&mut self, slot: usize, person: usize) {
        self.meet(slot, person, 1);
        self.roster.put(slot, person);
    }

    fn take(&mut self, slot: usize) -> Option<usize> {
        let person = self.roster.take(slot)?;
        self.meet(slot, person, -1);
        Some(person)
    }

    fn meet(&mut self, slot: usize, person: usize, change: i64) {
        let problem = self.roster.problem;
        let people = problem.people.len();
        let team = problem.index.slots_of.get(problem.index.shift.at(slot));
        for &other in team.into_iter().flatten().filter(|&&s| s != slot) {
            let Some(partner) = self.roster.holder.at(other).filter(|&q| q != person) else {
                continue;
            };
            for cell in [person * people + partner, partner * people + person] {
                let times = self.meets.at(cell);
                self.repetition += change * (2 * times + change);
                set(&mut self.meets, cell, times + change);
            }
        }
        if problem
            .slots
            .get(slot)
            .is_some_and(|s| s.previous == Some(person))
        {
            self.changed -= change;
        }
    }

    fn closeness(&self, person: usize) -> i64 {
        let days = self.roster.days.get(person).map(Vec::as_slice);
        let days = days.unwrap_or_default();
        let gaps = days.iter().zip(days.iter().skip(1)).map(|(a, b)| b - a);
        gaps.map(|gap| 1_000_000 / (gap + 1)).sum()
    }

    fn whole(&self) -> SecondObjective {
        let people = self.roster.problem.people.len();
        SecondObjective {
            closeness: (0..people).map(|p| self.closeness(p)).sum(),
            repetition: self.repetition,
            changed: self.changed,
        }
    }

    /// The second objective as far as changes between two people move it.
    fn between(&self, a: usize, b: usize) -> SecondObjective {
        SecondObjective {
            closeness: self.closeness(a) + self.closeness(b),
            repetition: self.repetition,
            changed: self.changed,
        }
    }

    fn free(&self, slot: usize) -> bool {
        let entry = self.roster.problem.slots.get(slot);
        entry.is_some_and(|s| s.pin.is_none())
    }

    /// Exchanges the people of two slots at no cost, if that is better.
    fn exchange(&mut self, one: usize, two: usize) -> bool {
        let roster = &self.roster;
        let (Some(a), Some(b)) = (roster.holder.at(one), roster.holder.at(two)) else {
            return false;
        };
        if a == b
            || !roster.possible(a, two)
            || !roster.possible(b, one)
            || swap_cost(roster, one, two, a, b) != 0
            || !self.free(one)
            || !self.free(two)
        {
            return false;
        }
        let before = self.between(a, b);
        self.take(one);
        self.take(two);
        if rules::allows(&self.roster, a, two) {
            self.put(two, a);
            if rules::allows(&self.roster, b, one) {
                self.put(one, b);
                if self.between(a, b) < before {
                    return true;
                }
                self.take(one);
            }
            self.take(two);
        }
        self.put(one, a);
        self.put(two, b);
        false
    }

    /// Gives a slot to somebody else at the same cost, if that is better.
    fn replace(&mut self, slot: usize) -> bool {
        let problem = self.roster.problem;
        let holder = self.roster.holder.at(slot).filter(|_| self.free(slot));
        let (Some(mut holder), Some(people)) = (holder, problem.index.candidates.get(slot)) else {
            return false;
        };
        let mut better = false;
        for &person in people {
            let loss = score::loss(&self.roster, holder, slot);
            if person == holder || loss + score::gain(&self.roster, person, slot) != 0 {
                continue;
            }
            let before = self.between(holder, person);
            self.take(slot);
            if rules::allows(&self.roster, person, slot) {
                self.put(slot, person);
                if self.between(holder, person) < before {
                    holder = person;
                    better = true;
                    continue;
                }
                self.take(slot);
            }
            self.put(slot, holder);
        }
        better
    }
}
