//! The parts of a file: which component begins and ends where, and the lines of each that matter.
//!
//! Only these lines are ever parsed. So titles, descriptions and attachments go no further than
//! here, one bad component can't hurt another, and there is never more than one of them in memory
//! as a tree.

use std::panic::{AssertUnwindSafe, catch_unwind};

use calcard::icalendar::ICalendarComponent;
use calcard::{Entry, Parser};

use super::lines::{Lines, name, value};
use super::problem::Unreadable;
use super::work::{Spent, Work};
use crate::vocab::Email;

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Calendar,
    Event,
    FreeBusy,
    Zone,
    /// STANDARD or DAYLIGHT, within a zone.
    Observance,
    /// Alarms, tasks, journals and what others made up.
    Other,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "VCALENDAR" => Self::Calendar,
            "VEVENT" => Self::Event,
            "VFREEBUSY" => Self::FreeBusy,
            "VTIMEZONE" => Self::Zone,
            "STANDARD" | "DAYLIGHT" => Self::Observance,
            _ => Self::Other,
        }
    }

    /// Whether it stands in a calendar and in nothing else.
    fn is_top(self, name: &str) -> bool {
        matches!(self, Self::Event | Self::FreeBusy | Self::Zone)
            || matches!(name, "VTODO" | "VJOURNAL" | "VAVAILABILITY")
    }

    /// The properties that matter here.
    fn wants(self, name: &str) -> bool {
        match self {
            Self::Calendar => matches!(name, "X-WR-TIMEZONE" | "X-WR-CALNAME" | "NAME"),
            Self::Event => matches!(
                name,
                "UID"
                    | "SEQUENCE"
                    | "DTSTAMP"
                    | "LAST-MODIFIED"
                    | "DTSTART"
                    | "DTEND"
                    | "DURATION"
                    | "RDATE"
                    | "EXDATE"
                    | "RECURRENCE-ID"
                    | "STATUS"
                    | "TRANSP"
                    | "ATTENDEE"
                    | "URL"
                    | "X-MICROSOFT-CDO-BUSYSTATUS"
                    | "X-GOOGLE-EVENT-TYPE"
                    | "X-GOOGLE-EVENTTYPE"
            ),
            Self::FreeBusy => name == "FREEBUSY",
            Self::Zone => name == "TZID",
            Self::Observance => {
                matches!(name, "DTSTART" | "TZOFFSETFROM" | "TZOFFSETTO" | "RDATE")
            }
            Self::Other => false,
        }
    }
}

/// A component that has ended.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) kind: Kind,
    name: String,
    /// Its lines that matter, unfolded.
    text: String,
    /// Its rules, which we read ourselves.
    pub(super) rules: Vec<String>,
    pub(super) except_rules: Vec<String>,
    /// The observances of a zone.
    pub(super) parts: Vec<Part>,
    /// Whether there is more of it than is kept.
    pub(super) cut: bool,
}

/// Rules of one component that are kept, and observances of a zone.
const RULES: usize = 100;
/// Bytes of one component that are kept: as a tree they take forty times as much.
const TEXT: usize = 1_000_000;

impl Part {
    fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            text: String::new(),
            rules: vec![],
            except_rules: vec![],
            parts: vec![],
            cut: false,
        }
    }

    fn add(&mut self, name: &str, line: &[u8], owner: &[Email]) {
        let list = match name {
            "RRULE" => &mut self.rules,
            "EXRULE" => &mut self.except_rules,
            _ if self.kind.wants(name) => {
                let line = String::from_utf8_lossy(line);
                // Of hundreds of guests, only the owner's answers matter.
                if name == "ATTENDEE" {
                    let lower = line.to_lowercase();
                    if !owner.iter().any(|own| lower.contains(own.as_str())) {
                        return;
                    }
                }
                self.keep(line.trim());
                return;
            }
            _ => return,
        };
        if list.len() < RULES && matches!(self.kind, Kind::Event | Kind::Observance) {
            list.push(String::from_utf8_lossy(value(line)).into_owned());
        }
    }

    /// Adds a line; of one that is too long, such as a list of dates, what fits of its items.
    fn keep(&mut self, line: &str) {
        let room = TEXT.saturating_sub(self.text.len());
        let mut kept = line;
        if line.len() > room {
            self.cut = true;
            let fits = line
                .get(..line.floor_char_boundary(room))
                .unwrap_or_default();
            let Some((items, _)) = fits.rsplit_once(',') else {
                return;
            };
            kept = items;
        }
        self.text.push_str(kept);
        self.text.push('\n');
    }

    /// How much it says, for choosing between two of one name.
    pub(super) fn rank(&self) -> (usize, String) {
        let text = |part: &Part| format!("{}{:?}", part.text, part.rules);
        (self.parts.len(), self.parts.iter().map(text).collect())
    }

    /// Its properties. Nothing where the parser gives up, which may also be by a panic.
    pub(super) fn component(&self) -> Option<ICalendarComponent> {
        let text = format!("BEGIN:VEVENT\n{}END:VEVENT\n", self.text);
        let read = AssertUnwindSafe(|| Parser::new(&text).entry());
        match catch_unwind(read).ok()? {
            Entry::ICalendar(read) => read.components.into_iter().next(),
            _ => None,
        }
    }
}

/// Passes every part of a file on as soon as it ends, calendars last. A component that isn't ended
/// ends with the one around it, or where one begins that can't stand in it.
pub(super) fn parts(
    bytes: &[u8],
    depth: usize,
    owner: &[Email],
    work: &mut Work<'_>,
    mut each: impl FnMut(Part) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut open: Vec<Part> = vec![];
    let mut calendars = 0;
    for line in Lines::new(bytes) {
        work.tick().map_err(|_: Spent| Unreadable::TooSlow)?;
        let name = name(&line);
        match name.as_str() {
            "BEGIN" => {
                let name = named(&line);
                let kind = Kind::of(&name);
                if kind == Kind::Calendar {
                    calendars += 1;
                } else if calendars == 0 {
                    continue;
                }
                if kind.is_top(&name) {
                    while open.last().is_some_and(|part| part.kind != Kind::Calendar) {
                        close(&mut open, &mut each)?;
                    }
                }
                if open.len() >= depth {
                    return Err(Unreadable::TooDeep);
                }
                open.push(Part::new(kind, &name));
            }
            "END" => {
                let name = named(&line);
                let at = open.iter().rposition(|part| part.name == name);
                while at.is_some_and(|at| open.len() > at) {
                    close(&mut open, &mut each)?;
                }
            }
            _ => {
                if let Some(part) = open.last_mut() {
                    part.add(&name, &line, owner);
                }
            }
        }
    }
    if calendars == 0 {
        Err(Unreadable::NotCalendar)
    } else if open.is_empty() {
        Ok(())
    } else {
        Err(Unreadable::Truncated)
    }
}

/// The component that a BEGIN or END names.
fn named(line: &[u8]) -> String {
    let value = value(line);
    let value = value.get(..value.len().min(40)).unwrap_or_default();
    String::from_utf8_lossy(value).trim().to_ascii_uppercase()
}

fn close(
    open: &mut Vec<Part>,
    each: &mut impl FnMut(Part) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let Some(part) = open.pop() else {
        return Ok(());
    };
    match (part.kind, open.last_mut()) {
        (Kind::Observance, Some(zone)) => {
            if zone.kind == Kind::Zone && zone.parts.len() < RULES {
                zone.parts.push(part);
            }
            Ok(())
        }
        (Kind::Observance | Kind::Other, _) => Ok(()),
        _ => each(part),
    }
}
