//! The times that a rule gives, by the clock of the series: no zones in here, so that a change of
//! clocks can't disturb the count.
//!
//! Every period (year, month, week, day, hour, minute or second) is computed from its number alone.
//! So a rule without a count begins right before what is wanted, however long it has been running,
//! and nothing is ever gathered that is larger than the days of one period or the times of one day.
//! (The `rrule` crate walks from the start, gathers a whole period, a year of seconds if need be,
//! and can't be interrupted between two results; tests hold this one against it.)

use std::collections::VecDeque;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike};

use super::rule::{Every, Rule};
use super::work::{Spent, Work};

const DAY: i64 = 86_400;

/// An expansion that goes on.
pub(super) struct Expansion<'r> {
    rule: &'r Rule,
    start: NaiveDateTime,
    /// Filled in from the start where the rule says nothing.
    filled: Rule,
    /// Seconds of a day; for rules by the day and longer.
    times: Vec<i64>,
    /// The next period, in units since the start's.
    period: i64,
    /// Days of this period that are still to come, and which of `times` comes next on the first.
    days: VecDeque<NaiveDate>,
    next_time: usize,
    /// Moments that are ready.
    ready: VecDeque<NaiveDateTime>,
    left: Option<u64>,
}

impl<'r> Expansion<'r> {
    /// From the start on; what lies before `from` may be left out.
    pub(super) fn new(
        rule: &'r Rule,
        start: NaiveDateTime,
        from: NaiveDateTime,
        work: &mut Work<'_>,
    ) -> Result<Self, Spent> {
        let filled = rule.filled(start);
        let mut times = vec![];
        if rule.every <= Every::Day {
            for hour in &filled.hours {
                for minute in &filled.minutes {
                    work.step()?;
                    times.extend(filled.seconds.iter().map(|s| hour * 3600 + minute * 60 + s));
                }
            }
        }
        let mut expansion = Self {
            rule,
            start,
            filled,
            times,
            period: 0,
            days: VecDeque::new(),
            next_time: 0,
            ready: VecDeque::new(),
            left: rule.count,
        };
        expansion.skip(from);
        Ok(expansion)
    }

    /// Passes over whole periods before `from`, where that changes nothing.
    fn skip(&mut self, from: NaiveDateTime) {
        let ahead = self.unit(from) - self.unit(self.start);
        // One more stays, since a week or a year may reach beyond its own.
        let periods = (ahead.div_euclid(self.rule.interval) - 1).max(0);
        match self.left {
            None => self.period = periods,
            // Each period gives exactly one: they can be counted without being looked at.
            Some(left) if self.one_each() => {
                let periods = periods.min(i64::try_from(left).unwrap_or(i64::MAX));
                self.period = periods;
                self.left = Some(left.saturating_sub(periods.unsigned_abs()));
            }
            Some(_) => {}
        }
    }

    /// Whether nothing but frequency, interval and count is given, of a period that is never short.
    fn one_each(&self) -> bool {
        let plain = Rule {
            interval: self.rule.interval,
            count: self.rule.count,
            until: self.rule.until,
            week_start: self.rule.week_start,
            ..Rule::new(self.rule.every)
        };
        *self.rule == plain && self.rule.every >= Every::Week
    }

    /// The number of the period that a moment lies in, counted from some fixed one.
    fn unit(&self, moment: NaiveDateTime) -> i64 {
        let day = i64::from(moment.num_days_from_ce());
        let second = i64::from(moment.num_seconds_from_midnight());
        match self.rule.every {
            Every::Year => i64::from(moment.year()),
            Every::Month => i64::from(moment.year()) * 12 + i64::from(moment.month0()),
            // Day 1 of the common era was a Monday.
            Every::Week => (day - 1 - i64::from(self.rule.week_start)).div_euclid(7),
            Every::Day => day,
            Every::Hour => (day * DAY + second).div_euclid(3600),
            Every::Minute => (day * DAY + second).div_euclid(60),
            Every::Second => day * DAY + second,
        }
    }

    /// The next moment that is not after `to`.
    pub(super) fn next(
        &mut self,
        to: NaiveDateTime,
        work: &mut Work<'_>,
    ) -> Result<Option<NaiveDateTime>, Spent> {
        loop {
            if self.left == Some(0) {
                return Ok(None);
            }
            work.step()?;
            let moment = if let Some(moment) = self.ready.pop_front() {
                moment
            } else if let Some(moment) = self.in_day() {
                moment
            } else if self.gather(to, work)? {
                continue;
            } else {
                return Ok(None);
            };
            if moment > to {
                return Ok(None);
            }
            if moment >= self.start {
                self.left = self.left.map(|left| left.saturating_sub(1));
                return Ok(Some(moment));
            }
        }
    }

    fn in_day(&mut self) -> Option<NaiveDateTime> {
        let day = *self.days.front()?;
        let second = self.times.get(self.next_time).copied();
        self.next_time += 1;
        if self.next_time >= self.times.len() {
            self.next_time = 0;
            self.days.pop_front();
        }
        at(day, second?)
    }

    /// Looks at the next period. Whether there is one that begins by `to`.
    fn gather(&mut self, to: NaiveDateTime, work: &mut Work<'_>) -> Result<bool, Spent> {
        let unit = self
            .period
            .checked_mul(self.rule.interval)
            .and_then(|ahead| ahead.checked_add(self.unit(self.start)));
        let Some(unit) = unit.filter(|unit| *unit <= self.unit(to)) else {
            return Ok(false);
        };
        if self.rule.every > Every::Day {
            return self.gather_times(unit, work);
        }
        self.period += 1;
        let Some((first, length)) = self.days_of(unit) else {
            return Ok(false);
        };
        let mut days = VecDeque::new();
        for day in first.iter_days().take(length) {
            work.step()?;
            if self.takes(day) {
                days.push_back(day);
            }
        }
        if self.filled.positions.is_empty() {
            self.days = days;
            return Ok(true);
        }
        let all = days.len() * self.times.len();
        for index in positions(&self.filled.positions, all) {
            let day = index.checked_div(self.times.len());
            let time = index.checked_rem(self.times.len());
            let day = day.and_then(|day| days.get(day));
            let second = time.and_then(|time| self.times.get(time));
            self.ready
                .extend(day.zip(second).and_then(|(day, second)| at(*day, *second)));
        }
        Ok(true)
    }

    /// The days of a year, month, week or day: the first and how many.
    fn days_of(&self, unit: i64) -> Option<(NaiveDate, usize)> {
        match self.rule.every {
            Every::Year => {
                let first = NaiveDate::from_ymd_opt(i32::try_from(unit).ok()?, 1, 1)?;
                Some((first, if first.leap_year() { 366 } else { 365 }))
            }
            Every::Month => {
                let year = i32::try_from(unit.div_euclid(12)).ok()?;
                let month = u32::try_from(unit.rem_euclid(12)).ok()? + 1;
                let first = NaiveDate::from_ymd_opt(year, month, 1)?;
                Some((first, usize::try_from(month_length(first)).ok()?))
            }
            Every::Week => {
                let monday = unit.checked_mul(7)?.checked_add(1)?;
                let first = i32::try_from(monday + i64::from(self.rule.week_start)).ok()?;
                Some((NaiveDate::from_num_days_from_ce_opt(first)?, 7))
            }
            _ => Some((
                NaiveDate::from_num_days_from_ce_opt(i32::try_from(unit).ok()?)?,
                1,
            )),
        }
    }

    /// Looks at one hour, minute or second, and steps to the next that can matter.
    fn gather_times(&mut self, unit: i64, work: &mut Work<'_>) -> Result<bool, Spent> {
        let length = match self.rule.every {
            Every::Hour => 3600,
            Every::Minute => 60,
            _ => 1,
        };
        let first = unit.saturating_mul(length);
        let (day_number, second) = (first.div_euclid(DAY), first.rem_euclid(DAY));
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let day = i32::try_from(day_number)
            .ok()
            .and_then(NaiveDate::from_num_days_from_ce_opt);
        let Some(day) = day else {
            return Ok(false);
        };
        let other = |list: &[i64], value: i64| !list.is_empty() && !list.contains(&value);
        // Where this can't be one, nothing before the next day, hour or minute can.
        let boundary = if !self.takes(day) {
            Some((day_number + 1) * DAY)
        } else if other(&self.rule.hours, hour) {
            Some(first - second % 3600 + 3600)
        } else if length < 3600 && other(&self.rule.minutes, minute) {
            Some(first - second % 60 + 60)
        } else {
            None
        };
        if let Some(boundary) = boundary {
            let ahead = boundary / length - self.unit(self.start);
            let next = (ahead + self.rule.interval - 1).div_euclid(self.rule.interval);
            self.period = next.max(self.period + 1);
            return Ok(true);
        }
        self.period += 1;
        let mut moments = vec![];
        if length == 1 {
            if !other(&self.rule.seconds, second % 60) {
                moments.extend(at(day, second));
            }
        } else {
            let minutes = if length == 3600 {
                self.filled.minutes.clone()
            } else {
                vec![minute]
            };
            for minute in minutes {
                for s in &self.filled.seconds {
                    work.step()?;
                    moments.extend(at(day, hour * 3600 + minute * 60 + s));
                }
            }
        }
        if self.filled.positions.is_empty() {
            self.ready.extend(moments);
        } else {
            let chosen = positions(&self.filled.positions, moments.len());
            self.ready
                .extend(chosen.into_iter().filter_map(|at| moments.get(at).copied()));
        }
        Ok(true)
    }

    /// Whether the rule takes that day.
    fn takes(&self, day: NaiveDate) -> bool {
        let rule = &self.filled;
        let from_end = |n: i64, length: i64| n - length - 1;
        let listed = |list: &[i64], n: i64, length: i64| {
            list.is_empty() || list.contains(&n) || list.contains(&from_end(n, length))
        };
        if !rule.months.is_empty() && !rule.months.contains(&i64::from(day.month())) {
            return false;
        }
        let year_length = if day.leap_year() { 366 } else { 365 };
        listed(&rule.month_days, i64::from(day.day()), month_length(day))
            && listed(&rule.year_days, i64::from(day.ordinal()), year_length)
            && (rule.weeks.is_empty() || {
                let (week, weeks) = week_of(day, rule.week_start);
                listed(&rule.weeks, week, weeks)
            })
            && (rule.weekdays.is_empty() || self.takes_weekday(day, year_length))
    }

    fn takes_weekday(&self, day: NaiveDate, year_length: i64) -> bool {
        let rule = &self.filled;
        let weekday = day.weekday().num_days_from_monday();
        // Numbers count within the month or the year; elsewhere they mean nothing.
        let within = match rule.every {
            Every::Month => Some((i64::from(day.day()), month_length(day))),
            Every::Year if !rule.weeks.is_empty() => None,
            Every::Year if !self.rule.months.is_empty() => {
                Some((i64::from(day.day()), month_length(day)))
            }
            Every::Year => Some((i64::from(day.ordinal()), year_length)),
            _ => None,
        };
        rule.weekdays.iter().any(|(wanted, nth)| {
            *wanted == weekday
                && within.is_none_or(|(place, length)| {
                    *nth == 0 || *nth == (place - 1) / 7 + 1 || -*nth == (length - place) / 7 + 1
                })
        })
    }
}

fn at(day: NaiveDate, second: i64) -> Option<NaiveDateTime> {
    day.and_time(NaiveTime::MIN)
        .checked_add_signed(TimeDelta::try_seconds(second)?)
}

fn month_length(day: NaiveDate) -> i64 {
    i64::from(day.num_days_in_month())
}

/// The numbers from 0 that positions pick out of so many, in order.
fn positions(wanted: &[i64], of: usize) -> Vec<usize> {
    let mut found: Vec<usize> = wanted
        .iter()
        .filter_map(|position| {
            let back = usize::try_from(position.unsigned_abs()).ok()?;
            let index = if *position > 0 {
                back.checked_sub(1)?
            } else {
                of.checked_sub(back)?
            };
            (index < of).then_some(index)
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The week that a day lies in and how many weeks its year has, where the first week is the first
/// with at least four days in the year.
fn week_of(day: NaiveDate, week_start: u32) -> (i64, i64) {
    // Shifted so that the week begins on a Monday, this is the ISO week: its Thursday names the year.
    let into = (day.weekday().num_days_from_monday() + 7 - week_start) % 7;
    let fourth = day
        .checked_sub_days(Days::new(into.into()))
        .and_then(|first| first.checked_add_days(Days::new(3)))
        .unwrap_or(day);
    let week = (i64::from(fourth.ordinal()) - 1) / 7 + 1;
    // The year's last week is the one whose fourth day is the last such weekday of the year.
    let year_length: i64 = if fourth.leap_year() { 366 } else { 365 };
    let weeks = week + (year_length - i64::from(fourth.ordinal())) / 7;
    (week, weeks)
}
