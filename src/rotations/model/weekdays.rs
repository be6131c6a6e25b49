//! A choice of weekdays.

use std::fmt;
use std::str::FromStr;

use chrono::Weekday;

const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// A set of weekdays, kept as bits: Monday is bit 0, Sunday bit 6.
///
/// Prints and parses as "mon,tue,fri"; the empty set is "".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Weekdays(u8);

/// A word that names no weekday.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("choose weekdays out of mon, tue, wed, thu, fri, sat and sun")]
pub struct UnknownWeekday;

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);
    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);
    /// None chosen.
    pub const NONE: Self = Self(0);

    /// From bits, Monday first; `None` where a bit beyond Sunday is set.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        (bits <= Self::ALL.0).then_some(Self(bits))
    }

    /// The bits, Monday first.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether that day is chosen.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }

    /// Whether none is chosen.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The chosen days from Monday on.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        WEEK.into_iter().filter(move |d| self.contains(*d))
    }

    /// The first chosen day from Monday on.
    #[must_use]
    pub fn first(self) -> Option<Weekday> {
        self.iter().next()
    }
}

fn bit(day: Weekday) -> u8 {
    1 << day.num_days_from_monday()
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |bits, d| bits | bit(d)))
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, day) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}", day.to_string().to_lowercase())?;
        }
        Ok(())
    }
}

impl FromStr for Weekdays {
    type Err = UnknownWeekday;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.split(',')
            .map(str::trim)
            .filter(|w| !w.is_empty())
            .map(|w| w.parse().map_err(|_| UnknownWeekday))
            .collect()
    }
}
