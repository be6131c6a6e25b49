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

/// A published shift and the calendar of its person, to the person.
pub fn clash(taken: &Taken, zone: Tz) -> Notice {
    let shift = &taken.shift;
    let when = describe(shift.interval, zone);
    Notice {
        to: To::Person(taken.person),
        topic: Topic::Calendar,
        key: key(taken, taken.person),
        lane: format!("person:{}:calendar", taken.person),
        title: format!("Your calendar clashes with your shift: {when}"),
        lines: vec![
            format!(
                "You are on call as {} for {}, {when} ({}).",
                shift.role,
                shift.team,
                zone.name()
            ),
            format!(
                "Your calendar says {} then: {}.",
                taken.busy.kind.label(),
                describe(taken.busy.interval, zone)
            ),
            "If you can serve, nothing is left to do. If not, say so now, so that somebody else can take it.".to_owned(),
        ],
        actions: vec![
            Action {
                label: "See it".to_owned(),
                path: format!("/availability?month={}", month(taken, zone)),
            },
            Action {
                label: "I can't make it".to_owned(),
                path: format!("/shifts/{}#cant", shift.id),
            },
        ],
        until: Some(shift.interval.end),
    }
}

/// The same, to a manager of the team.
pub fn clash_to_manager(taken: &Taken, name: &str, manager: PersonId, zone: Tz) -> Notice {
    let shift = &taken.shift;
    let when = describe(shift.interval, zone);
    Notice {
        to: To::Person(manager),
        topic: Topic::Calendar,
        key: key(taken, manager),
        lane: format!("person:{manager}:calendar"),
        title: format!("{name}'s calendar clashes with a shift: {when}"),
        lines: vec![
            format!(
                "{name} is on call as {} for {}, {when} ({}), and {} in their calendar then.",
                shift.role,
                shift.team,
                zone.name(),
                taken.busy.kind.label(),
            ),
            "They have been told. They may serve all the same: ask them.".to_owned(),
        ],
        actions: vec![Action {
            label: "Open the plan".to_owned(),
            path: format!("/teams/{}/plan/{}", shift.slug, month(taken, zone)),
        }],
        until: Some(shift.interval.end),
    }
}

fn month(taken: &Taken, zone: Tz) -> Month {
    let start = taken.shift.interval.start.with_timezone(&zone);
    Month::of(start.date_naive())
}

/// One notice for each shift and reader, however often the calendar is read.
fn key(taken: &Taken, to: PersonId) -> String {
    format!(
        "calendar.clash:{}:{}:{}:{}:{to}",
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
