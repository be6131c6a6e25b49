//! Nonsense of every kind: an answer, never a panic, never a loop.
use fairshift::scheduler::{
    Block, Change, Commitment, Effort, NewcomerPolicy, Person, PreferenceCosts, Problem, Role,
    Rules, Settings, Shift, Slot, Standing, Window, bottlenecks, cost_of, explain, floors, mend,
    open_slots, recommend, recommend_from, relief, score, second_objective, violations,
};
use proptest::prelude::*;

/// Small numbers, huge numbers and everything between.
fn number() -> impl Strategy<Value = i64> {
    prop_oneof![
        -3_i64..60,
        0_i64..20_000,
        Just(i64::MAX),
        Just(i64::MIN),
        any::<i64>()
    ]
}

fn shift() -> impl Strategy<Value = Shift> {
    let fields = (number(), number(), number(), prop::option::of(number()));
    fields.prop_map(|(start_min, end_min, day, weekend)| Shift {
        start_min,
        end_min,
        day,
        weekend,
    })
}

fn person() -> impl Strategy<Value = Person> {
    let standing = prop_oneof![
        Just(Standing::Preferred),
        Just(Standing::Available),
        Just(Standing::IfNeeded),
        Just(Standing::Blocked(Block::Leave)),
    ];
    let commitments = prop::collection::vec(shift(), 0..3);
    let fields = (
        number(),
        number(),
        any::<bool>(),
        any::<bool>(),
        commitments,
        prop::collection::vec(standing, 0..14),
    );
    fields.prop_map(
        |(capacity, history, experienced, newcomer, busy, standing)| Person {
            capacity,
            history,
            experienced,
            newcomer,
            commitments: busy
                .into_iter()
                .map(|s| Commitment {
                    start_min: s.start_min,
                    end_min: s.end_min,
                    day: s.day,
                    weekend: s.weekend,
                })
                .collect(),
            standing,
        },
    )
}

fn slot() -> impl Strategy<Value = Slot> {
    let fields = (
        0_usize..6,
        prop_oneof![0_u32..4, any::<u32>()],
        any::<bool>(),
        number(),
        prop::option::of(0_usize..9),
        prop::option::of(any::<usize>()),
    );
    fields.prop_map(|(shift, order, shadow, weight, pin, previous)| Slot {
        shift,
        role: Role { order, shadow },
        weight,
        pin: pin.filter(|p| p % 2 == 0),
        previous,
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let rules = (
        number(),
        prop::option::of((number(), 0_u32..5)),
        prop::option::of(0_u32..3),
        prop_oneof![0_u32..3, any::<u32>()],
        0..3,
        prop::collection::vec((0_usize..9, 0_usize..9), 0..4),
    );
    let costs = (number(), number(), number(), number(), number());
    (rules, costs).prop_map(|(rules, costs)| Settings {
        rules: Rules {
            min_rest_min: rules.0,
            window: rules.1.map(|(days, max)| Window { days, max }),
            max_consecutive_weekends: rules.2,
            experienced_per_shift: rules.3,
            newcomers: match rules.4 {
                0 => NewcomerPolicy::NeverAlone,
                1 => NewcomerPolicy::OnlyShadow,
                _ => NewcomerPolicy::Free,
            },
            forbidden_pairs: rules.5,
        },
        preference: PreferenceCosts {
            preferred: costs.0,
            available: costs.1,
            if_needed: costs.2,
        },
        scale: costs.3,
        stability: costs.4,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn anything_is_survived(
        people in prop::collection::vec(person(), 0..7),
        shifts in prop::collection::vec(shift(), 0..6),
        slots in prop::collection::vec(slot(), 0..13),
        settings in settings(),
        plan in prop::collection::vec(prop::option::of(0_usize..9), 0..16),
    ) {
        let problem = Problem::new(people, shifts, slots, settings);
        let found = recommend(&problem, Effort::Quick);
        prop_assert_eq!(found.assignment.len(), problem.slots().len());
        prop_assert!(found.bound <= found.score.total);
        prop_assert!((0.0..=f64::MAX).contains(&found.gap()));
        for violation in &found.violations {
            let pinned = |s: &usize| problem.slots()[*s].pin.is_some();
            prop_assert!(violation.slots.iter().all(pinned), "{:?}", violation);
        }
        let _ = (score(&problem, &plan), violations(&problem, &plan));
        let _ = second_objective(&problem, &plan);
        // Also about a plan in which anything may be wrong.
        for plan in [&plan, &found.assignment] {
            let floors = floors(&problem, plan, Effort::Quick);
            prop_assert!(plan != &found.assignment || floors.bound() <= found.score.total);
            let _ = bottlenecks(&problem, plan, 3);
            for slot in open_slots(&problem, plan) {
                let _ = mend(&problem, plan, slot.slot, &[], &[]);
            }
            for person in 0..=problem.people().len() {
                let _ = relief(&problem, plan, person);
            }
        }
        let again = recommend_from(&problem, Effort::Quick, &plan, &mut |_| {
            std::ops::ControlFlow::Continue(())
        });
        prop_assert!(again.bound <= again.score.total);
        for slot in 0..=problem.slots().len() {
            let _ = explain(&problem, &plan, slot);
            let change = Change { slot, person: Some(slot) };
            let _ = cost_of(&problem, &plan, &[change]);
        }
    }
}

#[test]
fn nothing_to_do() {
    let nobody = Problem::new(Vec::new(), Vec::new(), Vec::new(), Settings::default());
    let found = recommend(&nobody, Effort::Exhaustive);
    assert!(found.optimal && found.assignment.is_empty());
    let slot = Slot::default();
    let alone = Problem::new(
        Vec::new(),
        vec![Shift::default()],
        vec![slot],
        Settings::default(),
    );
    let found = recommend(&alone, Effort::Exhaustive);
    assert_eq!(found.unfilled.len(), 1);
    assert!(found.optimal);
}
