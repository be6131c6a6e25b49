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
//! At a toll for each of those, and with nothing else at any cost, the same bound says how many slots
//! stay open at least, or how much those matter.
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
//! Forward and backward, the same tables give the least that `p` costs when holding `s`, or when ending
//! with some load, and with it a floor under every schedule of that kind
//! ([`Floors`](super::Floors)). A pair or a load whose floor reaches the cost of a known schedule is in
//! no better one and can be left out of the search, and of the climb itself (reduced-cost fixing). What
//! the bound then says holds for schedules that are cheaper than the known one, which is all that is
//! asked. Costs that no schedule can have are stepped over (`lattice`), and what is left open after that
//! is settled by cases (`branch`).
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
mod lattice;
mod limits;
mod numbers;
mod parts;
mod soft;

use super::bound::gcd;
use super::problem::Problem;
use super::table::{At, set};
use ascent::Ascent;
use duties::Duties;
use parts::Parts;
pub(super) use parts::Toll;

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
    /// Pairs of slot and person left out, and what no schedule with them costs less than. `None` keeps
    /// all pairs.
    gone: Option<Vec<(usize, usize, i128)>>,
    /// With pairs left out nothing is proven about schedules that cost as much.
    ceiling: i128,
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
        Self::with(problem, open, (known, Toll::Free))
    }

    /// A proof about open slots, for a problem in which nothing else costs: no schedule with at most so
    /// many open has fewer, or those at a lower toll. What nobody can take is not counted.
    pub fn of_open(flat: &'a Problem, unfilled: usize, toll: Toll) -> Option<Self> {
        Self::with(flat, (unfilled, i64::MAX), (0, toll))
    }

    fn with(problem: &'a Problem, open: (usize, i64), (known, toll): (i128, Toll)) -> Option<Self> {
        let parts = Parts::new(problem, open, toll)?;
        let prices = super::bound::slot_prices(problem, &parts.slots, LOOKS);
        Some(Self {
            ascent: Ascent::new(&parts, prices),
            problem,
            open,
            parts,
            heat: None,
            known,
            gone: None,
            ceiling: i128::MAX,
        })
    }

    /// From now on leaves out what is in no schedule cheaper than the one the bound is raised towards:
    /// less to work through, with the same bound in the end.
    pub fn narrowing(mut self) -> Self {
        self.gone = Some(Vec::new());
        self
    }

    /// No schedule with as many filled slots costs less.
    pub fn bound(&self) -> i128 {
        let bound = self.parts.up(self.ascent.best).max(self.known);
        bound.min(self.ceiling)
    }

    /// Raises the bound towards the cost of a schedule, with so much work at most (in cells of
    /// tables), while `go`, which is told the bound, agrees. After a pause it goes on as warm as it was;
    /// otherwise what is left of a temperature is left out. Whether more of the same would raise it
    /// further.
    pub fn raise(
        &mut self,
        goal: i128,
        (work, pause): (u64, bool),
        go: &mut dyn FnMut(i128) -> bool,
    ) -> bool {
        let slots = self.parts.slots.len();
        if slots == 0 || self.bound() >= goal {
            return false;
        }
        let mut rising = true;
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
            self.ascent
                .climb(&self.parts, (heat, STEPS, 0.0), &mut more);
            self.ascent.note(&self.parts);
            self.narrow(goal);
            if limits::add(self.problem, &mut self.parts, &self.ascent.shares) {
                self.ascent.grow(&self.parts);
            } else if heat < FLAT * scale {
                // When it is cold and hardly gets better, these prices are as good as any.
                let best = i128::from(self.ascent.best);
                let gained = best - i128::from(before);
                if self.parts.up(best + gained) == self.parts.up(best) {
                    rising = false;
                    break;
                }
            }
            if pause && self.ascent.work >= until {
                break;
            }
            heat *= COOLING;
            if heat < COLDEST * scale {
                heat = REHEATED * scale;
                self.ascent.back(self.parts.one);
            }
        }
        self.heat = Some(heat);
        rising
    }

    /// Cells of tables worked through so far.
    pub fn work(&self) -> u64 {
        self.ascent.work
    }

    /// Leaves out the pairs and loads that are in no schedule cheaper than the goal.
    fn narrow(&mut self, goal: i128) {
        let Some(gone) = &mut self.gone else {
            return;
        };
        let limit = self.parts.enough(goal);
        let floors = self.ascent.floors(&self.parts);
        for (p, own) in floors.iter().enumerate() {
            self.ascent.keep_shares(p, &|e| own.entries.at(e) <= limit);
            if p < self.parts.staff {
                let entries = self
                    .parts
                    .people
                    .get(p)
                    .into_iter()
                    .flat_map(Duties::entries);
                let out = entries
                    .zip(&own.entries)
                    .filter(|(_, floor)| **floor > limit);
                gone.extend(out.map(|(entry, _)| (self.parts.slots.at(entry.slot), p, goal)));
            }
        }
        self.ceiling = self.ceiling.min(goal);
        let least = self.parts.least(&floors, (self.ascent.best, limit));
        self.known = self.known.max(least.min(goal));
        if self.parts.narrow(&floors, limit) {
            self.ascent.recount(&self.parts);
        } else {
            self.known = self.ceiling;
        }
    }

    /// Closes what gap is left by cases: a person has a slot, or has not, and each case gets prices of
    /// its own. `try_out` is told pairs that may make a better schedule, may make one of them, and
    /// says what the best known one costs. Stops after so much work, or when `go` says so, and then
    /// proves nothing.
    pub fn close(&mut self, work: u64, go: &mut dyn FnMut() -> bool, try_out: branch::TryOut) {
        if self.parts.entries() > CLONED {
            return;
        }
        let mut cases = branch::Cases {
            problem: self.problem,
            work,
            go,
            try_out,
            goal: i128::MAX,
        };
        cases.goal = (cases.try_out)(&self.leaning());
        let from = (self.ascent.best_prices.as_slice(), self.ascent.best);
        let value = cases.settle(&self.parts, from);
        let proven = if i128::from(value) > self.parts.enough(cases.goal) {
            cases.goal
        } else {
            self.parts.up(value).min(cases.goal)
        };
        self.known = self.known.max(proven);
    }

    /// For each slot and person the floor, where the person may take the slot.
    pub fn floors(&mut self) -> Vec<Vec<(usize, i128)>> {
        let mut floors = vec![Vec::new(); self.problem.slots.len()];
        let mut add = |slot: usize, pair| {
            if let Some(list) = floors.get_mut(slot) {
                list.push(pair);
            }
        };
        let known = self.ascent.floors(&self.parts);
        let people = self.parts.people.iter().zip(&known);
        for (p, (duties, own)) in people.enumerate().take(self.parts.staff) {
            for (entry, &floor) in duties.entries().zip(&own.entries) {
                let floor = self.parts.up(floor).max(self.known);
                add(self.parts.slots.at(entry.slot), (p, floor));
            }
        }
        for &(slot, p, floor) in self.gone.iter().flatten() {
            add(slot, (p, floor));
        }
        floors
    }

    /// What an average slot too many costs, about.
    pub fn scale(&self) -> i128 {
        self.parts.scale as i128
    }

    /// Ways to dive there are.
    pub const WAYS: usize = dive::WAYS.len();

    /// Pairs of slot and person to make a schedule of that costs less than the goal, those surest first,
    /// found in one of the ways. Takes what it needs from the work.
    pub fn dive(
        &mut self,
        (way, goal): (usize, i128),
        work: &mut u64,
        go: &mut dyn FnMut() -> bool,
    ) -> Vec<(usize, usize)> {
        let way = dive::WAYS
            .get(way)
            .filter(|_| self.parts.entries() <= CLONED);
        let Some(&way) = way else {
            return self.leaning();
        };
        let mut parts = self.parts.clone();
        if way.near > 1 {
            let best = i128::from(self.ascent.best);
            let limit = best + (parts.enough(goal) - best).max(0) / way.near;
            let floors = self.ascent.floors(&parts);
            if !parts.narrow(&floors, limit) {
                return self.leaning();
            }
        }
        dive::dive(parts, &self.ascent.best_prices, way, (work, go))
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
