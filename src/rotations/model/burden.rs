//! What being on call weighs.

use std::collections::BTreeMap;
use std::ops::{Add, AddAssign};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use crate::vocab::{Interval, Points, local_instant};

/// What an hour of each kind weighs, in hundredths of a point, and when night is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BurdenRules {
    /// Hundredths of a point for an hour by day on a weekday.
    pub weekday: i64,
    /// ... for an hour of a weekday's night.
    pub night: i64,
    /// ... for an hour on Saturday or Sunday, day and night.
    pub weekend: i64,
    /// ... for an hour on a public holiday, day and night.
    pub holiday: i64,
    /// When night begins on the leg's wall clock. Equal to `night_to`: there is no night.
    pub night_from: NaiveTime,
    /// When night ends.
    pub night_to: NaiveTime,
}

impl Default for BurdenRules {
    /// A weekday's 24 hours weigh 3 points, a weekend day's 4.8, a holiday's 7.2.
    fn default() -> Self {
        let at = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default();
        Self {
            weekday: 10,
            night: 16,
            weekend: 20,
            holiday: 30,
            night_from: at(22),
            night_to: at(8),
        }
    }
}

/// Real minutes of an interval by kind. Each minute is of exactly one: a holiday's before a
/// weekend's before a night's before a weekday's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Minutes {
    /// By day on a weekday.
    pub weekday: i64,
    /// At night on a weekday.
    pub night: i64,
    /// On Saturday or Sunday.
    pub weekend: i64,
    /// On a public holiday.
    pub holiday: i64,
}

impl Minutes {
    /// All of them together.
    #[must_use]
    pub fn total(self) -> i64 {
        self.weekday + self.night + self.weekend + self.holiday
    }
}

impl Add for Minutes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            weekday: self.weekday + other.weekday,
            night: self.night + other.night,
            weekend: self.weekend + other.weekend,
            holiday: self.holiday + other.holiday,
        }
    }
}

impl AddAssign for Minutes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl BurdenRules {
    /// The interval's minutes by kind, by the wall clock of `zone`. Kinds change at local midnight
    /// and where night begins and ends; where clocks show such a time twice, at the first. Real
    /// minutes are counted, so a night may have an hour more or less. `holidays` are those of the
    /// leg, as [`super::Holidays::between`] gives them.
    #[must_use]
    pub fn minutes(
        &self,
        interval: Interval,
        zone: Tz,
        holidays: &BTreeMap<NaiveDate, String>,
    ) -> Minutes {
        let mut sum = Minutes::default();
        let mut counted = 0;
        let mut count = |until: DateTime<Utc>, kind: fn(&mut Minutes) -> &mut i64| {
            // Counting from the start keeps the parts' sum at the whole, whatever the seconds.
            let so_far = (until.min(interval.end) - interval.start).num_minutes();
            if so_far > counted {
                *kind(&mut sum) += so_far - counted;
                counted = so_far;
            }
        };
        let first = interval.start.with_timezone(&zone).date_naive();
        // Where clocks go back at midnight, a day's last hour comes after the next day's start.
        let first = first.pred_opt().unwrap_or(first);
        for (day, next) in first.iter_days().zip(first.iter_days().skip(1)) {
            let at = |time| local_instant(zone, day.and_time(time));
            if at(NaiveTime::MIN) >= interval.end {
                break;
            }
            let midnight = local_instant(zone, next.and_time(NaiveTime::MIN));
            if holidays.contains_key(&day) {
                count(midnight, |m| &mut m.holiday);
            } else if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                count(midnight, |m| &mut m.weekend);
            } else if self.night_from > self.night_to {
                count(at(self.night_to), |m| &mut m.night);
                count(at(self.night_from), |m| &mut m.weekday);
                count(midnight, |m| &mut m.night);
            } else {
                count(at(self.night_from), |m| &mut m.weekday);
                count(at(self.night_to), |m| &mut m.night);
                count(midnight, |m| &mut m.weekday);
            }
        }
        sum
    }

    /// The burden of a slot: minutes times rates, times the role's burden in per cent. Rounded
    /// once, at the end, halves upwards: from half a point on to a tenth, as pages show it, below to a
    /// hundredth. What is shown is then what counts, and the scheduler, which tells loads apart by
    /// what all burdens are multiples of, proves far more of its schedules to be the best.
    #[must_use]
    pub fn points(&self, minutes: Minutes, burden_percent: u32) -> Points {
        let weighed: i128 = [
            (minutes.weekday, self.weekday),
            (minutes.night, self.night),
            (minutes.weekend, self.weekend),
            (minutes.holiday, self.holiday),
        ]
        .into_iter()
        .map(|(minutes, rate)| i128::from(minutes) * i128::from(rate))
        .sum();
        let exact = weighed * i128::from(burden_percent);
        let nearest = |unit: i128| (exact + unit * 3000).div_euclid(unit * 6000) * unit;
        let rounded = if nearest(1) < 50 {
            nearest(1)
        } else {
            nearest(10)
        };
        Points(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}
