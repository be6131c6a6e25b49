//! Tests of the rules, and what they share.

mod burden;
mod definition;
mod imports;
mod shifts;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Cadence, Definition, Leg, Preset, Weekdays};
use crate::vocab::Interval;

pub(super) fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(super) fn interval(start: &str, end: &str) -> Interval {
    Interval::new(utc(start), utc(end)).unwrap()
}

pub(super) fn one_leg(zone: Tz, handover: NaiveTime, cadence: Cadence, from: &str) -> Definition {
    let mut definition = Preset::Daily.definition(zone, date(from));
    definition.legs[0] = Leg {
        handover,
        cadence,
        ..definition.legs[0].clone()
    };
    definition
}

/// Any zone, those with odd clock changes more often.
pub(super) fn any_zone() -> impl Strategy<Value = Tz> {
    let odd = [
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "Antarctica/Troll",
        "Pacific/Chatham",
        "America/Havana",
        "Asia/Beirut",
        "America/Sao_Paulo",
        "Africa/Cairo",
        "Europe/Berlin",
    ];
    prop_oneof![
        prop::sample::select(odd.to_vec()).prop_map(|name| name.parse().unwrap()),
        prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec()),
    ]
}

pub(super) fn any_time() -> impl Strategy<Value = NaiveTime> {
    prop_oneof![
        (0u32..96).prop_map(|q| NaiveTime::from_hms_opt(q / 4, q % 4 * 15, 0).unwrap()),
        // Around the hours at which clocks change.
        (0u32..8).prop_map(|h| NaiveTime::from_hms_opt(h / 2, h % 2 * 30, 0).unwrap()),
    ]
}

/// A cadence that covers all time.
pub(super) fn any_full_cadence() -> impl Strategy<Value = Cadence> {
    let hours = prop::sample::select(vec![60, 120, 180, 240, 360, 480, 720, 1440]);
    prop_oneof![
        hours.prop_map(|shift_minutes| Cadence::Hours {
            coverage_minutes: 1440,
            shift_minutes
        }),
        Just(Cadence::Weekly),
        prop::sample::select(vec![Weekday::Thu, Weekday::Fri, Weekday::Sat])
            .prop_map(|weekend_from| Cadence::WeekdaysAndWeekend { weekend_from }),
    ]
}

/// One leg that covers all time, in force from 2000 on.
pub(super) fn any_full() -> impl Strategy<Value = Definition> {
    (any_zone(), any_time(), any_full_cadence(), 0u8..7).prop_map(|(zone, at, cadence, first)| {
        let mut definition = one_leg(zone, at, cadence, "2000-01-01");
        if cadence == Cadence::Weekly {
            definition.legs[0].weekdays = Weekdays::from_bits(1 << first).unwrap();
        }
        definition
    })
}
