//! From what was typed to what is meant.

use chrono::{NaiveDate, NaiveTime, TimeDelta, Timelike as _};
use chrono_tz::Tz;

use crate::availability::model::{
    Choice, Hours, NewEntry, Part, Pattern, Stroke, Week, WeekDay, WeekError, WorkingHours, minute,
    part_interval, range_interval,
};
use crate::vocab::{Interval, Level, Note};
use crate::web::Form;

use super::Subject;

/// At most so many days at once.
const MOST_DAYS: i64 = 366;

/// What a form wants painted.
pub struct Painting {
    pub choice: Choice,
    pub note: Note,
    pub intervals: Vec<Interval>,
}

impl Painting {
    /// As strokes by `subject`'s user.
    pub fn strokes(&self, subject: &Subject) -> Vec<Stroke> {
        let stroke = |interval: &Interval| match self.choice.0 {
            None => Stroke::Clear(*interval),
            Some(level) => Stroke::Set(NewEntry {
                interval: *interval,
                level,
                note: self.note.as_str().to_owned(),
                entered_by: Some(subject.user.id),
                entered_at: subject.user.now,
            }),
        };
        self.intervals.iter().map(stroke).collect()
    }
}

fn minutes(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or_default()
}

/// A part of a day that was refused; the message is at the field.
struct Refused;

/// A part of a day in two optional fields; both empty: none. Midnight at the end is 24:00.
fn part(form: &mut Form, from: &str, to: &str) -> Result<Option<(u16, u16)>, Refused> {
    if form.value(from).trim().is_empty() && form.value(to).trim().is_empty() {
        return Ok(None);
    }
    let (Some(start), Some(end)) = (form.time(from), form.time(to)) else {
        return Err(Refused);
    };
    let (start, end) = (minutes(start), minutes(end));
    let end = if end == 0 { 1440 } else { end };
    if end <= start {
        form.refuse(
            to,
            format!(
                "must be after {}; for a night, use the form for a range of days",
                minute(start)
            ),
        );
        return Err(Refused);
    }
    Ok(Some((start, end)))
}

/// The days form: chosen days, a level, and perhaps a part of the day.
pub fn days(form: &mut Form, zone: Tz) -> Option<Painting> {
    form.call("part_from", "From");
    form.call("part_to", "To");
    let choice = form.parse::<Choice>("level");
    let note = form.parse::<Note>("note");
    let part = part(form, "part_from", "part_to");
    let typed: Vec<String> = form.all("day").map(str::to_owned).collect();
    let mut days: Vec<NaiveDate> = Vec::new();
    for day in typed {
        let mut one = Form::of([("day", day)]);
        match one.day("day") {
            Some(day) => days.push(day),
            None => form.refuse("day", one.error("day").unwrap_or("is not a day")),
        }
    }
    days.sort_unstable();
    days.dedup();
    if days.is_empty() {
        form.refuse("day", "Choose at least one day.");
    }
    if days.len() > usize::try_from(MOST_DAYS).unwrap_or_default() {
        form.refuse("day", "Choose at most a year of days at once.");
    }
    let (choice, note, part) = (choice?, note?, part.ok()?);
    let (from, to) = part.unwrap_or((0, 1440));
    let intervals: Vec<Interval> = days
        .iter()
        .filter_map(|day| part_interval(zone, *day, from, to))
        .collect();
    if !days.is_empty() && intervals.is_empty() {
        form.refuse(
            "part_from",
            "does not exist on this day: clocks are put forward over it",
        );
    }
    let [first, .., last] = intervals.as_slice() else {
        return form.is_good().then_some(Painting {
            choice,
            note,
            intervals,
        });
    };
    if (last.end - first.start).num_days() > MOST_DAYS {
        form.refuse("day", "Choose days within one year.");
    }
    form.is_good().then_some(Painting {
        choice,
        note,
        intervals,
    })
}

/// The range form: from a day (and time) to a day (and time).
pub fn range(form: &mut Form, zone: Tz) -> Option<Painting> {
    for (name, label) in [
        ("range_from", "From day"),
        ("range_from_time", "The time it begins at"),
        ("range_to", "To day"),
        ("range_to_time", "The time it ends at"),
        ("range_level", "Level"),
        ("range_note", "Note"),
    ] {
        form.call(name, label);
    }
    let choice = form.parse::<Choice>("range_level");
    let note = form.parse::<Note>("range_note");
    let (from, to) = (form.day("range_from"), form.day("range_to"));
    let time = |form: &mut Form, name: &str| {
        if form.value(name).trim().is_empty() {
            Some(None)
        } else {
            form.time(name).map(Some)
        }
    };
    let (from_time, to_time) = (time(form, "range_from_time"), time(form, "range_to_time"));
    let (from, to) = ((from?, from_time?), (to?, to_time?));
    match range_interval(zone, from, to) {
        Ok(interval) if interval.end - interval.start > TimeDelta::hours(MOST_DAYS * 24 + 1) => {
            form.refuse(
                "range_to",
                "is more than a year after the start; enter at most a year at once",
            );
        }
        Ok(interval) if form.is_good() => {
            return Some(Painting {
                choice: choice?,
                note: note?,
                intervals: vec![interval],
            });
        }
        Ok(_) => {}
        Err(error) if from.0 == to.0 && to.1.is_some() => form.refuse("range_to_time", error),
        Err(error) => form.refuse("range_to", error),
    }
    None
}

/// Names of the fields of one weekday.
pub struct WeekdayFields {
    /// "Monday".
    pub name: &'static str,
    /// The field of its level.
    pub level: String,
    /// The fields of its parts: from, to, level.
    pub parts: [(String, String, String); 2],
    /// Whether its parts are filled in or wrong.
    pub is_open: bool,
}

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// The fields of a week, for the page.
pub fn weekdays(form: &Form) -> Vec<WeekdayFields> {
    let fields = |(day, name): (usize, &'static str)| {
        let part = |n: usize| {
            (
                format!("w{day}_{n}_from"),
                format!("w{day}_{n}_to"),
                format!("w{day}_{n}_level"),
            )
        };
        let parts = [part(1), part(2)];
        let filled = |name: &String| form.ticked(name) || form.error(name).is_some();
        WeekdayFields {
            name,
            level: format!("w{day}"),
            is_open: parts.iter().any(|(from, to, _)| filled(from) || filled(to)),
            parts,
        }
    };
    WEEKDAYS.into_iter().enumerate().map(fields).collect()
}

/// The form that says this week.
pub fn of_week(from: NaiveDate, week: &Week) -> Form {
    let mut form = Form::of([("pattern_from", from)]);
    for (fields, day) in weekdays(&Form::default()).iter().zip(&week.0) {
        form.set(&fields.level, day.level().key());
        for ((from, to, level), part) in fields.parts.iter().zip(day.parts()) {
            form.set(from, minute(part.from));
            form.set(to, minute(part.to % 1440));
            form.set(level, part.level.key());
        }
    }
    form
}

/// The weekly pattern form.
pub fn pattern(form: &mut Form) -> Option<Pattern> {
    form.call("pattern_from", "From");
    let from = form.day("pattern_from");
    let mut week = Vec::new();
    for fields in weekdays(form) {
        let name = fields.name;
        form.call(&fields.level, name);
        for (from, to, level) in &fields.parts {
            form.call(from, format!("{name}, from"));
            form.call(to, format!("{name}, to"));
            form.call(level, format!("{name}, the level of a part"));
        }
        let level = form.parse::<Level>(&fields.level);
        let mut parts = Vec::new();
        for (from, to, of_part) in &fields.parts {
            let Ok(Some((start, end))) = part(form, from, to) else {
                continue;
            };
            if let Some(level) = form.parse::<Level>(of_part) {
                parts.push(Part {
                    from: start,
                    to: end,
                    level,
                });
            }
        }
        match level.map(|level| WeekDay::new(level, parts)) {
            Some(Ok(day)) => week.push(day),
            Some(Err(error)) => {
                let [_, (second_from, second_to, _)] = &fields.parts;
                let field = if error == WeekError::Overlap {
                    second_from
                } else {
                    second_to
                };
                form.refuse(field, error);
            }
            None => {}
        }
    }
    let week = <[WeekDay; 7]>::try_from(week).ok()?;
    form.is_good().then_some(Pattern {
        from: from?,
        week: Week(week),
    })
}

/// The fields of a weekday's working hours, for the page: its name, from, to.
pub fn hour_fields() -> Vec<(&'static str, String, String)> {
    let fields = |(day, name)| (name, format!("works{day}_from"), format!("works{day}_to"));
    WEEKDAYS.into_iter().enumerate().map(fields).collect()
}

/// The form that says these hours.
pub fn of_hours(hours: &WorkingHours) -> Form {
    let mut form = Form::default();
    for ((_, from, to), day) in hour_fields().into_iter().zip(hours.0) {
        if let Some(day) = day {
            form.set(from, minute(day.from));
            form.set(to, minute(day.to % 1440));
        }
    }
    form
}

/// The working hours form. A day without times is free; an end that is not after its start lies on
/// the next day.
pub fn hours(form: &mut Form) -> Option<WorkingHours> {
    let mut week = WorkingHours([None; 7]);
    for ((name, from, to), day) in hour_fields().into_iter().zip(&mut week.0) {
        form.call(&from, format!("{name}, from"));
        form.call(&to, format!("{name}, to"));
        if form.value(&from).trim().is_empty() && form.value(&to).trim().is_empty() {
            continue;
        }
        if let (Some(start), Some(end)) = (form.time(&from), form.time(&to)) {
            let end = minutes(end);
            *day = Some(Hours {
                from: minutes(start),
                to: if end == 0 { 1440 } else { end },
            });
        }
    }
    if form.is_good() && !week.is_any() {
        form.refuse(
            "works0_from",
            "Enter the hours of at least one day: without working time nothing can be counted.",
        );
    }
    form.is_good().then_some(week)
}
