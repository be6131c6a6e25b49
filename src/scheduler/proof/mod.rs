//! How good the best schedule can be: prices per slot, and each person's own best schedule.
//!
//! # The bound
//!
//! Put a price `v_s` on every slot `s`, paid to whoever takes it. Let `c_p(R)` be what a person `p`
//! costs with the slots `R`: fairness `a_p (h_p + load of R)^2` plus preferences. A schedule that
//! fills every slot shares the slots out into sets `R_p`, so that for any prices
//!
//! ```text
//! cost = sum_p c_p(R_p) = sum_s v_s + sum_p (c_p(R_p) - v(R_p))
//!                      >= sum_s v_s + sum_p min over R of (c_p(R) - v(R))
//! ```
//!
//! where the minimum runs over the sets that `p` may hold: one slot at a time, with rest, nothing
//! that availability or pins forbid. It is a dynamic programme over (time, load), see `hard`. This
//! is the Lagrangian dual of "each slot is taken once" (Geoffrion, "Lagrangean relaxation for
//! integer programming", 1974); at the best prices it is as strong as the linear programme over all
//! columns "person and roster" (Dantzig and Wolfe, "Decomposition principle for linear programs",
//! 1960). Where `k` slots may stay open, one more who takes up to `k` slots at no cost stands for that.
//!
//! Limits over several people or longer times (experience, newcomers, pairs, windows, weekends)
//! have prices `m_l >= 0` paid by whoever uses them up: `- sum_l m_l cap_l` in all. See `limits`.
//!
//! # The prices
//!
//! The bound is concave in the prices but has kinks, at which simple subgradient steps stall. So
//! the minimum over a person's sets is replaced by `-t log sum exp(-cost / t)`, which the same
//! programme yields with sums instead of minima (`soft`, `cold`); it is smooth, its slope is one
//! minus how many people hold the slot on average, and as the temperature `t` falls it becomes the
//! bound (Nesterov, "Smooth minimization of non-smooth functions", 2005; the sums themselves: Baum
//! and Welch's forward and backward algorithm). `ascent` climbs it.
//!
//! Floating point only proposes prices. They are rounded to integers, and the value of those is
//! exact integer arithmetic: rounding costs strength, never truth.
//!
//! # What it proves beyond the bound
//!
//! Forward and backward, the same tables give the least that `p` costs when holding `s`, and with
//! it a floor under every schedule with `p` on `s` ([`Floors`](super::Floors)). A pair whose floor
//! reaches the cost of a known schedule is in no better one and can be left out of the search
//! (reduced-cost fixing).
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]
mod ascent;
mod branch;
mod cold;
mod dive;
mod duties;
mod hard;
mod limits;
mod numbers;
mod soft;

use super::bound::gcd;
use super::problem::Problem;
use super::table::{At, set};
use ascent::Ascent;
use duties::Parts;

/// What is proven about a problem so far.
pub(super) struct Proof<'a> {
    problem: &'a Problem,
    /// It holds for schedules with at most so many slots open, that matter at most so much.
    pub open: (usize, i64),
    parts: Parts,
    ascent: Ascent,
    heat: Option<f64>,
    /// At least this, from elsewhere.
    known: i128,
}

/// With more pairs of person and slot than this there is no room for copies, and so no diving and no
/// cases.
const CLONED: usize = 150_000;

/// Looks at a person and slot for the first prices.
const LOOKS: usize = 4_000_000;

/// Steps at each temperature.
const STEPS: usize = 100;

/// Each temperature is so much of the one before.
const COOLING: f64 = 0.25;

/// Colder than this part of `Parts::scale` there is nothing to gain, and the climb begins again from
/// the best prices, with the limits found meanwhile.
const COLDEST: f64 = 0.000_005;

/// Below this part of it the bound rises as long as there is something to gain.
const FLAT: f64 = 0.015;

/// As warm as this part of it.
const REHEATED: f64 = 0.005;

impl<'a> Proof<'a> {
    /// Begins with the prices of the convex relaxation. `known` is a bound already proven for
    /// schedules with at most so many slots `open` that matter at most so much. `None` when the
    /// numbers are too large.
    pub fn new(problem: &'a Problem, open: (usize, i64), known: i128) -> Option<Self> {
        let parts = Parts::new(problem, open)?;
        let prices = super::bound::slot_prices(problem, &parts.slots, LOOKS);
        Some(Self {
            ascent: Ascent::new(&parts, prices),
            problem,
            open,
            parts,
            heat: None,
            known,
        })
    }

    /// Pairs of person and slot.
    fn entries(&self) -> usize {
        self.parts.people.iter().map(|d| d.entries().count()).sum()
    }

    /// No schedule with as many filled slots costs less.
    pub fn bound(&self) -> i128 {
        self.parts.up(self.ascent.best).max(self.known)
    }

    /// Raises the bound towards the cost of a schedule, with so much work at most (in cells of
    /// tables), while `go`, which is told the bound, agrees.
    pub fn raise(&mut self, goal: i128, work: u64, go: &mut dyn FnMut(i128) -> bool) {
        let slots = self.parts.slots.len();
        if slots == 0 || self.bound() >= goal {
            return;
        }
        let until = self.ascent.work.saturating_add(work);
        let gap = (goal - self.parts.up(self.ascent.best)).max(self.parts.grain) as f64;
        // As warm as makes up for the gap when every slot is in doubt.
        let scale = self.parts.scale;
        let first = (3.0 * gap / slots as f64).max(COLDEST * scale);
        let mut heat = self.heat.unwrap_or(first);
        let (one, known) = (self.parts.one, self.known);
        while self.bound() < goal && self.ascent.work < until {
            let before = self.ascent.best;
            let (fixed, enough) = (self.parts.fixed, self.parts.enough(goal));
            let mut more = |ascent: &Ascent| {
                let bound = fixed + i128::from(ascent.best.div_euclid(one));
                let on = i128::from(ascent.best) <= enough && ascent.work < until;
                on && go(bound.max(known))
            };
            if !more(&self.ascent) {
                break;
            }
            self.ascent.climb(&self.parts, (heat, STEPS), &mut more);
            self.ascent.note(&self.parts);
            if limits::add(self.problem, &mut self.parts, &self.ascent.shares) {
                self.ascent.grow(&self.parts);
            } else if heat < FLAT * scale {
                // When it is cold and hardly gets better, these prices are as good as any.
                let gained = i128::from(self.ascent.best - before);
                if gained * 64 < self.parts.grain * i128::from(one) {
                    break;
                }
            }
            heat *= COOLING;
            if heat < COLDEST * scale {
                heat = REHEATED * scale;
                self.ascent.back(self.parts.one);
            }
        }
        self.heat = Some(heat);
    }

    /// Closes what gap is left by cases: a person has a slot, or has not, and each case gets prices of
    /// its own. `try_out` is told pairs that may make a better schedule, may make one of them, and
    /// says what the best known one costs. Stops after so much work, or when `go` says so, and then
    /// proves nothing.
    pub fn close(&mut self, work: u64, go: &mut dyn FnMut() -> bool, try_out: branch::TryOut) {
        if self.entries() > CLONED {
            return;
        }
        let mut cases = branch::Cases {
            work,
            go,
            try_out,
            goal: i128::MAX,
        };
        cases.goal = (cases.try_out)(&self.leaning());
        let prices = &self.ascent.best_prices;
        if cases.settle(&self.parts, prices) {
            self.known = self.known.max(cases.goal);
        }
    }

    /// For each slot and person the floor, where the person may take the slot.
    pub fn floors(&mut self) -> Vec<Vec<(usize, i128)>> {
        let mut floors = vec![Vec::new(); self.problem.slots.len()];
        let prices = &self.ascent.best_prices;
        let tables = &mut self.ascent.cold.tables;
        let all = self.ascent.best;
        for (p, duties) in self.parts.people.iter().enumerate().take(self.parts.staff) {
            let best = tables.best(duties, prices);
            let slots: Vec<usize> = duties.entries().map(|e| e.slot).collect();
            tables.with(duties, |entry, least| {
                let value = all.saturating_sub(best).saturating_add(least);
                let slot = self.parts.slots.at(slots.at(entry));
                if let Some(list) = floors.get_mut(slot) {
                    list.push((p, self.parts.up(value).max(self.known)));
                }
            });
        }
        floors
    }

    /// What an average slot too many costs, about.
    pub fn scale(&self) -> i128 {
        self.parts.scale as i128
    }

    /// Pairs of slot and person to make a schedule of, those surest first, with so much work at most.
    pub fn dive(&self, work: u64, go: &mut dyn FnMut() -> bool) -> Vec<(usize, usize)> {
        if self.entries() > CLONED {
            return self.leaning();
        }
        dive::dive(&self.parts, &self.ascent.best_prices, (work, go)).0
    }

    /// Pairs of slot and person that the smooth solution holds, those held most first.
    pub fn leaning(&self) -> Vec<(usize, usize)> {
        self.ascent.leaning(&self.parts)
    }

    /// The price of each slot, in 1/1024 of the cost's unit; 0 where there is nothing to decide.
    pub fn prices(&self) -> Vec<i128> {
        let mut prices = vec![0; self.problem.slots.len()];
        for (&slot, &price) in self.parts.slots.iter().zip(&self.ascent.best_prices) {
            set(
                &mut prices,
                slot,
                i128::from(price) * 1024 / i128::from(self.parts.one),
            );
        }
        prices
    }
}

impl Parts {
    /// A value of prices as a cost, rounded up to what a schedule can cost.
    fn up(&self, value: i64) -> i128 {
        let unit = i128::from(self.one) * self.grain;
        let value = i128::from(value);
        let steps = value.div_euclid(unit) + i128::from(value.rem_euclid(unit) > 0);
        self.fixed + steps * self.grain
    }

    /// A value above this leaves no room for a schedule that costs less than the goal.
    fn enough(&self, goal: i128) -> i128 {
        (goal - self.fixed - self.grain).saturating_mul(i128::from(self.one))
    }

    /// What the prices are worth apart from the people.
    fn rest(&self, prices: &[i64]) -> i64 {
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
    fn dearest(&self) -> i64 {
        let count = i64::try_from(self.slots.len() + self.limits.len() + 1).unwrap_or(i64::MAX);
        (1 << 50) / count
    }
}
