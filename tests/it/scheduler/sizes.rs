//! Teams of every kind and size, read by the checker.
use super::checker::Case;
use super::teams::{Habit, Shape, case};
use fairshift::scheduler::{Effort, recommend};
use fairshift::solve;

const HABITS: [Habit; 5] = [
    Habit::Days,
    Habit::DayAndNight,
    Habit::Weeks,
    Habit::FollowTheSun,
    Habit::Overlapping,
];

#[test]
fn teams_of_every_habit_get_a_schedule_that_keeps_the_rules() {
    for habit in HABITS {
        for (people, days, away) in [(3, 1, 10), (6, 21, 45), (15, 30, 25), (40, 14, 30)] {
            let shape = Shape {
                away,
                ..Shape::of(people, days, habit)
            };
            let case = case(&shape, 7);
            let found = recommend(&case.problem(), Effort::Quick);
            let broken = case.broken(&found.assignment);
            assert!(broken.is_empty(), "{shape:?}: {broken:?}");
            let (open, _, cost) = case.key(&found.assignment);
            assert_eq!((open, cost), (found.score.unfilled, found.score.total));
            assert!(found.bound <= cost, "{shape:?}");
            assert_eq!(found.optimal, found.bound == cost);
            // Who keeps each person from a slot that stays open is said.
            for slot in &found.unfilled {
                assert_eq!(slot.reasons.len(), case.people.len(), "{shape:?}");
            }
        }
    }
}

/// Three shifts in ten days for seven people who share two slots a day: one slot in twenty-one may be
/// missing, and chains of moves through many people fill the last one.
#[test]
fn tight_windows_leave_no_slot_open_that_can_be_filled() {
    let (_, case) = Case::read(include_str!("every_slot_filled.json"));
    for effort in [Effort::Quick, Effort::Standard, Effort::Thorough] {
        let found = recommend(&case.problem(), effort);
        assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
        assert_eq!(case.key(&found.assignment).0, 0, "{effort:?}");
        assert!(found.fewest, "{effort:?}");
    }
}

/// A constraint solver says that six is the least.
#[test]
fn the_least_that_must_stay_open_is_proven() {
    let (_, case) = Case::read(include_str!("six_stay_open.json"));
    let found = recommend(&case.problem(), Effort::Quick);
    assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
    assert_eq!(case.key(&found.assignment).0, 6);
    assert!(found.fewest);
    for slot in &found.unfilled {
        assert_eq!(slot.reasons.len(), case.people.len());
    }
}

/// Numbers this large left the range of the smooth sums, and a limit without an end was counted out.
#[test]
fn large_weights_and_free_newcomers_end() {
    let answer = solve::solve(include_str!("newcomers_free.json"), Effort::Quick, None).unwrap();
    assert!(answer.contains("\"cost\":6689318615"), "{answer}");
}

/// Hundredths of a point or tenths: what is measured in does not decide.
#[test]
fn the_unit_of_weights_and_costs_does_not_matter() {
    let shape = Shape::of(8, 21, Habit::Days);
    let small = case(&shape, 3);
    let mut large = small.clone();
    for piece in &mut large.pieces {
        piece.weight *= 10;
    }
    for who in &mut large.people {
        who.history *= 10;
    }
    let (preferred, available, if_needed) = small.costs;
    large.costs = (preferred * 100, available * 100, if_needed * 100);
    let [small, large] = [small, large].map(|case| recommend(&case.problem(), Effort::Quick));
    // Temperatures are whole numbers, so that the last steps may differ; what they lead to hardly does.
    let alike = |a: i128, b: i128| assert!((a * 100 - b).abs() * 200 <= b, "{a} and {b}");
    alike(small.score.total, large.score.total);
    alike(small.bound, large.bound);
    assert_eq!(small.score.unfilled, large.score.unfilled);
}
