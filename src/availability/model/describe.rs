//! Intervals in words, by somebody's clock.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::vocab::Interval;

/// A time of day; the end of a day is 24:00.
#[must_use]
pub fn clock(t: DateTime<Utc>, zone: Tz, is_end: bool) -> String {
    let time = t.with_timezone(&zone).time();
    if is_end && time == NaiveTime::MIN {
        "24:00".to_owned()
    } else {
        time.format("%H:%M").to_string()
    }
}

/// An interval in words: "Fri 4 Dec 2026", "4 to 6 Dec 2026", "Fri 4 Dec 2026 09:00 to 12:00",
/// "Fri 4 Dec 18:00 to Sat 5 Dec 2026 09:00".
#[must_use]
pub fn describe(interval: Interval, zone: Tz) -> String {
    let (start, end) = (
        interval.start.with_timezone(&zone).naive_local(),
        interval.end.with_timezone(&zone).naive_local(),
    );
    // The last instant that belongs to it decides on which day it ends.
    let last = (end - TimeDelta::seconds(1)).date().max(start.date());
    let first = start.date();
    if start.time() == NaiveTime::MIN && end.time() == NaiveTime::MIN {
        if first == last {
            return first.format("%a %-d %b %Y").to_string();
        }
        let same =
            |format: &str| first.format(format).to_string() == last.format(format).to_string();
        let from = match (same("%Y"), same("%Y-%m")) {
            (_, true) => "%-d",
            (true, false) => "%-d %b",
            (false, false) => "%-d %b %Y",
        };
        return format!("{} to {}", first.format(from), last.format("%-d %b %Y"));
    }
    let (from, to) = (
        clock(interval.start, zone, false),
        clock(interval.end, zone, true),
    );
    if first == last {
        format!("{} {from} to {to}", first.format("%a %-d %b %Y"))
    } else {
        let year = if first.format("%Y").to_string() == last.format("%Y").to_string() {
            ""
        } else {
            " %Y"
        };
        let from_day = first.format(&format!("%a %-d %b{year}")).to_string();
        format!("{from_day} {from} to {} {to}", last.format("%a %-d %b %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_read_well() {
        let zone = chrono_tz::Europe::Istanbul;
        let words = |from: &str, to: &str| {
            describe(
                Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
                zone,
            )
        };
        assert_eq!(
            words("2026-12-03T21:00:00Z", "2026-12-04T21:00:00Z"),
            "Fri 4 Dec 2026"
        );
        assert_eq!(
            words("2026-12-03T21:00:00Z", "2026-12-06T21:00:00Z"),
            "4 to 6 Dec 2026"
        );
        assert_eq!(
            words("2026-11-29T21:00:00Z", "2026-12-06T21:00:00Z"),
            "30 Nov to 6 Dec 2026"
        );
        assert_eq!(
            words("2026-12-29T21:00:00Z", "2027-01-02T21:00:00Z"),
            "30 Dec 2026 to 2 Jan 2027"
        );
        assert_eq!(
            words("2026-12-04T06:00:00Z", "2026-12-04T09:00:00Z"),
            "Fri 4 Dec 2026 09:00 to 12:00"
        );
        assert_eq!(
            words("2026-12-04T06:00:00Z", "2026-12-04T21:00:00Z"),
            "Fri 4 Dec 2026 09:00 to 24:00"
        );
        assert_eq!(
            words("2026-12-04T15:00:00Z", "2026-12-05T06:00:00Z"),
            "Fri 4 Dec 18:00 to Sat 5 Dec 2026 09:00"
        );
    }
}
