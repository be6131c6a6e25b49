//! Calendars spoilt at random: whatever comes, an answer in bounded work and room.

use std::fmt::Write;
use std::sync::LazyLock;

use chrono_tz::Tz;
use fairshift::reading::{Limits, Reading};
use proptest::prelude::*;

use super::corpus;
use super::{calendar, read_within, window};

static FILES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(corpus::files);

const LIMITS: Limits = Limits {
    bytes: 1_000_000,
    depth: 16,
    entries: 1000,
    series_steps: 20_000,
    feed_steps: 40_000,
    spans: 500,
};

/// One way of spoiling. Numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(usize, u8),
    Cut(usize),
    DropLine(usize),
    DoubleLine(usize),
    MoveLine(usize, usize),
    /// One line's value behind another's name.
    SwapValues(usize, usize),
    /// Digits in the line become those.
    Digits(usize, &'static str),
    Insert(usize, &'static str),
    /// Lines of another calendar.
    Graft(usize, usize),
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let at = any::<usize>;
    let numbers = prop::sample::select(vec![
        "0",
        "-1",
        "00",
        "13",
        "31",
        "366",
        "9999",
        "65536",
        "4294967297",
        "99999999999999999999",
        "00010101",
        "99991231T235959",
        "16010101T000000",
    ]);
    let lines = prop::sample::select(vec![
        "BEGIN:VEVENT",
        "END:VEVENT",
        "BEGIN:VTIMEZONE",
        "BEGIN:VCALENDAR",
        "END:VCALENDAR",
        " folded",
        "RRULE:FREQ=SECONDLY",
        "RRULE:FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9;BYDAY=MO,TU,WE,TH,FR,SA,SU",
        "RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=5;BYMINUTE=5;BYSECOND=5",
        "RRULE:FREQ=MINUTELY;INTERVAL=7;BYSETPOS=-1;BYSECOND=0,30;COUNT=4000000000",
        "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z",
        "DURATION:P4000000000W",
        "DURATION:-P1D",
        "DTEND:99991231T235959Z",
        "DTSTART:00000101T000000Z",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T090000Z",
        "TZOFFSETFROM:-9959",
        "TZOFFSETTO:+2400",
        "EXDATE;TZID=\"\":20260309T090000",
        "RDATE;VALUE=PERIOD:20260309T090000Z/P9W,/,20260309",
        "DTSTART;VALUE=DATE:20260309",
        "SEQUENCE:-99999999999999999999",
        "UID:\u{202E}é",
        "TZID:",
    ]);
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(a, b)| Spoil::Flip(a, b)),
        at().prop_map(Spoil::Cut),
        at().prop_map(Spoil::DropLine),
        at().prop_map(Spoil::DoubleLine),
        (at(), at()).prop_map(|(a, b)| Spoil::MoveLine(a, b)),
        (at(), at()).prop_map(|(a, b)| Spoil::SwapValues(a, b)),
        (at(), numbers).prop_map(|(a, b)| Spoil::Digits(a, b)),
        (at(), lines).prop_map(|(a, b)| Spoil::Insert(a, b)),
        (at(), at()).prop_map(|(a, b)| Spoil::Graft(a, b)),
    ]
}

fn apply(mut bytes: Vec<u8>, how: &Spoil) -> Vec<u8> {
    if let Spoil::Flip(at, with) = how {
        let at = at % bytes.len().max(1);
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= with;
        }
        return bytes;
    }
    if let Spoil::Cut(at) = how {
        bytes.truncate(at % bytes.len().max(1));
        return bytes;
    }
    let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let of = lines.len();
    let place = |at: &usize| at % of;
    match how {
        Spoil::DropLine(at) => drop(lines.remove(place(at))),
        Spoil::DoubleLine(at) => lines.insert(place(at), lines[place(at)].clone()),
        Spoil::MoveLine(from, to) => {
            let line = lines.remove(place(from));
            lines.insert(to % of, line);
        }
        Spoil::SwapValues(one, other) => {
            let value = |line: &[u8]| line.iter().position(|b| *b == b':').unwrap_or(line.len());
            let (one, other) = (place(one), place(other));
            let swapped = [
                &lines[one][..value(&lines[one])],
                &lines[other][value(&lines[other])..],
            ]
            .concat();
            lines[one] = swapped;
        }
        Spoil::Digits(at, with) => {
            let line = &mut lines[place(at)];
            let from = line
                .iter()
                .position(u8::is_ascii_digit)
                .unwrap_or(line.len());
            let tail = line[from..].iter().position(|b| !b.is_ascii_digit());
            let to = tail.map_or(line.len(), |tail| from + tail);
            line.splice(from..to, with.bytes());
        }
        Spoil::Insert(at, line) => lines.insert(place(at), line.as_bytes().to_vec()),
        Spoil::Graft(at, which) => {
            let other = &FILES[which % FILES.len()];
            let grafted = other.split(|b| *b == b'\n').take(60).map(<[u8]>::to_vec);
            let at = place(at);
            lines.splice(at..at, grafted);
        }
        Spoil::Flip(..) | Spoil::Cut(_) => {}
    }
    lines.join(&b'\n')
}

/// What holds of every reading.
fn is_sound(reading: &Reading, bytes: &[u8], limits: Limits) {
    let window = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
    assert!(reading.spans.len() <= limits.spans);
    assert!(reading.entries <= limits.entries);
    // A tick for each line and each entry, and the steps.
    let most = limits.feed_steps + 2 * bytes.len() as u64 + 2;
    assert!(reading.steps <= most, "{} steps", reading.steps);
    assert!(reading.warnings.len() <= 16);
    let said: String = reading
        .warnings
        .iter()
        .fold(String::new(), |mut all, warning| {
            write!(all, "{warning}").unwrap();
            all
        });
    assert!(
        !said.contains(char::is_control) && said.len() < 4000,
        "{said}"
    );
    assert!(reading.spans.is_sorted());
    let mut ends = std::collections::BTreeMap::new();
    for span in &reading.spans {
        assert!(span.interval.start < span.interval.end, "{span:?}");
        assert_eq!(window.intersection(&span.interval), Some(span.interval));
        let last = ends.insert((span.kind, span.all_day), span.interval.end);
        assert!(
            last.is_none_or(|end| end < span.interval.start),
            "{span:?} touches another"
        );
    }
}

/// Room that this program and one reading may take, in kilobytes of address space.
const ROOM: u64 = 600_000;

#[test]
fn whatever_comes_is_read_in_bounded_room() {
    let tests = [
        "reading::fuzz::spoilt",
        "reading::fuzz::rules",
        "reading::limits::",
    ];
    let said = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {ROOM}; exec \"$@\" --test-threads=1"))
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args(tests)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&said.stderr)
    );
    for name in tests {
        assert!(text.contains(&format!("test {name}")), "{name}: {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn spoilt_calendars_are_read_or_refused(
        which in any::<usize>(),
        spoils in prop::collection::vec(spoil(), 1..10),
        zone in prop::sample::select(vec![Tz::UTC, Tz::Europe__Berlin, Tz::Pacific__Apia, Tz::America__New_York]),
    ) {
        let mut bytes = FILES[which % FILES.len()].clone();
        for how in &spoils {
            bytes = apply(bytes, how);
        }
        let window = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
        let first = read_within(&bytes, zone, window, LIMITS);
        if let Ok(reading) = &first {
            is_sound(reading, &bytes, LIMITS);
        }
        prop_assert_eq!(first, read_within(&bytes, zone, window, LIMITS));
    }

    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let window = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
        drop(read_within(&bytes, Tz::UTC, window, LIMITS));
        let inside = [b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART", &bytes[..], b"\nEND:VEVENT\nEND:VCALENDAR\n"].concat();
        if let Ok(reading) = read_within(&inside, Tz::UTC, window, LIMITS) {
            is_sound(&reading, &inside, LIMITS);
        }
    }

    #[test]
    fn rules_of_any_shape_are_followed_in_bounded_work(
        every in prop::sample::select(vec!["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]),
        parts in prop::collection::vec((
            prop::sample::select(vec!["INTERVAL", "COUNT", "BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS"]),
            prop::collection::vec(-400i64..100_000, 1..4),
        ), 0..5),
        start in prop::sample::select(vec!["00010101T000000Z", "19700101T000000Z", "20260301T083000Z", "20261231T235959Z", "99991231T235959Z"]),
    ) {
        let rule: String = parts.iter().fold(format!("FREQ={every}"), |rule, (name, numbers)| {
            let numbers: Vec<String> = numbers.iter().map(|n| {
                // Mostly numbers that are allowed.
                let limit = match *name { "BYSECOND" | "BYMINUTE" => 60, "BYHOUR" => 24, "BYMONTH" => 13, "BYMONTHDAY" => 32, "BYWEEKNO" => 54, "BYSETPOS" => 5, _ => 100_000 };
                (n % limit).to_string()
            }).collect();
            let numbers = if ["INTERVAL", "COUNT"].contains(name) { numbers[0].clone() } else { numbers.join(",") };
            format!("{rule};{name}={numbers}")
        });
        let text = calendar(&format!("BEGIN:VEVENT\nDTSTART:{start}\nDURATION:PT30M\nRRULE:{rule}\nEND:VEVENT\n"));
        let window = window("2026-01-01T00:00Z", "2027-01-01T00:00Z");
        let reading = read_within(text.as_bytes(), Tz::UTC, window, LIMITS).unwrap();
        is_sound(&reading, text.as_bytes(), LIMITS);
        prop_assert!(reading.steps <= LIMITS.series_steps + 100);
    }
}
