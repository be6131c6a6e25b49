//! What must hold for problems of any size: symmetry, monotony, determinism.
use super::checker::{Case, Plan};
use super::random::{Dice, case};
use fairshift::scheduler::{Effort, levels, recommend};
use proptest::prelude::*;

fn load(case: &Case, plan: &Plan, person: usize) -> i64 {
    let held = case.pieces.iter().zip(plan);
    held.filter(|(_, p)| **p == Some(person))
        .map(|(piece, _)| piece.weight)
        .sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_rule_is_ever_broken(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 7, 24);
        let found = recommend(&case.problem(), Effort::Quick);
        prop_assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
        prop_assert_eq!(case.key(&found.assignment), found.score.key());
        prop_assert!(found.bound <= found.score.total);
        prop_assert!(found.violations.is_empty());
        // Nobody can simply take a slot that stayed open.
        for open in &found.unfilled {
            prop_assert_eq!(open.reasons.len(), 7);
        }
    }

    #[test]
    fn the_order_of_people_changes_nothing(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 6, 14);
        let mut order: Vec<usize> = (0..6).collect();
        for i in (1..6).rev() {
            order.swap(i, dice.below(i + 1));
        }
        let mut shuffled = case.clone();
        shuffled.people = order.iter().map(|&p| case.people[p].clone()).collect();
        let place = |p: usize| order.iter().position(|&o| o == p).unwrap();
        shuffled.pairs = case.pairs.iter().map(|&(a, b)| (place(b), place(a))).collect();
        for piece in &mut shuffled.pieces {
            piece.previous = piece.previous.map(place);
        }
        let one = recommend(&case.problem(), Effort::Quick);
        let two = recommend(&shuffled.problem(), Effort::Quick);
        prop_assert_eq!(one.score.key(), two.score.key());
        prop_assert_eq!(one.bound, two.bound);
        let renamed: Plan = one.assignment.iter().map(|p| p.map(place)).collect();
        prop_assert_eq!(renamed, two.assignment);
        let levels: Vec<u8> = order.iter().map(|&p| one.levels[p]).collect();
        prop_assert_eq!(levels, two.levels);
    }

    #[test]
    fn whole_weeks_later_is_the_same(seed: u64, weeks in -60_i64..60) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 6, 14);
        let mut later = case.clone();
        let by = weeks * 7 * 1440;
        for shift in &mut later.shifts {
            *shift = (shift.0 + by, shift.1 + by, shift.2);
        }
        for who in &mut later.people {
            for interval in &mut who.elsewhere {
                *interval = (interval.0 + by, interval.1 + by);
            }
        }
        let one = recommend(&case.problem(), Effort::Quick);
        prop_assert_eq!(one, recommend(&later.problem(), Effort::Quick));
    }

    #[test]
    fn more_past_load_is_never_recommended_more(seed: u64, more in 1_i64..40) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 4, 5);
        let who = dice.below(4);
        let mut loaded = case.clone();
        loaded.people[who].history += more;
        let (before, after) = (case.problem(), loaded.problem());
        prop_assert!(levels(&after)[who] <= levels(&before)[who]);
        // Small enough to be solved to the optimum, where the burden itself is monotone.
        let (one, two) = (recommend(&before, Effort::Quick), recommend(&after, Effort::Quick));
        prop_assert!(one.optimal && two.optimal);
        prop_assert!(load(&loaded, &two.assignment, who) <= load(&case, &one.assignment, who));
    }

    #[test]
    fn less_capacity_is_never_recommended_more(seed: u64) {
        let dice = &mut Dice::new(seed);
        let mut case = case(dice, 4, 5);
        for person in &mut case.people {
            person.history = person.history.abs();
        }
        let who = dice.below(4);
        let mut busier = case.clone();
        case.people[who].capacity = 10;
        busier.people[who].capacity = [1, 2, 4, 5, 8][dice.below(5)];
        let (before, after) = (case.problem(), busier.problem());
        prop_assert!(levels(&after)[who] <= levels(&before)[who]);
        let (one, two) = (recommend(&before, Effort::Quick), recommend(&after, Effort::Quick));
        prop_assert!(one.optimal && two.optimal);
        prop_assert!(load(&busier, &two.assignment, who) <= load(&case, &one.assignment, who));
    }
}

#[test]
fn the_same_again() {
    let case = case(&mut Dice::new(7), 8, 40);
    let problem = case.problem();
    assert_eq!(
        recommend(&problem, Effort::Quick),
        recommend(&problem, Effort::Quick)
    );
}

#[test]
fn a_watcher_can_stop_it_and_still_gets_a_schedule() {
    use fairshift::scheduler::recommend_watched;
    use std::ops::ControlFlow;
    let (_, case) = Case::read(&super::instances::text("h8x30"));
    let mut calls = 0;
    let found = recommend_watched(&case.problem(), Effort::Exhaustive, &mut |_| {
        calls += 1;
        ControlFlow::Break(())
    });
    assert_eq!(calls, 1);
    assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
    assert_eq!(found.score.unfilled, 0);
    assert!(!found.optimal && found.gap() > 0.0);
}

#[test]
fn stopped_at_any_moment_it_answers_with_what_it_had() {
    use fairshift::scheduler::{Progress, recommend_watched};
    use std::ops::ControlFlow;
    let (_, case) = Case::read(&super::instances::text("h8x30"));
    let problem = case.problem();
    let mut whole: Vec<Progress> = Vec::new();
    recommend_watched(&problem, Effort::Quick, &mut |progress| {
        whole.push(progress);
        ControlFlow::Continue(())
    });
    // It only gets better, and what is proven stays proven.
    for pair in whole.windows(2) {
        assert!(pair[1].cost <= pair[0].cost, "{pair:?}");
        assert!(pair[1].bound >= pair[0].bound, "{pair:?}");
        assert!(pair[1].steps >= pair[0].steps, "{pair:?}");
    }
    assert!(whole.len() > 20, "{}", whole.len());
    for stop in (0..whole.len()).step_by(whole.len() / 12) {
        let mut calls = 0;
        let found = recommend_watched(&problem, Effort::Quick, &mut |_| {
            calls += 1;
            if calls > stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(calls <= stop + 4, "it went on: {calls} calls, {stop}");
        assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
        assert!(found.score.total <= whole[stop].cost, "stopped at {stop}");
        assert!(found.bound <= 30684 && found.bound >= whole[stop].bound);
        assert_eq!(found.optimal, found.score.total == found.bound);
    }
}

#[test]
fn a_search_may_begin_with_a_schedule() {
    use fairshift::scheduler::recommend_from;
    use std::ops::ControlFlow;
    let (_, case) = Case::read(&super::instances::text("b10x92-tight"));
    let problem = case.problem();
    let first = recommend(&problem, Effort::Quick);
    let stop = &mut |_| ControlFlow::Break(());
    // Stopped at once, what was given comes back, or better; a stranger and a pair that may not
    // serve together are left out.
    let again = recommend_from(&problem, Effort::Quick, &first.assignment, stop);
    assert!(again.score.key() <= first.score.key());
    let mut wrong = first.assignment.clone();
    wrong[0] = Some(99);
    for shift in 0..case.shifts.len() {
        wrong[2 * shift + 1] = wrong[2 * shift];
    }
    let mended = recommend_from(&problem, Effort::Quick, &wrong, stop);
    assert_eq!(case.broken(&mended.assignment), Vec::<String>::new());
    let go = &mut |_| ControlFlow::Continue(());
    let mended = recommend_from(&problem, Effort::Quick, &wrong, go);
    assert_eq!(case.broken(&mended.assignment), Vec::<String>::new());
    assert_eq!(mended.score.unfilled, 0);
}

/// How many slots somebody else holds than before.
fn moved(case: &Case, plan: &Plan) -> usize {
    let slots = case.pieces.iter().zip(plan);
    slots
        .filter(|(piece, now)| {
            let both = piece.previous.zip(**now);
            both.is_some_and(|(before, now)| before != now)
        })
        .count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The heavier the weight, the fewer published assignments change; each that does is its own
    /// line in the breakdown.
    #[test]
    fn a_heavier_stability_never_changes_more(seed: u64) {
        let dice = &mut Dice::new(seed);
        let mut case = case(dice, 4, 5);
        let mut last = usize::MAX;
        for weight in [0, 15, 60, 1_000, 1_000_000] {
            case.stability = weight;
            let found = recommend(&case.problem(), Effort::Quick);
            prop_assert!(found.optimal);
            let changed = moved(&case, &found.assignment);
            prop_assert!(changed <= last, "{} after {}", changed, last);
            let line = i128::from(weight) * i128::try_from(changed).unwrap();
            prop_assert_eq!(found.score.stability, line);
            prop_assert_eq!(
                found.score.total,
                found.score.fairness + found.score.preference + line
            );
            last = changed;
        }
    }
}

/// Wishes that are all negative: their common divisor is not.
#[test]
fn even_shares_with_as_many_wishes_met_are_better() {
    let (_, case) = Case::read(include_str!("preferred_only.json"));
    let found = recommend(&case.problem(), Effort::Quick);
    let reached = (found.score.total, found.bound, found.optimal);
    assert_eq!(reached, (-120, -120, true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The same added to what each wish costs changes no schedule: each is proof against a bound of the
    /// other problem.
    #[test]
    fn what_each_slot_costs_changes_nothing(seed: u64) {
        let dice = &mut Dice::new(seed);
        let people = 4 + dice.below(4);
        let mut case = case(dice, people, 14);
        let unit = [10, 20, 40, 80][dice.below(4)];
        case.costs = (-unit * (1 + dice.roll(2)), 0, unit * dice.roll(3));
        let mut shifted = case.clone();
        let more = unit * (1 + dice.roll(3));
        shifted.costs = (case.costs.0 + more, case.costs.1 + more, case.costs.2 + more);
        let one = recommend(&case.problem(), Effort::Quick);
        let other = recommend(&shifted.problem(), Effort::Quick);
        if one.score.unfilled + other.score.unfilled == 0 {
            let moved = i128::from(more) * i128::try_from(case.pieces.len()).unwrap();
            prop_assert!(one.bound + moved <= other.score.total);
            prop_assert!(other.bound <= one.score.total + moved);
        }
    }
}
