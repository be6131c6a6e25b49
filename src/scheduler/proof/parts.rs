//! Everybody's part of the problem together: what prices are about.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::rules;
use super::super::score;
use super::super::table::{At, set};
use super::ascent::Floors;
use super::duties::{Duties, farthest};
use super::gcd;
use std::collections::BTreeSet;

/// What one person costs, and what all prices together pay, stay below this, so that floating point
/// adds them up exactly.
const LARGEST: i128 = 1 << 51;

/// Prices are integers in this fraction of the cost's unit, or in a coarser one for large costs.
const FINEST: i64 = 1 << 14;

/// What an open slot costs; slots that nobody can take cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Toll {
    /// Nothing: it is enough that no more are open than may be.
    Free,
    /// One each.
    Each,
    /// As much as it matters.
    Urgency,
}

impl Toll {
    fn of(self, problem: &Problem, slot: usize) -> i64 {
        match self {
            Self::Free => 0,
            Self::Each => 1,
            Self::Urgency => problem.index.urgency.at(slot),
        }
    }
}

/// Everybody's part, and the slots to be filled.
#[derive(Clone)]
pub(super) struct Parts {
    pub people: Vec<Duties>,
    /// The open slots that somebody may take.
    pub slots: Vec<usize>,
    /// The sum of their weights, in the unit of the weights.
    pub total: usize,
    /// What is paid whatever is decided, in the cost's unit: what people carry already, and what
    /// pins cost. Everything else here is counted from there on.
    pub fixed: i128,
    /// How many units there are to one of the cost.
    pub one: i64,
    /// Every schedule costs a multiple of this more than `fixed`.
    pub grain: i128,
    /// What it costs, about, to have one average slot too many, in the cost's unit: what
    /// temperatures are measured by, so that the unit of weights and costs does not matter.
    pub scale: f64,
    /// So many of `people` are people. Where slots may stay open there is one more, who takes those,
    /// at no cost and as many as may.
    pub staff: usize,
    /// Limits on how many entries may be held together; they are priced after the slots.
    pub limits: Vec<usize>,
    /// The pairs of person and slot (by place) that each limit is about.
    pub limited: BTreeSet<Vec<(usize, usize)>>,
}

impl Parts {
    /// For schedules with at most so many slots open that matter at most so much, each at a toll. `None`
    /// when the numbers are too large to be worked on.
    pub fn new(problem: &Problem, (unfilled, urgency): (usize, i64), toll: Toll) -> Option<Self> {
        let roster = Roster::pinned(problem);
        let mut place = vec![None; problem.slots.len()];
        let mut slots = Vec::new();
        let (mut lost, mut lost_urgency) = (0, 0);
        let may = |p: usize, s: usize| rules::allows(&roster, p, s);
        for slot in roster.open() {
            let people = problem.index.candidates.get(slot)?;
            if people.iter().any(|&p| may(p, slot)) {
                set(&mut place, slot, Some(slots.len()));
                slots.push(slot);
            } else {
                lost += 1;
                lost_urgency += problem.index.urgency.at(slot);
            }
        }
        let unit = slots.iter().map(|&s| problem.index.weight.at(s));
        let unit = unit.fold(0, gcd).max(1);
        let total: i64 = slots.iter().map(|&s| problem.index.weight.at(s)).sum();
        let pinned = score::breakdown(&roster);
        let fixed = pinned.total;
        let wish = problem.index.preference.iter().map(|p| p.unsigned_abs());
        let tolls = slots.iter().map(|&s| toll.of(problem, s).unsigned_abs());
        let dearest = wish.chain(tolls).max().unwrap_or(0);
        let wishes = i128::from(dearest) * (i128::try_from(slots.len()).ok()? + 1);
        let ideal = super::super::level::ideal_load_all(problem);
        let mut size = wishes;
        for p in 0..problem.people.len() {
            // Beyond the last load told apart costs rise as steeply as there.
            let apart = i128::from(farthest(&roster, p, ideal.at(p), unit).min(total));
            let slope = 2 * (apart + i128::from(score::balance(&roster, p)).abs());
            let most = i128::from(total.max(unit)).saturating_mul(slope);
            let most = problem.index.coefficient.at(p).saturating_mul(most);
            size = size.max(wishes.saturating_add(most));
        }
        let mut one = FINEST;
        while size * i128::from(one) > LARGEST {
            if one == 1 {
                return None;
            }
            one /= 2;
        }
        let spare = unfilled.saturating_sub(lost).min(slots.len());
        let left = urgency.saturating_sub(lost_urgency);
        let cost = |slot: usize| toll.of(problem, slot) * one;
        let vacant = Duties::vacant(problem, &slots, (spare, left), &cost);
        let mut order: Vec<usize> = (0..problem.shifts.len()).collect();
        order.sort_by_key(|&s| problem.shifts.get(s).copied().unwrap_or_default());
        let people = (0..problem.people.len()).map(|p| {
            let open = |s: usize| place.at(s).filter(|_| may(p, s));
            Duties::new(&roster, p, &order, &open, (unit, ideal.at(p), one))
        });
        Some(Self {
            people: people.chain(vacant).collect(),
            staff: problem.people.len(),
            fixed,
            one,
            total: usize::try_from(total / unit).ok()?,
            grain: grain(&roster, unit),
            scale: scale(problem, &slots),
            slots,
            limits: Vec::new(),
            limited: BTreeSet::new(),
        })
    }

    /// A value of prices as a cost, rounded up to what a schedule can cost.
    pub fn up(&self, value: impl Into<i128>) -> i128 {
        let unit = i128::from(self.one) * self.grain;
        let value = value.into();
        let steps = value.div_euclid(unit) + i128::from(value.rem_euclid(unit) > 0);
        self.fixed + steps * self.grain
    }

    /// A value above this leaves no room for a schedule that costs less than the goal.
    pub fn enough(&self, goal: i128) -> i128 {
        (goal - self.fixed - self.grain).saturating_mul(i128::from(self.one))
    }

    /// Pairs of person and slot.
    pub fn entries(&self) -> usize {
        self.people.iter().map(|d| d.entries().count()).sum()
    }

    /// Leaves out entries and loads whose floors are above a limit; whether every slot can still be
    /// taken.
    pub fn narrow(&mut self, floors: &[Floors], limit: i128) -> bool {
        let mut left = vec![0_usize; self.slots.len()];
        for (duties, own) in self.people.iter_mut().zip(floors) {
            *duties = duties.filtered(&|e, _| own.entries.at(e) <= limit);
            for entry in duties.entries() {
                let more = left.at(entry.slot) + 1;
                set(&mut left, entry.slot, more);
            }
            let fits = |floor: &i128| *floor <= limit;
            duties.at_least(own.loads.iter().position(fits).unwrap_or(0));
            duties.at_most(own.loads.iter().rposition(fits).unwrap_or(0));
        }
        let mut kept = BTreeSet::new();
        for (p, duties) in self.people.iter().enumerate() {
            kept.extend(duties.entries().map(|e| (p, e.slot)));
        }
        let limited = std::mem::take(&mut self.limited).into_iter();
        let limited = limited.map(|mut pairs| {
            pairs.retain(|pair| kept.contains(pair));
            pairs
        });
        self.limited = limited.collect();
        !left.contains(&0)
    }

    /// What the prices are worth apart from the people.
    pub fn rest(&self, prices: &[i64]) -> i64 {
        let slots = self.slots.len();
        let limits = prices.iter().skip(slots).zip(&self.limits);
        let limits = limits.map(|(&price, &cap)| {
            let cap = i64::try_from(cap).unwrap_or(0);
            price.saturating_mul(cap).min(0)
        });
        let own = prices.get(..slots).unwrap_or_default();
        own.iter().sum::<i64>() + limits.sum::<i64>()
    }

    /// No price is larger, so that sums cannot overflow.
    pub fn dearest(&self) -> i64 {
        let count = i64::try_from(self.slots.len() + self.limits.len() + 1).unwrap_or(i64::MAX);
        (1 << 50) / count
    }
}

/// What every part of the cost is a multiple of, where all loads are multiples of a unit.
fn grain(roster: &Roster, unit: i64) -> i128 {
    let problem = roster.problem;
    let mut grain = 0;
    for (p, steep) in problem.index.coefficient.iter().enumerate() {
        let balance = i128::from(score::balance(roster, p));
        let unit = i128::from(unit);
        for part in [2 * steep * balance * unit, steep * unit * unit] {
            grain = gcd(grain, i64::try_from(part).unwrap_or(1));
        }
    }
    let wishes = problem.index.preference.iter().copied();
    i128::from(wishes.fold(grain, gcd).max(1))
}

/// The mean steepness of fairness times the mean square of the weights.
fn scale(problem: &Problem, slots: &[usize]) -> f64 {
    let steep: f64 = problem.index.coefficient.iter().map(|&c| c as f64).sum();
    let squares: f64 = slots
        .iter()
        .map(|&s| problem.index.weight.at(s) as f64)
        .map(|w| w * w)
        .sum();
    let count = (problem.people.len() * slots.len()).max(1) as f64;
    (steep * squares / count).max(1.0)
}
