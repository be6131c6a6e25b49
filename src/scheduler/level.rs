//! The recommendation level: how strongly a person is recommended over the whole problem.
//!
//! Pour the whole burden like water over all who can take any slot: everybody is filled up to a common height
//! `(history + load) / capacity = h`, nobody below what they carry already. What a person receives
//! is their ideal load. The level is `100 * ideal / largest ideal`, rounded to the nearest whole
//! number, and 0 for a person who can take no slot at all.
//!
//! More history never raises the level: the own ideal load falls and everybody else's rises. Less
//! capacity (more utilised) never raises it either, as long as the common height is not negative,
//! that is, as long as the team as a whole is owed nothing; when the fair share that is part of
//! `history` shrinks together with the capacity, as the product passes it, it never does.
use super::problem::Problem;
use super::table::At;

/// Levels of all people, 0 to 100, in their order.
#[must_use]
pub fn levels(problem: &Problem) -> Vec<u8> {
    let ideal = ideal_loads(problem);
    let largest = ideal.iter().copied().max().unwrap_or(0);
    let level = |own: &i128| {
        if largest <= 0 {
            return 0;
        }
        u8::try_from((own * 200 + largest) / (2 * largest)).unwrap_or(100)
    };
    ideal.iter().map(level).collect()
}

/// Whether a person can take any slot at all.
fn can_serve(problem: &Problem, person: usize) -> bool {
    let mut candidates = problem.index.candidates.iter();
    let mut pins = problem.slots.iter().filter_map(|s| s.pin);
    candidates.any(|c| c.binary_search(&person).is_ok()) || pins.any(|p| p == person)
}

/// Each person's ideal load in 1/1024 of a weight unit. Whoever already carries more than the
/// common height gets nothing, and so does whoever can take no slot: the others share the whole.
fn ideal_loads(problem: &Problem) -> Vec<i128> {
    let total: i128 = problem.slots.iter().map(|s| i128::from(s.weight)).sum();
    let mut order: Vec<usize> = (0..problem.people.len()).collect();
    order.retain(|&p| can_serve(problem, p));
    let person = |p: usize| {
        let entry = problem.people.get(p);
        let history = entry.map_or(0, |e| i128::from(e.history));
        (history, entry.map_or(1, |e| i128::from(e.capacity)))
    };
    // By height before: history / capacity, compared without dividing.
    order.sort_by(|&a, &b| {
        let ((ha, ca), (hb, cb)) = (person(a), person(b));
        (ha * cb).cmp(&(hb * ca))
    });
    // The height is `water / base`; people join in order while they lie below it.
    let (mut water, mut base) = (total, 0_i128);
    for &p in &order {
        let (history, capacity) = person(p);
        if base > 0 && history * base >= water * capacity {
            break;
        }
        water += history;
        base += capacity;
    }
    let mut ideal = vec![0; problem.people.len()];
    for &p in &order {
        let (history, capacity) = person(p);
        if base > 0 {
            let load = (water * capacity - history * base) * 1024 / base;
            super::table::set(&mut ideal, p, load.max(0));
        }
    }
    ideal
}

/// A person's ideal load (see the module's docs), in weight units, rounded down.
#[must_use]
pub fn ideal_load(problem: &Problem, person: usize) -> i64 {
    i64::try_from(ideal_loads(problem).as_slice().at(person) / 1024).unwrap_or(i64::MAX)
}

/// Everybody's ideal load.
pub(super) fn ideal_load_all(problem: &Problem) -> Vec<i64> {
    let loads = ideal_loads(problem).into_iter();
    let whole = loads.map(|load| i64::try_from(load / 1024).unwrap_or(i64::MAX));
    whole.collect()
}
