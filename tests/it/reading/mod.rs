//! The calendar reader: tricky calendars with what they mean, and what nobody would write.

mod corpus;
mod differential;
mod fuzz;
mod limits;
mod symmetry;
mod windows;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use fairshift::reading::{BusyKind, BusySpan, Limits, Reader, Reading, Unreadable, read};
use fairshift::vocab::{Email, Interval};

/// A moment, to the minute or second.
fn at(text: &str) -> DateTime<Utc> {
    let text = if text.len() == "2026-03-01T00:00Z".len() {
        text.replace('Z', ":00Z")
    } else {
        text.to_owned()
    };
    text.parse().unwrap()
}

fn window(from: &str, to: &str) -> Interval {
    Interval::new(at(from), at(to)).unwrap()
}

/// Reads as ayse@example.com of fairshift.example.
fn read_as_ayse(bytes: &[u8], zone: Tz, window: Interval) -> Result<Reading, Unreadable> {
    read_within(bytes, zone, window, Limits::default())
}

fn read_within(
    bytes: &[u8],
    zone: Tz,
    window: Interval,
    limits: Limits,
) -> Result<Reading, Unreadable> {
    let owner: [Email; 1] = ["ayse@example.com".parse().unwrap()];
    read(
        bytes,
        &Reader {
            owner: &owner,
            zone,
            window,
            own_host: "fairshift.example",
            limits,
            stop: &|| false,
        },
    )
}

/// A span as the table writes it.
fn shown(span: &BusySpan) -> (String, DateTime<Utc>, DateTime<Utc>) {
    let kind = match span.kind {
        BusyKind::Busy => "busy",
        BusyKind::Tentative => "tentative",
        BusyKind::OutOfOffice => "out-of-office",
    };
    let days = if span.all_day { "-day" } else { "" };
    (
        format!("{kind}{days}"),
        span.interval.start,
        span.interval.end,
    )
}

/// Events within a calendar.
fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}
