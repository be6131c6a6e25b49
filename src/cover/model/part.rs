//! A part of a shift, as typed.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::vocab::{Interval, is_whole_minute, local_instant};

/// Why a part was refused. The message is meant for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PartError {
    /// Not a day and a time.
    #[error("must be a day and a time, like 2026-12-24 18:00")]
    NotATime,
    /// Begins before the shift or before now.
    #[error("must lie within the shift, and not before now")]
    Outside,
    /// Ends before it begins.
    #[error("must be after the start")]
    Backwards,
    /// Too short to change hands for.
    #[error("must be at least 15 minutes after the start")]
    TooShort,
}

/// The shortest part that changes hands, in minutes.
const SHORTEST: i64 = 15;

fn instant(typed: &str, zone: Tz) -> Result<DateTime<Utc>, PartError> {
    let typed = typed.trim().replace(' ', "T");
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let local = formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&typed, format).ok());
    let local = local.filter(is_whole_minute);
    let local = local.filter(|t| (2000..2200).contains(&chrono::Datelike::year(t)));
    Ok(local_instant(zone, local.ok_or(PartError::NotATime)?))
}

/// The part of what is left of a shift that goes from one wall-clock time to another in `zone`. Empty
/// texts mean its limits. An error comes with the name of the field it belongs to.
///
/// # Errors
/// Where a text is no time, or the part is not within `left`.
pub fn part_of(
    left: Interval,
    from: &str,
    to: &str,
    zone: Tz,
) -> Result<Interval, (&'static str, PartError)> {
    let at = |text: &str, limit: DateTime<Utc>| {
        if text.trim().is_empty() {
            Ok(limit)
        } else {
            instant(text, zone)
        }
    };
    let start = at(from, left.start).map_err(|error| ("from", error))?;
    let end = at(to, left.end).map_err(|error| ("to", error))?;
    // A form shows whole minutes: what has begun meanwhile begins now.
    if start < left.start && (left.start - start).num_minutes() > 0 || start >= left.end {
        return Err(("from", PartError::Outside));
    }
    if end > left.end {
        return Err(("to", PartError::Outside));
    }
    let part =
        Interval::new(start.max(left.start), end).map_err(|_| ("to", PartError::Backwards))?;
    if part.minutes() < SHORTEST.min(left.minutes()) {
        return Err(("to", PartError::TooShort));
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn interval(start: &str, end: &str) -> Interval {
        Interval::new(start.parse().unwrap(), end.parse().unwrap()).unwrap()
    }

    #[test]
    fn nothing_typed_is_all_of_it() {
        let left = interval("2026-12-03T06:00:00Z", "2026-12-04T06:00:00Z");
        assert_eq!(part_of(left, "", "", Tz::Europe__Istanbul), Ok(left));
        assert_eq!(
            part_of(
                left,
                "2026-12-03T18:00",
                "2026-12-03 22:00",
                Tz::Europe__Istanbul
            ),
            Ok(interval("2026-12-03T15:00:00Z", "2026-12-03T19:00:00Z"))
        );
    }

    #[test]
    fn bad_parts_say_what_is_wrong() {
        let left = interval("2026-12-03T06:00:00Z", "2026-12-04T06:00:00Z");
        let part = |from, to| part_of(left, from, to, Tz::UTC);
        assert_eq!(part("soon", ""), Err(("from", PartError::NotATime)));
        // Burden is counted in minutes.
        for seconds in ["2026-12-03T10:00:30", "2026-12-03T10:00:60"] {
            assert_eq!(part(seconds, ""), Err(("from", PartError::NotATime)));
        }
        assert!(part("2026-12-03T10:00:00", "").is_ok());
        assert_eq!(
            part("", "9999-12-03T00:00"),
            Err(("to", PartError::NotATime))
        );
        assert_eq!(
            part("2026-12-03T05:00", ""),
            Err(("from", PartError::Outside))
        );
        assert_eq!(
            part("2026-12-04T06:00", ""),
            Err(("from", PartError::Outside))
        );
        assert_eq!(
            part("", "2026-12-04T06:01"),
            Err(("to", PartError::Outside))
        );
        assert_eq!(
            part("2026-12-03T12:00", "2026-12-03T11:00"),
            Err(("to", PartError::Backwards))
        );
        assert_eq!(
            part("2026-12-03T12:00", "2026-12-03T12:10"),
            Err(("to", PartError::TooShort))
        );
    }

    #[test]
    fn clocks_that_change_within_the_shift() {
        // Berlin, 25 October 2026: 03:00 becomes 02:00. The first 02:30 is meant.
        let berlin = Tz::Europe__Berlin;
        let autumn = interval("2026-10-24T18:00:00Z", "2026-10-25T08:00:00Z");
        assert_eq!(
            part_of(autumn, "2026-10-25T02:30", "", berlin),
            Ok(interval("2026-10-25T00:30:00Z", "2026-10-25T08:00:00Z"))
        );
        // 29 March 2026: 02:00 becomes 03:00. 02:30 does not exist and means 03:00.
        let spring = interval("2026-03-28T18:00:00Z", "2026-03-29T08:00:00Z");
        let part = part_of(spring, "", "2026-03-29T02:30", berlin).unwrap();
        assert_eq!(
            part,
            interval("2026-03-28T18:00:00Z", "2026-03-29T01:00:00Z")
        );
        // Five clock hours on the day, four that pass.
        let night = part_of(spring, "2026-03-29T00:00", "2026-03-29T05:00", berlin).unwrap();
        assert_eq!(night.minutes(), 240);
    }

    proptest! {
        #[test]
        fn a_part_lies_within(from in "\\PC{0,20}", to in "2026-12-0[34]T[0-2][0-9]:[0-5][0-9]") {
            let left = interval("2026-12-03T06:00:00Z", "2026-12-04T06:00:00Z");
            if let Ok(part) = part_of(left, &from, &to, Tz::Asia__Kolkata) {
                prop_assert!(part.start >= left.start && part.end <= left.end);
            }
        }
    }
}
