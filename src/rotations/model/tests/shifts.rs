use chrono::{Datelike, Days, NaiveTime, TimeDelta};
use proptest::prelude::*;

use super::{any_full, any_full_cadence, any_time, any_zone, date, interval, one_leg, utc};
use crate::rotations::model::{
    Cadence, Definition, Leg, Preset, Shift, gaps, shifts, shifts_of_month, validate, weekend,
};
use crate::vocab::{Interval, LegId, Month};

fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

/// No gap and no overlap anywhere in the period.
fn seamless(found: &[Shift], period: Interval) -> Result<(), TestCaseError> {
    prop_assert!(!found.is_empty());
    prop_assert!(
        found[0].interval.start <= period.start,
        "starts late: {:?}",
        found[0]
    );
    prop_assert!(
        found[found.len() - 1].interval.end >= period.end,
        "ends early"
    );
    for pair in found.windows(2) {
        prop_assert_eq!(pair[0].interval.end, pair[1].interval.start, "{:?}", pair);
        prop_assert!(pair[0].interval.start < pair[0].interval.end);
    }
    prop_assert_eq!(gaps(found, period), vec![]);
    Ok(())
}

fn year(year: i32) -> Interval {
    let (first, next) = (
        format!("{year}-01-01T00:00:00Z"),
        format!("{}-01-01T00:00:00Z", year + 1),
    );
    interval(&first, &next)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn coverage_has_no_gap_and_no_overlap(rules in any_full(), y in 2001i32..2060) {
        prop_assert_eq!(validate(&rules), Ok(()));
        seamless(&shifts(&[rules], year(y)), year(y))?;
    }

    #[test]
    fn months_and_years_give_the_same_shifts_each_in_one_month(rules in any_full(), y in 2001i32..2060) {
        let rules = [rules];
        let of_year: Vec<Shift> = shifts(&rules, year(y)).into_iter().filter(|s| s.local_start.year() == y).collect();
        // A zone ahead of UTC begins its year before UTC's: ask for those days too.
        let wide = Interval { start: year(y).start - TimeDelta::days(2), end: year(y).end + TimeDelta::days(2) };
        let of_wide: Vec<Shift> = shifts(&rules, wide).into_iter().filter(|s| s.local_start.year() == y).collect();
        let months: Vec<Shift> = (1..=12)
            .flat_map(|m| shifts_of_month(&rules, format!("{y}-{m:02}").parse().unwrap()))
            .collect();
        prop_assert_eq!(&months, &of_wide);
        prop_assert!(of_year.iter().all(|s| months.contains(s)));
    }

    #[test]
    fn any_window_sees_the_same_shifts(seed in 0i64..3000, length in 1i64..40) {
        let rules = [Preset::FollowTheSun.definition(chrono_tz::UTC, date("2020-01-01"))];
        let start = utc("2021-01-01T00:00:00Z") + TimeDelta::hours(seed);
        let small = Interval { start, end: start + TimeDelta::hours(length) };
        let large = Interval { start: start - TimeDelta::days(30), end: small.end + TimeDelta::days(30) };
        let within: Vec<Shift> = shifts(&rules, large).into_iter().filter(|s| s.interval.overlaps(&small)).collect();
        prop_assert_eq!(shifts(&rules, small), within);
    }

    #[test]
    fn changes_of_rules_keep_tiling(
        first in any_full(), zone in any_zone(), handover in any_time(), cadence in any_full_cadence(),
        third in any_full(), day in 0u64..700, later in 0u64..40,
    ) {
        let changed = date("2025-03-01") + Days::new(day);
        let mut second = one_leg(zone, handover, cadence, "2025-03-01");
        second.effective_from = changed;
        let mut third = third;
        third.effective_from = changed + Days::new(later);
        let period = Interval {
            start: utc("2025-01-20T00:00:00Z") + TimeDelta::days(i64::try_from(day).unwrap()),
            end: utc("2025-05-20T00:00:00Z") + TimeDelta::days(i64::try_from(day).unwrap()),
        };
        let found = shifts(&[first, second, third], period);
        seamless(&found, period)?;
        prop_assert!(found.is_sorted_by_key(|s| s.version));
        prop_assert_eq!(found[found.len() - 1].version, 2);
        // Nothing of new rules begins before their date.
        for shift in &found {
            prop_assert!(shift.version < 1 || shift.local_start >= changed);
            prop_assert!(shift.version < 2 || shift.local_start >= changed + Days::new(later));
        }
    }

    #[test]
    fn sites_that_take_turns_tile_any_two_years(
        sites in prop::sample::select(vec![
            [("Australia/Sydney", 9), ("Europe/London", 7), ("America/New_York", 10)],
            [("Pacific/Auckland", 9), ("Europe/Berlin", 6), ("America/Sao_Paulo", 9)],
            [("Asia/Singapore", 9), ("Europe/Istanbul", 12), ("America/Los_Angeles", 9)],
            [("Australia/Lord_Howe", 8), ("Africa/Casablanca", 7), ("America/Chicago", 9)],
        ]),
        first in 2001i32..2040,
    ) {
        let mut rules = Preset::FollowTheSun.definition(chrono_tz::UTC, date("2000-01-01"));
        for (leg, (zone, hour)) in rules.legs.iter_mut().zip(sites) {
            leg.zone = zone.parse().unwrap();
            leg.handover = at(hour);
        }
        rules.effective_from = date(&format!("{first}-01-01"));
        prop_assert_eq!(validate(&rules), Ok(()));
        let period = Interval { start: year(first).start + TimeDelta::days(5), end: year(first + 1).end };
        let found = shifts(std::slice::from_ref(&rules), period);
        seamless(&found, period)?;
    }
}

#[test]
fn london_new_york_sydney_tile_forty_years() {
    let rules = [Preset::FollowTheSun.definition(chrono_tz::UTC, date("2009-12-01"))];
    assert_eq!(validate(&rules[0]), Ok(()));
    let period = Interval {
        start: year(2010).start,
        end: year(2049).end,
    };
    let found = shifts(&rules, period);
    seamless(&found, period).unwrap();
    let lengths: std::collections::BTreeSet<i64> =
        found.iter().map(|s| s.interval.minutes()).collect();
    assert!(lengths.len() > 1, "clocks drift: {lengths:?}");
    assert!(
        lengths.iter().all(|m| (360..=600).contains(m)),
        "{lengths:?}"
    );
}

#[test]
fn a_day_lasts_23_or_25_hours_when_clocks_change() {
    let rules = [one_leg(
        chrono_tz::Europe::Berlin,
        at(9),
        Cadence::DAILY,
        "2026-01-01",
    )];
    let minutes = |day: &str| {
        let shifts = shifts_of_month(&rules, Month::of(date(day)));
        shifts
            .iter()
            .find(|s| s.local_start == date(day))
            .unwrap()
            .interval
            .minutes()
    };
    assert_eq!(minutes("2026-03-28"), 23 * 60);
    assert_eq!(minutes("2026-10-24"), 25 * 60);
    assert_eq!(minutes("2026-10-25"), 24 * 60);
}

#[test]
fn a_shift_that_a_change_swallows_is_left_out() {
    let hourly = Cadence::Hours {
        coverage_minutes: 1440,
        shift_minutes: 60,
    };
    let rules = [one_leg(
        chrono_tz::Europe::Berlin,
        at(0),
        hourly,
        "2026-01-01",
    )];
    let found = shifts_of_month(&rules, "2026-03".parse().unwrap());
    assert_eq!(found.len(), 31 * 24 - 1);
    // Samoa had no 30 December 2011.
    let rules = [one_leg(
        chrono_tz::Pacific::Apia,
        at(0),
        Cadence::DAILY,
        "2011-01-01",
    )];
    let found = shifts_of_month(&rules, "2011-12".parse().unwrap());
    assert_eq!(found.len(), 30);
}

#[test]
fn cadences_start_when_they_say() {
    let istanbul = chrono_tz::Europe::Istanbul;
    let starts = |preset: Preset| -> Vec<String> {
        let rules = [preset.definition(istanbul, date("2026-01-01"))];
        let found = shifts_of_month(&rules, "2026-12".parse().unwrap());
        let local = |t: chrono::DateTime<chrono::Utc>| {
            t.with_timezone(&istanbul).format("%a %d %H").to_string()
        };
        found
            .iter()
            .take(3)
            .map(|s| format!("{} - {}", local(s.interval.start), local(s.interval.end)))
            .collect()
    };
    assert_eq!(starts(Preset::Daily)[0], "Tue 01 09 - Wed 02 09");
    assert_eq!(starts(Preset::Weekly)[0], "Mon 07 09 - Mon 14 09");
    assert_eq!(
        starts(Preset::WeekdaysAndWeekend),
        [
            "Fri 04 17 - Mon 07 17",
            "Mon 07 17 - Fri 11 17",
            "Fri 11 17 - Mon 14 17"
        ]
    );
    assert_eq!(
        starts(Preset::DayAndNight)[..2],
        ["Tue 01 08 - Tue 01 20", "Tue 01 20 - Wed 02 08"]
    );
    assert_eq!(starts(Preset::BusinessHours)[2], "Thu 03 09 - Thu 03 18");
}

#[test]
fn rules_change_at_the_first_start_of_the_new_ones() {
    let zone = chrono_tz::UTC;
    let change = |old: u32, new: u32| -> Vec<(String, String)> {
        let rules = [
            one_leg(zone, at(old), Cadence::DAILY, "2026-01-01"),
            one_leg(zone, at(new), Cadence::DAILY, "2026-06-10"),
        ];
        let period = interval("2026-06-09T12:00:00Z", "2026-06-10T20:00:00Z");
        let text = |t: chrono::DateTime<chrono::Utc>| t.format("%d %H").to_string();
        shifts(&rules, period)
            .iter()
            .map(|s| (text(s.interval.start), text(s.interval.end)))
            .collect()
    };
    let pairs = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    };
    assert_eq!(
        change(9, 9),
        pairs(&[("09 09", "10 09"), ("10 09", "11 09")])
    );
    assert_eq!(
        change(9, 6),
        pairs(&[("09 09", "10 06"), ("10 06", "11 06")])
    );
    assert_eq!(
        change(9, 11),
        pairs(&[("09 09", "10 11"), ("10 11", "11 11")])
    );
    assert_eq!(
        change(9, 15),
        pairs(&[("09 09", "10 09"), ("10 09", "10 15"), ("10 15", "11 15")])
    );
}

#[test]
fn an_overtaken_version_leaves_the_one_before_in_force() {
    let zone = chrono_tz::UTC;
    let rules: Vec<Definition> = vec![
        one_leg(zone, at(9), Cadence::DAILY, "2026-01-01"),
        // Its first Monday would be the 15th, but the next takes over on the 12th.
        one_leg(zone, at(9), Cadence::Weekly, "2026-06-09"),
        one_leg(zone, at(9), Cadence::DAY_AND_NIGHT, "2026-06-12"),
        one_leg(zone, at(8), Cadence::DAILY, "2026-06-12"),
    ];
    let found = shifts(
        &rules,
        interval("2026-06-01T00:00:00Z", "2026-06-20T00:00:00Z"),
    );
    let versions: std::collections::BTreeSet<usize> = found.iter().map(|s| s.version).collect();
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), [0, 3]);
    seamless(
        &found,
        interval("2026-06-01T00:00:00Z", "2026-06-20T00:00:00Z"),
    )
    .unwrap();
}

#[test]
fn nothing_comes_before_the_first_version_and_nonsense_gives_nothing() {
    let rules = one_leg(chrono_tz::UTC, at(9), Cadence::DAILY, "2026-06-10");
    let found = shifts(std::slice::from_ref(&rules), year(2026));
    assert_eq!(found[0].interval.start, utc("2026-06-10T09:00:00Z"));
    for (coverage_minutes, shift_minutes) in [(0, 0), (1440, 0), (60, 120), (u32::MAX, u32::MAX)] {
        let cadence = Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        };
        let nonsense = one_leg(chrono_tz::UTC, at(9), cadence, "2026-01-01");
        assert!(validate(&nonsense).is_err());
        assert_eq!(shifts(&[nonsense, rules.clone()], year(2026)), {
            let mut same = found.clone();
            for shift in &mut same {
                shift.version = 1;
            }
            same
        });
    }
    assert_eq!(shifts(&[], year(2026)), []);
}

#[test]
fn gaps_are_what_nobody_covers() {
    let rules = [Preset::BusinessHours.definition(chrono_tz::UTC, date("2026-01-01"))];
    // A Friday and its weekend.
    let period = interval("2026-06-05T08:00:00Z", "2026-06-08T09:00:00Z");
    let found = shifts(&rules, period);
    assert_eq!(
        gaps(&found, period),
        [
            interval("2026-06-05T08:00:00Z", "2026-06-05T09:00:00Z"),
            interval("2026-06-05T18:00:00Z", "2026-06-08T09:00:00Z"),
        ]
    );
}

#[test]
fn same_zone_legs_keep_a_gap_that_was_meant() {
    let mut rules = one_leg(
        chrono_tz::UTC,
        at(8),
        Cadence::Hours {
            coverage_minutes: 480,
            shift_minutes: 480,
        },
        "2026-01-01",
    );
    let late = Leg {
        id: LegId(2),
        name: "Late".parse().unwrap(),
        handover: at(17),
        ..rules.legs[0].clone()
    };
    rules.legs.push(late);
    assert_eq!(validate(&rules), Ok(()));
    let period = interval("2026-06-01T08:00:00Z", "2026-06-02T01:00:00Z");
    assert_eq!(
        gaps(&shifts(&[rules], period), period),
        [interval("2026-06-01T16:00:00Z", "2026-06-01T17:00:00Z")]
    );
}

#[test]
fn weekends() {
    let berlin = chrono_tz::Europe::Berlin;
    let of = |start, end| weekend(interval(start, end), berlin);
    let saturday = of("2026-06-06T07:00:00Z", "2026-06-07T07:00:00Z");
    assert!(saturday.is_some());
    assert_eq!(of("2026-06-07T07:00:00Z", "2026-06-08T07:00:00Z"), saturday);
    assert_eq!(
        of("2026-06-05T07:00:00Z", "2026-06-06T07:00:00Z"),
        None,
        "Friday's day shift"
    );
    assert_eq!(
        of("2026-06-05T18:00:00Z", "2026-06-06T06:00:00Z"),
        saturday,
        "Friday night"
    );
    assert_eq!(
        of("2026-06-01T07:00:00Z", "2026-06-08T07:00:00Z"),
        saturday,
        "the week before it"
    );
    assert_eq!(of("2026-06-03T07:00:00Z", "2026-06-10T07:00:00Z"), saturday);
    assert_eq!(
        of("2026-06-07T10:00:00Z", "2026-06-14T10:00:00Z"),
        saturday.map(|w| w + 1)
    );
    assert_eq!(
        weekend(
            interval("1970-01-03T00:00:00Z", "1970-01-04T00:00:00Z"),
            chrono_tz::UTC
        ),
        Some(0)
    );
    assert_eq!(
        weekend(
            interval("2026-06-06T00:00:00Z", "2026-06-08T00:00:00Z"),
            chrono_tz::UTC
        ),
        saturday
    );
}
