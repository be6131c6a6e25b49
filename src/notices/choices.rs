//! What a person chose to be told, and what that means for a notice.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::jobs::{Letter, Notice, Topic};
use crate::vocab::local_instant;

/// A person whom notices reach.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Their address.
    pub email: String,
    /// Their zone.
    pub zone: Tz,
    /// Whether they have left by today.
    pub has_left: bool,
    /// Whether they want mail; without, only what can't be switched off.
    pub by_mail: bool,
    /// Topics they do not want to hear of, by name.
    pub muted: Vec<String>,
    /// The hour of their day at which all comes in one mail.
    pub digest_hour: Option<u32>,
}

/// What becomes of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is mailed now.
    Now,
    /// It waits for the digest of that instant (UTC).
    Digest(DateTime<Utc>),
    /// It is not sent.
    Nowhere,
}

/// Topics that can be switched off, with their names in forms and what they say. What is not here
/// always comes, and at once.
pub const OPTIONAL: [(Topic, &str, &str); 8] = [
    (
        Topic::RoundOpen,
        "round_open",
        "Availability of a month is open",
    ),
    (
        Topic::Published,
        "published",
        "A schedule is published that changes something for me",
    ),
    (
        Topic::CoverNews,
        "cover_news",
        "What became of a request to cover a shift",
    ),
    (
        Topic::CoverOverdue,
        "cover_overdue",
        "Nobody has agreed to cover a shift of my team yet",
    ),
    (Topic::ShiftStarts, "shift_starts", "A shift of mine starts"),
    (
        Topic::RequirementLapses,
        "requirement_lapses",
        "Something I need for being on duty lapses: 30, 7 and 1 days before",
    ),
    (
        Topic::Calendar,
        "calendar",
        "A calendar of mine can't be read or written",
    ),
    (
        Topic::Webhook,
        "webhook",
        "A webhook of a team that I manage refuses what is posted",
    ),
];

/// Topics that never wait for a digest, because each comes when it must be known.
const URGENT: [Topic; 2] = [Topic::CoverOverdue, Topic::ShiftStarts];

/// The name of a topic that can be switched off.
pub fn name(topic: Topic) -> Option<&'static str> {
    let mut found = OPTIONAL.iter().filter(|(known, ..)| *known == topic);
    found.next().map(|(_, name, _)| *name)
}

/// What becomes of a letter for somebody.
pub fn way(to: &Recipient, letter: &Letter, now: DateTime<Utc>) -> Way {
    let Notice { topic, until, .. } = letter.notice;
    if to.has_left || until.is_some_and(|until| until <= now) {
        return Way::Nowhere;
    }
    let Some(name) = name(topic) else {
        return Way::Now;
    };
    if letter.invitation.is_some() {
        return Way::Now;
    }
    if !to.by_mail || to.muted.iter().any(|muted| muted == name) {
        return Way::Nowhere;
    }
    if URGENT.contains(&topic) {
        return Way::Now;
    }
    let matters = [until, letter.by].into_iter().flatten().min();
    match to.digest_hour.map(|hour| next_hour(to.zone, hour, now)) {
        Some(at) if matters.is_none_or(|matters| matters > at) => Way::Digest(at),
        _ => Way::Now,
    }
}

/// The next instant after `now` at which clocks in the zone strike that hour.
fn next_hour(zone: Tz, hour: u32, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.with_timezone(&zone).date_naive();
    let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN);
    let days = (0..3).filter_map(|days| today.checked_add_signed(TimeDelta::days(days)));
    let mut instants = days.map(|day| local_instant(zone, day.and_time(time)));
    instants.find(|at| *at > now).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Istanbul;

    use super::*;
    use crate::jobs::{Invitation, Method, To};
    use crate::vocab::PersonId;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn somebody() -> Recipient {
        Recipient {
            email: "a@example.com".into(),
            zone: Istanbul,
            has_left: false,
            by_mail: true,
            muted: vec![],
            digest_hour: None,
        }
    }

    fn letter(topic: Topic) -> Letter {
        Letter {
            notice: Notice {
                to: To::Person(PersonId(1)),
                topic,
                key: "k".into(),
                lane: "l".into(),
                title: "t".into(),
                lines: vec![],
                actions: vec![],
                until: None,
            },
            invitation: None,
            by: None,
        }
    }

    #[test]
    fn people_are_told_what_they_chose() {
        let now = at("2026-11-16T09:00:00Z");
        let to = |to: &Recipient, topic| way(to, &letter(topic), now);
        let plain = somebody();
        assert_eq!(to(&plain, Topic::Published), Way::Now);
        let left = Recipient {
            has_left: true,
            ..somebody()
        };
        assert_eq!(to(&left, Topic::CoverAsk), Way::Nowhere);
        let quiet = Recipient {
            by_mail: false,
            ..somebody()
        };
        assert_eq!(to(&quiet, Topic::Published), Way::Nowhere);
        assert_eq!(
            to(&quiet, Topic::CoverAsk),
            Way::Now,
            "can't be switched off"
        );
        let mut invited = letter(Topic::Published);
        invited.invitation = Some(Invitation {
            method: Method::Request,
            uid: "u".into(),
            ics: String::new(),
        });
        assert_eq!(
            way(&quiet, &invited, now),
            Way::Now,
            "an invitation was asked for"
        );
        let muted = Recipient {
            muted: vec!["published".into(), "cover_ask".into()],
            ..somebody()
        };
        assert_eq!(to(&muted, Topic::Published), Way::Nowhere);
        assert_eq!(to(&muted, Topic::RoundOpen), Way::Now);
        assert_eq!(to(&muted, Topic::CoverAsk), Way::Now);
        assert_eq!(to(&quiet, Topic::Assigned), Way::Now);
        assert_eq!(to(&quiet, Topic::CoverApproval), Way::Now);
        let mut late = letter(Topic::CoverAsk);
        late.notice.until = Some(now);
        assert_eq!(way(&plain, &late, now), Way::Nowhere, "too late");
    }

    #[test]
    fn a_digest_comes_at_the_persons_hour_unless_that_is_too_late() {
        let daily = Recipient {
            digest_hour: Some(8),
            ..somebody()
        };
        let digest = |until: Option<&str>, by: Option<&str>, now: &str| {
            let mut letter = letter(Topic::Published);
            letter.notice.until = until.map(at);
            letter.by = by.map(at);
            way(&daily, &letter, at(now))
        };
        // 08:00 in Istanbul is 05:00 UTC.
        let next = Way::Digest(at("2026-11-17T05:00:00Z"));
        assert_eq!(
            digest(None, None, "2026-11-16T04:59:00Z"),
            Way::Digest(at("2026-11-16T05:00:00Z"))
        );
        assert_eq!(digest(None, None, "2026-11-16T05:00:00Z"), next);
        let now = "2026-11-16T09:00:00Z";
        let (at_digest, after) = ("2026-11-17T05:00:00Z", "2026-11-17T05:00:01Z");
        assert_eq!(digest(Some(at_digest), None, now), Way::Now);
        assert_eq!(digest(Some(after), None, now), next);
        assert_eq!(digest(Some(after), Some(at_digest), now), Way::Now);
        assert_eq!(digest(Some(after), Some(after), now), next);
        assert_eq!(digest(None, Some(now), now), Way::Now, "at once");
    }

    #[test]
    fn what_comes_when_it_must_be_known_waits_for_no_digest() {
        let daily = Recipient {
            digest_hour: Some(8),
            ..somebody()
        };
        for topic in [
            Topic::CoverAsk,
            Topic::CoverApproval,
            Topic::CoverOverdue,
            Topic::ShiftStarts,
        ] {
            let mut letter = letter(topic);
            // Long after the digest.
            letter.notice.until = Some(at("2026-12-24T09:00:00Z"));
            let way = way(&daily, &letter, at("2026-11-16T09:00:00Z"));
            assert_eq!(way, Way::Now, "{topic:?}");
        }
    }

    #[test]
    fn every_topic_has_the_name_that_it_is_stored_by() {
        for (topic, name, _) in OPTIONAL {
            assert_eq!(serde_json::to_value(topic).unwrap(), name);
        }
    }
}
