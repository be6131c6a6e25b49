//! From prices to a schedule: what is nearly decided is decided, the prices follow, and so on until
//! nothing is left open ("diving": Danna, Rothberg and Le Pape, "Exploring relaxation induced
//! neighborhoods to improve MIP solutions", 2005, and others before).
use super::super::table::{At, set};
use super::ascent::Ascent;
use super::parts::Parts;

/// How to dive.
#[derive(Clone, Copy)]
pub(super) struct Way {
    /// Pairs count whose floors are within one part in so many of what the best schedule costs more than
    /// the bound: it is mostly the bound that is nearer to the truth.
    pub near: i128,
    /// The temperature, in parts of `Parts::scale`.
    heat: f64,
    /// Steps at most between two decisions.
    steps: usize,
    /// Of so many open slots at least one is decided each time.
    one_in: usize,
}

/// Which one leads to the best schedule can't be known: one after the other is tried.
pub(super) const WAYS: [Way; 3] = [
    Way {
        near: 1,
        heat: 0.0025,
        steps: 15,
        one_in: 6,
    },
    Way {
        near: 4,
        heat: 0.0005,
        steps: 40,
        one_in: 3,
    },
    Way {
        near: 2,
        heat: 0.001,
        steps: 40,
        one_in: 3,
    },
];

/// A pair held as much as this is decided.
const NEARLY: f64 = 0.9;

/// Pairs of slot and person, those surest first. Takes what it needs from the work, and stops when there
/// is no more.
pub(super) fn dive(
    mut parts: Parts,
    prices: &[i64],
    way: Way,
    (work, go): (&mut u64, &mut dyn FnMut() -> bool),
) -> Vec<(usize, usize)> {
    let mut prices = prices.to_vec();
    let mut decided = vec![false; parts.slots.len()];
    loop {
        let mut ascent = Ascent::at(&parts, &prices);
        let left = *work;
        let mut more = |ascent: &Ascent| ascent.work < left && go();
        let heat = way.heat * parts.scale;
        ascent.climb(&parts, (heat, way.steps, 0.0), &mut more);
        *work = work.saturating_sub(ascent.work);
        let mut most = vec![(0.0, 0); parts.slots.len()];
        for (p, (duties, shares)) in parts.people.iter().zip(&ascent.shares).enumerate() {
            for (entry, &share) in duties.entries().zip(shares) {
                if share > most.at(entry.slot).0 {
                    set(&mut most, entry.slot, (share, p));
                }
            }
        }
        let mut open: Vec<usize> = (0..most.len()).filter(|&s| !decided.at(s)).collect();
        if open.is_empty() || *work == 0 || !go() {
            return ascent.leaning(&parts);
        }
        open.sort_by(|&a, &b| most.at(b).0.total_cmp(&most.at(a).0).then(a.cmp(&b)));
        let least = open.len().div_ceil(way.one_in);
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
