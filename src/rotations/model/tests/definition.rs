use chrono::{NaiveTime, Weekday};

use super::{date, one_leg};
use crate::rotations::model::{
    Cadence, Definition, HardRules, Newcomers, Preset, Weekdays, validate,
};
use crate::vocab::PersonId;

fn sound() -> Definition {
    Preset::Daily.definition(chrono_tz::Europe::Istanbul, date("2026-06-01"))
}

/// What is wrong after a change, as "field: message".
fn wrong(change: impl FnOnce(&mut Definition)) -> Vec<String> {
    wrong_in(sound(), change)
}

fn wrong_in(mut definition: Definition, change: impl FnOnce(&mut Definition)) -> Vec<String> {
    change(&mut definition);
    let errors = validate(&definition).err().unwrap_or_default();
    errors
        .into_iter()
        .map(|e| format!("{}: {}", e.field, e.message))
        .collect()
}

#[test]
fn presets_are_sound() {
    for preset in Preset::ALL {
        let rules = preset.definition(chrono_tz::Europe::Istanbul, date("2026-06-01"));
        assert_eq!(validate(&rules), Ok(()), "{preset:?}");
        assert!(!rules.legs.is_empty() && rules.roles.len() == 2);
        assert_eq!(Preset::from_key(preset.key()), Some(preset));
    }
}

#[test]
fn defaults_of_rules_are_sound_for_every_cadence() {
    for cadence in [Cadence::DAILY, Cadence::DAY_AND_NIGHT, Cadence::Weekly] {
        assert_eq!(
            wrong(|d| d.rules = HardRules::suiting(cadence)),
            Vec::<String>::new()
        );
        assert_eq!(
            wrong(|d| d.rules = HardRules::starting(cadence)),
            Vec::<String>::new()
        );
    }
}

#[test]
fn lengths_must_tile_the_coverage() {
    let hours = |coverage_minutes, shift_minutes| {
        wrong(|d| {
            d.legs[0].cadence = Cadence::Hours {
                coverage_minutes,
                shift_minutes,
            };
        })
    };
    assert_eq!(
        hours(1440, 300),
        [
            "legs.0.shift_minutes: Shifts of 5 h don't fill 24 h of coverage: 4 h 48 min or 6 h would."
        ]
    );
    assert_eq!(
        hours(540, 600),
        ["legs.0.shift_minutes: Shifts of 10 h don't fill 9 h of coverage: 9 h would."]
    );
    assert_eq!(
        hours(1500, 1500),
        [
            "legs.0.coverage_minutes: Cover more than nothing and at most 24 hours a day: enter 1 to 1440 minutes."
        ]
    );
    assert_eq!(
        hours(1440, 0),
        ["legs.0.shift_minutes: Make a shift at least 1 h."]
    );
    assert_eq!(
        hours(30, 60),
        ["legs.0.shift_minutes: Shifts of 1 h don't fill 30 min of coverage: cover a longer time."]
    );
    assert!(hours(1440, 480).is_empty());
}

#[test]
fn days_must_make_sense() {
    assert_eq!(
        wrong(|d| d.legs[0].weekdays = Weekdays::NONE),
        ["legs.0.weekdays: Choose at least one weekday."]
    );
    for bad in ["0001-01-01", "9999-12-31", "1999-12-31", "2200-01-01"] {
        assert_eq!(
            wrong(|d| d.effective_from = date(bad)),
            ["effective_from: Choose a date from 2000 to 2199."]
        );
    }
    let monday = Cadence::WeekdaysAndWeekend {
        weekend_from: Weekday::Mon,
    };
    assert_eq!(wrong(|d| d.legs[0].cadence = monday).len(), 1);
}

#[test]
fn roles_must_make_sense() {
    assert_eq!(
        wrong(|d| d.roles[1].order = 1),
        ["roles.1.order: Primary already has place 1 in the escalation: give Secondary another."]
    );
    assert_eq!(
        wrong(|d| d.roles.clear()),
        ["roles: Add a role, like Primary: nobody is on call without one."]
    );
    assert_eq!(
        wrong(|d| d.roles[0].burden_percent = 1001),
        ["roles.0.burden_percent: Enter a burden in per cent: 0 to 1000."]
    );
    assert_eq!(
        wrong(|d| d.roles.iter_mut().for_each(|r| r.shadow = true)).len(),
        1
    );
    assert_eq!(
        wrong(|d| d.roles[1].name = d.roles[0].name.clone()).len(),
        1
    );
}

#[test]
fn numbers_stay_in_their_ranges() {
    assert_eq!(
        wrong(|d| d.burden.night = -1),
        ["burden.night: Enter points per hour from 0 to 100."]
    );
    assert_eq!(wrong(|d| d.burden.holiday = 10_001).len(), 1);
    assert_eq!(
        wrong(|d| d.rules.window_days = 0),
        ["rules.window_days: Enter the window, in days: 1 to 366."]
    );
    assert_eq!(wrong(|d| d.rules.max_shifts_in_window = Some(0)).len(), 1);
    assert_eq!(
        wrong(|d| d.rules.max_consecutive_weekends = Some(0)).len(),
        1
    );
    assert_eq!(wrong(|d| d.rules.experienced_per_shift = 3).len(), 1);
    assert_eq!(wrong(|d| d.rules.experienced_from_shifts = 1).len(), 1);
    assert_eq!(wrong(|d| d.rules.min_rest_minutes = u32::MAX).len(), 1);
    assert_eq!(wrong(|d| d.rules.look_back_months = 0).len(), 1);
    assert_eq!(
        wrong(|d| d.rules.forbidden_pairs.push((PersonId(1), PersonId(1)))).len(),
        1
    );
}

#[test]
fn overlapping_legs_are_named_with_the_day() {
    let sun = || Preset::FollowTheSun.definition(chrono_tz::UTC, date("2026-06-01"));
    let early = wrong_in(sun(), |d| {
        d.legs[2].handover = NaiveTime::from_hms_opt(6, 0, 0).unwrap();
    });
    assert_eq!(
        early,
        [
            "legs.2.handover: London and New York are both on call for 240 minutes from Monday 1 June 2026, 06:00 (America/New_York): let one begin when the other ends."
        ]
    );
    // An hour of overlap could be the clocks': it is smoothed away.
    assert!(
        wrong_in(sun(), |d| d.legs[2].handover =
            NaiveTime::from_hms_opt(9, 0, 0).unwrap())
        .is_empty()
    );
    // Legs in one zone can't drift apart.
    let twins = wrong(|d| {
        let mut twin = d.legs[0].clone();
        twin.name = "Twin".parse().unwrap();
        d.legs.push(twin);
    });
    assert_eq!(twins.len(), 1, "{twins:?}");
    assert!(wrong_in(sun(), |d| d.legs.clear())[0].starts_with("legs: Add a leg"));
}

#[test]
fn short_shifts_are_for_one_leg_only() {
    let hourly = Cadence::Hours {
        coverage_minutes: 480,
        shift_minutes: 60,
    };
    assert!(wrong(|d| d.legs[0].cadence = hourly).is_empty());
    let sun = Preset::FollowTheSun.definition(chrono_tz::UTC, date("2026-06-01"));
    assert_eq!(
        wrong_in(sun, |d| d.legs[0].cadence = hourly),
        ["legs.0.shift_minutes: Make a shift at least 4 h where several legs take turns."]
    );
}

#[test]
fn newcomers_have_keys() {
    for newcomers in Newcomers::ALL {
        assert_eq!(Newcomers::from_key(newcomers.key()), Some(newcomers));
    }
    assert_eq!(Newcomers::from_key("x"), None);
}

#[test]
fn weekdays_print_and_parse() {
    for bits in 0..=127u8 {
        let days = Weekdays::from_bits(bits).unwrap();
        assert_eq!(days.to_string().parse(), Ok(days));
    }
    assert_eq!(Weekdays::WORKING.to_string(), "mon,tue,wed,thu,fri");
    assert_eq!(Weekdays::from_bits(128), None);
    assert!("mon,someday".parse::<Weekdays>().is_err());
    assert_eq!(Weekdays::WORKING.first(), Some(Weekday::Mon));
    assert!(
        !one_leg(
            chrono_tz::UTC,
            NaiveTime::MIN,
            Cadence::Weekly,
            "2026-01-01"
        )
        .legs[0]
            .weekdays
            .is_empty()
    );
}
