//! Zones: what a TZID means, and how its clocks and UTC go together.
//!
//! A VTIMEZONE in the file comes first, then the IANA name, then the names that Windows and Outlook
//! use. Where a time falls into the gap of a spring change, it counts as if clocks hadn't been
//! changed yet; where an autumn change shows it twice, it is the first (RFC 5545, 3.3.5).

use std::collections::BTreeMap;

use calcard::icalendar::{ICalendarProperty, ICalendarValue};
use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::entry::{dates, find, stamps};
use super::expand::Expansion;
use super::outline::Part;
use super::rule::{Rule, Until};
use super::work::{Spent, Work};

/// A TZID of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ZoneId(usize);

/// A zone.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    Named(Tz),
    Custom(Vec<Change>),
}

/// A change of clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Change {
    /// When (UTC).
    at: NaiveDateTime,
    /// East of UTC, before and after.
    before: TimeDelta,
    after: TimeDelta,
}

impl Zone {
    /// How far east of UTC clocks are at that moment (UTC).
    fn offset(&self, moment: NaiveDateTime) -> TimeDelta {
        match self {
            Self::Named(zone) => TimeDelta::seconds(
                zone.offset_from_utc_datetime(&moment)
                    .fix()
                    .local_minus_utc()
                    .into(),
            ),
            Self::Custom(changes) => {
                let next = changes.partition_point(|change| change.at <= moment);
                match next.checked_sub(1).and_then(|last| changes.get(last)) {
                    Some(last) => last.after,
                    None => changes.first().map_or(TimeDelta::zero(), |c| c.before),
                }
            }
        }
    }

    /// What clocks show at that moment.
    pub(super) fn local(&self, moment: DateTime<Utc>) -> NaiveDateTime {
        let moment = moment.naive_utc();
        moment
            .checked_add_signed(self.offset(moment))
            .unwrap_or(moment)
    }

    /// The moment at which clocks show that.
    pub(super) fn instant(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let utc = |offset| local.checked_sub_signed(offset).unwrap_or(local);
        // Offsets that may be in force around then: no zone is further from UTC than 16 hours.
        let far = TimeDelta::hours(16);
        let mut offsets = vec![self.offset(utc(far)), self.offset(utc(-far))];
        if let Self::Custom(changes) = self {
            let near = changes
                .iter()
                .skip(changes.partition_point(|change| change.at < utc(far)))
                .take_while(|change| change.at <= utc(-far));
            offsets.extend(near.flat_map(|change| [change.before, change.after]));
        }
        let fitting = offsets
            .iter()
            .map(|offset| (utc(*offset), *offset))
            .filter(|(moment, offset)| self.offset(*moment) == *offset)
            .map(|(moment, _)| moment)
            .min();
        // In a gap: by the clock before it.
        let moment = fitting.unwrap_or_else(|| {
            let greatest = offsets.iter().max().copied().unwrap_or_default();
            utc(self.offset(utc(greatest)))
        });
        moment.and_utc()
    }
}

/// The zones of a file: those it names, and those it defines.
#[derive(Default)]
pub(super) struct Zones {
    names: BTreeMap<String, ZoneId>,
    defined: BTreeMap<String, Part>,
}

/// Zones that a file may define. More are passed over.
const DEFINED: usize = 1000;
/// Changes of clocks of a zone that are followed, a thousand years of them. With more it means nothing.
const CHANGES: usize = 2000;
/// A name is no longer than this many bytes.
const LONGEST_NAME: usize = 200;

impl Zones {
    /// The number of a TZID.
    pub(super) fn intern(&mut self, name: &str) -> ZoneId {
        let name = clean(name);
        let next = ZoneId(self.names.len());
        *self.names.entry(name).or_insert(next)
    }

    /// Keeps a VTIMEZONE; of several with one name the one with more observances, then the greater
    /// text, so that their order doesn't matter.
    pub(super) fn define(&mut self, part: Part) {
        let id = part.component().and_then(|component| {
            let id = find(&component, &ICalendarProperty::Tzid)?;
            match id.values.first() {
                Some(ICalendarValue::Text(name)) => Some(clean(name)),
                _ => None,
            }
        });
        let Some(id) = id else {
            return;
        };
        let better = |other: &Part| part.rank() > other.rank();
        match self.defined.get(&id) {
            Some(other) if !better(other) => {}
            None if self.defined.len() >= DEFINED => {}
            _ => {
                self.defined.insert(id, part);
            }
        }
    }

    /// What every TZID means, by its number, and those that nobody knows, which mean `fallback`.
    pub(super) fn resolve(
        mut self,
        fallback: &Zone,
        to: DateTime<Utc>,
        work: &mut Work<'_>,
    ) -> Result<(Resolved, Vec<String>), Spent> {
        let mut unknown = vec![];
        let mut zones = vec![fallback.clone(); self.names.len()];
        let names = std::mem::take(&mut self.names);
        for (name, ZoneId(index)) in names {
            let zone = self.zone(&name, to, work)?;
            match (zone, zones.get_mut(index)) {
                (Some(zone), Some(place)) => *place = zone,
                _ => unknown.push(name),
            }
        }
        Ok((Resolved { zones }, unknown))
    }

    /// The zone of that name, as far as `to`.
    pub(super) fn zone(
        &self,
        name: &str,
        to: DateTime<Utc>,
        work: &mut Work<'_>,
    ) -> Result<Option<Zone>, Spent> {
        if let Some(part) = self.defined.get(&clean(name)) {
            work.begin();
            match changes(part, to, work) {
                Ok(changes) if !changes.is_empty() => return Ok(Some(Zone::Custom(changes))),
                Err(Spent::Deadline) => return Err(Spent::Deadline),
                _ => {}
            }
        }
        Ok(named(name).map(Zone::Named))
    }
}

/// What the TZIDs of a file mean.
pub(super) struct Resolved {
    zones: Vec<Zone>,
}

impl Resolved {
    pub(super) fn get(&self, ZoneId(index): ZoneId) -> Option<&Zone> {
        self.zones.get(index)
    }
}

fn clean(name: &str) -> String {
    let name = name.trim().trim_matches('"').trim();
    let end = name.floor_char_boundary(LONGEST_NAME);
    name.get(..end).unwrap_or_default().to_owned()
}

/// The zone that an IANA or a Windows name stands for.
pub(super) fn named(name: &str) -> Option<Tz> {
    let name = name.trim();
    if let Ok(zone) = name.parse() {
        return Some(zone);
    }
    // Newer than the parser's table: see CLDR's windowsZones.
    match name {
        "South Sudan Standard Time" => return Some(Tz::Africa__Juba),
        "Central Asia Standard Time" => return Some(Tz::Asia__Bishkek),
        "Mountain Standard Time (Mexico)" => return Some(Tz::America__Mazatlan),
        "Z" | "tzone://Microsoft/Utc" => return Some(Tz::UTC),
        _ => {}
    }
    if let Ok(calcard::common::timezone::Tz::Tz(zone)) = name.parse() {
        return Some(zone);
    }
    // Names in a registry, such as /freeassociation.sourceforge.net/Tzfile/Europe/Berlin.
    let mut rest = name;
    while let Some((_, shorter)) = rest.split_once('/') {
        // A single word would be too little to go by.
        if shorter.contains('/')
            && let Ok(zone) = shorter.parse()
        {
            return Some(zone);
        }
        rest = shorter;
    }
    None
}

/// The changes of clocks that a VTIMEZONE describes, from 1970 to two years after `to`.
fn changes(part: &Part, to: DateTime<Utc>, work: &mut Work<'_>) -> Result<Vec<Change>, Spent> {
    let from = DateTime::UNIX_EPOCH.naive_utc();
    let to = to
        .naive_utc()
        .checked_add_signed(TimeDelta::days(731))
        .unwrap_or(NaiveDateTime::MAX);
    let mut found = vec![];
    let mut none = Zones::default();
    for part in &part.parts {
        let Some(component) = part.component() else {
            continue;
        };
        let offset = |name| {
            let property = find(&component, &name)?;
            let ICalendarValue::PartialDateTime(offset) = property.values.first()? else {
                return None;
            };
            let minutes =
                i64::from(offset.tz_hour?) * 60 + i64::from(offset.tz_minute.unwrap_or(0));
            let minutes = if offset.tz_minus { -minutes } else { minutes };
            (minutes.abs() <= 16 * 60).then(|| TimeDelta::minutes(minutes))
        };
        let start = find(&component, &ICalendarProperty::Dtstart)
            .and_then(|property| stamps(property, &mut none).next());
        let (Some(start), Some(before), Some(after)) = (
            start,
            offset(ICalendarProperty::Tzoffsetfrom),
            offset(ICalendarProperty::Tzoffsetto),
        ) else {
            continue;
        };
        let mut add = |local: NaiveDateTime| {
            let at = local.checked_sub_signed(before).unwrap_or(local);
            found.push(Change { at, before, after });
            if found.len() > CHANGES {
                return Err(Spent::Budget);
            }
            Ok(())
        };
        add(start.written())?;
        for property in &component.entries {
            if property.name == ICalendarProperty::Rdate {
                for (date, _) in dates(property, &mut none) {
                    work.step()?;
                    add(date.written())?;
                }
            }
        }
        for rule in part.rules.iter().filter_map(|text| Rule::parse(text)) {
            let mut times =
                Expansion::new(&rule, start.written(), from.max(start.written()), work)?;
            while let Some(local) = times.next(to, work)? {
                let utc = local.checked_sub_signed(before).unwrap_or(local);
                let over = match rule.until {
                    Some(Until::Day(day)) => local.date() > day,
                    Some(Until::Local(until)) => local > until,
                    Some(Until::Utc(until)) => utc > until,
                    None => false,
                };
                if over {
                    break;
                }
                add(local)?;
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
