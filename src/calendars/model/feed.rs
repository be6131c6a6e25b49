//! A whole feed: its head, its time zone, and the shifts that fit.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use chrono_tz::Tz;
use sha2::{Digest, Sha256};

use super::event::Entry;
use super::text::{Lines, one_line};
use super::timezone::Zone;
use crate::vocab::Interval;

/// Readers refuse feeds of a megabyte or of a thousand events: stay below both.
const MOST_OCTETS: usize = 999_999;
const MOST_EVENTS: usize = 999;
/// Days of past and future that go before all else where not everything fits.
const NEAR: i64 = 30;

/// What somebody subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// What the calendar is called in their app.
    pub name: String,
    /// The reader's time zone.
    pub zone: Tz,
    /// Whose shifts these are.
    pub namespace: Namespace,
    /// Host name of this service, which makes our UIDs ours.
    pub host: String,
    /// The day it is read on (UTC). Decides which shifts stay where there are too many, and the
    /// years whose clocks an empty feed describes; otherwise the bytes don't depend on it.
    pub today: NaiveDate,
    /// The shifts, in any order.
    pub shifts: Vec<Entry>,
}

/// Keeps the entries of one feed apart from another's, so that a person can subscribe to both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespace {
    /// One person's own shifts.
    Personal,
    /// Everybody's shifts in a team.
    Team,
}

impl Namespace {
    /// Its part of a UID.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Team => "team",
        }
    }
}

/// The feed as iCalendar. The same feed gives the same bytes, in whatever order its shifts come.
///
/// Under 1,000 events and 1,000,000 octets: where there are more, those within 30 days before or
/// after today stay first, then what is to come, then the older past; of each the nearest to today,
/// of equally near ones the earlier, then by key. Nothing further away is kept in place of something
/// nearer that is too long.
#[must_use]
pub fn write(feed: &Feed) -> String {
    let ranked = ranked(feed);
    let zone = Zone::new(feed.zone, used(feed, &ranked));
    let mut out = head(feed);
    zone.define(&mut out);
    let end = "END:VCALENDAR";

    let mut room = MOST_OCTETS.saturating_sub(out.len() + end.len() + 2);
    let mut written = Vec::new();
    for entry in ranked {
        let lines = entry.write(&zone, feed.namespace, &feed.host);
        match room.checked_sub(lines.len()) {
            Some(rest) => room = rest,
            None => break,
        }
        written.push((entry, lines));
    }
    written.sort_by_key(|(entry, _)| (entry.interval, &entry.key));
    for (_, lines) in &written {
        out.push(lines);
    }
    out.raw(end);
    out.into_string()
}

/// Names these bytes, as an HTTP entity tag. A weak one, since the same tag stands for them
/// compressed and as they are.
#[must_use]
pub fn etag(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    let digits = digest.iter().take(16).flat_map(|b| [b >> 4, b & 15]);
    let hex: String = digits
        .filter_map(|d| char::from_digit(d.into(), 16))
        .collect();
    format!("W/\"{hex}\"")
}

fn head(feed: &Feed) -> Lines {
    let mut out = Lines::default();
    let name = one_line(&feed.name);
    out.raw("BEGIN:VCALENDAR");
    out.raw("VERSION:2.0");
    out.raw("PRODID:-//Fairshift//Feed//EN");
    out.raw("CALSCALE:GREGORIAN");
    out.text("NAME", &name);
    out.text("X-WR-CALNAME", &name);
    out.text("X-WR-TIMEZONE", feed.zone.name());
    out.raw("REFRESH-INTERVAL;VALUE=DURATION:PT1H");
    out.raw("X-PUBLISHED-TTL:PT1H");
    out
}

/// The shifts that go in, if they aren't too long: those that matter most first.
fn ranked(feed: &Feed) -> Vec<&Entry> {
    let today = day(feed.today);
    let rank = |entry: &Entry| {
        let Interval { start, end } = entry.interval;
        let past = end <= today.start;
        let days = if past {
            today.start - end
        } else {
            start - today.start
        }
        .num_days()
        .max(0);
        let tier = if days <= NEAR { 0 } else { 1 + u8::from(past) };
        (tier, days)
    };
    let mut shifts: Vec<_> = feed.shifts.iter().collect();
    shifts.sort_by_cached_key(|e| (rank(e), e.interval, e.key.clone()));
    shifts.truncate(MOST_EVENTS);
    shifts
}

/// From the first start to the last end.
fn used(feed: &Feed, shifts: &[&Entry]) -> Interval {
    let start = shifts.iter().map(|e| e.interval.start).min();
    let end = shifts.iter().map(|e| e.interval.end).max();
    start
        .zip(end)
        .map_or_else(|| day(feed.today), |(start, end)| Interval { start, end })
}

fn day(day: NaiveDate) -> Interval {
    let start = day.and_time(NaiveTime::MIN).and_utc();
    Interval {
        start,
        end: start + TimeDelta::days(1),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::super::text::tests::{unescaped, unfolded, well_formed};
    use super::{Feed, Namespace, etag, write};
    use crate::calendars::{Contact, Entry, Partner};
    use crate::vocab::Interval;

    fn at(t: &str) -> DateTime<Utc> {
        t.parse().unwrap()
    }

    fn contact(order: u32, role: &str, name: &str, reach: &[&str]) -> Contact {
        let reach = reach.iter().map(ToString::to_string).collect();
        Contact {
            order,
            role: role.into(),
            name: name.into(),
            reach,
        }
    }

    fn entry(key: &str, start: DateTime<Utc>) -> Entry {
        Entry {
            key: key.into(),
            interval: Interval::new(start, start + TimeDelta::hours(24)).unwrap(),
            sequence: 3,
            changed_at: at("2026-11-20T10:11:12Z"),
            role: "Primary".into(),
            team: "Payments, EU".into(),
            rotation: "Weekdays".into(),
            leg: "Istanbul".into(),
            person: None,
            partners: vec![Partner {
                role: "Secondary".into(),
                name: Some("Ben Okafor".into()),
            }],
            escalation: vec![
                contact(2, "manager", "Carla Díaz", &[]),
                contact(
                    1,
                    "Secondary",
                    "Ben Okafor",
                    &["+49 30 1234", "ben@example.com"],
                ),
            ],
            handover: "You take over from Chen Wei.\nYou hand over to Ben Okafor.".into(),
            cant_url: "https://fairshift.example/assignments/7/cant".into(),
            busy: false,
        }
    }

    fn feed(shifts: Vec<Entry>) -> Feed {
        Feed {
            name: "On call: Ayşe".into(),
            zone: chrono_tz::Europe::Istanbul,
            namespace: Namespace::Personal,
            host: "fairshift.example".into(),
            today: NaiveDate::from_ymd_opt(2026, 11, 20).unwrap(),
            shifts,
        }
    }

    fn values<'a>(body: &'a str, property: &str) -> Vec<&'a str> {
        body.split("\r\n")
            .filter_map(|l| l.strip_prefix(property)?.strip_prefix(':'))
            .collect()
    }

    #[test]
    fn the_whole_of_a_small_feed() {
        let body = write(&feed(vec![entry("7", at("2026-12-04T15:00:00Z"))]));
        well_formed(&body);
        let expected = r"BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Fairshift//Feed//EN
CALSCALE:GREGORIAN
NAME:On call: Ayşe
X-WR-CALNAME:On call: Ayşe
X-WR-TIMEZONE:Europe/Istanbul
REFRESH-INTERVAL;VALUE=DURATION:PT1H
X-PUBLISHED-TTL:PT1H
BEGIN:VTIMEZONE
TZID:Europe/Istanbul
BEGIN:STANDARD
DTSTART:19700101T000000
TZOFFSETFROM:+0300
TZOFFSETTO:+0300
TZNAME:+03
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:personal-7@fairshift.example
DTSTAMP:20261120T101112Z
LAST-MODIFIED:20261120T101112Z
SEQUENCE:3
DTSTART;TZID=Europe/Istanbul:20261204T180000
DTEND;TZID=Europe/Istanbul:20261205T180000
SUMMARY:On call: Primary\, Payments\, EU
DESCRIPTION:Role: Primary\nWith: Ben Okafor (Secondary)\nFor: Payments\, EU / Weekdays / Istanbul\n\nIf you need help\, in this order:\n1. Ben Okafor (Secondary): +49 30 1234\, ben@example.com\n2. Carla Díaz (manager): no way to reach them is shown\n\nHandover:\nYou take over from Chen Wei.\nYou hand over to Ben Okafor.\n\nCan't make it? Say so here:\nhttps://fairshift.example/assignments/7/cant
URL:https://fairshift.example/assignments/7/cant
STATUS:CONFIRMED
TRANSP:TRANSPARENT
X-MICROSOFT-CDO-BUSYSTATUS:FREE
END:VEVENT
END:VCALENDAR
";
        assert_eq!(unfolded(&body), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn a_team_feed_names_the_person_and_has_its_own_uids() {
        let mut one = entry("7", at("2026-12-04T15:00:00Z"));
        one.person = Some("Ayşe Demir".into());
        one.busy = true;
        let body = unfolded(&write(&Feed {
            namespace: Namespace::Team,
            ..feed(vec![one])
        }));
        assert!(body.contains("\r\nUID:team-7@fairshift.example\r\n"));
        assert!(body.contains("\r\nSUMMARY:Ayşe Demir: Primary\\, Payments\\, EU\r\n"));
        assert!(body.contains("\r\nDESCRIPTION:On call: Ayşe Demir\\nRole: Primary\\n"));
        assert!(body.contains("\r\nTRANSP:OPAQUE\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n"));
    }

    #[test]
    fn an_empty_feed_is_still_a_calendar() {
        let body = write(&feed(vec![]));
        well_formed(&body);
        assert!(
            body.contains("BEGIN:VTIMEZONE\r\nTZID:Europe/Istanbul\r\n")
                && !body.contains("VEVENT")
        );
        let utc = write(&Feed {
            zone: chrono_tz::Africa::Casablanca,
            ..feed(vec![])
        });
        assert!(utc.contains("BEGIN:VTIMEZONE\r\nTZID:UTC\r\n"));
    }

    #[test]
    fn names_cannot_add_lines_or_properties() {
        let mut one = entry("7", at("2026-12-04T15:00:00Z"));
        one.role = "Primary\r\nATTENDEE:mailto:x@example.com".into();
        one.handover = "END:VEVENT\r\nBEGIN:VALARM<b>\0\u{202E}".into();
        one.cant_url = "https://x\r\nORGANIZER:y".into();
        let body = write(&feed(vec![one]));
        well_formed(&body);
        for property in ["ATTENDEE", "ORGANIZER", "BEGIN:VALARM", "METHOD"] {
            assert!(!body.contains(&format!("\r\n{property}")), "{property}");
        }
        assert!(unfolded(&body).contains("Handover:\\nEND:VEVENT\\nBEGIN:VALARM<b>\\n"));
    }

    #[test]
    fn too_many_shifts_keep_the_recent_past_then_what_is_to_come() {
        let start = at("2026-11-20T15:00:00Z");
        let days = |n: i64| start + TimeDelta::days(n);
        let shifts: Vec<_> = (-700..900)
            .map(|n| entry(&n.to_string(), days(n)))
            .collect();
        let body = write(&feed(shifts));
        let kept: Vec<i64> = values(&body, "UID")
            .into_iter()
            .map(|u| {
                u.trim_start_matches("personal-")
                    .split('@')
                    .next()
                    .unwrap()
                    .parse()
                    .unwrap()
            })
            .collect();
        assert_eq!(kept.len(), 999);
        assert!(
            (-31..900).all(|n| kept.contains(&n)),
            "30 days of the past, and all that comes"
        );
        assert_eq!(
            kept.iter().min(),
            Some(&-99),
            "the rest is the latest of the past"
        );
        assert!(body.len() < 1_000_000);
    }

    #[test]
    fn long_texts_stay_below_a_megabyte() {
        let start = at("2026-11-20T15:00:00Z");
        let shifts: Vec<_> = (-20..500)
            .map(|n| Entry {
                handover: "日,".repeat(1000),
                ..entry(&n.to_string(), start + TimeDelta::days(n))
            })
            .collect();
        let body = write(&feed(shifts.clone()));
        assert!((990_000..1_000_000).contains(&body.len()), "{}", body.len());
        let kept = values(&body, "UID").len();
        assert!(kept > 150);
        for n in -20..(i64::try_from(kept).unwrap() - 40) {
            assert!(
                body.contains(&format!("UID:personal-{n}@")),
                "{n} is nearer than what was kept"
            );
        }
        let mut reversed = shifts;
        reversed.reverse();
        assert_eq!(write(&feed(reversed)), body);
    }

    #[test]
    fn the_same_feed_gives_the_same_bytes_and_tag() {
        let shifts: Vec<_> = (0..20)
            .map(|n| {
                entry(
                    &n.to_string(),
                    at("2026-12-04T15:00:00Z") + TimeDelta::days(n % 5),
                )
            })
            .collect();
        let body = write(&feed(shifts.clone()));
        let mut shuffled = feed(shifts.clone());
        shuffled.shifts.reverse();
        shuffled.today += TimeDelta::days(400);
        assert_eq!(write(&shuffled), body);
        assert_eq!(etag(&body), etag(&write(&shuffled)));
        let mut changed = feed(shifts);
        changed.shifts[3].sequence += 1;
        assert_ne!(etag(&write(&changed)), etag(&body));
        assert!(etag(&body).starts_with("W/\"") && etag(&body).len() == 36);
    }

    proptest! {
        #[test]
        fn whatever_the_texts_the_feed_is_well_formed(
            texts in prop::collection::vec(any::<String>(), 12),
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            minute in 0i64..2_000_000,
        ) {
            let mut one = entry(&texts[0], at("2025-06-01T00:00:00Z") + TimeDelta::minutes(minute));
            [&mut one.role, &mut one.team, &mut one.rotation, &mut one.leg, &mut one.handover, &mut one.cant_url]
                .into_iter().zip(&texts[1..]).for_each(|(field, text)| field.clone_from(text));
            one.person = Some(texts[7].clone());
            one.escalation[0].name.clone_from(&texts[8]);
            one.escalation[0].reach = vec![texts[9].clone()];
            one.partners[0].name = Some(texts[10].clone());
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let feed = Feed { name: texts[11].clone(), zone, ..feed(vec![one.clone()]) };
            let body = write(&feed);
            well_formed(&body);
            let body = unfolded(&body);
            for property in ["UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY", "DESCRIPTION", "URL", "STATUS", "TRANSP"] {
                prop_assert_eq!(values(&body, property).len(), 1, "{}", property);
            }
            unescaped(values(&body, "SUMMARY")[0]);
            unescaped(values(&body, "DESCRIPTION")[0]);
            // The instants, read as any client would: TZID by the zone's name, Z as UTC.
            for (property, expected) in [("DTSTART", one.interval.start), ("DTEND", one.interval.end)] {
                let line = body.lines().rfind(|l| l.starts_with(property)).unwrap();
                let (param, value) = line.split_once(':').unwrap();
                let local = chrono::NaiveDateTime::parse_from_str(value.trim_end_matches('Z'), "%Y%m%dT%H%M%S").unwrap();
                let name = param.split_once(";TZID=").map_or("UTC", |(_, name)| name);
                prop_assert_eq!(value.ends_with('Z'), !param.contains("TZID"));
                prop_assert!(name == "UTC" || body.contains(&["\r\nTZID:", name, "\r\n"].concat()));
                let read = local.and_local_timezone(name.parse::<chrono_tz::Tz>().unwrap()).single().unwrap();
                prop_assert_eq!(read, expected);
            }
        }
    }
}
