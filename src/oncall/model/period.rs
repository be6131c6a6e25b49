//! Stretches of whole days that sums are made over.

use chrono::{Days, Months, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use crate::vocab::{Interval, local_instant};

/// Whole days, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

impl Period {
    /// From its first local midnight to the one after its last day (UTC).
    #[must_use]
    pub fn interval(self, zone: Tz) -> Interval {
        let midnight = |d: NaiveDate| local_instant(zone, d.and_time(NaiveTime::MIN));
        Interval {
            start: midnight(self.from),
            end: midnight(self.to.checked_add_days(Days::new(1)).unwrap_or(self.to)),
        }
    }

    /// The last six months, up to and with today. It is what every page means by them: what is still to
    /// come is not carried yet.
    #[must_use]
    pub fn half_year(today: NaiveDate) -> Self {
        let eve = today.checked_sub_months(Months::new(6)).unwrap_or(today);
        Self {
            from: eve.checked_add_days(Days::new(1)).unwrap_or(today),
            to: today,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_year_ends_today() {
        for (today, from) in [
            ("2026-11-29", "2026-05-30"),
            ("2026-08-31", "2026-03-01"),
            ("2028-02-29", "2027-08-30"),
        ] {
            let period = Period::half_year(today.parse().unwrap());
            assert_eq!(
                (period.from.to_string(), period.to.to_string()),
                (from.into(), today.into())
            );
        }
    }
}
