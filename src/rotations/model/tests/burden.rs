use std::collections::BTreeMap;

use chrono::{NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::{any_time, any_zone, date, interval, utc};
use crate::rotations::model::{BurdenRules, Minutes};
use crate::vocab::{Interval, Points};

fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

fn none() -> BTreeMap<chrono::NaiveDate, String> {
    BTreeMap::new()
}

proptest! {
    #[test]
    fn minutes_add_up_and_cutting_a_shift_changes_nothing(
        zone in any_zone(), night_from in any_time(), night_to in any_time(),
        start in 0i64..60 * 366 * 24 * 60, length in 2i64..12_000, cut in 0.0f64..1.0, holiday in 0u64..10,
    ) {
        let rules = BurdenRules { night_from, night_to, ..BurdenRules::default() };
        let start = utc("2001-01-01T00:00:00Z") + TimeDelta::minutes(start);
        let whole = Interval { start, end: start + TimeDelta::minutes(length) };
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let middle = start + TimeDelta::minutes(1 + ((length - 2) as f64 * cut) as i64);
        let day = start.date_naive() + chrono::Days::new(holiday);
        let holidays = BTreeMap::from([(day, "Day off".to_owned())]);
        let count = |i| rules.minutes(i, zone, &holidays);
        let minutes = count(whole);
        prop_assert_eq!(minutes.total(), whole.minutes());
        let parts = [Interval { start, end: middle }, Interval { start: middle, end: whole.end }];
        prop_assert_eq!(count(parts[0]) + count(parts[1]), minutes);
        for n in [minutes.weekday, minutes.night, minutes.weekend, minutes.holiday] {
            prop_assert!(n >= 0);
        }
    }

    #[test]
    fn each_minute_has_the_kind_its_clock_says(
        start in 0i64..366 * 24 * 60, length in 1i64..3000, night_from in any_time(), night_to in any_time(),
    ) {
        // Checked minute by minute in a zone without clock changes.
        use chrono::{Datelike, Timelike};
        let zone = chrono_tz::Asia::Tokyo;
        let rules = BurdenRules { night_from, night_to, ..BurdenRules::default() };
        let holidays = BTreeMap::from([(date("2026-01-02"), String::new()), (date("2026-05-03"), String::new())]);
        let start = utc("2026-01-01T00:00:00Z") + TimeDelta::minutes(start);
        let mut want = Minutes::default();
        for minute in 0..length {
            let local = (start + TimeDelta::minutes(minute)).with_timezone(&zone).naive_local();
            let time = local.time();
            let night = if night_from <= night_to { night_from <= time && time < night_to } else { time >= night_from || time < night_to };
            if holidays.contains_key(&local.date()) {
                want.holiday += 1;
            } else if local.weekday().num_days_from_monday() >= 5 {
                want.weekend += 1;
            } else if night {
                want.night += 1;
            } else {
                want.weekday += 1;
            }
            prop_assert_eq!(local.second(), 0);
        }
        let whole = Interval { start, end: start + TimeDelta::minutes(length) };
        prop_assert_eq!(rules.minutes(whole, zone, &holidays), want);
    }
}

#[test]
fn a_night_has_an_hour_less_or_more_when_clocks_change() {
    let rules = BurdenRules {
        night_from: at(22),
        night_to: at(6),
        ..BurdenRules::default()
    };
    // Cairo changes on Friday mornings: 24 April and 30 October 2026.
    let cairo = chrono_tz::Africa::Cairo;
    let night = |start, end| rules.minutes(interval(start, end), cairo, &none());
    let spring = night("2026-04-23T20:00:00Z", "2026-04-24T03:00:00Z");
    assert_eq!((spring.night, spring.total()), (7 * 60, 7 * 60));
    let autumn = night("2026-10-29T19:00:00Z", "2026-10-30T04:00:00Z");
    assert_eq!((autumn.night, autumn.total()), (9 * 60, 9 * 60));
}

#[test]
fn a_holiday_outweighs_a_weekend_outweighs_a_night() {
    let rules = BurdenRules::default();
    let saturday = interval("2026-12-26T00:00:00Z", "2026-12-27T00:00:00Z");
    let holidays = BTreeMap::from([(date("2026-12-26"), "Boxing Day".to_owned())]);
    let with = rules.minutes(saturday, chrono_tz::UTC, &holidays);
    assert_eq!(
        with,
        Minutes {
            holiday: 1440,
            ..Minutes::default()
        }
    );
    let without = rules.minutes(saturday, chrono_tz::UTC, &none());
    assert_eq!(
        without,
        Minutes {
            weekend: 1440,
            ..Minutes::default()
        }
    );
}

#[test]
fn points_are_rounded_once() {
    let rules = BurdenRules::default();
    let day = Minutes {
        weekday: 14 * 60,
        night: 10 * 60,
        ..Minutes::default()
    };
    assert_eq!(rules.points(day, 100), Points(300));
    assert_eq!(rules.points(day, 50), Points(150));
    assert_eq!(rules.points(day, 0), Points(0));
    // 7 minutes of 0.10 an hour are 0.01166..., at 50 % 0.00583...: rounded once, 0.01.
    let short = Minutes {
        weekday: 7,
        ..Minutes::default()
    };
    assert_eq!(rules.points(short, 100), Points(1));
    assert_eq!(rules.points(short, 50), Points(1));
    let three = Minutes {
        weekday: 3,
        ..Minutes::default()
    };
    assert_eq!(rules.points(three, 99), Points(0));
    assert_eq!(rules.points(three, 100), Points(1), "halves go up");
    // From half a point on tenths: 3.42 points, at 50 % 1.71.
    let friday = Minutes {
        weekday: 13 * 60,
        night: 2 * 60,
        weekend: 9 * 60,
        ..Minutes::default()
    };
    assert_eq!(rules.points(friday, 100), Points(340));
    assert_eq!(rules.points(friday, 50), Points(170));
    assert_eq!(rules.points(friday, 14), Points(48));
    assert_eq!(rules.points(friday, 15), Points(50), "0.51 points");
}
