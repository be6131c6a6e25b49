//! What the planner says of slots, rules and people, in words.

use chrono_tz::Tz;

use super::model::{Inputs, block_words, broken_words, rule_name};
use super::plan::Plan;
use crate::scheduler::{Reason, Violation, open_slots};
use crate::vocab::Interval;

/// A slot that nobody holds.
pub struct Gap {
    /// Names the slot.
    pub key: String,
    /// Role and times.
    pub title: String,
    /// Each person and why not.
    pub reasons: Vec<(String, String)>,
}

/// Role and times of a slot, in a zone: "Secondary, Thu 3 Dec 18:00 to Fri 4 Dec 09:00".
pub fn slot_title(inputs: &Inputs, slot: usize, zone: Tz) -> String {
    let shift = inputs.shift_of(slot);
    shift.map_or_else(String::new, |s| part_title(inputs, slot, s.interval, zone))
}

/// The same of a part of a slot.
pub fn part_title(inputs: &Inputs, slot: usize, part: Interval, zone: Tz) -> String {
    let Some(role) = inputs.role_of(slot) else {
        return String::new();
    };
    let at = |t: chrono::DateTime<chrono::Utc>| {
        t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
    };
    format!("{}, {} to {}", role.name, at(part.start), at(part.end))
}

/// A broken rule in words, with names.
pub fn violation_words(plan: &Plan, violation: &Violation, zone: Tz) -> String {
    let inputs = &plan.inputs;
    let assignment = plan.assignment();
    let slot = violation.slots.first().copied().unwrap_or_default();
    let person = violation.people.first().copied().unwrap_or_default();
    let standing = plan.built.problem.standing(person, slot);
    let rule = match (violation.rule, standing, inputs.people.get(person)) {
        (
            crate::scheduler::Rule::Availability,
            crate::scheduler::Standing::Blocked(block),
            Some(p),
        ) => block_words(inputs, p, slot, block),
        (rule, _, _) => violation
            .slots
            .iter()
            .map(|s| broken_words(inputs, &assignment, person, *s, rule))
            .next_back()
            .unwrap_or_else(|| rule_name(inputs, rule)),
    };
    let names: Vec<&str> = violation
        .people
        .iter()
        .filter_map(|p| inputs.people.get(*p))
        .map(|p| p.name.as_str())
        .collect();
    format!(
        "{}: {rule} ({})",
        names.join(" and "),
        slot_title(inputs, slot, zone)
    )
}

/// Broken rules in words, each once: a rule between several slots breaks once for each pair of them.
pub fn broken<'a>(
    plan: &Plan,
    violations: impl IntoIterator<Item = &'a Violation>,
    zone: Tz,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for violation in violations {
        let line = violation_words(plan, violation, zone);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Who lacks a requirement for slots of the month, from when on.
pub fn lacking(inputs: &Inputs) -> Vec<String> {
    let mut said = Vec::new();
    for person in &inputs.people {
        let mut titles: Vec<&String> = person.lacks.values().flatten().collect();
        titles.sort_unstable();
        titles.dedup();
        for title in titles {
            let slots: Vec<usize> = person
                .lacks
                .iter()
                .filter(|(_, l)| l.contains(title))
                .map(|(s, _)| *s)
                .collect();
            let mut roles: Vec<&str> = slots
                .iter()
                .filter_map(|s| inputs.role_of(*s))
                .map(|r| r.name.as_str())
                .collect();
            roles.sort_unstable();
            roles.dedup();
            let first = slots
                .iter()
                .filter_map(|s| inputs.shift_of(*s))
                .map(|s| s.day)
                .min();
            let when = match first {
                Some(day) if inputs.shifts.first().is_some_and(|s| s.day < day) => {
                    format!("for shifts from {} on", day.format("%a %-d %b"))
                }
                _ => "all month".to_owned(),
            };
            said.push(format!(
                "{} lacks {title} ({}, {when})",
                person.name,
                roles.join(", ")
            ));
        }
    }
    said
}

/// Each slot that nobody holds, with every person's reason.
pub fn gaps(plan: &Plan, zone: Tz) -> Vec<Gap> {
    let inputs = &plan.inputs;
    let assignment = plan.assignment();
    let gap = |open: crate::scheduler::OpenSlot| {
        let mut reasons: Vec<(String, String)> = open
            .reasons
            .iter()
            .filter_map(|(person, reason)| {
                let p = inputs.people.get(*person)?;
                let words = match reason {
                    Reason::Blocked(block) => block_words(inputs, p, open.slot, *block),
                    Reason::Breaks(rules) => rules
                        .iter()
                        .map(|rule| broken_words(inputs, &assignment, *person, open.slot, *rule))
                        .collect::<Vec<_>>()
                        .join(", "),
                };
                Some((p.name.clone(), words))
            })
            .collect();
        let named: Vec<usize> = open.reasons.iter().map(|(p, _)| *p).collect();
        for (index, person) in inputs.people.iter().enumerate() {
            if !named.contains(&index) {
                reasons.push((person.name.clone(), "could take it".to_owned()));
            }
        }
        Gap {
            key: inputs
                .slots
                .get(open.slot)
                .map(|s| s.key.to_string())
                .unwrap_or_default(),
            title: slot_title(inputs, open.slot, zone),
            reasons,
        }
    };
    open_slots(&plan.built.problem, &assignment)
        .into_iter()
        .take(200)
        .map(gap)
        .collect()
}
