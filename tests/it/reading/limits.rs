//! Absurd calendars cost bounded work, and say so.

use std::cell::Cell;
use std::fmt::Write;

use chrono::TimeDelta;
use chrono_tz::Tz;
use fairshift::reading::{Limits, Reader, Unreadable, Warning, read, union};
use fairshift::vocab::Interval;

use super::{at, calendar, read_as_ayse, read_within, window};

fn year() -> Interval {
    window("2026-01-01T00:00Z", "2027-01-01T00:00Z")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n")
}

#[test]
fn absurd_rules_are_cut_and_said() {
    let limits = Limits::default();
    for rule in [
        "FREQ=SECONDLY",
        "FREQ=SECONDLY;COUNT=2000000000;BYSECOND=1,2,3",
        "FREQ=MINUTELY;BYSECOND=0,1,2,3,4,5,6,7,8,9",
        "FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20;BYSECOND=0,1,2,3,4,5,6,7,8,9,10;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    ] {
        let text = calendar(&event(&format!(
            "DTSTART:20000101T000000Z\nDURATION:PT1S\nRRULE:{rule}"
        )));
        let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
        assert_eq!(reading.warnings, [Warning::Cut(1)], "{rule}");
        assert!(reading.steps < limits.series_steps + 100, "{rule}");
    }
}

#[test]
fn absurd_rules_that_give_nothing_cost_little() {
    for rule in [
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=5;BYMINUTE=5;BYSECOND=5",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30;COUNT=1000000",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;INTERVAL=4294967297",
        "FREQ=SECONDLY;INTERVAL=86400;COUNT=4294967297;BYHOUR=7",
    ] {
        let text = calendar(&event(&format!(
            "DTSTART:20000101T000000Z\nDURATION:PT1S\nRRULE:{rule}"
        )));
        let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
        assert_eq!(
            (&reading.spans[..], &reading.warnings[..]),
            (&[][..], &[][..]),
            "{rule}"
        );
        assert!(reading.steps < 60_000, "{rule}: {}", reading.steps);
    }
}

#[test]
fn one_absurd_series_leaves_room_for_others_and_many_are_bounded() {
    let absurd = "DTSTART:20000101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY";
    let good = "DTSTART:20260310T090000Z\nDTEND:20260310T100000Z";
    let text = calendar(&format!("{}{}", event(absurd), event(good)));
    let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
    let meeting = window("2026-03-10T09:00Z", "2026-03-10T10:00Z");
    assert!(reading.spans.iter().any(|span| span.interval == meeting));

    let text = calendar(&event(absurd).repeat(2000));
    let limits = Limits {
        feed_steps: 500_000,
        ..Limits::default()
    };
    let reading = read_within(text.as_bytes(), Tz::UTC, year(), limits).unwrap();
    assert_eq!(reading.warnings, [Warning::Cut(2000)]);
    assert!(reading.steps < limits.feed_steps + 20_000);
}

#[test]
fn floods_are_bounded() {
    // A span every other second: more than are kept.
    let mut dates = String::from("RDATE:20260101T000000Z");
    for second in (2..120_000).step_by(2) {
        let moment = at("2026-01-01T00:00Z") + TimeDelta::seconds(second);
        write!(dates, ",{}", moment.format("%Y%m%dT%H%M%SZ")).unwrap();
    }
    let text = calendar(&event(&format!(
        "DTSTART:20260101T000000Z\nDURATION:PT1S\n{dates}"
    )));
    let limits = Limits {
        spans: 1000,
        ..Limits::default()
    };
    let reading = read_within(text.as_bytes(), Tz::UTC, year(), limits).unwrap();
    assert_eq!(reading.spans.len(), 1000);
    assert_eq!(
        reading.warnings,
        [Warning::Cut(1), Warning::TooManySpans(1000)]
    );
    assert!(reading.spans.is_sorted());
    let first = reading.spans[0].interval;
    assert_eq!(
        first,
        Interval::new(at("2026-01-01T00:00Z"), at("2026-01-01T00:00:01Z")).unwrap()
    );
}

#[test]
fn ten_megabytes_are_read_and_more_is_not() {
    let mut text = String::from("BEGIN:VCALENDAR\r\n");
    let mut count = 0;
    while text.len() < 9_999_000 {
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:{count}\r\nDTSTART:2026{:02}{:02}T090000Z\r\nDURATION:PT1H\r\nDESCRIPTION:{}\r\nEND:VEVENT\r\n",
            count % 12 + 1,
            count % 28 + 1,
            "long ".repeat(30),
        )
        .unwrap();
        count += 1;
    }
    text.push_str("END:VCALENDAR\r\n");
    let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
    assert_eq!((reading.entries, reading.spans.len()), (count, 84));
    let more = text.replace("long ", "longer ");
    assert_eq!(
        read_as_ayse(more.as_bytes(), Tz::UTC, year()),
        Err(Unreadable::TooLarge(10_000_000))
    );
}

#[test]
fn endless_entries_are_read_in_part() {
    for (name, item) in [
        ("RDATE:20260310T090000Z", ",20260310T090000Z"),
        ("RDATE:20260310T090000Z", "\nRDATE:20260310T090000Z"),
        ("EXDATE:20260311T090000Z", "\n ,20260311T090000Z"),
        (
            "ATTENDEE:mailto:ayse@example.com",
            "\nATTENDEE:mailto:ayse@example.com",
        ),
        ("UID:x", "\n x"),
    ] {
        let text = calendar(&event(&format!(
            "DTSTART:20260310T090000Z\nDURATION:PT1H\n{name}{}",
            item.repeat(80_000)
        )));
        let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
        let spans: Vec<_> = reading.spans.iter().map(|span| span.interval).collect();
        assert_eq!(
            spans,
            [window("2026-03-10T09:00Z", "2026-03-10T10:00Z")],
            "{name}"
        );
        let cut = [Warning::Cut(1)];
        let expected = if name == "UID:x" { &[][..] } else { &cut };
        assert_eq!(reading.warnings, expected, "{name}");
    }
}

#[test]
fn a_zone_that_never_rests_means_nothing() {
    let zone = "BEGIN:VTIMEZONE\nTZID:Restless\nBEGIN:STANDARD\nDTSTART:19700101T000000\n\
        TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=HOURLY\nEND:STANDARD\nEND:VTIMEZONE\n";
    let meeting = event("DTSTART;TZID=Restless:20260310T090000\nDURATION:PT1H");
    let text = calendar(&format!("{zone}{meeting}"));
    let reading = read_as_ayse(text.as_bytes(), Tz::UTC, year()).unwrap();
    assert_eq!(
        reading.spans[0].interval,
        window("2026-03-10T09:00Z", "2026-03-10T10:00Z")
    );
    assert_eq!(reading.warnings, [Warning::UnknownZone("Restless".into())]);
}

#[test]
fn too_many_entries_are_refused() {
    let text = calendar(&event("DTSTART:20260101").repeat(11));
    let limits = Limits {
        entries: 10,
        ..Limits::default()
    };
    assert_eq!(
        read_within(text.as_bytes(), Tz::UTC, year(), limits),
        Err(Unreadable::TooMany(10))
    );
}

#[test]
fn nesting_is_limited_before_anything_is_parsed() {
    let nested = |depth: usize| {
        let begin = "BEGIN:X-A\n".repeat(depth - 1);
        let end = "END:X-A\n".repeat(depth - 1);
        read_as_ayse(
            calendar(&format!("{begin}{end}")).as_bytes(),
            Tz::UTC,
            year(),
        )
    };
    assert!(nested(16).is_ok());
    assert_eq!(nested(17), Err(Unreadable::TooDeep));
    assert_eq!(nested(300_000), Err(Unreadable::TooDeep));
}

#[test]
fn whoever_asked_may_give_up() {
    let asked = Cell::new(0);
    let text = calendar(&event(
        "DTSTART:20000101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY",
    ));
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let reader = Reader {
        owner: &[],
        zone: Tz::UTC,
        window: year(),
        own_host: "",
        limits: Limits::default(),
        stop: &stop,
    };
    assert_eq!(read(text.as_bytes(), &reader), Err(Unreadable::TooSlow));
    assert_eq!(asked.get(), 4);
}

#[test]
fn what_is_said_is_a_sentence() {
    let said = [
        Unreadable::TooLarge(10_000_000).to_string(),
        Unreadable::TooMany(100_000).to_string(),
        Warning::BadEntries(1).to_string(),
        Warning::BadEntries(2).to_string(),
        Warning::EndsBeforeStart(2).to_string(),
        Warning::BadRules(2).to_string(),
        Warning::Cut(1).to_string(),
        Warning::TooManySpans(50_000).to_string(),
    ];
    assert_eq!(
        said,
        [
            "The calendar is larger than 10 MB, more than we read.",
            "The calendar has more than 100000 entries, more than we read.",
            "1 entry could not be read and was left out.",
            "2 entries could not be read and were left out.",
            "2 entries end before the start and were left out.",
            "2 entries repeat by a rule that can't be read: only the first time was counted.",
            "1 entry has more times than we follow: only a part was counted.",
            "There are more than 50000 separate times: the latest of them were not counted.",
        ]
    );
}

#[test]
fn a_union_touches_nowhere() {
    let (a, b) = ("2026-03-10T09:00Z", "2026-03-10T10:00Z");
    let (c, d) = ("2026-03-10T11:00Z", "2026-03-10T12:00Z");
    assert_eq!(
        union([window(c, d), window(a, b), window(b, c), window(a, c)]),
        [window(a, d)]
    );
    assert_eq!(
        union([window(c, d), window(a, b)]),
        [window(a, b), window(c, d)]
    );
    assert_eq!(union([]), []);
}
