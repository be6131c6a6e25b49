//! Rules in words.

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate, NaiveTime, Weekday};

use crate::rotations::model::{Cadence, Definition, Leg, Newcomers, RoleRule, Weekdays};
use crate::vocab::{PersonId, Points};

/// One version's rules, for reading.
pub struct Rules {
    pub effective_from: NaiveDate,
    pub roles: Vec<RoleRule>,
    pub legs: Vec<LegFacts>,
    pub burden: Vec<(&'static str, String)>,
    pub night: String,
    pub limits: Vec<String>,
}

/// A leg, for reading.
pub struct LegFacts {
    pub name: String,
    pub zone: &'static str,
    pub handover: NaiveTime,
    pub rhythm: String,
    pub members: Vec<String>,
    pub holidays: Vec<(NaiveDate, String)>,
    pub holidays_from: String,
}

/// Public holidays shown of each leg.
const HOLIDAYS: usize = 4;

impl Rules {
    pub fn of(
        definition: &Definition,
        rotation: &super::Rotation,
        names: &BTreeMap<PersonId, String>,
        today: NaiveDate,
    ) -> Self {
        let burden = &definition.burden;
        let name = |p: &PersonId| names.get(p).cloned();
        let legs = definition.legs.iter().map(|leg| LegFacts {
            name: leg.name.to_string(),
            zone: leg.zone.name(),
            handover: leg.handover,
            rhythm: rhythm(leg),
            members: rotation
                .members_of(leg.id)
                .iter()
                .filter_map(name)
                .collect(),
            holidays: next_holidays(leg, today.max(definition.effective_from)),
            holidays_from: holidays_from(leg),
        });
        let night = if burden.night_from == burden.night_to {
            "no night".to_owned()
        } else {
            format!(
                "{} to {}",
                burden.night_from.format("%H:%M"),
                burden.night_to.format("%H:%M")
            )
        };
        Self {
            effective_from: definition.effective_from,
            roles: definition.roles.clone(),
            legs: legs.collect(),
            burden: vec![
                ("Weekday", rate(burden.weekday)),
                ("Night", rate(burden.night)),
                ("Weekend", rate(burden.weekend)),
                ("Holiday", rate(burden.holiday)),
            ],
            night,
            limits: limits(definition, names),
        }
    }

    /// Legs that nobody belongs to.
    pub fn deserted(&self) -> impl Iterator<Item = &str> {
        let legs = self.legs.iter().filter(|l| l.members.is_empty());
        legs.map(|l| l.name.as_str())
    }
}

/// Hundredths of a point as they are typed: "0.16".
pub fn rate(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Points with both decimals: a slot's weight.
pub fn exact(points: Points) -> String {
    rate(points.0)
}

/// Minutes as hours: "24 h", "7 h 30 min".
pub fn hours(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, m) => format!("{m} min"),
        (h, 0) => format!("{h} h"),
        (h, m) => format!("{h} h {m} min"),
    }
}

pub fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "Monday",
        Weekday::Tue => "Tuesday",
        Weekday::Wed => "Wednesday",
        Weekday::Thu => "Thursday",
        Weekday::Fri => "Friday",
        Weekday::Sat => "Saturday",
        Weekday::Sun => "Sunday",
    }
}

fn days(days: Weekdays) -> String {
    if days == Weekdays::ALL {
        return "every day".into();
    }
    if days == Weekdays::WORKING {
        return "Monday to Friday".into();
    }
    let names: Vec<&str> = days.iter().map(weekday).collect();
    names.join(", ")
}

/// "every day, 2 shifts of 12 h".
pub fn rhythm(leg: &Leg) -> String {
    match leg.cadence {
        Cadence::Weekly => {
            let from = leg.weekdays.first().unwrap_or(Weekday::Mon);
            format!("one shift a week, from {}", weekday(from))
        }
        Cadence::WeekdaysAndWeekend { weekend_from } => format!(
            "one shift from Monday, one from {} over the weekend",
            weekday(weekend_from)
        ),
        Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        } => {
            let each = hours(shift_minutes.into());
            let shifts = match coverage_minutes.checked_div(shift_minutes) {
                Some(1) | None => format!("one shift of {each}"),
                Some(n) => format!("{n} shifts of {each}"),
            };
            format!("{}, {shifts}", days(leg.weekdays))
        }
    }
}

fn holidays_from(leg: &Leg) -> String {
    let entered = match leg.holidays.extra.len() {
        0 => String::new(),
        1 => "1 entered day".to_owned(),
        n => format!("{n} entered days"),
    };
    match (leg.holidays.country, entered.is_empty()) {
        (Some(country), true) => country.name().to_owned(),
        (Some(country), false) => format!("{} and {entered}", country.name()),
        (None, true) => "none".to_owned(),
        (None, false) => entered,
    }
}

fn next_holidays(leg: &Leg, from: NaiveDate) -> Vec<(NaiveDate, String)> {
    let days = leg.holidays.between(&(from.year()..=from.year() + 1));
    days.into_iter()
        .filter(|(day, _)| *day >= from)
        .take(HOLIDAYS)
        .collect()
}

fn limits(definition: &Definition, names: &BTreeMap<PersonId, String>) -> Vec<String> {
    let rules = &definition.rules;
    let mut limits = Vec::new();
    if rules.min_rest_minutes > 0 {
        limits.push(format!(
            "{} of rest between shifts",
            hours(rules.min_rest_minutes.into())
        ));
    }
    if let Some(most) = rules.max_shifts_in_window {
        let shifts = if most == 1 { "shift" } else { "shifts" };
        limits.push(format!(
            "at most {most} {shifts} in any {} days",
            rules.window_days
        ));
    }
    if let Some(most) = rules.max_consecutive_weekends {
        limits.push(match most {
            1 => "never two weekends in a row".to_owned(),
            n => format!("at most {n} weekends in a row"),
        });
    }
    match rules.experienced_per_shift {
        0 => {}
        n => limits.push(format!(
            "{n} experienced on each shift (served {} shifts or more)",
            rules.experienced_from_shifts
        )),
    }
    if rules.newcomer_until_shifts > 0 {
        let who = format!("newcomers (below {} shifts)", rules.newcomer_until_shifts);
        match rules.newcomers {
            Newcomers::NeverAlone => limits.push(format!("{who} never alone")),
            Newcomers::OnlyShadow => limits.push(format!("{who} only as shadow")),
            Newcomers::Free => {}
        }
    }
    for (one, other) in &rules.forbidden_pairs {
        if let (Some(one), Some(other)) = (names.get(one), names.get(other)) {
            limits.push(format!("never {one} and {other} together"));
        }
    }
    limits.push(match rules.look_back_months {
        1 => "the balance looks 1 month back".to_owned(),
        n => format!("the balance looks {n} months back"),
    });
    limits
}
