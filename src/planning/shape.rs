//! The month's shape: roles, shifts and slots, as the rotation's rules have them.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, Utc};

use super::model::{RoleInput, ShiftInput, SlotInput, SlotKey};
use super::plan::held;
use super::store::StoredSlot;
use crate::rotations::{Definition, Leg, Minutes, Rotation, Shift, shifts_of_month, weekend};
use crate::vocab::{Interval, Month, zone};

/// Roles, shifts and slots of a month by the rotation's rules. Shifts that have begun stay as they
/// were published, also where rules changed since: see [`begun`].
pub fn shape(
    rotation: &Rotation,
    month: Month,
    now: DateTime<Utc>,
    published: &[StoredSlot],
) -> (Vec<RoleInput>, Vec<ShiftInput>, Vec<SlotInput>) {
    let roles = roles(rotation, published);
    let defined = shifts_of_month(&rotation.versions, month);
    let (mut shifts, mut slots) = begun(rotation, &roles, &defined, now, published);
    // Legs never overlap, so at most one published shift is going on.
    let over = shifts.iter().map(|s| s.interval.end).find(|end| *end > now);
    for mut shift in defined {
        let Some(version) = rotation.versions.get(shift.version) else {
            continue;
        };
        let Some(leg) = version.legs.iter().find(|l| l.id == shift.leg) else {
            continue;
        };
        if !published.is_empty() && shift.interval.start <= now {
            // What later rules have going on begins where the published shift ends.
            let start = over.unwrap_or(shift.interval.start);
            let rest = Interval::new(start, shift.interval.end).ok();
            let Some(rest) = rest.filter(|rest| rest.end > now) else {
                continue;
            };
            shift.interval = rest;
            shift.local_start = rest.start.with_timezone(&leg.zone).date_naive();
        }
        let minutes = minutes(version, leg, shift.interval);
        for rule in &version.roles {
            let key = SlotKey {
                leg: leg.id,
                start: shift.interval.start,
                role: rule.id,
            };
            let Some(role) = roles.iter().position(|r| r.id == rule.id) else {
                continue;
            };
            let before = published
                .iter()
                .find(|s| s.leg == key.leg && s.interval == shift.interval && s.role == key.role);
            slots.push(SlotInput {
                key,
                shift: shifts.len(),
                role,
                points: version.burden.points(minutes, rule.burden_percent),
                published: before.map(held),
            });
        }
        shifts.push(ShiftInput {
            leg: leg.id,
            leg_name: leg.name.to_string(),
            zone: leg.zone,
            interval: shift.interval,
            day: shift.local_start,
            weekend: weekend(shift.interval, leg.zone),
            minutes,
            is_locked: false,
        });
    }
    (roles, shifts, slots)
}

/// Every role of the rotation's rules or of what is published, in escalation order.
fn roles(rotation: &Rotation, published: &[StoredSlot]) -> Vec<RoleInput> {
    let role = |id, name, order, is_shadow| RoleInput {
        id,
        name,
        short: String::new(),
        order,
        is_shadow,
    };
    let defined = rotation.versions.iter().flat_map(|v| v.roles.iter());
    let mut roles: Vec<RoleInput> = defined
        .map(|r| role(r.id, r.name.to_string(), r.order, r.shadow))
        .collect();
    let served = published.iter();
    roles.extend(served.map(|s| role(s.role, s.role_name.clone(), s.order, s.is_shadow)));
    roles.sort_by_key(|r| (r.order, r.id));
    let mut seen = BTreeSet::new();
    roles.retain(|r| seen.insert(r.id));
    let names: Vec<String> = roles.iter().map(|r| r.name.clone()).collect();
    for (role, short) in roles.iter_mut().zip(shorts(&names)) {
        role.short = short;
    }
    roles
}

fn minutes(version: &Definition, leg: &Leg, interval: Interval) -> Minutes {
    let first = interval.start.with_timezone(&leg.zone).year();
    let holidays = leg.holidays.between(&(first..=first + 1));
    version.burden.minutes(interval, leg.zone, &holidays)
}

/// The shifts that have begun, as they were published. Only the end of one that is still going on
/// follows later rules: it is the end that they give to it, or where their next shift
/// begins before it would have ended.
fn begun(
    rotation: &Rotation,
    roles: &[RoleInput],
    defined: &[Shift],
    now: DateTime<Utc>,
    published: &[StoredSlot],
) -> (Vec<ShiftInput>, Vec<SlotInput>) {
    let (mut shifts, mut slots) = (Vec::<ShiftInput>::new(), Vec::new());
    for stored in published.iter().filter(|s| s.interval.start <= now) {
        let (start, mut end) = (stored.interval.start, stored.interval.end);
        if end > now {
            let mut same = defined
                .iter()
                .filter(|s| s.leg == stored.leg && s.interval.start == start);
            let next = defined.iter().map(|s| s.interval.start).find(|t| *t > now);
            end = match same.next().map(|s| s.interval.end) {
                Some(ruled) if ruled > now => ruled,
                _ => next.map_or(end, |t| t.min(end)),
            };
        }
        let interval = Interval { start, end };
        let zone = zone(&stored.time_zone).unwrap_or(chrono_tz::UTC);
        let day = start.with_timezone(&zone).date_naive();
        let Some(role) = roles.iter().position(|r| r.id == stored.role) else {
            continue;
        };
        let [weekday, night, weekends, holiday] = stored.minutes;
        let mut worked = Minutes {
            weekday,
            night,
            weekend: weekends,
            holiday,
        };
        let mut points = stored.points;
        let made_by = rotation.on(day).and_then(|version| {
            let leg = version.legs.iter().find(|l| l.id == stored.leg)?;
            let task = version.roles.iter().find(|r| r.id == stored.role)?;
            Some((version, leg, task))
        });
        if interval != stored.interval
            && let Some((version, leg, task)) = made_by
        {
            worked = minutes(version, leg, interval);
            points = version.burden.points(worked, task.burden_percent);
        }
        let same = |s: &ShiftInput| s.leg == stored.leg && s.interval == interval;
        let shift = shifts.iter().position(same).unwrap_or(shifts.len());
        if shift == shifts.len() {
            shifts.push(ShiftInput {
                leg: stored.leg,
                leg_name: stored.leg_name.clone(),
                zone,
                interval,
                day,
                weekend: weekend(interval, zone),
                minutes: worked,
                is_locked: true,
            });
        }
        slots.push(SlotInput {
            key: SlotKey {
                leg: stored.leg,
                start,
                role: stored.role,
            },
            shift,
            role,
            points,
            published: Some(held(stored)),
        });
    }
    (shifts, slots)
}

/// One to three letters for each role, told apart.
fn shorts(names: &[String]) -> Vec<String> {
    let short = |name: &String| {
        (1..=3)
            .map(|n| name.chars().take(n).collect::<String>())
            .find(|short| {
                names
                    .iter()
                    .filter(|other| other.starts_with(short.as_str()))
                    .count()
                    == 1
            })
            .unwrap_or_else(|| name.chars().take(3).collect())
    };
    names.iter().map(short).collect()
}

#[cfg(test)]
mod tests {
    use super::shorts;

    #[test]
    fn letters_tell_roles_apart() {
        let short =
            |names: &[&str]| shorts(&names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        assert_eq!(short(&["Primary", "Secondary"]), ["P", "S"]);
        assert_eq!(
            short(&["Primary", "Secondary", "Shadow"]),
            ["P", "Se", "Sh"]
        );
        assert_eq!(short(&["Lead 1", "Lead 2"]), ["Lea", "Lea"]);
    }
}
