//! Who may import whom: the table of `src/lib.rs`, held against the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What every slice may use. They may use each other.
const GROUND: &[&str] = &[
    "clock",
    "config",
    "db",
    "error",
    "fetch",
    "mail",
    "secret",
    "live",
    "state",
    "telemetry",
    "vocab",
    "web",
];

/// The slices, each step on top of the ones before it. Slices of one step don't know each other.
const STEPS: &[&[&str]] = &[
    &["audit", "jobs"],
    &["people"],
    &["rotations"],
    &["requirements", "availability"],
    &["sources"],
    &["planning"],
    &["oncall"],
    &["cover"],
    &["reports", "calendars", "webhooks"],
    &["notices"],
    &["demo"],
];

/// What sees everything.
const WHOLE: &[&str] = &["app", "cli", "lib", "main", "serve"];

/// What may call the scheduler, besides the whole.
const SCHEDULES: &[&str] = &["planning", "cover", "solve"];

/// What may read calendars, besides the whole. New slices join as they need it.
const READS: &[&str] = &["availability", "sources"];

/// A file by its place among the modules, as in `people::store::teams`.
type Place = Vec<String>;

fn step(module: &str) -> Option<usize> {
    STEPS.iter().position(|slices| slices.contains(&module))
}

/// Why a file at `from` must not import `to`, if so.
fn objection(from: &[String], to: &[String]) -> Option<String> {
    let part = |place: &[String], index: usize| place.get(index).cloned().unwrap_or_default();
    let (us, them) = (part(from, 0), part(to, 0));
    let kind = part(from, 1);
    let known = |name: &str| {
        GROUND.contains(&name)
            || WHOLE.contains(&name)
            || step(name).is_some()
            || ["scheduler", "reading", "solve"].contains(&name)
    };
    for name in [&us, &them] {
        if !known(name) {
            return Some(format!(
                "{name} is not in the table of tests/it/architecture.rs"
            ));
        }
    }
    if WHOLE.contains(&us.as_str()) {
        return None;
    }
    if us == them {
        // Within a slice: the model knows the model, the store knows no pages.
        let inner = part(to, 1);
        let upward = match kind.as_str() {
            "model" => ["store", "pages"].contains(&inner.as_str()),
            "store" => inner == "pages",
            _ => false,
        };
        return (step(&us).is_some() && upward)
            .then(|| format!("a {kind} must not know the {inner}"));
    }
    if WHOLE.contains(&them.as_str()) {
        return Some(format!("only the whole may use {them}"));
    }
    // What must not be shown is a word of its own: models keep secrets, stores encrypt them.
    if them == "vocab" || (them == "secret" && ["model", "store"].contains(&kind.as_str())) {
        return None;
    }
    if them == "scheduler" {
        let may = SCHEDULES.contains(&us.as_str()) && kind != "store";
        return (!may).then(|| "only planning, cover and solve may call the scheduler".to_owned());
    }
    if them == "reading" {
        let may = READS.contains(&us.as_str()) && kind != "store";
        return (!may).then(|| "only what takes calendars in may read them".to_owned());
    }
    if ["vocab", "scheduler", "reading", "solve"].contains(&us.as_str()) {
        return Some(format!("{us} may not import {them}"));
    }
    if GROUND.contains(&us.as_str()) {
        return (!GROUND.contains(&them.as_str()))
            .then(|| "the ground must not know a slice".to_owned());
    }
    // From here on, we are a slice.
    match kind.as_str() {
        // What planning plans with are the pure types that the slices below it export.
        "model" if us == "planning" && ["rotations", "availability"].contains(&them.as_str()) => {}
        "model" => return Some("a model knows the vocabulary and its own slice".to_owned()),
        "store" if !["db", "error"].contains(&them.as_str()) => {
            return Some("a store knows its own slice, vocab, db and error".to_owned());
        }
        _ => {}
    }
    if GROUND.contains(&them.as_str()) {
        return None;
    }
    if step(&them) >= step(&us) {
        return Some(format!("{us} does not stand on {them}"));
    }
    let inner = part(to, 1);
    ["model", "store", "pages"]
        .contains(&inner.as_str())
        .then(|| format!("use what {them} exports, not its {inner}"))
}

/// Everything in `source` that begins with `crate::` or `super::`, as full paths.
fn imports(place: &[String], source: &str) -> BTreeSet<Place> {
    // A module of unit tests may look at anything; it comes last in a file.
    let source = source.split("#[cfg(test)]").next().unwrap();
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if !before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            paths(&code[at + "crate::".len()..], &mut vec![], &mut found);
        }
    }
    for (at, _) in code.match_indices("super::") {
        // The first of a chain; the others are counted from it.
        if code[..at].ends_with("super::") {
            continue;
        }
        let chain = code[at..]
            .split("super::")
            .take_while(|part| part.is_empty())
            .count();
        let rest = &code[at + chain * "super::".len()..];
        let mut base = place.to_vec();
        base.truncate(place.len().saturating_sub(chain));
        paths(rest, &mut base, &mut found);
    }
    found
}

/// Reads one path, or a tree of them in braces, off the start of `text`; returns what follows.
fn paths<'a>(text: &'a str, base: &mut Place, found: &mut BTreeSet<Place>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(rest) = rest.strip_prefix('}') {
                return rest;
            }
            let depth = base.len();
            rest = paths(rest, base, found).trim_start();
            base.truncate(depth);
            match rest.strip_prefix(',') {
                Some(more) => rest = more,
                None if rest.starts_with('}') => {}
                None => return rest,
            }
        }
    }
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*')
        .unwrap_or(text.len());
    let (name, mut rest) = text.split_at(end);
    let depth = base.len();
    if !["self", "*", ""].contains(&name) {
        base.push(name.to_owned());
    }
    if let Some(more) = rest.strip_prefix("::") {
        rest = paths(more, base, found);
    } else {
        found.insert(base.clone());
        if let Some(renamed) = rest.trim_start().strip_prefix("as ") {
            let end = renamed.find([',', '}', ';']).unwrap_or(renamed.len());
            rest = &renamed[end..];
        }
    }
    base.truncate(depth);
    rest
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            files.push(path);
        }
    }
}

fn place_of(file: &Path) -> Place {
    let mut place: Place = file
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if place.len() > 1 && place.last().is_some_and(|last| last == "mod") {
        place.pop();
    }
    place
}

/// What is wrong with a file, one line each.
fn objections(file: &Path, source: &str) -> Vec<String> {
    let place = place_of(file);
    let name = file.display();
    imports(&place, source)
        .iter()
        .filter_map(|import| {
            let reason = objection(&place, import)?;
            Some(format!(
                "src/{name} imports {}: {reason}",
                import.join("::")
            ))
        })
        .collect()
}

#[test]
fn imports_follow_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    rust_files(&src, &mut files);
    assert!(
        files.len() > 10,
        "the sources are where they are looked for"
    );
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let source = fs::read_to_string(file).unwrap();
            objections(file.strip_prefix(&src).unwrap(), &source)
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn stores_alone_write_and_the_scheduler_is_pure() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![];
    rust_files(&src, &mut files);
    for file in files {
        let place = place_of(file.strip_prefix(&src).unwrap());
        let source = fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]").next().unwrap();
        let (module, kind) = (&place[0], place.get(1).map_or("", String::as_str));
        if step(module).is_some_and(|step| step + 1 < STEPS.len()) && kind != "store" {
            let written = writes(code);
            assert!(
                written.is_empty(),
                "{}: {written:?} belongs in a store",
                file.display()
            );
        }
        if module == "scheduler" || module == "reading" {
            for word in [
                "async ",
                "sqlx",
                "HashMap",
                "HashSet",
                "rand::rng",
                "Instant::now",
                "Utc::now",
            ] {
                assert!(!code.contains(word), "{}: {word}", file.display());
            }
        }
    }
}

/// The beginnings of statements that write.
fn writes(code: &str) -> Vec<String> {
    let code = code.to_lowercase().replace(['"', '('], " ");
    let words: Vec<&str> = code.split_whitespace().collect();
    words
        .windows(3)
        .filter(|words| {
            matches!(
                words,
                ["insert", "into", _] | ["delete", "from", _] | ["update", _, "set"]
            )
        })
        .map(|words| words.join(" "))
        .collect()
}

#[test]
fn a_statement_that_writes_is_caught() {
    for code in [
        "query!(\"insert into people (name)\")",
        "r#\"DELETE FROM people WHERE\"#",
        "\"update people\n    set name = $1\"",
    ] {
        assert_eq!(writes(code).len(), 1, "{code}");
    }
    assert!(writes("select 1 from people for update of people").is_empty());
}

#[test]
fn a_bad_import_is_caught() {
    for (file, source) in [
        ("vocab/time.rs", "use crate::db;"),
        ("scheduler/search.rs", "use crate::clock::Clock;"),
        ("reading/zone.rs", "use crate::people::Person;"),
        ("planning/pages.rs", "use crate::reading::read;"),
        ("web/mod.rs", "use crate::people::SignedIn;"),
        ("people/pages.rs", "use crate::planning::Plan;"),
        ("requirements/pages.rs", "use crate::availability::Day;"),
        (
            "planning/pages.rs",
            "use crate::{db, people::store::teams};",
        ),
        (
            "planning/pages.rs",
            "use crate::people::{self, model::{Person, Contact as C}};",
        ),
        ("people/model.rs", "use crate::error::AppError;"),
        (
            "people/model/contact.rs",
            "fn f() { super::super::store::write() }",
        ),
        ("people/store.rs", "use crate::web::Frame;"),
        ("people/store/teams.rs", "use super::super::pages::Frame;"),
        ("reports/pages.rs", "use crate::scheduler::recommend;"),
        ("planning/store.rs", "use crate::scheduler::Problem;"),
        ("people/pages.rs", "use crate::app::router;"),
        ("audit/mod.rs", "let x = crate::people::find();"),
        ("novelty/mod.rs", "use crate::vocab::Line;"),
        ("people/pages.rs", "use crate::novelty::Line;"),
        ("people/mod.rs", "use super::planning::Plan;"),
    ] {
        let objections = objections(Path::new(file), source);
        assert!(!objections.is_empty(), "{file}: {source}");
    }
}

#[test]
fn good_imports_are_let_through() {
    for (file, source) in [
        (
            "app.rs",
            "use crate::{audit, people::{self, routes}, scheduler};",
        ),
        (
            "scheduler/search.rs",
            "use crate::vocab::{Interval, Points};\nuse super::rules::Rule;",
        ),
        (
            "planning/model/draft.rs",
            "use crate::scheduler::{Problem, recommend};\nuse super::cost;",
        ),
        (
            "planning/mod.rs",
            "use crate::people::{Person, members as m};\nuse crate::audit;",
        ),
        (
            "people/store/teams.rs",
            "use crate::{db::Tx, vocab::TeamId, people::model::Team};",
        ),
        (
            "people/pages.rs",
            "// use crate::planning::Plan;\nuse super::model::Team;",
        ),
        (
            "vocab/time.rs",
            "#[cfg(test)]\nmod tests { use crate::db; }",
        ),
    ] {
        assert_eq!(
            objections(Path::new(file), source),
            [""; 0],
            "{file}: {source}"
        );
    }
}
