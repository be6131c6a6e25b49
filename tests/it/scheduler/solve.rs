//! `fairshift solve`: the answer's shape, and what it says about bad files.
use super::checker::Case;
use super::instances::text;
use fairshift::scheduler::Effort;
use fairshift::solve::{SolveError, run, solve};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn answer(text: &str) -> Value {
    let mut answer: Value =
        serde_json::from_str(&solve(text, Effort::Quick, None).unwrap()).unwrap();
    assert!(answer["seconds"].as_f64().unwrap() >= 0.0);
    answer.as_object_mut().unwrap().remove("seconds");
    answer
}

#[test]
fn the_answer_has_the_documented_shape_and_is_always_the_same() {
    let text = text("a12x30-full");
    let first = answer(&text);
    assert_eq!(first, answer(&text));
    assert_eq!(first["instance"], "a12x30-full");
    assert_eq!(first["unfilled"], json!([]));
    let plan: Vec<Option<usize>> = serde_json::from_value(first["assignment"].clone()).unwrap();
    let (_, case) = Case::read(&text);
    assert_eq!(case.broken(&plan), Vec::<String>::new());
    assert_eq!(
        Value::from(i64::try_from(case.key(&plan).2).unwrap()),
        first["cost"]
    );
    let (cost, bound) = (
        first["cost"].as_f64().unwrap(),
        first["bound"].as_f64().unwrap(),
    );
    assert!((first["gap"].as_f64().unwrap() - (cost - bound) / cost).abs() < 1e-9);
    assert_eq!(first["optimal"], json!((cost - bound).abs() < 0.5));
    assert_eq!(first["fewest"], true);
}

#[test]
fn a_slot_nobody_can_take_names_what_keeps_everybody_from_it() {
    let mut file: Value = serde_json::from_str(&text("a6x30-tight")).unwrap();
    for row in file["avail"].as_array_mut().unwrap() {
        let row_text = row.as_str().unwrap().to_owned();
        *row = json!(format!("U{}", &row_text[1..]));
    }
    let answer = answer(&file.to_string());
    let open = answer["unfilled"].as_array().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["slot"], 0);
    let reasons = open[0]["reasons"].as_array().unwrap();
    assert_eq!(reasons.len(), 6);
    assert_eq!(reasons[0], json!({"engineer": 0, "rules": ["unavailable"]}));
    assert!(answer["assignment"][0].is_null());
    assert!(answer["bound"].as_i64().unwrap() <= answer["cost"].as_i64().unwrap());
}

#[test]
fn a_deadline_cuts_it_short() {
    let text = solve(&text("h40x365"), Effort::Exhaustive, Some(Duration::ZERO)).unwrap();
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["optimal"], false);
    assert_eq!(answer["unfilled"], json!([]));
}

#[test]
fn bad_files_get_a_clear_error() {
    let good: Value = serde_json::from_str(&text("a6x30-tight")).unwrap();
    let refused = |path: &str, value: Value| {
        let mut file = good.clone();
        *file.pointer_mut(path).unwrap() = value;
        solve(&file.to_string(), Effort::Quick, None)
            .unwrap_err()
            .to_string()
    };
    for (path, value, says) in [
        ("/schema", json!("other/2"), "other/2"),
        ("/fairness/lcm", json!(0), "fairness.lcm"),
        (
            "/fairness/lcm",
            json!(100_000_001),
            "100000000 from 0 at most",
        ),
        (
            "/pref_cost/P",
            json!(-10_000_000_001_i64),
            "pref_cost.P is -10000000001; it may be 10000000000 from 0 at most",
        ),
        (
            "/engineers/1/history",
            json!(i64::MIN),
            "the history of engineer 1",
        ),
        (
            "/slots/2/weight",
            json!(100_000_001),
            "the weight of slot 2",
        ),
        (
            "/rules/min_rest_min",
            json!(1_000_000_001),
            "rules.min_rest_min is 1000000001",
        ),
        ("/engineers/1/id", json!(0), "two engineers have the id 0"),
        (
            "/engineers/1/capacity",
            json!(0),
            "engineer 1 has no capacity",
        ),
        ("/slots/3/id", json!(0), "two slots have the id 0"),
        ("/slots/3/period", json!(99), "slot 3 is in period 99"),
        ("/slots/3/role", json!(7), "unknown role 7"),
        ("/slots/3/end_min", json!(0), "slot 3 ends before it starts"),
        ("/slots/3/weight", json!(-1), "negative weight"),
        ("/slots/3/start_min", json!(1), "differ in times"),
        ("/avail/2", json!("UW"), "engineer 2 needs one letter"),
        ("/avail", json!([]), "avail has 0 rows for 6"),
        ("/rules/forbidden_pairs", json!([[0, 77]]), "0, 77"),
        ("/slots/0/weight", json!("much"), "invalid type"),
    ] {
        let error = refused(path, value);
        assert!(error.contains(says), "{path}: {error}");
    }
    let error = solve("{", Effort::Quick, None).unwrap_err();
    assert!(matches!(error, SolveError::Format(_)));
    let error = run(Path::new("/does/not/exist"), Effort::Quick, None).unwrap_err();
    assert!(error.to_string().contains("/does/not/exist"));
}
