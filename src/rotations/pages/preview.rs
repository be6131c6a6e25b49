//! What shifts follow from rules: the next ones, and those around each change of clocks or rules.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use chrono::{
    DateTime, Datelike as _, NaiveDate, Offset as _, TimeDelta, TimeZone as _, Utc, Weekday,
};
use chrono_tz::Tz;

use super::describe::{exact, hours};
use super::show::first_shift;
use super::strip::Strip;
use crate::rotations::model::{Cadence, Definition, Leg, Shift, gaps, least_people, shifts};
use crate::vocab::Interval;

/// Days that a preview covers.
const DAYS: i64 = 14;
/// Rows of the next shifts at the most.
const MOST: usize = 100;
/// Shown before and after a change of clocks or rules.
const AROUND: TimeDelta = TimeDelta::hours(20);
/// How far we look for changes of clocks.
const AHEAD: i64 = 400;

/// The shifts that follow from rules.
pub struct Preview {
    /// The viewer's zone.
    pub zone: Tz,
    /// How much of the time is covered.
    pub coverage: String,
    /// Whether there is no gap.
    pub is_full: bool,
    /// How many people it takes at the least.
    pub least: usize,
    /// The roles' names in the order of escalation, over all versions shown.
    pub roles: Vec<String>,
    pub strip: Strip,
    pub days: Vec<Row>,
    /// More were left out.
    pub is_cut: bool,
    pub moments: Vec<Moment>,
}

/// Shifts around one instant.
pub struct Moment {
    pub title: String,
    pub rows: Vec<Row>,
}

/// A shift, or time that no shift covers.
pub struct Row {
    /// In the viewer's zone.
    pub starts: String,
    pub ends: String,
    /// Empty for a gap.
    pub leg: String,
    /// On the leg's clock, where that is another than the viewer's.
    pub local: String,
    pub length: String,
    /// Why the length is not the usual one.
    pub odd: Option<&'static str>,
    pub kinds: String,
    /// By role.
    pub points: Vec<String>,
    pub is_gap: bool,
}

/// "Tue 1 Dec 09:00".
pub fn clock(t: DateTime<Utc>, zone: Tz) -> String {
    t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
}

/// "Tue 1 Dec 2026, 09:00": for what may be far away.
pub fn dated(t: DateTime<Utc>, zone: Tz) -> String {
    t.with_timezone(&zone)
        .format("%a %-d %b %Y, %H:%M")
        .to_string()
}

impl Preview {
    /// Of these versions from an instant on, in the viewer's zone. `change`: when new rules take
    /// over, where that should be shown on its own.
    pub fn of(
        versions: &[Definition],
        from: DateTime<Utc>,
        zone: Tz,
        change: Option<DateTime<Utc>>,
    ) -> Self {
        // Before there are any rules nobody misses anybody.
        let begins = versions
            .first()
            .and_then(|d| first_shift(versions, d.effective_from));
        let from = begins.map_or(from, |t| t.max(from));
        let period = Interval {
            start: from,
            end: from + TimeDelta::days(DAYS),
        };
        let mut roles: Vec<(u8, String)> = Vec::new();
        for role in versions.iter().rev().flat_map(|d| &d.roles) {
            if !roles.iter().any(|(_, n)| n == role.name.as_str()) {
                roles.push((role.order, role.name.to_string()));
            }
        }
        roles.sort();
        let roles: Vec<String> = roles.into_iter().map(|(_, name)| name).collect();
        let maker = Maker {
            versions,
            roles: &roles,
            zone,
            holidays: holidays(versions, period.start.year()..=period.end.year() + 2),
        };
        let found = shifts(versions, period);
        let open = gaps(&found, period);
        let mut days = maker.rows(&found, &open);
        let is_cut = days.len() > MOST;
        days.truncate(MOST);
        let mut instants: Vec<(DateTime<Utc>, String)> = clock_changes(versions, from);
        instants.extend(change.map(|t| (t, "New rules take over".to_owned())));
        instants.sort();
        let moments = instants.into_iter().map(|(t, what)| {
            let period = Interval {
                start: t - AROUND,
                end: t + AROUND,
            };
            let found = shifts(versions, period);
            // Gaps at the edges are those of the window, not of the rules.
            let open = gaps(&found, period);
            Moment {
                title: format!("{what}: {}", dated(t, zone)),
                rows: maker.rows(&found, &open),
            }
        });
        let missing: i64 = open.iter().map(Interval::minutes).sum();
        Self {
            zone,
            coverage: if missing == 0 {
                "Somebody is on call at every moment of the two weeks shown.".to_owned()
            } else {
                format!(
                    "Of these two weeks, nobody is on call for {} of {}.",
                    hours(missing),
                    hours(period.minutes())
                )
            },
            is_full: missing == 0,
            least: least(versions, &found),
            strip: Strip::of(versions, &found, &open, period, zone),
            days,
            is_cut,
            moments: moments.collect(),
            roles,
        }
    }
}

/// How many people the shifts take at the least, under the rules each is made by.
fn least(versions: &[Definition], shifts: &[Shift]) -> usize {
    let of = |(version, rules): (usize, &Definition)| {
        let own = shifts.iter().filter(|s| s.version == version);
        let own: Vec<_> = own.map(|s| (s.interval, rules.roles.len())).collect();
        least_people(&own, &rules.rules)
    };
    versions.iter().enumerate().map(of).max().unwrap_or(0)
}

type Days = BTreeMap<NaiveDate, String>;

/// Holidays by version and leg.
fn holidays(versions: &[Definition], years: RangeInclusive<i32>) -> Vec<Vec<Days>> {
    let years = years.start() - 1..=*years.end();
    versions
        .iter()
        .map(|d| d.legs.iter().map(|l| l.holidays.between(&years)).collect())
        .collect()
}

struct Maker<'a> {
    versions: &'a [Definition],
    roles: &'a [String],
    zone: Tz,
    holidays: Vec<Vec<Days>>,
}

impl Maker<'_> {
    fn rows(&self, shifts: &[Shift], gaps: &[Interval]) -> Vec<Row> {
        let mut rows: Vec<(Interval, Row)> = shifts
            .iter()
            .filter_map(|s| Some((s.interval, self.shift(s)?)))
            .chain(gaps.iter().map(|g| (*g, self.gap(*g))))
            .collect();
        rows.sort_by_key(|(interval, _)| *interval);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn shift(&self, shift: &Shift) -> Option<Row> {
        let definition = self.versions.get(shift.version)?;
        let place = definition.legs.iter().position(|l| l.id == shift.leg)?;
        let leg = definition.legs.get(place)?;
        let holidays = self.holidays.get(shift.version)?.get(place)?;
        let Interval { start, end } = shift.interval;
        let minutes = definition
            .burden
            .minutes(shift.interval, leg.zone, holidays);
        let kinds = [
            ("weekday", minutes.weekday),
            ("night", minutes.night),
            ("weekend", minutes.weekend),
            ("holiday", minutes.holiday),
        ];
        let kinds = kinds.iter().filter(|(_, m)| *m > 0);
        let kinds: Vec<String> = kinds.map(|(k, m)| format!("{k} {}", hours(*m))).collect();
        let points = self.roles.iter().map(|name| {
            let role = definition.roles.iter().find(|r| r.name.as_str() == name);
            role.map_or_else(String::new, |r| {
                exact(definition.burden.points(minutes, r.burden_percent))
            })
        });
        Some(Row {
            starts: clock(start, self.zone),
            ends: clock(end, self.zone),
            leg: leg.name.to_string(),
            local: if leg.zone == self.zone {
                String::new()
            } else {
                format!(
                    "{} to {}, {}",
                    start.with_timezone(&leg.zone).format("%a %H:%M"),
                    end.with_timezone(&leg.zone).format("%a %H:%M"),
                    leg.zone.name()
                )
            },
            length: hours(shift.interval.minutes()),
            odd: odd(leg, shift),
            kinds: kinds.join(", "),
            points: points.collect(),
            is_gap: false,
        })
    }

    fn gap(&self, gap: Interval) -> Row {
        Row {
            starts: clock(gap.start, self.zone),
            ends: clock(gap.end, self.zone),
            leg: String::new(),
            local: String::new(),
            length: hours(gap.minutes()),
            odd: None,
            kinds: String::new(),
            points: Vec::new(),
            is_gap: true,
        }
    }
}

/// Why a shift doesn't last as long as its leg's usually do.
fn odd(leg: &Leg, shift: &Shift) -> Option<&'static str> {
    let usual = match leg.cadence {
        Cadence::Hours { shift_minutes, .. } => shift_minutes.into(),
        Cadence::Weekly => 7 * 1440,
        Cadence::WeekdaysAndWeekend { weekend_from } => {
            let weekdays = i64::from(weekend_from.num_days_from_monday());
            if shift.local_start.weekday() == Weekday::Mon {
                weekdays * 1440
            } else {
                (7 - weekdays) * 1440
            }
        }
    };
    let Interval { start, end } = shift.interval;
    if shift.interval.minutes() == usual {
        return None;
    }
    let moved = offset(leg.zone, end) - offset(leg.zone, start);
    let why = match moved.signum() {
        1 => "clocks go forward",
        -1 => "clocks go back",
        _ => "until the next takes over",
    };
    Some(why)
}

/// Seconds that clocks are ahead of UTC.
fn offset(zone: Tz, t: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&t.naive_utc())
        .fix()
        .local_minus_utc()
}

/// The next changes of clocks in the zones of the rules that are last in force, two for each zone.
fn clock_changes(versions: &[Definition], from: DateTime<Utc>) -> Vec<(DateTime<Utc>, String)> {
    let Some(last) = versions.last() else {
        return Vec::new();
    };
    let mut zones: Vec<Tz> = last.legs.iter().map(|l| l.zone).collect();
    zones.sort_by_key(|z| z.name());
    zones.dedup();
    let mut changes: BTreeMap<DateTime<Utc>, Vec<(&str, &str)>> = BTreeMap::new();
    for zone in zones {
        let days = (0..AHEAD).map(|d| from + TimeDelta::days(d));
        let moments = days.filter_map(|day| {
            let next = day + TimeDelta::days(1);
            (offset(zone, day) != offset(zone, next)).then(|| halve(zone, day, next))
        });
        for t in moments.take(2) {
            let forward = offset(zone, t) > offset(zone, t - TimeDelta::minutes(1));
            let way = if forward { "forward" } else { "back" };
            changes.entry(t).or_default().push((zone.name(), way));
        }
    }
    let title = |zones: Vec<(&str, &str)>| {
        let zones: Vec<String> = zones
            .iter()
            .map(|(zone, way)| format!("{zone} {way}"))
            .collect();
        format!("Clocks change, {}", zones.join(", "))
    };
    changes.into_iter().map(|(t, z)| (t, title(z))).collect()
}

/// The minute at which clocks change between the two.
fn halve(zone: Tz, mut low: DateTime<Utc>, mut high: DateTime<Utc>) -> DateTime<Utc> {
    let before = offset(zone, low);
    while high - low > TimeDelta::seconds(1) {
        let middle = low + (high - low) / 2;
        if offset(zone, middle) == before {
            low = middle;
        } else {
            high = middle;
        }
    }
    DateTime::from_timestamp((high.timestamp() + 30) / 60 * 60, 0).unwrap_or(high)
}
