//! What people are told of calendars.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::model::SourceId;
use crate::availability::{Taken, describe};
use crate::jobs::{Action, Notice, To, Topic};
use crate::vocab::{Month, PersonId};

/// What the page says where no key is set.
pub const NO_KEY: &str = "Calendars with an address or a password can't be connected here yet: the administrator has to set FAIRSHIFT_SECRET_KEY, the key that encrypts them. Until then, upload a file.";

/// What a source says whose secret was encrypted with another key.
pub const OTHER_KEY: &str = "The address or password can't be decrypted: Fairshift's key is another one than when this was connected. Enter it again here, or ask the administrator to set FAIRSHIFT_SECRET_KEY as it was.";

/// What a source says while no key is set.
pub const KEY_GONE: &str = "The address or password can't be decrypted: Fairshift's key is gone. Ask the administrator to set FAIRSHIFT_SECRET_KEY as it was.";

/// What a source says of which only a part is kept.
pub fn too_many(most: usize) -> String {
    format!(
        "There are more than {most} separate times: the latest of them were not counted, and are not taken to be free."
    )
}

/// What a source says that was tried too often.
pub const TOO_OFTEN: &str =
    "You have tried very often within ten minutes. Wait that long, then try again.";

/// What a file says after its owner moved to another time zone.
pub const OTHER_ZONE: &str = "Your time zone has changed since: whole days, and times without a zone, are still by the clock of before. Upload the file anew.";

/// Clashes that a message lists, at most.
const MOST_LISTED: usize = 20;

/// Published shifts and the calendar of their person, to the person; nothing where there are none.
pub fn clashes(all: &[&Taken], zone: Tz) -> Option<Notice> {
    let (first, more) = all.split_first()?;
    let when = describe(first.shift.interval, zone);
    let title = match more.len() {
        0 => format!("Your calendar clashes with your shift: {when}"),
        n => format!("Your calendar clashes with {} of your shifts", n + 1),
    };
    let mut lines = vec![format!("You are on call (times are in {}):", zone.name())];
    lines.extend(listed(all, zone));
    lines.push(
        "What you can serve needs nothing more. If you can't, say so now, so that somebody else can take it."
            .to_owned(),
    );
    let mut actions = vec![Action {
        label: "See it".to_owned(),
        path: format!("/availability?month={}", month(first, zone)),
    }];
    let cant = |taken: &&&Taken| Action {
        label: if more.is_empty() {
            "I can't make it".to_owned()
        } else {
            format!("I can't make {}", describe(taken.shift.interval, zone))
        },
        path: format!("/shifts/{}#cant", taken.shift.id),
    };
    actions.extend(all.iter().take(MOST_LISTED).map(|taken| cant(&taken)));
    Some(notice(first.person, all, title, lines, actions))
}

/// The same, to a manager of the teams.
pub fn clashes_to_manager(
    all: &[&Taken],
    name: &str,
    manager: PersonId,
    zone: Tz,
) -> Option<Notice> {
    let (first, more) = all.split_first()?;
    let when = describe(first.shift.interval, zone);
    let title = match more.len() {
        0 => format!("{name}'s calendar clashes with a shift: {when}"),
        n => format!("{name}'s calendar clashes with {} shifts", n + 1),
    };
    let mut lines = vec![format!("{name} is on call (times are in {}):", zone.name())];
    lines.extend(listed(all, zone));
    lines.push("They have been told. They may serve all the same: ask them.".to_owned());
    let plan = Action {
        label: "Open the plan".to_owned(),
        path: format!("/teams/{}/plan/{}", first.shift.slug, month(first, zone)),
    };
    Some(notice(manager, all, title, lines, vec![plan]))
}

/// A line for each: what, when, and what the calendar says.
fn listed(all: &[&Taken], zone: Tz) -> Vec<String> {
    let line = |taken: &&Taken| {
        let shift = &taken.shift;
        format!(
            "{} for {}, {}. The calendar says {} then: {}.",
            shift.role,
            shift.team,
            describe(shift.interval, zone),
            taken.busy.kind.label(),
            describe(taken.busy.interval, zone)
        )
    };
    let mut lines: Vec<String> = all.iter().take(MOST_LISTED).map(line).collect();
    if let Some(more) = all.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
        lines.push(format!("And {more} more."));
    }
    lines
}

fn notice(
    to: PersonId,
    all: &[&Taken],
    title: String,
    lines: Vec<String>,
    actions: Vec<Action>,
) -> Notice {
    let first = all
        .first()
        .map(|taken| clash_key(taken))
        .unwrap_or_default();
    Notice {
        to: To::Person(to),
        topic: Topic::Calendar,
        key: format!("calendar.clash:{first}:{}:{to}", all.len()),
        lane: format!("person:{to}:calendar"),
        title,
        lines,
        actions,
        until: all.iter().map(|taken| taken.shift.interval.end).max(),
    }
}

fn month(taken: &Taken, zone: Tz) -> Month {
    let start = taken.shift.interval.start.with_timezone(&zone);
    Month::of(start.date_naive())
}

/// What tells a clash from every other, however often the calendar is read.
pub fn clash_key(taken: &Taken) -> String {
    format!(
        "{}:{}:{}:{}",
        taken.person,
        taken.shift.slug,
        taken.shift.role.chars().take(60).collect::<String>(),
        taken.shift.interval.start.timestamp()
    )
}

/// A calendar that can't be read any more, to its owner; once for each time it stops working.
pub fn unreadable(
    person: PersonId,
    id: SourceId,
    name: &str,
    problem: &str,
    good_at: Option<DateTime<Utc>>,
    zone: Tz,
) -> Notice {
    let since = good_at.map_or_else(
        || "It was never read.".to_owned(),
        |at| {
            let at = at.with_timezone(&zone).format("%a %-d %b %H:%M");
            format!("What was read on {at} ({}) still counts.", zone.name())
        },
    );
    Notice {
        to: To::Person(person),
        topic: Topic::Calendar,
        key: format!(
            "calendar.unreadable:{id}:{}",
            good_at.map_or(0, |at| at.timestamp())
        ),
        lane: format!("person:{person}:calendar"),
        title: format!("Your calendar \"{name}\" can't be read"),
        lines: vec![problem.to_owned(), since],
        actions: vec![Action {
            label: "Put it right".to_owned(),
            path: format!("/availability/calendars/{id}"),
        }],
        until: None,
    }
}
