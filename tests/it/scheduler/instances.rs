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

#[test]
fn months_and_weekly_years_are_proven_at_once() {
    for name in ["a12x30-full", "a6x30-tight", "w12x52-full"] {
        let found = recommend(&Case::read(&text(name)).1.problem(), Effort::Quick);
        let (_, optimum) = OPTIMA.into_iter().find(|o| o.0 == name).unwrap();
        assert_eq!(
            (found.score.total, found.bound),
            (optimum, optimum),
            "{name}"
        );
        assert!(found.optimal, "{name}");
    }
}

#[test]
fn a_hard_month_gets_its_best_schedule_and_a_bound_next_to_it() {
    let found = recommend(&Case::read(&text("h8x30")).1.problem(), Effort::Quick);
    assert_eq!(found.score.total, 30684);
    assert!((30680..=30684).contains(&found.bound), "{}", found.bound);
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
