//! What one person may take, in time order, and their best own schedule at given prices: a dynamic
//! programme over (time, load).
//!
//! Shifts are sorted by start, so after taking one, the shifts that leave enough rest are a suffix:
//! no more memory than the place in time is needed for rest and for one slot at a time. Loads are
//! counted on a grid; where weights do not lie on it, the terminal cost is the least over all loads
//! that the rounding may hide, which keeps every value a lower bound.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::score;
use super::super::table::{At, set};

/// More than any schedule costs.
pub(super) const NEVER: f64 = f64::INFINITY;

/// Most loads that are told apart.
const GRID: i64 = 384;

/// Coarser grids than the finest that are tried.
const GRIDS: i64 = 64;

/// Most loads of who takes the slots that may stay open.
const VACANT: usize = 1_000;

/// A slot that a person may take.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Place among the slots to be filled.
    pub slot: usize,
    /// Place among the shifts.
    pub shift: usize,
    /// Whose prices it pays: its slot's, then those of the limits it counts for.
    pub priced: Vec<usize>,
    /// Weight on the grid.
    pub steps: usize,
    /// Cost of the preference and of the rounding, in units of `Parts::one`.
    pub cost: i64,
}

/// The slots of one shift.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub entries: Vec<Entry>,
    /// The first row that leaves enough rest after this one.
    pub next: usize,
}

/// A shift, and for each slot a person may take there its place, weight and wish.
type Held = (usize, Vec<(usize, i64, i64)>);

/// A person's part of the problem.
#[derive(Debug, Clone)]
pub(super) struct Duties {
    pub rows: Vec<Row>,
    /// Cost of ending with each load on the grid, in units of `Parts::one`.
    pub terminal: Vec<f64>,
    /// Cost of each step of load beyond the last: at most what it truly is, since costs rise ever
    /// faster.
    pub beyond: f64,
    /// Loads on the grid are the loads themselves, in the unit of the weights.
    pub exact: bool,
}

impl Duties {
    /// Every slot the person may take, in time order.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.rows.iter().flat_map(|r| &r.entries)
    }

    /// The entry with this number.
    pub fn entry_mut(&mut self, mut number: usize) -> Option<&mut Entry> {
        for row in &mut self.rows {
            if number < row.entries.len() {
                return row.entries.get_mut(number);
            }
            number -= row.entries.len();
        }
        None
    }

    /// Without the entries that are not to be kept; told their numbers.
    pub fn filtered(&self, keep: &dyn Fn(usize, &Entry) -> bool) -> Self {
        let mut rows = Vec::with_capacity(self.rows.len());
        let mut place = Vec::with_capacity(self.rows.len() + 1);
        let mut number = 0;
        for row in &self.rows {
            place.push(rows.len());
            let mut kept = row.clone();
            kept.entries.retain(|entry| {
                number += 1;
                keep(number - 1, entry)
            });
            if !kept.entries.is_empty() {
                rows.push(kept);
            }
        }
        place.push(rows.len());
        for row in &mut rows {
            row.next = place.at(row.next);
        }
        Self {
            rows,
            terminal: self.terminal.clone(),
            beyond: self.beyond,
            exact: self.exact,
        }
    }

    /// Ends with at most this load on the grid.
    pub fn at_most(&mut self, load: usize) {
        if load + 1 < self.terminal.len() {
            self.terminal.truncate(load + 1);
            self.terminal.push(NEVER);
            self.beyond = 0.0;
        }
    }

    /// Ends with at least this load on the grid.
    pub fn at_least(&mut self, load: usize) {
        self.terminal
            .iter_mut()
            .take(load)
            .for_each(|cost| *cost = NEVER);
    }

    /// Cells of the person's tables: the work of one pass.
    pub fn cells(&self) -> u64 {
        u64::try_from((self.rows.len() + 1) * self.terminal.len()).unwrap_or(u64::MAX)
    }
}

/// Loads above this are all alike: whoever has one, has too much, by some units and some slots.
pub(super) fn farthest(roster: &Roster, person: usize, ideal: i64, unit: i64) -> i64 {
    let start = score::balance(roster, person);
    let heaviest = roster.problem.index.weight.iter().max();
    let more = (8 * unit).max(heaviest.copied().unwrap_or(0).saturating_mul(2));
    let far = (2 * ideal.max(0))
        .saturating_add(more)
        .saturating_sub(roster.load.at(person));
    far.max(more / 2).max(-start)
}

impl Duties {
    /// The slots that may stay open, as if somebody took them: at most so many, that matter at most so
    /// much together, at a cost in units of `Parts::one`. `None` where none may.
    pub fn vacant(
        problem: &Problem,
        slots: &[usize],
        (spare, urgency): (usize, i64),
        cost: &dyn Fn(usize) -> i64,
    ) -> Option<Self> {
        let matters = |&slot: &usize| problem.index.urgency.at(slot);
        let least = slots.iter().map(matters).min()?;
        let others = i64::try_from(spare.checked_sub(1)?).unwrap_or(i64::MAX);
        let most = urgency.saturating_sub(least.saturating_mul(others));
        // Both are counted as one load: steps of the one size for how much a slot matters, and a single
        // one for itself. Where that would be too much to work through, the number alone counts.
        let whole = |urgency: i64| usize::try_from(urgency).unwrap_or(usize::MAX);
        let loads = whole(urgency).saturating_add(1).saturating_mul(spare + 1);
        let (size, loads) = if loads <= VACANT {
            (spare + 1, loads)
        } else {
            (0, spare + 1)
        };
        let mut rows = Vec::new();
        for (place, slot) in slots.iter().enumerate().filter(|(_, s)| matters(s) <= most) {
            rows.push(Row {
                entries: vec![Entry {
                    slot: place,
                    shift: problem.index.shift.at(*slot),
                    priced: vec![place],
                    steps: 1 + size * whole(matters(slot)),
                    cost: cost(*slot),
                }],
                next: rows.len() + 1,
            });
        }
        let mut terminal = vec![0.0; loads];
        terminal.push(NEVER);
        Some(Self {
            rows,
            terminal,
            beyond: 0.0,
            exact: false,
        })
    }

    pub fn new(
        roster: &Roster,
        person: usize,
        order: &[usize],
        open: &dyn Fn(usize) -> Option<usize>,
        (unit, ideal, one): (i64, i64, i64),
    ) -> Self {
        let problem = roster.problem;
        let rest = problem.settings.rules.min_rest_min;
        let mut held: Vec<Held> = Vec::new();
        for &shift in order {
            let slots = problem.index.slots_of.get(shift);
            let entries = slots.into_iter().flatten().filter_map(|&s| {
                let wish = score::preference(problem, person, s);
                Some((open(s)?, problem.index.weight.at(s), wish))
            });
            let entries: Vec<_> = entries.collect();
            if !entries.is_empty() {
                held.push((shift, entries));
            }
        }
        let time = |shift: usize| problem.shifts.get(shift).copied().unwrap_or_default();
        let nexts: Vec<usize> = held
            .iter()
            .enumerate()
            .map(|(at, (shift, _))| {
                let free = time(*shift).end_min + rest;
                let after = held.partition_point(|(s, _)| time(*s).start_min < free);
                after.max(at + 1)
            })
            .collect();
        // The most slots and the most weight one can have.
        let heaviest =
            |entries: &[(usize, i64, i64)]| entries.iter().map(|e| e.1).max().unwrap_or(0);
        let mut best = vec![(0_i64, 0_i64); held.len() + 1];
        for (at, ((_, entries), &next)) in held.iter().zip(&nexts).enumerate().rev() {
            let (skip, take) = (best.at(at + 1), best.at(next));
            let most = (
                skip.0.max(take.0 + 1),
                skip.1.max(take.1 + heaviest(entries)),
            );
            set(&mut best, at, most);
        }
        let (many, most) = best.at(0);
        let start = score::balance(roster, person);
        let limit = most.min(farthest(roster, person, ideal, unit));
        let grid = grid(&held, (unit, limit));
        let coefficient = i64::try_from(problem.index.coefficient.at(person)).unwrap_or(0);
        // What one more unit costs at a fair load: rounding is paid for at this price.
        let tilt = 2 * coefficient * (start + ideal.clamp(0, limit)).max(0);
        let mut off = 0;
        let rows: Vec<Row> = held
            .iter()
            .zip(&nexts)
            .map(|(&(shift, ref entries), &next)| {
                let entries = entries.iter().map(|&(slot, weight, wish)| {
                    let steps = (weight + grid / 2) / grid;
                    off = off.max((weight - steps * grid).abs());
                    Entry {
                        slot,
                        shift,
                        priced: vec![slot],
                        steps: usize::try_from(steps).unwrap_or(0),
                        cost: (wish + tilt * (weight - steps * grid)) * one,
                    }
                });
                Row {
                    entries: entries.collect(),
                    next,
                }
            })
            .collect();
        let error = off * many;
        let steps = limit / grid + i64::from(limit % grid > 0);
        let hidden = hidden(&rows, &held, (grid, steps));
        let terminal = (0..=steps).zip(hidden).map(|(step, (least, most))| {
            let load = step * grid;
            let last = step == steps;
            // Lowest where coefficient * (start + l)^2 - tilt * l is flat.
            let lowest = tilt / (2 * coefficient.max(1)) - start;
            let (from, to) = if last {
                (load - error, load + error)
            } else {
                (load + least, load + most)
            };
            let cost = |l: i64| (coefficient * l * (2 * start + l) - tilt * (l - load)) * one;
            let near = [lowest, lowest + 1].map(|l| cost(l.clamp(from, to)));
            if last && error > 0 {
                // Where the tangent that stands for all more begins: nobody who carries less than nothing
                // with all they may have gets as far as that.
                let edge = (start + from).max(0.min(start + to));
                let carried = coefficient * (edge - start) * (edge + start);
                return ((carried - tilt * error) * one) as f64;
            }
            near.into_iter().min().unwrap_or(0) as f64
        });
        let edge = (start + steps * grid - error).max(0);
        Self {
            rows,
            terminal: terminal.collect(),
            beyond: (2 * coefficient * edge * grid * one) as f64,
            exact: grid == unit,
        }
    }
}

/// The grid on which loads up to a limit are told apart: of the finest ones the one that the weights lie
/// on best.
fn grid(held: &[Held], (unit, limit): (i64, i64)) -> i64 {
    let finest = limit / unit / GRID + 1;
    let weights = || held.iter().flat_map(|(_, entries)| entries).map(|e| e.1);
    let off = |grid: i64| {
        weights()
            .map(move |w| (w + grid / 2).rem_euclid(grid) - grid / 2)
            .map(i64::abs)
    };
    let grids = (finest..=finest + (finest / 2).min(GRIDS)).map(|times| times * unit);
    grids
        .min_by_key(|&grid| off(grid).sum::<i64>())
        .unwrap_or(unit)
}

/// For each load on the grid what rounding hides: by how much at least and at most the slots that make
/// it up weigh more.
fn hidden(rows: &[Row], held: &[Held], (grid, steps): (i64, i64)) -> Vec<(i64, i64)> {
    let width = usize::try_from(steps + 1).unwrap_or(0);
    let mut ranges: Vec<Option<(i64, i64)>> = vec![None; (rows.len() + 1) * width];
    set(&mut ranges, rows.len() * width, Some((0, 0)));
    for (at, (row, (_, slots))) in rows.iter().zip(held).enumerate().rev() {
        for load in 0..width {
            let mut range = ranges.at((at + 1) * width + load);
            for (entry, &(_, weight, _)) in row.entries.iter().zip(slots) {
                let Some(before) = load.checked_sub(entry.steps) else {
                    continue;
                };
                if let Some((low, high)) = ranges.at(row.next * width + before) {
                    let more = weight - i64::try_from(entry.steps).unwrap_or(0) * grid;
                    let (least, most) = range.unwrap_or((low + more, high + more));
                    range = Some((least.min(low + more), most.max(high + more)));
                }
            }
            set(&mut ranges, at * width + load, range);
        }
    }
    ranges.truncate(width);
    ranges.into_iter().map(Option::unwrap_or_default).collect()
}
