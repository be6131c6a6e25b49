//! The smooth value at any temperature, relative to the exact one.
//!
//! Sums of `exp(-cost / temperature)` leave the range of floating point when it is cold. Here each
//! is kept divided by its largest term, which the exact tables know; what is too far from the best
//! schedule to count is skipped, so that the colder it is the less there is to do.
use super::super::table::{At, set};
use super::duties::Duties;
use super::hard::Tables;
use super::numbers::{exp, ln};

/// What is this many temperatures above the best counts for nothing.
const FAR: f64 = 30.0;

#[derive(Default)]
pub(super) struct Cold {
    pub tables: Tables,
    /// Row x load: the sum from here on, divided by its largest term.
    sums: Vec<f64>,
    chance: Vec<f64>,
    /// How often each entry is held on average.
    pub shares: Vec<f64>,
}

impl Cold {
    /// The person's exact and smooth cost at these prices.
    pub fn person(
        &mut self,
        duties: &Duties,
        prices: &[i64],
        (heat, one): (f64, f64),
    ) -> (i64, f64) {
        let best = self.tables.best(duties, prices);
        self.tables.reach(duties);
        let (rows, width) = (duties.rows.len(), duties.terminal.len());
        let rate = 1.0 / (heat * one);
        let far = (FAR * heat * one) as i64;
        self.sums.clear();
        self.sums.resize((rows + 1) * width, 1.0);
        let ahead = self.tables.ahead.as_slice();
        let behind = self.tables.behind.as_slice();
        let costs = self.tables.costs.as_slice();
        let mut number = costs.len();
        let limit = best + far;
        for (at, row) in duties.rows.iter().enumerate().rev() {
            number -= row.entries.len();
            let own = costs.get(number..).unwrap_or_default();
            for load in 0..width {
                let cell = at * width + load;
                let here = ahead.at(cell);
                if here + behind.at(cell) > limit {
                    continue;
                }
                let skip = ahead.at(cell + width) - here;
                let mut sum = self.sums.at(cell + width) * near(skip, far, rate);
                for (entry, &cost) in row.entries.iter().zip(own) {
                    let then = (load + entry.steps).min(width - 1);
                    let over =
                        duties.beyond * i64::try_from(load + entry.steps - then).unwrap_or(0);
                    let cell = row.next * width + then;
                    let more = ahead.at(cell) + over + cost - here;
                    if more < far {
                        sum += self.sums.at(cell) * near(more, far, rate);
                    }
                }
                set(&mut self.sums, cell, sum);
            }
        }
        self.spread(duties, far, rate);
        let total = self.sums.at(0);
        (best, best as f64 / one - heat * ln(total))
    }

    fn spread(&mut self, duties: &Duties, far: i64, rate: f64) {
        let (rows, width) = (duties.rows.len(), duties.terminal.len());
        self.chance.clear();
        self.chance.resize((rows + 1) * width, 0.0);
        set(&mut self.chance, 0, 1.0);
        self.shares.clear();
        let ahead = self.tables.ahead.as_slice();
        let costs = self.tables.costs.as_slice();
        let mut number = 0;
        for (at, row) in duties.rows.iter().enumerate() {
            let own = costs.get(number..).unwrap_or_default();
            self.shares.resize(number + row.entries.len(), 0.0);
            for load in 0..width {
                let cell = at * width + load;
                let chance = self.chance.at(cell);
                if chance < 1e-12 {
                    continue;
                }
                let here = ahead.at(cell);
                let part = chance / self.sums.at(cell);
                let skip = ahead.at(cell + width) - here;
                let stay = part * self.sums.at(cell + width) * near(skip, far, rate);
                let known = self.chance.at(cell + width);
                set(&mut self.chance, cell + width, known + stay);
                for (i, (entry, &cost)) in row.entries.iter().zip(own).enumerate() {
                    let then = (load + entry.steps).min(width - 1);
                    let over =
                        duties.beyond * i64::try_from(load + entry.steps - then).unwrap_or(0);
                    let cell = row.next * width + then;
                    let more = ahead.at(cell) + over + cost - here;
                    if more < far {
                        let moved = part * self.sums.at(cell) * near(more, far, rate);
                        let known = self.chance.at(cell);
                        set(&mut self.chance, cell, known + moved);
                        let share = self.shares.at(number + i);
                        set(&mut self.shares, number + i, share + moved);
                    }
                }
            }
            number += row.entries.len();
        }
    }
}

#[inline]
fn near(more: i64, far: i64, rate: f64) -> f64 {
    match more {
        0 => 1.0,
        more if more < far => exp(-(more as f64) * rate),
        _ => 0.0,
    }
}
