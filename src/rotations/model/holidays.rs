//! Public holidays: a country's list, and days entered or imported.
//!
//! The lists come with the `opening-hours` crate (122 countries, 2000 to 2076, days that hold in
//! the whole country; days only, without their names). Feasts that follow the moon and are fixed
//! by decree each year are missing from some lists: enter or import those.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use opening_hours::localization::Country as Listed;

use super::definition::sane_year;
use super::history::BadLine;
use crate::vocab::Line;

/// A country whose public holidays we know. Prints and parses as its ISO 3166 code: "TR".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Country(Listed);

/// A code that names no country whose holidays we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("choose a country from the list, or none and enter the holidays yourself")]
pub struct UnknownCountry;

impl Country {
    /// All of them, by name.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all: Vec<Self> = Listed::ALL.into_iter().map(Self).collect();
        all.sort_by_key(|c| c.name());
        all
    }

    /// The name in English.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// The two-letter code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.iso_code()
    }

    /// Its public holidays in those years.
    #[must_use]
    pub fn holidays(self, years: &RangeInclusive<i32>) -> BTreeMap<NaiveDate, String> {
        let name = format!("Public holiday ({})", self.name());
        self.0
            .holidays()
            .get_public()
            .iter()
            .filter(|day| years.contains(&day.year()))
            .map(|day| (day, name.clone()))
            .collect()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let code = s.trim().to_ascii_uppercase();
        code.parse().map(Self).map_err(|_| UnknownCountry)
    }
}

/// The public holidays of a leg.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Holidays {
    /// The country whose list counts, if any.
    pub country: Option<Country>,
    /// Days entered or imported, with their names; they win over the country's.
    pub extra: BTreeMap<NaiveDate, String>,
}

impl Holidays {
    /// The holidays in those years with their names, for [`super::BurdenRules::minutes`]. Take the
    /// years before and after too where a shift may reach into them.
    #[must_use]
    pub fn between(&self, years: &RangeInclusive<i32>) -> BTreeMap<NaiveDate, String> {
        let mut days = self
            .country
            .map_or_else(BTreeMap::new, |c| c.holidays(years));
        let extra = self
            .extra
            .iter()
            .filter(|(day, _)| years.contains(&day.year()));
        days.extend(extra.map(|(day, name)| (*day, name.clone())));
        days
    }
}

/// Most days one import may bring.
const MOST_DAYS: usize = 1000;

/// Reads pasted holidays: lines `yyyy-mm-dd, name` (a semicolon or a tab will do, empty lines and
/// a heading don't matter), or an iCalendar file with events that last whole days.
///
/// # Errors
/// Each line that can't be read; nothing should be taken over then.
pub fn read_holidays(text: &str) -> Result<BTreeMap<NaiveDate, String>, Vec<BadLine>> {
    let text = text.trim_start_matches('\u{FEFF}');
    let found = if text.trim_start().starts_with("BEGIN:VCALENDAR") {
        events(text)
    } else {
        lines(text)
    };
    let mut days = BTreeMap::new();
    let mut bad = Vec::new();
    for (line, day) in found {
        match day {
            Ok((day, name)) => {
                days.insert(day, name);
            }
            Err(problem) => bad.push(BadLine::new(line, problem)),
        }
        if days.len() > MOST_DAYS || bad.len() > MOST_DAYS {
            bad.push(BadLine::new(
                line,
                format!("That is too much: import at most {MOST_DAYS} days at once."),
            ));
            break;
        }
    }
    if days.is_empty() && bad.is_empty() {
        bad.push(BadLine::new(
            1,
            "There is no holiday in it: write lines like 2026-12-25, Christmas Day.",
        ));
    }
    if bad.is_empty() { Ok(days) } else { Err(bad) }
}

type Found<'a> = Box<dyn Iterator<Item = (u64, Result<(NaiveDate, String), String>)> + 'a>;

fn lines(text: &str) -> Found<'_> {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    Box::new(lines.filter_map(|(number, line)| {
        let (day, name) = line.split_once([',', ';', '\t']).unwrap_or((line, ""));
        if number == 1 && day.trim().eq_ignore_ascii_case("date") {
            return None;
        }
        let name = name.trim().trim_matches('"');
        Some((number, holiday(day.trim(), "%Y-%m-%d", name)))
    }))
}

fn events(text: &str) -> Found<'_> {
    let (mut start, mut summary) = (None, String::new());
    Box::new(
        (1..)
            .zip(unfolded(text))
            .filter_map(move |(_, (number, line))| {
                let (name, value) = line.split_once(':')?;
                let property = name.split(';').next().unwrap_or(name).to_ascii_uppercase();
                match (property.as_str(), value.trim()) {
                    ("BEGIN", "VEVENT") => {
                        start = None;
                        summary.clear();
                    }
                    ("DTSTART", value) => start = Some((number, value.to_owned())),
                    ("SUMMARY", value) => summary = unescaped(value),
                    ("END", "VEVENT") => {
                        let Some((line, day)) = start.take() else {
                            return Some((
                                number,
                                Err("This event has no DTSTART: add its day.".to_owned()),
                            ));
                        };
                        return Some((line, holiday(&day, "%Y%m%d", &summary)));
                    }
                    _ => {}
                }
                None
            }),
    )
}

/// An iCalendar file's lines: those that begin with a blank continue the one before.
fn unfolded(text: &str) -> Vec<(u64, String)> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some((_, last))) => last.push_str(rest),
            _ => lines.push((number, line.to_owned())),
        }
    }
    lines
}

fn unescaped(value: &str) -> String {
    let mut text = String::new();
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => text.push(' '),
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    text
}

fn holiday(day: &str, format: &str, name: &str) -> Result<(NaiveDate, String), String> {
    let date = NaiveDate::parse_from_str(day, format)
        .ok()
        .filter(|d| sane_year(*d))
        .ok_or_else(|| {
            let day: String = day.chars().take(40).collect();
            format!(
                "\"{day}\" is not a day from 2000 to 2199: write it like {}.",
                if format == "%Y%m%d" {
                    "20261225"
                } else {
                    "2026-12-25"
                }
            )
        })?;
    let name = if name.is_empty() {
        "Public holiday"
    } else {
        name
    };
    let name: Line = name.parse().map_err(|e| format!("The name {e}."))?;
    Ok((date, name.to_string()))
}
