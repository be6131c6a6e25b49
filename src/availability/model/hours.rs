//! When a person works, by their own clock.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use super::sets;
use super::week::minute;
use crate::vocab::{Interval, local_instant};

/// Working hours of a weekday, in minutes of the local day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hours {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// First minute after them, 1 to 1440; where it is not after `from` it lies on the next day.
    pub to: u16,
}

/// Working hours of a week, Monday first; none where the day is free.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkingHours(pub [Option<Hours>; 7]);

impl WorkingHours {
    /// Monday to Friday from 09:00 to 17:00: what counts until a person says otherwise.
    pub const USUAL: Self = {
        let day = Some(Hours {
            from: 540,
            to: 1020,
        });
        Self([day, day, day, day, day, None, None])
    };

    /// Whether any day has any.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    /// All of them within a range, in order and without overlaps. They follow the wall clock: a day
    /// on which clocks change is shorter or longer where the change falls into them.
    #[must_use]
    pub fn within(&self, zone: Tz, range: Interval) -> Vec<Interval> {
        let day_of = |t: DateTime<Utc>| t.with_timezone(&zone).date_naive();
        let at = |day: NaiveDate, minute: u16| {
            let time = NaiveTime::from_hms_opt(u32::from(minute) / 60, u32::from(minute) % 60, 0);
            match time {
                Some(time) => local_instant(zone, day.and_time(time)),
                None => local_instant(zone, next(day).and_time(NaiveTime::MIN)),
            }
        };
        let (first, last) = (eve(day_of(range.start)), day_of(range.end));
        let days = first.iter_days().take_while(|day| *day <= last);
        let hours = days.filter_map(|day| {
            let weekday = chrono::Datelike::weekday(&day).num_days_from_monday();
            let hours = (*self.0.get(usize::try_from(weekday).ok()?)?)?;
            let until = if hours.to > hours.from {
                day
            } else {
                next(day)
            };
            let all = Interval::new(at(day, hours.from), at(until, hours.to)).ok()?;
            all.intersection(&range)
        });
        sets::merged(hours.collect())
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}

fn eve(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

impl std::fmt::Display for WorkingHours {
    /// "Monday to Friday 09:00 to 17:00; Saturday 22:00 to 06:00".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DAYS: [&str; 7] = [
            "Monday",
            "Tuesday",
            "Wednesday",
            "Thursday",
            "Friday",
            "Saturday",
            "Sunday",
        ];
        let mut runs: Vec<(&str, &str, Hours)> = Vec::new();
        let mut before: Option<Hours> = None;
        for (name, hours) in DAYS.into_iter().zip(self.0) {
            match (hours, runs.last_mut()) {
                (Some(h), Some((_, last, _))) if before == Some(h) => *last = name,
                (Some(h), _) => runs.push((name, name, h)),
                (None, _) => {}
            }
            before = hours;
        }
        for (index, (first, last, hours)) in runs.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            let days = if first == last {
                (*first).to_owned()
            } else {
                format!("{first} to {last}")
            };
            let (from, to) = (minute(hours.from), minute(hours.to));
            write!(f, "{separator}{days} {from} to {to}")?;
        }
        if runs.is_empty() {
            f.write_str("none")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn interval(from: &str, to: &str) -> Interval {
        Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn minutes(of: &[Interval]) -> i64 {
        of.iter().map(Interval::minutes).sum()
    }

    #[test]
    fn the_usual_week_is_forty_hours_also_when_clocks_change() {
        let berlin = chrono_tz::Europe::Berlin;
        for week in ["2026-03-23", "2026-10-19", "2024-02-26"] {
            let monday: NaiveDate = week.parse().unwrap();
            let midnight = |d: NaiveDate| local_instant(berlin, d.and_time(NaiveTime::MIN));
            let range = Interval::new(midnight(monday), midnight(monday + Days::new(7))).unwrap();
            let hours = WorkingHours::USUAL.within(berlin, range);
            assert_eq!((hours.len(), minutes(&hours)), (5, 2400), "{week}");
        }
    }

    #[test]
    fn a_night_that_clocks_change_is_shorter_or_longer_and_nights_don_t_overlap() {
        let berlin = chrono_tz::Europe::Berlin;
        let mut week = [None; 7];
        // Saturday night, into the change; Sunday begins before it ends.
        week[5] = Some(Hours {
            from: 22 * 60,
            to: 6 * 60,
        });
        let spring = interval("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z");
        assert_eq!(minutes(&WorkingHours(week).within(berlin, spring)), 7 * 60);
        let autumn = interval("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z");
        assert_eq!(minutes(&WorkingHours(week).within(berlin, autumn)), 9 * 60);
        week[6] = Some(Hours {
            from: 5 * 60,
            to: 1440,
        });
        let hours = WorkingHours(week).within(berlin, autumn);
        assert_eq!((hours.len(), minutes(&hours)), (1, 27 * 60));
        // From midnight to midnight.
        week = [None; 7];
        week[5] = Some(Hours { from: 0, to: 1440 });
        assert_eq!(
            minutes(&WorkingHours(week).within(
                berlin,
                interval("2026-12-01T00:00:00Z", "2026-12-08T00:00:00Z")
            )),
            1440
        );
    }

    #[test]
    fn they_read_well() {
        assert_eq!(
            WorkingHours::USUAL.to_string(),
            "Monday to Friday 09:00 to 17:00"
        );
        let mut odd = WorkingHours::USUAL;
        odd.0[2] = None;
        odd.0[6] = Some(Hours {
            from: 1320,
            to: 360,
        });
        assert_eq!(
            odd.to_string(),
            "Monday to Tuesday 09:00 to 17:00; Thursday to Friday 09:00 to 17:00; Sunday 22:00 to 06:00"
        );
        assert_eq!(WorkingHours([None; 7]).to_string(), "none");
    }

    proptest! {
        #[test]
        fn an_instant_is_working_time_where_the_wall_clock_says_so(
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            week in proptest::array::uniform7(proptest::option::of((0u16..1440, 1u16..1441))),
            start in 0i64..400,
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let week = WorkingHours(week.map(|d| d.map(|(from, to)| Hours { from, to })));
            let base: DateTime<Utc> = "2024-02-20T00:00:00Z".parse().unwrap();
            let base = base + TimeDelta::days(start);
            let range = Interval::new(base, base + TimeDelta::days(9)).unwrap();
            let hours = week.within(zone, range);
            prop_assert!(hours.windows(2).all(|w| w[0].end < w[1].start));
            prop_assert!(hours.iter().all(|h| range.start <= h.start && h.end <= range.end));
            for step in (7..9 * 1440).step_by(61) {
                let t = base + TimeDelta::minutes(step);
                let local = t.with_timezone(&zone).naive_local();
                // Where clocks were put back, one wall-clock time is two instants: not judged here.
                let twice = !matches!(chrono::TimeZone::from_local_datetime(&zone, &local), chrono::LocalResult::Single(_));
                let near = [-3i64, 3].iter().any(|h| {
                    let other = t + TimeDelta::hours(*h);
                    chrono::Offset::fix(other.with_timezone(&zone).offset()) != chrono::Offset::fix(t.with_timezone(&zone).offset())
                });
                if twice || near { continue; }
                let minute = u16::try_from(chrono::Timelike::hour(&local) * 60 + chrono::Timelike::minute(&local)).unwrap();
                let on = |day: NaiveDate| week.0[usize::try_from(chrono::Datelike::weekday(&day).num_days_from_monday()).unwrap()];
                let today = on(local.date()).is_some_and(|h| h.from <= minute && (h.to <= h.from || minute < h.to));
                let night = on(eve(local.date())).is_some_and(|h| h.to <= h.from && minute < h.to);
                let says = hours.iter().any(|h| h.contains(t));
                prop_assert_eq!(says, today || night, "{} {}", zone, local);
            }
        }
    }
}
