//! Times as people say them.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use chrono_tz::Tz;

/// A day and time beside today: "today 18:00", "tomorrow 09:00", "Fri 09:00", "Fri 27 Nov 09:00",
/// with the year where it is another.
#[must_use]
pub fn day_time(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> String {
    let (at, now) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let days = (at.date_naive() - now.date_naive()).num_days();
    let day = match days {
        -1 => "yesterday".to_owned(),
        0 => "today".to_owned(),
        1 => "tomorrow".to_owned(),
        2..=6 => at.format("%a").to_string(),
        _ if at.year() == now.year() => at.format("%a %-d %b").to_string(),
        _ => at.format("%a %-d %b %Y").to_string(),
    };
    format!("{day} {}", at.format("%H:%M"))
}

/// The end of a stretch, said after its start: "18:00" on the same day, "Fri 09:00" within the
/// week, "Fri 27 Nov 09:00" beyond.
#[must_use]
pub fn until(start: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> String {
    let (start, end) = (start.with_timezone(&zone), end.with_timezone(&zone));
    let format = match (end.date_naive() - start.date_naive()).num_days() {
        0 => "%H:%M",
        1..=6 => "%a %H:%M",
        _ => "%a %-d %b %H:%M",
    };
    end.format(format).to_string()
}

/// How long until then: "in 3 days", "in 5 h 20 min", "in 4 min", "now".
#[must_use]
pub fn wait(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let left = at - now;
    if left <= TimeDelta::zero() {
        return "now".to_owned();
    }
    let minutes = (left.num_seconds() + 59) / 60;
    match minutes {
        0..60 => format!("in {minutes} min"),
        60..2880 if minutes % 60 == 0 => format!("in {} h", minutes / 60),
        60..1440 => format!("in {} h {} min", minutes / 60, minutes % 60),
        1440..2880 => format!("in {} h", minutes / 60),
        _ => format!("in {} days", minutes / 1440),
    }
}

/// Minutes as hours: "24 h", "7.5 h".
#[must_use]
pub fn length(minutes: i64) -> String {
    let tenths = (minutes * 10 + 30) / 60;
    if tenths % 10 == 0 {
        format!("{} h", tenths / 10)
    } else {
        format!("{}.{} h", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(t: &str) -> DateTime<Utc> {
        t.parse().unwrap()
    }

    #[test]
    fn days_are_named_by_the_viewers_clock() {
        let now = at("2026-11-16T21:30:00Z");
        let istanbul = Tz::Europe__Istanbul;
        let say = |t| day_time(at(t), now, istanbul);
        // In Istanbul it is already the 17th.
        assert_eq!(say("2026-11-17T06:00:00Z"), "today 09:00");
        assert_eq!(say("2026-11-16T06:00:00Z"), "yesterday 09:00");
        assert_eq!(say("2026-11-18T06:00:00Z"), "tomorrow 09:00");
        assert_eq!(say("2026-11-20T06:00:00Z"), "Fri 09:00");
        assert_eq!(say("2026-11-27T06:00:00Z"), "Fri 27 Nov 09:00");
        assert_eq!(say("2027-01-01T06:00:00Z"), "Fri 1 Jan 2027 09:00");
        let ends = |start, end| until(at(start), at(end), istanbul);
        assert_eq!(
            ends("2026-11-20T06:00:00Z", "2026-11-20T14:00:00Z"),
            "17:00"
        );
        assert_eq!(
            ends("2026-11-20T06:00:00Z", "2026-11-21T06:00:00Z"),
            "Sat 09:00"
        );
        assert_eq!(
            ends("2026-11-20T06:00:00Z", "2026-11-27T06:00:00Z"),
            "Fri 27 Nov 09:00"
        );
    }

    #[test]
    fn waits_are_rounded_so_that_nobody_comes_late() {
        let now = at("2026-11-16T09:00:00Z");
        let say = |t| wait(at(t), now);
        assert_eq!(say("2026-11-16T09:00:30Z"), "in 1 min");
        assert_eq!(say("2026-11-16T14:20:00Z"), "in 5 h 20 min");
        assert_eq!(say("2026-11-16T14:00:00Z"), "in 5 h");
        assert_eq!(say("2026-11-17T21:10:00Z"), "in 36 h");
        assert_eq!(say("2026-11-20T09:00:00Z"), "in 4 days");
        assert_eq!(say("2026-11-16T08:00:00Z"), "now");
        assert_eq!(length(1440), "24 h");
        assert_eq!(length(450), "7.5 h");
    }
}
