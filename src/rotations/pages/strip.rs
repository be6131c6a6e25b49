//! Two weeks of shifts as a picture: days across, a lane for each leg.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;

use super::preview::clock;
use crate::rotations::model::{Definition, Shift};
use crate::vocab::{Interval, local_instant};

/// Units from the left edge to the first instant, and of the whole picture; one is a pixel where
/// the page is wide.
const LEFT: i64 = 120;
const WIDTH: i64 = 1040;
const TOP: i64 = 24;
const LANE: i64 = 30;

/// The picture, in its own units.
pub struct Strip {
    pub height: i64,
    pub days: Vec<Day>,
    pub lanes: Vec<Lane>,
    pub gaps: Vec<Bar>,
}

/// A day in the viewer's zone.
pub struct Day {
    pub x: i64,
    pub width: i64,
    pub label: String,
    pub is_weekend: bool,
}

/// A leg's shifts.
pub struct Lane {
    pub y: i64,
    pub name: String,
    pub bars: Vec<Bar>,
}

/// A stretch of time.
pub struct Bar {
    pub x: i64,
    pub width: i64,
    /// Neighbours differ.
    pub is_odd: bool,
    pub title: String,
}

impl Strip {
    pub fn of(
        versions: &[Definition],
        shifts: &[Shift],
        gaps: &[Interval],
        period: Interval,
        zone: Tz,
    ) -> Self {
        let x = |t: DateTime<Utc>| {
            let t = t.clamp(period.start, period.end);
            let into = (t - period.start).num_minutes();
            LEFT + into * (WIDTH - LEFT) / period.minutes().max(1)
        };
        let bar = |place: usize, interval: Interval, name: &str| {
            let (start, end) = (x(interval.start), x(interval.end));
            Bar {
                x: start,
                width: (end - start - 1).max(1),
                is_odd: place % 2 == 1,
                title: format!(
                    "{name}, {} to {}",
                    clock(interval.start, zone),
                    clock(interval.end, zone)
                ),
            }
        };
        let mut lanes: Vec<Lane> = Vec::new();
        for leg in versions.iter().flat_map(|d| &d.legs) {
            let name = leg.name.to_string();
            let mine = shifts.iter().filter(|s| s.leg == leg.id).enumerate();
            let bars: Vec<Bar> = mine.map(|(i, s)| bar(i, s.interval, &name)).collect();
            if !bars.is_empty() && !lanes.iter().any(|l| l.name == name) {
                let above = i64::try_from(lanes.len()).unwrap_or_default();
                let y = TOP + above * LANE;
                lanes.push(Lane { y, name, bars });
            }
        }
        let first = period.start.with_timezone(&zone).date_naive();
        let midnight = |n: u64| {
            let day = first.checked_add_days(Days::new(n)).unwrap_or(first);
            (day, local_instant(zone, day.and_time(NaiveTime::MIN)))
        };
        let days = (0..).map(|n| (midnight(n), midnight(n + 1)));
        let days = days.take_while(|((_, start), _)| *start < period.end);
        let days = days.map(|((day, start), (_, end))| Day {
            x: x(start),
            width: x(end) - x(start),
            // Too narrow a day has no room for its name.
            label: if x(end) - x(start) < 48 {
                String::new()
            } else {
                day.format("%a %-d").to_string()
            },
            is_weekend: matches!(day.weekday(), Weekday::Sat | Weekday::Sun),
        });
        Self {
            height: TOP + i64::try_from(lanes.len().max(1)).unwrap_or(1) * LANE,
            days: days.collect(),
            gaps: gaps.iter().map(|g| bar(0, *g, "Nobody")).collect(),
            lanes,
        }
    }
}
