//! What the planner page shows, computed from a plan.

use chrono::{Datelike as _, NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::model::{Inputs, PersonInput};
use super::plan::Plan;
use super::words::slot_title;
use crate::vocab::{Interval, Level, Month, PersonId, Points, local_instant};

/// A column.
pub struct Day {
    /// Of the month, from 1.
    pub number: u32,
    /// "Tu".
    pub weekday: String,
    /// "Tuesday 1 December".
    pub title: String,
    /// Saturday or Sunday.
    pub is_weekend: bool,
    /// Today, by the viewer's clock.
    pub is_today: bool,
}

/// A slot on a cell.
#[allow(clippy::struct_excessive_bools)] // Each is a mark of its own on the chip.
pub struct Chip {
    /// Names the slot.
    pub key: String,
    /// The role's letters.
    pub short: String,
    /// `r1`, `r2`, ... by escalation order.
    pub class: String,
    /// The manager's choice.
    pub is_pinned: bool,
    /// Breaks a rule.
    pub is_wrong: bool,
    /// Somebody else holds it in the published schedule.
    pub is_new: bool,
    /// The slot that the page tells about.
    pub is_selected: bool,
    /// It goes on from the day before.
    pub goes_on: bool,
    /// For screen readers and on hover.
    pub title: String,
}

/// A person on a day.
pub struct Cell {
    /// Level before and after noon, as style classes.
    pub halves: [&'static str; 2],
    /// The level in words, where it is not plainly available.
    pub words: String,
    /// A mark that tells the level without colour.
    pub mark: &'static str,
    /// Slots held.
    pub chips: Vec<Chip>,
    /// Weekend or today, as style classes.
    pub class: &'static str,
}

/// A person.
pub struct Row {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Newcomer, part-time and such.
    pub badges: Vec<String>,
    /// Recommendation level.
    pub level: u8,
    /// Utilisation with its source.
    pub busy: String,
    /// Balance before the month.
    pub before: Points,
    /// Balance after it, with the plan as it is.
    pub after: Points,
    /// Fair share of the month.
    pub fair_share: Points,
    /// Burden assigned.
    pub load: Points,
    /// Bars of the balance picture: x and width before, x and width after, in a box of 100 x 16.
    pub bars: [i64; 4],
    /// Has not said that the month is complete.
    pub is_silent: bool,
    /// Lacks a requirement for some slot of the month.
    pub lacks: bool,
    /// One for each day.
    pub cells: Vec<Cell>,
}

/// A role's line at the foot of the grid: for each day the open slots.
pub struct OpenRow {
    /// For each day.
    pub cells: Vec<Vec<Chip>>,
}

fn noon(inputs: &Inputs, day: NaiveDate) -> [Interval; 2] {
    let at = |day: NaiveDate, hour: u32| {
        local_instant(
            inputs.zone,
            day.and_hms_opt(hour, 0, 0)
                .unwrap_or_else(|| day.and_time(chrono::NaiveTime::MIN)),
        )
    };
    let next = day.succ_opt().unwrap_or(day);
    let (start, middle, end) = (at(day, 0), at(day, 12), at(next, 0));
    // A day that a zone skips whole is a moment long.
    let safe = |a, b| {
        Interval::new(a, b).unwrap_or(Interval {
            start: a,
            end: a + TimeDelta::minutes(1),
        })
    };
    [safe(start, middle), safe(middle, end)]
}

fn ground(level: Level) -> &'static str {
    match level {
        Level::Preferred => "l-preferred",
        Level::Available => "l-available",
        Level::IfNeeded => "l-if_needed",
        Level::Unavailable => "l-unavailable",
        Level::Leave => "l-leave",
    }
}

fn mark(level: Level) -> &'static str {
    match level {
        Level::Preferred => "+",
        Level::Available => "",
        Level::IfNeeded => "≈",
        Level::Unavailable => "×",
        Level::Leave => "/",
    }
}

/// The month's columns.
pub fn days(month: Month, today: NaiveDate) -> Vec<Day> {
    let day = |d: NaiveDate| Day {
        number: d.day(),
        weekday: d.format("%a").to_string().chars().take(2).collect(),
        title: d.format("%A %-d %B").to_string(),
        is_weekend: d.weekday().num_days_from_monday() >= 5,
        is_today: d == today,
    };
    month.days().map(day).collect()
}

fn chip(
    plan: &Plan,
    slot: usize,
    selected: Option<usize>,
    zone: Tz,
    goes_on: bool,
) -> Option<Chip> {
    let inputs = &plan.inputs;
    let (input, role, held) = (
        inputs.slots.get(slot)?,
        inputs.role_of(slot)?,
        plan.held.get(slot)?,
    );
    let is_wrong = plan.violations.iter().any(|v| v.slots.contains(&slot));
    let is_new = plan.published.is_some()
        && input
            .published
            .as_ref()
            .is_none_or(|p| p.person != held.person);
    let mut title = slot_title(inputs, slot, zone);
    for (is, words) in [
        (held.is_pinned, "pinned"),
        (!held.parts.is_empty(), "served in parts"),
        (is_wrong, "breaks a rule"),
        (is_new, "differs from what is published"),
        (goes_on, "goes on"),
    ] {
        if is {
            title = format!("{title}, {words}");
        }
    }
    Some(Chip {
        key: input.key.to_string(),
        short: role.short.clone(),
        class: format!("r{}", role.order.min(3)),
        is_pinned: held.is_pinned,
        is_wrong,
        is_new,
        is_selected: selected == Some(slot),
        goes_on,
        title,
    })
}

/// The slots of a holder that touch a day: those that start on it, and those that go on.
fn chips_on(
    plan: &Plan,
    holder: Option<PersonId>,
    day: NaiveDate,
    selected: Option<usize>,
    zone: Tz,
) -> Vec<Chip> {
    let inputs = &plan.inputs;
    let touches = |slot: &usize| {
        let Some(shift) = inputs.shift_of(*slot) else {
            return false;
        };
        let last = (shift.interval.end - TimeDelta::hours(12))
            .with_timezone(&shift.zone)
            .date_naive();
        plan.held.get(*slot).is_some_and(|h| h.person == holder)
            && (shift.day..=last.max(shift.day)).contains(&day)
    };
    (0..inputs.slots.len())
        .filter(touches)
        .filter_map(|slot| {
            let starts = inputs.shift_of(slot).is_some_and(|s| s.day == day);
            chip(plan, slot, selected, zone, !starts)
        })
        .collect()
}

/// All people with their months.
pub fn rows(plan: &Plan, selected: Option<usize>, today: NaiveDate, zone: Tz) -> Vec<Row> {
    let inputs = &plan.inputs;
    let after = |index: usize| plan.score.people.get(index).map_or(0, |s| s.balance);
    let widest = inputs
        .people
        .iter()
        .enumerate()
        .map(|(i, p)| p.balance.0.abs().max(after(i).abs()))
        .max()
        .unwrap_or(0)
        .max(100);
    let bar = |points: i64| {
        let length = points.abs() * 48 / widest;
        if points < 0 {
            (50 - length, length.max(1))
        } else {
            (50, length.max(1))
        }
    };
    inputs
        .people
        .iter()
        .enumerate()
        .map(|(index, person)| {
            let score = plan.score.people.get(index).copied();
            let after = Points(after(index));
            let (x1, w1) = bar(person.balance.0);
            let (x2, w2) = bar(after.0);
            Row {
                id: person.id,
                name: person.name.clone(),
                badges: badges(inputs, person),
                level: plan.levels.get(index).copied().unwrap_or(0),
                busy: match person.utilisation_percent {
                    Some(percent) if person.is_utilisation_known => format!("{percent} %"),
                    Some(percent) => format!("≈{percent} %"),
                    None => "?".to_owned(),
                },
                before: person.balance,
                after,
                fair_share: person.fair_share,
                load: Points(score.map_or(0, |s| s.load)),
                bars: [x1, w1, x2, w2],
                is_silent: !person.has_answered,
                lacks: person.lacks.values().any(|titles| !titles.is_empty()),
                cells: inputs
                    .month
                    .days()
                    .map(|day| cell(plan, person, day, selected, today, zone))
                    .collect(),
            }
        })
        .collect()
}

fn badges(inputs: &Inputs, person: &PersonInput) -> Vec<String> {
    let mut badges = Vec::new();
    if inputs.is_newcomer(person) {
        badges.push("newcomer".to_owned());
    } else if inputs.is_experienced(person) {
        badges.push("experienced".to_owned());
    }
    if person.capacity_percent < 100 {
        badges.push(format!("works {} %", person.capacity_percent));
    }
    badges
}

fn cell(
    plan: &Plan,
    person: &PersonInput,
    day: NaiveDate,
    selected: Option<usize>,
    today: NaiveDate,
    zone: Tz,
) -> Cell {
    let there = person.joined_on <= day && person.left_on.is_none_or(|left| day < left);
    let levels = noon(&plan.inputs, day).map(|half| person.timeline.level(half));
    let worst = levels.into_iter().max().unwrap_or(Level::Available);
    let words = match (there, levels) {
        (false, _) => "not in the team".to_owned(),
        (true, [Level::Available, Level::Available]) => String::new(),
        (true, [a, b]) if a == b => a.label().to_owned(),
        (true, [a, b]) => format!("{} before noon, {} after", a.label(), b.label()),
    };
    let weekend = day.weekday().num_days_from_monday() >= 5;
    Cell {
        halves: if there {
            levels.map(ground)
        } else {
            ["away", "away"]
        },
        words,
        mark: if there { mark(worst) } else { "" },
        chips: chips_on(plan, Some(person.id), day, selected, zone),
        class: match (weekend, day == today) {
            (_, true) => "today",
            (true, false) => "weekend",
            (false, false) => "",
        },
    }
}

/// The foot of the grid: slots that nobody holds, by day.
pub fn open_row(plan: &Plan, selected: Option<usize>, zone: Tz) -> OpenRow {
    let cells = plan.inputs.month.days().map(|day| {
        let mut chips = chips_on(plan, None, day, selected, zone);
        chips.retain(|c| !c.goes_on);
        chips
    });
    OpenRow {
        cells: cells.collect(),
    }
}
