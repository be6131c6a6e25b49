//! The smooth value at any temperature, relative to the exact one.
//!
//! Sums of `exp(-cost / temperature)` leave the range of floating point when it is cold. Here each
//! is kept divided by its largest term, which the exact tables know; loads too far from the best
//! schedule to count are left out, so that the colder it is the less there is to do.
use super::super::table::{At, set};
use super::duties::{Duties, Row};
use super::hard::Tables;
use super::numbers::{dot, exp, ln};
use std::ops::Range;

/// What is this many temperatures above the best counts for nothing.
const FAR: f64 = 18.0;

#[derive(Default)]
pub(super) struct Cold {
    pub tables: Tables,
    /// Row x load: the sum from here on, divided by its largest term.
    sums: Vec<f64>,
    chance: Vec<f64>,
    /// Per row the loads that count.
    live: Vec<Range<usize>>,
    /// Per row, last row first, and way on (none, then each entry) how likely it is at each load
    /// that counts, in proportion to the likeliest.
    ways: Vec<f64>,
    /// How likely it is to be there and go on this way.
    moved: Vec<f64>,
    /// How often each entry is held on average.
    pub shares: Vec<f64>,
    /// How likely each load is at the end.
    pub loads: Vec<f64>,
}

/// At these prices and this temperature.
struct Heat {
    /// A path that costs more in all counts for nothing.
    limit: f64,
    /// One over the temperature.
    rate: f64,
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
        let far = (FAR * heat * one).round();
        let heat_of = Heat {
            limit: best as f64 + far,
            rate: 1.0 / (heat * one),
        };
        self.sums.clear();
        self.sums.resize((rows + 1) * width, 1.0);
        self.ways.clear();
        self.live.clear();
        self.live.resize(rows, 0..0);
        let mut number = self.tables.costs.len();
        for (at, row) in duties.rows.iter().enumerate().rev() {
            number -= row.entries.len();
            self.sum(duties, (at, row, number), &heat_of);
        }
        self.spread(duties);
        let total = self.sums.at(0);
        (best, best as f64 / one - heat * ln(total))
    }

    /// The sums of one row, from those of the rows behind it.
    fn sum(&mut self, duties: &Duties, (at, row, number): (usize, &Row, usize), heat: &Heat) {
        let width = duties.terminal.len();
        let cells = at * width..(at + 1) * width;
        let here = self.tables.ahead.get(cells.clone()).unwrap_or_default();
        let behind = self.tables.behind.get(cells).unwrap_or_default();
        let counts = |(a, b): (&f64, &f64)| a + b <= heat.limit;
        let first = here.iter().zip(behind).position(counts).unwrap_or(0);
        let last = here
            .iter()
            .zip(behind)
            .rposition(counts)
            .map_or(0, |l| l + 1);
        let live = first..last.max(first);
        let (here, behind) = (
            here.get(live.clone()).unwrap_or_default(),
            behind.get(live.clone()).unwrap_or_default(),
        );
        let (sums, later) = self.sums.split_at_mut((at + 1) * width);
        let sums = sums.get_mut(at * width..).unwrap_or_default();
        let sums = sums.get_mut(live.clone()).unwrap_or_default();
        sums.fill(0.0);
        let skip = (at + 1, 0, 0.0);
        let own = self.tables.costs.get(number..).unwrap_or_default();
        let take = row.entries.iter().zip(own);
        let take = take.map(|(entry, &cost)| (row.next, entry.steps, cost));
        for (to, steps, cost) in std::iter::once(skip).chain(take) {
            let ends = to * width..(to + 1) * width;
            let ends = self.tables.ahead.get(ends).unwrap_or_default();
            let from = (to - at - 1) * width;
            let then = later.get(from..from + width).unwrap_or_default();
            // So many loads stay on the grid.
            let within = (width.saturating_sub(steps)).clamp(live.start, live.end) - live.start;
            let start = self.ways.len();
            let reach = (live.start + steps).min(width);
            let (ends, then) = (
                ends.get(reach..).unwrap_or_default(),
                then.get(reach..).unwrap_or_default(),
            );
            let cells = here.iter().zip(behind).take(within).zip(ends);
            self.ways.extend(cells.map(|((&here, &behind), &end)| {
                let way = exp((here - end - cost) * heat.rate);
                if here + behind <= heat.limit {
                    way
                } else {
                    0.0
                }
            }));
            let top = self.tables.ahead.at((to + 1) * width - 1);
            let cells = here.iter().zip(behind).enumerate().skip(within);
            self.ways.extend(cells.map(|(place, (&here, &behind))| {
                let over = live.start + place + steps - (width - 1);
                let way = exp((here - top - cost - duties.beyond * over as f64) * heat.rate);
                if here + behind <= heat.limit {
                    way
                } else {
                    0.0
                }
            }));
            let ways = self.ways.get(start..).unwrap_or_default();
            let on = sums.iter_mut().zip(ways);
            for ((sum, &way), &then) in on.take(within).zip(then) {
                *sum += way * then;
            }
            let top = later.at(from + width - 1);
            let on = sums.iter_mut().zip(ways);
            for (sum, &way) in on.skip(within) {
                *sum += way * top;
            }
        }
        set(&mut self.live, at, live);
    }

    /// How likely each place is, and each entry.
    fn spread(&mut self, duties: &Duties) {
        let (rows, width) = (duties.rows.len(), duties.terminal.len());
        self.chance.clear();
        self.chance.resize((rows + 1) * width, 0.0);
        set(&mut self.chance, 0, 1.0);
        self.shares.clear();
        let mut end = self.ways.len();
        for (at, row) in duties.rows.iter().enumerate() {
            let live = self.live.get(at).cloned().unwrap_or_default();
            let count = live.len();
            let start = end - count * (row.entries.len() + 1);
            let ways = self.ways.get(start..end).unwrap_or_default();
            end = start;
            let (chance, later) = self.chance.split_at_mut((at + 1) * width);
            let chance = chance.get_mut(at * width..).unwrap_or_default();
            let chance = chance.get_mut(live.clone()).unwrap_or_default();
            let sums = self.sums.get(at * width..).unwrap_or_default();
            let sums = sums.get(live.clone()).unwrap_or_default();
            for (chance, &sum) in chance.iter_mut().zip(sums) {
                *chance = if sum > 0.0 { *chance / sum } else { 0.0 };
            }
            let take = row.entries.iter().map(|entry| (row.next, entry.steps));
            let moves = std::iter::once((at + 1, 0)).chain(take);
            for (way, (to, steps)) in moves.enumerate() {
                let ways = ways.get(way * count..(way + 1) * count).unwrap_or_default();
                let sums = self.sums.get(to * width..(to + 1) * width);
                let sums = sums.unwrap_or_default();
                let from = (to - at - 1) * width;
                let later = later.get_mut(from..from + width).unwrap_or_default();
                let within = (width.saturating_sub(steps)).clamp(live.start, live.end) - live.start;
                let reach = (live.start + steps).min(width);
                let then = sums.get(reach..).unwrap_or_default();
                let cells = later.get_mut(reach..).unwrap_or_default();
                self.moved.clear();
                let own = chance.iter().zip(ways).take(within);
                self.moved.extend(own.map(|(chance, way)| chance * way));
                let mut share = dot(&self.moved, then);
                for ((&moved, &sum), cell) in self.moved.iter().zip(then).zip(cells) {
                    *cell += moved * sum;
                }
                if let (Some(cell), Some(&sum)) = (later.last_mut(), sums.last()) {
                    for (&chance, &way) in chance.iter().zip(ways).skip(within) {
                        let part = chance * way * sum;
                        *cell += part;
                        share += part;
                    }
                }
                if way > 0 {
                    self.shares.push(share);
                }
            }
        }
        self.loads.clear();
        let last = self.chance.get(rows * width..).unwrap_or_default();
        self.loads.extend_from_slice(last);
    }
}
