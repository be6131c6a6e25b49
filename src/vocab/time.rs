//! Instants are UTC; a wall-clock time means something only together with a zone.

use std::fmt;
use std::str::FromStr;

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta,
    TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// Why a time was refused. The message is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a name in the IANA list.
    #[error("is not a time zone we know, like Europe/Istanbul or America/New_York")]
    UnknownZone,
    /// Not `yyyy-mm`, or outside 2000 to 2199.
    #[error("is not a month, like 2026-12")]
    NotMonth,
    /// Not after its start.
    #[error("must be after the start")]
    EndNotAfterStart,
}

/// The zone of that IANA name.
///
/// # Errors
/// Where nobody knows the name.
pub fn zone(name: &str) -> Result<Tz, TimeError> {
    name.trim().parse().map_err(|_| TimeError::UnknownZone)
}

/// Why a typed zone was refused. The message is meant for the person who typed it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Several zones have such a city; some of them.
    #[error("is in several time zones: choose one of {}", .0.join(", "))]
    Several(Vec<&'static str>),
    /// None has; those that begin alike.
    #[error("is not a time zone we know; {} is alike", .0.join(" or "))]
    Alike(Vec<&'static str>),
    /// None has, nor anything like it.
    #[error("is not a time zone we know. Type a big city in it, like Istanbul or New York")]
    Unknown,
}

/// The zone that somebody typed: its IANA name or its city, in any case, with spaces or underscores.
/// Old names of one zone count as one.
///
/// # Errors
/// Where no zone is meant, or one of several.
pub fn typed_zone(typed: &str) -> Result<Tz, ZoneError> {
    /// Suggestions at most.
    const MOST: usize = 4;
    /// So much at the beginning makes names alike.
    const ALIKE: usize = 4;
    let plain = |text: &str| {
        let text = text.trim().replace([' ', '-'], "_");
        text.to_lowercase()
    };
    let city = |zone: &Tz| plain(zone.name().rsplit('/').next().unwrap_or_default());
    let wanted = plain(typed);
    let all = || chrono_tz::TZ_VARIANTS.iter().copied();
    if let Some(zone) = all().find(|zone| plain(zone.name()) == wanted) {
        return Ok(zone);
    }
    let mut named: Vec<Tz> = all().filter(|zone| city(zone) == wanted).collect();
    // The shortest name first; of equals Europe/Istanbul before Asia/Istanbul, its other name.
    named.sort_by_key(|zone| {
        let parts = zone.name().matches('/').count();
        (parts, std::cmp::Reverse(zone.name()))
    });
    if let Some(first) = named.first() {
        return if named.iter().all(|zone| same_clocks(*first, *zone)) {
            Ok(*first)
        } else {
            Err(ZoneError::Several(
                named.iter().take(MOST).map(|zone| zone.name()).collect(),
            ))
        };
    }
    let begins: String = wanted.chars().take(ALIKE).collect();
    let alike =
        all().filter(|zone| wanted.chars().count() >= ALIKE && city(zone).starts_with(&begins));
    let alike: Vec<&'static str> = alike.take(MOST).map(Tz::name).collect();
    Err(if alike.is_empty() {
        ZoneError::Unknown
    } else {
        ZoneError::Alike(alike)
    })
}

/// Whether two zones showed the same time in every month of 30 years: two names of one zone.
fn same_clocks(a: Tz, b: Tz) -> bool {
    let months = (2010..2040).flat_map(|year| (1..=12).map(move |month| (year, month)));
    let mut instants =
        months.filter_map(|(year, month)| Utc.with_ymd_and_hms(year, month, 15, 12, 0, 0).single());
    let offset = |zone: Tz, at: &DateTime<Utc>| at.with_timezone(&zone).naive_local();
    instants.all(|at| offset(a, &at) == offset(b, &at))
}

/// A time of day in whole minutes, as forms send it: `09:00`, or `09:00:00`.
#[must_use]
pub fn time_of_day(typed: &str) -> Option<NaiveTime> {
    let typed = typed.trim();
    let time = NaiveTime::parse_from_str(typed, "%H:%M")
        .or_else(|_| NaiveTime::parse_from_str(typed, "%H:%M:%S"));
    time.ok().filter(is_whole_minute)
}

/// Whether clocks strike a minute then.
#[must_use]
pub fn is_whole_minute(time: &impl Timelike) -> bool {
    // A leap second is a second with more than a second's fraction.
    time.second() == 0 && time.nanosecond() == 0
}

/// The instant at which clocks in `zone` show `local`. A time that a spring change skips means the
/// first instant after the gap; a time that an autumn change repeats means the first of the two.
/// Both keep neighbouring shifts seamless, since every boundary is resolved by this same rule.
#[must_use]
pub fn local_instant(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(t) | LocalResult::Ambiguous(t, _) => t.with_timezone(&Utc),
        LocalResult::None => after_gap(zone, local),
    }
}

/// The end of the gap that `local` falls into, found by halving.
fn after_gap(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let naive = local.and_utc();
    // Offsets are at most 14 hours, a gap at most a day: the change lies in here.
    let (mut low, mut high) = (naive - TimeDelta::days(2), naive + TimeDelta::days(2));
    let local_of = |t: DateTime<Utc>| t.with_timezone(&zone).naive_local();
    // Invariant: clocks show an earlier time than `local` at `low`, a later one at `high`.
    while (high - low).num_seconds() > 1 {
        let middle = low + (high - low) / 2;
        if local_of(middle) < local {
            low = middle;
        } else {
            high = middle;
        }
    }
    high - TimeDelta::nanoseconds(i64::from(high.timestamp_subsec_nanos()))
}

/// A half-open stretch of time, `start` included, `end` not; never empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Interval {
    /// First instant (UTC).
    pub start: DateTime<Utc>,
    /// First instant that no longer belongs to it (UTC).
    pub end: DateTime<Utc>,
}

impl Interval {
    /// From start to end.
    ///
    /// # Errors
    /// Where the end is not after the start.
    pub fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Result<Self, TimeError> {
        if start < end {
            Ok(Self { start, end })
        } else {
            Err(TimeError::EndNotAfterStart)
        }
    }

    /// Whether the two share any instant.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// What the two share.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end)).ok()
    }

    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, t: DateTime<Utc>) -> bool {
        self.start <= t && t < self.end
    }

    /// Length in minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        (self.end - self.start).num_minutes()
    }
}

/// A calendar month from 2000 to 2199.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(NaiveDate);

impl Month {
    /// The month a day lies in.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// Its last day.
    #[must_use]
    pub fn last(self) -> NaiveDate {
        self.next().0.pred_opt().unwrap_or(self.0)
    }

    /// The month after.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its days in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        let end = self.next().0;
        self.0.iter_days().take_while(move |d| *d < end)
    }

    /// From its first local midnight to the next month's (UTC).
    #[must_use]
    pub fn interval(self, zone: Tz) -> Interval {
        let midnight = |d: NaiveDate| local_instant(zone, d.and_time(NaiveTime::MIN));
        Interval {
            start: midnight(self.0),
            end: midnight(self.next().0),
        }
    }

    /// "December 2026".
    #[must_use]
    pub fn title(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// Days it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // No month is.
    pub fn len(self) -> u32 {
        self.last().day()
    }

    /// The day so many days after its first, which may lie beyond it.
    #[must_use]
    pub fn day(self, index: u32) -> NaiveDate {
        self.0
            .checked_add_days(Days::new(u64::from(index)))
            .unwrap_or(self.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = TimeError;
    fn from_str(s: &str) -> Result<Self, TimeError> {
        let digits = s.len() == 7 && s.chars().all(|c| c.is_ascii_digit() || c == '-');
        NaiveDate::parse_from_str(&format!("{s}-01"), "%Y-%m-%d")
            .ok()
            .filter(|d| digits && (2000..2200).contains(&d.year()))
            .map(Self)
            .ok_or(TimeError::NotMonth)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::{Month, ZoneError, local_instant, typed_zone};

    #[test]
    fn a_zone_may_be_typed_as_a_city() {
        for (typed, name) in [
            ("Europe/Istanbul", "Europe/Istanbul"),
            (" europe/istanbul ", "Europe/Istanbul"),
            ("Istanbul", "Europe/Istanbul"),
            ("berlin", "Europe/Berlin"),
            ("New York", "America/New_York"),
            ("new_york", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("buenos aires", "America/Buenos_Aires"),
            ("utc", "UTC"),
        ] {
            assert_eq!(
                typed_zone(typed).map(chrono_tz::Tz::name),
                Ok(name),
                "{typed}"
            );
        }
        let several = typed_zone("West");
        assert!(
            matches!(&several, Err(ZoneError::Several(all)) if all.contains(&"Brazil/West")),
            "{several:?}"
        );
        assert_eq!(
            typed_zone("Berln").map_err(|e| e.to_string()),
            Err("is not a time zone we know; Europe/Berlin is alike".into())
        );
        for typed in ["", "x", "Nowhere at all", "日本"] {
            assert_eq!(typed_zone(typed), Err(ZoneError::Unknown), "{typed}");
        }
    }

    #[test]
    fn gaps_end_at_the_change_and_overlaps_take_the_first() {
        let at = |y, m, d, h, min| {
            NaiveDate::from_ymd_opt(y, m, d)
                .unwrap()
                .and_hms_opt(h, min, 0)
                .unwrap()
        };
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(
            local_instant(berlin, at(2026, 3, 29, 2, 30)).to_rfc3339(),
            "2026-03-29T01:00:00+00:00"
        );
        assert_eq!(
            local_instant(berlin, at(2026, 3, 29, 2, 0)).to_rfc3339(),
            "2026-03-29T01:00:00+00:00"
        );
        assert_eq!(
            local_instant(berlin, at(2026, 10, 25, 2, 30)).to_rfc3339(),
            "2026-10-25T00:30:00+00:00"
        );
        // Lord Howe moves by half an hour; Apia skipped the whole of 30 December 2011.
        let howe = chrono_tz::Australia::Lord_Howe;
        assert_eq!(
            local_instant(howe, at(2026, 10, 4, 2, 15)).to_rfc3339(),
            "2026-10-03T15:30:00+00:00"
        );
        let apia = chrono_tz::Pacific::Apia;
        assert_eq!(
            local_instant(apia, at(2011, 12, 30, 12, 0)).to_rfc3339(),
            "2011-12-30T10:00:00+00:00"
        );
    }

    #[test]
    fn months_are_yyyy_mm() {
        for good in ["2026-12", "2024-02"] {
            assert_eq!(good.parse::<Month>().unwrap().to_string(), good);
        }
        for bad in [
            "2026-13",
            "0001-01",
            "9999-12",
            "2026-1",
            "2026-012",
            "",
            "+026-01",
            "2026-12-01",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
        assert_eq!("2024-02".parse::<Month>().unwrap().len(), 29);
    }

    proptest! {
        #[test]
        fn local_instants_never_run_backwards(minute in 0i64..366 * 1440, step in 1i64..3000, zone in 0..chrono_tz::TZ_VARIANTS.len()) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let base = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap().and_hms_opt(0, 0, 0).unwrap();
            let first = base + chrono::TimeDelta::minutes(minute);
            let later = first + chrono::TimeDelta::minutes(step);
            let (a, b) = (local_instant(zone, first), local_instant(zone, later));
            // An hour that autumn repeats is counted once, so only strictly inside it can two
            // local times be closer than they look; never reversed.
            prop_assert!(a <= b, "{zone}: {first} {a} then {later} {b}");
        }
    }
}
