//! How booked a person is, counted from what their calendars say.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::hours::WorkingHours;
use super::sets;
use crate::vocab::{Interval, Month, local_instant};

/// What a calendar says of a stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum BusyKind {
    /// A meeting or anything else that takes the time.
    Busy,
    /// Perhaps: shown, and counted apart.
    Tentative,
    /// Away.
    OutOfOffice,
}

impl BusyKind {
    /// The name in tables and style classes.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Tentative => "tentative",
            Self::OutOfOffice => "out_of_office",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Tentative => "perhaps busy",
            Self::OutOfOffice => "out of office",
        }
    }
}

/// A stretch of time as a calendar has it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Busy {
    /// When.
    pub interval: Interval,
    /// Which way.
    pub kind: BusyKind,
    /// From midnight to midnight by the clock of whoever entered it.
    pub all_day: bool,
}

/// Working time of a period and what of it is booked, in minutes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Booked {
    /// Working hours, without leave: who is away has nothing to be booked.
    pub working: i64,
    /// Busy, where it is not out of office as well.
    pub meetings: i64,
    /// Out of office.
    pub out_of_office: i64,
    /// Tentative and nothing else. It does not count.
    pub tentative: i64,
}

impl Booked {
    /// Meetings and out of office in percent of working time, 0 to 100; 0 where there is none.
    #[must_use]
    pub fn percent(&self) -> i16 {
        let percent = ((self.meetings + self.out_of_office) * 200 + self.working)
            .checked_div(self.working * 2)
            .unwrap_or(0);
        i16::try_from(percent).unwrap_or(i16::MAX)
    }

    /// Minutes in hours and minutes: "6 h 30 min", "40 min", "12 h".
    #[must_use]
    pub fn hours(minutes: &i64) -> String {
        match (minutes / 60, minutes % 60) {
            (0, rest) => format!("{rest} min"),
            (hours, 0) => format!("{hours} h"),
            (hours, rest) => format!("{hours} h {rest} min"),
        }
    }
}

/// A month or a week.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Period {
    /// A calendar month.
    Month(Month),
    /// Seven days from this Monday on.
    Week(NaiveDate),
}

impl Period {
    /// The name in tables.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Month(_) => "month",
            Self::Week(_) => "week",
        }
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        match self {
            Self::Month(month) => month.first(),
            Self::Week(monday) => monday,
        }
    }

    fn interval(self, zone: Tz) -> Interval {
        let midnight = |day: NaiveDate| local_instant(zone, day.and_time(NaiveTime::MIN));
        match self {
            Self::Month(month) => month.interval(zone),
            Self::Week(monday) => Interval {
                start: midnight(monday),
                end: midnight(monday + Days::new(7)),
            },
        }
    }
}

/// Days ahead that calendars are read for.
const DAYS_AHEAD: i64 = 400;

/// The time that is read of calendars and counted: from the first day of last month to 400 days
/// ahead, with two days more at the start for zones.
#[must_use]
pub fn window(now: DateTime<Utc>) -> Interval {
    let first = Month::of(now.date_naive()).previous().first();
    Interval {
        start: first.and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(2),
        end: now + TimeDelta::days(DAYS_AHEAD),
    }
}

/// The Mondays whose weeks begin in or reach into a month.
pub fn mondays(month: Month) -> impl Iterator<Item = NaiveDate> {
    let first = month.first();
    let back = u64::from(chrono::Datelike::weekday(&first).num_days_from_monday());
    let monday = first - Days::new(back);
    std::iter::successors(Some(monday), |day| day.checked_add_days(Days::new(7)))
        .take_while(move |day| *day <= month.last())
}

/// All months and weeks that lie wholly in what is read of calendars, each with what is booked.
/// `leave` may overlap; `busy` may be in any order.
#[must_use]
pub fn count(
    zone: Tz,
    hours: &WorkingHours,
    leave: &[Interval],
    busy: &[Busy],
    read: Interval,
) -> Vec<(Period, Booked)> {
    let of = |kind: BusyKind| {
        let some = busy.iter().filter(|b| b.kind == kind).map(|b| b.interval);
        sets::merged(some.collect())
    };
    let leave = sets::merged(leave.to_vec());
    let working = sets::without(&hours.within(zone, read), &leave);
    let away = sets::shared(&working, &of(BusyKind::OutOfOffice));
    let meetings = sets::without(&sets::shared(&working, &of(BusyKind::Busy)), &away);
    let perhaps = sets::shared(&working, &of(BusyKind::Tentative));
    let perhaps = sets::without(&sets::without(&perhaps, &away), &meetings);
    let first = Month::of(read.start.with_timezone(&zone).date_naive());
    let months = std::iter::successors(Some(first), |m| Some(m.next()));
    let months = months.take_while(|m| m.interval(zone).start < read.end);
    let months: Vec<Month> = months.collect();
    let mut weeks: Vec<NaiveDate> = months.iter().flat_map(|m| mondays(*m)).collect();
    weeks.dedup();
    let periods = months.into_iter().map(Period::Month);
    periods
        .chain(weeks.into_iter().map(Period::Week))
        .filter_map(|period| {
            let within = period.interval(zone);
            let is_read = read.start <= within.start && within.end <= read.end;
            is_read.then(|| {
                let booked = Booked {
                    working: sets::minutes(&working, within),
                    meetings: sets::minutes(&meetings, within),
                    out_of_office: sets::minutes(&away, within),
                    tentative: sets::minutes(&perhaps, within),
                };
                (period, booked)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn interval(from: &str, to: &str) -> Interval {
        Interval::new(at(from), at(to)).unwrap()
    }

    fn busy(kind: BusyKind, from: &str, to: &str) -> Busy {
        Busy {
            interval: interval(from, to),
            kind,
            all_day: false,
        }
    }

    fn of(counted: &[(Period, Booked)], period: Period) -> Booked {
        counted.iter().find(|(p, _)| *p == period).unwrap().1
    }

    #[test]
    fn december_of_somebody_in_istanbul() {
        let istanbul = chrono_tz::Europe::Istanbul;
        let december = Period::Month("2026-12".parse().unwrap());
        let read = window(at("2026-11-16T09:00:00Z"));
        let all = [
            // Tuesday 1 December: two meetings that overlap, 10:00 to 13:00 by her clock.
            busy(
                BusyKind::Busy,
                "2026-12-01T07:00:00Z",
                "2026-12-01T09:00:00Z",
            ),
            busy(
                BusyKind::Busy,
                "2026-12-01T08:00:00Z",
                "2026-12-01T10:00:00Z",
            ),
            // From 16:00 into the evening: one hour of it is working time.
            busy(
                BusyKind::Busy,
                "2026-12-02T13:00:00Z",
                "2026-12-02T18:00:00Z",
            ),
            // A Saturday.
            busy(
                BusyKind::Busy,
                "2026-12-05T07:00:00Z",
                "2026-12-05T15:00:00Z",
            ),
            // Two days out of office, with a meeting inside; perhaps another day.
            busy(
                BusyKind::OutOfOffice,
                "2026-12-09T21:00:00Z",
                "2026-12-11T21:00:00Z",
            ),
            busy(
                BusyKind::Busy,
                "2026-12-10T07:00:00Z",
                "2026-12-10T08:00:00Z",
            ),
            busy(
                BusyKind::Tentative,
                "2026-12-10T21:00:00Z",
                "2026-12-14T21:00:00Z",
            ),
        ];
        let counted = count(istanbul, &WorkingHours::USUAL, &[], &all, read);
        let booked = of(&counted, december);
        assert_eq!(
            booked,
            Booked {
                working: 23 * 480,
                meetings: 180 + 60,
                out_of_office: 960,
                tentative: 480,
            }
        );
        assert_eq!(booked.percent(), 11);
        let week = of(&counted, Period::Week("2026-11-30".parse().unwrap()));
        assert_eq!(
            (week.working, week.meetings, week.percent()),
            (2400, 240, 10)
        );
        // Leave takes both away: what is left of the month is counted.
        let leave = [interval("2026-12-09T21:00:00Z", "2026-12-11T21:00:00Z")];
        let counted = count(istanbul, &WorkingHours::USUAL, &leave, &all, read);
        let booked = of(&counted, december);
        assert_eq!((booked.working, booked.out_of_office), (21 * 480, 0));
        assert_eq!(booked.meetings, 240);
    }

    #[test]
    fn whole_months_and_weeks_are_counted_only() {
        let berlin = chrono_tz::Europe::Berlin;
        for now in [
            "2026-11-16T09:00:00Z",
            "2026-03-31T22:30:00Z",
            "2024-02-29T12:00:00Z",
        ] {
            let read = window(at(now));
            let counted = count(berlin, &WorkingHours::USUAL, &[], &[], read);
            let months = counted.iter().filter(|(p, _)| p.key() == "month").count();
            let weeks = counted.len() - months;
            assert!((13..=15).contains(&months), "{now}: {months}");
            assert!((60..=68).contains(&weeks), "{now}: {weeks}");
            let this = Period::Month(Month::of(at(now).with_timezone(&berlin).date_naive()));
            assert!(counted.iter().any(|(p, _)| *p == this), "{now}");
        }
    }

    #[test]
    fn february_has_a_leap_day_and_clocks_change() {
        let new_york = chrono_tz::America::New_York;
        let read = window(at("2028-01-10T12:00:00Z"));
        let counted = count(new_york, &WorkingHours::USUAL, &[], &[], read);
        let working = |month: &str| of(&counted, Period::Month(month.parse().unwrap())).working;
        // 29 February 2028 is a Tuesday: 21 working days.
        assert_eq!(working("2028-02"), 21 * 480);
        // Night shifts over the spring change are an hour short.
        let mut nights = WorkingHours([None; 7]);
        nights.0[5] = Some(super::super::hours::Hours {
            from: 1320,
            to: 360,
        });
        let counted = count(new_york, &nights, &[], &[], read);
        let week = of(&counted, Period::Week("2028-03-06".parse().unwrap()));
        // Saturday 11 March from 22:00 to midnight and on into Sunday, whose 02:00 is 03:00.
        assert_eq!(week.working, 7 * 60);
    }

    #[test]
    fn percent_is_rounded_and_never_divides_by_nothing() {
        let booked = |working, meetings, out_of_office| {
            Booked {
                working,
                meetings,
                out_of_office,
                tentative: 0,
            }
            .percent()
        };
        assert_eq!(booked(0, 0, 0), 0);
        assert_eq!(booked(480, 0, 480), 100);
        assert_eq!(booked(1000, 5, 0), 1);
        assert_eq!(booked(1000, 4, 0), 0);
    }

    proptest! {
        #[test]
        fn what_is_booked_fits_into_working_time_and_weeks_add_up(
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            spans in proptest::collection::vec((0i64..40_000, 1i64..6000, 0usize..3), 0..30),
            leave in proptest::collection::vec((0i64..40_000, 1i64..6000), 0..4),
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let base = at("2024-02-10T00:00:00Z");
            let read = Interval::new(base, base + TimeDelta::days(90)).unwrap();
            let span = |from: i64, length: i64| {
                let start = base + TimeDelta::minutes(from);
                Interval::new(start, start + TimeDelta::minutes(length)).unwrap()
            };
            let kinds = [BusyKind::Busy, BusyKind::Tentative, BusyKind::OutOfOffice];
            let all: Vec<Busy> = spans.iter().map(|(from, length, kind)| Busy {
                interval: span(*from, *length), kind: kinds[*kind], all_day: false,
            }).collect();
            let leave: Vec<Interval> = leave.iter().map(|(from, length)| span(*from, *length)).collect();
            let counted = count(zone, &WorkingHours::USUAL, &leave, &all, read);
            for (period, b) in &counted {
                prop_assert!(b.meetings + b.out_of_office + b.tentative <= b.working, "{:?} {:?}", period, b);
                prop_assert!((0..=100).contains(&b.percent()));
            }
            // Saying everything twice, or in another order, changes nothing.
            let mut again: Vec<Busy> = all.iter().rev().chain(&all).copied().collect();
            again.rotate_left(all.len() / 2);
            prop_assert_eq!(&counted, &count(zone, &WorkingHours::USUAL, &leave, &again, read));
            // Minute by minute, for one week.
            let monday: NaiveDate = "2024-02-26".parse().unwrap();
            let week = of(&counted, Period::Week(monday));
            let within = Period::Week(monday).interval(zone);
            let hours = WorkingHours::USUAL.within(zone, within);
            let mut slow = Booked::default();
            for minute in 0..within.minutes() {
                let t = within.start + TimeDelta::minutes(minute);
                let is = |kind| all.iter().any(|b| b.kind == kind && b.interval.contains(t));
                if !hours.iter().any(|h| h.contains(t)) || leave.iter().any(|l| l.contains(t)) { continue; }
                slow.working += 1;
                if is(BusyKind::OutOfOffice) { slow.out_of_office += 1; }
                else if is(BusyKind::Busy) { slow.meetings += 1; }
                else if is(BusyKind::Tentative) { slow.tentative += 1; }
            }
            prop_assert_eq!(week, slow);
        }
    }
}
