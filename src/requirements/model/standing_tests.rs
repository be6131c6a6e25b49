use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::*;
use crate::vocab::{PersonId, RequirementId};

fn hour(h: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + h * 3600, 0).unwrap()
}

fn record(id: i64, state: State) -> Record {
    Record {
        id,
        requirement: RequirementId(1),
        person: PersonId(1),
        state,
        asked_at: hour(0),
        request_note: String::new(),
        decided_at: None,
        decided_by: None,
        is_own: false,
        note: String::new(),
        held_from: None,
        held_until: None,
        revoked_at: None,
        revoked_by: None,
        revoke_note: String::new(),
    }
}

fn held(id: i64, from: i64, until: Option<i64>) -> Record {
    Record {
        held_from: Some(hour(from)),
        held_until: until.map(hour),
        ..record(id, State::Held)
    }
}

fn revoked(id: i64, from: i64, until: Option<i64>, at: i64) -> Record {
    Record {
        state: State::Revoked,
        revoked_at: Some(hour(at)),
        ..held(id, from, until)
    }
}

fn standing(records: &[Record], at: i64) -> Standing {
    Place::of(records, hour(at)).standing
}

#[test]
fn a_year_of_one_requirement() {
    let year = 365 * 24;
    assert_eq!(standing(&[], 0), Standing::Missing);
    let asked = [record(1, State::Pending)];
    assert_eq!(standing(&asked, 0), Standing::Pending);
    let mut records = vec![held(1, 0, Some(year))];
    assert_eq!(standing(&records, 0), Standing::Held(Some(hour(year))));
    assert!(!Place::of(&records, hour(year - 721)).lapses_soon());
    assert!(!Place::of(&records, hour(year - 721)).may_ask());
    assert!(Place::of(&records, hour(year - 720)).lapses_soon());
    assert!(Place::of(&records, hour(year - 720)).may_ask());
    assert_eq!(standing(&records, year), Standing::Expired(hour(year)));

    // A renewal that waits takes nothing away; one that is refused neither.
    records.push(record(2, State::Pending));
    let place = Place::of(&records, hour(year - 1));
    assert!(place.is_held() && place.pending.is_some() && !place.may_ask());
    assert_eq!(standing(&records, year), Standing::Pending);
    records[1] = Record {
        note: "the course was another".into(),
        ..record(2, State::Refused)
    };
    let place = Place::of(&records, hour(year - 1));
    assert!(place.is_held() && place.may_ask());
    assert_eq!(place.refused.unwrap().note, "the course was another");

    // Signed off at last: the refusal is no longer the news.
    records.push(held(3, year - 1, Some(2 * year)));
    let place = Place::of(&records, hour(year - 1));
    assert_eq!(place.standing, Standing::Held(Some(hour(2 * year))));
    assert!(place.refused.is_none());
}

#[test]
fn what_is_revoked_was_held_until_then() {
    let records = [revoked(1, 0, None, 5)];
    assert_eq!(standing(&records, 4), Standing::Held(Some(hour(5))));
    assert_eq!(standing(&records, 5), Standing::Missing);
    assert!(Place::of(&records, hour(5)).was_revoked());
    // Revoked in the instant it was given: never held.
    assert_eq!(standing(&[revoked(1, 5, None, 5)], 5), Standing::Missing);
    // Lapsed before it was revoked: it did lapse, but the manager's word is what remains.
    assert_eq!(
        standing(&[held(1, 0, Some(3))], 9),
        Standing::Expired(hour(3))
    );
}

#[test]
fn it_lapses_as_a_day_starts_in_the_teams_zone() {
    let from: DateTime<Utc> = "2026-03-28T22:30:00Z".parse().unwrap();
    let istanbul = chrono_tz::Europe::Istanbul;
    // Already 29 March there.
    assert_eq!(
        lapse(from, Some(1), istanbul).unwrap().to_rfc3339(),
        "2026-03-29T21:00:00+00:00"
    );
    let berlin = chrono_tz::Europe::Berlin;
    assert_eq!(
        lapse(from, Some(1), berlin).unwrap().to_rfc3339(),
        "2026-03-28T23:00:00+00:00"
    );
    assert_eq!(lapse(from, None, berlin), None);
}

#[test]
fn a_sign_off_may_look_back_but_not_ahead() {
    let now: DateTime<Utc> = "2026-11-16T09:00:00Z".parse().unwrap();
    let signed = |day: &str, valid| {
        Span::signed(
            Some(day.parse().unwrap()),
            valid,
            chrono_tz::Europe::Istanbul,
            now,
        )
    };
    let span = signed("2026-11-16", Some(1)).unwrap();
    assert_eq!(span.from.to_rfc3339(), "2026-11-15T21:00:00+00:00");
    assert_eq!(
        span.until.unwrap().to_rfc3339(),
        "2026-11-16T21:00:00+00:00"
    );
    assert!(signed("2026-11-17", Some(1)).is_err());
    assert!(signed("2026-11-15", Some(1)).is_err());
    assert!(signed("2000-01-01", None).is_ok());
    let span = Span::signed(None, None, chrono_tz::UTC, now).unwrap();
    assert_eq!((span.from, span.until), (now, None));
}

fn spans() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    let span = (0i64..60, proptest::option::weighted(0.9, 1i64..40))
        .prop_map(|(from, length)| (from, length.map(|l| from + l)));
    proptest::collection::vec(span, 0..6)
}

fn records() -> impl Strategy<Value = Vec<Record>> {
    let one = (
        0i64..60,
        proptest::option::weighted(0.8, 1i64..40),
        0u8..6,
        1i64..60,
    );
    proptest::collection::vec(one, 0..7).prop_map(|rows| {
        let mut waits = false;
        let build = |(i, (from, length, kind, after)): (usize, (i64, Option<i64>, u8, i64))| {
            let id = i64::try_from(i).unwrap();
            let until = length.map(|l| from + l);
            match kind {
                0 if !waits => {
                    waits = true;
                    record(id, State::Pending)
                }
                1 => record(id, State::Refused),
                2 => record(id, State::Withdrawn),
                3 => revoked(id, from, until, from + after),
                _ => held(id, from, until),
            }
        };
        rows.into_iter().enumerate().map(build).collect()
    })
}

proptest! {
    #[test]
    fn reach_is_exactly_the_union(spans in spans(), at in 0i64..110) {
        let list = || spans.iter().map(|(from, until)| Span { from: hour(*from), until: until.map(hour) });
        let covered = |h: i64| spans.iter().any(|(from, until)| *from <= h && until.is_none_or(|u| h < u));
        match hold(list(), hour(at)) {
            Hold::No => prop_assert!(!covered(at)),
            Hold::ForEver => prop_assert!((at..200).all(covered)),
            Hold::Until(end) => {
                let end = (end - hour(0)).num_hours();
                prop_assert!((at..end).all(covered) && !covered(end));
            }
        }
    }

    #[test]
    fn asking_never_takes_a_holding_away(mut rows in records(), at in 0i64..110) {
        let asks = |r: &Record| matches!(r.state, State::Pending | State::Refused | State::Withdrawn);
        let before = Place::of(&rows, hour(at)).is_held();
        rows.retain(|r| !asks(r));
        prop_assert_eq!(before, Place::of(&rows, hour(at)).is_held());
    }

    #[test]
    fn time_alone_only_moves_held_to_expired(rows in records(), at in 0i64..110) {
        let now = standing(&rows, at);
        let next = standing(&rows, at + 1);
        // Holdings that begin later are the only other way on, and there the next is held.
        let fine = match (now, next) {
            (_, Standing::Held(_)) | (Standing::Pending, Standing::Pending) | (Standing::Missing, Standing::Missing) => true,
            (Standing::Held(until), Standing::Expired(since)) => until == Some(since),
            (Standing::Held(Some(until)), Standing::Pending | Standing::Missing) => until == hour(at + 1),
            (Standing::Expired(a), Standing::Expired(b)) => a == b,
            _ => false,
        };
        prop_assert!(fine, "{now:?} then {next:?}");
    }

    #[test]
    fn what_lapses_does_so_within_its_days(seconds in 0i64..40_000_000, days in 1i32..3650, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
        let from = hour(0) + TimeDelta::seconds(seconds);
        let until = lapse(from, Some(days), chrono_tz::TZ_VARIANTS[zone]).unwrap();
        prop_assert!(from < until);
        // A day may have 25 hours.
        prop_assert!(until - from <= TimeDelta::days(i64::from(days)) + TimeDelta::hours(2));
    }
}
