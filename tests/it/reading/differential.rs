//! Ordinary calendars by the hundred, made at random, and what the independent implementation makes of
//! them. Only what the two are known to see alike: what they don't is in the table.

use std::fs;
use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use serde_json::json;

use super::corpus::{Span, said};
use super::{calendar, read_as_ayse, shown, window};
use crate::clients::ask_oracle;

const CALENDARS: u64 = 400;

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.below(sides) == 0
    }
}

/// How times are written.
#[derive(Clone, Copy, PartialEq)]
enum Clock {
    Day,
    Utc,
    Floating,
    Zone(&'static str),
}

fn stamp(name: &str, time: NaiveDateTime, clock: Clock) -> String {
    let written = time.format("%Y%m%dT%H%M%S");
    match clock {
        Clock::Day => format!("{name};VALUE=DATE:{}\r\n", time.format("%Y%m%d")),
        Clock::Utc => format!("{name}:{written}Z\r\n"),
        Clock::Floating => format!("{name}:{written}\r\n"),
        Clock::Zone(zone) => format!("{name};TZID={zone}:{written}\r\n"),
    }
}

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

fn rule(dice: &mut Dice, start: NaiveDateTime, clock: Clock) -> String {
    let (one, other) = (dice.of(&WEEKDAYS), dice.of(&WEEKDAYS));
    let nth = dice.of(&[1, 2, 3, 4, -1, -2]);
    let rule = match dice.below(8) {
        0 => "DAILY".to_owned(),
        1 => "WEEKLY".to_owned(),
        2 => format!("WEEKLY;BYDAY={one},{other}"),
        3 => format!("WEEKLY;BYDAY={one},{other};WKST={}", dice.of(&WEEKDAYS)),
        4 => format!("MONTHLY;BYDAY={nth}{one}"),
        5 => format!(
            "MONTHLY;BYMONTHDAY={},{}",
            dice.of(&[1, 15, 30, 31]),
            dice.of(&[5, 28, -1, -3])
        ),
        6 => format!(
            "MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS={}",
            dice.of(&[1, 2, -1])
        ),
        _ => format!("YEARLY;BYMONTH={};BYDAY={nth}{one}", dice.below(12) + 1),
    };
    let interval = if dice.one_in(2) {
        format!(";INTERVAL={}", dice.below(4) + 1)
    } else {
        String::new()
    };
    let until = start + TimeDelta::days(i64::try_from(dice.below(500)).unwrap());
    let end = match (dice.below(3), clock) {
        (0, _) => format!(";COUNT={}", dice.below(40) + 1),
        (1, Clock::Day) => format!(";UNTIL={}", until.format("%Y%m%d")),
        (1, Clock::Floating) => format!(";UNTIL={}", until.format("%Y%m%dT%H%M%S")),
        (1, _) => format!(";UNTIL={}Z", until.format("%Y%m%dT%H%M%S")),
        _ => String::new(),
    };
    format!("RRULE:FREQ={rule}{interval}{end}\r\n")
}

/// One entry with all that belongs to it.
fn entry(dice: &mut Dice, uid: u64) -> String {
    let clock = dice.of(&[
        Clock::Day,
        Clock::Utc,
        Clock::Floating,
        Clock::Zone("Europe/Berlin"),
        Clock::Zone("America/New_York"),
        Clock::Zone("Australia/Sydney"),
        Clock::Zone("Asia/Kolkata"),
    ]);
    let first = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap();
    let start = first.and_hms_opt(0, 0, 0).unwrap()
        + TimeDelta::days(i64::try_from(dice.below(700)).unwrap())
        // Away from the hours at which clocks are changed.
        + TimeDelta::hours(dice.of(&[5, 6, 8, 9, 12, 15, 18, 21]))
        + TimeDelta::minutes(dice.of(&[0, 0, 15, 30]));
    let head = format!("BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20250101T000000Z\r\n");
    let mut text = [&head[..], &stamp("DTSTART", start, clock)].concat();
    let days = TimeDelta::days(dice.of(&[1, 2, 3]));
    let minutes = TimeDelta::minutes(dice.of(&[15, 30, 60, 90]));
    let ends = match (clock, dice.one_in(2)) {
        (Clock::Day, _) => stamp("DTEND", start + days, clock),
        (_, true) => stamp("DTEND", start + minutes, clock),
        (_, false) => format!("DURATION:PT{}M\r\n", minutes.num_minutes()),
    };
    text.push_str(&ends);
    let repeats = !dice.one_in(4);
    let some = |dice: &mut Dice| start + TimeDelta::days(dice.of(&[0, 1, 2, 7, 14, 28, 91, 364]));
    if repeats {
        text.push_str(&rule(dice, start, clock));
        for _ in 0..dice.of(&[0, 0, 1, 3]) {
            text.push_str(&stamp("EXDATE", some(dice), clock));
        }
        for _ in 0..dice.of(&[0, 0, 2]) {
            text.push_str(&stamp("RDATE", some(dice) + TimeDelta::days(3), clock));
        }
    }
    text.push_str(dice.of(&[
        "",
        "",
        "STATUS:TENTATIVE\r\n",
        "TRANSP:TRANSPARENT\r\n",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n",
    ]));
    text.push_str("END:VEVENT\r\n");
    if repeats && dice.one_in(2) {
        let of = some(dice);
        let moved = of + TimeDelta::minutes(dice.of(&[0, 47, -143, 1497]));
        let sequence = format!("SEQUENCE:{}\r\n", dice.below(3));
        text.push_str(&[head, sequence, stamp("RECURRENCE-ID", of, clock)].concat());
        text.push_str(&stamp("DTSTART", moved, clock));
        if clock != Clock::Day {
            text.push_str(&stamp("DTEND", moved + minutes, clock));
        }
        text.push_str(dice.of(&["", "", "STATUS:CANCELLED\r\n"]));
        text.push_str("END:VEVENT\r\n");
    }
    text
}

#[test]
fn ordinary_calendars_are_read_as_by_the_independent_implementation() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("differential");
    fs::create_dir_all(&folder).unwrap();
    let year = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
    let mut dice = Dice(20_261_121);
    let mut ours: Vec<(String, Vec<Span>)> = vec![];
    let mut cases = vec![];
    for number in 0..CALENDARS {
        let last = dice.below(3);
        let entries: Vec<String> = (0..=last).map(|uid| entry(&mut dice, uid)).collect();
        let text = calendar(&entries.concat());
        let file = folder.join(format!("{number}.ics"));
        fs::write(&file, &text).unwrap();
        let zone = dice.of(&[Tz::Europe__Berlin, Tz::America__New_York, Tz::Asia__Tokyo]);
        let reading = read_as_ayse(text.as_bytes(), zone, year).unwrap();
        let mut spans: Vec<Span> = reading.spans.iter().map(shown).collect();
        spans.sort();
        ours.push((text, spans));
        cases.push(json!({
            "file": file, "zone": zone.name(), "owner": "ayse@example.com",
            "from": year.start, "to": year.end, "host": "fairshift.example",
        }));
    }
    let answers = ask_oracle(&cases.into());
    for ((text, ours), answer) in ours.iter().zip(answers.as_array().unwrap()) {
        let theirs: Vec<Span> = answer["spans"]
            .as_array()
            .unwrap()
            .iter()
            .map(said)
            .collect();
        let only = |these: &[Span], those: &[Span]| -> Vec<(String, DateTime<_>, DateTime<_>)> {
            these
                .iter()
                .filter(|span| !those.contains(span))
                .cloned()
                .collect()
        };
        assert!(
            *ours == theirs,
            "{text}\nours: {:?}\ntheirs: {:?}",
            only(ours, &theirs),
            only(&theirs, ours)
        );
    }
    let spans: usize = ours.iter().map(|(_, spans)| spans.len()).sum();
    assert!(spans > 5000, "{spans}: they have something in them");
}
