//! What a person's week is usually like.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};

use crate::vocab::Level;

/// Why a weekday was refused. The message is meant for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WeekError {
    /// A part that ends before it starts, or beyond its day.
    #[error("must be after its start, on the same day; 00:00 means midnight at its end")]
    EndNotAfterStart,
    /// Two parts of a day that share time.
    #[error("overlaps the other part of this day; let it start where that ends")]
    Overlap,
    /// More parts than a form shows.
    #[error("a day has at most two parts besides its level")]
    TooMany,
}

/// A part of a weekday with its own level, in minutes of the local day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Part {
    /// First minute, 0 to 1439.
    pub from: u16,
    /// First minute after it, 1 to 1440.
    pub to: u16,
    /// The level in it.
    pub level: Level,
}

/// A weekday: one level, and up to two parts that differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WeekDay {
    level: Level,
    parts: Vec<Part>,
}

impl WeekDay {
    /// A day of one level.
    #[must_use]
    pub fn whole(level: Level) -> Self {
        Self {
            level,
            parts: Vec::new(),
        }
    }

    /// A day of one level, with parts that differ.
    ///
    /// # Errors
    /// Where parts are empty, overlap, or are more than two.
    pub fn new(level: Level, mut parts: Vec<Part>) -> Result<Self, WeekError> {
        if parts.iter().any(|p| p.from >= p.to || p.to > 1440) {
            return Err(WeekError::EndNotAfterStart);
        }
        parts.sort_unstable();
        if parts
            .windows(2)
            .any(|w| matches!(w, [a, b] if a.to > b.from))
        {
            return Err(WeekError::Overlap);
        }
        if parts.len() > 2 {
            return Err(WeekError::TooMany);
        }
        Ok(Self { level, parts })
    }

    /// The level outside its parts.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// The parts that differ, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The whole day as parts without gaps, neighbours of one level merged.
    #[must_use]
    pub fn flat(&self) -> Vec<Part> {
        let mut flat: Vec<Part> = Vec::new();
        let mut push = |from: u16, to: u16, level: Level| {
            if from >= to {
                return;
            }
            match flat.last_mut() {
                Some(last) if last.level == level => last.to = to,
                _ => flat.push(Part { from, to, level }),
            }
        };
        let mut at = 0;
        for part in &self.parts {
            push(at, part.from, self.level);
            push(part.from, part.to, part.level);
            at = part.to;
        }
        push(at, 1440, self.level);
        flat
    }

    /// The day whose `flat` this is (gaps are available): of all ways to say it in one level and
    /// two parts, the one with the fewest parts, then the one whose level lasts longest.
    #[must_use]
    pub fn of_flat(spans: &[Part]) -> Self {
        let filled = Self {
            level: Level::Available,
            parts: spans.to_vec(),
        }
        .flat();
        let minutes = |level: Level| -> u32 {
            let of = filled.iter().filter(|p| p.level == level);
            of.map(|p| u32::from(p.to - p.from)).sum()
        };
        let parts = |level: Level| filled.iter().filter(|p| p.level != level).count();
        let level = Level::ALL
            .into_iter()
            .min_by_key(|l| (parts(*l), u32::MAX - minutes(*l)))
            .unwrap_or(Level::Available);
        let parts = filled.into_iter().filter(|p| p.level != level).collect();
        Self { level, parts }
    }
}

/// Seven weekdays, Monday first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Week(pub [WeekDay; 7]);

impl Week {
    /// Every day of one level.
    #[must_use]
    pub fn every_day(level: Level) -> Self {
        Self(std::array::from_fn(|_| WeekDay::whole(level)))
    }

    /// The weekday that a date falls on.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> &WeekDay {
        let [mon, tue, wed, thu, fri, sat, sun] = &self.0;
        match day.weekday() {
            chrono::Weekday::Mon => mon,
            chrono::Weekday::Tue => tue,
            chrono::Weekday::Wed => wed,
            chrono::Weekday::Thu => thu,
            chrono::Weekday::Fri => fri,
            chrono::Weekday::Sat => sat,
            chrono::Weekday::Sun => sun,
        }
    }
}

impl fmt::Display for Week {
    /// "Mon to Thu available · Fri if needed, 18:00 to 24:00 preferred · Sat, Sun unavailable".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(Vec<&str>, &WeekDay)> = Vec::new();
        for (name, day) in NAMES.iter().zip(&self.0) {
            match groups.last_mut() {
                Some((names, last)) if last.flat() == day.flat() => names.push(name),
                _ => groups.push((vec![name], day)),
            }
        }
        for (n, (names, day)) in groups.iter().enumerate() {
            if n > 0 {
                f.write_str(" · ")?;
            }
            match names.as_slice() {
                [first, _, .., last] => write!(f, "{first} to {last}")?,
                few => f.write_str(&few.join(", "))?,
            }
            write!(f, " {}", day.level)?;
            for part in &day.parts {
                let (from, to) = (minute(part.from), minute(part.to));
                write!(f, ", {from} to {to} {}", part.level)?;
            }
        }
        Ok(())
    }
}

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A minute of the day as "09:00"; its end is "24:00".
#[must_use]
pub fn minute(of_day: u16) -> String {
    format!("{:02}:{:02}", of_day / 60, of_day % 60)
}

/// A week that holds from a date on, until the next pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Its first day, by the person's clock.
    pub from: NaiveDate,
    /// What it says.
    pub week: Week,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn level() -> impl Strategy<Value = Level> {
        proptest::sample::select(Level::ALL.to_vec())
    }

    #[test]
    fn a_week_reads_in_one_line() {
        let mut week = Week::every_day(Level::Available);
        let evening = Part {
            from: 1080,
            to: 1440,
            level: Level::Preferred,
        };
        week.0[4] = WeekDay::new(Level::IfNeeded, vec![evening]).unwrap();
        week.0[5] = WeekDay::whole(Level::Unavailable);
        week.0[6] = WeekDay::whole(Level::Unavailable);
        assert_eq!(
            week.to_string(),
            "Mon to Thu available · Fri if needed, 18:00 to 24:00 preferred · Sat, Sun unavailable"
        );
    }

    #[test]
    fn parts_are_ordered_and_apart() {
        let part = |from, to| Part {
            from,
            to,
            level: Level::Preferred,
        };
        let day = |parts| WeekDay::new(Level::Available, parts);
        assert_eq!(day(vec![part(60, 60)]), Err(WeekError::EndNotAfterStart));
        assert_eq!(day(vec![part(60, 1441)]), Err(WeekError::EndNotAfterStart));
        assert_eq!(
            day(vec![part(60, 120), part(90, 180)]),
            Err(WeekError::Overlap)
        );
        let three = vec![part(0, 1), part(2, 3), part(4, 5)];
        assert_eq!(day(three), Err(WeekError::TooMany));
        assert!(day(vec![part(120, 180), part(60, 120)]).is_ok());
    }

    proptest! {
        #[test]
        fn a_day_comes_back_as_it_was_meant(base in level(), one in level(), two in level(), cuts in proptest::collection::btree_set(0u16..=1440, 4)) {
            let cuts: Vec<u16> = cuts.into_iter().collect();
            let parts = vec![
                Part { from: cuts[0], to: cuts[1], level: one },
                Part { from: cuts[2], to: cuts[3], level: two },
            ];
            let day = WeekDay::new(base, parts).unwrap();
            let flat = day.flat();
            prop_assert_eq!(flat[0].from, 0);
            prop_assert_eq!(flat[flat.len() - 1].to, 1440);
            prop_assert!(flat.windows(2).all(|w| w[0].to == w[1].from && w[0].level != w[1].level));
            // What is available need not be stored.
            let stored: Vec<Part> = flat.iter().copied().filter(|p| p.level != Level::Available).collect();
            let again = WeekDay::of_flat(&stored);
            prop_assert!(again.parts().len() <= 2);
            prop_assert_eq!(again.flat(), flat);
        }
    }
}
