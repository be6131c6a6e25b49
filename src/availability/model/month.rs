//! A month as a calendar: weeks of days, each with what it is made of.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;

use super::timeline::Timeline;
use super::{Busy, BusyKind, clock, day_interval};
use crate::vocab::{Interval, Level, Month, PersonId, RoleId, ShiftId};

/// A published shift of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OnCall {
    /// The shift.
    pub id: ShiftId,
    /// When: all of it, or the part that is theirs.
    pub interval: Interval,
    /// The role.
    pub role_id: RoleId,
    /// Name of the role.
    pub role: String,
    /// Its place in the escalation, from 1.
    pub order: i16,
    /// Name of the rotation.
    pub rotation: String,
    /// Name of the team.
    pub team: String,
    /// The team's name in addresses.
    pub slug: String,
}

impl OnCall {
    /// The address of the form that says that its person can't make it.
    #[must_use]
    pub fn cant_path(&self, person: &PersonId) -> String {
        cant_path(self.id, self.role_id, *person, self.interval.start)
    }
}

/// The address of the form that says that somebody can't make what they serve of a shift in a role, which
/// for them begins at `start`.
#[must_use]
pub fn cant_path(shift: ShiftId, role: RoleId, person: PersonId, start: DateTime<Utc>) -> String {
    let at = start.timestamp();
    format!("/covers/new?shift={shift}&role={role}&person={person}&at={at}")
}

/// A stretch of one level within a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Band {
    /// The level.
    pub level: Level,
    /// Its share of the day in hours, rounded, 1 to 24: how tall it is drawn.
    pub hours: i64,
    /// "09:00 to 12:00"; empty where it is the whole day.
    pub times: String,
    /// "9–12": the same for small screens.
    pub short: String,
}

impl Band {
    /// Its level where there is no room for a word.
    #[must_use]
    pub fn symbol(&self) -> &'static str {
        symbol(self.level)
    }
}

/// A level where there is no room for a word; empty for "available".
fn symbol(level: Level) -> &'static str {
    match level {
        Level::Preferred => "+",
        Level::Available => "",
        Level::IfNeeded => "≈",
        Level::Unavailable => "×",
        Level::Leave => "L",
    }
}

/// A shift as one day shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DayShift {
    /// Name of the role.
    pub role: String,
    /// Its place in the escalation, from 1.
    pub order: i16,
    /// "from 18:00", "until 09:00", "18:00 to 20:00" or "all day".
    pub times: String,
    /// "to 9" or "from 18:30": the same where there is little room; empty for all day.
    pub short: String,
    /// The person can't serve it.
    pub clashes: bool,
}

/// A stretch of a day that the person's calendars have taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bar {
    /// Which way.
    pub kind: BusyKind,
    /// Minutes from midnight, for drawing.
    pub from: i64,
    /// Minutes it lasts, for drawing.
    pub length: i64,
    /// "09:00 to 10:30", or "all day".
    pub times: String,
}

/// A day of the calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// What it is made of, at least one; one where the whole day has the same level.
    pub bands: Vec<Band>,
    /// Notes in it, each once.
    pub notes: Vec<String>,
    /// Shifts in it.
    pub shifts: Vec<DayShift>,
    /// The day it is by the person's clock.
    pub is_today: bool,
    /// What calendars have in it, in order; those of one kind don't overlap.
    pub busy: Vec<Bar>,
}

impl DayShift {
    /// First letter of the role, for small screens.
    #[must_use]
    pub fn initial(&self) -> String {
        self.role.chars().take(1).collect()
    }
}

impl Day {
    /// The worst level of the day: its ground where there is only room for one.
    #[must_use]
    pub fn level(&self) -> Level {
        let levels = self.bands.iter().map(|b| b.level);
        levels.max().unwrap_or(Level::Available)
    }

    /// Its worst level where there is no room for a word.
    #[must_use]
    pub fn symbol(&self) -> &'static str {
        symbol(self.level())
    }

    /// The level of the whole day; none where parts differ.
    #[must_use]
    pub fn whole(&self) -> Option<Level> {
        match self.bands.as_slice() {
            [band] => Some(band.level),
            _ => None,
        }
    }

    /// What calendars have in it, in words: "busy 09:00 to 10:00, out of office all day".
    #[must_use]
    pub fn busy_words(&self) -> String {
        let of = |bar: &Bar| format!("{} {}", bar.kind.label(), bar.times);
        self.busy.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    /// Whether any of its shifts can't be served.
    #[must_use]
    pub fn clashes(&self) -> bool {
        self.shifts.iter().any(|s| s.clashes)
    }

    /// Saturday or Sunday.
    #[must_use]
    pub fn is_weekend(&self) -> bool {
        self.date.weekday().num_days_from_monday() >= 5
    }

    /// The day in one sentence: "unavailable from 09:00 to 12:00, available ...".
    #[must_use]
    pub fn summary(&self) -> String {
        let of = |b: &Band| {
            if b.times.is_empty() {
                b.level.to_string()
            } else {
                format!("{} {}", b.times, b.level)
            }
        };
        self.bands.iter().map(of).collect::<Vec<_>>().join(", ")
    }
}

fn hours(clock: &str) -> &str {
    let clock = clock.strip_suffix(":00").unwrap_or(clock);
    clock.strip_prefix('0').unwrap_or(clock)
}

fn day_of(date: NaiveDate, zone: Tz, timeline: &Timeline, shifts: &[OnCall]) -> Day {
    let whole = day_interval(zone, date);
    let mut bands: Vec<Band> = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    let mut on_call = Vec::new();
    if let Some(whole) = whole {
        let mut pieces: Vec<(Level, Interval)> = Vec::new();
        for piece in timeline.pieces(whole) {
            if !piece.note.is_empty() && !notes.contains(&piece.note) {
                notes.push(piece.note);
            }
            // Neighbours that differ only in their notes look alike.
            match pieces.last_mut() {
                Some((level, last)) if *level == piece.level => last.end = piece.interval.end,
                _ => pieces.push((piece.level, piece.interval)),
            }
        }
        let is_whole = pieces.len() == 1;
        for (level, interval) in pieces {
            let (from, to) = (
                clock(interval.start, zone, false),
                clock(interval.end, zone, true),
            );
            bands.push(Band {
                level,
                hours: ((interval.minutes() + 30) / 60).clamp(1, 24),
                short: if is_whole {
                    String::new()
                } else {
                    format!("{}–{}", hours(&from), hours(&to))
                },
                times: if is_whole {
                    String::new()
                } else {
                    format!("{from} to {to}")
                },
            });
        }
        for shift in shifts.iter().filter(|s| s.interval.overlaps(&whole)) {
            let starts = shift.interval.start > whole.start;
            let ends = shift.interval.end < whole.end;
            let (from, to) = (
                clock(shift.interval.start, zone, false),
                clock(shift.interval.end, zone, true),
            );
            on_call.push(DayShift {
                role: shift.role.clone(),
                order: shift.order,
                times: match (starts, ends) {
                    (true, true) => format!("{from} to {to}"),
                    (true, false) => format!("from {from}"),
                    (false, true) => format!("until {to}"),
                    (false, false) => "all day".to_owned(),
                },
                short: match (starts, ends) {
                    (true, true) => format!("{}–{}", hours(&from), hours(&to)),
                    (true, false) => format!("from {}", hours(&from)),
                    (false, true) => format!("to {}", hours(&to)),
                    (false, false) => String::new(),
                },
                clashes: !timeline.level(shift.interval).can_serve(),
            });
        }
    }
    if bands.is_empty() {
        // A day that the zone skipped: nothing can happen in it.
        bands.push(Band {
            level: Level::Available,
            hours: 24,
            times: String::new(),
            short: String::new(),
        });
    }
    Day {
        date,
        bands,
        notes,
        shifts: on_call,
        is_today: false,
        busy: Vec::new(),
    }
}

/// Lays what calendars say under the days.
pub fn lay_busy(weeks: &mut [Vec<Option<Day>>], zone: Tz, busy: &[Busy]) {
    let kinds = [BusyKind::Tentative, BusyKind::Busy, BusyKind::OutOfOffice].map(|kind| {
        let of_kind = busy.iter().filter(|b| b.kind == kind).map(|b| b.interval);
        (kind, super::sets::merged(of_kind.collect()))
    });
    for day in weeks.iter_mut().flatten().flatten() {
        let Some(whole) = day_interval(zone, day.date) else {
            continue;
        };
        for (kind, set) in &kinds {
            for piece in super::sets::shared(set, &[whole]) {
                let (from, to) = (
                    clock(piece.start, zone, false),
                    clock(piece.end, zone, true),
                );
                day.busy.push(Bar {
                    kind: *kind,
                    from: (piece.start - whole.start).num_minutes(),
                    length: piece.minutes().max(10),
                    times: if piece == whole {
                        "all day".to_owned()
                    } else {
                        format!("{from} to {to}")
                    },
                });
            }
        }
    }
}

/// The weeks of a month, Monday first; days of other months are left out. `timeline` covers the
/// month by the clocks of `zone`, and every shift given.
#[must_use]
pub fn weeks(
    month: Month,
    zone: Tz,
    today: NaiveDate,
    timeline: &Timeline,
    shifts: &[OnCall],
) -> Vec<Vec<Option<Day>>> {
    let lead = month.first().weekday().num_days_from_monday();
    let mut cells: Vec<Option<Day>> = (0..lead).map(|_| None).collect();
    cells.extend(month.days().map(|date| {
        Some(Day {
            is_today: date == today,
            ..day_of(date, zone, timeline, shifts)
        })
    }));
    while !cells.len().is_multiple_of(7) {
        cells.push(None);
    }
    cells.chunks(7).map(<[_]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::availability::model::{Entry, resolve};

    #[test]
    fn a_month_is_whole_weeks_of_its_days() {
        let zone = chrono_tz::Europe::Istanbul;
        let month: Month = "2026-12".parse().unwrap();
        let entry = |from: &str, to: &str, level, note: &str| Entry {
            id: 1,
            interval: Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap(),
            level,
            note: note.into(),
            entered_by: None,
            entered_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        let entries = [
            entry(
                "2026-12-04T06:00:00Z",
                "2026-12-04T09:00:00Z",
                Level::Unavailable,
                "dentist",
            ),
            entry(
                "2026-12-10T21:00:00Z",
                "2026-12-12T21:00:00Z",
                Level::Leave,
                "",
            ),
        ];
        let timeline = resolve(zone, &[], &entries, month.interval(zone));
        let shift = OnCall {
            id: ShiftId(1),
            role_id: RoleId(1),
            interval: Interval::new(
                "2026-12-09T15:00:00Z".parse().unwrap(),
                "2026-12-11T06:00:00Z".parse().unwrap(),
            )
            .unwrap(),
            role: "Primary".into(),
            order: 1,
            rotation: "Main".into(),
            team: "Payments".into(),
            slug: "payments".into(),
        };
        let weeks = weeks(
            month,
            zone,
            "2026-12-04".parse().unwrap(),
            &timeline,
            &[shift],
        );
        assert_eq!(weeks.len(), 5);
        assert!(weeks.iter().all(|w| w.len() == 7));
        let days: Vec<&Day> = weeks.iter().flatten().flatten().collect();
        assert_eq!(days.len(), 31);
        assert!(weeks[0][0].is_none(), "1 December 2026 is a Tuesday");
        let fourth = days[3];
        assert!(fourth.is_today && !fourth.is_weekend());
        assert_eq!(
            fourth.summary(),
            "00:00 to 09:00 available, 09:00 to 12:00 unavailable, 12:00 to 24:00 available"
        );
        assert_eq!(fourth.bands[1].short, "9–12");
        assert_eq!(fourth.notes, ["dentist"]);
        assert_eq!(fourth.level(), Level::Unavailable);
        assert_eq!(days[10].summary(), "leave");
        let times: Vec<_> = days[8..11]
            .iter()
            .map(|d| d.shifts[0].times.as_str())
            .collect();
        assert_eq!(times, ["from 18:00", "all day", "until 09:00"]);
        assert!(days[8].shifts[0].clashes, "its end is in the leave");
    }
}
