//! A recurrence rule as it is written.

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike, Weekday};

/// How often, from the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Every {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
}

/// The last moment that may still be part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// That day and everything on it.
    Day(NaiveDate),
    /// By the series' own clock.
    Local(NaiveDateTime),
    /// UTC.
    Utc(NaiveDateTime),
}

/// A rule; its parts are sorted and within their limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) every: Every,
    /// At least 1.
    pub(super) interval: i64,
    pub(super) count: Option<u64>,
    pub(super) until: Option<Until>,
    pub(super) seconds: Vec<i64>,
    pub(super) minutes: Vec<i64>,
    pub(super) hours: Vec<i64>,
    /// Weekdays from Monday as 0, each with its number within the month or year, or 0 for all.
    pub(super) weekdays: Vec<(u32, i64)>,
    pub(super) month_days: Vec<i64>,
    pub(super) year_days: Vec<i64>,
    pub(super) weeks: Vec<i64>,
    pub(super) months: Vec<i64>,
    pub(super) positions: Vec<i64>,
    /// From Monday as 0.
    pub(super) week_start: u32,
}

impl Rule {
    pub(super) fn new(every: Every) -> Self {
        Self {
            every,
            interval: 1,
            count: None,
            until: None,
            seconds: vec![],
            minutes: vec![],
            hours: vec![],
            weekdays: vec![],
            month_days: vec![],
            year_days: vec![],
            weeks: vec![],
            months: vec![],
            positions: vec![],
            week_start: 0,
        }
    }

    /// Reads `FREQ=...;...`; nothing where it makes no sense. Parts that nobody defined are passed
    /// over. Numbers are held to their limits rather than wrapped around.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let parts = || {
            text.split(';')
                .filter_map(|part| part.split_once('='))
                .map(|(name, value)| (name.trim(), value.trim()))
        };
        let every = parts().find(|(name, _)| *name == "FREQ")?.1;
        let mut rule = Self::new(match every {
            "YEARLY" => Every::Year,
            "MONTHLY" => Every::Month,
            "WEEKLY" => Every::Week,
            "DAILY" => Every::Day,
            "HOURLY" => Every::Hour,
            "MINUTELY" => Every::Minute,
            "SECONDLY" => Every::Second,
            _ => return None,
        });
        for (name, value) in parts() {
            match name {
                "INTERVAL" => rule.interval = number(value)?.clamp(1, 1 << 31),
                // A negative count means nothing; the apps that write it mean no count.
                "COUNT" => rule.count = u64::try_from(number(value)?).ok(),
                "UNTIL" => rule.until = Some(until(value)?),
                "BYSECOND" => rule.seconds = numbers(value, 0, 59, true)?,
                "BYMINUTE" => rule.minutes = numbers(value, 0, 59, true)?,
                "BYHOUR" => rule.hours = numbers(value, 0, 23, true)?,
                "BYDAY" => rule.weekdays = weekdays(value)?,
                "BYMONTHDAY" => rule.month_days = numbers(value, -31, 31, false)?,
                "BYYEARDAY" => rule.year_days = numbers(value, -366, 366, false)?,
                "BYWEEKNO" => rule.weeks = numbers(value, -53, 53, false)?,
                "BYMONTH" => rule.months = numbers(value, 1, 12, true)?,
                "BYSETPOS" => rule.positions = numbers(value, -366, 366, false)?,
                "WKST" => rule.week_start = weekday(value)?,
                "RSCALE" if value != "GREGORIAN" => return None,
                _ => {}
            }
        }
        Some(rule)
    }

    /// The rule with what it takes from the start.
    pub(super) fn filled(&self, start: NaiveDateTime) -> Self {
        let mut filled = self.clone();
        let no_days =
            self.month_days.is_empty() && self.weekdays.is_empty() && self.year_days.is_empty();
        let weekday = start.weekday().num_days_from_monday();
        match self.every {
            // A week of the year names no day of it: the start's.
            Every::Year if no_days && !self.weeks.is_empty() => {
                filled.weekdays = vec![(weekday, 0)];
            }
            Every::Year if no_days => {
                filled.month_days = vec![i64::from(start.day())];
                if filled.months.is_empty() {
                    filled.months = vec![i64::from(start.month())];
                }
            }
            Every::Month if no_days && self.weeks.is_empty() => {
                filled.month_days = vec![i64::from(start.day())];
            }
            Every::Week if no_days && self.weeks.is_empty() => filled.weekdays = vec![(weekday, 0)],
            _ => {}
        }
        let or_start = |list: &mut Vec<i64>, shorter: bool, value: u32| {
            if list.is_empty() && shorter {
                *list = vec![i64::from(value)];
            }
        };
        or_start(&mut filled.hours, self.every < Every::Hour, start.hour());
        or_start(
            &mut filled.minutes,
            self.every < Every::Minute,
            start.minute(),
        );
        or_start(
            &mut filled.seconds,
            self.every < Every::Second,
            start.second(),
        );
        filled
    }
}

fn number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // What doesn't fit is as good as endless.
    Some(text.parse().unwrap_or(i64::from(i32::MAX)))
}

/// A list of numbers within limits; 0 only where it means something.
fn numbers(text: &str, least: i64, most: i64, zero: bool) -> Option<Vec<i64>> {
    let mut all = text
        .split(',')
        .map(|part| number(part.trim()).filter(|n| (least..=most).contains(n) && (zero || *n != 0)))
        .collect::<Option<Vec<_>>>()?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn weekday(text: &str) -> Option<u32> {
    let day = match text {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    };
    Some(day.num_days_from_monday())
}

fn weekdays(text: &str) -> Option<Vec<(u32, i64)>> {
    let mut all = text
        .split(',')
        .map(|part| {
            let part = part.trim();
            let (nth, day) = part.split_at_checked(part.len().checked_sub(2)?)?;
            let nth = match nth {
                "" => 0,
                nth => number(nth).filter(|n| (1..=53).contains(&n.abs()))?,
            };
            Some((weekday(day)?, nth))
        })
        .collect::<Option<Vec<_>>>()?;
    all.sort_unstable();
    all.dedup();
    Some(all)
}

fn until(text: &str) -> Option<Until> {
    let Some((day, time)) = text.split_once('T') else {
        return Some(Until::Day(NaiveDate::parse_from_str(text, "%Y%m%d").ok()?));
    };
    let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
    let digits = time.strip_suffix('Z');
    let time = chrono::NaiveTime::parse_from_str(digits.unwrap_or(time), "%H%M%S").ok()?;
    let moment = day.and_time(time);
    Some(if digits.is_some() {
        Until::Utc(moment)
    } else {
        Until::Local(moment)
    })
}

#[cfg(test)]
mod tests {
    use super::{Every, Rule};

    #[test]
    fn nonsense_is_no_rule() {
        for bad in [
            "",
            "FREQ=OFTEN",
            "INTERVAL=2",
            "FREQ=DAILY;BYHOUR=24",
            "FREQ=DAILY;BYMONTHDAY=0",
            "FREQ=DAILY;BYDAY=XX",
            "FREQ=DAILY;BYDAY=é",
            "FREQ=DAILY;BYDAY=99MO",
            "FREQ=DAILY;UNTIL=soon",
            "FREQ=DAILY;UNTIL=20260231",
            "FREQ=DAILY;COUNT=",
            "RSCALE=CHINESE;FREQ=YEARLY",
        ] {
            assert_eq!(Rule::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn absurd_numbers_are_held_to_limits() {
        let rule =
            Rule::parse("freq=daily;interval=99999999999999999999;count=4294967297").unwrap();
        assert_eq!(rule.every, Every::Day);
        assert_eq!(rule.interval, i64::from(i32::MAX));
        assert_eq!(rule.count, Some(4_294_967_297));
        assert_eq!(Rule::parse("FREQ=DAILY;INTERVAL=0").unwrap().interval, 1);
    }
}
