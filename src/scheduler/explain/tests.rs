//! What is found near the present schedule, and the floor, against trying everything.
use super::super::search::tests::problem;
use super::super::{Effort, Problem, recommend, rules, score};
use super::resolve::Forcing;

/// The true least cost of filling the same slots with this person on the slot.
fn truth(problem: &Problem, before: &[Option<usize>], slot: usize, person: usize) -> Option<i128> {
    let closed = before
        .iter()
        .enumerate()
        .filter(|(s, h)| *s != slot && h.is_none());
    let best = Forcing::new(problem, before, slot).force(person);
    let after = best.assignment?;
    assert_eq!(after.iter().filter(|h| h.is_none()).count(), closed.count());
    let cost = score::score(problem, &after).total;
    assert_eq!(cost, best.floor, "everything was tried");
    Some(cost)
}

#[test]
fn what_is_found_near_is_no_cheaper_than_the_best_and_the_floor_no_dearer() {
    let (mut found, mut best, mut tight, mut asked) = (0, 0, 0, 0);
    for seed in 0..120 {
        let problem = problem(seed);
        let before = recommend(&problem, Effort::Quick).assignment;
        for slot in 0..problem.slots.len() {
            for person in 0..problem.people.len() {
                let blocked = problem.index.candidates[slot]
                    .binary_search(&person)
                    .is_err();
                if blocked || before[slot] == Some(person) || problem.slots[slot].pin.is_some() {
                    continue;
                }
                let mut forcing = Forcing::new(&problem, &before, slot);
                let near = forcing.find(person);
                let floor = forcing.floor(person);
                let truth = truth(&problem, &before, slot, person);
                assert!(
                    near.is_none() || truth.is_some(),
                    "seed {seed}: {slot} {person}"
                );
                let Some(truth) = truth else { continue };
                assert!(floor <= truth, "seed {seed}: {slot} {person}");
                asked += 1;
                tight += usize::from(floor == truth);
                let Some(near) = near else { continue };
                let cost = score::score(&problem, &near).total;
                assert!(cost >= truth);
                let broken = rules::violations(&problem, &near);
                let known = rules::violations(&problem, &before);
                assert!(broken.iter().all(|v| known.contains(v)), "{broken:?}");
                found += 1;
                best += usize::from(cost == truth);
            }
        }
    }
    println!("of {asked}: {found} found, {best} at least cost, {tight} with an equal floor");
    assert!(asked > 300, "{asked}");
    assert!(found * 10 > asked * 8, "{found} of {asked} found");
    assert!(best * 10 > found * 8, "{best} of {found} are the best");
    assert!(tight > 0);
}
