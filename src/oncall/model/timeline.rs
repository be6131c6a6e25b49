//! Who is on now, as a picture: half a day back, a day and a half ahead.

use chrono::{DateTime, NaiveTime, TimeDelta, Timelike as _, Utc};
use chrono_tz::Tz;

use super::duty::{Slot, Who};
use crate::vocab::{Interval, PersonId, RoleId, local_instant};

/// A row for each role, over one stretch of time. Places are percent of its width.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// Where now is.
    pub now: f64,
    /// Every six hours by the viewer's clock.
    pub ticks: Vec<Tick>,
    /// The roles.
    pub rows: Vec<Row>,
}

/// A mark on the axis.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Its place.
    pub x: f64,
    /// "18:00", and at midnight the day: "Tue 17".
    pub label: String,
    /// Whether a day begins.
    pub is_day: bool,
}

/// One role of one rotation.
#[derive(Clone, Debug)]
pub struct Row {
    /// The rotation's name.
    pub rotation: String,
    /// The role's.
    pub role: String,
    /// Its place in the escalation.
    pub order: i16,
    /// Its slots.
    pub bars: Vec<Bar>,
}

/// One slot.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Where it begins.
    pub x: f64,
    /// How wide it is.
    pub width: f64,
    /// Who serves; none: open.
    pub who: Option<Who>,
    /// When, in words.
    pub when: String,
    /// Whether the viewer serves.
    pub is_mine: bool,
    /// Whether it is now.
    pub is_now: bool,
}

impl Timeline {
    /// The stretch around an instant: 12 hours back and 36 ahead.
    #[must_use]
    pub fn span(now: DateTime<Utc>) -> Interval {
        Interval {
            start: now - TimeDelta::hours(12),
            end: now + TimeDelta::hours(36),
        }
    }

    /// Draws slots, which come sorted by rotation, role and start.
    #[must_use]
    pub fn of(slots: &[Slot], now: DateTime<Utc>, zone: Tz, viewer: PersonId) -> Self {
        let span = Self::span(now);
        let mut rows: Vec<(RoleId, Row)> = Vec::new();
        for slot in slots {
            let Some(seen) = slot.interval.intersection(&span) else {
                continue;
            };
            if rows.last().is_none_or(|(role, _)| *role != slot.role) {
                let row = Row {
                    rotation: slot.rotation_name.clone(),
                    role: slot.role_name.clone(),
                    order: slot.order,
                    bars: Vec::new(),
                };
                rows.push((slot.role, row));
            }
            let local = |t: DateTime<Utc>| t.with_timezone(&zone).format("%a %H:%M");
            let bar = Bar {
                x: place(span, seen.start),
                width: place(span, seen.end) - place(span, seen.start),
                is_mine: slot.who.as_ref().is_some_and(|w| w.id == viewer),
                is_now: slot.interval.contains(now),
                who: slot.who.clone(),
                when: format!(
                    "{} to {}",
                    local(slot.interval.start),
                    local(slot.interval.end)
                ),
            };
            if let Some((_, row)) = rows.last_mut() {
                row.bars.push(bar);
            }
        }
        Self {
            now: place(span, now),
            ticks: ticks(span, zone),
            rows: rows.into_iter().map(|(_, row)| row).collect(),
        }
    }
}

/// Every six hours of the local day. Where clocks skip one of them, the mark stands at the change.
fn ticks(span: Interval, zone: Tz) -> Vec<Tick> {
    let first = span.start.with_timezone(&zone).date_naive();
    let marks = first.iter_days().take(4).flat_map(|day| {
        [0, 6, 12, 18]
            .into_iter()
            .filter_map(|hour| NaiveTime::from_hms_opt(hour, 0, 0))
            .map(move |time| local_instant(zone, day.and_time(time)))
    });
    marks
        .filter(|t| span.contains(*t))
        .map(|t| {
            let local = t.with_timezone(&zone);
            let is_day = local.hour() < 6;
            let format = if is_day { "%a %-d" } else { "%H:%M" };
            Tick {
                x: place(span, t),
                label: local.format(format).to_string(),
                is_day,
            }
        })
        .collect()
}

#[allow(clippy::cast_precision_loss)] // For drawing.
fn place(span: Interval, t: DateTime<Utc>) -> f64 {
    let share =
        (t - span.start).num_seconds() as f64 / (span.end - span.start).num_seconds() as f64;
    (share * 10_000.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_follows_the_viewers_clock_over_a_change() {
        // Clocks go back in Berlin on 25 October 2026: that day has 25 hours.
        let now = "2026-10-25T06:00:00Z".parse().unwrap();
        let line = Timeline::of(&[], now, Tz::Europe__Berlin, PersonId(1));
        let labels: Vec<_> = line.ticks.iter().map(|t| t.label.as_str()).collect();
        assert_eq!(
            labels,
            [
                "Sun 25", "06:00", "12:00", "18:00", "Mon 26", "06:00", "12:00", "18:00"
            ]
        );
        assert!((line.now - 25.0).abs() < 0.01);
        // Seven hours from midnight to six, then six to noon.
        let gap = |n: usize| line.ticks[n + 1].x - line.ticks[n].x;
        assert!((gap(0) / gap(1) - 7.0 / 6.0).abs() < 0.01);
    }
}
