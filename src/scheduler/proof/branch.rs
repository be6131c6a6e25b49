//! Cases: what the prices leave open is settled by deciding one thing after the other.
//!
//! Of the cases that are open the one with the lowest bound is looked into next, so that the lowest of
//! all is a bound at any moment (branch and bound: Land and Doig, "An automatic method of solving
//! discrete programming problems", 1960). Its prices are climbed from where those of the case before
//! stood, and what reaches the cost of the best known schedule is dropped. Then either a person's load
//! is decided (at most so much, or more) or who takes a slot (this person, or not). Of a few such
//! choices that are in most doubt each is tried for some steps, and the one that raises both bounds
//! most is taken (strong branching: Applegate, Bixby, Chvátal and Cook, "Finding cuts in the TSP",
//! 1995).
use super::super::problem::Problem;
use super::super::table::{At, set};
use super::ascent::{Ascent, Floors};
use super::limits;
use super::parts::Parts;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Temperatures of a case, in parts of `Parts::scale`.
const HEATS: [f64; 2] = [0.001, 0.000_2];

/// Steps at each of them.
const STEPS: usize = 30;

/// Steps that a choice is tried for, at the last of them.
const TRIED: usize = 10;

/// A climb that gains less in a step than one part in so many of what is missing is given up.
const SLOW: f64 = 100.0;

/// So many loads, and so many slots, in most doubt are tried.
const LOADS: usize = 4;
const SLOTS: usize = 4;

/// A share or chance this near to none or all is not in doubt.
const DOUBT: f64 = 0.05;

/// Tables are small here, and a cell takes so many times as long as in large ones.
const SMALL: u64 = 2;

/// Copying an entry takes as long as so many cells.
const COPY: u64 = 32;

/// Most entries that all cases together may keep waiting.
const MEMORY: usize = 400_000;

/// Takes pairs of slot and person, those wanted most first, and answers with a cost.
pub(in super::super) type TryOut<'a> = &'a mut dyn FnMut(&[(usize, usize)]) -> i128;

/// How the cases are worked through.
pub(super) struct Cases<'a> {
    pub problem: &'a Problem,
    /// Work left, in cells of tables.
    pub work: u64,
    /// Whether to go on.
    pub go: &'a mut dyn FnMut() -> bool,
    /// Makes a schedule of what a case leans to, and says what the best one costs.
    pub try_out: TryOut<'a>,
    /// Cost of the best known schedule.
    pub goal: i128,
}

/// A case: what is left of the problem, and its best prices so far.
struct Case {
    parts: Parts,
    prices: Vec<i64>,
}

/// Something to decide.
#[derive(Clone, Copy)]
enum Choice {
    /// A person's load: at most so much, or more.
    Load(usize, usize),
    /// A slot, and a person: has it, or not.
    Slot(usize, usize),
}

impl Cases<'_> {
    /// No schedule that costs less than the goal costs less than the prices are worth that this
    /// returns, in units of `Parts::one`.
    pub fn settle(&mut self, parts: &Parts, (prices, best): (&[i64], i64)) -> i64 {
        let first = Case {
            parts: parts.clone(),
            prices: prices.to_vec(),
        };
        let mut open = BTreeMap::from([((best, Reverse(0)), first)]);
        let mut number = 0;
        let mut waiting = 0;
        while let Some((&(value, order), _)) = open.first_key_value() {
            if i128::from(value) > parts.enough(self.goal)
                || self.work == 0
                || waiting > MEMORY
                || !(self.go)()
            {
                return value;
            }
            let Some(case) = open.remove(&(value, order)) else {
                return value;
            };
            waiting = waiting.saturating_sub(case.parts.entries());
            // Trying out a schedule looks at every pair of slots.
            let pairs = parts.slots.len() * parts.slots.len();
            self.work = self.work.saturating_sub(pairs as u64);
            for (found, case) in self.look(case) {
                number += 1;
                waiting += case.parts.entries();
                open.insert((found.max(value), Reverse(number)), case);
            }
        }
        i64::MAX
    }

    /// Looks into a case: the cases it falls into, and what their prices are worth. None where there is
    /// nothing to be found.
    fn look(&mut self, case: Case) -> Vec<(i64, Case)> {
        let Case { mut parts, prices } = case;
        let mut ascent = Ascent::at(&parts, &prices);
        for heat in HEATS {
            if !self.climb(&mut ascent, &parts, (heat, STEPS)) {
                return Vec::new();
            }
            if limits::add(self.problem, &mut parts, &ascent.shares) {
                ascent.grow(&parts);
            }
        }
        self.goal = self.goal.min((self.try_out)(&ascent.leaning(&parts)));
        // What reaches the goal is in no better schedule.
        let limit = parts.enough(self.goal);
        let floors = ascent.floors(&parts);
        let worth = parts.worth(&floors, (ascent.best, limit));
        if i128::from(worth) > limit {
            return Vec::new();
        }
        let choices = choices(&parts, &ascent, (&floors, limit));
        if !parts.narrow(&floors, limit) {
            return Vec::new();
        }
        if choices.is_empty() {
            // One schedule is left; tried out, it cannot be better than the goal.
            let mut only = Vec::new();
            for (p, duties) in parts.people.iter().enumerate().take(parts.staff) {
                only.extend(duties.entries().map(|e| (parts.slots.at(e.slot), p)));
            }
            self.goal = self.goal.min((self.try_out)(&only));
            return Vec::new();
        }
        let prices = ascent.best_prices;
        let mut chosen: Option<(i64, Vec<(i64, Case)>)> = None;
        for choice in choices {
            let both = [true, false].map(|yes| parts.decided(choice, yes));
            let tried: Vec<(i64, Case)> = both
                .into_iter()
                .filter_map(|parts| self.try_choice(parts, &prices))
                .collect();
            // The fewer cases the better, then the higher the lower bound of theirs.
            let least = tried.iter().map(|c| c.0).min().unwrap_or(i64::MAX);
            let better = |(most, cases): &(i64, Vec<(i64, Case)>)| {
                (tried.len(), -least) < (cases.len(), -most)
            };
            if chosen.as_ref().is_none_or(better) {
                chosen = Some((least, tried));
            }
            let settled = chosen.as_ref().is_some_and(|(_, cases)| cases.len() < 2);
            if settled || self.work == 0 {
                break;
            }
        }
        let cases = chosen
            .map(|(_, cases)| cases)
            .unwrap_or_default()
            .into_iter();
        cases
            .map(|(value, case)| (value.max(worth), case))
            .collect()
    }

    /// Some steps with a choice made: what its prices are worth, unless nothing is to be found there.
    fn try_choice(&mut self, parts: Parts, prices: &[i64]) -> Option<(i64, Case)> {
        // A copy is work, too.
        self.work = self.work.saturating_sub(COPY * parts.entries() as u64);
        let mut ascent = Ascent::at(&parts, prices);
        let heat = HEATS.last().copied().unwrap_or_default();
        if !self.climb(&mut ascent, &parts, (heat, TRIED)) {
            return None;
        }
        let limit = parts.enough(self.goal);
        let floors = ascent.floors(&parts);
        let worth = parts.worth(&floors, (ascent.best, limit));
        let prices = ascent.best_prices;
        (i128::from(worth) <= limit).then_some((worth, Case { parts, prices }))
    }

    /// Climbs, as long as there is something to be found; whether there still is.
    fn climb(&mut self, ascent: &mut Ascent, parts: &Parts, (heat, steps): (f64, usize)) -> bool {
        let enough = parts.enough(self.goal);
        let (left, before) = (self.work, ascent.work);
        let gap = enough.saturating_sub(ascent.best.into()) as f64 / parts.one as f64;
        let mut more =
            |a: &Ascent| i128::from(a.best) <= enough && (a.work - before) * SMALL < left;
        if more(ascent) {
            ascent.climb(parts, (heat * parts.scale, steps, gap / SLOW), &mut more);
        }
        self.work = self.work.saturating_sub((ascent.work - before) * SMALL);
        i128::from(ascent.best) <= enough
    }
}

/// What is in most doubt, of that which a better schedule may hold.
fn choices(parts: &Parts, ascent: &Ascent, (floors, limit): (&[Floors], i128)) -> Vec<Choice> {
    let mut slots: Vec<(f64, usize)> = vec![(0.0, 0); parts.slots.len()];
    let mut count = vec![0_usize; parts.slots.len()];
    let people = parts.people.iter().zip(&ascent.shares).zip(floors);
    for (p, ((duties, shares), own)) in people.enumerate() {
        let entries = duties.entries().zip(shares).zip(&own.entries);
        for ((entry, &share), _) in entries.filter(|(_, floor)| **floor <= limit) {
            let more = count.at(entry.slot) + 1;
            set(&mut count, entry.slot, more);
            if share >= slots.at(entry.slot).0 {
                set(&mut slots, entry.slot, (share, p));
            }
        }
    }
    let open = slots.iter().enumerate().filter(|(s, _)| count.at(*s) > 1);
    let mut slots: Vec<(f64, Choice)> = open
        .map(|(s, &(share, p))| ((share - 0.5).abs(), Choice::Slot(s, p)))
        .collect();
    slots.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut loads = uncertain(&ascent.loads);
    loads.extend(possible(&ascent.loads, (floors, limit)));
    loads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let loads = loads.into_iter().take(LOADS);
    loads
        .chain(slots.into_iter().take(SLOTS))
        .map(|c| c.1)
        .collect()
}

/// People whose loads are not settled, and the load they have at most as often as not; how far from that.
fn uncertain(loads: &[Vec<f64>]) -> Vec<(f64, Choice)> {
    let mut found = Vec::new();
    for (person, likely) in loads.iter().enumerate() {
        let mut below = 0.0;
        let mut most: Option<(f64, Choice)> = None;
        for (load, chance) in likely.iter().enumerate() {
            below += chance;
            let far = (below - 0.5_f64).abs();
            if far < 0.5 - DOUBT && most.as_ref().is_none_or(|(known, _)| far < known - 1e-9) {
                most = Some((far, Choice::Load(person, load)));
            }
        }
        found.extend(most);
    }
    found
}

/// People who may have other loads than they mostly have, and how much that would cost at least.
fn possible(loads: &[Vec<f64>], (floors, limit): (&[Floors], i128)) -> Vec<(f64, Choice)> {
    let mut found = Vec::new();
    for (person, (likely, own)) in loads.iter().zip(floors).enumerate() {
        let most = likely.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        let Some((most, _)) = most else { continue };
        let mut consider = |other: Option<usize>, load: usize| {
            let floor = other.and_then(|l| own.loads.get(l));
            if let Some(&floor) = floor.filter(|f| **f <= limit) {
                let near = limit.saturating_sub(floor) as f64;
                found.push((1.0 + 1.0 / (1.0 + near), Choice::Load(person, load)));
            }
        };
        consider(most.checked_sub(1), most.saturating_sub(1));
        consider(Some(most + 1), most);
    }
    found
}

impl Parts {
    /// What prices are worth, in units of `one`, and what a schedule can cost at all.
    fn worth(&self, floors: &[Floors], (best, limit): (i64, i128)) -> i64 {
        let least = self.least(floors, (best, limit)).saturating_sub(self.fixed);
        let least = least.saturating_mul(self.one.into());
        best.max(i64::try_from(least).unwrap_or(if least > 0 { i64::MAX } else { i64::MIN }))
    }

    /// What is left when a choice is made.
    fn decided(&self, choice: Choice, yes: bool) -> Self {
        let mut parts = self.clone();
        match choice {
            Choice::Load(person, load) => {
                if let Some(duties) = parts.people.get_mut(person) {
                    if yes {
                        duties.at_most(load);
                    } else {
                        duties.at_least(load + 1);
                    }
                }
            }
            Choice::Slot(slot, person) => {
                for (p, duties) in parts.people.iter_mut().enumerate() {
                    let mine = p == person;
                    *duties = duties.filtered(&|_, e| e.slot != slot || mine == yes);
                }
            }
        }
        parts
    }
}
