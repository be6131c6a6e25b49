//! The VTIMEZONE of a feed, made from the zone data for the years in use.
//!
//! Classic Outlook takes one STANDARD and at most one DAYLIGHT, each "the nth or last weekday of a
//! month". A zone that doesn't fit in the years in use (Morocco around Ramadan, Israel's Friday
//! before a Sunday, a law that changes) is written in UTC instead: the same instants, no zone to
//! get wrong.

use chrono::{
    DateTime, Datelike, LocalResult, Months, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone,
    Utc, Weekday,
};
use chrono_tz::{OffsetName, Tz};

use super::text::Lines;
use crate::vocab::Interval;

/// How a feed writes its times.
pub(super) struct Zone {
    tz: Tz,
    standard: Observance,
    daylight: Option<Observance>,
}

/// Clocks as they are from some day of each year, or always.
struct Observance {
    from: i32,
    to: i32,
    name: String,
    /// The first onset at or after 1970, and the rule it repeats by; none: always.
    onset: Option<(NaiveDateTime, String)>,
}

/// A moment at which clocks in a zone were turned.
#[derive(Clone)]
struct Change {
    /// What they showed then.
    local: NaiveDateTime,
    /// Seconds east of UTC before.
    from: i32,
    /// Seconds east of UTC after.
    to: i32,
    name: String,
}

impl Zone {
    /// That zone, or UTC where one yearly rule can't say what clocks do in the years of `used` and
    /// in the year to each side of them.
    pub(super) fn new(tz: Tz, used: Interval) -> Self {
        let (first, last) = (used.start.year() - 1, used.end.year() + 1);
        Self::ruled(tz, first, last).unwrap_or_else(|| Self {
            tz: Tz::UTC,
            standard: Observance {
                from: 0,
                to: 0,
                name: "UTC".to_owned(),
                onset: None,
            },
            daylight: None,
        })
    }

    fn ruled(tz: Tz, first: i32, last: i32) -> Option<Self> {
        let changes = changes(tz, first, last)?;
        if changes.is_empty() {
            let then = NaiveDate::from_ymd_opt(first, 7, 1)?.and_time(chrono::NaiveTime::MIN);
            let offset = whole_minutes(seconds(tz, then.and_utc()))?;
            let standard = Observance {
                from: offset,
                to: offset,
                name: name(tz, then.and_utc()),
                onset: None,
            };
            return Some(Self {
                tz,
                standard,
                daylight: None,
            });
        }
        let (forward, back): (Vec<_>, Vec<_>) = changes.into_iter().partition(|c| c.to > c.from);
        let years = usize::try_from(last - first + 1).ok()?;
        let once_a_year = |list: &[Change]| {
            list.len() == years
                && list
                    .iter()
                    .zip(first..)
                    .all(|(c, year)| c.local.year() == year)
        };
        if !once_a_year(&forward) || !once_a_year(&back) {
            return None;
        }
        // Summer time is what is ahead, also in Dublin, whose law has it the other way round.
        Some(Self {
            tz,
            standard: observance(&back)?,
            daylight: Some(observance(&forward)?),
        })
    }

    /// Start and end as DTSTART and DTEND. Local, unless clocks show one of the two twice: that
    /// hour has no name in iCalendar, so such a shift is in UTC.
    pub(super) fn write(&self, interval: Interval, out: &mut Lines) {
        let both = [("DTSTART", interval.start), ("DTEND", interval.end)];
        let local = |t: DateTime<Utc>| t.with_timezone(&self.tz).naive_local();
        let named = |t| {
            matches!(
                self.tz.from_local_datetime(&local(t)),
                LocalResult::Single(_)
            )
        };
        let in_utc = self.tz == Tz::UTC || !both.iter().all(|(_, t)| named(*t));
        for (property, t) in both {
            if in_utc {
                out.raw(&format!("{property}:{}", utc(t)));
            } else {
                out.raw(&format!(
                    "{property};TZID={}:{}",
                    self.tz.name(),
                    stamp(local(t))
                ));
            }
        }
    }

    /// The VTIMEZONE.
    pub(super) fn define(&self, out: &mut Lines) {
        out.raw("BEGIN:VTIMEZONE");
        out.raw(&format!("TZID:{}", self.tz.name()));
        self.standard.define("STANDARD", out);
        if let Some(daylight) = &self.daylight {
            daylight.define("DAYLIGHT", out);
        }
        out.raw("END:VTIMEZONE");
    }
}

impl Observance {
    fn define(&self, kind: &str, out: &mut Lines) {
        out.raw(&format!("BEGIN:{kind}"));
        match &self.onset {
            Some((first, rule)) => {
                out.raw(&format!("DTSTART:{}", stamp(*first)));
                out.raw(&format!("RRULE:{rule}"));
            }
            None => out.raw("DTSTART:19700101T000000"),
        }
        out.raw(&format!("TZOFFSETFROM:{}", offset(self.from)));
        out.raw(&format!("TZOFFSETTO:{}", offset(self.to)));
        out.text("TZNAME", &self.name);
        out.raw(&format!("END:{kind}"));
    }
}

/// `20261204T180000`.
fn stamp(t: NaiveDateTime) -> String {
    t.format("%Y%m%dT%H%M%S").to_string()
}

/// `20261204T150000Z`.
pub(super) fn utc(t: DateTime<Utc>) -> String {
    format!("{}Z", stamp(t.naive_utc()))
}

/// `+0530`; the offsets are whole minutes.
fn offset(seconds: i32) -> String {
    let (sign, size) = (if seconds < 0 { '-' } else { '+' }, seconds.abs() / 60);
    format!("{sign}{:02}{:02}", size / 60, size % 60)
}

fn seconds(tz: Tz, t: DateTime<Utc>) -> i32 {
    tz.offset_from_utc_datetime(&t.naive_utc())
        .fix()
        .local_minus_utc()
}

/// What people call the time then: "CET", or "+03" where it has no letters.
fn name(tz: Tz, t: DateTime<Utc>) -> String {
    let there = tz.offset_from_utc_datetime(&t.naive_utc());
    there
        .abbreviation()
        .map_or_else(|| there.to_string(), str::to_owned)
}

fn whole_minutes(offset: i32) -> Option<i32> {
    (offset % 60 == 0).then_some(offset)
}

/// Every change of clocks in those years of local time; none where the zone data can't be asked.
fn changes(tz: Tz, first: i32, last: i32) -> Option<Vec<Change>> {
    let midnight = |year| {
        Some(
            NaiveDate::from_ymd_opt(year, 1, 1)?
                .and_time(chrono::NaiveTime::MIN)
                .and_utc(),
        )
    };
    // Local time is at most a day away from UTC.
    let (start, end) = (
        midnight(first)? - TimeDelta::days(2),
        midnight(last + 1)? + TimeDelta::days(2),
    );
    let mut found = Vec::new();
    let mut day = start;
    let mut from = seconds(tz, start);
    while day < end {
        let next = day + TimeDelta::days(1);
        let to = seconds(tz, next);
        if to != from {
            let at = turn(tz, day, next);
            let local = at.naive_utc() + TimeDelta::seconds(from.into());
            let (from, to) = (whole_minutes(from)?, whole_minutes(to)?);
            if (first..=last).contains(&local.year()) {
                found.push(Change {
                    local,
                    from,
                    to,
                    name: name(tz, at),
                });
            }
        }
        (day, from) = (next, to);
    }
    Some(found)
}

/// The second at which the offset becomes what it is at `high`.
fn turn(tz: Tz, mut low: DateTime<Utc>, mut high: DateTime<Utc>) -> DateTime<Utc> {
    let after = seconds(tz, high);
    while (high - low).num_seconds() > 1 {
        let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
        if seconds(tz, middle) == after {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}

/// The one rule that all of these changes follow, if there is one.
fn observance(changes: &[Change]) -> Option<Observance> {
    let one = changes.first()?;
    let alike = |c: &Change| {
        (
            c.from,
            c.to,
            c.local.month(),
            c.local.weekday(),
            c.local.time(),
        ) == (
            one.from,
            one.to,
            one.local.month(),
            one.local.weekday(),
            one.local.time(),
        )
    };
    if !changes.iter().all(alike) {
        return None;
    }
    let week = if changes.iter().all(|c| week_is_last(c.local.date())) {
        -1
    } else {
        let nth = week(one.local.date());
        if nth > 4 || changes.iter().any(|c| week(c.local.date()) != nth) {
            return None;
        }
        i64::from(nth)
    };
    let (month, weekday) = (one.local.month(), one.local.weekday());
    let first = nth_weekday(1970, month, weekday, week)?.and_time(one.local.time());
    let day = weekday.to_string().to_uppercase();
    let rule = format!("FREQ=YEARLY;BYMONTH={month};BYDAY={week}{}", day.get(..2)?);
    Some(Observance {
        from: one.from,
        to: one.to,
        name: one.name.clone(),
        onset: Some((first, rule)),
    })
}

/// First, second, ... of its weekday in the month.
fn week(day: NaiveDate) -> u32 {
    day.day0() / 7 + 1
}

fn week_is_last(day: NaiveDate) -> bool {
    (day + TimeDelta::days(7)).month() != day.month()
}

/// The nth of that weekday in the month; -1 is the last.
fn nth_weekday(year: i32, month: u32, weekday: Weekday, week: i64) -> Option<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(year, month, 1)?;
    if week < 0 {
        let next = first.checked_add_months(Months::new(1))?;
        return next
            .iter_days()
            .rev()
            .skip(1)
            .find(|d| d.weekday() == weekday);
    }
    let day = first.iter_days().find(|d| d.weekday() == weekday)?;
    Some(day + TimeDelta::weeks(week - 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};
    use chrono_tz::{TZ_VARIANTS, Tz};

    use super::{Lines, Zone, seconds};
    use crate::vocab::Interval;

    fn used(from: &str, to: &str) -> Interval {
        Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn definition(zone: &Zone) -> String {
        let mut out = Lines::default();
        zone.define(&mut out);
        out.into_string()
    }

    /// A reader of VTIMEZONE that knows nothing of how it was written: each observance's onsets,
    /// year by year.
    struct Reader(Vec<Part>);

    struct Part {
        from: i64,
        to: i64,
        first: NaiveDateTime,
        rule: Option<(u32, i32, Weekday)>,
    }

    impl Reader {
        fn new(text: &str) -> Self {
            let mut parts = Vec::new();
            let mut fields = BTreeMap::new();
            for line in text.lines() {
                let (key, value) = line.split_once(':').unwrap();
                match (key, value) {
                    ("BEGIN", _) => fields.clear(),
                    ("END", "STANDARD" | "DAYLIGHT") => {
                        let at = |key: &str| {
                            let v: &str = fields[key];
                            let size = v[1..3].parse::<i64>().unwrap() * 3600
                                + v[3..5].parse::<i64>().unwrap() * 60;
                            if v.starts_with('-') { -size } else { size }
                        };
                        let rule = fields.get("RRULE").map(|r: &&str| {
                            let r = r.strip_prefix("FREQ=YEARLY;BYMONTH=").unwrap();
                            let (month, day) = r.split_once(";BYDAY=").unwrap();
                            let (nth, name) = day.split_at(day.len() - 2);
                            let weekday = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
                                .iter()
                                .position(|n| *n == name);
                            let weekday =
                                Weekday::try_from(u8::try_from(weekday.unwrap()).unwrap()).unwrap();
                            (month.parse().unwrap(), nth.parse().unwrap(), weekday)
                        });
                        let first =
                            NaiveDateTime::parse_from_str(fields["DTSTART"], "%Y%m%dT%H%M%S")
                                .unwrap();
                        parts.push(Part {
                            from: at("TZOFFSETFROM"),
                            to: at("TZOFFSETTO"),
                            first,
                            rule,
                        });
                    }
                    _ => drop(fields.insert(key, value)),
                }
            }
            Self(parts)
        }

        fn onset(part: &Part, year: i32) -> DateTime<Utc> {
            let day = match part.rule {
                None => part.first.date(),
                Some((month, nth, weekday)) => {
                    let days = (1..=31).filter_map(|d| NaiveDate::from_ymd_opt(year, month, d));
                    let mut days: Vec<_> = days.filter(|d| d.weekday() == weekday).collect();
                    if nth < 0 {
                        days.pop().unwrap()
                    } else {
                        days[usize::try_from(nth).unwrap() - 1]
                    }
                }
            };
            day.and_time(part.first.time()).and_utc() - TimeDelta::seconds(part.from)
        }

        fn offset(&self, t: DateTime<Utc>) -> i64 {
            let onsets = self.0.iter().flat_map(|p| {
                (t.year() - 1..=t.year() + 1)
                    .map(|y| (Self::onset(p, y), p.to))
                    .filter(|(at, _)| *at <= t)
            });
            onsets.max().unwrap().1
        }
    }

    #[test]
    fn berlin_is_written_as_outlook_wants_it() {
        let zone = Zone::new(
            chrono_tz::Europe::Berlin,
            used("2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        );
        let expected = "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\n\
            BEGIN:STANDARD\nDTSTART:19701025T030000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n\
            TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nTZNAME:CET\nEND:STANDARD\n\
            BEGIN:DAYLIGHT\nDTSTART:19700329T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\n\
            TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\nEND:DAYLIGHT\nEND:VTIMEZONE\n";
        assert_eq!(definition(&zone), expected.replace('\n', "\r\n"));
    }

    #[test]
    fn what_no_yearly_rule_can_say_is_utc() {
        let now = used("2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z");
        for (name, written) in [
            ("Africa/Casablanca", "UTC"),
            ("Europe/Istanbul", "Europe/Istanbul"),
            ("Asia/Kolkata", "Asia/Kolkata"),
            ("America/New_York", "America/New_York"),
            ("Europe/Dublin", "Europe/Dublin"),
            ("Australia/Lord_Howe", "Australia/Lord_Howe"),
            ("UTC", "UTC"),
        ] {
            assert_eq!(
                Zone::new(name.parse().unwrap(), now).tz.name(),
                written,
                "{name}"
            );
        }
        // Israel: the Friday before the last Sunday of March, which in 2024 was the fifth Friday.
        // Istanbul gave up summer time in 2016; Kazakhstan moved west in March 2024.
        for (name, from, to) in [
            (
                "Asia/Jerusalem",
                "2024-05-01T00:00:00Z",
                "2024-06-01T00:00:00Z",
            ),
            (
                "Europe/Istanbul",
                "2016-02-01T00:00:00Z",
                "2016-12-01T00:00:00Z",
            ),
            (
                "Asia/Almaty",
                "2024-01-01T00:00:00Z",
                "2024-12-01T00:00:00Z",
            ),
        ] {
            assert_eq!(
                Zone::new(name.parse().unwrap(), used(from, to)).tz,
                Tz::UTC,
                "{name}"
            );
        }
    }

    /// For every zone there is: what the text says is what the zone data says, at each change and
    /// every few days, or the zone is written in UTC.
    #[test]
    fn every_zone_agrees_with_the_zone_data_or_is_utc() {
        let mut local = 0;
        for interval in [
            used("2026-11-20T00:00:00Z", "2027-03-01T00:00:00Z"),
            used("2015-06-01T00:00:00Z", "2018-06-01T00:00:00Z"),
        ] {
            for tz in TZ_VARIANTS {
                let zone = Zone::new(tz, interval);
                local += usize::from(zone.tz == tz);
                assert!(zone.tz == tz || zone.tz == Tz::UTC);
                let text = definition(&zone);
                assert_eq!(text.matches("BEGIN:STANDARD").count(), 1);
                assert!(text.matches("BEGIN:DAYLIGHT").count() <= 1);
                let reader = Reader::new(&text);
                let agree = |t| {
                    let wanted = i64::from(seconds(zone.tz, t));
                    assert_eq!(reader.offset(t), wanted, "{tz} at {t}\n{text}");
                };
                let mut t = interval.start - TimeDelta::days(interval.start.ordinal0().into());
                while t < interval.end + TimeDelta::days(366) {
                    agree(t);
                    t += TimeDelta::hours(97);
                }
                for year in interval.start.year()..=interval.end.year() {
                    for onset in reader
                        .0
                        .iter()
                        .filter(|p| p.rule.is_some())
                        .map(|p| Reader::onset(p, year))
                    {
                        agree(onset);
                        agree(onset - TimeDelta::seconds(1));
                    }
                }
            }
        }
        assert!(
            local > TZ_VARIANTS.len() * 2 * 8 / 10,
            "only {local} zones kept their name"
        );
    }

    #[test]
    fn an_hour_that_clocks_show_twice_is_in_utc() {
        let day = used("2026-10-24T16:00:00Z", "2026-10-25T01:30:00Z");
        let zone = Zone::new(chrono_tz::Europe::Berlin, day);
        let written = |interval| {
            let mut out = Lines::default();
            zone.write(interval, &mut out);
            out.into_string()
        };
        assert_eq!(
            written(day),
            "DTSTART:20261024T160000Z\r\nDTEND:20261025T013000Z\r\n"
        );
        assert_eq!(
            written(used("2026-10-24T16:00:00Z", "2026-10-25T08:00:00Z")),
            "DTSTART;TZID=Europe/Berlin:20261024T180000\r\nDTEND;TZID=Europe/Berlin:20261025T090000\r\n"
        );
    }
}
