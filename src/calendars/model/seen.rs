//! An entry as a calendar gave it back. Servers and apps write it anew in their own way, so what
//! counts is what somebody sees of it.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use sha2::{Digest as _, Sha256};

use super::text::Lines;
use crate::vocab::local_instant;

/// What we write of an entry. All else in it is its owner's: reminders, colours, a place.
const OURS: [&str; 14] = [
    "UID",
    "DTSTAMP",
    "CREATED",
    "LAST-MODIFIED",
    "SEQUENCE",
    "DTSTART",
    "DTEND",
    "DURATION",
    "SUMMARY",
    "DESCRIPTION",
    "URL",
    "STATUS",
    "TRANSP",
    "X-MICROSOFT-CDO-BUSYSTATUS",
];

/// What makes another event of it: a series, or a meeting.
const ANOTHER: [&str; 7] = [
    "RRULE",
    "RDATE",
    "EXDATE",
    "EXRULE",
    "RECURRENCE-ID",
    "ORGANIZER",
    "ATTENDEE",
];

/// Stands for what somebody sees of an entry.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// As it is kept.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Digest {
    type Error = ();
    fn try_from(bytes: Vec<u8>) -> Result<Self, ()> {
        bytes.try_into().map(Self).map_err(drop)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, ..] = self.0;
        write!(f, "Digest({a:02x}{b:02x}..)")
    }
}

/// A file from a calendar, read leniently: it may be anything.
#[derive(Clone, Debug)]
pub struct Seen<'a> {
    text: &'a str,
    /// The lines of its events, unfolded.
    events: Vec<Vec<String>>,
}

impl<'a> Seen<'a> {
    /// Reads it.
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let mut events: Vec<Vec<String>> = vec![];
        let mut depth = 0_usize;
        let mut inside = false;
        for line in unfolded(text) {
            let (name, value) = named(&line);
            let is_event = value.eq_ignore_ascii_case("VEVENT");
            match name.as_str() {
                "BEGIN" if !inside && is_event => {
                    inside = true;
                    depth = 0;
                    events.push(vec![]);
                    continue;
                }
                "END" if inside && depth == 0 => inside = false,
                "BEGIN" => depth += 1,
                "END" => depth = depth.saturating_sub(1),
                _ => {}
            }
            if inside && let Some(event) = events.last_mut() {
                event.push(line);
            }
        }
        Self { text, events }
    }

    /// The same for every way to write what somebody sees, and for nothing else. What is no
    /// single event any more is like nothing we ever wrote.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        };
        match self.looks() {
            Some(looks) => looks.iter().for_each(|part| add(part)),
            None => add(self.text),
        }
        Digest(hash.finalize().into())
    }

    /// Start, end, texts, and what is said of it against what its transparency says.
    fn looks(&self) -> Option<Vec<String>> {
        let [event] = self.events.as_slice() else {
            return None;
        };
        let own = || top(event).map(|line| named(line));
        if own().any(|(name, _)| ANOTHER.contains(&name.as_str())) {
            return None;
        }
        let text = |wanted: &str| {
            let value = own()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value);
            let lines = unescaped(&value.unwrap_or_default());
            let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
            lines.join("\n").trim().to_owned()
        };
        let time = |wanted: &str| {
            let line = top(event).find(|line| named(line).0 == wanted)?;
            instant(line).map(|at| at.timestamp().to_string())
        };
        let is_free = text("TRANSP").eq_ignore_ascii_case("TRANSPARENT");
        let usual = if is_free { "FREE" } else { "BUSY" };
        let mut looks = vec![
            time("DTSTART")?,
            time("DTEND")?,
            text("SUMMARY"),
            text("DESCRIPTION"),
            text("URL"),
            is_free.to_string(),
        ];
        // Servers leave these out, and that changes nothing.
        for (name, usual) in [
            ("STATUS", "CONFIRMED"),
            ("X-MICROSOFT-CDO-BUSYSTATUS", usual),
        ] {
            let value = text(name).to_ascii_uppercase();
            if !value.is_empty() && value != usual {
                looks.push(format!("{name}:{value}"));
            }
        }
        Some(looks)
    }

    /// What its owner added to it: lines that are none of ours, and parts such as reminders; not what made
    /// another event of it.
    fn added(&self) -> impl Iterator<Item = &str> {
        let event = self.events.first().map_or(&[][..], Vec::as_slice);
        let mut depth = 0_usize;
        event.iter().map(String::as_str).filter(move |line| {
            let (name, _) = named(line);
            let within = depth > 0;
            match name.as_str() {
                "BEGIN" => depth += 1,
                "END" => depth = depth.saturating_sub(1),
                _ => {}
            }
            let of_event = OURS.iter().chain(&ANOTHER).any(|known| *known == name);
            within || depth > 0 || !of_event
        })
    }
}

/// Our entry with what its owner added to theirs.
#[must_use]
pub fn merged(ours: &str, theirs: &str) -> String {
    let end = "END:VEVENT\r\n";
    let Some((before, after)) = ours.split_once(end) else {
        return ours.to_owned();
    };
    let mut added = Lines::default();
    for line in Seen::read(theirs).added() {
        added.raw(line);
    }
    format!("{before}{}{end}{after}", added.into_string())
}

/// The lines of an event itself, without those of parts within it.
fn top(event: &[String]) -> impl Iterator<Item = &String> {
    let mut depth = 0_usize;
    event.iter().filter(move |line| {
        let (name, _) = named(line);
        match name.as_str() {
            "BEGIN" => depth += 1,
            "END" => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    })
}

fn unfolded(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for line in text.lines() {
        let more = line.strip_prefix([' ', '\t']);
        match (more, lines.last_mut()) {
            (Some(more), Some(last)) => last.push_str(more),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

/// A line's name in capitals, and its value: what follows the first colon outside quotes.
fn named(line: &str) -> (String, String) {
    let mut quoted = false;
    let colon = line.char_indices().find(|(_, c)| {
        quoted ^= *c == '"';
        *c == ':' && !quoted
    });
    let (head, value) = match colon {
        Some((at, _)) => (line.get(..at), line.get(at + 1..)),
        None => (Some(line), None),
    };
    let name = head.unwrap_or_default().split(';').next();
    (
        name.unwrap_or_default().to_ascii_uppercase(),
        value.unwrap_or_default().to_owned(),
    )
}

/// The moment that a DTSTART or DTEND names; none for days, and for times of no known zone.
fn instant(line: &str) -> Option<DateTime<Utc>> {
    let (_, value) = named(line);
    let shape = "%Y%m%dT%H%M%S";
    if let Some(utc) = value.strip_suffix('Z') {
        return Some(NaiveDateTime::parse_from_str(utc, shape).ok()?.and_utc());
    }
    let local = NaiveDateTime::parse_from_str(&value, shape).ok()?;
    let zone = line.split([';', ':']).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.eq_ignore_ascii_case("TZID")
            .then(|| value.trim_matches('"').parse::<Tz>().ok())?
    })?;
    Some(local_instant(zone, local))
}

fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(c) => out.push(c),
                None => {}
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::event::tests::entry;
    use super::super::single::Single;
    use super::*;

    fn ours() -> String {
        let single = Single {
            uid: "push-7@fairshift.example",
            sequence: 1,
            at: DateTime::UNIX_EPOCH,
        };
        single.pushed(&entry())
    }

    fn digest(text: &str) -> Digest {
        Seen::read(text).digest()
    }

    #[test]
    fn what_a_server_rewrites_looks_the_same() {
        let ours = ours();
        assert_eq!(digest(&ours), entry().digest());
        let flat = ours.replace("\r\n ", "");
        let rewritten = [
            ours.replace("\r\n", "\n"),
            flat.clone(),
            flat.replace("DTSTART:20261204T150000Z", "dtstart;TZID=Europe/Istanbul:20261204T180000"),
            flat.replace("DTEND:20261205T150000Z", "DTEND;TZID=\"Europe/Berlin\":20261205T160000"),
            flat.replace("SEQUENCE:1", "SEQUENCE:7\r\nX-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC"),
            flat.replace("\\,", ","),
            flat.replace("STATUS:CONFIRMED\r\n", ""),
            flat.replace("X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", ""),
            flat.replace("STATUS:CONFIRMED", "STATUS:confirmed"),
            flat.replace("DTSTAMP:19700101T000000Z", "DTSTAMP:20270101T000000Z"),
            flat.replace(
                "END:VEVENT",
                "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Wake up\r\nSUMMARY:Wake\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\nEND:VEVENT",
            ),
            flat.replace(
                "BEGIN:VEVENT",
                "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT",
            ),
        ];
        for text in rewritten {
            assert_eq!(digest(&text), digest(&ours), "{text}");
        }
    }

    #[test]
    fn what_its_owner_changes_does_not() {
        let flat = ours().replace("\r\n ", "");
        let edited = [
            flat.replace("SUMMARY:On call", "SUMMARY:My on call"),
            flat.replace("DTSTART:20261204T150000Z", "DTSTART:20261204T160000Z"),
            flat.replace("DTSTART:20261204T150000Z", "DTSTART;VALUE=DATE:20261204"),
            flat.replace("DTSTART:20261204T150000Z", "DTSTART:20261204T150000"),
            flat.replace("TRANSP:TRANSPARENT", "TRANSP:OPAQUE"),
            flat.replace("\nSTATUS:", "\nRRULE:FREQ=DAILY\r\nSTATUS:"),
            flat.replace("STATUS:CONFIRMED", "STATUS:CANCELLED"),
            flat.replace("STATUS:CONFIRMED", "STATUS:TENTATIVE"),
            flat.replace("BUSYSTATUS:FREE", "BUSYSTATUS:OOF"),
            flat.replace("\nSTATUS:", "\nATTENDEE:mailto:x@example.com\r\nSTATUS:"),
            flat.replace(
                "END:VCALENDAR",
                "BEGIN:VEVENT\r\nUID:x\r\nEND:VEVENT\r\nEND:VCALENDAR",
            ),
            String::new(),
            "BEGIN:VEVENT".into(),
        ];
        for text in edited {
            assert_ne!(digest(&text), digest(&flat), "{text}");
        }
    }

    #[test]
    fn what_its_owner_added_stays() {
        let alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:Wake up\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n";
        let theirs = ours()
            .replace("SUMMARY:On call", "SUMMARY:Old")
            .replace("END:VEVENT", &format!("LOCATION:Home\r\n{alarm}END:VEVENT"));
        let merged = merged(&ours(), &theirs);
        assert_eq!(digest(&merged), digest(&ours()));
        assert!(
            merged.contains(&format!("LOCATION:Home\r\n{alarm}END:VEVENT\r\n")),
            "{merged}"
        );
        assert_eq!(merged.matches("\r\nSUMMARY:").count(), 1, "{merged}");
        assert_eq!(merged.matches("\r\nUID:").count(), 1, "{merged}");
        assert_eq!(super::merged(&ours(), ""), ours());
    }

    #[test]
    fn what_made_another_event_of_it_does_not() {
        let another = ANOTHER.map(|name| format!("{name}:20261205T150000Z\r\n"));
        let theirs = ours().replace(
            "\nSTATUS:",
            &format!(
                "\nRRULE;X-A=\"b:c\":FREQ=DAILY\r\n{}LOCATION:Home\r\nSTATUS:",
                another.concat()
            ),
        );
        assert_ne!(digest(&theirs), digest(&ours()));
        let merged = merged(&ours(), &theirs);
        assert_eq!(digest(&merged), digest(&ours()), "{merged}");
        assert!(merged.contains("\r\nLOCATION:Home\r\n"), "{merged}");
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "(BEGIN:VEVENT|END:VEVENT|BEGIN:X|END:X|DTSTART|:|;|\"|\\\\|\n| |TZID=|Z|[0-9]|\\PC){0,80}") {
            let _ = digest(&text);
            let merged = merged(&ours(), &text);
            prop_assert!(merged.starts_with("BEGIN:VCALENDAR\r\n") && merged.ends_with("END:VCALENDAR\r\n"));
        }
    }
}
