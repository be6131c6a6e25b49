//! What somebody carried: minutes and points by kind of hour.

use chrono::NaiveDate;

use super::duty::Who;
use crate::vocab::{Interval, Points, RoleId, RotationId, ShiftId};

/// Something for each kind of hour, in the order of [`KINDS`].
pub type Kinds<T> = [T; 4];

/// The kinds of hour: name in style classes and columns, and name on pages.
pub const KINDS: Kinds<(&str, &str)> = [
    ("weekday", "Weekday"),
    ("night", "Night"),
    ("weekend", "Weekend"),
    ("holiday", "Holiday"),
];

/// A slot that somebody served or will serve, published or imported.
#[derive(Clone, Debug)]
pub struct Carried {
    /// Who.
    pub who: Who,
    /// When (UTC).
    pub interval: Interval,
    /// The rotation.
    pub rotation: RotationId,
    /// Its name.
    pub rotation_name: String,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// The shift; none for what was imported.
    pub shift: Option<ShiftId>,
    /// Minutes by kind.
    pub minutes: Kinds<i64>,
    /// Burden by kind. Together they are the slot's burden, exactly.
    pub points: Kinds<Points>,
}

impl Carried {
    /// Its whole burden.
    #[must_use]
    pub fn total(&self) -> Points {
        self.points.iter().copied().sum()
    }
}

/// The rates of a rotation from a day on, in hundredths of a point per hour by kind.
#[derive(Clone, Debug)]
pub struct Rates {
    /// The rotation.
    pub rotation: RotationId,
    /// From this day on, until the next.
    pub from: NaiveDate,
    /// By kind.
    pub by_kind: Kinds<i64>,
}

/// Splits a slot's burden by kind, in proportion to minutes times rate. A slot keeps the burden that
/// it had when it was published; if the rates were edited since, the proportions follow the new
/// ones and the sum stays. Without rates the minutes alone decide.
#[must_use]
pub fn split(points: Points, minutes: Kinds<i64>, rates: Kinds<i64>) -> Kinds<Points> {
    let mut weights = [0, 1, 2, 3].map(|k| {
        let (minutes, rate) = (minutes.get(k), rates.get(k));
        minutes.copied().unwrap_or(0) * rate.copied().unwrap_or(0)
    });
    if weights.iter().sum::<i64>() == 0 {
        weights = minutes;
    }
    let mut weight_left: i64 = weights.iter().sum();
    let mut left = points.0;
    weights.map(|weight| {
        if weight_left == 0 {
            return Points(0);
        }
        // Each takes its part of what is left, so that nothing is lost to rounding.
        let part = i128::from(left) * i128::from(weight) / i128::from(weight_left);
        // No more than what is left, so it fits.
        let part = i64::try_from(part).unwrap_or(left);
        left -= part;
        weight_left -= weight;
        Points(part)
    })
}

/// A piece of a bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    /// Style class.
    pub key: &'static str,
    /// Name.
    pub label: &'static str,
    /// How much.
    pub points: Points,
    /// Where it begins, in percent of the width.
    pub x: f64,
    /// Its width in percent.
    pub width: f64,
}

/// The pieces of a bar that would be full at `most`. Empty ones are left out.
#[must_use]
pub fn segments(points: &Kinds<Points>, most: Points) -> Vec<Segment> {
    let mut sum = Points(0);
    let mut out = Vec::new();
    for ((key, label), part) in KINDS.into_iter().zip(points) {
        if part.0 > 0 {
            out.push(Segment {
                key,
                label,
                points: *part,
                x: percent(sum, most),
                width: percent(*part, most),
            });
        }
        sum += *part;
    }
    out
}

/// A share in percent with two decimals; 0 of nothing.
#[allow(clippy::cast_precision_loss)] // For drawing.
fn percent(part: Points, most: Points) -> f64 {
    if most.0 <= 0 {
        return 0.0;
    }
    (part.0 as f64 * 10_000.0 / most.0 as f64).round() / 100.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn points_follow_minutes_and_rates() {
        let got = split(
            Points(100 * 13 + 150 * 10),
            [780, 600, 0, 0],
            [100, 150, 200, 300],
        );
        assert_eq!(got, [1300, 1500, 0, 0].map(Points));
        assert_eq!(
            split(Points(10), [60, 60, 0, 0], [0; 4]),
            [5, 5, 0, 0].map(Points)
        );
        assert_eq!(split(Points(10), [0; 4], [1; 4]), [Points(0); 4]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost(points in 0i64..1_000_000, minutes in prop::array::uniform4(0i64..50_000), rates in prop::array::uniform4(0i64..=10_000)) {
            prop_assume!(minutes.iter().sum::<i64>() > 0);
            let parts = split(Points(points), minutes, rates);
            prop_assert!(parts.iter().all(|p| p.0 >= 0));
            prop_assert_eq!(parts.into_iter().sum::<Points>(), Points(points));
        }

        #[test]
        fn bars_are_seamless_and_end_within(points in prop::array::uniform4(0i64..100_000)) {
            let points = points.map(Points);
            let total: Points = points.iter().copied().sum();
            let pieces = segments(&points, total);
            let mut end = 0.0;
            for piece in &pieces {
                prop_assert!((piece.x - end).abs() < 0.05);
                end = piece.x + piece.width;
            }
            prop_assert!(end < 100.05);
        }
    }
}
