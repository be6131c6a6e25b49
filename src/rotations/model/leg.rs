//! One site's part of a rotation, and the wall-clock rule its shifts follow.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::Weekdays;
use super::holidays::Holidays;
use crate::vocab::{Interval, LegId, Line, local_instant};

/// One site's part of a rotation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Leg {
    /// Stable while the rotation's rules change.
    pub id: LegId,
    /// What people call it: "London".
    pub name: Line,
    /// The zone its clock times are meant in.
    pub zone: Tz,
    /// When one shift hands over to the next, on the leg's wall clock.
    pub handover: NaiveTime,
    /// Days on which coverage begins; weekdays-and-weekend covers the whole week and ignores them.
    pub weekdays: Weekdays,
    /// How its time is cut into shifts.
    pub cadence: Cadence,
    /// Its public holidays, which weigh more.
    pub holidays: Holidays,
}

/// How a leg's time is cut into shifts. Every boundary is a wall-clock time in the leg's zone, so a
/// 24-hour shift lasts 23 or 25 hours when clocks change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cadence {
    /// On each chosen weekday from the handover on: so many minutes, cut into equal shifts.
    Hours {
        /// Minutes covered, at most 1,440 (a day).
        coverage_minutes: u32,
        /// Minutes of one shift; goes into the coverage without a rest.
        shift_minutes: u32,
    },
    /// From the first chosen weekday's handover to the same time a week later.
    Weekly,
    /// One shift from Monday's handover, one from the given day's to the next Monday's.
    WeekdaysAndWeekend {
        /// The day at whose handover the weekend shift begins, usually Friday.
        weekend_from: Weekday,
    },
}

impl Cadence {
    /// One shift a day, around the clock.
    pub const DAILY: Self = Self::Hours {
        coverage_minutes: 1440,
        shift_minutes: 1440,
    };
    /// Day and night of 12 hours each.
    pub const DAY_AND_NIGHT: Self = Self::Hours {
        coverage_minutes: 1440,
        shift_minutes: 720,
    };
}

impl Leg {
    /// The leg's shifts whose coverage begins on that local day, in order, as clocks have them:
    /// nothing moved yet to meet another leg. A shift that a clock change swallows whole is left
    /// out. Empty where the cadence makes no sense.
    pub(super) fn shifts_on(&self, day: NaiveDate) -> Vec<Interval> {
        let weekday = day.weekday();
        let days_later = |n: u8| day.checked_add_days(Days::new(n.into()));
        match self.cadence {
            Cadence::Hours {
                coverage_minutes,
                shift_minutes,
            } => {
                if !self.weekdays.contains(weekday) || shift_minutes == 0 {
                    return Vec::new();
                }
                let start = day.and_time(self.handover);
                (0..coverage_minutes.min(1440) / shift_minutes)
                    .filter_map(|i| {
                        let at = |n: u32| start + TimeDelta::minutes((n * shift_minutes).into());
                        self.between(at(i), at(i + 1))
                    })
                    .collect()
            }
            Cadence::Weekly => {
                let starts = self.weekdays.first() == Some(weekday);
                self.whole_days(day, days_later(7).filter(|_| starts))
            }
            Cadence::WeekdaysAndWeekend { weekend_from } => {
                let weekdays = u8::try_from(weekend_from.num_days_from_monday()).unwrap_or(0);
                let end = match weekday {
                    Weekday::Mon => days_later(weekdays),
                    d if d == weekend_from => days_later(7 - weekdays),
                    _ => None,
                };
                self.whole_days(day, end)
            }
        }
    }

    fn whole_days(&self, from: NaiveDate, to: Option<NaiveDate>) -> Vec<Interval> {
        let shift = to
            .and_then(|to| self.between(from.and_time(self.handover), to.and_time(self.handover)));
        shift.into_iter().collect()
    }

    fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> Option<Interval> {
        Interval::new(local_instant(self.zone, from), local_instant(self.zone, to)).ok()
    }
}
