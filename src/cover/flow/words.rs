//! Times in words.

use chrono::{DateTime, Datelike as _, Utc};
use chrono_tz::Tz;

use crate::vocab::Interval;

/// "Thu 3 Dec 09:00 to Fri 4 Dec 09:00", on one day "Thu 3 Dec 18:00 to 22:00"; years where the two
/// are not in the year of `now`.
#[must_use]
pub fn when(interval: Interval, zone: Tz, now: DateTime<Utc>) -> String {
    let (start, end) = (
        interval.start.with_timezone(&zone),
        interval.end.with_timezone(&zone),
    );
    let year = now.with_timezone(&zone).year();
    let format = if start.year() == year && end.year() == year {
        "%a %-d %b %H:%M"
    } else {
        "%a %-d %b %Y %H:%M"
    };
    let is_one_day = start.date_naive() == end.date_naive();
    let end = if is_one_day {
        end.format("%H:%M")
    } else {
        end.format(format)
    };
    format!("{} to {end}", start.format(format))
}

/// The same with the zone's name.
#[must_use]
pub fn when_long(interval: Interval, zone: Tz, now: DateTime<Utc>) -> String {
    format!("{} ({})", when(interval, zone, now), zone.name())
}

/// One instant with its zone: "Thu 3 Dec 09:00 (Europe/Istanbul)".
#[must_use]
pub fn instant(at: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "{} ({})",
        at.with_timezone(&zone).format("%a %-d %b %H:%M"),
        zone.name()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_by_the_readers_clock() {
        let at = |t: &str| t.parse::<DateTime<Utc>>().unwrap();
        let now = at("2026-11-16T09:00:00Z");
        let say =
            |start, end, zone| when_long(Interval::new(at(start), at(end)).unwrap(), zone, now);
        assert_eq!(
            say(
                "2026-12-03T06:00:00Z",
                "2026-12-04T06:00:00Z",
                Tz::Europe__Istanbul
            ),
            "Thu 3 Dec 09:00 to Fri 4 Dec 09:00 (Europe/Istanbul)"
        );
        assert_eq!(
            say(
                "2026-12-03T15:00:00Z",
                "2026-12-03T19:00:00Z",
                Tz::Europe__London
            ),
            "Thu 3 Dec 15:00 to 19:00 (Europe/London)"
        );
        assert_eq!(
            say("2026-12-31T09:00:00Z", "2027-01-01T09:00:00Z", Tz::UTC),
            "Thu 31 Dec 2026 09:00 to Fri 1 Jan 2027 09:00 (UTC)"
        );
    }
}
