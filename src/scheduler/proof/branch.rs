//! Cases: what the prices leave open is settled by deciding one pair after the other.
//!
//! In each case the prices are climbed from where the case before stood, far enough that few cases are
//! needed (on a hard month three, where a climb of a third as far took thousands), and what reaches the
//! cost of the best known schedule is dropped. Then the load in most doubt is decided both ways (at
//! most so much, or more), or where all loads are settled the slot in most doubt
//! (branch and bound: Land and Doig, "An automatic method of solving discrete programming
//! problems", 1960).
use super::super::table::{At, set};
use super::ascent::Ascent;
use super::duties::Parts;

/// Temperatures of a case, in parts of `Parts::scale`.
const HEATS: [f64; 3] = [0.001, 0.000_2, 0.000_05];

/// Steps at each of them.
const STEPS: usize = 60;

/// Most entries that all cases together may keep waiting.
const MEMORY: usize = 400_000;

/// Takes pairs of slot and person, those wanted most first, and answers with a cost.
pub(in super::super) type TryOut<'a> = &'a mut dyn FnMut(&[(usize, usize)]) -> i128;

/// How the cases are worked through.
pub(super) struct Cases<'a> {
    /// Work left, in cells of tables.
    pub work: u64,
    /// Whether to go on.
    pub go: &'a mut dyn FnMut() -> bool,
    /// Makes a schedule of what a case leans to, and says what the best one costs.
    pub try_out: TryOut<'a>,
    /// Cost of the best known schedule.
    pub goal: i128,
}

impl Cases<'_> {
    /// Whether no schedule of this case costs less than the goal.
    pub fn settle(&mut self, parts: &Parts, prices: &[i64]) -> bool {
        let mut open = vec![(parts.clone(), prices.to_vec())];
        while let Some((parts, prices)) = open.pop() {
            let entries: usize = parts.people.iter().map(|d| d.entries().count()).sum();
            if self.work == 0 || open.len() * entries > MEMORY || !(self.go)() {
                return false;
            }
            // Trying out a schedule looks at every pair of slots.
            let pairs = parts.slots.len() * parts.slots.len();
            self.work = self.work.saturating_sub(pairs as u64);
            let Some(choice) = self.case(&parts, &prices) else {
                continue;
            };
            let (with, without, prices) = choice;
            open.push((without, prices.clone()));
            open.push((with, prices));
        }
        true
    }

    /// Looks into a case: nothing to be found in it, or the two it falls into, and their prices.
    fn case(&mut self, parts: &Parts, prices: &[i64]) -> Option<(Parts, Parts, Vec<i64>)> {
        let one = parts.one;
        let enough = parts.enough(self.goal);
        let start = prices.iter().map(|&p| p as f64 / one as f64).collect();
        let mut ascent = Ascent::new(parts, start);
        for heat in HEATS.map(|part| part * parts.scale) {
            let left = self.work;
            let mut more = |a: &Ascent| i128::from(a.best) <= enough && a.work < left;
            if more(&ascent) {
                ascent.climb(parts, (heat, STEPS), &mut more);
            }
            if i128::from(ascent.best) > enough {
                break;
            }
        }
        self.work = self.work.saturating_sub(ascent.work);
        if i128::from(ascent.best) > enough {
            return None;
        }
        self.goal = self.goal.min((self.try_out)(&ascent.leaning(parts)));
        let limit = parts.enough(self.goal);
        // What reaches the goal is in no better schedule.
        let prices = ascent.best_prices.clone();
        let mut kept = parts.clone();
        let mut doubt: Vec<(f64, usize)> = vec![(0.0, 0); parts.slots.len()];
        let mut count = vec![0_usize; parts.slots.len()];
        for (p, duties) in parts.people.iter().enumerate() {
            let best = ascent.cold.tables.best(duties, &prices);
            let mut floors = Vec::new();
            ascent
                .cold
                .tables
                .with(duties, |_, least| floors.push(least));
            let all = i128::from(ascent.best) - i128::from(best);
            let keep = |e: usize| all + i128::from(floors.at(e)) <= limit;
            for (e, entry) in duties.entries().enumerate().filter(|(e, _)| keep(*e)) {
                let share = ascent.shares.get(p).map_or(0.0, |s| s.at(e));
                let more = count.at(entry.slot) + 1;
                set(&mut count, entry.slot, more);
                if share >= doubt.at(entry.slot).0 {
                    set(&mut doubt, entry.slot, (share, p));
                }
            }
            let fewer = duties.filtered(&|e, _| keep(e));
            set(&mut kept.people, p, fewer);
        }
        if count.contains(&0) {
            return None;
        }
        if let Some((person, load)) = uncertain(&ascent.loads) {
            let mut light = kept.clone();
            let mut heavy = kept;
            if let (Some(less), Some(more)) =
                (light.people.get_mut(person), heavy.people.get_mut(person))
            {
                less.at_most(load);
                more.at_least(load + 1);
            }
            return Some((light, heavy, prices));
        }
        let slots = doubt
            .iter()
            .enumerate()
            .filter(|(slot, _)| count.at(*slot) > 1);
        let most = slots.min_by(|a, b| {
            let far = |x: &(f64, usize)| (x.0 - 0.5).abs();
            far(a.1).total_cmp(&far(b.1)).then(a.0.cmp(&b.0))
        });
        let Some((slot, &(_, person))) = most else {
            // One schedule is left; tried out, it cannot be better than the goal.
            let mut only = Vec::new();
            for (p, duties) in kept.people.iter().enumerate().take(kept.staff) {
                only.extend(duties.entries().map(|e| (kept.slots.at(e.slot), p)));
            }
            self.goal = self.goal.min((self.try_out)(&only));
            return None;
        };
        let split = |own: bool| {
            let mut half = kept.clone();
            for (p, duties) in half.people.iter_mut().enumerate() {
                let mine = p == person;
                *duties = duties.filtered(&|_, e| e.slot != slot || mine == own);
            }
            half
        };
        Some((split(true), split(false), prices))
    }
}

/// The person whose load is least settled, and the load they have at most as often as not.
fn uncertain(loads: &[Vec<f64>]) -> Option<(usize, usize)> {
    let mut found: Option<(f64, usize, usize)> = None;
    for (person, likely) in loads.iter().enumerate() {
        let mut below = 0.0;
        for (load, chance) in likely.iter().enumerate() {
            below += chance;
            let doubt = below.min(1.0 - below);
            if doubt > 0.05 && found.is_none_or(|(most, ..)| doubt > most + 1e-9) {
                found = Some((doubt, person, load));
            }
        }
    }
    found.map(|(_, person, load)| (person, load))
}
