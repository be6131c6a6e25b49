//! From rules to concrete shifts.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::definition::Definition;
use super::seams::{Nominal, TOLERANCE, join, nominal};
use crate::vocab::{Interval, LegId, Month, local_instant};

/// One concrete shift: a leg and its start name it for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// The leg it belongs to.
    pub leg: LegId,
    /// From when to when (UTC).
    pub interval: Interval,
    /// The day it starts on, on the leg's calendar. Its month is the shift's month.
    pub local_start: NaiveDate,
    /// Which of the versions it follows: an index into what was passed in.
    pub version: usize,
}

/// No shift is longer than a week and the tolerance; zones lie within a day of UTC.
const MARGIN: Days = Days::new(9);

/// The shifts that overlap the period, in order. `versions` are a rotation's, sorted by the date
/// they take effect on; of several for one date the last counts.
///
/// A version takes over at the first start that its rules give on or after its date, on the
/// calendar of the leg that starts; it then has all its shifts from there on. Until that moment
/// the version before goes on. Its last shift ends there, cut off or (by up to two hours)
/// prolonged, and it starts none in the last two hours, so no splinter of a shift is left.
/// Where both versions cover all time there is no gap and no overlap at the change.
#[must_use]
pub fn shifts(versions: &[Definition], period: Interval) -> Vec<Shift> {
    let date = |t: DateTime<Utc>| t.date_naive();
    let from = date(period.start).checked_sub_days(MARGIN);
    let to = date(period.end).checked_add_days(MARGIN);
    let mut shifts = Vec::new();
    if let (Some(from), Some(to)) = (from, to) {
        for reign in reigns(versions) {
            reign.shifts(from, to, &mut shifts);
        }
    }
    shifts.retain(|s| s.interval.overlaps(&period));
    shifts.sort_by_key(|s| (s.interval, s.leg));
    shifts
}

/// The shifts of a month: those that start in it on their leg's calendar. Every shift belongs to
/// exactly one month.
#[must_use]
pub fn shifts_of_month(versions: &[Definition], month: Month) -> Vec<Shift> {
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    let period = Interval {
        start: midnight(month.first()) - TimeDelta::days(2),
        end: midnight(month.last()) + TimeDelta::days(3),
    };
    let mut shifts = shifts(versions, period);
    shifts.retain(|s| Month::of(s.local_start) == month);
    shifts
}

/// The stretches of the period that no shift covers, in order. `shifts` come sorted, as from
/// [`shifts`].
#[must_use]
pub fn gaps(shifts: &[Shift], period: Interval) -> Vec<Interval> {
    let mut covered = period.start;
    let mut gaps = Vec::new();
    for shift in shifts {
        let until = shift.interval.start.min(period.end);
        gaps.extend(Interval::new(covered, until).ok());
        covered = covered.max(shift.interval.end);
    }
    gaps.extend(Interval::new(covered, period.end).ok());
    gaps
}

/// The weekend that an interval lies on, in the leg's zone, as the number of its week since the
/// week of Monday 29 December 1969; weekends in a row have numbers in a row. It lies on a weekend
/// if Saturday and Sunday hold half of it or 12 hours; of two, the one that holds more counts.
#[must_use]
pub fn weekend(interval: Interval, zone: Tz) -> Option<i64> {
    let local = |t: DateTime<Utc>| t.with_timezone(&zone).date_naive();
    let monday = local(interval.start).week(chrono::Weekday::Mon);
    let midnight =
        |day: Option<NaiveDate>| Some(local_instant(zone, day?.and_time(NaiveTime::MIN)));
    let weeks = (local(interval.end) - local(interval.start)).num_days() / 7 + 1;
    let mut best = (0, None);
    for week in 0..=u64::try_from(weeks).unwrap_or(0) {
        let first = monday
            .checked_first_day()?
            .checked_add_days(Days::new(7 * week))?;
        let saturday = midnight(first.checked_add_days(Days::new(5)))?;
        let end = midnight(first.checked_add_days(Days::new(7)))?;
        let held = Interval::new(saturday, end)
            .ok()
            .and_then(|w| w.intersection(&interval))
            .map_or(0, |held| held.minutes());
        if held > best.0 {
            let day = i64::from(first.num_days_from_ce()) - i64::from(WEEK_ZERO);
            best = (held, Some(day.div_euclid(7)));
        }
    }
    let (held, weekend) = best;
    weekend.filter(|_| held >= 720 || held * 2 >= interval.minutes())
}

/// Monday 29 December 1969, in days of the common era.
const WEEK_ZERO: i32 = 719_160;

/// A version while it is in force.
struct Reign<'a> {
    definition: &'a Definition,
    version: usize,
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

/// When each version takes over. A later version whose first shift comes before that of an earlier
/// one leaves the earlier nothing.
fn reigns(versions: &[Definition]) -> Vec<Reign<'_>> {
    let mut reigns = Vec::new();
    let mut until = None;
    let mut later = None;
    for (version, definition) in versions.iter().enumerate().rev() {
        let replaced = later.replace(definition.effective_from) == Some(definition.effective_from);
        let Some(from) = first_start(definition).filter(|_| !replaced) else {
            continue;
        };
        if until.is_none_or(|u| from < u) {
            reigns.push(Reign {
                definition,
                version,
                from,
                until,
            });
            until = Some(from);
        }
    }
    reigns
}

/// Two weeks hold a start of every cadence, also where a clock change swallows one.
fn first_start(definition: &Definition) -> Option<DateTime<Utc>> {
    let from = definition.effective_from;
    let to = from.checked_add_days(Days::new(14))?;
    let first = nominal(definition, from, to).into_iter().next()?;
    Some(first.interval.start)
}

impl Reign<'_> {
    fn shifts(&self, from: NaiveDate, to: NaiveDate, out: &mut Vec<Shift>) {
        // A shift may begin a day before the date on which its version takes over, elsewhere.
        let early = self
            .definition
            .effective_from
            .checked_sub_days(Days::new(2));
        let late = self
            .until
            .and_then(|u| u.date_naive().checked_add_days(MARGIN));
        let from = early.map_or(from, |e| e.max(from));
        let to = late.map_or(to, |l| l.min(to));
        let mut shifts = nominal(self.definition, from, to);
        join(self.definition, &mut shifts);
        out.extend(shifts.iter().filter_map(|s| self.shift(s)));
    }

    fn shift(&self, shift: &Nominal) -> Option<Shift> {
        let Interval { start, mut end } = shift.interval;
        if start < self.from {
            return None;
        }
        if let Some(until) = self.until {
            let last_call = until - TOLERANCE;
            if start >= until || (start >= last_call && start > self.from) {
                return None;
            }
            if end >= last_call {
                end = until;
            }
        }
        let leg = self.definition.legs.get(shift.leg)?;
        Some(Shift {
            leg: leg.id,
            interval: Interval { start, end },
            local_start: start.with_timezone(&leg.zone).date_naive(),
            version: self.version,
        })
    }
}
