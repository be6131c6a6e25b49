//! One entry of a calendar, as far as it says when somebody is busy.

use calcard::icalendar::{
    ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarParameterValue,
    ICalendarPeriod, ICalendarProperty, ICalendarValue,
};
use chrono::NaiveDateTime;

use super::outline::Part;
use super::rule::Rule;
use super::spans::BusyKind;
use super::stamp::{Clock, Length, Stamp};
use super::status::{Owner, Says, kind};
use super::zone::Zones;

/// When it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At that time.
    At(Stamp),
    /// After that long.
    After(Length),
    /// Nothing said: a day for days, at once for times.
    Unsaid,
}

/// Which of two versions of an entry is the later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    sequence: i64,
    stamp: Option<NaiveDateTime>,
    modified: Option<NaiveDateTime>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) version: Version,
    /// The occurrence that it replaces, and whether all later ones too.
    pub(super) replaces: Option<(Stamp, bool)>,
    pub(super) start: Stamp,
    pub(super) end: End,
    pub(super) rules: Vec<Rule>,
    pub(super) except_rules: Vec<Rule>,
    pub(super) dates: Vec<(Stamp, End)>,
    pub(super) except: Vec<Stamp>,
    /// How it counts; nothing where it doesn't.
    pub(super) kind: Option<BusyKind>,
    /// Whether a rule couldn't be read.
    pub(super) bad_rule: bool,
    /// Whether it has more dates than are kept.
    pub(super) cut: bool,
}

/// Dates of one entry that are kept.
const DATES: usize = 50_000;

/// Reads an event: its UID, if it has one, and the rest. Nothing where it has no start that exists.
pub(super) fn event(part: &Part, owner: &Owner<'_>, zones: &mut Zones) -> Option<(String, Entry)> {
    let component = part.component()?;
    let mut says = vec![];
    let mut uid = String::new();
    let mut start = None;
    let mut entry = Entry {
        version: Version {
            sequence: 0,
            stamp: None,
            modified: None,
        },
        replaces: None,
        start: Stamp::Day(NaiveDateTime::default().date()),
        end: End::Unsaid,
        rules: vec![],
        except_rules: vec![],
        dates: vec![],
        except: vec![],
        kind: None,
        bad_rule: false,
        cut: part.cut,
    };
    for property in &component.entries {
        let mut stamp = || stamps(property, zones).next();
        match &property.name {
            ICalendarProperty::Uid => text(property).trim().clone_into(&mut uid),
            ICalendarProperty::Sequence => {
                if let Some(ICalendarValue::Integer(number)) = property.values.first() {
                    entry.version.sequence = *number;
                }
            }
            ICalendarProperty::Dtstamp => entry.version.stamp = stamp().map(Stamp::written),
            ICalendarProperty::LastModified => entry.version.modified = stamp().map(Stamp::written),
            ICalendarProperty::Dtstart => start = stamp(),
            // An end that can't be read makes the entry one that can't be read.
            ICalendarProperty::Dtend => entry.end = End::At(stamp()?),
            ICalendarProperty::Duration => {
                if let Some(ICalendarValue::Duration(duration)) = property.values.first() {
                    // Where both are given, the end wins.
                    if entry.end == End::Unsaid {
                        entry.end = End::After(Length::read(duration));
                    }
                }
            }
            ICalendarProperty::RecurrenceId => {
                let range = parameter(property, &ICalendarParameterName::Range).is_some();
                entry.replaces = Some((stamp()?, range));
            }
            ICalendarProperty::Rdate => {
                let room = DATES.saturating_sub(entry.dates.len());
                entry.cut |= property.values.len() > room;
                entry.dates.extend(dates(property, zones).take(room));
            }
            ICalendarProperty::Exdate => {
                let room = DATES.saturating_sub(entry.except.len());
                entry.cut |= property.values.len() > room;
                entry.except.extend(stamps(property, zones).take(room));
            }
            _ => says.extend(Says::read(property, owner)),
        }
    }
    for (list, texts) in [
        (&mut entry.rules, &part.rules),
        (&mut entry.except_rules, &part.except_rules),
    ] {
        for text in texts {
            match Rule::parse(text) {
                Some(rule) => list.push(rule),
                None => entry.bad_rule = true,
            }
        }
    }
    if uid
        .rsplit_once('@')
        .is_some_and(|(_, host)| owner.is_us(host))
    {
        says.push(Says::Ours);
    }
    // Most have none or one: there may be many entries.
    entry.rules.shrink_to_fit();
    entry.dates.shrink_to_fit();
    entry.except.shrink_to_fit();
    entry.start = start?;
    entry.kind = kind(&says);
    Some((uid, entry))
}

/// Periods of a VFREEBUSY, each with how it counts.
pub(super) fn free_busy(part: &Part, zones: &mut Zones) -> Option<Vec<(Stamp, End, BusyKind)>> {
    let component = part.component()?;
    let mut periods = vec![];
    for property in &component.entries {
        if property.name != ICalendarProperty::Freebusy {
            continue;
        }
        let kind = match free_busy_type(property).as_str() {
            "FREE" => continue,
            "BUSY-TENTATIVE" => BusyKind::Tentative,
            "BUSY-UNAVAILABLE" => BusyKind::OutOfOffice,
            _ => BusyKind::Busy,
        };
        let room = DATES.saturating_sub(periods.len());
        periods.extend(
            dates(property, zones)
                .take(room)
                .map(|(start, end)| (start, end, kind)),
        );
    }
    Some(periods)
}

fn free_busy_type(property: &ICalendarEntry) -> String {
    match parameter(property, &ICalendarParameterName::Fbtype) {
        Some(ICalendarParameterValue::Fbtype(kind)) => {
            use calcard::icalendar::ICalendarFreeBusyType as Type;
            match kind {
                Type::Free => "FREE",
                Type::Busy => "BUSY",
                Type::BusyUnavailable => "BUSY-UNAVAILABLE",
                Type::BusyTentative => "BUSY-TENTATIVE",
            }
            .to_owned()
        }
        _ => String::new(),
    }
}

pub(super) fn parameter<'a>(
    property: &'a ICalendarEntry,
    name: &ICalendarParameterName,
) -> Option<&'a ICalendarParameterValue> {
    let mut all = property.params.iter();
    all.find(|p| p.name == *name).map(|p| &p.value)
}

pub(super) fn text(property: &ICalendarEntry) -> &str {
    match property.values.first() {
        Some(ICalendarValue::Text(text)) => text,
        _ => "",
    }
}

fn clock(property: &ICalendarEntry, zones: &mut Zones) -> Clock {
    match parameter(property, &ICalendarParameterName::Tzid) {
        Some(ICalendarParameterValue::Text(name)) if !name.trim().is_empty() => {
            Clock::Zone(zones.intern(name))
        }
        _ => Clock::Floating,
    }
}

/// The days and times of a property that exist.
pub(super) fn stamps<'a>(
    property: &'a ICalendarEntry,
    zones: &mut Zones,
) -> impl Iterator<Item = Stamp> + use<'a> {
    let clock = clock(property, zones);
    property.values.iter().filter_map(move |value| match value {
        ICalendarValue::PartialDateTime(date) => Stamp::read(date, clock),
        ICalendarValue::Period(period) => period_of(period, clock).map(|(start, _)| start),
        _ => None,
    })
}

/// The same, each with its own end where it is a period.
pub(super) fn dates<'a>(
    property: &'a ICalendarEntry,
    zones: &mut Zones,
) -> impl Iterator<Item = (Stamp, End)> + use<'a> {
    let clock = clock(property, zones);
    property.values.iter().filter_map(move |value| match value {
        ICalendarValue::PartialDateTime(date) => Some((Stamp::read(date, clock)?, End::Unsaid)),
        ICalendarValue::Period(period) => period_of(period, clock),
        _ => None,
    })
}

fn period_of(period: &ICalendarPeriod, clock: Clock) -> Option<(Stamp, End)> {
    match period {
        ICalendarPeriod::Range { start, end } => Some((
            Stamp::read(start, clock)?,
            End::At(Stamp::read(end, clock)?),
        )),
        ICalendarPeriod::Duration { start, duration } => Some((
            Stamp::read(start, clock)?,
            End::After(Length::read(duration)),
        )),
    }
}

/// The properties of a part of which all that matters is known.
pub(super) fn find<'a>(
    component: &'a ICalendarComponent,
    name: &ICalendarProperty,
) -> Option<&'a ICalendarEntry> {
    component.entries.iter().find(|entry| entry.name == *name)
}
