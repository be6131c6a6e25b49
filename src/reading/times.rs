//! What times mean in a file, and how long things last.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::entry::End;
use super::stamp::{Clock, Length, Stamp};
use super::zone::{Resolved, Zone};
use crate::vocab::{Interval, local_instant};

/// What times mean in this file, and which are wanted.
pub(super) struct Times {
    pub(super) zones: Resolved,
    pub(super) utc: Zone,
    pub(super) floating: Zone,
    pub(super) owner: Tz,
    /// The owner's zone.
    pub(super) home: Zone,
    pub(super) window: Interval,
}

impl Times {
    /// The zone whose clock a time is by: the owner's for days.
    pub(super) fn zone(&self, stamp: Stamp) -> &Zone {
        match stamp {
            Stamp::Day(_) => &self.home,
            Stamp::Time(_, Clock::Utc) => &self.utc,
            Stamp::Time(_, Clock::Floating) => &self.floating,
            Stamp::Time(_, Clock::Zone(id)) => self.zones.get(id).unwrap_or(&self.home),
        }
    }

    pub(super) fn instant(&self, stamp: Stamp) -> DateTime<Utc> {
        self.zone(stamp).instant(stamp.written())
    }

    /// From the owner's midnight on, so many days.
    fn days(&self, first: NaiveDate, count: i64) -> Option<Interval> {
        let last = first.checked_add_signed(TimeDelta::try_days(count)?)?;
        let midnight = |day: NaiveDate| local_instant(self.owner, day.into());
        Interval::new(midnight(first), midnight(last)).ok()
    }

    /// A period by itself, such as one of a VFREEBUSY.
    pub(super) fn period(&self, start: Stamp, end: End) -> Option<Interval> {
        let lasts = self.lasts(start, end)?;
        self.interval(start.written(), self.zone(start), lasts)
    }

    /// How long something from `start` to `end` lasts; nothing where it ends before it starts.
    pub(super) fn lasts(&self, start: Stamp, end: End) -> Option<Lasts> {
        let lasts = match (start, end) {
            (Stamp::Day(_), End::Unsaid) => Lasts::Days(1),
            (Stamp::Day(first), End::At(end)) => {
                let end = end.written();
                let begun = i64::from(!is_midnight(end));
                let days = (end.date() - first).num_days() + begun;
                // An end on the same day is a usual slip for a day.
                Lasts::Days(if days == 0 { 1 } else { days })
            }
            (Stamp::Day(_), End::After(Length { days, seconds })) => {
                let more = seconds.div_euclid(86_400) + i64::from(seconds.rem_euclid(86_400) > 0);
                Lasts::Days(if days + more == 0 { 1 } else { days + more })
            }
            (Stamp::Time(..), End::Unsaid) => Lasts::Exactly(TimeDelta::zero()),
            (Stamp::Time(..), End::At(end)) => {
                let end = match end {
                    // A day where a time should be: that day's midnight by the same clock.
                    Stamp::Day(day) => self.zone(start).instant(day.into()),
                    end @ Stamp::Time(..) => self.instant(end),
                };
                Lasts::Exactly(end - self.instant(start))
            }
            (Stamp::Time(..), End::After(length)) => Lasts::Nominally(length),
        };
        (!lasts.negative()).then_some(lasts)
    }

    /// The interval of an occurrence that starts when clocks in `zone` show `local`.
    pub(super) fn interval(
        &self,
        local: NaiveDateTime,
        zone: &Zone,
        lasts: Lasts,
    ) -> Option<Interval> {
        let begin = zone.instant(local);
        let end = match lasts {
            Lasts::Days(days) => return self.days(local.date(), days),
            Lasts::Exactly(time) => begin.checked_add_signed(time)?,
            Lasts::Nominally(Length { days: 0, seconds }) => {
                begin.checked_add_signed(TimeDelta::try_seconds(seconds)?)?
            }
            Lasts::Nominally(Length { days, seconds }) => zone
                .instant(local.checked_add_signed(TimeDelta::try_days(days)?)?)
                .checked_add_signed(TimeDelta::try_seconds(seconds)?)?,
        };
        Interval::new(begin, end).ok()
    }
}

/// How long an occurrence lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lasts {
    /// From the owner's midnight to a later one.
    Days(i64),
    /// As time passes. An end given as a time means this for every occurrence (RFC 5545, 3.8.5.3).
    Exactly(TimeDelta),
    /// Days by the calendar, then as time passes.
    Nominally(Length),
}

impl Lasts {
    fn negative(self) -> bool {
        match self {
            Self::Days(days) => days < 0,
            Self::Exactly(time) => time < TimeDelta::zero(),
            Self::Nominally(length) => length.days < 0 || length.seconds < 0,
        }
    }

    /// At least as long as this, at any time of the year.
    pub(super) fn most(self) -> TimeDelta {
        match self {
            Self::Days(days) => Length { days, seconds: 0 }.most(),
            Self::Exactly(time) => time,
            Self::Nominally(length) => length.most(),
        }
    }
}

/// Whether that is the beginning of a day.
pub(super) fn is_midnight(time: NaiveDateTime) -> bool {
    time.time() == NaiveTime::MIN
}
