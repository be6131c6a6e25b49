use std::fmt::Write;

use super::{date, interval};
use crate::rotations::model::{
    Country, Holidays, Known, MOST_ROWS, history::History, read_history, read_holidays,
};
use crate::vocab::{Email, Line, PersonId, RoleId};

fn known() -> Known {
    let person = |id, email: &str, name: &str| {
        (
            PersonId(id),
            email.parse::<Email>().unwrap(),
            name.parse::<Line>().unwrap(),
        )
    };
    let people = [
        person(1, "ayse@example.com", "Ayşe Demir"),
        person(2, "ben@example.com", "Ben Okafor"),
        person(3, "sam@example.com", "Sam Lee"),
        person(4, "sam.lee@example.com", "Sam Lee"),
    ];
    let roles =
        [("Primary", 1), ("Secondary", 2)].map(|(n, id)| (RoleId(id), n.parse::<Line>().unwrap()));
    Known::new(
        people.iter().map(|(id, email, name)| (*id, email, name)),
        roles.iter().map(|(id, name)| (*id, name)),
        chrono_tz::Europe::Istanbul,
    )
}

fn problems(history: &History) -> Vec<(u64, String)> {
    history
        .bad
        .iter()
        .map(|b| (b.line, b.problem.clone()))
        .collect()
}

/// What is wrong with one line under a good header.
fn problem(line: &str) -> String {
    let history = read_history(&format!("person,role,start,end\n{line}\n"), &known());
    assert_eq!(
        (history.rows.len(), history.bad.len()),
        (0, 1),
        "{line}: {history:?}"
    );
    assert_eq!(history.bad[0].line, 2);
    history.bad[0].problem.clone()
}

#[test]
fn good_rows_in_any_order_of_columns() {
    let text = "\u{FEFF}Role;End;Start;Person;note\r\nprimary;2026-03-02 09:00;2026-03-01 09:00;AYSE@example.com;\r\nSecondary;2026-03-02T09:00:59Z;2026-03-01T10:00:00+01:00;Ben Okafor;x\r\n";
    let history = read_history(text, &known());
    assert_eq!(problems(&history), []);
    assert_eq!(
        (
            history.rows[0].person,
            history.rows[0].role,
            history.rows[0].line
        ),
        (PersonId(1), RoleId(1), 2)
    );
    assert_eq!(
        history.rows[0].interval,
        interval("2026-03-01T06:00:00Z", "2026-03-02T06:00:00Z")
    );
    assert_eq!(
        (history.rows[1].person, history.rows[1].line),
        (PersonId(2), 3)
    );
    assert_eq!(
        history.rows[1].interval,
        interval("2026-03-01T09:00:00Z", "2026-03-02T09:00:00Z")
    );
}

#[test]
fn each_bad_line_says_what_is_wrong() {
    let good = "2026-03-01 09:00,2026-03-02 09:00";
    let starts = [
        (
            format!("nobody@example.com,Primary,{good}"),
            "Nobody in the team is called \"nobody@example.com\"",
        ),
        (
            format!("Sam Lee,Primary,{good}"),
            "2 people are called \"Sam Lee\"",
        ),
        (
            format!("Ben Okafor,Boss,{good}"),
            "The rotation has no role \"Boss\": use one of primary, secondary.",
        ),
        (
            "Ben Okafor,Primary,yesterday,2026-03-02 09:00".to_owned(),
            "\"yesterday\" is not a time",
        ),
        (
            "Ben Okafor,Primary,2026-02-30 09:00,2026-03-02 09:00".to_owned(),
            "\"2026-02-30 09:00\" is not a time",
        ),
        (
            "Ben Okafor,Primary,0001-01-01 00:00,2026-03-02 09:00".to_owned(),
            "\"0001-01-01 00:00\" is not a time from 2000",
        ),
        (
            "Ben Okafor,Primary,2026-03-02 09:00,9999-12-31T23:59:59Z".to_owned(),
            "\"9999-12-31T23:59:59Z\" is not a time from 2000",
        ),
        (
            "Ben Okafor,Primary,2026-03-02 09:00,2026-03-02 09:00".to_owned(),
            "The end is not after the start",
        ),
        (
            "Ben Okafor,Primary,2026-03-02 09:00,2026-06-02 09:00".to_owned(),
            "The shift is longer than 31 days",
        ),
        (
            "Ben Okafor,Primary,2026-03-02 09:00".to_owned(),
            "The line has 3 columns, the header has 4",
        ),
        (
            format!("{},Primary,{good}", "x".repeat(10_000)),
            "Nobody in the team is called \"xxx",
        ),
    ];
    for (line, start) in starts {
        let said = problem(&line);
        assert!(said.starts_with(start), "{said}");
        assert!(said.len() < 300, "{said}");
    }
}

#[test]
fn wrong_columns_and_empty_files() {
    let said = |text: &str| problems(&read_history(text, &known()));
    assert_eq!(
        said("name,role,start,end\n")[0].1,
        "The column person is missing: begin the file with the line person,role,start,end."
    );
    assert_eq!(said("")[0].0, 1);
    assert_eq!(
        said("person,role,start,end,start\n")[0].1,
        "The column start is there twice: keep one."
    );
    assert_eq!(
        said("person,role,start,end\n\n")[0].1,
        "The file has no rows under its header."
    );
    assert!(!said("\0\u{1}\u{FFFF}").is_empty());
}

#[test]
fn lines_are_counted_as_an_editor_does() {
    for end in ["\n", "\r\n"] {
        let text = format!(
            "person,role,start,end{end}{end}{end}x,Primary,,{end}\"Ben{end}Okafor\",Primary,,{end}y,Primary,,"
        );
        let history = read_history(&text, &known());
        let lines: Vec<u64> = history.bad.iter().map(|b| b.line).collect();
        assert_eq!(lines, [4, 6, 7]);
    }
}

#[test]
fn overlaps_are_found_per_person() {
    let text = "person,role,start,end\n\
        Ben Okafor,Primary,2026-03-10 09:00,2026-03-11 09:00\n\
        Ben Okafor,Primary,2026-03-11 09:00,2026-03-12 09:00\n\
        ayse@example.com,Primary,2026-03-10 09:00,2026-03-11 09:00\n\
        Ben Okafor,Secondary,2026-03-09 09:00,2026-03-13 09:00\n\
        ben@example.com,Secondary,2026-03-10 08:00,2026-03-10 09:01\n";
    let history = read_history(text, &known());
    assert_eq!(history.rows.len(), 3);
    assert_eq!(
        problems(&history),
        [
            (
                5,
                "This person already serves at that time on line 3: remove one of the two."
                    .to_owned()
            ),
            (
                6,
                "This person already serves at that time on line 2: remove one of the two."
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn files_have_a_limit() {
    let start = date("2000-01-01").and_hms_opt(0, 0, 0).unwrap();
    let rows = |n: usize| {
        let mut text = "person,role,start,end\n".to_owned();
        for i in 0..i64::try_from(n).unwrap() {
            let at = |h| {
                (start + chrono::TimeDelta::hours(h))
                    .format("%Y-%m-%dT%H:%M:00Z")
                    .to_string()
            };
            writeln!(text, "Ben Okafor,Primary,{},{}", at(i), at(i + 1)).unwrap();
        }
        read_history(&text, &known())
    };
    let full = rows(MOST_ROWS);
    assert_eq!((full.rows.len(), full.bad.len()), (MOST_ROWS, 0));
    let over = rows(MOST_ROWS + 1);
    assert_eq!(over.bad.len(), 1);
    assert!(over.bad[0].problem.contains("more than 10000 rows"));
    let wrong = format!("person,role,start,end\n{}", "a,b,c,d\n".repeat(20_000));
    assert!(read_history(&wrong, &known()).bad.len() < 300);
}

#[test]
fn countries_have_codes_names_and_holidays() {
    let turkey: Country = "tr".parse().unwrap();
    assert_eq!((turkey.code(), turkey.to_string()), ("TR", "TR".to_owned()));
    assert!("XX".parse::<Country>().is_err());
    let all = Country::all();
    assert!(all.len() > 100 && all.is_sorted_by_key(|c| c.name()));
    for country in &all {
        assert!(!country.holidays(&(2026..=2026)).is_empty(), "{country}");
    }
    let found = turkey.holidays(&(2026..=2027));
    assert!(found.contains_key(&date("2026-10-29")));
    assert!(!found.contains_key(&date("2025-10-29")));
    let leg = Holidays {
        country: Some(turkey),
        extra: [
            (date("2026-10-29"), "Cumhuriyet Bayramı".to_owned()),
            (date("2026-10-28"), "Eve".to_owned()),
        ]
        .into(),
    };
    let days = leg.between(&(2026..=2026));
    assert_eq!(days[&date("2026-10-29")], "Cumhuriyet Bayramı");
    assert!(days.contains_key(&date("2026-10-28")) && days.contains_key(&date("2026-01-01")));
    assert!(leg.between(&(2100..=2100)).is_empty());
}

#[test]
fn holidays_are_pasted_as_lines() {
    let days = read_holidays(
        "date,name\n2026-12-25, Christmas Day\n\n2026-12-26;\"Boxing Day\"\n2027-01-01\n",
    )
    .unwrap();
    let names: Vec<&str> = days.values().map(String::as_str).collect();
    assert_eq!(names, ["Christmas Day", "Boxing Day", "Public holiday"]);
    let bad = read_holidays(
        "2026-12-25, Christmas\n25.12.2026, Christmas\n9999-01-01, Never\n2026-01-01, a\u{202E}b\n",
    )
    .unwrap_err();
    assert_eq!(bad.iter().map(|b| b.line).collect::<Vec<_>>(), [2, 3, 4]);
    assert!(bad[0].problem.starts_with("\"25.12.2026\" is not a day"));
    assert!(read_holidays(" \n").is_err());
    assert!(
        read_holidays(&"2026-13-01\n".repeat(100_000))
            .unwrap_err()
            .len()
            < 2000
    );
}

#[test]
fn holidays_come_from_a_calendar_file() {
    let text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261226\r\nSUMMARY;LANGUAGE=en:Christmas\\, \r\n the day\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nDTSTART;VALUE=DATE:20270101\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let days = read_holidays(text).unwrap();
    assert_eq!(days[&date("2026-12-25")], "Christmas, the day");
    assert_eq!(days.len(), 2);
    let timed = text.replace("VALUE=DATE:20261225", "TZID=x:20261225T090000");
    assert_eq!(read_holidays(&timed).unwrap_err()[0].line, 5);
    let none = text.replace("DTSTART;VALUE=DATE:20270101\r\n", "");
    assert!(
        read_holidays(&none).unwrap_err()[0]
            .problem
            .contains("no DTSTART")
    );
}
