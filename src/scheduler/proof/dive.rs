//! From prices to a schedule: what is nearly decided is decided, the prices follow, and so on until
//! nothing is left open ("diving": Danna, Rothberg and Le Pape, "Exploring relaxation induced
//! neighborhoods to improve MIP solutions", 2005, and others before).
use super::super::table::{At, set};
use super::ascent::Ascent;
use super::duties::Parts;

/// The temperature, in parts of `Parts::scale`.
const HEAT: f64 = 0.0025;

/// Steps at most between two decisions.
const STEPS: usize = 15;

/// A pair held as much as this is decided.
const NEARLY: f64 = 0.9;

/// Of so many open slots at least one is decided each time.
const ONE_IN: usize = 6;

/// Pairs of slot and person, those surest first, and the work that it took.
pub(super) fn dive(
    parts: &Parts,
    prices: &[i64],
    (work, go): (u64, &mut dyn FnMut() -> bool),
) -> (Vec<(usize, usize)>, u64) {
    let mut parts = parts.clone();
    let mut prices = prices.to_vec();
    let mut decided = vec![false; parts.slots.len()];
    let mut used = 0;
    loop {
        let start = prices.iter().map(|&p| p as f64 / parts.one as f64);
        let mut ascent = Ascent::new(&parts, start.collect());
        ascent.climb(&parts, (HEAT * parts.scale, STEPS), &mut |_| go());
        used += ascent.work;
        let mut most = vec![(0.0, 0); parts.slots.len()];
        for (p, (duties, shares)) in parts.people.iter().zip(&ascent.shares).enumerate() {
            for (entry, &share) in duties.entries().zip(shares) {
                if share > most.at(entry.slot).0 {
                    set(&mut most, entry.slot, (share, p));
                }
            }
        }
        let mut open: Vec<usize> = (0..most.len()).filter(|&s| !decided.at(s)).collect();
        if open.is_empty() || used > work || !go() {
            return (ascent.leaning(&parts), used);
        }
        open.sort_by(|&a, &b| most.at(b).0.total_cmp(&most.at(a).0).then(a.cmp(&b)));
        let least = open.len().div_ceil(ONE_IN);
        for (place, &slot) in open.iter().enumerate() {
            if place < least || most.at(slot).0 > NEARLY {
                set(&mut decided, slot, true);
            }
        }
        for (p, duties) in parts.people.iter_mut().enumerate() {
            *duties = duties.filtered(&|_, e| !decided.at(e.slot) || most.at(e.slot).1 == p);
        }
        prices = ascent.best_prices;
    }
}
