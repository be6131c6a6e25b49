//! The file format `fairshift-instance/1`: reading it with clear errors, and building the problem.
use super::SolveError;
use crate::scheduler::{
    Block, MAX_HISTORY, MAX_SCALE, MAX_TIME, MAX_WEIGHT, NewcomerPolicy, Person, PreferenceCosts,
    Problem, Role, Rules, Settings, Shift, Slot, Standing, Window,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The only schema that is read.
const SCHEMA: &str = "fairshift-instance/1";

/// A file as it is written; what it means is documented where the format is.
#[derive(Debug, Deserialize)]
pub(super) struct Instance {
    schema: String,
    pub name: String,
    #[serde(default)]
    start_weekday: i64,
    periods: usize,
    #[serde(default)]
    roles: Vec<String>,
    pub slots: Vec<FileSlot>,
    pub engineers: Vec<Engineer>,
    avail: Vec<String>,
    pref_cost: BTreeMap<char, i64>,
    fairness: Fairness,
    rules: FileRules,
}

#[derive(Debug, Deserialize)]
pub(super) struct FileSlot {
    pub id: i64,
    period: usize,
    role: usize,
    start_min: i64,
    end_min: i64,
    weight: i64,
    weekend: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Engineer {
    pub id: i64,
    capacity: i64,
    history: i64,
    experienced: bool,
    newcomer: bool,
}

#[derive(Debug, Deserialize)]
struct Fairness {
    lcm: i64,
}

#[derive(Debug, Deserialize)]
struct FileRules {
    min_rest_min: i64,
    experienced_per_period: u32,
    newcomer_never_alone: bool,
    forbidden_pairs: Vec<(i64, i64)>,
    max_shifts_in_window: Option<FileWindow>,
    max_consecutive_weekends: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct FileWindow {
    days: i64,
    max: u32,
}

/// Reads and checks a file's text.
///
/// # Errors
/// [`SolveError::Format`] when it is not JSON of this shape, [`SolveError::Content`] when it
/// contradicts itself.
pub(super) fn read(text: &str) -> Result<Instance, SolveError> {
    let instance: Instance = serde_json::from_str(text).map_err(SolveError::Format)?;
    instance.check().map_err(SolveError::Content)?;
    Ok(instance)
}

impl Instance {
    fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!(
                "its schema is \"{}\"; this version reads \"{SCHEMA}\"",
                self.schema
            ));
        }
        if self.fairness.lcm < 1 {
            return Err("fairness.lcm must be at least 1".to_owned());
        }
        self.check_engineers()?;
        self.check_slots()?;
        self.check_availability()?;
        self.check_sizes()
    }

    /// Numbers that the scheduler would bring within its limits are another problem than the one asked.
    fn check_sizes(&self) -> Result<(), String> {
        let within = |what: String, value: i64, most: i64| {
            if (-most..=most).contains(&value) {
                return Ok(());
            }
            Err(format!(
                "{what} is {value}; it may be {most} from 0 at most"
            ))
        };
        within("fairness.lcm".to_owned(), self.fairness.lcm, MAX_SCALE)?;
        let rest = self.rules.min_rest_min;
        within("rules.min_rest_min".to_owned(), rest, MAX_TIME)?;
        if let Some(window) = &self.rules.max_shifts_in_window {
            let what = "rules.max_shifts_in_window.days".to_owned();
            within(what, window.days, MAX_TIME)?;
        }
        for (letter, &cost) in &self.pref_cost {
            within(format!("pref_cost.{letter}"), cost, MAX_HISTORY)?;
        }
        for engineer in &self.engineers {
            let id = engineer.id;
            within(
                format!("the capacity of engineer {id}"),
                engineer.capacity,
                MAX_SCALE,
            )?;
            within(
                format!("the history of engineer {id}"),
                engineer.history,
                MAX_HISTORY,
            )?;
        }
        for slot in &self.slots {
            let id = slot.id;
            within(format!("the weight of slot {id}"), slot.weight, MAX_WEIGHT)?;
            within(format!("start_min of slot {id}"), slot.start_min, MAX_TIME)?;
            within(format!("end_min of slot {id}"), slot.end_min, MAX_TIME)?;
        }
        Ok(())
    }

    fn check_engineers(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for engineer in &self.engineers {
            let id = engineer.id;
            if !ids.insert(id) {
                return Err(format!("two engineers have the id {id}"));
            }
            if engineer.capacity < 1 {
                return Err(format!(
                    "engineer {id} has no capacity; leave them out instead"
                ));
            }
        }
        for (a, b) in &self.rules.forbidden_pairs {
            if !ids.contains(a) || !ids.contains(b) {
                return Err(format!(
                    "the forbidden pair {a}, {b} names an unknown engineer"
                ));
            }
        }
        Ok(())
    }

    fn check_slots(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        let mut times: BTreeMap<usize, (i64, i64, bool)> = BTreeMap::new();
        for slot in &self.slots {
            let id = slot.id;
            if !ids.insert(id) {
                return Err(format!("two slots have the id {id}"));
            }
            if slot.period >= self.periods {
                return Err(format!(
                    "slot {id} is in period {}, of {}",
                    slot.period, self.periods
                ));
            }
            if !self.roles.is_empty() && slot.role >= self.roles.len() {
                return Err(format!("slot {id} has the unknown role {}", slot.role));
            }
            if slot.end_min <= slot.start_min {
                return Err(format!("slot {id} ends before it starts"));
            }
            if slot.weight < 0 {
                return Err(format!("slot {id} has a negative weight"));
            }
            let own = (slot.start_min, slot.end_min, slot.weekend);
            if *times.entry(slot.period).or_insert(own) != own {
                return Err(format!(
                    "the slots of period {} differ in times",
                    slot.period
                ));
            }
        }
        Ok(())
    }

    fn check_availability(&self) -> Result<(), String> {
        if self.avail.len() != self.engineers.len() {
            return Err(format!(
                "avail has {} rows for {} engineers",
                self.avail.len(),
                self.engineers.len()
            ));
        }
        for (row, engineer) in self.avail.iter().zip(&self.engineers) {
            if row.chars().count() != self.slots.len() {
                return Err(format!(
                    "avail of engineer {} needs one letter for each of {} slots",
                    engineer.id,
                    self.slots.len()
                ));
            }
            if let Some(letter) = row.chars().find(|l| !"UWRP".contains(*l)) {
                return Err(format!(
                    "avail of engineer {} has the letter {letter:?}; it may be U, W, R or P",
                    engineer.id
                ));
            }
        }
        Ok(())
    }

    /// The problem this file describes. All roles count alike when not every slot can be filled,
    /// since the format asks for the cheapest schedule with as many slots filled as possible.
    pub(super) fn problem(&self) -> Problem {
        let mut shifts = vec![Shift::default(); self.periods];
        for slot in &self.slots {
            if let Some(shift) = shifts.get_mut(slot.period) {
                let day = slot.start_min.div_euclid(24 * 60);
                *shift = Shift {
                    start_min: slot.start_min,
                    end_min: slot.end_min,
                    day,
                    weekend: slot
                        .weekend
                        .then(|| self.start_weekday.saturating_add(day).div_euclid(7)),
                };
            }
        }
        let people = self.engineers.iter().zip(&self.avail);
        let people = people.map(|(engineer, row)| Person {
            capacity: engineer.capacity,
            history: engineer.history,
            experienced: engineer.experienced,
            newcomer: engineer.newcomer,
            commitments: Vec::new(),
            standing: row.chars().map(standing).collect(),
        });
        let slots = self.slots.iter().map(|slot| Slot {
            shift: slot.period,
            role: Role::default(),
            weight: slot.weight,
            pin: None,
            previous: None,
        });
        Problem::new(people.collect(), shifts, slots.collect(), self.settings())
    }

    fn settings(&self) -> Settings {
        let place = |id: i64| self.engineers.iter().position(|e| e.id == id);
        let pairs = self.rules.forbidden_pairs.iter();
        let pairs = pairs.filter_map(|&(a, b)| place(a).zip(place(b)));
        let cost = |letter| self.pref_cost.get(&letter).copied().unwrap_or(0);
        Settings {
            rules: Rules {
                min_rest_min: self.rules.min_rest_min,
                window: self.rules.max_shifts_in_window.as_ref().map(|w| Window {
                    days: w.days,
                    max: w.max,
                }),
                max_consecutive_weekends: self.rules.max_consecutive_weekends.filter(|m| *m > 0),
                experienced_per_shift: self.rules.experienced_per_period,
                newcomers: if self.rules.newcomer_never_alone {
                    NewcomerPolicy::NeverAlone
                } else {
                    NewcomerPolicy::Free
                },
                forbidden_pairs: pairs.collect(),
            },
            preference: PreferenceCosts {
                preferred: cost('P'),
                available: cost('W'),
                if_needed: cost('R'),
            },
            stability: 0,
            scale: self.fairness.lcm,
        }
    }
}

fn standing(letter: char) -> Standing {
    match letter {
        'P' => Standing::Preferred,
        'W' => Standing::Available,
        'R' => Standing::IfNeeded,
        _ => Standing::Blocked(Block::Unavailable),
    }
}
