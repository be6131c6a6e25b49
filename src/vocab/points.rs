//! Burden is counted in points, kept as whole hundredths so that sums are exact.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

/// Burden in hundredths of a point. Shown with one decimal: `Points(650)` is "6.5".
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Default,
    Serialize,
    Deserialize,
    sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct Points(pub i64);

impl Points {
    /// With a sign, also for what is above zero: "+3.0", "-6.5", "0.0".
    #[must_use]
    pub fn signed(self) -> String {
        let rounded = self.tenths();
        if rounded > 0 {
            format!("+{self}")
        } else {
            self.to_string()
        }
    }

    fn tenths(self) -> i64 {
        let half = if self.0 < 0 { -5 } else { 5 };
        self.0.saturating_add(half) / 10
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = self.tenths();
        let sign = if tenths < 0 { "-" } else { "" };
        let size = tenths.unsigned_abs();
        write!(f, "{sign}{}.{}", size / 10, size % 10)
    }
}

impl Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Points {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Points {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::Points;

    #[test]
    fn shown_with_one_decimal_rounded_half_away_from_zero() {
        let shown: Vec<String> = [650, -650, 4, -4, 5, -5, 0, 100, 12345]
            .map(|n| Points(n).to_string())
            .into();
        assert_eq!(
            shown,
            [
                "6.5", "-6.5", "0.0", "0.0", "0.1", "-0.1", "0.0", "1.0", "123.5"
            ]
        );
        assert_eq!(Points(300).signed(), "+3.0");
        assert_eq!(Points(3).signed(), "0.0");
        assert_eq!(Points(-300).signed(), "-3.0");
    }
}
