//! Real clients read what `calendars::write` writes: two parsers, vdirsyncer and khal.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use fairshift::calendars::{Contact, Entry, Feed, Namespace, Partner, write};
use fairshift::vocab::Interval;

use crate::clients::{
    CalendarApp, ListedEvent, Parser, SeenEvent, read_with, sync_with_vdirsyncer,
};

fn at(t: &str) -> DateTime<Utc> {
    t.parse().unwrap()
}

fn day(d: &str) -> NaiveDate {
    d.parse().unwrap()
}

/// A person's shift, with the texts that have broken clients.
fn shift(key: &str, start: &str, end: &str) -> Entry {
    Entry {
        key: key.into(),
        interval: Interval::new(at(start), at(end)).unwrap(),
        sequence: 2,
        changed_at: at("2026-02-03T04:05:06Z"),
        role: "Primary; first, \\ \"line\"".into(),
        team: "決済 💳 Zahlungen & <b>Zoë</b>".into(),
        rotation: "Weekdays".into(),
        leg: String::new(),
        person: None,
        partners: vec![Partner {
            role: "Secondary".into(),
            name: Some("Чен Вей 👩🏽‍💻".into()),
        }],
        escalation: vec![Contact {
            order: 1,
            role: "manager".into(),
            name: "Ayşe Demir".into(),
            reach: vec!["+90 212 555 01 02".into(), "ayse@example.com".into()],
        }],
        handover: format!(
            "C:\\new, \\n is no line break;\n{}\n\nend: \"x\"",
            "長い行 ".repeat(60).trim_end()
        ),
        cant_url: format!("https://fairshift.example/assignments/{key}/cant?a=1,2;b=3"),
        busy: false,
    }
}

/// A year of shifts in that zone: two ordinary ones and those over both changes of clocks, one of
/// them from within the hour that clocks show twice.
fn year(zone: Tz) -> Feed {
    let spans = [
        ("2026-02-10T17:00:00Z", "2026-02-11T17:00:00Z"),
        // Berlin, New York, Lord Howe: spring forward and back, a day long.
        ("2026-03-07T17:00:00Z", "2026-03-08T16:00:00Z"),
        ("2026-03-28T17:00:00Z", "2026-03-29T16:00:00Z"),
        ("2026-04-04T12:00:00Z", "2026-04-05T12:00:00Z"),
        ("2026-07-01T06:30:00Z", "2026-07-01T18:30:00Z"),
        ("2026-10-03T12:00:00Z", "2026-10-04T12:00:00Z"),
        ("2026-10-24T16:00:00Z", "2026-10-25T17:00:00Z"),
        ("2026-10-25T00:30:00Z", "2026-10-25T09:00:00Z"),
        ("2026-10-25T01:30:00Z", "2026-10-26T09:00:00Z"),
        ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"),
        ("2026-12-31T17:00:00Z", "2027-01-01T17:00:00Z"),
    ];
    let shifts = spans
        .iter()
        .enumerate()
        .map(|(n, (start, end))| shift(&n.to_string(), start, end));
    Feed {
        name: "On call: Zoë; 決済, \\".into(),
        zone,
        namespace: Namespace::Personal,
        host: "fairshift.example".into(),
        today: day("2026-06-01"),
        shifts: shifts.collect(),
    }
}

/// What a client must see of it, spelt out here and not by the code under test.
fn expected(entry: &Entry) -> SeenEvent {
    let description = format!(
        "Role: Primary; first, \\ \"line\"\nWith: Чен Вей 👩🏽‍💻 (Secondary)\n\
         For: 決済 💳 Zahlungen & <b>Zoë</b> / Weekdays\n\n\
         If you need help, in this order:\n1. Ayşe Demir (manager): +90 212 555 01 02, ayse@example.com\n\n\
         Handover:\n{}\n\nCan't make it? Say so here:\n{}",
        entry.handover, entry.cant_url
    );
    SeenEvent {
        uid: format!("personal-{}@fairshift.example", entry.key),
        sequence: entry.sequence,
        start: entry.interval.start,
        end: entry.interval.end,
        stamp: entry.changed_at,
        summary: "On call: Primary; first, \\ \"line\", 決済 💳 Zahlungen & <b>Zoë</b>".into(),
        description,
        url: entry.cant_url.clone(),
        status: "CONFIRMED".into(),
        transparency: "TRANSPARENT".into(),
    }
}

/// The same as khal lists it.
fn listed(entry: &Entry) -> ListedEvent {
    let SeenEvent {
        start,
        end,
        summary,
        description,
        url,
        ..
    } = expected(entry);
    ListedEvent {
        start,
        end,
        title: summary,
        description,
        url,
        status: "CONFIRMED".into(),
    }
}

const ZONES: [Tz; 8] = [
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Europe__Istanbul,
    Tz::Europe__Dublin,
    Tz::Asia__Kolkata,
    Tz::Australia__Lord_Howe,
    Tz::Africa__Casablanca,
    Tz::UTC,
];

/// A feed on an address of its own, that can be changed.
struct Published {
    url: String,
    body: Arc<Mutex<String>>,
}

impl Published {
    async fn new(feed: &Feed) -> Self {
        let body = Arc::new(Mutex::new(write(feed)));
        let shown = Arc::clone(&body);
        let answer = move || {
            let body = shown.lock().unwrap().clone();
            async move { ([(CONTENT_TYPE, "text/calendar; charset=utf-8")], body) }
        };
        let app = Router::new().route("/feed.ics", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/feed.ics", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, body }
    }

    fn change(&self, feed: &Feed) {
        *self.body.lock().unwrap() = write(feed);
    }
}

#[test]
fn both_parsers_see_what_was_written_in_every_kind_of_zone() {
    for zone in ZONES {
        let feed = year(zone);
        let body = write(&feed);
        let mut wanted: Vec<_> = feed.shifts.iter().map(expected).collect();
        wanted.sort_by_key(|e| e.start);
        for parser in Parser::ALL {
            let mut seen = read_with(parser, &body);
            seen.sort_by_key(|e| e.start);
            assert_eq!(seen.len(), wanted.len());
            for (seen, wanted) in seen.iter().zip(&wanted) {
                assert_eq!(seen, wanted, "{parser:?}, {zone}");
            }
        }
    }
}

#[test]
fn both_parsers_take_an_empty_feed() {
    for zone in ZONES {
        let body = write(&Feed {
            shifts: vec![],
            ..year(zone)
        });
        for parser in Parser::ALL {
            assert_eq!(read_with(parser, &body), [], "{parser:?}, {zone}");
        }
    }
}

/// So that the tests above can fail: a zone described wrongly is seen by the parser that goes by the
/// description.
#[test]
fn the_parsers_see_a_wrong_feed() {
    let feed = year(Tz::Europe__Berlin);
    let wrong = write(&feed).replace("TZOFFSETTO:+0200", "TZOFFSETTO:+0300");
    let summer = &feed.shifts[4];
    let seen = |parser| {
        let events = read_with(parser, &wrong);
        events
            .into_iter()
            .find(|e| e.url == summer.cant_url)
            .unwrap()
            .start
    };
    assert_eq!(seen(Parser::ICalendar), summer.interval.start);
    assert_eq!(
        seen(Parser::VObject),
        summer.interval.start - TimeDelta::hours(1)
    );
}

#[test]
fn busy_only_for_who_asked() {
    let mut feed = year(Tz::Europe__Berlin);
    feed.shifts[0].busy = true;
    for parser in Parser::ALL {
        let seen = read_with(parser, &write(&feed));
        let busy: Vec<_> = seen
            .iter()
            .filter(|e| e.transparency == "OPAQUE")
            .map(|e| e.uid.as_str())
            .collect();
        assert_eq!(busy, ["personal-0@fairshift.example"], "{parser:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn khal_shows_what_vdirsyncer_fetched() {
    for zone in [Tz::Europe__Berlin, Tz::Africa__Casablanca] {
        let feed = year(zone);
        let published = Published::new(&feed).await;
        let mut wanted: Vec<_> = feed.shifts.iter().map(listed).collect();
        let mut seen = sync_with_vdirsyncer(&published.url, day("2026-01-01"), day("2027-01-31"));
        wanted.sort_by_key(|e| e.start);
        seen.sort_by_key(|e| e.start);
        assert_eq!(seen.len(), wanted.len());
        for (seen, wanted) in seen.iter().zip(&wanted) {
            assert_eq!(seen, wanted, "{zone}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_change_replaces_and_a_shift_given_away_vanishes() {
    let mut feed = year(Tz::Europe__Berlin);
    feed.shifts.truncate(3);
    let published = Published::new(&feed).await;
    let app = CalendarApp::subscribe(&published.url);
    let listed_now = || {
        app.sync();
        app.list(day("2026-01-01"), day("2026-12-31"))
    };
    let wanted = |feed: &Feed| feed.shifts.iter().map(listed).collect::<Vec<_>>();
    assert_eq!(listed_now(), wanted(&feed));
    assert_eq!(listed_now(), wanted(&feed), "nothing changed");

    // Another handover, an hour later: one entry, in its new place.
    let changed = &mut feed.shifts[1];
    changed.handover = "You take over from Ben.".into();
    changed.interval.start += TimeDelta::hours(1);
    changed.interval.end += TimeDelta::hours(1);
    changed.sequence += 1;
    changed.changed_at += TimeDelta::days(1);
    published.change(&feed);
    assert_eq!(listed_now(), wanted(&feed));

    // Given away.
    feed.shifts.remove(0);
    published.change(&feed);
    assert_eq!(listed_now(), wanted(&feed));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_personal_and_a_team_feed_stand_side_by_side() {
    let personal = year(Tz::Europe__Berlin);
    let mut team = Feed {
        namespace: Namespace::Team,
        ..personal.clone()
    };
    for (n, entry) in team.shifts.iter_mut().enumerate() {
        entry.person = Some(format!("Person {}", n % 3));
    }
    let uids = |feed: &Feed| {
        read_with(Parser::ICalendar, &write(feed))
            .into_iter()
            .map(|e| e.uid)
            .collect::<Vec<_>>()
    };
    let (own, theirs) = (uids(&personal), uids(&team));
    assert!(own.len() == theirs.len() && own.iter().all(|uid| !theirs.contains(uid)));
    let published = Published::new(&team).await;
    let seen = sync_with_vdirsyncer(&published.url, day("2026-02-10"), day("2026-02-12"));
    assert!(
        seen[0].title.starts_with("Person 0: Primary"),
        "{:?}",
        seen[0].title
    );
}
