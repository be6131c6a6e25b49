//! What is said about a slot is exactly what happens when it is done.
use super::checker::Plan;
use super::random::{Dice, case};
use fairshift::scheduler::{
    Change, Effort, Outcome, Person, Problem, SecondObjective, Settings, Shift, Slot, Standing,
    cost_of, explain, recommend, score, second_objective, violations,
};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn extra_costs_are_exact_and_possible(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 5, 12);
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        for slot in 0..problem.slots().len() {
            let told = explain(&problem, &found.assignment, slot).unwrap();
            let others = problem.people().len() - usize::from(told.holder.is_some());
            prop_assert_eq!(told.alternatives.len(), others);
            for other in told.alternatives {
                let (cost, exchange) = match other.outcome {
                    Outcome::Extra { cost, exchange } => (cost, exchange),
                    Outcome::Tie { exchange } => (0, exchange),
                    Outcome::Breaks(rules) => {
                        let mut plan = found.assignment.clone();
                        plan[slot] = Some(other.person);
                        prop_assert!(!rules.is_empty() && !case.broken(&plan).is_empty());
                        continue;
                    }
                    Outcome::Blocked(_) => {
                        prop_assert_eq!(case.people[other.person].avail[slot], 'U');
                        continue;
                    }
                };
                let mut changes = vec![Change { slot, person: Some(other.person) }];
                changes.extend(exchange.map(|slot| Change { slot, person: told.holder }));
                let effect = cost_of(&problem, &found.assignment, &changes);
                prop_assert_eq!(case.broken(&effect.assignment), Vec::<String>::new());
                prop_assert!(effect.broken.is_empty());
                prop_assert_eq!(effect.cost, cost);
                let real = case.key(&effect.assignment).2 - found.score.total;
                prop_assert_eq!(real, cost);
                if found.optimal && told.holder.is_some() {
                    prop_assert!(cost >= 0, "better than optimal by {}", cost);
                }
            }
        }
    }

    #[test]
    fn what_a_change_breaks_is_told(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 5, 12);
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let change = Change { slot: dice.below(12), person: Some(dice.below(5)) };
        let effect = cost_of(&problem, &found.assignment, &[change]);
        let (old, new) = (score(&problem, &found.assignment), score(&problem, &effect.assignment));
        prop_assert_eq!(effect.cost, new.total - old.total);
        prop_assert_eq!(effect.broken, violations(&problem, &effect.assignment));
        let back: Plan = cost_of(
            &problem,
            &effect.assignment,
            &[Change { slot: change.slot, person: found.assignment[change.slot] }],
        )
        .assignment;
        prop_assert_eq!(back, found.assignment);
    }
}

#[test]
fn among_equals_spacing_partners_and_the_last_schedule_decide_in_that_order() {
    let before = SecondObjective {
        closeness: 2,
        repetition: 0,
        changed: 0,
    };
    let after = SecondObjective {
        closeness: 1,
        repetition: 9,
        changed: 9,
    };
    assert!(after < before);
    // Four people, four single days, everything equal: the last schedule decides between all
    // twenty-four ways.
    let person = Person {
        capacity: 10,
        standing: vec![Standing::Available; 4],
        ..Person::default()
    };
    let shifts = (0..4).map(|day| Shift {
        start_min: day * 1440,
        end_min: day * 1440 + 1440,
        day,
        weekend: None,
    });
    let last = [2, 0, 3, 1];
    let slots = last.iter().enumerate().map(|(shift, &who)| Slot {
        shift,
        weight: 5,
        previous: Some(who),
        ..Slot::default()
    });
    let settings = Settings {
        scale: 40,
        ..Settings::default()
    };
    let problem = Problem::new(vec![person; 4], shifts.collect(), slots.collect(), settings);
    let found = recommend(&problem, Effort::Quick);
    assert_eq!(found.assignment, last.map(Some));
    assert_eq!(second_objective(&problem, &found.assignment).changed, 0);
}
