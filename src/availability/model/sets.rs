//! Sets of instants as intervals in order, without overlaps, none touching the next.

use crate::vocab::Interval;

/// Any intervals as a set.
#[must_use]
pub fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut set: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        match set.last_mut() {
            Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
            _ => set.push(interval),
        }
    }
    set
}

/// What two sets share.
#[must_use]
pub fn shared(a: &[Interval], b: &[Interval]) -> Vec<Interval> {
    let mut set = Vec::new();
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        set.extend(x.intersection(y));
        if x.end < y.end {
            left.next();
        } else {
            right.next();
        }
    }
    set
}

/// What is in the first and not in the second.
#[must_use]
pub fn without(a: &[Interval], b: &[Interval]) -> Vec<Interval> {
    let mut set = Vec::new();
    let mut first = 0;
    for interval in a {
        let mut at = interval.start;
        // Those that end before this one starts end before every later one, too.
        first += b
            .iter()
            .skip(first)
            .take_while(|cut| cut.end <= interval.start)
            .count();
        for cut in b.iter().skip(first) {
            if cut.start >= interval.end {
                break;
            }
            set.extend(Interval::new(at, cut.start).ok());
            at = at.max(cut.end);
        }
        set.extend(Interval::new(at, interval.end).ok());
    }
    set
}

/// Minutes of a set within an interval.
#[must_use]
pub fn minutes(set: &[Interval], within: Interval) -> i64 {
    let first = set.partition_point(|i| i.end <= within.start);
    set.iter()
        .skip(first)
        .map_while(|i| i.intersection(&within))
        .map(|i| i.minutes())
        .sum()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::*;

    fn set(of: &[(i64, i64)]) -> Vec<Interval> {
        let at = |m: i64| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(m);
        let all = of
            .iter()
            .map(|(from, length)| Interval::new(at(*from), at(from + length)).unwrap());
        merged(all.collect())
    }

    proptest! {
        #[test]
        fn sets_agree_with_their_instants(
            a in proptest::collection::vec((0i64..300, 1i64..40), 0..12),
            b in proptest::collection::vec((0i64..300, 1i64..40), 0..12),
        ) {
            let has = |of: &[(i64, i64)], m: i64| of.iter().any(|(from, length)| (*from..from + length).contains(&m));
            let (x, y) = (set(&a), set(&b));
            for set in [&x, &y, &shared(&x, &y), &without(&x, &y)] {
                prop_assert!(set.windows(2).all(|w| w[0].end < w[1].start), "{:?}", set);
            }
            let counts = |set: &[Interval], want: &dyn Fn(i64) -> bool| {
                let wanted: i64 = (0..400).filter(|m| want(*m)).count().try_into().unwrap();
                let all = self::set(&[(0, 400)])[0];
                let right = (0..400).all(|m| {
                    let t = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(m);
                    set.iter().any(|i| i.contains(t)) == want(m)
                });
                right && minutes(set, all) == wanted
            };
            prop_assert!(counts(&x, &|m| has(&a, m)));
            prop_assert!(counts(&shared(&x, &y), &|m| has(&a, m) && has(&b, m)));
            prop_assert!(counts(&without(&x, &y), &|m| has(&a, m) && !has(&b, m)));
        }
    }
}
