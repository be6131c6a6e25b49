//! The value of prices made smooth, and its slope.
//!
//! Instead of the one best schedule of a person, all of theirs count, each weighted by
//! `exp(-cost / temperature)`. The value is then a smooth function of the prices, its slope at a
//! slot is one minus how many people hold it on average, and both come from the same dynamic
//! programme with sums instead of minima.
use super::super::table::{At, set};
use super::duties::Duties;
use super::numbers::{dot, exp, ln};

/// Where a schedule so far is this likely, there is no way on from it.
const LARGE: f64 = 1e290;

/// What is smaller than this part of the largest counts for nothing. Far smaller numbers still would
/// be exact, but take processors a hundred times as long.
const SMALL: f64 = 1e-140;

/// Nothing where it is next to nothing.
fn flush(cells: &mut [f64]) {
    for cell in cells {
        *cell = if *cell < SMALL { 0.0 } else { *cell };
    }
}

#[derive(Default)]
pub(super) struct Soft {
    ahead: Vec<f64>,
    behind: Vec<f64>,
    /// Logarithm of what each row of `ahead` was divided by, summed up to the end.
    scale: Vec<f64>,
    depth: Vec<f64>,
    /// Logarithm of each entry's weight.
    factors: Vec<f64>,
    /// How often each entry is held on average.
    pub shares: Vec<f64>,
}

impl Soft {
    /// The person's smooth cost; `shares` then says how often they hold each entry. `mean` is their
    /// mean load so far. `None` where the sums leave the range of floating point.
    pub fn person(
        &mut self,
        duties: &Duties,
        prices: &[f64],
        (heat, one): (f64, f64),
        mean: &mut f64,
    ) -> Option<f64> {
        let (rows, width) = (duties.rows.len(), duties.terminal.len());
        // The tilt keeps sums near one another whatever the load.
        let tilt = tilt(duties, *mean, one);
        self.factors.clear();
        for row in &duties.rows {
            for e in &row.entries {
                let paid: f64 = e.priced.iter().map(|&k| prices.at(k)).sum();
                let c = e.cost as f64 / one - paid + tilt * e.steps as f64;
                self.factors.push(-c / heat);
            }
        }
        self.ahead.clear();
        self.ahead.resize((rows + 1) * width, 0.0);
        self.scale.clear();
        self.scale.resize(rows + 1, 0.0);
        let end = |(l, &t): (usize, &f64)| t / one - tilt * l as f64;
        let least = duties
            .terminal
            .iter()
            .enumerate()
            .map(end)
            .fold(f64::INFINITY, f64::min);
        for (l, t) in duties.terminal.iter().enumerate() {
            set(
                &mut self.ahead,
                rows * width + l,
                exp((least - end((l, t))) / heat),
            );
        }
        set(&mut self.scale, rows, -least / heat);
        let mut factor = self.factors.len();
        let over = exp((tilt - duties.beyond / one) / heat);
        for (at, row) in duties.rows.iter().enumerate().rev() {
            let (front, tail) = self.ahead.split_at_mut((at + 1) * width);
            let (Some(here), Some(skip)) = (front.get_mut(at * width..), tail.get(..width)) else {
                continue;
            };
            let from = (row.next - at - 1) * width;
            let Some(after) = tail.get(from..from + width) else {
                continue;
            };
            let scales = self.scale.as_slice();
            let mut scale = scales.at(at + 1);
            let jump = scales.at(row.next);
            factor -= row.entries.len();
            let own = self.factors.get(factor..).unwrap_or_default();
            let own = own.iter().zip(&row.entries);
            scale = own.clone().fold(scale, |m, (f, _)| m.max(f + jump));
            let down = exp(scales.at(at + 1) - scale);
            let down = if down < SMALL { 0.0 } else { down };
            for (cell, &value) in here.iter_mut().zip(skip) {
                *cell = value * down;
            }
            for (f, entry) in own {
                let f = exp(f + jump - scale);
                if f < SMALL {
                    continue;
                }
                let steps = entry.steps.min(width - 1);
                for (cell, &value) in here.iter_mut().zip(after.get(steps..).unwrap_or_default()) {
                    *cell += f * value;
                }
                let mut top = f * after.at(width - 1);
                for cell in here.iter_mut().skip(width - steps) {
                    top *= over;
                    *cell += top;
                }
            }
            flush(here);
            let most = here.iter().copied().fold(0.0, f64::max);
            if most > 0.0 && !(1e-20..1e20).contains(&most) {
                for cell in here.iter_mut() {
                    *cell /= most;
                }
                scale += ln(most);
            }
            set(&mut self.scale, at, scale);
        }
        let load = self.marginals(duties, over);
        if !load.is_finite() || self.shares.iter().any(|s| !(0.0..1.001).contains(s)) {
            return None;
        }
        *mean = load;
        let total = self.ahead.at(0);
        Some(-heat * (ln(total) + self.scale.at(0)))
    }

    fn marginals(&mut self, duties: &Duties, over: f64) -> f64 {
        let (rows, width) = (duties.rows.len(), duties.terminal.len());
        let total = self.ahead.at(0);
        let mut load = 0.0;
        self.shares.clear();
        self.behind.clear();
        self.behind.resize((rows + 1) * width, 0.0);
        self.depth.clear();
        self.depth.resize(rows + 1, 0.0);
        set(&mut self.behind, 0, 1.0 / total);
        // behind[r] is scaled by exp(scale[r] - whole): the product with ahead[r] is a probability.
        let mut factor = 0;
        for (at, row) in duties.rows.iter().enumerate() {
            let (front, tail) = self.behind.split_at_mut((at + 1) * width);
            let Some(here) = front.get_mut(at * width..) else {
                continue;
            };
            flush(here);
            let down = |to: usize| exp(self.scale.at(to) - self.scale.at(at));
            let skip = down(at + 1);
            for (cell, &value) in tail.iter_mut().zip(here.iter()) {
                *cell = (*cell + value * skip).min(LARGE);
            }
            let (from, to) = ((row.next - at - 1) * width, row.next * width);
            let Some(after) = self.ahead.get(to..to + width) else {
                continue;
            };
            let scales = self.scale.as_slice();
            let jump = scales.at(row.next) - scales.at(at);
            for entry in &row.entries {
                let f = exp(self.factors.at(factor) + jump);
                factor += 1;
                if f < SMALL {
                    self.shares.push(0.0);
                    continue;
                }
                let steps = entry.steps.min(width - 1);
                let Some(target) = tail.get_mut(from..from + width) else {
                    continue;
                };
                let ends = after.get(steps..).unwrap_or_default();
                let reach = target.get_mut(steps..).unwrap_or_default();
                for (&value, cell) in here.iter().zip(reach) {
                    *cell += (value * f).min(LARGE);
                }
                let mut sum = f * dot(here, ends);
                if let (Some(last), &[.., end]) = (target.last_mut(), after) {
                    let mut moved = f;
                    for &value in here.iter().skip(width - steps) {
                        moved *= over;
                        let moved = (value * moved).min(LARGE);
                        sum += moved * end;
                        *last += moved;
                    }
                }
                self.shares.push(sum);
                load += sum * entry.steps as f64;
            }
        }
        load
    }
}

/// What a step of load costs at a load.
fn tilt(duties: &Duties, load: f64, one: f64) -> f64 {
    let last = duties.terminal.len().saturating_sub(2);
    let at = (load.max(0.0) as usize).min(last);
    let costs = duties.terminal.as_slice();
    let step = costs.at(at + 1) - costs.at(at);
    if step.is_finite() { step / one } else { 0.0 }
}
