//! One shift in a calendar file of its own: pushed into somebody's calendar, or as an invitation.
//!
//! Times are in UTC: the same instants in every app, and no zone that a server could put into words of
//! its own.

use chrono::{DateTime, Utc};

use super::event::Entry;
use super::seen::{Digest, Seen};
use super::text::{Lines, one_line};
use super::timezone::utc;
use crate::vocab::Interval;

/// Which entry it is, and which state of it.
#[derive(Clone, Copy, Debug)]
pub struct Single<'a> {
    /// Its name in every calendar.
    pub uid: &'a str,
    /// Rises with every change that is delivered.
    pub sequence: i32,
    /// When this state was made (UTC).
    pub at: DateTime<Utc>,
}

/// Between whom an invitation goes.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    /// The address that mails come from.
    pub organizer: &'a str,
    /// The address of who is invited.
    pub attendee: &'a str,
    /// Their name.
    pub name: &'a str,
}

impl Single<'_> {
    /// As it is put into a calendar on a server: nobody is named as organizer or guest, so that no
    /// server sends mail of its own.
    #[must_use]
    pub fn pushed(self, entry: &Entry) -> String {
        let mut out = self.begun(None, entry.interval);
        out.raw(&format!("LAST-MODIFIED:{}", utc(self.at)));
        entry.say(&mut out);
        ended(out)
    }

    /// The invitation (iTIP REQUEST). Being on call is no question: no answer is asked for.
    #[must_use]
    pub fn request(self, guest: Guest<'_>, entry: &Entry) -> String {
        let mut out = self.begun(Some("REQUEST"), entry.interval);
        out.raw(&format!("LAST-MODIFIED:{}", utc(self.at)));
        guest.write(&mut out);
        entry.say(&mut out);
        ended(out)
    }

    /// Takes the invitation back (iTIP CANCEL).
    #[must_use]
    pub fn cancel(self, guest: Guest<'_>, interval: Interval, summary: &str) -> String {
        let mut out = self.begun(Some("CANCEL"), interval);
        guest.write(&mut out);
        out.text("SUMMARY", &one_line(summary));
        out.raw("STATUS:CANCELLED");
        out.raw("TRANSP:TRANSPARENT");
        ended(out)
    }

    fn begun(self, method: Option<&str>, interval: Interval) -> Lines {
        let mut out = Lines::default();
        out.raw("BEGIN:VCALENDAR");
        out.raw("VERSION:2.0");
        out.raw("PRODID:-//Fairshift//Calendar//EN");
        out.raw("CALSCALE:GREGORIAN");
        if let Some(method) = method {
            out.raw(&format!("METHOD:{method}"));
        }
        out.raw("BEGIN:VEVENT");
        out.text("UID", &one_line(self.uid));
        out.raw(&format!("DTSTAMP:{}", utc(self.at)));
        out.raw(&format!("SEQUENCE:{}", self.sequence));
        out.raw(&format!("DTSTART:{}", utc(interval.start)));
        out.raw(&format!("DTEND:{}", utc(interval.end)));
        out
    }
}

impl Guest<'_> {
    fn write(self, out: &mut Lines) {
        let Self {
            organizer,
            attendee,
            name,
        } = self;
        // Such a value has no escapes: quotes can't be part of it.
        let name = one_line(name).replace('"', "'");
        out.raw(&format!("ORGANIZER;CN=Fairshift:mailto:{organizer}"));
        out.raw(&format!(
            "ATTENDEE;CN=\"{name}\";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:{attendee}"
        ));
    }
}

fn ended(mut out: Lines) -> String {
    out.raw("END:VEVENT");
    out.raw("END:VCALENDAR");
    out.into_string()
}

impl Entry {
    /// Tells whether what a calendar shows of it has changed: which revision it is doesn't count.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let single = Single {
            uid: "",
            sequence: 0,
            at: DateTime::UNIX_EPOCH,
        };
        Seen::read(&single.pushed(self)).digest()
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::tests::entry;
    use super::super::text::tests::well_formed;
    use super::*;

    fn single(uid: &str) -> Single<'_> {
        Single {
            uid,
            sequence: 4,
            at: "2026-11-20T10:11:12Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_pushed_entry_names_no_guests_and_no_method() {
        let text = single("push-7@fairshift.example").pushed(&entry());
        well_formed(&text);
        for part in ["METHOD", "ORGANIZER", "ATTENDEE", "RRULE", "TZID"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
        for line in [
            "UID:push-7@fairshift.example",
            "SEQUENCE:4",
            "DTSTART:20261204T150000Z",
            "DTEND:20261205T150000Z",
            "DTSTAMP:20261120T101112Z",
            "TRANSP:TRANSPARENT",
        ] {
            assert!(
                text.contains(&format!("\r\n{line}\r\n")),
                "{line} in {text}"
            );
        }
    }

    #[test]
    fn an_invitation_is_from_us_to_one_guest() {
        let guest = Guest {
            organizer: "oncall@example.com",
            attendee: "ayse@example.com",
            name: "Ayşe \"Ace\" Demir\r\nX-EVIL:1",
        };
        let asked = single("mail-7@fairshift.example").request(guest, &entry());
        let taken = single("mail-7@fairshift.example").cancel(guest, entry().interval, "On call");
        for (text, method, status) in [
            (asked, "REQUEST", "CONFIRMED"),
            (taken, "CANCEL", "CANCELLED"),
        ] {
            well_formed(&text);
            let flat = text.replace("\r\n ", "");
            for line in [
                format!("METHOD:{method}"),
                format!("STATUS:{status}"),
                "ORGANIZER;CN=Fairshift:mailto:oncall@example.com".to_owned(),
                "ATTENDEE;CN=\"Ayşe 'Ace' Demir X-EVIL:1\";CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;\
                 PARTSTAT=ACCEPTED;RSVP=FALSE:mailto:ayse@example.com"
                    .to_owned(),
            ] {
                assert!(
                    flat.contains(&format!("\r\n{line}\r\n")),
                    "{line} in {flat}"
                );
            }
            assert_eq!(flat.matches("BEGIN:VEVENT").count(), 1);
        }
    }

    #[test]
    fn a_digest_is_of_what_is_seen() {
        let first = entry();
        let mut same = entry();
        same.sequence = 99;
        same.changed_at += chrono::TimeDelta::days(1);
        same.key = "other".into();
        assert_eq!(first.digest(), same.digest());
        let changes: [fn(&mut Entry); 6] = [
            |e| e.role = "Secondary".into(),
            |e| e.interval.end += chrono::TimeDelta::hours(1),
            |e| e.busy = true,
            |e| e.handover = "You hand over to nobody.".into(),
            |e| e.escalation.clear(),
            |e| e.cant_url.push('7'),
        ];
        for change in changes {
            let mut other = entry();
            change(&mut other);
            assert_ne!(first.digest(), other.digest(), "{other:?}");
        }
    }
}
