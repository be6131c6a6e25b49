//! A job, and how long a failed one waits.

use chrono::{DateTime, TimeDelta, Utc};

/// Attempts after which a job is given up: about two days.
pub const MOST_ATTEMPTS: i32 = 56;

/// Work to be done once, after the transaction that asks for it.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// Which handler does it, as in "notice".
    pub kind: &'a str,
    /// Its name: enqueueing the same key again does nothing. At most 300 characters.
    pub key: String,
    /// Due jobs of one lane run one after the other, as in "person:7:shift:12".
    pub lane: String,
    /// Not before this instant (UTC).
    pub run_at: DateTime<Utc>,
    /// What the handler gets. Emptied when the job is done.
    pub payload: serde_json::Value,
}

/// How long to wait after so many attempts; `chance` from 0 to 1 spreads it from four fifths to six fifths.
pub fn wait(attempts: i32, chance: f64) -> TimeDelta {
    let doublings = attempts.clamp(1, 9) - 1;
    let seconds = (15_i64 << doublings).min(3600);
    // At most 3,600 s, which floating point holds exactly.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let spread = (seconds as f64 * 1000.0 * (0.8 + 0.4 * chance.clamp(0.0, 1.0))) as i64;
    TimeDelta::milliseconds(spread)
}

/// A failure's text as it is kept: one line of at most 500 characters.
pub fn short(text: &str) -> String {
    let clean = |c: char| if crate::vocab::hidden(c) { ' ' } else { c };
    text.chars().map(clean).take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let middle: Vec<i64> = (1..=11).map(|n| wait(n, 0.5).num_seconds()).collect();
        assert_eq!(
            middle,
            [15, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
        );
        assert_eq!(wait(3, 0.0).num_seconds(), 48);
        assert_eq!(wait(3, 1.0).num_seconds(), 72);
        assert_eq!(wait(i32::MAX, 0.5).num_seconds(), 3600);
        assert_eq!(wait(0, 0.5).num_seconds(), 15);
    }

    #[test]
    fn it_is_given_up_after_about_two_days() {
        let all: i64 = (1..MOST_ATTEMPTS).map(|n| wait(n, 0.5).num_minutes()).sum();
        assert!((47 * 60..49 * 60).contains(&all), "{all} minutes");
    }

    #[test]
    fn a_failure_is_one_short_line() {
        assert_eq!(short("a\nb\u{202E}c"), "a b c");
        assert_eq!(short(&"x".repeat(9000)).len(), 500);
    }
}
