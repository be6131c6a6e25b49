//! The exact value of prices, and the floor of every pair of person and slot.
//!
//! Costs are whole numbers kept in floating point, which adds and compares them exactly as long as
//! they stay below 2^53, and does so for several loads at once; [`Parts`](super::duties::Parts) sees
//! to that.
use super::super::table::{At, set};
use super::duties::{Duties, NEVER, Row};

/// The tables of one person at given prices, reused from person to person.
#[derive(Default)]
pub(super) struct Tables {
    /// What each entry costs after its prices, in order.
    pub costs: Vec<f64>,
    /// Row x load: least cost from here on, having this load already.
    pub ahead: Vec<f64>,
    /// Row x load: least cost so far to be here with this load.
    pub behind: Vec<f64>,
    width: usize,
}

/// The smaller of two.
#[inline]
fn least(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}

impl Tables {
    /// The least that this person can cost, less what the prices pay them.
    pub fn best(&mut self, duties: &Duties, prices: &[i64]) -> i64 {
        let rows = duties.rows.len();
        self.width = duties.terminal.len();
        self.costs.clear();
        self.costs.extend(duties.entries().map(|e| {
            let paid = e.priced.iter().map(|&k| prices.at(k));
            (e.cost - paid.sum::<i64>()) as f64
        }));
        let mut number = self.costs.len();
        let width = self.width;
        self.ahead.clear();
        self.ahead.resize((rows + 1) * width, NEVER);
        if let Some(last) = self.ahead.get_mut(rows * width..) {
            last.copy_from_slice(&duties.terminal);
        }
        for (at, row) in duties.rows.iter().enumerate().rev() {
            let (head, tail) = self.ahead.split_at_mut((at + 1) * width);
            let (Some(here), Some(skip)) = (head.get_mut(at * width..), tail.get(..width)) else {
                continue;
            };
            here.copy_from_slice(skip);
            let from = (row.next - at - 1) * width;
            let Some(after) = tail.get(from..from + width) else {
                continue;
            };
            for entry in row.entries.iter().rev() {
                number -= 1;
                let cost = self.costs.at(number);
                let steps = entry.steps.min(width - 1);
                let shifted = after.get(steps..).unwrap_or_default();
                for (cell, &value) in here.iter_mut().zip(shifted) {
                    *cell = least(*cell, value + cost);
                }
                let mut top = after.at(width - 1) + cost;
                for cell in here.iter_mut().skip(width - steps) {
                    top += duties.beyond;
                    *cell = least(*cell, top);
                }
            }
        }
        whole(self.ahead.at(0))
    }

    /// Fills `behind`, after [`Tables::best`].
    pub fn reach(&mut self, duties: &Duties) {
        self.behind.clear();
        self.behind
            .resize((duties.rows.len() + 1) * self.width, NEVER);
        set(&mut self.behind, 0, 0.0);
        let mut number = 0;
        for (at, row) in duties.rows.iter().enumerate() {
            self.row((at, row), number, duties.beyond);
            number += row.entries.len();
        }
    }

    fn row(&mut self, (at, row): (usize, &Row), number: usize, beyond: f64) {
        let width = self.width;
        let (head, tail) = self.behind.split_at_mut((at + 1) * width);
        let Some(here) = head.get(at * width..) else {
            return;
        };
        for (cell, &value) in tail.iter_mut().zip(here) {
            *cell = least(*cell, value);
        }
        let from = (row.next - at - 1) * width;
        let Some(target) = tail.get_mut(from..from + width) else {
            return;
        };
        for (i, entry) in row.entries.iter().enumerate() {
            let cost = self.costs.at(number + i);
            let steps = entry.steps.min(width - 1);
            let reach = target.get_mut(steps..).unwrap_or_default();
            for (&value, cell) in here.iter().zip(reach) {
                *cell = least(*cell, value + cost);
            }
            if let Some(last) = target.last_mut() {
                let mut over = cost;
                for &value in here.iter().skip(width - steps) {
                    over += beyond;
                    *last = least(*last, value + over);
                }
            }
        }
    }

    /// After [`Tables::with`]: for each load, the least the person can cost ending with it.
    pub fn ending(&self, duties: &Duties) -> impl Iterator<Item = i64> {
        let reached = self.behind.iter().skip(duties.rows.len() * self.width);
        let ends = reached.zip(&duties.terminal);
        ends.map(|(&value, &end)| whole(value + end))
    }

    /// After [`Tables::best`]: for each entry, by number, the least the person can cost with it.
    pub fn with(&mut self, duties: &Duties, mut each: impl FnMut(usize, i64)) {
        self.reach(duties);
        let width = self.width;
        let mut number = 0;
        for (at, row) in duties.rows.iter().enumerate() {
            let here = self.behind.get(at * width..(at + 1) * width);
            let after = self.ahead.get(row.next * width..(row.next + 1) * width);
            let (here, after) = (here.unwrap_or_default(), after.unwrap_or_default());
            for entry in &row.entries {
                let steps = entry.steps.min(width - 1);
                let ends = after.get(steps..).unwrap_or_default();
                let within = here.iter().zip(ends).map(|(&value, &end)| value + end);
                let mut best = within.fold(NEVER, least);
                let mut over = after.last().copied().unwrap_or(NEVER);
                for &value in here.iter().skip(width - steps) {
                    over += duties.beyond;
                    best = least(best, value + over);
                }
                each(number, whole(best + self.costs.at(number)));
                number += 1;
            }
        }
    }
}

/// A cost as an integer; far above any where there is none.
fn whole(cost: f64) -> i64 {
    if cost < FAR { cost as i64 } else { 1 << 60 }
}

/// No cost is as large.
const FAR: f64 = 9_007_199_254_740_992.0;
