//! The month's shape: roles, shifts and slots, as the rotation's rules have them.

use chrono::{DateTime, Datelike as _, Utc};

use super::model::{RoleInput, ShiftInput, SlotInput, SlotKey};
use super::plan::held;
use super::store::StoredSlot;
use crate::rotations::{Rotation, shifts_of_month, weekend};
use crate::vocab::Month;

/// Roles, shifts and slots of a month by the rotation's rules. Shifts that have begun and were
/// published under earlier rules stay as they were published.
pub fn shape(
    rotation: &Rotation,
    month: Month,
    now: DateTime<Utc>,
    published: &[StoredSlot],
) -> (Vec<RoleInput>, Vec<ShiftInput>, Vec<SlotInput>) {
    let mut defined: Vec<_> = rotation
        .versions
        .iter()
        .flat_map(|v| v.roles.iter())
        .collect();
    defined.sort_by_key(|r| (r.order, r.id));
    let mut roles: Vec<RoleInput> = Vec::new();
    for rule in defined {
        if roles.iter().all(|r| r.id != rule.id) {
            roles.push(RoleInput {
                id: rule.id,
                name: rule.name.to_string(),
                short: String::new(),
                order: rule.order,
                is_shadow: rule.shadow,
            });
        }
    }
    let names: Vec<String> = roles.iter().map(|r| r.name.clone()).collect();
    for (role, short) in roles.iter_mut().zip(shorts(&names)) {
        role.short = short;
    }
    let mut shifts = Vec::new();
    let mut slots = Vec::new();
    for shift in shifts_of_month(&rotation.versions, month) {
        let Some(version) = rotation.versions.get(shift.version) else {
            continue;
        };
        let Some(leg) = version.legs.iter().find(|l| l.id == shift.leg) else {
            continue;
        };
        let holidays = leg
            .holidays
            .between(&(shift.local_start.year()..=shift.local_start.year() + 1));
        let minutes = version.burden.minutes(shift.interval, leg.zone, &holidays);
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
            is_locked: shift.interval.start <= now && !published.is_empty(),
        });
    }
    (roles, shifts, slots)
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
