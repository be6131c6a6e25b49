//! Reading a person's calendar: from the bytes of an iCalendar file to the times they are busy.
//!
//! Pure: no network, no clock, no database. The same bytes and [`Reader`] give the same [`Reading`]
//! on every machine. Only intervals and their kind come out, never titles, places or guests.
//!
//! # What counts
//!
//! - Entries of one UID belong together. The highest SEQUENCE wins, then the latest DTSTAMP. A
//!   RECURRENCE-ID names an occurrence by its moment, whatever the SEQUENCE; one that replaces
//!   nothing counts by itself; THISANDFUTURE moves all later ones. An EXDATE goes before all.
//! - Not busy: cancelled, transparent, free or working elsewhere, declined by the owner, and our own
//!   shifts read back (by the host in their UID or URL). Out of office counts even where it is
//!   transparent. Tentative is kept apart. Periods of a VFREEBUSY count by their type.
//! - A day goes from the owner's local midnight to the next. A duration in days follows the
//!   calendar, one in hours the clock; an end given as a time makes every occurrence last exactly
//!   as long as the first.
//! - Zones: a VTIMEZONE in the file, then the IANA name, then Windows' names; nobody's zone means
//!   the owner's, with a warning. Times without one are by X-WR-TIMEZONE, else the owner's.
//!
//! # What can't hurt
//!
//! Lines are split and parts found here, in one pass that holds one part at a time; `calcard`
//! parses the few properties of a part that matter. Nesting, size, parts, and the steps of a
//! series and of the whole file are limited ([`Limits`]), the caller can stop it, and one bad entry
//! costs only itself. Where something was left out, [`Warning`] says so; where nothing could be
//! read, [`Unreadable`] does, and the caller keeps what it had: a failure never means "free".
//!
//! Rules are followed by code of our own. `rrule` (0.14) gathers a whole period, a year of seconds if
//! it must, spins between two results where there is nothing for long, and passes over times of
//! rules within a day; tests hold ours against it where it is right, and whole calendars against
//! `recurring-ical-events` (`tests/calendars/expected.txt` says where that differs and why).
//!
//! `cargo bench --bench calendars`, on two shared cores: 5.1 MB with 5,000 events, half of them
//! recurring, take 0.046 s and 4 MB of memory, for that implementation 6.0 s and 177 MB (1 : 130) to
//! the same spans; 9.2 MB take 0.1 s and 12 MB, the file itself included. The worst 10 MB that we
//! thought of take 0.7 s and 80 MB.

mod entry;
mod expand;
#[cfg(test)]
mod expand_tests;
mod lines;
mod outline;
mod problem;
mod rule;
mod series;
mod spans;
mod stamp;
mod status;
mod times;
mod work;
mod zone;

use std::collections::BTreeMap;

use calcard::icalendar::{ICalendarProperty, ICalendarValue};
use chrono_tz::Tz;

use crate::vocab::{Email, Interval, hidden};

use outline::{Kind, Part};
use problem::Notes;
use spans::Spans;
use status::Owner;
use times::Times;
use work::{Spent, Work};
use zone::{Zone, Zones};

pub use problem::{Unreadable, Warning};
pub use spans::{BusyKind, BusySpan, union};

/// Whose calendar it is and what of it is wanted.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The owner's addresses: their answers to invitations count.
    pub owner: &'a [Email],
    /// The owner's time zone: what a day is, and what times without a zone mean.
    pub zone: Tz,
    /// What is wanted. Spans are cut to it.
    pub window: Interval,
    /// Our own host name, without a port: entries of this host are shifts read back.
    pub own_host: &'a str,
    /// How much is too much.
    pub limits: Limits,
    /// Asked now and then whether to give up, as [`Unreadable::TooSlow`].
    pub stop: &'a dyn Fn() -> bool,
}

/// How much is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Parts within parts.
    pub depth: usize,
    /// Events and the like.
    pub entries: usize,
    /// Steps that following one entry's repetition may take. Each day looked at is one.
    pub series_steps: u64,
    /// Steps of all entries together.
    pub feed_steps: u64,
    /// Separate spans that are kept.
    pub spans: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 10_000_000,
            depth: 16,
            entries: 100_000,
            series_steps: 100_000,
            feed_steps: 5_000_000,
            spans: 50_000,
        }
    }
}

/// What was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When the owner is busy: by time, each kind merged within itself, kinds may overlap.
    pub spans: Vec<BusySpan>,
    /// Events and free-busy parts in the file, wanted or not.
    pub entries: usize,
    /// What the owner should know, in a fixed order.
    pub warnings: Vec<Warning>,
    /// What the calendar calls itself.
    pub name: Option<String>,
    /// Work it took: lines, entries and steps.
    pub steps: u64,
}

/// Zones that nobody knows are named up to this number.
const NAMED: usize = 10;

/// Reads a calendar.
///
/// # Errors
/// Where nothing at all could be read.
pub fn read(bytes: &[u8], reader: &Reader<'_>) -> Result<Reading, Unreadable> {
    let limits = reader.limits;
    if bytes.len() > limits.bytes {
        return Err(Unreadable::TooLarge(limits.bytes));
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match text.trim_ascii_start().first() {
        None => return Err(Unreadable::Empty),
        Some(b'<') => return Err(Unreadable::Html),
        Some(b'{' | b'[') => return Err(Unreadable::Json),
        _ => {}
    }
    let mut work = Work::new(limits.series_steps, limits.feed_steps, reader.stop);
    let mut file = File::default();
    outline::parts(text, limits.depth, reader.owner, &mut work, |part| {
        file.keep(part, reader)
    })?;
    file.finish(reader, &mut work)
        .map_err(|_: Spent| Unreadable::TooSlow)
}

/// What has been read of a file so far.
#[derive(Default)]
struct File {
    zones: Zones,
    series: BTreeMap<String, Vec<entry::Entry>>,
    periods: Vec<(stamp::Stamp, entry::End, BusyKind)>,
    entries: usize,
    name: Option<String>,
    zone: Option<String>,
    notes: Notes,
}

/// Periods of all VFREEBUSYs together that are kept.
const PERIODS: usize = 200_000;

impl File {
    fn keep(&mut self, part: Part, reader: &Reader<'_>) -> Result<(), Unreadable> {
        match part.kind {
            Kind::Zone => self.zones.define(part),
            Kind::Calendar => self.calendar(&part),
            Kind::Event | Kind::FreeBusy => {
                self.entries += 1;
                if self.entries > reader.limits.entries {
                    return Err(Unreadable::TooMany(reader.limits.entries));
                }
                if part.kind == Kind::Event {
                    self.event(&part, reader);
                } else {
                    self.free_busy(&part);
                }
            }
            Kind::Observance | Kind::Other => {}
        }
        Ok(())
    }

    fn event(&mut self, part: &Part, reader: &Reader<'_>) {
        let owner = Owner {
            addresses: reader.owner,
            host: reader.own_host,
        };
        let Some((mut uid, entry)) = entry::event(part, &owner, &mut self.zones) else {
            self.notes.bad += 1;
            return;
        };
        if uid.is_empty() {
            // Nothing that anything else could belong to.
            uid = format!("\0{}", self.entries);
        }
        // Mostly one of each: no room for more until it is needed.
        let versions = self.series.entry(uid);
        versions
            .or_insert_with(|| Vec::with_capacity(1))
            .push(entry);
    }

    fn free_busy(&mut self, part: &Part) {
        match entry::free_busy(part, &mut self.zones) {
            Some(periods) => {
                let room = PERIODS.saturating_sub(self.periods.len());
                self.notes.cut += usize::from(part.cut || periods.len() > room);
                self.periods.extend(periods.into_iter().take(room));
            }
            None => self.notes.bad += 1,
        }
    }

    fn calendar(&mut self, part: &Part) {
        let Some(component) = part.component() else {
            return;
        };
        for property in &component.entries {
            let Some(ICalendarValue::Text(value)) = property.values.first() else {
                continue;
            };
            let place = match &property.name {
                ICalendarProperty::Name => &mut self.name,
                ICalendarProperty::Other(name) if name.eq_ignore_ascii_case("X-WR-CALNAME") => {
                    &mut self.name
                }
                ICalendarProperty::Other(name) if name.eq_ignore_ascii_case("X-WR-TIMEZONE") => {
                    &mut self.zone
                }
                _ => continue,
            };
            if place.is_none() {
                *place = shown(value);
            }
        }
    }

    fn finish(mut self, reader: &Reader<'_>, work: &mut Work<'_>) -> Result<Reading, Spent> {
        let end = reader.window.end;
        let home = Zone::Named(reader.zone);
        let floating = match &self.zone {
            Some(name) => self.zones.zone(name, end, work)?,
            None => Some(home.clone()),
        };
        let (zones, mut unknown) = self.zones.resolve(&home, end, work)?;
        if floating.is_none() {
            unknown.extend(self.zone);
        }
        let times = Times {
            zones,
            utc: Zone::Named(Tz::UTC),
            floating: floating.unwrap_or(home.clone()),
            owner: reader.zone,
            home,
            window: reader.window,
        };
        let mut spans = Spans::new(reader.window);
        for entries in self.series.into_values() {
            work.tick()?;
            series::read(entries, &times, &mut spans, &mut self.notes, work)?;
        }
        for (start, end, kind) in self.periods {
            work.tick()?;
            if let Some(interval) = times.period(start, end) {
                spans.add(interval, kind, false);
            }
        }
        let mut spans = spans.finish();
        let mut warnings: Vec<Warning> = unknown
            .iter()
            .filter_map(|name| shown(name))
            .map(Warning::UnknownZone)
            .collect();
        warnings.sort_unstable();
        warnings.dedup();
        warnings.truncate(NAMED);
        warnings.extend(self.notes.warnings());
        if spans.len() > reader.limits.spans {
            spans.truncate(reader.limits.spans);
            warnings.push(Warning::TooManySpans(reader.limits.spans));
        }
        Ok(Reading {
            spans,
            entries: self.entries,
            warnings,
            name: self.name,
            steps: work.done(),
        })
    }
}

/// A name out of a file as it can be shown: one short line without anything hidden.
fn shown(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !hidden(*c)).take(120).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
