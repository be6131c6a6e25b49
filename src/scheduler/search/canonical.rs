//! People in an order that depends only on what is known about them, so that neither their names
//! nor the order in which they are listed changes the schedule.
use super::super::problem::{Person, Problem};
use super::super::table::{At, set};

/// The problem with its people in canonical order, and for each place the person who stands there.
pub(crate) fn canonical(problem: &Problem) -> (Problem, Vec<usize>) {
    let order = order(problem);
    let mut place = vec![0; order.len()];
    for (at, &person) in order.iter().enumerate() {
        set(&mut place, person, at);
    }
    let people = order.iter().filter_map(|&p| problem.people.get(p).cloned());
    let people = people.collect();
    let slots = problem.slots.iter().map(|slot| {
        let mut slot = *slot;
        slot.pin = slot.pin.map(|p| place.at(p));
        slot.previous = slot.previous.map(|p| place.at(p));
        slot
    });
    let slots = slots.collect();
    let mut settings = problem.settings.clone();
    for pair in &mut settings.rules.forbidden_pairs {
        *pair = (place.at(pair.0), place.at(pair.1));
    }
    let sorted = Problem::new(people, problem.shifts.clone(), slots, settings);
    (sorted, order)
}

/// The assignment of the canonical problem in terms of the original people.
pub(crate) fn original(assignment: &[Option<usize>], order: &[usize]) -> Vec<Option<usize>> {
    let person = |entry: &Option<usize>| entry.map(|place| order.at(place));
    assignment.iter().map(person).collect()
}

/// An assignment of the original people in terms of the canonical problem.
pub(crate) fn sorted(assignment: &[Option<usize>], order: &[usize]) -> Vec<Option<usize>> {
    let mut place = vec![None; order.len()];
    for (at, &person) in order.iter().enumerate() {
        set(&mut place, person, Some(at));
    }
    let entry = |person: &Option<usize>| person.and_then(|p| place.as_slice().at(p));
    assignment.iter().map(entry).collect()
}

fn order(problem: &Problem) -> Vec<usize> {
    let own: Vec<(&Person, Vec<usize>, Vec<usize>)> = problem
        .people
        .iter()
        .enumerate()
        .map(|(p, person)| {
            let slots = || problem.slots.iter().enumerate();
            let pins = slots().filter(|(_, s)| s.pin == Some(p)).map(|(i, _)| i);
            let before = slots().filter(|(_, s)| s.previous == Some(p));
            (person, pins.collect(), before.map(|(i, _)| i).collect())
        })
        .collect();
    let mut ranks = rank(&own);
    // Whom a person may not serve with tells people apart who are otherwise alike.
    for _ in 0..4 {
        let pairs = &problem.settings.rules.forbidden_pairs;
        let refined: Vec<(usize, Vec<usize>)> = (0..own.len())
            .map(|p| {
                let mut partners: Vec<usize> = pairs
                    .iter()
                    .filter_map(|&(a, b)| match p {
                        _ if p == a => Some(ranks.at(b)),
                        _ if p == b => Some(ranks.at(a)),
                        _ => None,
                    })
                    .collect();
                partners.sort_unstable();
                (ranks.at(p), partners)
            })
            .collect();
        ranks = rank(&refined);
    }
    let mut order: Vec<usize> = (0..own.len()).collect();
    order.sort_by_key(|&p| (ranks.at(p), p));
    order
}

/// For each entry, how many are smaller: equal entries get equal ranks.
fn rank<T: Ord>(entries: &[T]) -> Vec<usize> {
    let mut sorted: Vec<&T> = entries.iter().collect();
    sorted.sort_unstable();
    let smaller = |entry: &T| sorted.partition_point(|other| *other < entry);
    entries.iter().map(smaller).collect()
}
