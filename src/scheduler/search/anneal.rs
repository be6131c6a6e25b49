//! Annealing: small random steps, each judged by what it changes, worse ones less and less welcome.
//!
//! Steps are a change (another person on a slot), a swap (two slots exchange their people) and a
//! push (a person takes a slot, and the one slot of theirs that is in the way goes to somebody
//! else, or stays open). An open slot costs a penalty here, so that holes can move; what is kept
//! as best is decided by the true order.
use super::super::roster::Roster;
use super::super::table::At;
use super::super::{rules, score};
use super::Key;
use super::random::{Random, minus_ln};

/// What it is worth that an open slot matters less, in parts of what an open slot costs: by turns,
/// since fewest open slots and those that matter least are often found from different sides.
const URGES: [i64; 3] = [16, 1, 64];

pub(super) struct Anneal<'a> {
    roster: Roster<'a>,
    /// Slots that may move: not pinned, and at least one person possible.
    free: Vec<usize>,
    /// Those of them that are open.
    open: Vec<usize>,
    key: Key,
    /// What an open slot costs, and how much more for each step that it matters.
    penalty: i128,
    urge: i128,
    logarithms: Vec<i128>,
    random: Random,
    best: Vec<Option<usize>>,
    pub best_key: Key,
}

impl<'a> Anneal<'a> {
    pub fn new(roster: Roster<'a>, seed: u64) -> Self {
        let problem = roster.problem;
        let free = (0..problem.slots.len()).filter(|&slot| {
            let pinned = problem.slots.get(slot).is_some_and(|s| s.pin.is_some());
            !pinned
                && problem
                    .index
                    .candidates
                    .get(slot)
                    .is_some_and(|c| !c.is_empty())
        });
        let free: Vec<usize> = free.collect();
        let open = free.iter().copied();
        let open = open.filter(|&slot| roster.holder.at(slot).is_none());
        let key = score::breakdown(&roster).key();
        let mut anneal = Self {
            open: open.collect(),
            free,
            key,
            penalty: 0,
            logarithms: minus_ln(),
            random: Random::new(seed),
            best: roster.holder.clone(),
            best_key: key,
            urge: 0,
            roster,
        };
        anneal.penalty = anneal.dearest() + 4 * anneal.typical_step().max(1);
        let part = URGES.at(usize::try_from(seed % 3).unwrap_or(0));
        anneal.urge = anneal.penalty / i128::from(part.max(1));
        anneal
    }

    /// The best assignment seen so far.
    pub fn best(&self) -> &[Option<usize>] {
        &self.best
    }

    /// The most that opening a slot could save: less than this must an open slot never cost.
    fn dearest(&self) -> i128 {
        let held = self.roster.holder.iter().enumerate();
        let saved = held.filter_map(|(s, p)| p.map(|p| -score::loss(&self.roster, p, s)));
        saved.max().unwrap_or(0).max(0)
    }

    /// How much a random change typically costs: the scale for temperatures.
    pub fn typical_step(&mut self) -> i128 {
        let (mut sum, mut count) = (0_i128, 0);
        for _ in 0..400 {
            let Some(slot) = self.random.pick(&self.free) else {
                break;
            };
            let (Some(from), Some(to)) = (self.roster.holder.at(slot), self.candidate(slot)) else {
                continue;
            };
            let step = self.change_cost(slot, from, to).saturating_abs();
            sum = sum.saturating_add(step);
            count += 1;
        }
        sum / i128::max(count, 1)
    }

    /// Makes `steps` steps at a temperature given in 1/1024 of the cost's unit.
    pub fn run(&mut self, steps: u64, temperature: i128) {
        for _ in 0..steps {
            let dice = self.random.next();
            let limit = temperature.saturating_mul(
                self.logarithms
                    .at(usize::try_from(dice & 1023).unwrap_or(0)),
            ) >> 20;
            let kind = (dice >> 10) & 15;
            if !self.open.is_empty() && kind < 4 {
                self.fill_some(limit);
            } else if kind < 8 {
                self.change(limit);
            } else if kind < 12 {
                self.swap(limit);
            } else if let Some(slot) = self.random.pick(&self.free) {
                self.push(slot, limit);
            }
        }
    }

    fn candidate(&mut self, slot: usize) -> Option<usize> {
        let people = self.roster.problem.index.candidates.get(slot)?;
        self.random.pick(people)
    }

    fn change_cost(&self, slot: usize, from: usize, to: usize) -> i128 {
        score::loss(&self.roster, from, slot) + score::gain(&self.roster, to, slot)
    }

    /// Takes over a step already made on the roster.
    fn keep(&mut self, cost: i128) {
        self.key.2 = self.key.2.saturating_add(cost);
        if self.key < self.best_key {
            self.best_key = self.key;
            self.best.clone_from(&self.roster.holder);
        }
    }

    /// Tries somebody on an open slot.
    fn fill_some(&mut self, limit: i128) {
        if let Some(slot) = self.random.pick(&self.open) {
            self.push(slot, limit);
        }
    }

    fn change(&mut self, limit: i128) {
        let Some(slot) = self.random.pick(&self.free) else {
            return;
        };
        let (Some(from), Some(to)) = (self.roster.holder.at(slot), self.candidate(slot)) else {
            return;
        };
        if from == to {
            return;
        }
        let cost = self.change_cost(slot, from, to);
        if cost > limit {
            return;
        }
        self.roster.take(slot);
        if rules::allows(&self.roster, to, slot) {
            self.roster.put(slot, to);
            self.keep(cost);
        } else {
            self.roster.put(slot, from);
        }
    }

    fn swap(&mut self, limit: i128) {
        let (Some(one), Some(two)) = (self.random.pick(&self.free), self.random.pick(&self.free))
        else {
            return;
        };
        let (Some(a), Some(b)) = (self.roster.holder.at(one), self.roster.holder.at(two)) else {
            return;
        };
        if a == b || !self.roster.possible(a, two) || !self.roster.possible(b, one) {
            return;
        }
        let cost = swap_cost(&self.roster, one, two, a, b);
        if cost <= limit && try_swap(&mut self.roster, one, two) {
            self.keep(cost);
        }
    }

    /// Somebody takes the slot; what is in the way goes elsewhere, or stays open.
    fn push(&mut self, slot: usize, limit: i128) {
        let Some(to) = self.candidate(slot) else {
            return;
        };
        let before = self.roster.take(slot);
        if before == Some(to) {
            self.roster.put(slot, to);
            return;
        }
        let way = if rules::allows(&self.roster, to, slot) {
            Vec::new()
        } else {
            rules::in_the_way(&self.roster, to, slot)
        };
        // Where a limit is reached, it takes one of several to go.
        let other = match way.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => self.random.pick(several),
        };
        if other.is_some_and(|o| self.free.binary_search(&o).is_err()) {
            self.restore(slot, before);
            return;
        }
        let urgency = &self.roster.problem.index.urgency;
        let mut cost = 0;
        let mut holes = 0_i128;
        let mut urgent = 0;
        if let Some(from) = before {
            // The holder has left already, so this is the negative of taking it again.
            cost -= score::gain(&self.roster, from, slot);
        } else {
            holes -= 1;
            urgent -= urgency.at(slot);
        }
        let moved = other.and_then(|o| {
            let who = self.roster.take(o)?;
            cost -= score::gain(&self.roster, who, o);
            Some((o, who))
        });
        if !rules::allows(&self.roster, to, slot) {
            if let Some((o, who)) = moved {
                self.roster.put(o, who);
            }
            self.restore(slot, before);
            return;
        }
        cost += score::gain(&self.roster, to, slot);
        self.roster.put(slot, to);
        let mut heir = None;
        if let Some((o, _)) = moved {
            heir = self.heir(o);
            if let Some(next) = heir {
                cost += score::gain(&self.roster, next, o);
                self.roster.put(o, next);
            } else {
                holes += 1;
                urgent += urgency.at(o);
            }
        }
        let urge = self.urge * i128::from(urgent);
        if cost + holes * self.penalty + urge <= limit {
            if before.is_none() {
                self.open.retain(|&open| open != slot);
            }
            if let Some((other, _)) = moved.filter(|_| heir.is_none()) {
                self.open.push(other);
            }
            self.key.0 =
                usize::try_from(i128::try_from(self.key.0).unwrap_or(0) + holes).unwrap_or(0);
            self.key.1 += urgent;
            self.keep(cost);
            return;
        }
        if let Some((o, who)) = moved {
            if heir.is_some() {
                self.roster.take(o);
            }
            self.roster.take(slot);
            self.roster.put(o, who);
        } else {
            self.roster.take(slot);
        }
        self.restore(slot, before);
    }

    fn restore(&mut self, slot: usize, before: Option<usize>) {
        if let Some(person) = before {
            self.roster.put(slot, person);
        }
    }

    /// Somebody who may take an open slot: the cheapest of a few at random.
    fn heir(&mut self, slot: usize) -> Option<usize> {
        let people = self.roster.problem.index.candidates.get(slot)?;
        let start = self.random.below(people.len());
        let around = people.iter().cycle().skip(start).take(people.len());
        let mut may = around
            .copied()
            .filter(|&p| rules::allows(&self.roster, p, slot));
        let few: Vec<usize> = may.by_ref().take(3).collect();
        few.into_iter()
            .min_by_key(|&p| score::gain(&self.roster, p, slot))
    }
}

/// What exchanging the people of two slots changes.
pub(crate) fn swap_cost(roster: &Roster, one: usize, two: usize, a: usize, b: usize) -> i128 {
    let problem = roster.problem;
    let more = problem.index.weight.at(two) - problem.index.weight.at(one);
    let wish = |p, s| i128::from(score::preference(problem, p, s));
    let wishes = wish(a, two) - wish(a, one) + wish(b, one) - wish(b, two);
    if more == 0 {
        return wishes;
    }
    score::extra(roster, a, more) + score::extra(roster, b, -more) + wishes
}

/// Exchanges the people of two slots if every rule agrees; otherwise changes nothing.
pub(crate) fn try_swap(roster: &mut Roster, one: usize, two: usize) -> bool {
    let Some(a) = roster.take(one) else {
        return false;
    };
    let Some(b) = roster.take(two) else {
        roster.put(one, a);
        return false;
    };
    if rules::allows(roster, a, two) {
        roster.put(two, a);
        if rules::allows(roster, b, one) {
            roster.put(one, b);
            return true;
        }
        roster.take(two);
    }
    roster.put(one, a);
    roster.put(two, b);
    false
}
