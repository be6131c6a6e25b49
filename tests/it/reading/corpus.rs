//! `tests/calendars/`: files, and beside them what each means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fairshift::vocab::Interval;
use serde_json::json;

use super::{at, read_as_ayse, shown, window};
use crate::clients::ask_oracle;

/// Kind, start and end.
pub type Span = (String, DateTime<Utc>, DateTime<Utc>);

/// Whether the independent implementation gives the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Python {
    Same,
    Differs,
    NotAsked,
}

/// A row of the table.
struct Row {
    name: String,
    zone: Tz,
    window: Interval,
    spans: Vec<Span>,
    warnings: Vec<String>,
    error: Option<String>,
    python: Python,
}

impl Row {
    fn file(&self) -> PathBuf {
        folder().join(format!("{}.ics", self.name))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calendars")
}

fn table() -> Vec<Row> {
    let text = fs::read_to_string(folder().join("expected.txt")).unwrap();
    let mut rows: Vec<Row> = vec![];
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(line) = line.strip_prefix("  ") else {
            let [name, zone, from, to] = line.split(" | ").collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            rows.push(Row {
                name: name.into(),
                zone: zone.parse().unwrap(),
                window: window(from, to),
                spans: vec![],
                warnings: vec![],
                error: None,
                python: Python::Same,
            });
            continue;
        };
        let row = rows.last_mut().unwrap();
        match line.split_once(": ") {
            Some(("why", _)) => {}
            Some(("warns", text)) => row.warnings.push(text.into()),
            Some(("error", text)) => row.error = Some(text.into()),
            Some(("python differs", _)) => row.python = Python::Differs,
            Some(("python not asked", _)) => row.python = Python::NotAsked,
            _ => {
                let [kind, from, to] = line.split(' ').collect::<Vec<_>>()[..] else {
                    panic!("{line}");
                };
                row.spans.push((kind.into(), at(from), at(to)));
            }
        }
    }
    for row in &mut rows {
        row.spans.sort();
    }
    rows
}

/// A span as the independent implementation gives it.
pub fn said(span: &serde_json::Value) -> Span {
    let text = |index: usize| span[index].as_str().unwrap();
    (text(0).to_owned(), at(text(1)), at(text(2)))
}

/// All calendars there are, for those who spoil them.
pub fn files() -> Vec<Vec<u8>> {
    table()
        .iter()
        .map(|row| fs::read(row.file()).unwrap())
        .collect()
}

#[test]
fn every_file_is_in_the_table() {
    let named: BTreeSet<PathBuf> = table().iter().map(Row::file).collect();
    let there: BTreeSet<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "ics"))
        .collect();
    assert_eq!(named, there);
    assert!(named.len() >= 60, "{}", named.len());
}

#[test]
fn each_calendar_gives_what_the_table_says() {
    let mut wrong = vec![];
    for row in table() {
        let bytes = fs::read(row.file()).unwrap();
        let (mut spans, warnings, error) = match read_as_ayse(&bytes, row.zone, row.window) {
            Ok(reading) => (
                reading.spans.iter().map(shown).collect(),
                reading.warnings.iter().map(ToString::to_string).collect(),
                None,
            ),
            Err(error) => (vec![], vec![], Some(error.to_string())),
        };
        spans.sort();
        if (&spans, &warnings, &error) != (&row.spans, &row.warnings, &row.error) {
            wrong.push(format!("{}: {spans:?} {warnings:?} {error:?}", row.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn an_independent_implementation_agrees_unless_the_table_says_why_not() {
    let rows: Vec<Row> = table()
        .into_iter()
        .filter(|row| row.python != Python::NotAsked)
        .collect();
    let cases = rows.iter().map(|row| {
        json!({
            "file": row.file(), "zone": row.zone.name(), "owner": "ayse@example.com",
            "from": row.window.start, "to": row.window.end, "host": "fairshift.example",
        })
    });
    let answers = ask_oracle(&cases.collect());
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), rows.len());
    let mut wrong = vec![];
    for (row, answer) in rows.iter().zip(answers) {
        let spans: Option<Vec<Span>> = answer["spans"]
            .as_array()
            .map(|spans| spans.iter().map(said).collect());
        let same = match &row.error {
            Some(_) => spans.is_none(),
            None => spans.as_ref() == Some(&row.spans),
        };
        // A note that no longer holds is as wrong as one that is missing.
        if same != (row.python == Python::Same) {
            wrong.push(format!("{}: {answer}", row.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn a_file_of_just_10_mb_means_the_same_to_both() {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    let page = format!(" {}\r\n", "x".repeat(70)).repeat(1340);
    for n in 0..100 {
        let (month, day) = (n % 12 + 1, n % 27 + 1);
        let event = format!(
            "BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:2026{month:02}{day:02}T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\nDESCRIPTION:x\r\n{page}END:VEVENT\r\n"
        );
        text.push_str(&event);
    }
    let end = "END:VCALENDAR\r\n";
    text.push_str("X-FILL:");
    text.push_str(&"x".repeat(10_000_000 - text.len() - 2 - end.len()));
    text.push_str("\r\n");
    text.push_str(end);
    assert_eq!(text.len(), 10_000_000);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("10-mb.ics");
    fs::write(&file, &text).unwrap();
    let window = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
    let reading = read_as_ayse(text.as_bytes(), Tz::UTC, window).unwrap();
    let ours: Vec<Span> = reading.spans.iter().map(shown).collect();
    assert!(
        ours.len() > 100 && reading.warnings.is_empty(),
        "{:?}",
        reading.warnings
    );
    let answers = ask_oracle(&json!([{
        "file": file, "zone": "UTC", "owner": "ayse@example.com",
        "from": window.start, "to": window.end, "host": "fairshift.example",
    }]));
    let theirs: Vec<Span> = answers[0]["spans"]
        .as_array()
        .unwrap()
        .iter()
        .map(said)
        .collect();
    assert_eq!(ours, theirs);
}
