//! The ten instances: no rule broken, the cost as the checker counts it, near the best known.
use super::checker::Case;
use fairshift::scheduler::{Effort, recommend, score};

/// Proven optima of the instances in tests/instances.
pub const OPTIMA: [(&str, i128); 10] = [
    ("a12x30-full", 21552),
    ("a6x30-tight", 17880),
    ("w12x52-full", 31005),
    ("h8x30", 30684),
    ("b10x92-tight", 70212),
    ("b25x92-full", 52824),
    ("s25x92-split", 79224),
    ("h20x92", 84722),
    ("c50x365-full", 237_908),
    ("h40x365", 453_418),
];

pub fn text(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/instances");
    std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()
}

#[test]
fn every_instance_is_solved_within_half_a_per_cent() {
    for (name, optimum) in OPTIMA {
        let (read, case) = Case::read(&text(name));
        assert_eq!(read, name);
        let found = recommend(&case.problem(), Effort::Quick);
        assert_eq!(
            case.broken(&found.assignment),
            Vec::<String>::new(),
            "{name}"
        );
        assert_eq!(case.key(&found.assignment), found.score.key(), "{name}");
        assert_eq!(found.score.unfilled, 0, "{name}");
        assert!(
            found.score.total >= optimum,
            "{name}: the optimum is not one"
        );
        assert!(found.bound <= optimum, "{name}: bound {}", found.bound);
        let limit = optimum + optimum / 200;
        assert!(found.score.total <= limit, "{name}: {}", found.score.total);
        assert_eq!(found.optimal, found.score.total == found.bound);
    }
}

/// The effort at which each instance is promised to be proven, and the schedule that comes out there:
/// the same on every machine.
const PROVEN: [(&str, Effort, u64); 9] = [
    ("a12x30-full", Effort::Quick, 0x51cd_ca96_0a7c_b41b),
    ("a6x30-tight", Effort::Quick, 0x04a6_0e42_5213_4dc8),
    ("w12x52-full", Effort::Quick, 0x03e8_c610_a99d_c492),
    ("h8x30", Effort::Quick, 0x19c7_6589_9f0f_03ac),
    ("b10x92-tight", Effort::Standard, 0x29f1_92db_2f18_57cb),
    ("b25x92-full", Effort::Standard, 0xb4fc_7cb6_fd05_503f),
    ("s25x92-split", Effort::Standard, 0x4e66_8dcf_0b7c_cc74),
    ("h20x92", Effort::Standard, 0xdd83_d45f_0c1b_8ca5),
    ("c50x365-full", Effort::Thorough, 0xa16a_1035_b4de_7ea4),
];

/// A number that another schedule hardly has (FNV-1a).
fn print_of(assignment: &[Option<usize>]) -> u64 {
    assignment.iter().fold(0xcbf2_9ce4_8422_2325, |sum, who| {
        let who = who.map_or(0, |p| u64::try_from(p).unwrap() + 1);
        (sum ^ who).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn each_instance_is_proven_at_its_effort_with_the_same_schedule_everywhere() {
    for (name, effort, print) in PROVEN {
        let found = recommend(&Case::read(&text(name)).1.problem(), effort);
        let (_, optimum) = OPTIMA.into_iter().find(|o| o.0 == name).unwrap();
        let reached = (found.score.total, found.bound, found.optimal);
        assert_eq!(reached, (optimum, optimum, true), "{name}");
        assert_eq!(print_of(&found.assignment), print, "{name}");
    }
}

#[test]
fn the_hardest_year_is_within_a_twentieth_of_a_per_cent() {
    let (_, case) = Case::read(&text("h40x365"));
    let found = recommend(&case.problem(), Effort::Thorough);
    assert_eq!(case.broken(&found.assignment), Vec::<String>::new());
    assert!(found.bound <= 453_418, "{}", found.bound);
    assert!(found.gap() <= 0.0005, "{}", found.gap());
    assert_eq!(print_of(&found.assignment), 0x2bcb_791b_d023_3fbb);
}

#[test]
fn the_file_reader_builds_the_same_problem_as_the_checker() {
    for (name, _) in OPTIMA {
        let text = text(name);
        let ours = fairshift::solve::problem(&text).unwrap();
        let theirs = Case::read(&text).1.problem();
        assert_eq!(ours.people(), theirs.people(), "{name}");
        assert_eq!(ours.shifts(), theirs.shifts(), "{name}");
        assert_eq!(ours.settings(), theirs.settings(), "{name}");
        let plan = vec![Some(0); ours.slots().len()];
        assert_eq!(score(&ours, &plan), score(&theirs, &plan), "{name}");
    }
}

#[test]
fn other_people_get_schedules_as_good() {
    let mut proven = 0;
    for family in ["a12x30-full", "a6x30-tight", "w12x52-full", "s25x92-split"] {
        for seed in 0..3 {
            let (name, case) = Case::read(&super::seeds::fresh(&text(family), seed));
            let found = recommend(&case.problem(), Effort::Quick);
            let broken = case.broken(&found.assignment);
            assert_eq!(broken, Vec::<String>::new(), "{name}");
            assert_eq!(case.key(&found.assignment), found.score.key(), "{name}");
            assert!(found.gap() <= 0.002, "{name}: {}", found.gap());
            proven += u32::from(found.optimal);
        }
    }
    assert!(proven >= 9, "{proven} of 12");
}
