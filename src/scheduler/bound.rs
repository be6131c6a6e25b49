//! A lower bound on the cost, by prices.
//!
//! Give every person a price `y` per unit of weight. Whatever the schedule, a person of load `L`
//! costs at least `min over L of coefficient * (history + L)^2 - y L`, plus `y` times the weight
//! they take; so each slot costs at least its cheapest `preference + weight * y` among the people
//! who could take it, and the sum of both is a bound whatever the prices. Rest, windows and the
//! rules about teams are left out, which can only lower it. Good prices come from the fractional
//! problem (slots may be shared), solved slot by slot in floating point; they are then rounded, and
//! everything from there on is exact integer arithmetic, so a rounding error costs strength and
//! never truth.
use super::problem::Problem;
use super::roster::Roster;
use super::score;
use super::table::{At, set};

/// Prices are integers in this fraction of the cost per unit of weight.
const ONE: i128 = 1024;

/// What is left to decide once the pinned slots are taken out.
struct Relaxed<'a> {
    problem: &'a Problem,
    roster: Roster<'a>,
    /// Slots to be filled that somebody could take.
    slots: Vec<usize>,
    /// Of those, how many stay open.
    spare: usize,
    /// Cost of pinned preferences, and of pins that differ from the schedule last published.
    fixed: i128,
    /// Largest load each person could add.
    most: Vec<i64>,
    /// All weights are multiples of this.
    unit: i64,
}

/// A number that no schedule with at most `unfilled` open slots costs less than, with so much work
/// (looks at a person and slot) at most and no more than it takes to reach `goal`.
pub(super) fn bound(problem: &Problem, unfilled: usize, work: usize, goal: i128) -> i128 {
    let relaxed = Relaxed::new(problem, unfilled);
    let prices = relaxed.prices(work / 2);
    let mut best = relaxed.value(&prices);
    relaxed.climb(
        prices,
        &mut best,
        (work / 2, goal.saturating_mul(ONE) - ONE),
    );
    best.div_euclid(ONE) + i128::from(best.rem_euclid(ONE) > 0)
}

/// A number that no schedule with at most `unfilled` open slots costs less than, at once: everybody
/// gets what suits them best.
pub(super) fn at_once(problem: &Problem, unfilled: usize) -> i128 {
    let relaxed = Relaxed::new(problem, unfilled);
    let value = relaxed.value(&vec![0; problem.people.len()]);
    value.div_euclid(ONE)
}

/// Prices of slots to begin with: the cheapest marginal cost among the people who could take each.
#[allow(clippy::cast_precision_loss)]
pub(super) fn slot_prices(problem: &Problem, slots: &[usize], work: usize) -> Vec<f64> {
    let relaxed = Relaxed::new(problem, 0);
    let prices = relaxed.prices(work);
    let price = |&slot: &usize| {
        let weight = i128::from(problem.index.weight.at(slot));
        let costs = relaxed.people_of(slot).iter().map(|&p| {
            weight * prices.at(p) + i128::from(score::preference(problem, p, slot)) * ONE
        });
        costs.min().unwrap_or(0) as f64 / ONE as f64
    };
    slots.iter().map(price).collect()
}

impl<'a> Relaxed<'a> {
    fn new(problem: &'a Problem, unfilled: usize) -> Self {
        let roster = Roster::pinned(problem);
        let candidates = |s: usize| problem.index.candidates.get(s).map_or(0, Vec::len);
        let (slots, hopeless): (Vec<usize>, Vec<usize>) =
            roster.open().partition(|&s| candidates(s) > 0);
        let mut most = vec![0_i64; problem.people.len()];
        let mut unit = 0;
        for &slot in &slots {
            let weight = problem.index.weight.at(slot);
            unit = gcd(unit, weight);
            for &p in problem.index.candidates.get(slot).into_iter().flatten() {
                let more = most.at(p) + weight;
                set(&mut most, p, more);
            }
        }
        let pinned = score::breakdown(&roster);
        let fixed = pinned.preference + pinned.stability;
        Self {
            problem,
            roster,
            spare: unfilled.saturating_sub(hopeless.len()).min(slots.len()),
            slots,
            fixed,
            most,
            unit: unit.max(1),
        }
    }

    fn people_of(&self, slot: usize) -> &'a [usize] {
        let people = self.problem.index.candidates.get(slot);
        people.map(Vec::as_slice).unwrap_or_default()
    }

    /// The bound these prices give, in units of 1 / `ONE`.
    fn value(&self, prices: &[i128]) -> i128 {
        let mut total = self.fixed * ONE;
        for person in 0..self.problem.people.len() {
            total = total.saturating_add(self.person(person, prices.at(person)));
        }
        let mut costs: Vec<i128> = Vec::with_capacity(self.slots.len());
        for &slot in &self.slots {
            let weight = i128::from(self.problem.index.weight.at(slot));
            let cost = self.people_of(slot).iter().map(|&p| {
                weight * prices.at(p) + i128::from(score::preference(self.problem, p, slot)) * ONE
            });
            costs.push(cost.min().unwrap_or(0));
        }
        if self.spare > 0 {
            // At most `spare` stay open, so at best the dearest do; a negative cost is taken.
            costs.sort_unstable_by_key(|c| std::cmp::Reverse(*c));
            for cost in costs.iter_mut().take(self.spare) {
                *cost = (*cost).min(0);
            }
        }
        costs.into_iter().fold(total, i128::saturating_add)
    }

    /// The least that a person's fairness can cost at a price, less what the price pays.
    fn person(&self, person: usize, price: i128) -> i128 {
        let coefficient = self.problem.index.coefficient.at(person);
        let start = i128::from(score::balance(&self.roster, person));
        let unit = i128::from(self.unit);
        let most = i128::from(self.most.at(person)) / unit;
        // The parabola is lowest here; the best integer is a neighbour.
        let ideal = (price / (2 * coefficient * ONE) - start) / unit;
        let cost = |steps: i128| {
            let load = steps.clamp(0, most) * unit;
            coefficient * (start + load) * (start + load) * ONE - price * load
        };
        let near = [ideal - 1, ideal, ideal + 1, ideal + 2];
        near.into_iter().map(cost).min().unwrap_or(0)
    }

    /// Looks that it takes to look at every slot and person once.
    fn pairs(&self) -> usize {
        let pairs: usize = self.slots.iter().map(|&s| self.people_of(s).len()).sum();
        pairs.max(1)
    }

    /// Prices from the fractional problem: each slot in turn is shared out best, until nothing moves
    /// or so many looks were taken.
    #[allow(clippy::cast_precision_loss)]
    fn prices(&self, work: usize) -> Vec<i128> {
        let count = self.problem.people.len();
        let slope: Vec<f64> = (0..count)
            .map(|p| 2.0 * self.problem.index.coefficient.at(p) as f64)
            .collect();
        let mut balance: Vec<f64> = (0..count)
            .map(|p| score::balance(&self.roster, p) as f64)
            .collect();
        let mut shares: Vec<Vec<f64>> = self
            .slots
            .iter()
            .map(|&slot| vec![0.0; self.people_of(slot).len()])
            .collect();
        // Sorting makes a look dearer here than elsewhere.
        for _ in 0..(work / (8 * self.pairs())).clamp(12, 200) {
            let before = balance.clone();
            for (&slot, share) in self.slots.iter().zip(&mut shares) {
                let weight = self.problem.index.weight.at(slot) as f64;
                if weight > 0.0 {
                    self.share_out(slot, weight, &slope, &mut balance, share);
                }
            }
            let mut moved = balance.iter().zip(&before).map(|(a, b)| (a - b).abs());
            if moved.all(|m| m < 1e-6 * self.unit as f64) {
                break;
            }
        }
        let exact = slope.iter().zip(&balance).map(|(s, b)| s * b * ONE as f64);
        exact.map(rounded).collect()
    }

    /// Shares one slot so that everybody with a part of it has the same marginal cost.
    #[allow(clippy::cast_precision_loss)]
    fn share_out(
        &self,
        slot: usize,
        weight: f64,
        slope: &[f64],
        balance: &mut [f64],
        share: &mut [f64],
    ) {
        let mut order = Vec::with_capacity(share.len());
        for (i, &p) in self.people_of(slot).iter().enumerate() {
            let without = balance.at(p) - weight * share.at(i);
            set(balance, p, without);
            let wish = score::preference(self.problem, p, slot) as f64;
            order.push((slope.at(p) * weight * without + wish, i, p));
        }
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Raise the level until exactly one whole slot is given away.
        let (mut level, mut rate) = (0.0, 0.0);
        for &(from, _, p) in &order {
            if rate > 0.0 && level <= from {
                break;
            }
            let own = 1.0 / (slope.at(p) * weight * weight);
            level = if rate > 0.0 {
                (level * rate + from * own) / (rate + own)
            } else {
                from + 1.0 / own
            };
            rate += own;
        }
        for &(from, i, p) in &order {
            let part = ((level - from) / (slope.at(p) * weight * weight)).max(0.0);
            set(share, i, part);
            set(balance, p, balance.at(p) + weight * part);
        }
    }

    /// Moves the prices of everybody, of neighbours in price, and of single people, up and down in
    /// ever smaller steps, while that raises the bound towards the goal.
    fn climb(&self, mut prices: Vec<i128>, best: &mut i128, (work, goal): (usize, i128)) {
        let mut order: Vec<usize> = (0..prices.len()).collect();
        order.sort_by_key(|&p| prices.at(p));
        let smallest = self.problem.index.coefficient.iter().min();
        let heaviest = self
            .slots
            .iter()
            .map(|&s| self.problem.index.weight.at(s))
            .max();
        let coarse = i128::from(heaviest.unwrap_or(1).max(1));
        let start = smallest.copied().unwrap_or(1) * coarse * ONE;
        let mut budget = work / self.pairs();
        let mut groups: Vec<Vec<usize>> = vec![order.clone()];
        for gap in [start, start / 4, start / 16] {
            groups.extend(split(&order, &prices, gap));
        }
        groups.extend(order.iter().map(|&p| vec![p]));
        groups.sort();
        groups.dedup();
        let mut step = start * 2;
        while step > 0 {
            for group in &groups {
                for signed in [step, -step] {
                    while budget > 0 && *best <= goal {
                        budget -= 1;
                        let mut moved = prices.clone();
                        for &p in group {
                            set(&mut moved, p, prices.at(p) + signed);
                        }
                        let value = self.value(&moved);
                        if value <= *best {
                            break;
                        }
                        *best = value;
                        prices = moved;
                    }
                }
            }
            step /= 2;
            if budget == 0 || step < start / 256 {
                break;
            }
        }
    }
}

/// Runs of people whose prices lie less than `gap` apart.
fn split(order: &[usize], prices: &[i128], gap: i128) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut last = None;
    for &p in order {
        let price = prices.at(p);
        match groups.last_mut() {
            Some(group) if last.is_some_and(|l| price - l < gap) => group.push(p),
            _ => groups.push(vec![p]),
        }
        last = Some(price);
    }
    groups
}

/// The nearest integer of a float; nonsense and infinities become 0.
#[allow(clippy::cast_possible_truncation)]
fn rounded(value: f64) -> i128 {
    if value.is_finite() && value.abs() < 1e24 {
        value.round() as i128
    } else {
        0
    }
}

/// The greatest common divisor, of 0 and a number that number.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 {
        a.saturating_abs()
    } else {
        gcd(b, a % b)
    }
}
