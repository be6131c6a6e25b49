//! One version of a rotation's rules, and what makes it sound.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use chrono::{Datelike, NaiveDate, Weekday};

use super::burden::BurdenRules;
use super::leg::{Cadence, Leg};
use super::overlaps;
use super::rules::HardRules;
use crate::vocab::{Line, RoleId};

/// One version of a rotation's rules.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The date it takes effect on; see [`super::shifts`] for how.
    pub effective_from: NaiveDate,
    /// At least one; several follow the sun.
    pub legs: Vec<Leg>,
    /// What one person each fills in every shift; at least one.
    pub roles: Vec<RoleRule>,
    /// What an hour weighs.
    pub burden: BurdenRules,
    /// What a schedule keeps to.
    pub rules: HardRules,
}

/// A role and what goes with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleRule {
    /// Stable while the rotation's rules change.
    pub id: RoleId,
    /// What people call it: "Primary".
    pub name: Line,
    /// Place in the escalation, 1 is called first.
    pub order: u8,
    /// What it weighs, in per cent of the shift's points.
    pub burden_percent: u32,
    /// Whether its holder only watches and learns; nobody escalates to it.
    pub shadow: bool,
}

/// What is wrong with one field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// Path of the field, like `legs.0.handover` or `rules.window_days`.
    pub field: String,
    /// What is wrong and what to do, for the person who typed it.
    pub message: String,
}

impl FieldError {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Check {
    pub errors: Vec<FieldError>,
}

impl Check {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, message));
    }

    pub(super) fn range<N: PartialOrd + Display + Copy>(
        &mut self,
        field: impl Into<String>,
        value: N,
        least: N,
        most: N,
        what: &str,
    ) {
        if value < least || value > most {
            self.add(field, format!("Enter {what}: {least} to {most}."));
        }
    }
}

/// Years in which dates are taken.
pub(super) fn sane_year(date: NaiveDate) -> bool {
    (2000..2200).contains(&date.year())
}

const MOST_LEGS: usize = 12;
const MOST_ROLES: usize = 9;
/// Shorter shifts would be lost between two sites whose clocks drift apart.
const SHORTEST: u32 = 60;
const SHORTEST_BETWEEN_LEGS: u32 = 240;

/// Whether the rules are sound.
///
/// # Errors
/// All that is wrong, each at its field.
pub fn validate(definition: &Definition) -> Result<(), Vec<FieldError>> {
    let mut check = Check::default();
    if !sane_year(definition.effective_from) {
        check.add("effective_from", "Choose a date from 2000 to 2199.");
    }
    check_legs(definition, &mut check);
    check_roles(&definition.roles, &mut check);
    check_burden(&definition.burden, &mut check);
    definition.rules.check(definition.roles.len(), &mut check);
    if check.errors.is_empty() {
        check.errors = overlaps::errors(definition);
    }
    if check.errors.is_empty() {
        Ok(())
    } else {
        Err(check.errors)
    }
}

fn check_legs(definition: &Definition, check: &mut Check) {
    let legs = &definition.legs;
    if legs.is_empty() {
        check.add(
            "legs",
            "Add a leg: a site with its time zone and handover time.",
        );
    }
    if legs.len() > MOST_LEGS {
        check.add(
            "legs",
            format!("Keep to {MOST_LEGS} legs; make a second rotation for more."),
        );
    }
    let mut names = BTreeSet::new();
    for (i, leg) in legs.iter().enumerate() {
        if !names.insert(leg.name.as_str().to_lowercase()) {
            check.add(
                format!("legs.{i}.name"),
                format!(
                    "Two legs are called {}: give this one another name.",
                    leg.name
                ),
            );
        }
        if leg.holidays.extra.keys().any(|day| !sane_year(*day)) {
            check.add(
                format!("legs.{i}.holidays"),
                "Choose holidays from 2000 to 2199.",
            );
        }
        check_cadence(i, leg, legs.len() > 1, check);
    }
}

fn check_cadence(i: usize, leg: &Leg, several: bool, check: &mut Check) {
    match leg.cadence {
        Cadence::WeekdaysAndWeekend { weekend_from } => {
            if weekend_from == Weekday::Mon {
                check.add(
                    format!("legs.{i}.weekend_from"),
                    "Choose a day from Tuesday to Sunday for the weekend shift to begin: it ends on Monday.",
                );
            }
            return;
        }
        Cadence::Weekly => {}
        Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        } => check_hours(i, coverage_minutes, shift_minutes, several, check),
    }
    if leg.weekdays.is_empty() {
        check.add(format!("legs.{i}.weekdays"), "Choose at least one weekday.");
    }
}

fn check_hours(i: usize, coverage: u32, shift: u32, several: bool, check: &mut Check) {
    let field = format!("legs.{i}.shift_minutes");
    let least = if several {
        SHORTEST_BETWEEN_LEGS
    } else {
        SHORTEST
    };
    if coverage == 0 || coverage > 1440 {
        check.add(
            format!("legs.{i}.coverage_minutes"),
            "Cover more than nothing and at most 24 hours a day: enter 1 to 1440 minutes.",
        );
    } else if shift < least {
        let why = if several {
            " where several legs take turns"
        } else {
            ""
        };
        check.add(
            field,
            format!("Make a shift at least {}{why}.", hours(least)),
        );
    } else if !coverage.is_multiple_of(shift) {
        check.add(
            field,
            format!(
                "Shifts of {} don't fill {} of coverage: {}.",
                hours(shift),
                hours(coverage),
                fitting(coverage, shift, least)
            ),
        );
    }
}

/// Names the nearest shift lengths that fill the coverage.
fn fitting(coverage: u32, shift: u32, least: u32) -> String {
    let fits = |length: &u32| *length >= least && coverage.is_multiple_of(*length);
    let below = (1..shift.min(coverage + 1)).rev().find(fits);
    let above = (shift + 1..=coverage).find(fits);
    match (below, above) {
        (Some(below), Some(above)) => format!("{} or {} would", hours(below), hours(above)),
        (Some(one), None) | (None, Some(one)) => format!("{} would", hours(one)),
        (None, None) => "cover a longer time".to_owned(),
    }
}

/// "8 h", "7 h 30 min", "45 min".
fn hours(minutes: u32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

fn check_roles(roles: &[RoleRule], check: &mut Check) {
    if roles.is_empty() {
        check.add(
            "roles",
            "Add a role, like Primary: nobody is on call without one.",
        );
    } else if roles.iter().all(|r| r.shadow) {
        check.add(
            "roles",
            "Add a role that is no shadow: somebody must answer the call.",
        );
    }
    if roles.len() > MOST_ROLES {
        check.add("roles", format!("Keep to {MOST_ROLES} roles."));
    }
    let mut orders = BTreeMap::new();
    let mut names = BTreeSet::new();
    for (i, role) in roles.iter().enumerate() {
        if !names.insert(role.name.as_str().to_lowercase()) {
            check.add(
                format!("roles.{i}.name"),
                format!(
                    "Two roles are called {}: give this one another name.",
                    role.name
                ),
            );
        }
        check.range(
            format!("roles.{i}.order"),
            role.order,
            1,
            9,
            "a place in the escalation",
        );
        if let Some(other) = orders.insert(role.order, &role.name) {
            check.add(
                format!("roles.{i}.order"),
                format!(
                    "{other} already has place {} in the escalation: give {} another.",
                    role.order, role.name
                ),
            );
        }
        check.range(
            format!("roles.{i}.burden_percent"),
            role.burden_percent,
            0,
            1000,
            "a burden in per cent",
        );
    }
}

fn check_burden(burden: &BurdenRules, check: &mut Check) {
    for (field, hundredths) in [
        ("burden.weekday", burden.weekday),
        ("burden.night", burden.night),
        ("burden.weekend", burden.weekend),
        ("burden.holiday", burden.holiday),
    ] {
        if !(0..=10_000).contains(&hundredths) {
            check.add(field, "Enter points per hour from 0 to 100.");
        }
    }
}
