//! When a calendar is read next.

use chrono::{DateTime, TimeDelta, Utc};

/// The usual time between two readings.
const HOUR: i64 = 60;
/// The longest wait after failures, in minutes.
const LONGEST: i64 = 12 * HOUR;

/// When to read again: after an hour; after failures in a row 10 minutes, 20, 40 and so on, at most
/// 12 hours; never before what the server asked for. `chance`, 0 to 1, spreads it from nine tenths to
/// eleven tenths, so that what was connected together is not read together.
#[must_use]
pub fn next_reading(
    now: DateTime<Utc>,
    failures: i32,
    asked: Option<TimeDelta>,
    chance: f64,
) -> DateTime<Utc> {
    let minutes = match failures {
        ..1 => HOUR,
        n => (10_i64 << (n - 1).clamp(0, 10)).min(LONGEST),
    };
    // Less than a day of seconds, which floating point holds exactly.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let spread = (minutes as f64 * 60.0 * (0.9 + 0.2 * chance.clamp(0.0, 1.0))) as i64;
    let most = TimeDelta::hours(24);
    now + TimeDelta::seconds(spread).max(asked.unwrap_or_default().min(most))
}

/// Whether a calendar that has not changed must be worked out all the same: what repeats reaches
/// further every day.
#[must_use]
pub fn is_stale(parsed_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    parsed_at.is_none_or(|at| now - at >= TimeDelta::hours(20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_or_ever_longer() {
        let now = DateTime::UNIX_EPOCH;
        let minutes =
            |failures, chance| (next_reading(now, failures, None, chance) - now).num_minutes();
        let middle: Vec<i64> = (0..=9).map(|n| minutes(n, 0.5)).collect();
        assert_eq!(middle, [60, 10, 20, 40, 80, 160, 320, 640, 720, 720]);
        assert_eq!((minutes(0, 0.0), minutes(0, 1.0)), (54, 66));
        assert_eq!(minutes(i32::MAX, 0.5), 720);
        let asked = |hours| {
            let at = next_reading(now, 1, Some(TimeDelta::hours(hours)), 0.5);
            (at - now).num_minutes()
        };
        assert_eq!((asked(0), asked(2), asked(1000)), (10, 120, 1440));
    }
}
