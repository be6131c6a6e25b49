//! How fast people are asked, when managers are reminded, and how long an agreement can be taken back.
//!
//! One person at a time, with less time to answer the nearer the shift is:
//!
//! | until the shift | time to answer |
//! | --- | --- |
//! | more than 14 days | 48 hours |
//! | more than 7 days | 24 hours |
//! | more than 3 days | 8 hours |
//! | more than 1 day | 3 hours |
//! | more than 12 hours | 1 hour |
//! | 12 hours or less, or it is running | everybody who could is asked at once, until it starts (or ends) |
//!
//! Nobody's time to answer goes beyond the start. A question for one colleague by name (given, swapped
//! or chosen by a manager) has the same time to answer, and at least an hour where the shift leaves it.

use chrono::{DateTime, TimeDelta, Utc};

/// For so long after an agreement counts, either side may take it back; never beyond the start.
pub const UNDO: TimeDelta = TimeDelta::minutes(10);

/// More than so many hours until the shift: so many hours to answer.
const TABLE: [(i64, i64); 5] = [(14 * 24, 48), (7 * 24, 24), (3 * 24, 8), (24, 3), (12, 1)];

/// Hours before the shift at which managers are reminded of a request that nobody agreed to.
const REMINDERS: [(i64, &str); 8] = [
    (28 * 24, "4 weeks"),
    (21 * 24, "3 weeks"),
    (14 * 24, "2 weeks"),
    (7 * 24, "1 week"),
    (3 * 24, "3 days"),
    (2 * 24, "2 days"),
    (24, "1 day"),
    (12, "12 hours"),
];

/// How people are asked now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// One after the other, each until then (UTC).
    OneByOne(DateTime<Utc>),
    /// Everybody at once, until then (UTC).
    Everybody(DateTime<Utc>),
}

impl Pace {
    /// Until when an answer counts (UTC).
    #[must_use]
    pub fn answer_by(self) -> DateTime<Utc> {
        match self {
            Self::OneByOne(at) | Self::Everybody(at) => at,
        }
    }
}

/// How people are asked at `now` for a shift that starts at `start`, where nobody can agree any more
/// from `open_until` on.
#[must_use]
pub fn pace(now: DateTime<Utc>, start: DateTime<Utc>, open_until: DateTime<Utc>) -> Pace {
    let left = start - now;
    let hours = TABLE
        .iter()
        .find(|(more_than, _)| left > TimeDelta::hours(*more_than))
        .map(|(_, hours)| *hours);
    match hours {
        Some(hours) => Pace::OneByOne((now + TimeDelta::hours(hours)).min(open_until)),
        None => Pace::Everybody(open_until),
    }
}

/// The next instant at which managers are reminded, if any is left. At the last of them everybody is
/// asked at once.
#[must_use]
pub fn next_reminder(now: DateTime<Utc>, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    REMINDERS
        .iter()
        .map(|(hours, _)| start - TimeDelta::hours(*hours))
        .filter(|at| *at > now)
        .min()
}

/// What managers are to be reminded of at `now`: the latest mark that was passed since the request
/// was made, in words.
#[must_use]
pub fn reminder(
    made_at: DateTime<Utc>,
    now: DateTime<Utc>,
    start: DateTime<Utc>,
) -> Option<&'static str> {
    let passed = |(hours, _): &&(i64, &str)| {
        let mark = start - TimeDelta::hours(*hours);
        mark > made_at && mark <= now && now < start
    };
    REMINDERS.iter().rev().find(passed).map(|(_, words)| *words)
}

/// Until when an agreement that counts from `now` can be taken back; none once the shift has begun.
#[must_use]
pub fn undo_until(now: DateTime<Utc>, start: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (start > now).then(|| (now + UNDO).min(start))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(t: &str) -> DateTime<Utc> {
        t.parse().unwrap()
    }

    #[test]
    fn the_table() {
        let start = at("2026-12-24T08:00:00Z");
        let hours = |before: TimeDelta| match pace(start - before, start, start) {
            Pace::OneByOne(by) => Some((by - (start - before)).num_hours()),
            Pace::Everybody(by) => {
                assert_eq!(by, start);
                None
            }
        };
        let minute = TimeDelta::minutes(1);
        assert_eq!(hours(TimeDelta::days(90)), Some(48));
        assert_eq!(hours(TimeDelta::days(14) + minute), Some(48));
        assert_eq!(hours(TimeDelta::days(14)), Some(24));
        assert_eq!(hours(TimeDelta::days(7)), Some(8));
        assert_eq!(hours(TimeDelta::days(3)), Some(3));
        assert_eq!(hours(TimeDelta::days(1)), Some(1));
        assert_eq!(hours(TimeDelta::hours(12) + minute), Some(1));
        assert_eq!(hours(TimeDelta::hours(12)), None);
        assert_eq!(hours(minute), None);
        // A running shift: until it ends.
        let end = start + TimeDelta::hours(20);
        assert_eq!(pace(start + minute, start, end), Pace::Everybody(end));
    }

    #[test]
    fn reminders_say_the_latest_mark_once_it_is_passed() {
        let start = at("2026-12-24T08:00:00Z");
        let made = at("2026-12-01T08:00:00Z");
        let say = |t| reminder(made, at(t), start);
        assert_eq!(say("2026-12-01T09:00:00Z"), None);
        assert_eq!(say("2026-12-03T07:59:00Z"), None);
        assert_eq!(say("2026-12-03T08:00:00Z"), Some("3 weeks"));
        assert_eq!(say("2026-12-21T08:00:00Z"), Some("3 days"));
        assert_eq!(say("2026-12-23T20:00:00Z"), Some("12 hours"));
        assert_eq!(say("2026-12-24T08:00:00Z"), None);
        assert_eq!(
            reminder(
                at("2026-12-23T21:00:00Z"),
                at("2026-12-23T22:00:00Z"),
                start
            ),
            None
        );
        let next = next_reminder(made, start).unwrap();
        assert_eq!(next, at("2026-12-03T08:00:00Z"));
        assert_eq!(next_reminder(start - TimeDelta::hours(12), start), None);
    }

    proptest! {
        #[test]
        fn an_answer_is_never_too_late_and_time_shrinks(near in 1_i64..60_000, more in 0_i64..60_000) {
            let start = at("2026-12-24T08:00:00Z");
            let time = |minutes: i64| {
                let now = start - TimeDelta::minutes(minutes);
                let by = pace(now, start, start).answer_by();
                assert!(by <= start && by > now);
                by - now
            };
            let everybody = near <= 12 * 60;
            prop_assert!(everybody || time(near) <= time(near + more));
        }
    }
}
