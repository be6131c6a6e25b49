//! Times as they are written, before anybody knows what zone they mean.

use calcard::common::PartialDateTime;
use calcard::icalendar::ICalendarDuration;
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::zone::ZoneId;

/// Whose clock a time is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clock {
    Utc,
    /// By whatever zone the file or the owner has.
    Floating,
    Zone(ZoneId),
}

/// A day or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Day(NaiveDate),
    Time(NaiveDateTime, Clock),
}

impl Stamp {
    /// Nothing for a day or time that doesn't exist, such as 30 February. A leap second is the one
    /// before it; 24:00 is the next midnight.
    pub(super) fn read(date: &PartialDateTime, clock: Clock) -> Option<Self> {
        let year = i32::from(date.year?);
        let day = NaiveDate::from_ymd_opt(year, u32::from(date.month?), u32::from(date.day?))?;
        let Some(hour) = date.hour else {
            return Some(Self::Day(day));
        };
        let (minute, second) = (date.minute.unwrap_or(0), date.second.unwrap_or(0));
        let time = if (hour, minute, second) == (24, 0, 0) {
            day.succ_opt()?.and_hms_opt(0, 0, 0)?
        } else {
            day.and_hms_opt(hour.into(), minute.into(), second.min(59).into())?
        };
        let Some(hours) = date.tz_hour else {
            return Some(Self::Time(time, clock));
        };
        let minutes = i64::from(hours) * 60 + i64::from(date.tz_minute.unwrap_or(0));
        let offset = TimeDelta::minutes(if date.tz_minus { -minutes } else { minutes });
        Some(Self::Time(time.checked_sub_signed(offset)?, Clock::Utc))
    }

    /// What is written: the day itself, or the time by its own clock.
    pub(super) fn written(self) -> NaiveDateTime {
        match self {
            Self::Day(day) => day.into(),
            Self::Time(time, _) => time,
        }
    }
}

/// A duration: days by the calendar, and seconds that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) days: i64,
    pub(super) seconds: i64,
}

/// No entry lasts longer than this many days: a century.
const LONGEST: i64 = 36_525;

impl Length {
    pub(super) fn read(duration: &ICalendarDuration) -> Self {
        let sign = if duration.neg { -1 } else { 1 };
        let days = i64::from(duration.weeks) * 7 + i64::from(duration.days);
        let seconds = i64::from(duration.hours) * 3600
            + i64::from(duration.minutes) * 60
            + i64::from(duration.seconds);
        Self {
            days: sign * days.min(LONGEST),
            seconds: sign * seconds.min(LONGEST * 86_400),
        }
    }

    /// About how long, never too short: for looking far enough back.
    pub(super) fn most(self) -> TimeDelta {
        // A day by the calendar may have an hour more.
        let days = self.days.clamp(0, LONGEST);
        TimeDelta::days(days + i64::from(days > 0))
            + TimeDelta::seconds(self.seconds.clamp(0, LONGEST * 86_400))
    }
}
