//! The time, passed in wherever it matters, so that tests decide what "now" is.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Says what time it is: the machine's time, or in tests one that stands still until it is moved.
///
/// Clones share one time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `instant` until [`Clock::set`] or [`Clock::advance`] moves it.
    #[must_use]
    pub fn fixed(instant: DateTime<Utc>) -> Self {
        Self(Source::Fixed(Arc::new(Mutex::new(
            instant.trunc_subsecs(6),
        ))))
    }

    /// The current instant in UTC, to the microsecond, as PostgreSQL keeps it: what is stored and
    /// read back compares equal.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // The one place that asks the machine.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Fixed(instant) => *instant.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a fixed clock to `instant`; the machine's clock is left alone.
    pub fn set(&self, instant: DateTime<Utc>) {
        if let Source::Fixed(now) = &self.0 {
            *now.lock().unwrap_or_else(PoisonError::into_inner) = instant.trunc_subsecs(6);
        }
    }

    /// Moves a fixed clock by `by`; the machine's clock is left alone.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_fixed_clock_move_together() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Clock::fixed(start);
        let other = clock.clone();
        clock.advance(TimeDelta::hours(2));
        assert_eq!(other.now(), start + TimeDelta::hours(2));
    }

    #[test]
    fn the_system_clock_cannot_be_moved() {
        let clock = Clock::system();
        let before = clock.now();
        clock.set(DateTime::UNIX_EPOCH);
        assert!(clock.now() >= before);
    }
}
