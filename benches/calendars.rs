//! How fast a large calendar is read: 5 MB with 5,000 events, half of them recurring, beside the Python
//! implementation that the tests ask, on the same file.
//!
//! `cargo bench --bench calendars`. Reading a year, one thread each, seven times each, of which the fastest counts; Python's own start is not
//! counted.
//! Memory is the most that the process ever had, less what it had before.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[path = "../tests/it/clients.rs"]
mod clients;

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use fairshift::reading::{Limits, Reader, Reading, read};
use fairshift::vocab::Interval;
use serde_json::json;

const EVENTS: usize = 5000;

/// Repetitions, of which the fastest counts: what disturbs only ever makes slower.
const TIMES: usize = 7;

fn main() {
    let window = Interval::new(at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")).unwrap();
    let text = calendar(EVENTS, 820);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large.ics");
    std::fs::write(&file, &text).unwrap();
    println!("{:.1} MB, {EVENTS} events", megabytes(text.len()));

    let before = peak();
    let mut fastest = f64::MAX;
    let mut reading = None;
    for _ in 0..TIMES {
        let start = Instant::now();
        reading = Some(read_year(&text, window));
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    let reading = reading.unwrap();
    println!(
        "ours    {fastest:>8.3} s  {:>6.1} MB more  {} spans",
        megabytes(peak() - before),
        reading.spans.len()
    );

    let case = json!({
        "file": file, "zone": "Europe/Berlin", "owner": "ayse@example.com",
        "from": window.start, "to": window.end, "host": "fairshift.example",
    });
    let answers = clients::ask_oracle(&json!(vec![case; TIMES]));
    let seconds = |answer: &serde_json::Value| answer["seconds"].as_f64().unwrap();
    let answers = answers.as_array().unwrap().iter();
    let answer = answers
        .min_by(|a, b| seconds(a).total_cmp(&seconds(b)))
        .unwrap();
    let theirs = answer["spans"].as_array().unwrap();
    let same = reading.spans.iter().zip(theirs).all(|(ours, theirs)| {
        json!(
            ours.interval
                .start
                .to_rfc3339_opts(SecondsFormat::Secs, true)
        ) == theirs[1]
            && json!(ours.interval.end.to_rfc3339_opts(SecondsFormat::Secs, true)) == theirs[2]
    });
    assert!(same && reading.spans.len() == theirs.len(), "they differ");
    let seconds = seconds(answer);
    println!(
        "python  {seconds:>8.3} s  {:>6.1} MB more  {} spans",
        answer["megabytes"].as_f64().unwrap(),
        theirs.len()
    );
    println!("1 : {:.0}", seconds / fastest);

    let before = peak();
    let largest = calendar(9000, 820);
    let start = Instant::now();
    let reading = read_year(&largest, window);
    println!(
        "ours, {:.1} MB: {:.3} s, {:.1} MB more (the file itself included), {} entries",
        megabytes(largest.len()),
        start.elapsed().as_secs_f64(),
        megabytes(peak() - before),
        reading.entries
    );
}

fn read_year(text: &str, window: Interval) -> Reading {
    let owner = ["ayse@example.com".parse().unwrap()];
    let reader = Reader {
        owner: &owner,
        zone: Tz::Europe__Berlin,
        window,
        own_host: "fairshift.example",
        limits: Limits::default(),
        stop: &|| false,
    };
    let reading = read(text.as_bytes(), &reader).unwrap();
    assert!(reading.warnings.is_empty());
    reading
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A calendar as large offices have them: ten years, descriptions with a page of text, guests.
fn calendar(events: usize, padding: usize) -> String {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Bench//EN\r\n");
    let page = format!(" {}\r\n", "text ".repeat(14)).repeat(padding / 75);
    for n in 0..events {
        let (year, month, day) = (2017 + n % 10, n / 10 % 12 + 1, n / 7 % 28 + 1);
        let hour = 7 + n / 3 % 11;
        let date = format!("{year}{month:02}{day:02}T{hour:02}0000");
        write!(
            text,
            "BEGIN:VEVENT\r\nUID:{n}@bench\r\nDTSTAMP:20250101T000000Z\r\nDTSTART;TZID=Europe/Berlin:{date}\r\n\
             DTEND;TZID=Europe/Berlin:{year}{month:02}{day:02}T{hour:02}4500\r\nSUMMARY:Meeting {n}\r\n\
             ATTENDEE;PARTSTAT=ACCEPTED:mailto:ayse@example.com\r\nDESCRIPTION:Text\r\n{page}"
        )
        .unwrap();
        if n % 2 == 0 {
            let rule = [
                "FREQ=WEEKLY;BYDAY=MO,WE",
                "FREQ=DAILY;INTERVAL=3",
                "FREQ=MONTHLY;BYDAY=2TU",
                "FREQ=WEEKLY;INTERVAL=2",
                "FREQ=YEARLY",
            ][n / 2 % 5];
            // Most series have ended; some go on.
            let until = if n % 20 == 0 {
                String::new()
            } else {
                format!(";UNTIL={}1231T000000Z", year + 1)
            };
            write!(
                text,
                "RRULE:{rule}{until}\r\nEXDATE;TZID=Europe/Berlin:{date}\r\n"
            )
            .unwrap();
        }
        text.push_str("END:VEVENT\r\n");
    }
    text.push_str("END:VCALENDAR\r\n");
    text
}

/// The most memory this process ever had, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    kilobytes.unwrap().parse::<usize>().unwrap() * 1024
}

#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
