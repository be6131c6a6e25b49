//! Prices that make the bound high: uphill on the smooth value, colder and colder.
//!
//! Each temperature is climbed with a limited-memory quasi-Newton method (Nocedal, "Updating
//! quasi-Newton matrices with limited storage", 1980). Every exact value met on the way counts, so
//! that nothing depends on how far the climb comes.
use super::super::table::{At, set};
use super::cold::Cold;
use super::duties::Duties;
use super::numbers::{dot, exp, ln};
use super::parts::Parts;
use super::soft::Soft;

/// Pairs of steps and slope changes that are remembered.
const MEMORY: usize = 60;

/// Above this part of `Parts::scale` the cheaper way to the smooth value is within range.
const WARM: f64 = 0.02;

/// Where the climb is, and the best exact prices so far.
pub(super) struct Ascent {
    prices: Vec<f64>,
    /// Each person's shares of their entries.
    pub shares: Vec<Vec<f64>>,
    /// How likely each load is for each person, as far as it is known.
    pub loads: Vec<Vec<f64>>,
    means: Vec<f64>,
    soft: Soft,
    pub cold: Cold,
    /// The best exact value, in units of `Parts::one`.
    pub best: i64,
    pub best_prices: Vec<i64>,
    /// Cells of tables worked through.
    pub work: u64,
    cells: u64,
}

/// Floors of one person, by entry and by load.
pub(super) struct Floors {
    pub entries: Vec<i128>,
    pub loads: Vec<i128>,
}

/// A place on the way up.
struct Stand {
    prices: Vec<f64>,
    slope: Vec<f64>,
    value: f64,
}

/// The last steps: what moved, how the slope changed, and one over their product.
type Memory = Vec<(Vec<f64>, Vec<f64>, f64)>;

impl Ascent {
    pub fn new(parts: &Parts, prices: Vec<f64>) -> Self {
        let middle = |cells: usize| cells as f64 / 2.0;
        let means = parts.people.iter().map(|d| middle(d.terminal.len()));
        let mut ascent = Self {
            means: means.collect(),
            shares: vec![Vec::new(); parts.people.len()],
            loads: vec![Vec::new(); parts.people.len()],
            soft: Soft::default(),
            cold: Cold::default(),
            best: i64::MIN,
            best_prices: Vec::new(),
            work: 0,
            cells: parts.people.iter().map(Duties::cells).sum(),
            prices,
        };
        ascent.note(parts);
        ascent
    }

    /// Begins at exact prices.
    pub fn at(parts: &Parts, prices: &[i64]) -> Self {
        Self::new(parts, inexact(prices, parts.one))
    }

    /// Makes room for limits added since, at no price.
    pub fn grow(&mut self, parts: &Parts) {
        let count = parts.slots.len() + parts.limits.len();
        self.prices.resize(count, 0.0);
        self.best_prices.resize(count, 0);
    }

    /// Goes back to the best prices.
    pub fn back(&mut self, one: i64) {
        self.prices = inexact(&self.best_prices, one);
    }

    /// Works out the exact value of the present prices, and keeps them if they are the best.
    pub fn note(&mut self, parts: &Parts) {
        self.work += self.cells;
        let prices = exact(parts, &self.prices);
        let people = parts.people.iter();
        let people = people.map(|d| self.cold.tables.best(d, &prices));
        let value = people.fold(parts.rest(&prices), i64::saturating_add);
        self.keep(value, prices);
    }

    /// Pairs of slot and person that the smooth solution holds, those held most first.
    pub fn leaning(&self, parts: &Parts) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        let people = parts.people.iter().zip(&self.shares).take(parts.staff);
        for (p, (duties, shares)) in people.enumerate() {
            for (entry, &share) in duties.entries().zip(shares) {
                if share > 0.05 {
                    let thousandths = (share * 1000.0).round() as i64;
                    pairs.push((-thousandths, parts.slots.at(entry.slot), p));
                }
            }
        }
        pairs.sort_unstable();
        pairs.into_iter().map(|(_, slot, p)| (slot, p)).collect()
    }

    /// Under every schedule in which a person has an entry, or ends with a load: what the best prices
    /// prove, in units of `Parts::one`.
    pub fn floors(&mut self, parts: &Parts) -> Vec<Floors> {
        let tables = &mut self.cold.tables;
        let floors = parts.people.iter().map(|duties| {
            let others = i128::from(self.best) - i128::from(tables.best(duties, &self.best_prices));
            let mut entries = Vec::new();
            tables.with(duties, |_, least| entries.push(others + i128::from(least)));
            let loads = tables.ending(duties);
            let loads = loads.map(|least| others + i128::from(least)).collect();
            Floors { entries, loads }
        });
        floors.collect()
    }

    /// After a person's entries have become fewer.
    pub fn keep_shares(&mut self, person: usize, keep: &dyn Fn(usize) -> bool) {
        if let Some(shares) = self.shares.get_mut(person) {
            let mut number = 0;
            shares.retain(|_| {
                number += 1;
                keep(number - 1)
            });
        }
    }

    /// After tables have become smaller.
    pub fn recount(&mut self, parts: &Parts) {
        self.cells = parts.people.iter().map(Duties::cells).sum();
    }

    fn keep(&mut self, value: i64, prices: Vec<i64>) {
        if value > self.best {
            self.best = value;
            self.best_prices = prices;
        }
    }

    /// The smooth value and its slope.
    fn stand(&mut self, parts: &Parts, prices: &[f64], heat: f64) -> Stand {
        let cold = heat <= WARM * parts.scale;
        self.work += self.cells * if cold { 4 } else { 2 };
        let one = parts.one as f64;
        // Tables are worked out at whole prices; so is all else, or the parts do not add up.
        let exact = exact(parts, prices);
        let prices: Vec<f64> = exact.iter().map(|&p| p as f64 / one).collect();
        let mut slope = vec![1.0; prices.len()];
        let slots = parts.slots.len();
        let mut value: f64 = prices.iter().take(slots).sum();
        for (k, &cap) in parts.limits.iter().enumerate() {
            let price = prices.at(slots + k);
            let (cost, left) = unused(price, cap, heat);
            value += price * cap as f64 - cost;
            set(&mut slope, slots + k, cap as f64 - left);
        }
        let mut hard = parts.rest(&exact);
        let people = parts.people.iter().zip(&mut self.means);
        let known = self.shares.iter_mut().zip(&mut self.loads);
        for ((duties, mean), (shares, loads)) in people.zip(known) {
            let warm = (!cold).then(|| self.soft.person(duties, &prices, (heat, one), mean));
            // What is out of range is worked out the other way.
            let held = if let Some(smooth) = warm.flatten() {
                value += smooth;
                &self.soft.shares
            } else {
                let (best, smooth) = self.cold.person(duties, &exact, (heat, one));
                hard = hard.saturating_add(best);
                value += smooth;
                loads.clone_from(&self.cold.loads);
                &self.cold.shares
            };
            for (entry, share) in duties.entries().zip(held) {
                for &k in &entry.priced {
                    let less = slope.at(k) - share;
                    set(&mut slope, k, less);
                }
            }
            shares.clone_from(held);
        }
        if cold {
            self.keep(hard, exact);
        }
        Stand {
            prices,
            slope,
            value,
        }
    }

    /// So many steps uphill at one temperature, while `go` agrees and each gains at least so much.
    pub fn climb(
        &mut self,
        parts: &Parts,
        (heat, steps, gain): (f64, usize, f64),
        go: &mut dyn FnMut(&Self) -> bool,
    ) {
        let mut here = self.stand(parts, &self.prices.clone(), heat);
        let mut memory = Memory::new();
        // Many small slopes that point the same way are worth as much as a large one.
        let rough = if heat > WARM * parts.scale { 10.0 } else { 1.0 };
        let enough = 0.02 * rough * (here.slope.len() as f64).sqrt();
        for _ in 0..steps {
            if !go(self) {
                break;
            }
            let way = direction(&here.slope, &memory, heat);
            let uphill = dot(&way, &here.slope);
            let next = if uphill > 0.0 {
                self.step(parts, &here, (&way, uphill), heat)
            } else {
                None
            };
            let Some(next) = next else {
                if memory.is_empty() {
                    break;
                }
                memory.clear();
                continue;
            };
            remember(&mut memory, &here, &next);
            let gained = next.value - here.value;
            here = next;
            if gained < gain || here.slope.iter().map(|s| s.abs()).sum::<f64>() < enough {
                break;
            }
        }
        self.prices = here.prices;
    }

    /// One step along a way that leads up, as long as it may be.
    fn step(
        &mut self,
        parts: &Parts,
        here: &Stand,
        (way, uphill): (&[f64], f64),
        heat: f64,
    ) -> Option<Stand> {
        // No price moves by more than some temperatures at once.
        let largest = way.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
        let mut length = (8.0 * heat / largest).min(1.0);
        for _ in 0..6 {
            let prices = here.prices.iter().zip(way).map(|(p, w)| p + length * w);
            let next = self.stand(parts, &prices.collect::<Vec<f64>>(), heat);
            if next.value >= here.value + 1e-4 * length * uphill {
                return Some(next);
            }
            length *= 0.4;
        }
        None
    }
}

/// Integer prices in the cost's unit.
fn inexact(prices: &[i64], one: i64) -> Vec<f64> {
    prices.iter().map(|&p| p as f64 / one as f64).collect()
}

/// Prices as integers, within limits.
fn exact(parts: &Parts, prices: &[f64]) -> Vec<i64> {
    let most = parts.dearest();
    let one = parts.one as f64;
    let whole = |p: &f64| ((p * one).round() as i64).clamp(-most, most);
    prices.iter().map(whole).collect()
}

/// What a limit that need not be used up earns at a price: the smooth value, and how much of it
/// stays unused on average.
fn unused(price: f64, cap: usize, heat: f64) -> (f64, f64) {
    let top = (price * cap as f64 / heat).max(0.0);
    let (mut sum, mut mean) = (0.0, 0.0);
    for left in 0..=cap {
        let part = exp(price * left as f64 / heat - top);
        sum += part;
        mean += part * left as f64;
    }
    (heat * (ln(sum) + top), mean / sum)
}

/// Which way to go: the slope, bent by what the last steps taught.
fn direction(slope: &[f64], memory: &Memory, heat: f64) -> Vec<f64> {
    let mut way = slope.to_vec();
    let mut parts = Vec::with_capacity(memory.len());
    for (moved, change, rho) in memory.iter().rev() {
        let part = rho * dot(moved, &way);
        parts.push(part);
        for (w, c) in way.iter_mut().zip(change) {
            *w -= part * c;
        }
    }
    let last = memory.last();
    let scale = last.map_or(heat, |(m, c, _)| dot(m, c) / dot(c, c));
    for w in &mut way {
        *w *= scale;
    }
    for ((moved, change, rho), part) in memory.iter().zip(parts.iter().rev()) {
        let more = part - rho * dot(change, &way);
        for (w, m) in way.iter_mut().zip(moved) {
            *w += m * more;
        }
    }
    way
}

fn remember(memory: &mut Memory, from: &Stand, to: &Stand) {
    let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(x, y)| x - y).collect() };
    let moved = less(&to.prices, &from.prices);
    let change = less(&from.slope, &to.slope);
    let curvature = dot(&moved, &change);
    if curvature > 1e-12 {
        if memory.len() >= MEMORY {
            memory.remove(0);
        }
        memory.push((moved, change, 1.0 / curvature));
    }
}
