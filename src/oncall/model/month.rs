//! A month as a table: days down, a column for each role of each rotation.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;

use super::duty::{Slot, Who};
use crate::vocab::{Interval, Month, PersonId, RoleId, ShiftId, local_instant};

/// The table of a month.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Roles, by rotation and escalation order.
    pub columns: Vec<Column>,
    /// Days, each with a cell for every column.
    pub days: Vec<Day>,
    /// Slots of the month that nobody serves.
    pub open: usize,
}

/// A role of a rotation.
#[derive(Clone, Debug)]
pub struct Column {
    /// The role.
    pub role: RoleId,
    /// The rotation's name.
    pub rotation: String,
    /// The role's.
    pub name: String,
    /// Its place in the escalation.
    pub order: i16,
}

/// A day by the viewer's clock.
#[derive(Clone, Debug)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Saturday or Sunday.
    pub is_weekend: bool,
    /// A cell for every column.
    pub cells: Vec<Cell>,
}

/// Who serves a role on a day.
pub type Cell = Vec<Entry>;

/// A slot in a cell.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The shift.
    pub shift: ShiftId,
    /// Who; none: open.
    pub who: Option<Who>,
    /// The viewer's time at which it begins; none where it began on an earlier day.
    pub from: Option<String>,
    /// Whether the viewer serves.
    pub is_mine: bool,
}

impl Grid {
    /// The table, from slots sorted by rotation, role and start. A slot stands on the day it begins
    /// on; on later days it stands only where nothing else begins.
    #[must_use]
    pub fn of(slots: &[Slot], month: Month, zone: Tz, viewer: PersonId) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        let mut by_role: BTreeMap<RoleId, Vec<&Slot>> = BTreeMap::new();
        for slot in slots {
            if !columns.iter().any(|c| c.role == slot.role) {
                columns.push(Column {
                    role: slot.role,
                    rotation: slot.rotation_name.clone(),
                    name: slot.role_name.clone(),
                    order: slot.order,
                });
            }
            by_role.entry(slot.role).or_default().push(slot);
        }
        let days = month.days().map(|date| {
            let day = local_day(date, zone);
            let cell = |column: &Column| {
                by_role
                    .get(&column.role)
                    .map_or_else(Vec::new, |slots| cell(slots, day, zone, viewer))
            };
            Day {
                date,
                is_weekend: date.weekday().number_from_monday() > 5,
                cells: columns.iter().map(cell).collect(),
            }
        });
        let days = days.collect();
        let within = month.interval(zone);
        let open = slots
            .iter()
            .filter(|s| s.who.is_none() && within.contains(s.interval.start))
            .count();
        Self {
            columns,
            days,
            open,
        }
    }

    /// Rotations and how many columns each has.
    #[must_use]
    pub fn groups(&self) -> Vec<(&str, usize)> {
        let mut groups: Vec<(&str, usize)> = Vec::new();
        for column in &self.columns {
            match groups.last_mut() {
                Some((name, n)) if *name == column.rotation => *n += 1,
                _ => groups.push((&column.rotation, 1)),
            }
        }
        groups
    }
}

fn cell(slots: &[&Slot], day: Interval, zone: Tz, viewer: PersonId) -> Cell {
    let entry = |slot: &Slot, from: Option<String>| Entry {
        shift: slot.shift,
        who: slot.who.clone(),
        from,
        is_mine: slot.who.as_ref().is_some_and(|w| w.id == viewer),
    };
    let clock = |t: DateTime<Utc>| t.with_timezone(&zone).format("%H:%M").to_string();
    let begins: Cell = slots
        .iter()
        .filter(|s| day.contains(s.interval.start))
        .map(|s| entry(s, Some(clock(s.interval.start))))
        .collect();
    if !begins.is_empty() {
        return begins;
    }
    let noon = day.start + (day.end - day.start) / 2;
    slots
        .iter()
        .filter(|s| s.interval.contains(noon))
        .map(|s| entry(s, None))
        .collect()
}

fn local_day(date: NaiveDate, zone: Tz) -> Interval {
    let midnight = |d: NaiveDate| local_instant(zone, d.and_time(NaiveTime::MIN));
    Interval {
        start: midnight(date),
        end: midnight(date.succ_opt().unwrap_or(date)),
    }
}
