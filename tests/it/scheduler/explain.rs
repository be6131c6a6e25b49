//! What is said about a slot, a person and the whole is what is true, by trying everything; and
//! exactly what happens when it is done.
use super::checker::{Case, Plan};
use super::random::{Dice, case};
use fairshift::scheduler::{
    Change, Decided, Effort, Outcome, Person, Problem, Reason, Rule, SecondObjective, Settings,
    Shift, Slot, Stand, Standing, Way, bottlenecks, cost_of, explain, mend, open_slots, recommend,
    relief, score, second_objective, violations,
};
use proptest::prelude::*;

/// The plan after changes.
fn after(plan: &Plan, changes: &[Change]) -> Plan {
    let mut plan = plan.clone();
    for change in changes {
        plan[change.slot] = change.person;
    }
    plan
}

/// The least cost of filling the same slots with this person on the slot, if there is any way.
fn forced(case: &Case, plan: &Plan, slot: usize, person: usize) -> Option<i128> {
    let mut forced = case.clone();
    let mut closed = 0;
    for open in (0..plan.len()).filter(|&s| s != slot && plan[s].is_none()) {
        closed += 1;
        for who in &mut forced.people {
            who.avail[open] = 'U';
        }
    }
    forced.pieces[slot].pin = Some(person);
    let alone: Plan = forced.pieces.iter().map(|p| p.pin).collect();
    let (unfilled, _, cost) = forced.best();
    (forced.broken(&alone).is_empty() && unfilled == closed).then_some(cost)
}

/// Checks one outcome against the truth; whether it was exact.
fn check(case: &Case, plan: &Plan, slot: usize, person: usize, outcome: &Outcome) -> bool {
    let now = case.key(plan);
    match outcome {
        Outcome::Costs {
            cost,
            floor,
            changes,
            alone,
            ..
        } => {
            let then = after(plan, changes);
            assert_eq!(then[slot], Some(person));
            assert_eq!(case.broken(&then), Vec::<String>::new());
            let filled = usize::from(plan[slot].is_none());
            assert_eq!(case.key(&then).0, now.0 - filled);
            assert_eq!(case.key(&then).2 - now.2, *cost);
            if let Some(alone) = alone {
                let change = Change {
                    slot,
                    person: Some(person),
                };
                let then = after(plan, &[change]);
                assert_eq!(case.broken(&then), Vec::<String>::new());
                assert_eq!(case.key(&then).2 - now.2, *alone);
                assert!(alone >= cost);
            }
            let truth = forced(case, plan, slot, person).expect("a way") - now.2;
            assert!(*floor <= truth && truth <= *cost, "{floor} {truth} {cost}");
            assert_eq!(outcome.is_exact(), floor == cost);
            outcome.is_exact()
        }
        Outcome::Breaks { rules, floor } => {
            if let Some(truth) = forced(case, plan, slot, person) {
                assert!(*floor <= truth - now.2);
            }
            assert!(!rules.is_empty() || plan.contains(&None));
            false
        }
        Outcome::Blocked(_) => {
            assert_eq!(case.people[person].avail[slot], 'U');
            false
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(25))]

    #[test]
    fn what_another_person_costs_is_true(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 4, 5);
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let plan = &found.assignment;
        for slot in 0..5 {
            let told = explain(&problem, plan, slot).unwrap();
            let others = 4 - usize::from(told.holder.is_some());
            prop_assert_eq!(told.alternatives.len(), others);
            for other in told.alternatives {
                check(&case, plan, slot, other.person, &other.outcome);
                if let Outcome::Costs { cost, floor, .. } = other.outcome {
                    prop_assert_eq!(cost, floor, "small enough to try everything");
                    prop_assert!(told.holder.is_none() || cost >= 0, "better than optimal");
                }
            }
        }
        for person in 0..4 {
            for relief in relief(&problem, plan, person) {
                prop_assert_eq!(plan[relief.slot], Some(person));
                check(&case, plan, relief.slot, relief.person, &relief.outcome);
            }
        }
    }

    /// Larger ones, where not everything can be tried: ways are real, floors below them.
    #[test]
    fn ways_are_real_in_larger_problems(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 5, 12);
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let plan = &found.assignment;
        let now = case.key(plan);
        for slot in 0..12 {
            for other in explain(&problem, plan, slot).unwrap().alternatives {
                let Outcome::Costs { cost, floor, changes, .. } = other.outcome else {
                    continue;
                };
                let then = after(plan, &changes);
                prop_assert_eq!(case.broken(&then), Vec::<String>::new());
                prop_assert_eq!(case.key(&then).2 - now.2, cost);
                prop_assert!(floor <= cost);
                if found.optimal && plan[slot].is_some() {
                    prop_assert!(cost >= 0, "better than optimal by {}", cost);
                }
            }
        }
    }

    /// Each way to close a slot does close it, at the cost that is said.
    #[test]
    fn what_closes_a_slot_does(seed: u64) {
        let dice = &mut Dice::new(seed);
        let mut case = case(dice, 4, 6);
        for _ in 0..2 {
            let (slot, person) = (dice.below(6), dice.below(4));
            let mut alone: Plan = vec![None; 6];
            alone[slot] = Some(person);
            if case.broken(&alone).is_empty() {
                case.pieces[slot].pin = Some(person);
            }
        }
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let plan = &found.assignment;
        let known = case.broken(plan);
        for open in &found.unfilled {
            let slot = open.slot;
            let stands: Vec<Stand> = (0..4)
                .filter(|&p| case.people[p].avail[slot] == 'U')
                .map(|person| Stand { person, slots: vec![(slot, Standing::IfNeeded)] })
                .collect();
            let remedies = mend(&problem, plan, slot, &stands, &[0, 1, 2, 3, 4, 5]);
            let costs: Vec<i128> = remedies.iter().map(|r| r.cost).collect();
            prop_assert!(costs.is_sorted());
            for remedy in remedies {
                let mut eased = case.clone();
                let then = after(plan, &remedy.changes);
                match remedy.way {
                    Way::Now(person) => prop_assert_eq!(then[slot], Some(person)),
                    Way::Stand(number) => {
                        let person = stands[number].person;
                        eased.people[person].avail[slot] = 'R';
                        prop_assert_eq!(then[slot], Some(person));
                    }
                    Way::Unpin(pinned) => prop_assert_ne!(then[pinned], plan[pinned]),
                    Way::Once(person, rules) => {
                        prop_assert_eq!(then[slot], Some(person));
                        prop_assert!(!rules.is_empty());
                        let told = open.reasons.iter().find(|(p, _)| *p == person);
                        prop_assert_eq!(&told.unwrap().1, &Reason::Breaks(rules));
                        prop_assert!(!case.broken(&then).is_empty());
                        prop_assert_eq!(eased.key(&then).2 - eased.key(plan).2, remedy.cost);
                        continue;
                    }
                }
                let broken = eased.broken(&then);
                prop_assert!(broken.iter().all(|b| known.contains(b)), "{:?}", broken);
                prop_assert_eq!(eased.key(&then).0, eased.key(plan).0 - 1);
                prop_assert_eq!(eased.key(&then).2 - eased.key(plan).2, remedy.cost);
            }
        }
    }

    /// Whatever the schedule, a bottleneck's people carry what it says.
    #[test]
    fn nobody_escapes_a_bottleneck(seed: u64) {
        let dice = &mut Dice::new(seed);
        let mut case = case(dice, 3, 5);
        let (pinned, who) = (dice.below(5), dice.below(3));
        let mut alone: Plan = vec![None; 5];
        alone[pinned] = Some(who);
        if case.broken(&alone).is_empty() {
            case.pieces[pinned].pin = Some(who);
        }
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let tight = bottlenecks(&problem, &found.assignment, 3);
        for choice in 0..1024_usize {
            let plan: Plan = (0..5_u32)
                .map(|slot| choice / 4_usize.pow(slot) % 4)
                .map(|who| who.checked_sub(1))
                .collect();
            let pins = case.pieces.iter().zip(&plan);
            let moved = pins.into_iter().any(|(p, who)| p.pin.is_some() && p.pin != *who);
            if moved || !case.broken(&plan).is_empty() {
                continue;
            }
            let people = score(&problem, &plan).people;
            for bottleneck in &tight {
                let shifts = &bottleneck.experienced;
                let filled = |s: &usize| found.assignment[*s].is_some();
                let here = |s: &usize| shifts.contains(&case.pieces[*s].shift) && filled(s);
                let all = (0..5).filter(here).chain(bottleneck.slots.iter().copied());
                let all = all.chain(bottleneck.pinned.iter().copied());
                if all.into_iter().any(|slot| plan[slot].is_none()) {
                    continue;
                }
                let sum: i64 = bottleneck.people.iter().map(|&p| people[p].balance).sum();
                prop_assert!(sum >= bottleneck.over, "{:?} {:?}", plan, bottleneck);
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

/// One day each for people who can do any, as far as `can` says, with this history.
fn days(history: &[i64], can: impl Fn(usize, usize) -> Standing, last: &[usize]) -> Problem {
    let count = last.len();
    let people = history.iter().enumerate().map(|(p, &history)| Person {
        capacity: 10,
        history,
        standing: (0..count).map(|s| can(p, s)).collect(),
        ..Person::default()
    });
    let shifts = (0..i64::try_from(count).unwrap()).map(|day| Shift {
        start_min: day * 1440,
        end_min: day * 1440 + 1440,
        day,
        weekend: None,
    });
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
    Problem::new(
        people.collect(),
        shifts.collect(),
        slots.collect(),
        settings,
    )
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
    // twenty-four ways, and that is what is said.
    let last = [2, 0, 3, 1];
    let problem = days(&[0; 4], |_, _| Standing::Available, &last);
    let found = recommend(&problem, Effort::Quick);
    assert_eq!(found.assignment, last.map(Some));
    assert_eq!(second_objective(&problem, &found.assignment).changed, 0);
    for other in explain(&problem, &found.assignment, 0)
        .unwrap()
        .alternatives
    {
        let Outcome::Costs {
            cost: 0,
            floor: 0,
            decided,
            changes,
            ..
        } = other.outcome
        else {
            panic!("a tie: {other:?}");
        };
        assert_eq!(decided, Some(Decided::Nearness { here: true }));
        assert_eq!(changes.len(), 2, "an exchange");
    }
}

#[test]
fn only_two_people_can_do_the_last_days_so_they_carry_more() {
    // Four people, eight days; of the last six only the first two can do any.
    let can = |person: usize, slot: usize| {
        if slot < 2 || person < 2 {
            Standing::Available
        } else {
            Standing::Blocked(fairshift::scheduler::Block::Unavailable)
        }
    };
    let problem = days(&[-10; 4], can, &[0; 8]);
    let found = recommend(&problem, Effort::Quick);
    assert!(found.optimal);
    let tight = bottlenecks(&problem, &found.assignment, 3);
    assert_eq!(tight.len(), 1, "{tight:?}");
    assert_eq!(tight[0].people, [0, 1]);
    assert_eq!(tight[0].slots, [2, 3, 4, 5, 6, 7]);
    assert_eq!((tight[0].weight, tight[0].over), (30, 10));
    // What the first could give away goes to nobody for less.
    let relief = relief(&problem, &found.assignment, 0);
    assert_eq!(relief[0].person, 1);
    let Outcome::Costs { cost, floor, .. } = relief[0].outcome else {
        panic!("{relief:?}");
    };
    assert!(cost == floor && cost >= 0);
    assert!(
        matches!(relief[2].outcome, Outcome::Blocked(_)),
        "{relief:?}"
    );
}

#[test]
fn what_keeps_a_slot_open_is_told_and_what_would_close_it() {
    // Two people, two days in a row, a day of rest between: one stays open.
    let mut problem = days(&[0, 0], |_, _| Standing::Available, &[0, 0]);
    let mut settings = problem.settings().clone();
    settings.rules.min_rest_min = 60;
    let mut people = problem.people().to_vec();
    people[1].standing[1] = Standing::Blocked(fairshift::scheduler::Block::Unavailable);
    people[1].standing[0] = Standing::Blocked(fairshift::scheduler::Block::Leave);
    let slots = problem.slots().to_vec();
    problem = Problem::new(people, problem.shifts().to_vec(), slots, settings);
    let found = recommend(&problem, Effort::Quick);
    let open = open_slots(&problem, &found.assignment)[0].slot;
    let ask = Stand {
        person: 1,
        slots: vec![(open, Standing::IfNeeded)],
    };
    let ways = mend(&problem, &found.assignment, open, &[ask], &[]);
    let kinds: Vec<&Way> = ways.iter().map(|r| &r.way).collect();
    assert_eq!(
        kinds,
        [&Way::Stand(0), &Way::Once(0, vec![Rule::MinimumRest])]
    );
    // (5 + 5)^2 - 5^2 for the one, 5^2 for the other, times scale / capacity.
    assert_eq!((ways[0].cost, ways[1].cost), (100, 300));
}

/// Two roles on four shifts of 8 hours: one on day 0, two on day 10, one on day 20. The first role is
/// person 0's on the first two and person 1's on the others; the second is between persons 2 and 3,
/// of whom the last can't take the first shift.
fn meetings() -> Problem {
    let can = |person: usize, slot: usize| match (person, slot % 2, slot / 2) {
        (0, 0, 0 | 1) | (1, 0, 2 | 3) | (2, 1, _) | (3, 1, 1..) => Standing::Available,
        _ => Standing::Blocked(fairshift::scheduler::Block::Unavailable),
    };
    let people = (0..4).map(|p| Person {
        capacity: 10,
        standing: (0..8).map(|s| can(p, s)).collect(),
        ..Person::default()
    });
    let shifts = [(0, 0), (10, 0), (10, 12), (20, 0)].map(|(day, hour)| Shift {
        start_min: day * 1440 + hour * 60,
        end_min: day * 1440 + hour * 60 + 480,
        day,
        weekend: None,
    });
    let slots = (0..8).map(|slot| Slot {
        shift: slot / 2,
        weight: 5,
        ..Slot::default()
    });
    let settings = Settings {
        scale: 40,
        ..Settings::default()
    };
    Problem::new(people.collect(), shifts.to_vec(), slots.collect(), settings)
}

/// What decides, if this person takes this slot at no cost.
fn decided(problem: &Problem, plan: &Plan, slot: usize, person: usize) -> Decided {
    let told = explain(problem, plan, slot).unwrap();
    let mut others = told.alternatives.into_iter();
    let other = others.find(|a| a.person == person).unwrap();
    let Outcome::Costs {
        cost: 0,
        floor: 0,
        decided,
        ..
    } = other.outcome
    else {
        panic!("a tie: {other:?}");
    };
    decided.unwrap()
}

#[test]
fn a_tie_is_decided_by_partners() {
    let problem = meetings();
    let found = recommend(&problem, Effort::Quick);
    let varied = [0, 2, 0, 3, 1, 2, 1, 3].map(Some).to_vec();
    assert_eq!(found.assignment, varied, "everybody meets everybody once");
    assert_eq!(
        decided(&problem, &varied, 5, 3),
        Decided::Partners { here: true }
    );
    // Of a plan made by hand the other may be the better one.
    let same = [0, 2, 0, 2, 1, 3, 1, 3].map(Some).to_vec();
    assert_eq!(
        decided(&problem, &same, 5, 2),
        Decided::Partners { here: false }
    );
}

#[test]
fn a_tie_is_decided_by_spacing() {
    // Two people take two days of four each; the second can't on the third.
    let can = |person: usize, slot: usize| match (person, slot) {
        (1, 2) => Standing::Blocked(fairshift::scheduler::Block::Unavailable),
        _ => Standing::Available,
    };
    let problem = days(&[0, 0], can, &[0; 4]);
    let found = recommend(&problem, Effort::Quick);
    let spaced = [0, 1, 0, 1].map(Some).to_vec();
    assert_eq!(found.assignment, spaced);
    assert_eq!(
        decided(&problem, &spaced, 0, 1),
        Decided::Spacing { here: true }
    );
    let close = [1, 1, 0, 0].map(Some).to_vec();
    assert_eq!(
        decided(&problem, &close, 1, 0),
        Decided::Spacing { here: false }
    );
}

#[test]
fn who_is_pinned_is_not_the_only_one_who_can() {
    let mut problem = days(&[-5; 3], |_, _| Standing::Available, &[0; 4]);
    let mut slots = problem.slots().to_vec();
    for slot in &mut slots[..3] {
        slot.pin = Some(0);
    }
    let (people, shifts) = (problem.people().to_vec(), problem.shifts().to_vec());
    problem = Problem::new(people, shifts, slots, problem.settings().clone());
    let found = recommend(&problem, Effort::Quick);
    let tight = bottlenecks(&problem, &found.assignment, 3);
    assert_eq!(tight.len(), 1, "{tight:?}");
    assert_eq!(tight[0].people, [0]);
    assert_eq!(tight[0].slots, [0_usize; 0], "anybody can");
    assert_eq!(tight[0].pinned, [0, 1, 2]);
    assert_eq!((tight[0].weight, tight[0].over), (15, 10));
}

#[test]
fn only_pins_that_may_move_are_offered_to_be_moved() {
    // The first is pinned to the first day and rests on the second, which the other can't take.
    let can = |person: usize, slot: usize| match (person, slot) {
        (1, 1) => Standing::Blocked(fairshift::scheduler::Block::Leave),
        _ => Standing::Available,
    };
    let problem = days(&[0, 0], can, &[0, 0]);
    let mut settings = problem.settings().clone();
    settings.rules.min_rest_min = 60;
    let mut slots = problem.slots().to_vec();
    slots[0].pin = Some(0);
    let (people, shifts) = (problem.people().to_vec(), problem.shifts().to_vec());
    let problem = Problem::new(people, shifts, slots, settings);
    let plan = vec![Some(0), None];
    let ways = |pins: &[usize]| -> Vec<Way> {
        let found = mend(&problem, &plan, 1, &[], pins);
        found.into_iter().map(|r| r.way).collect()
    };
    assert!(ways(&[0]).contains(&Way::Unpin(0)), "{:?}", ways(&[0]));
    assert_eq!(ways(&[]), [Way::Once(0, vec![Rule::MinimumRest])]);
}
