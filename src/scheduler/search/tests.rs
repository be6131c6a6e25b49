//! Annealing and bound, which small problems do without, against trying everything.
use super::super::bound::bound;
use super::super::problem::{
    Block, NewcomerPolicy, Person, PreferenceCosts, Role, Rules, Settings, Shift, Slot, Standing,
    Window,
};
use super::super::proof::Proof;
use super::anneal::Anneal;
use super::*;
use proptest::prelude::*;
use random::Random;

/// Four people on six slots of shifts that touch and overlap.
pub(in crate::scheduler) fn problem(seed: u64) -> Problem {
    let mut random = Random::new(seed);
    let mut below = |bound: i64| {
        let bound = usize::try_from(bound).unwrap();
        i64::try_from(random.below(bound)).unwrap()
    };
    let shifts: Vec<Shift> = (0..4)
        .map(|n| {
            let start_min = n * 720 + below(2) * 360;
            Shift {
                start_min,
                end_min: start_min + 720,
                day: start_min / 1440,
                weekend: (n > 1).then_some(n / 3),
            }
        })
        .collect();
    let slots: Vec<Slot> = (0..6)
        .map(|_| Slot {
            shift: usize::try_from(below(4)).unwrap(),
            role: Role {
                order: u32::try_from(below(3)).unwrap(),
                shadow: below(6) == 0,
            },
            weight: below(5),
            pin: (below(10) == 0).then_some(0),
            previous: (below(3) == 0).then_some(1),
        })
        .collect();
    let people: Vec<Person> = (0..4)
        .map(|_| Person {
            capacity: [5, 8, 10][usize::try_from(below(3)).unwrap()],
            history: below(20) - 10,
            experienced: below(3) > 0,
            newcomer: below(4) == 0,
            commitments: Vec::new(),
            standing: (0..6)
                .map(|_| match below(6) {
                    0 => Standing::Preferred,
                    1 => Standing::IfNeeded,
                    2 => Standing::Blocked(Block::Leave),
                    _ => Standing::Available,
                })
                .collect(),
        })
        .collect();
    let settings = Settings {
        rules: Rules {
            min_rest_min: below(3) * 360,
            window: (below(2) == 0).then_some(Window { days: 2, max: 2 }),
            max_consecutive_weekends: (below(2) == 0).then_some(1),
            experienced_per_shift: u32::try_from(below(2)).unwrap(),
            newcomers: NewcomerPolicy::NeverAlone,
            forbidden_pairs: vec![(0, 1)],
        },
        preference: PreferenceCosts {
            preferred: -10,
            available: 0,
            if_needed: 20,
        },
        stability: 15,
        scale: 40,
    };
    Problem::new(people, shifts, slots, settings)
}

/// The true optimum and what annealing makes of the same problem.
fn both(problem: &Problem) -> (Key, Key) {
    let mut start = Roster::pinned(problem);
    greedy::fill(&mut start);
    let best = exact::solve(problem, (usize::MAX, 0, 0)).unwrap();
    let best = score::score(problem, &best);
    let outcome = campaign::run(&start, false, Effort::Standard, &mut |_| {
        ControlFlow::Continue(())
    });
    let (found, bound) = (score::score(problem, &outcome.assignment), outcome.bound);
    assert_eq!(
        outcome.least,
        (best.unfilled, best.urgency),
        "fewest: proven"
    );
    if found.unfilled == best.unfilled {
        assert!(bound <= best.total, "{bound} above {best:?}");
    }
    let mut anneal = Anneal::new(start, 1);
    anneal.run(2_000, 1 << 16);
    let score = score::score(problem, anneal.best());
    assert_eq!(score.key(), anneal.best_key, "the running key drifted");
    (best.key(), found.key())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_bound_is_never_above_the_optimum(seed: u64) {
        let problem = problem(seed);
        prop_assume!(exact::small(&problem));
        let best = exact::solve(&problem, (usize::MAX, 0, 0)).unwrap();
        let best = score::score(&problem, &best);
        for work in [0, 20_000] {
            let found = bound(&problem, best.unfilled, work, best.total + 5);
            prop_assert!(found <= best.total);
        }
        let mut proof = Proof::new(&problem, (best.unfilled, i64::MAX), i128::MIN).unwrap();
        for work in [0, 3_000, 200_000] {
            proof.raise(best.total + 5, (work, false), &mut |_| true);
            prop_assert!(proof.bound() <= best.total, "{} {}", proof.bound(), best.total);
        }
        // Cases close the gap, and what they try out is never better than the best.
        let mut cheapest = i128::MAX;
        let mut tried = |leaning: &[(usize, usize)]| {
            let key = score::breakdown(&narrow::rounded(&problem, leaning)).key();
            if key.0 <= best.unfilled {
                cheapest = cheapest.min(key.2);
            }
            cheapest
        };
        proof.close(400_000, &mut || true, &mut tried);
        prop_assert!(proof.bound() <= best.total, "{} {}", proof.bound(), best.total);
        // Each pair's floor, against the best schedule with that pair.
        let floors = proof.floors();
        for (slot, pairs) in floors.into_iter().enumerate() {
            for (person, floor) in pairs {
                let mut pinned = problem.slots.clone();
                pinned[slot].pin = Some(person);
                let with = Problem::new(
                    problem.people.clone(),
                    problem.shifts.clone(),
                    pinned,
                    problem.settings.clone(),
                );
                let with = score::score(&with, &exact::solve(&with, (usize::MAX, 0, 0)).unwrap());
                prop_assert!(with.unfilled > best.unfilled || floor <= with.total, "{slot} {person}: {floor} above {} ({} {}), bound {} best {}", with.total, with.unfilled, best.unfilled, proof.bound(), best.total);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// From nothing at all to the fewest open slots, and those that matter least; never a false proof.
    #[test]
    fn fewest_open_slots_are_found_and_proven(seed: u64) {
        let problem = problem(seed);
        prop_assume!(exact::small(&problem));
        let best = exact::solve(&problem, (usize::MAX, 0, 0)).unwrap();
        let best = score::score(&problem, &best);
        let (flat, pins) = (problem.flat(), Roster::pinned(&problem).holder);
        let mut filling =
            filling::Filling::new(&flat, &pins, hopeless(&problem), Effort::Quick);
        let least = filling.improve(&mut || true);
        let found = score::score(&problem, &filling.holder);
        prop_assert_eq!((found.unfilled, found.urgency), (best.unfilled, best.urgency));
        prop_assert_eq!(least, (best.unfilled, best.urgency));
    }
}

#[test]
fn annealing_finds_the_optimum_of_small_problems() {
    let results: Vec<(Key, Key)> = (0..40).map(|seed| both(&problem(seed))).collect();
    for (best, found) in &results {
        assert!(found >= best, "{found:?} beats the optimum {best:?}");
        // As few slots open as possible, as little urgent ones; the cost then exactly, where
        // everything is filled. Around holes that have to move, annealing alone can be stuck.
        assert_eq!((best.0, best.1), (found.0, found.1), "{results:?}");
        if best.0 == 0 {
            assert_eq!(best, found, "{results:?}");
        }
    }
}
