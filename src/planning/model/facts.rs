//! What a draft was computed from, in few words, so that a page can say what changed since.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::inputs::{Elsewhere, Inputs};
use crate::vocab::PersonId;

/// What is known of one person.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Fact {
    name: String,
    capacity: i16,
    utilisation: Option<i16>,
    /// Where it comes from makes no other plan: it is only said when it changes.
    #[serde(skip)]
    is_from_calendars: bool,
    balance: i64,
    fair_share: i64,
    levels: String,
    notes: Vec<String>,
    lacks: Vec<String>,
    elsewhere: usize,
    elsewhere_at: String,
    experience: String,
}

/// What is known of everybody, and of the month's slots.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    people: BTreeMap<PersonId, Fact>,
    slots: String,
    rules: String,
}

impl Facts {
    /// What these inputs say.
    #[must_use]
    pub fn of(inputs: &Inputs) -> Self {
        let people = inputs.people.iter().enumerate().map(|(index, person)| {
            let mut lacks: Vec<String> = person.lacks.values().flatten().cloned().collect();
            lacks.sort();
            lacks.dedup();
            let letter = |slot| match inputs.level(index, slot) {
                crate::vocab::Level::Preferred => 'p',
                crate::vocab::Level::Available => 'a',
                crate::vocab::Level::IfNeeded => 'n',
                crate::vocab::Level::Unavailable => 'u',
                crate::vocab::Level::Leave => 'l',
            };
            let at = |e: &Elsewhere| {
                format!("{}+{}", e.interval.start.timestamp(), e.interval.minutes())
            };
            let fact = Fact {
                name: person.name.clone(),
                capacity: person.capacity_percent,
                utilisation: person.utilisation_percent,
                is_from_calendars: person.is_from_calendars,
                balance: person.balance.0,
                fair_share: person.fair_share.0,
                levels: (0..inputs.slots.len()).map(letter).collect(),
                notes: vec![format!(
                    "{:?} {:?} {:?}",
                    person.legs, person.joined_on, person.left_on
                )],
                lacks,
                elsewhere: person.elsewhere.len(),
                elsewhere_at: person
                    .elsewhere
                    .iter()
                    .map(at)
                    .collect::<Vec<_>>()
                    .join(" "),
                experience: match (inputs.is_newcomer(person), inputs.is_experienced(person)) {
                    (true, _) => "a newcomer",
                    (false, true) => "experienced",
                    (false, false) => "neither newcomer nor experienced",
                }
                .to_owned(),
            };
            (person.id, fact)
        });
        let slots: Vec<String> = inputs
            .slots
            .iter()
            .map(|s| format!("{}/{}", s.key, s.points.0))
            .collect();
        Self {
            people: people.collect(),
            slots: slots.join(" "),
            rules: format!("{:?}", inputs.rules),
        }
    }

    /// A short digest: equal facts, equal digest.
    #[must_use]
    pub fn digest(&self) -> String {
        use sha2::{Digest as _, Sha256};
        let text = serde_json::to_string(self).unwrap_or_default();
        let digest = Sha256::digest(text.as_bytes());
        let first = digest.iter().take(8);
        let number = first.fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{number:016x}")
    }
}

/// Sentences on what differs, for people, by name.
#[must_use]
pub fn changes(before: &Facts, now: &Facts) -> Vec<String> {
    let mut said = Vec::new();
    if before.rules != now.rules || before.slots != now.slots {
        said.push("The rotation's rules or shifts changed.".to_owned());
    }
    for (id, new) in &now.people {
        let Some(old) = before.people.get(id) else {
            said.push(format!("{} is new in the rotation.", new.name));
            continue;
        };
        person_changes(old, new, before.slots == now.slots, &mut said);
    }
    for (id, old) in &before.people {
        if !now.people.contains_key(id) {
            said.push(format!("{} is no longer in the rotation.", old.name));
        }
    }
    said
}

fn person_changes(old: &Fact, new: &Fact, same_slots: bool, said: &mut Vec<String>) {
    let name = &new.name;
    let before = said.len();
    let percent = |p: Option<i16>| p.map_or("not entered".to_owned(), |p| format!("{p} %"));
    if old.utilisation != new.utilisation {
        let origin = if new.is_from_calendars {
            ", from a calendar"
        } else {
            ""
        };
        said.push(format!(
            "{name}: utilisation {} is now {}{origin}.",
            percent(old.utilisation),
            percent(new.utilisation)
        ));
    }
    if old.levels != new.levels && same_slots {
        let on_leave = |levels: &str| levels.chars().filter(|c| *c == 'l').count();
        let what = if on_leave(&old.levels) == on_leave(&new.levels) {
            "availability"
        } else {
            "leave"
        };
        said.push(format!("{name}: {what} changed."));
    }
    if old.lacks != new.lacks {
        said.push(if new.lacks.is_empty() {
            format!("{name}: lacks no requirement any more.")
        } else {
            format!("{name}: lacks {}.", new.lacks.join(", "))
        });
    }
    if old.capacity != new.capacity {
        said.push(format!(
            "{name}: {} % of full time is now {} %.",
            old.capacity, new.capacity
        ));
    }
    if old.experience != new.experience {
        said.push(format!("{name}: is {} now.", new.experience));
    }
    if old.notes != new.notes {
        said.push(format!("{name}: joining, leaving or legs changed."));
    }
    if old.elsewhere != new.elsewhere || old.elsewhere_at != new.elsewhere_at {
        said.push(format!("{name}: shifts elsewhere changed."));
    }
    // Shares move a little whenever anybody's do: only told where nothing else is.
    if said.len() == before && old.balance != new.balance {
        said.push(format!("{name}: balance changed."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(utilisation: Option<i16>, levels: &str) -> Facts {
        let fact = Fact {
            name: "Ayşe".into(),
            utilisation,
            levels: levels.into(),
            ..Fact::default()
        };
        Facts {
            people: [(PersonId(1), fact)].into(),
            ..Facts::default()
        }
    }

    #[test]
    fn says_what_changed_by_name() {
        let before = facts(Some(38), "aap");
        assert!(changes(&before, &before).is_empty());
        assert_eq!(before.digest(), facts(Some(38), "aap").digest());
        assert_eq!(
            changes(&before, &facts(Some(60), "aap")),
            ["Ayşe: utilisation 38 % is now 60 %."]
        );
        assert_eq!(
            changes(&before, &facts(None, "lap")),
            [
                "Ayşe: utilisation 38 % is now not entered.",
                "Ayşe: leave changed."
            ]
        );
        assert_eq!(
            changes(&before, &Facts::default()),
            ["Ayşe is no longer in the rotation."]
        );
        assert_eq!(
            changes(&Facts::default(), &before),
            ["Ayşe is new in the rotation."]
        );
    }
}
