//! What one person may take, in time order, and their best own schedule at given prices: a dynamic
//! programme over (time, load).
//!
//! Shifts are sorted by start, so after taking one, the shifts that leave enough rest are a suffix:
//! no more memory than the place in time is needed for rest and for one slot at a time. Loads are
//! counted on a grid; where weights do not lie on it, the terminal cost is the least over all loads
//! that the rounding may hide, which keeps every value a lower bound.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::rules;
use super::super::score;
use super::super::table::At;

/// More than any schedule costs, and far from overflow when added up.
pub(super) const NEVER: i64 = 1 << 61;

/// Costs and prices stay below this, so that sums over a schedule cannot overflow.
const LARGEST: i128 = 1 << 52;

/// Prices are integers in this fraction of the cost's unit, or in a coarser one for large costs.
const FINEST: i64 = 1 << 14;

/// Most loads that are told apart.
const GRID: i64 = 384;

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
    pub terminal: Vec<i64>,
    /// Cost of each step of load beyond the last: at most what it truly is, since costs rise ever
    /// faster.
    pub beyond: i64,
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
        }
    }

    /// Cells of the person's tables: the work of one pass.
    pub fn cells(&self) -> u64 {
        u64::try_from((self.rows.len() + 1) * self.terminal.len()).unwrap_or(u64::MAX)
    }
}

/// Everybody's part, and the slots to be filled.
#[derive(Clone)]
pub(super) struct Parts {
    pub people: Vec<Duties>,
    /// The open slots that somebody may take.
    pub slots: Vec<usize>,
    /// Cost of pinned preferences, in units of `Parts::one`.
    pub fixed: i64,
    /// How many units there are to one of the cost.
    pub one: i64,
    /// Every schedule costs a multiple of this.
    pub grain: i128,
    /// How many of `slots` may stay open.
    pub spare: usize,
    /// Limits on how many entries may be held together; they are priced after the slots.
    pub limits: Vec<usize>,
}

impl Parts {
    /// `None` when the numbers are too large to be worked on.
    pub fn new(problem: &Problem, unfilled: usize) -> Option<Self> {
        let roster = Roster::pinned(problem);
        let mut place = vec![None; problem.slots.len()];
        let mut slots = Vec::new();
        let mut lost = 0;
        let may = |p: usize, s: usize| rules::allows(&roster, p, s);
        for slot in roster.open() {
            let people = problem.index.candidates.get(slot)?;
            if people.iter().any(|&p| may(p, slot)) {
                super::super::table::set(&mut place, slot, Some(slots.len()));
                slots.push(slot);
            } else {
                lost += 1;
            }
        }
        let unit = slots.iter().map(|&s| problem.index.weight.at(s));
        let unit = unit.fold(0, super::gcd).max(1);
        let total: i128 = slots
            .iter()
            .map(|&s| i128::from(problem.index.weight.at(s)))
            .sum();
        let pinned = score::breakdown(&roster);
        let fixed = pinned.preference + pinned.stability;
        let wish = problem.index.preference.iter().map(|p| p.unsigned_abs());
        let wishes = i128::from(wish.max().unwrap_or(0)) * (i128::try_from(slots.len()).ok()? + 1);
        let mut size = wishes + fixed.saturating_abs();
        for p in 0..problem.people.len() {
            let most = i128::from(score::balance(&roster, p)).abs() + total;
            let most = problem.index.coefficient.at(p).saturating_mul(most * most);
            size = size.saturating_add(most);
        }
        let mut one = FINEST;
        while size * i128::from(one) > LARGEST {
            if one == 1 {
                return None;
            }
            one /= 2;
        }
        let mut order: Vec<usize> = (0..problem.shifts.len()).collect();
        order.sort_by_key(|&s| problem.shifts.get(s).copied().unwrap_or_default());
        let ideal = super::super::level::ideal_load_all(problem);
        let people = (0..problem.people.len()).map(|p| {
            let open = |s: usize| place.at(s).filter(|_| may(p, s));
            Duties::new(&roster, p, &order, &open, (unit, ideal.at(p), one))
        });
        Some(Self {
            people: people.collect(),
            fixed: i64::try_from(fixed).ok()? * one,
            one,
            grain: grain(problem),
            spare: unfilled.saturating_sub(lost).min(slots.len()),
            slots,
            limits: Vec::new(),
        })
    }
}

/// What every part of the cost is a multiple of.
fn grain(problem: &Problem) -> i128 {
    let whole = |value: &i128| i64::try_from(*value).unwrap_or(1);
    let steep = problem.index.coefficient.iter().map(whole);
    let wishes = problem.index.preference.iter().map(|w| w.abs());
    i128::from(steep.chain(wishes).fold(0, super::gcd).max(1))
}

impl Duties {
    fn new(
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
            super::super::table::set(&mut best, at, most);
        }
        let (many, most) = best.at(0);
        let start = score::balance(roster, person);
        // Loads far above what is fair are all alike: whoever has one, has too much.
        let far = (2 * ideal.max(0))
            .saturating_add(8 * unit)
            .saturating_sub(roster.load.at(person));
        let limit = most.min(far.max(4 * unit).max(-start));
        let grid = unit * (limit / unit / GRID + 1);
        let coefficient = i64::try_from(problem.index.coefficient.at(person)).unwrap_or(0);
        // What one more unit costs at a fair load: rounding is paid for at this price.
        let tilt = 2 * coefficient * (start + ideal.clamp(0, limit)).max(0);
        let mut off = 0;
        let rows = held
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
            });
        let rows = rows.collect();
        let error = off * many;
        let steps = limit / grid + i64::from(limit % grid > 0);
        let terminal = (0..=steps).map(|step| {
            let load = step * grid;
            let last = step == steps;
            // Lowest where coefficient * (start + l)^2 - tilt * l is flat.
            let lowest = tilt / (2 * coefficient.max(1)) - start;
            let (from, to) = (load - error, load + error);
            let cost = |l: i64| {
                let carried = start + l;
                (coefficient * carried * carried - tilt * (l - load)) * one
            };
            let near = [lowest, lowest + 1].map(|l| cost(l.clamp(from, to)));
            if last && error > 0 {
                // Where the tangent that stands for all more begins.
                let edge = (start + from).max(0);
                return (coefficient * edge * edge - tilt * error) * one;
            }
            near.into_iter().min().unwrap_or(0)
        });
        let edge = (start + steps * grid - error).max(0);
        Self {
            rows,
            terminal: terminal.collect(),
            beyond: 2 * coefficient * edge * grid * one,
        }
    }
}
