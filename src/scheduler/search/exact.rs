//! Small problems: every schedule, but for branches that cannot be better.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::table::At;
use super::super::{rules, score};
use super::Key;

/// Largest number of schedules (rules aside) that is tried.
const SMALL: usize = 300_000;

struct Walk<'a> {
    roster: Roster<'a>,
    slots: Vec<usize>,
    best: Key,
    found: Option<Vec<Option<usize>>>,
}

/// Whether trying everything is affordable.
pub(in crate::scheduler) fn small(problem: &Problem) -> bool {
    let open = problem.slots.iter().zip(&problem.index.candidates);
    let mut open = open.filter(|(slot, _)| slot.pin.is_none());
    let size = open.try_fold(1_usize, |size, (_, people)| {
        let size = size.checked_mul(people.len() + 1)?;
        (size <= SMALL).then_some(size)
    });
    size.is_some()
}

/// The best schedule, if one is better than `known`.
pub(super) fn solve(problem: &Problem, known: Key) -> Option<Vec<Option<usize>>> {
    let roster = Roster::pinned(problem);
    let mut slots: Vec<usize> = roster.open().collect();
    slots.sort_by_key(|&slot| (problem.index.candidates.get(slot).map(Vec::len), slot));
    let mut walk = Walk {
        roster,
        slots,
        best: known,
        found: None,
    };
    walk.descend(0, 0, 0);
    walk.found
}

impl Walk<'_> {
    fn descend(&mut self, depth: usize, unfilled: usize, urgency: i64) {
        let problem = self.roster.problem;
        let Some(&slot) = self.slots.get(depth) else {
            let key = score::breakdown(&self.roster).key();
            if key < self.best {
                self.best = key;
                self.found = Some(self.roster.holder.clone());
            }
            return;
        };
        if (unfilled, urgency, self.floor(depth)) >= self.best {
            return;
        }
        let people = problem.index.candidates.get(slot);
        for &person in people.map(Vec::as_slice).unwrap_or_default() {
            if rules::allows(&self.roster, person, slot) {
                self.roster.put(slot, person);
                self.descend(depth + 1, unfilled, urgency);
                self.roster.take(slot);
            }
        }
        let urgent = problem.index.urgency.at(slot);
        self.descend(depth + 1, unfilled + 1, urgency + urgent);
    }

    /// A cost that no completion goes below: everybody at the balance that suits them best within
    /// what is still open, and every open slot at its fondest wish.
    fn floor(&self, depth: usize) -> i128 {
        let problem = self.roster.problem;
        let rest = self.slots.get(depth..).unwrap_or_default();
        let weight: i64 = rest.iter().map(|&s| problem.index.weight.at(s)).sum();
        let fairness = (0..problem.people.len()).map(|p| {
            let now = score::balance(&self.roster, p);
            score::fairness(problem, p, 0.clamp(now, now + weight))
        });
        let held = self.roster.holder.iter().enumerate();
        let held = held.filter_map(|(s, p)| p.map(|p| score::preference(problem, p, s)));
        let wishes = rest.iter().map(|&s| {
            let people = problem.index.candidates.get(s).map(Vec::as_slice);
            let costs = people.unwrap_or_default().iter();
            costs
                .map(|&p| score::preference(problem, p, s))
                .min()
                .unwrap_or(0)
                .min(0)
        });
        fairness.fold(0_i128, i128::saturating_add)
            + held.chain(wishes).map(i128::from).sum::<i128>()
    }
}
