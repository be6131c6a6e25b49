//! Types and rules of availability; no I/O.

mod booked;
mod describe;
mod hours;
mod month;
mod paint;
mod sets;
mod taken;
mod timeline;
mod week;

pub use booked::{Booked, Busy, BusyKind, Period, count, mondays, window};
pub use describe::{clock, describe};
pub use hours::{Hours, WorkingHours};
pub use month::{Day, OnCall, cant_path, lay_busy, weeks};
pub use paint::{Change, Entry, NewEntry, Stroke, beside, paint};
pub use taken::{Taken, taken};
pub use timeline::{Span, Timeline, resolve};
pub use week::{Part, Pattern, Week, WeekDay, WeekError, minute};

use std::str::FromStr;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use crate::vocab::{Interval, Level, Month, PersonId, TimeError, local_instant};

/// A day by the clocks of `zone`, from midnight to midnight; none where the zone skipped it.
#[must_use]
pub fn day_interval(zone: Tz, day: NaiveDate) -> Option<Interval> {
    part_interval(zone, day, 0, 1440)
}

/// Part of a day in minutes of its wall clock, 0 to 1440; none where a clock change skipped it.
#[must_use]
pub fn part_interval(zone: Tz, day: NaiveDate, from: u16, to: u16) -> Option<Interval> {
    let at = |minute: u16| {
        let (day, minute) = if minute >= 1440 {
            (day.checked_add_days(Days::new(1))?, 0)
        } else {
            (day, u32::from(minute))
        };
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
        Some(local_instant(zone, day.and_time(time)))
    };
    Interval::new(at(from)?, at(to)?).ok()
}

/// What to paint: a level, or nothing, which lets the weekly pattern show again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice(pub Option<Level>);

impl Choice {
    /// Its name in forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        self.0.map_or("clear", Level::key)
    }

    /// Its name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.0.map_or("as in my usual week", Level::label)
    }
}

impl FromStr for Choice {
    type Err = <Level as FromStr>::Err;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        if s == "clear" {
            Ok(Self(None))
        } else {
            s.parse().map(|level| Self(Some(level)))
        }
    }
}

/// Share of working time already booked in a month, in percent: 0 to 300.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Percent(i16);

impl Percent {
    /// The number, 0 to 300.
    #[must_use]
    pub fn get(self) -> i16 {
        self.0
    }
}

impl FromStr for Percent {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse::<i16>()
            .ok()
            .filter(|n| (0..=300).contains(n))
            .map(Self)
            .ok_or("must be a whole number from 0 to 300")
    }
}

/// Where a utilisation comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// The person said so.
    Engineer,
    /// A manager of theirs said so.
    Manager,
    /// Counted from their calendars.
    Calendars,
}

impl Source {
    /// The name in tables.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Engineer => "engineer",
            Self::Manager => "manager",
            Self::Calendars => "calendars",
        }
    }

    /// The source of that name; a manager for any other.
    #[must_use]
    pub fn of(key: &str) -> Self {
        if key == "engineer" {
            Self::Engineer
        } else {
            Self::Manager
        }
    }
}

/// How booked a person is in a month: what somebody entered, else what their calendars say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Utilisation {
    /// Percent of working time, 0 to 300: what counts.
    pub percent: i16,
    /// Where it comes from.
    pub source: Source,
    /// Who entered it; none where they are gone, and for calendars.
    pub entered_by: Option<String>,
    /// When it was entered, or the count changed (UTC).
    pub entered_at: DateTime<Utc>,
    /// What their calendars say, whether or not it counts.
    pub booked: Option<Booked>,
}

impl Utilisation {
    /// What somebody entered; it beats the calendars.
    #[must_use]
    pub fn correction(&self) -> Option<i16> {
        (self.source != Source::Calendars).then_some(self.percent)
    }

    /// Whose number it is, for pages.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        match self.source {
            Source::Engineer => "own estimate",
            Source::Manager => "manager",
            Source::Calendars => "from calendars",
        }
    }
}

/// How fresh what calendars say of a person is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Freshness {
    /// Calendars connected.
    pub sources: i64,
    /// Those whose last reading failed.
    pub failing: i64,
    /// Those that were read at least once.
    pub readable: i64,
    /// Since when the oldest of what is known is good (UTC).
    pub oldest_good_at: Option<DateTime<Utc>>,
    /// Those of them that say more than who is away: without one, nobody knows how booked the person is.
    pub booking: i64,
    /// Until when all of what is known reaches (UTC).
    pub known_until: Option<DateTime<Utc>>,
}

impl Freshness {
    /// In a few words, such as "2 calendars, read 12 min ago".
    #[must_use]
    pub fn words(&self, now: DateTime<Utc>) -> String {
        let calendars = match self.sources {
            1 => "1 calendar".to_owned(),
            n => format!("{n} calendars"),
        };
        let read = match self.oldest_good_at {
            Some(at) if self.readable == self.sources => format!(", read {}", ago(at, now)),
            Some(at) => format!(
                ", {} never read, the rest {}",
                self.sources - self.readable,
                ago(at, now)
            ),
            None => ", not read yet".to_owned(),
        };
        let failing = match (self.failing, self.sources) {
            (0, _) => String::new(),
            (_, 1) => "; it can't be read now".to_owned(),
            (n, _) => format!("; {n} can't be read now"),
        };
        format!("{calendars}{read}{failing}")
    }
}

/// How long something is past: "just now", "12 min ago", "5 h ago", "3 days ago".
#[must_use]
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (now - at).num_minutes();
    match minutes {
        ..1 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// Out of office for a day or more: waits to be accepted as leave, or was and is gone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveToDecide {
    /// Names the proposal.
    pub id: i64,
    /// When.
    pub interval: Interval,
    /// It was accepted, and the calendar has not had it any more since then (UTC).
    pub gone_at: Option<DateTime<Utc>>,
}

/// "December is open until the 20th", and this person has not answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Banner {
    /// The month to fill in.
    pub month: Month,
    /// The last day to do so, by the team's clock.
    pub closes_on: NaiveDate,
    /// Name of the team that asks.
    pub team: String,
}

/// A month that a team asks its engineers to fill in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Round {
    /// The month.
    pub month: Month,
    /// The last day, by the team's clock.
    pub closes_on: NaiveDate,
    /// Who opened it; none where they are gone.
    pub opened_by: Option<String>,
}

/// Checks the last day of a round for `month`, opened on `today`.
///
/// # Errors
/// What to choose instead.
pub fn check_closing(month: Month, closes_on: NaiveDate, today: NaiveDate) -> Result<(), String> {
    if month.last() < today {
        Err(format!("{} is over; open a later month", month.title()))
    } else if closes_on < today {
        Err(format!(
            "is in the past; the earliest is today, {}",
            today.format("%-d %B")
        ))
    } else if closes_on > month.last() {
        Err(format!(
            "is after the month; the latest is {}",
            month.last().format("%-d %B")
        ))
    } else {
        Ok(())
    }
}

/// A published shift of somebody who can't serve it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Clash {
    /// Who.
    pub person: PersonId,
    /// The shift.
    pub shift: OnCall,
    /// What they are in it: unavailable or on leave.
    pub level: Level,
    /// Their note there, may be empty.
    pub note: String,
}

/// Those shifts of `shifts` that the timelines' people can't serve.
pub fn clashes_in<'a>(
    shifts: impl IntoIterator<Item = (PersonId, OnCall)> + 'a,
    timelines: &'a std::collections::BTreeMap<PersonId, Timeline>,
) -> impl Iterator<Item = Clash> + 'a {
    shifts.into_iter().filter_map(|(person, shift)| {
        let timeline = timelines.get(&person)?;
        let level = timeline.level(shift.interval);
        let note = timeline
            .pieces(shift.interval)
            .find(|piece| piece.level == level)
            .map(|piece| piece.note)
            .unwrap_or_default();
        (!level.can_serve()).then_some(Clash {
            person,
            shift,
            level,
            note,
        })
    })
}

/// The stretch from one local day (and time) to another: without times, whole days.
///
/// # Errors
/// Where the end is not after the start.
pub fn range_interval(
    zone: Tz,
    from: (NaiveDate, Option<NaiveTime>),
    to: (NaiveDate, Option<NaiveTime>),
) -> Result<Interval, TimeError> {
    let start = local_instant(zone, from.0.and_time(from.1.unwrap_or(NaiveTime::MIN)));
    let end = match to.1 {
        Some(time) => to.0.and_time(time),
        None => to.0.succ_opt().unwrap_or(to.0).and_time(NaiveTime::MIN),
    };
    Interval::new(start, local_instant(zone, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_is_0_to_300() {
        for good in ["0", "38", "300"] {
            assert!(good.parse::<Percent>().is_ok(), "{good}");
        }
        for bad in ["-1", "301", "abc", "", "1.5", "99999999999"] {
            assert!(bad.parse::<Percent>().is_err(), "{bad}");
        }
    }

    #[test]
    fn freshness_reads_well_and_admits_what_is_missing() {
        let now: DateTime<Utc> = "2026-11-16T09:00:00Z".parse().unwrap();
        let fresh = |sources, failing, readable, minutes: Option<i64>| {
            let oldest_good_at = minutes.map(|m| now - chrono::TimeDelta::minutes(m));
            Freshness {
                sources,
                failing,
                readable,
                oldest_good_at,
                booking: readable,
                known_until: None,
            }
            .words(now)
        };
        assert_eq!(fresh(1, 0, 1, Some(0)), "1 calendar, read just now");
        assert_eq!(fresh(2, 0, 2, Some(59)), "2 calendars, read 59 min ago");
        assert_eq!(
            fresh(1, 1, 0, None),
            "1 calendar, not read yet; it can't be read now"
        );
        assert_eq!(
            fresh(3, 1, 2, Some(300)),
            "3 calendars, 1 never read, the rest 5 h ago; 1 can't be read now"
        );
        assert_eq!(
            fresh(1, 1, 1, Some(4320)),
            "1 calendar, read 3 days ago; it can't be read now"
        );
    }

    #[test]
    fn rounds_close_between_today_and_the_end_of_the_month() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let december: Month = "2026-12".parse().unwrap();
        let today = day("2026-11-21");
        assert!(check_closing(december, day("2026-11-21"), today).is_ok());
        assert!(check_closing(december, day("2026-12-31"), today).is_ok());
        assert!(check_closing(december, day("2026-11-20"), today).is_err());
        assert!(check_closing(december, day("2027-01-01"), today).is_err());
        assert!(check_closing("2026-10".parse().unwrap(), today, today).is_err());
    }
}
