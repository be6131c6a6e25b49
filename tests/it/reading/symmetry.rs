//! What must not matter: the order of entries, the ends of lines, the week it is.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use fairshift::reading::Reading;
use fairshift::vocab::Interval;
use proptest::prelude::*;

use super::{at, calendar, read_as_ayse};

/// An event of a calendar in UTC, in hours from some Monday.
#[derive(Clone, Debug)]
struct Event {
    uid: u8,
    sequence: u8,
    start: i64,
    hours: i64,
    rule: Option<(&'static str, i64, i64)>,
    except: Vec<i64>,
    more: Vec<i64>,
    /// Replaces the occurrence that many hours after the Monday.
    replaces: Option<(i64, bool)>,
    status: &'static str,
}

fn event() -> impl Strategy<Value = Event> {
    let rule = (
        prop::sample::select(vec![
            "WEEKLY",
            "DAILY",
            "HOURLY",
            "WEEKLY;BYDAY=MO,TH,SU",
            "DAILY;BYHOUR=3,15",
            "WEEKLY;BYDAY=TU,SU;WKST=SU",
        ]),
        1i64..4,
        1i64..30,
    );
    let hours = || -200i64..500;
    (
        (0u8..4, 0u8..3, hours(), 0i64..60),
        prop::option::of(rule),
        prop::collection::vec(hours(), 0..4),
        prop::collection::vec(hours(), 0..4),
        prop::option::weighted(0.3, (hours(), any::<bool>())),
        prop::sample::select(vec![
            "STATUS:CONFIRMED",
            "STATUS:TENTATIVE",
            "STATUS:CANCELLED",
            "TRANSP:TRANSPARENT",
            "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
        ]),
    )
        .prop_map(
            |((uid, sequence, start, hours), rule, except, more, replaces, status)| Event {
                uid,
                sequence,
                start,
                hours,
                rule,
                except,
                more,
                replaces,
                status,
            },
        )
}

/// The event's text, where the Monday is that one.
fn text(event: &Event, monday: DateTime<Utc>) -> String {
    let moment = |hours: &i64| (monday + TimeDelta::hours(*hours)).format("%Y%m%dT%H0000Z");
    let mut lines = vec![
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", event.uid),
        format!("SEQUENCE:{}", event.sequence),
        format!("DTSTART:{}", moment(&event.start)),
        format!("DURATION:PT{}H", event.hours),
        event.status.to_owned(),
    ];
    if let Some((rule, interval, count)) = event.rule {
        lines.push(format!(
            "RRULE:FREQ={rule};INTERVAL={interval};COUNT={count}"
        ));
    }
    lines.extend(event.except.iter().map(|h| format!("EXDATE:{}", moment(h))));
    lines.extend(event.more.iter().map(|h| format!("RDATE:{}", moment(h))));
    if let Some((of, range)) = &event.replaces {
        let range = if *range { ";RANGE=THISANDFUTURE" } else { "" };
        lines.push(format!("RECURRENCE-ID{range}:{}", moment(of)));
    }
    lines.push("END:VEVENT\r\n".to_owned());
    lines.join("\r\n")
}

fn read_events(events: &[Event], monday: DateTime<Utc>) -> Reading {
    let all: String = events.iter().map(|event| text(event, monday)).collect();
    let window = Interval::new(monday, monday + TimeDelta::days(21)).unwrap();
    read_as_ayse(calendar(&all).as_bytes(), Tz::UTC, window).unwrap()
}

fn monday() -> DateTime<Utc> {
    at("2026-03-02T00:00Z")
}

proptest! {
    #[test]
    fn the_order_of_entries_does_not_matter(
        (events, mixed) in prop::collection::vec(event(), 1..8)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        let (one, other) = (read_events(&events, monday()), read_events(&mixed, monday()));
        prop_assert_eq!(one.spans, other.spans);
        prop_assert_eq!(one.warnings, other.warnings);
    }

    #[test]
    fn neither_do_the_ends_of_lines_nor_folds(
        events in prop::collection::vec(event(), 1..4),
        ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n"]), 1..7),
        width in 1usize..30,
    ) {
        let all: String = events.iter().map(|event| text(event, monday())).collect();
        let plain = calendar(&all);
        let mut spoilt = String::new();
        for (line, end) in plain.lines().zip(ends.iter().cycle()) {
            let letters: Vec<char> = line.chars().collect();
            let parts: Vec<String> = letters.chunks(width).map(|part| part.iter().collect()).collect();
            spoilt.push_str(&parts.join(&format!("{end} ")));
            spoilt.push_str(end);
        }
        let window = Interval::new(monday(), monday() + TimeDelta::days(21)).unwrap();
        let read = |text: &str| read_as_ayse(text.as_bytes(), Tz::UTC, window).map(|r| (r.spans, r.warnings));
        prop_assert_eq!(read(&spoilt), read(&plain));
    }

    #[test]
    fn a_week_later_all_is_a_week_later(
        events in prop::collection::vec(event(), 1..6),
        weeks in -200i64..200,
    ) {
        let later = TimeDelta::weeks(weeks);
        let mut here = read_events(&events, monday()).spans;
        for span in &mut here {
            span.interval.start += later;
            span.interval.end += later;
        }
        prop_assert_eq!(here, read_events(&events, monday() + later).spans);
    }

    #[test]
    fn a_part_of_the_window_gives_that_part(
        events in prop::collection::vec(event(), 1..6),
        from in 0i64..400,
        hours in 1i64..100,
    ) {
        let part = Interval::new(
            monday() + TimeDelta::hours(from),
            monday() + TimeDelta::hours(from + hours),
        ).unwrap();
        let end = monday() + TimeDelta::days(21);
        let part = Interval::new(part.start, part.end.min(end)).unwrap();
        let whole = read_events(&events, monday());
        let mut cut: Vec<_> = whole.spans.iter().filter_map(|span| {
            let interval = part.intersection(&span.interval)?;
            Some(fairshift::reading::BusySpan { interval, ..*span })
        }).collect();
        cut.sort_unstable();
        let all: String = events.iter().map(|event| text(event, monday())).collect();
        let found = read_as_ayse(calendar(&all).as_bytes(), Tz::UTC, part).unwrap();
        prop_assert_eq!(found.spans, cut);
    }
}
