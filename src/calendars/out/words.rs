//! What people read about their calendar.

use axum::http::StatusCode;
use chrono_tz::Tz;

use crate::calendars::model::{Entry, Theirs};
use crate::calendars::store::{Channel, Delivery, Person};
use crate::jobs::{Action, Notice, To, Topic};
use crate::vocab::{Interval, PersonId};

/// When a shift is, by somebody's clock, with the zone.
pub fn when(interval: Interval, zone: Tz) -> String {
    let (start, end) = (
        interval.start.with_timezone(&zone),
        interval.end.with_timezone(&zone),
    );
    let until = if start.date_naive() == end.date_naive() {
        "%H:%M"
    } else {
        "%a %-d %b %H:%M"
    };
    format!(
        "{} to {} ({zone})",
        start.format("%a %-d %b %Y %H:%M"),
        end.format(until)
    )
}

/// The mail that an invitation comes with.
pub fn invited(to: &Person, address: &str, entry: &Entry, uid: &str, sequence: i32) -> Notice {
    let when = when(entry.interval, to.zone);
    let description = entry.description();
    // Role, partners, whom to escalate to, handover; the link at the end is an action here.
    let mut paragraphs: Vec<String> = description.split("\n\n").map(str::to_owned).collect();
    paragraphs.pop();
    let news = if sequence == 0 { "" } else { "Changed: " };
    Notice {
        title: format!("{news}{}, {when}", entry.summary()),
        lines: [vec![when], paragraphs].concat(),
        actions: vec![Action {
            label: "I can't make it".to_owned(),
            path: path(&entry.cant_url),
        }],
        until: Some(entry.interval.end),
        ..mail(address, uid, sequence)
    }
}

/// The mail that takes an invitation back.
pub fn taken_back(to: &Person, address: &str, delivery: &Delivery, sequence: i32) -> Notice {
    let when = when(delivery.interval, to.zone);
    Notice {
        title: format!("No longer: {}, {when}", delivery.summary),
        lines: vec![
            format!("{}, {when}", delivery.summary),
            "This entry no longer holds. Your calendar removes it by this mail.".to_owned(),
        ],
        actions: vec![Action {
            label: "Your shifts".to_owned(),
            path: "/".to_owned(),
        }],
        until: Some(delivery.interval.end),
        ..mail(address, &delivery.uid, sequence)
    }
}

/// To the very address that is invited: it decides into whose calendar it goes.
fn mail(address: &str, uid: &str, sequence: i32) -> Notice {
    Notice {
        to: To::Address(address.to_owned()),
        topic: Topic::Calendar,
        key: format!("calendar:{uid}:{sequence}"),
        lane: format!("calendar:{uid}"),
        title: String::new(),
        lines: vec![],
        actions: vec![],
        until: None,
    }
}

/// A calendar can't be written to, and its owner has to help. Said once until all goes well again.
pub fn stuck(to: PersonId, channel: &Channel, problem: &str) -> Notice {
    let since = channel.done_at.map_or(0, |at| at.timestamp());
    Notice {
        title: format!("Your shifts don't get into your calendar: {}", channel.name),
        lines: vec![
            problem.to_owned(),
            "Until then, shifts that are published or change don't show there.".to_owned(),
        ],
        ..about(to, &format!("stuck:{}:{since}", channel.id))
    }
}

/// What a channel says whose server doesn't take some entries, with their names and its answer.
pub fn refused(entries: &[(String, StatusCode)]) -> String {
    let named: Vec<String> = entries
        .iter()
        .take(2)
        .map(|(name, status)| format!("{name} ({})", status.as_u16()))
        .collect();
    let more = match entries.len().saturating_sub(named.len()) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    format!(
        "The server does not take {}{more}. All else is as it should be.",
        named.join("; ")
    )
}

/// Entries that could not be taken back before their account's password was forgotten.
pub fn left_behind(to: PersonId, channel: &Channel, problem: &str) -> Notice {
    Notice {
        title: format!("Shifts are left in your calendar: {}", channel.name),
        lines: vec![
            "You removed the account that they were written by, and they could not be taken back."
                .to_owned(),
            problem.to_owned(),
            "They change no more. Remove them there by hand.".to_owned(),
        ],
        ..about(to, &format!("left:{}", channel.id))
    }
}

/// News of an entry that its owner had changed or removed.
pub fn edited(to: &Person, delivery: &Delivery, theirs: Theirs) -> Notice {
    let when = when(delivery.interval, to.zone);
    let did = match theirs {
        Theirs::Changed => "changed",
        Theirs::Removed => "removed",
    };
    Notice {
        title: format!("Your version or Fairshift's? {}, {when}", delivery.summary),
        lines: vec![format!(
            "You {did} this entry in your calendar, and now the shift has changed. Your calendar was left as it is. Say which version counts."
        )],
        ..about(
            to.id,
            &format!("edited:{}:{}", delivery.known.id, delivery.sequence),
        )
    }
}

fn about(to: PersonId, key: &str) -> Notice {
    Notice {
        to: To::Person(to),
        topic: Topic::Calendar,
        lane: format!("calendar:{to}"),
        key: format!("calendar:{key}"),
        title: String::new(),
        lines: vec![],
        actions: vec![Action {
            label: "Look at your calendar page".to_owned(),
            path: "/calendar".to_owned(),
        }],
        until: None,
    }
}

/// The path of an address of ours.
fn path(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').and_then(|at| rest.get(at..));
    path.unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_name_their_zone() {
        let interval = |start: &str, end: &str| Interval {
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
        };
        let night = interval("2026-12-04T15:00:00Z", "2026-12-05T06:00:00Z");
        assert_eq!(
            when(night, chrono_tz::Europe::Istanbul),
            "Fri 4 Dec 2026 18:00 to Sat 5 Dec 09:00 (Europe/Istanbul)"
        );
        let day = interval("2026-12-04T09:00:00Z", "2026-12-04T17:00:00Z");
        assert_eq!(when(day, Tz::UTC), "Fri 4 Dec 2026 09:00 to 17:00 (UTC)");
        assert_eq!(path("https://a.example:8/shifts/7"), "/shifts/7");
        assert_eq!(path("https://a.example"), "/");
    }
}
