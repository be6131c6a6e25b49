//! Small problems against trying everything.
use super::checker::Plan;
use super::random::{Dice, case};
use fairshift::scheduler::{Effort, Rule, floors, recommend, score, violations};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_best_schedule_is_found(seed: u64) {
        let dice = &mut Dice::new(seed);
        let (people, slots) = (1 + dice.below(4), 1 + dice.below(5));
        let case = case(dice, people, slots);
        let found = recommend(&case.problem(), Effort::Quick);
        prop_assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
        prop_assert_eq!(case.key(&found.assignment), found.score.key());
        prop_assert_eq!(found.score.key(), case.best());
        prop_assert!(found.optimal && found.fewest);
    }

    #[test]
    fn checker_and_rules_agree_on_any_assignment(seed: u64) {
        let dice = &mut Dice::new(seed);
        let case = case(dice, 4, 8);
        let problem = case.problem();
        let plan: Plan = (0..8).map(|_| dice.chance(60).then(|| dice.below(4))).collect();
        let ours = violations(&problem, &plan);
        let theirs = case.broken(&plan);
        prop_assert_eq!(ours.is_empty(), theirs.is_empty(), "{:?} {:?}", ours, theirs);
        prop_assert_eq!(score(&problem, &plan).key(), case.key(&plan));
        for violation in ours {
            // Alone, the slots named break the rule too; a rule about a whole team needs the team.
            let only: Plan = plan
                .iter()
                .enumerate()
                .map(|(i, p)| p.filter(|_| violation.slots.contains(&i)))
                .collect();
            prop_assert!(!case.broken(&only).is_empty(), "{:?}", violation);
        }
    }

    #[test]
    fn floors_lie_under_every_schedule_with_the_pair(seed: u64) {
        let dice = &mut Dice::new(seed);
        let (people, slots) = (1 + dice.below(4), 1 + dice.below(5));
        let case = case(dice, people, slots);
        let problem = case.problem();
        let found = recommend(&problem, Effort::Quick);
        let floors = floors(&problem, &found.assignment, Effort::Quick);
        prop_assert!(floors.bound() <= found.score.total);
        for slot in 0..slots {
            for person in 0..people {
                let mut with = case.clone();
                with.pieces[slot].pin = Some(person);
                let only: Plan = with.pieces.iter().map(|p| p.pin).collect();
                let may = case.broken(&only).is_empty();
                prop_assert_eq!(floors.with(person, slot).is_some(), may);
                let (unfilled, _, cost) = with.best();
                if let Some(floor) = floors.with(person, slot).filter(|_| may) {
                    prop_assert!(floor >= floors.bound());
                    prop_assert!(unfilled > found.score.unfilled || floor <= cost);
                }
            }
        }
        for (slot, holder) in found.assignment.iter().enumerate() {
            if let Some(person) = holder {
                prop_assert!(floors.with(*person, slot).unwrap() <= found.score.total);
            }
        }
    }

    #[test]
    fn pins_stay_and_only_pins_break_rules(seed: u64) {
        let dice = &mut Dice::new(seed);
        let mut case = case(dice, 4, 5);
        for _ in 0..2 {
            let (slot, person) = (dice.below(5), dice.below(4));
            case.pieces[slot].pin = Some(person);
        }
        let found = recommend(&case.problem(), Effort::Quick);
        let pins: Plan = case.pieces.iter().map(|p| p.pin).collect();
        for (slot, pin) in pins.iter().enumerate().filter(|(_, p)| p.is_some()) {
            prop_assert_eq!(&found.assignment[slot], pin);
        }
        for violation in &found.violations {
            prop_assert!(violation.slots.iter().all(|&s| pins[s].is_some()), "{:?}", violation);
        }
        prop_assert_eq!(found.violations.is_empty(), case.broken(&pins).is_empty());
    }
}

#[test]
fn six_slots_for_five_people() {
    for seed in 0..6 {
        let case = case(&mut Dice::new(seed), 5, 6);
        let found = recommend(&case.problem(), Effort::Quick);
        assert_eq!(found.score.key(), case.best(), "seed {seed}");
    }
}

#[test]
fn nobody_experienced_leaves_one_slot_of_each_shift_open_and_says_why() {
    use super::checker::{Case, Piece, Who};
    let piece = |shift| Piece {
        shift,
        weight: 1,
        shadow: false,
        order: 0,
        pin: None,
        previous: None,
    };
    let who = Who {
        capacity: 10,
        history: 0,
        experienced: false,
        newcomer: false,
        avail: vec!['W'; 6],
        elsewhere: Vec::new(),
    };
    let case = Case {
        people: vec![who; 4],
        shifts: (0..3).map(|d| (d * 1440, d * 1440 + 1440, false)).collect(),
        pieces: [0, 0, 1, 1, 2, 2].map(piece).to_vec(),
        rest: 0,
        window: None,
        weekends: None,
        experienced: 1,
        newcomers: fairshift::scheduler::NewcomerPolicy::Free,
        pairs: Vec::new(),
        costs: (-10, 0, 20),
        stability: 0,
        scale: 40,
    };
    let found = recommend(&case.problem(), Effort::Quick);
    assert_eq!(found.unfilled.len(), 3);
    for open in &found.unfilled {
        assert_eq!(open.reasons.len(), 4);
        for (_, reason) in &open.reasons {
            let fairshift::scheduler::Reason::Breaks(rules) = reason else {
                panic!("{reason:?}");
            };
            assert!(rules.contains(&Rule::ExperiencedOnShift), "{rules:?}");
        }
    }
}
