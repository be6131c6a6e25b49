//! How many people rules need at the least.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::rules::HardRules;
use crate::vocab::Interval;

/// A floor under the number of people who can fill all slots of these shifts, given with how many slots
/// each has: nobody is in two slots before their rest is over, nor in more than a window allows. With so
/// many people it may still not work out; with fewer it never does. Who can't serve at a time, and
/// weekends in a row, are not looked at.
#[must_use]
pub fn least_people(shifts: &[(Interval, usize)], rules: &HardRules) -> usize {
    let rest = TimeDelta::minutes(i64::from(rules.min_rest_minutes));
    // Clocks may go forward within it: a window of days can be an hour or two shorter.
    let window = TimeDelta::days(i64::from(rules.window_days)) - TimeDelta::hours(2);
    let at_once = peak(shifts, |shift| shift.end + rest);
    let in_window = match rules.max_shifts_in_window {
        Some(limit) if limit > 0 => peak(shifts, |shift| shift.start + window)
            .div_ceil(usize::try_from(limit).unwrap_or(usize::MAX)),
        _ => 0,
    };
    at_once.max(in_window)
}

/// The most slots that hold people at one time, each from the start of its shift until `until`.
fn peak(shifts: &[(Interval, usize)], until: impl Fn(&Interval) -> DateTime<Utc>) -> usize {
    let mut changes: BTreeMap<DateTime<Utc>, i64> = BTreeMap::new();
    for (shift, slots) in shifts {
        let slots = i64::try_from(*slots).unwrap_or(i64::MAX);
        *changes.entry(shift.start).or_default() += slots;
        *changes.entry(until(shift)).or_default() -= slots;
    }
    let held = changes.into_values().scan(0, |held, change| {
        *held += change;
        Some(*held)
    });
    held.max()
        .map_or(0, |most| usize::try_from(most).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rotations::model::Cadence;

    const DAILY: Cadence = Cadence::Hours {
        coverage_minutes: 1440,
        shift_minutes: 1440,
    };

    fn days(slots: usize) -> Vec<(Interval, usize)> {
        let first = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let day = |n| {
            let start = first + TimeDelta::days(n);
            (
                Interval::new(start, start + TimeDelta::days(1)).unwrap(),
                slots,
            )
        };
        (0..30).map(day).collect()
    }

    #[test]
    fn rest_and_window_ask_for_people() {
        let rules = HardRules {
            min_rest_minutes: 660,
            window_days: 30,
            max_shifts_in_window: None,
            ..HardRules::suiting(DAILY)
        };
        // One rests while the other serves.
        assert_eq!(least_people(&days(1), &rules), 2);
        assert_eq!(least_people(&days(2), &rules), 4);
        let no_rest = HardRules {
            min_rest_minutes: 0,
            ..rules.clone()
        };
        assert_eq!(least_people(&days(2), &no_rest), 2);
        // Ten of sixty slots each.
        let limited = HardRules {
            max_shifts_in_window: Some(10),
            ..rules
        };
        assert_eq!(least_people(&days(2), &limited), 6);
        assert_eq!(least_people(&[], &limited), 0);
    }

    proptest::proptest! {
        /// The sweep finds what looking at each start finds.
        #[test]
        fn no_start_has_more_than_the_peak(
            shifts in proptest::collection::vec((0_i64..200, 1_i64..30, 1_usize..4), 0..30),
            held in 0_i64..40,
        ) {
            let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
            let shifts: Vec<(Interval, usize)> = shifts
                .into_iter()
                .map(|(start, hours, slots)| (Interval::new(at(start), at(start + hours)).unwrap(), slots))
                .collect();
            let held = TimeDelta::hours(held);
            let most = |within: &dyn Fn(&Interval, DateTime<Utc>) -> bool| {
                let at_each = shifts.iter().map(|(s, _)| {
                    let others = shifts.iter().filter(|(o, _)| within(o, s.start));
                    others.map(|(_, slots)| slots).sum::<usize>()
                });
                at_each.max().unwrap_or(0)
            };
            let resting = most(&|s, at| s.start <= at && at < s.end + held);
            proptest::prop_assert_eq!(peak(&shifts, |s| s.end + held), resting);
            let within = most(&|s, at| s.start >= at && s.start < at + held);
            proptest::prop_assert_eq!(peak(&shifts, |s| s.start + held), within);
        }
    }
}
