//! What a schedule can cost at all, near a bound.
//!
//! Preferences cost multiples of some number `g`, so that the loads alone decide the remainder of the
//! cost by `g`. The prices say for each person how much more than the bound each load costs at least.
//! A programme over people, the sum of the loads so far and the remainder finds the least that all
//! together cost with each remainder; the bound is then raised to the least cost that has it. (As the
//! prices leave only a few loads to each person, it is next to no work; it closes what is otherwise a
//! plateau for any branching, where costs between the bound and the best schedule do not exist.)
use super::super::table::{At, set};
use super::ascent::Floors;
use super::duties::Duties;
use super::gcd;
use super::parts::Parts;

/// Most remainders told apart.
const REMAINDERS: i64 = 256;

/// Most steps of the programme. Where it would take more, the prices leave too much open for it to say
/// anything.
const STEPS: usize = 200_000;

const NEVER: i128 = i128::MAX;

impl Parts {
    /// No schedule that is left costs less. The floors are those of prices worth `best`; whoever costs
    /// more than the limit (both in units of `one`) does not count. Below all costs where nothing can
    /// be said.
    pub fn least(&self, floors: &[Floors], (best, limit): (i64, i128)) -> i128 {
        self.sharpened(floors, (i128::from(best), limit))
            .unwrap_or(i128::MIN)
    }

    fn sharpened(&self, floors: &[Floors], (best, limit): (i128, i128)) -> Option<i128> {
        let people = || self.people.iter().zip(floors).take(self.staff);
        let one = self.one;
        let wishes = people().flat_map(|(duties, own)| {
            let entries = duties.entries().zip(&own.entries);
            entries
                .filter(|(_, f)| **f <= limit)
                .map(|(e, _)| e.cost / one)
        });
        let step = wishes.fold(0, gcd);
        let mut loads = Vec::with_capacity(self.staff);
        let mut grain = step;
        for (duties, own) in people() {
            let own = duties.possible(own, (best, limit), one)?;
            let (first, lowest) = own.first().map(|&(load, _, cost)| (load, cost))?;
            for &(_, _, cost) in &own {
                grain = gcd(grain, cost - lowest);
            }
            loads.push((first, lowest, own));
        }
        let count = step
            .checked_div(grain)
            .filter(|n| (1..=REMAINDERS).contains(n))?;
        let count = usize::try_from(count).ok()?;
        // Where slots may stay open, the sum of the loads is not known.
        let whole = self.people.len() == self.staff;
        let base: usize = loads.iter().map(|l| l.0).sum();
        let range =
            |own: &[(usize, i128, i64)], first: usize| own.last().map_or(0, |l| l.0 - first);
        let room: usize = loads.iter().map(|(first, _, own)| range(own, *first)).sum();
        let target = match (whole, self.total.checked_sub(base)) {
            (false, _) => 0,
            (true, Some(target)) if target <= room => target,
            (true, _) => return Some(NEVER),
        };
        let many: usize = loads.iter().map(|(_, _, own)| own.len()).sum();
        let size = (target + 1).saturating_mul(count);
        if size.saturating_mul(many) > STEPS {
            return None;
        }
        let mut least = vec![NEVER; size];
        set(&mut least, 0, 0);
        let fair: i64 = loads.iter().map(|l| l.1).sum();
        for (first, lowest, own) in &loads {
            let mut next = vec![NEVER; least.len()];
            for &(load, more, cost) in own {
                let up = if whole { load - first } else { 0 };
                let turn = ((cost - lowest) / grain).rem_euclid(step / grain);
                let turn = usize::try_from(turn).ok()?;
                for sum in 0..=target.saturating_sub(up) {
                    for rest in 0..count {
                        let known = least.at(sum * count + rest);
                        let place = (sum + up) * count + (rest + turn) % count;
                        if known != NEVER && sum + up <= target && known + more < next.at(place) {
                            set(&mut next, place, known + more);
                        }
                    }
                }
            }
            least = next;
        }
        let ends = (0..count).map(|rest| {
            let more = least.at(target * count + rest);
            if more == NEVER {
                return NEVER;
            }
            // The least cost from there on that has this remainder.
            let value = best + more;
            let value = -(-value).div_euclid(i128::from(one));
            let rest = i128::from(fair) + i128::try_from(rest).unwrap_or(0) * i128::from(grain);
            let step = i128::from(step);
            self.fixed + value + (rest - value).rem_euclid(step)
        });
        ends.min()
    }
}

impl Duties {
    /// Loads that a schedule within the limit may have: on the grid, how much more than the bound they
    /// cost, and what fairness costs. `None` where loads are not told apart exactly.
    fn possible(
        &self,
        floors: &Floors,
        (best, limit): (i128, i128),
        one: i64,
    ) -> Option<Vec<(usize, i128, i64)>> {
        let last = self.terminal.len() - 1;
        let mut loads = Vec::new();
        for (load, (&floor, &cost)) in floors.loads.iter().zip(&self.terminal).enumerate() {
            if floor <= limit {
                if !self.exact || load == last {
                    return None;
                }
                #[allow(clippy::cast_possible_truncation)]
                loads.push((load, floor - best, cost as i64 / one));
            }
        }
        Some(loads)
    }
}
