//! From the form to a definition.

use std::collections::BTreeSet;

use chrono::Weekday;

use super::fields::{day, hours, limit, number, rate, take, time, zone};
use super::{Row, rows};
use crate::rotations::model::{
    BurdenRules, Cadence, Country, Definition, HardRules, Holidays, Leg, Newcomers, RoleRule,
    Weekdays, read_holidays, validate,
};
use crate::vocab::{LegId, Line, PersonId, RoleId};
use crate::web::Form;

/// What was typed, sound by itself.
pub struct Typed {
    pub name: Line,
    pub definition: Definition,
    /// By leg, in the definition's order.
    pub members: Vec<Vec<PersonId>>,
}

/// The rules that the form holds; otherwise messages at its fields. `people`: who may be chosen.
pub fn read(form: &mut Form, people: &BTreeSet<PersonId>) -> Option<Typed> {
    let name = take(form, "name", "The name", str::parse::<Line>);
    let effective_from = day(
        form,
        "effective_from",
        "The day from which on the rules hold",
    );
    let (role_rows, roles) = read_roles(form);
    let (leg_rows, legs, members) = read_legs(form, people);
    let burden = read_burden(form);
    let limits = read_rules(form, people);
    if !form.is_good() {
        return None;
    }
    let definition = Definition {
        effective_from: effective_from?,
        legs,
        roles,
        burden: burden?,
        rules: limits?,
    };
    for error in validate(&definition).err().unwrap_or_default() {
        form.refuse(&field(&error.field, &role_rows, &leg_rows), error.message);
    }
    let name = name.filter(|_| form.is_good())?;
    Some(Typed {
        name,
        definition,
        members,
    })
}

/// The form's name of a field: rows that were left empty shift the others.
fn field(path: &str, roles: &[usize], legs: &[usize]) -> String {
    let mut parts = path.splitn(3, '.');
    let (list, place, rest) = (parts.next(), parts.next(), parts.next());
    let rows = match list {
        Some("roles") => roles,
        Some("legs") => legs,
        _ => return path.to_owned(),
    };
    let row = place.and_then(|p| rows.get(p.parse::<usize>().ok()?));
    match (list, row, rest) {
        (Some(list), Some(row), Some(rest)) => format!("{list}.{row}.{rest}"),
        _ => path.to_owned(),
    }
}

/// Rows with a name; an empty name takes the row away.
fn named(form: &Form, list: &str) -> Vec<(usize, Row)> {
    let rows = rows(form, list, "name").into_iter().enumerate();
    rows.filter(|(_, r)| !form.value(&r.at("name")).trim().is_empty())
        .collect()
}

fn id(form: &Form, row: &Row) -> i64 {
    form.value(&row.at("id")).parse().unwrap_or_default()
}

fn read_roles(form: &mut Form) -> (Vec<usize>, Vec<RoleRule>) {
    let (mut places, mut roles) = (Vec::new(), Vec::new());
    for (place, row) in named(form, "roles") {
        let name = take(form, &row.at("name"), "The role's name", str::parse::<Line>);
        let what = name
            .as_ref()
            .map_or_else(|| "the role".to_owned(), Line::to_string);
        let order = number(
            form,
            &row.at("order"),
            &format!("The place of {what} in the escalation"),
            1,
            99,
        );
        let burden = number(
            form,
            &row.at("burden_percent"),
            &format!("The burden of {what}"),
            0,
            1000,
        );
        let shadow = form.ticked(&row.at("shadow"));
        if let (Some(name), Some(order), Some(burden_percent)) = (name, order, burden) {
            places.push(place);
            roles.push(RoleRule {
                id: RoleId(id(form, &row)),
                name,
                order: u8::try_from(order).unwrap_or(u8::MAX),
                burden_percent,
                shadow,
            });
        }
    }
    (places, roles)
}

fn read_legs(
    form: &mut Form,
    people: &BTreeSet<PersonId>,
) -> (Vec<usize>, Vec<Leg>, Vec<Vec<PersonId>>) {
    let (mut places, mut legs, mut members) = (Vec::new(), Vec::new(), Vec::new());
    for (place, row) in named(form, "legs") {
        let Some(leg) = read_leg(form, &row) else {
            continue;
        };
        let field = row.at("members");
        let chosen = form.all(&field).filter_map(|p| p.parse::<PersonId>().ok());
        places.push(place);
        members.push(chosen.filter(|p| people.contains(p)).collect());
        legs.push(leg);
    }
    (places, legs, members)
}

fn read_leg(form: &mut Form, row: &Row) -> Option<Leg> {
    let name = take(form, &row.at("name"), "The leg's name", str::parse::<Line>);
    let what = name
        .as_ref()
        .map_or_else(|| "the leg".to_owned(), Line::to_string);
    let zone = zone(form, &row.at("zone"), &format!("The time zone of {what}"));
    let handover = time(
        form,
        &row.at("handover"),
        &format!("The handover of {what}"),
    );
    let weekdays = form
        .all(&row.at("weekdays"))
        .filter_map(|d| Weekday::try_from(d.parse::<u8>().ok()?).ok())
        .collect::<Weekdays>();
    let cadence = read_cadence(form, row, &what);
    let holidays = read_leg_holidays(form, row, &what);
    Some(Leg {
        id: LegId(id(form, row)),
        name: name?,
        zone: zone?,
        handover: handover?,
        weekdays,
        cadence: cadence?,
        holidays: holidays?,
    })
}

fn read_cadence(form: &mut Form, row: &Row, what: &str) -> Option<Cadence> {
    match form.value(&row.at("cadence")) {
        "weekly" => Some(Cadence::Weekly),
        "weekdays_and_weekend" => {
            let field = row.at("weekend_from");
            let day = form.value(&field).parse::<u8>().ok();
            let day = day.and_then(|d| Weekday::try_from(d).ok());
            if day.is_none() {
                form.refuse(
                    &field,
                    format!("Choose the day on which the weekend of {what} begins."),
                );
            }
            day.map(|weekend_from| Cadence::WeekdaysAndWeekend { weekend_from })
        }
        "hours" => {
            let coverage = hours(
                form,
                &row.at("coverage_minutes"),
                &format!("The coverage of {what}"),
                24,
            );
            let shift = hours(
                form,
                &row.at("shift_minutes"),
                &format!("The shift length of {what}"),
                24,
            );
            Some(Cadence::Hours {
                coverage_minutes: coverage?,
                shift_minutes: shift?,
            })
        }
        _ => {
            form.refuse(
                &row.at("cadence"),
                format!("Choose how the time of {what} is cut into shifts."),
            );
            None
        }
    }
}

fn read_leg_holidays(form: &mut Form, row: &Row, what: &str) -> Option<Holidays> {
    let country = match form.value(&row.at("country")) {
        "" => Some(None),
        _ => take(
            form,
            &row.at("country"),
            &format!("Public holidays of {what}:"),
            |code| code.parse::<Country>().map(Some),
        ),
    };
    let field = row.at("holidays");
    let text = form.value(&field).to_owned();
    let extra = if text.trim().is_empty() {
        Some(std::collections::BTreeMap::new())
    } else {
        match read_holidays(&text) {
            Ok(days) => Some(days),
            Err(bad) => {
                let bad = bad.iter().take(5);
                let lines: Vec<String> = bad
                    .map(|b| format!("line {}: {}", b.line, b.problem))
                    .collect();
                form.refuse(
                    &field,
                    format!("Entered holidays of {what}, {}", lines.join(" ")),
                );
                None
            }
        }
    };
    Some(Holidays {
        country: country?,
        extra: extra?,
    })
}

fn read_burden(form: &mut Form) -> Option<BurdenRules> {
    let weekday = rate(form, "burden.weekday", "Burden on weekdays");
    let night = rate(form, "burden.night", "Burden at night");
    let weekend = rate(form, "burden.weekend", "Burden on weekends");
    let holiday = rate(form, "burden.holiday", "Burden on public holidays");
    let from = time(form, "burden.night_from", "The beginning of the night");
    let to = time(form, "burden.night_to", "The end of the night");
    Some(BurdenRules {
        weekday: weekday?,
        night: night?,
        weekend: weekend?,
        holiday: holiday?,
        night_from: from?,
        night_to: to?,
    })
}

fn read_rules(form: &mut Form, people: &BTreeSet<PersonId>) -> Option<HardRules> {
    let rest = hours(form, "rules.min_rest_minutes", "Rest between shifts", 336);
    let window = number(form, "rules.window_days", "The window of days", 1, 366);
    let most = limit(
        form,
        "rules.max_shifts_in_window",
        "The most shifts in the window",
        1,
        1000,
    );
    let weekends = limit(
        form,
        "rules.max_consecutive_weekends",
        "The most weekends in a row",
        1,
        52,
    );
    let newcomer = number(
        form,
        "rules.newcomer_until_shifts",
        "Shifts below which somebody is a newcomer",
        0,
        1000,
    );
    let experienced = number(
        form,
        "rules.experienced_from_shifts",
        "Shifts from which on somebody is experienced",
        0,
        1000,
    );
    let each = number(
        form,
        "rules.experienced_per_shift",
        "Experienced people on each shift",
        0,
        12,
    );
    let newcomers = Newcomers::from_key(form.value("rules.newcomers"));
    if newcomers.is_none() {
        form.refuse("rules.newcomers", "Choose where newcomers may serve.");
    }
    let look_back = number(form, "rules.look_back_months", "Months to look back", 1, 60);
    let pairs = read_pairs(form, people);
    Some(HardRules {
        min_rest_minutes: rest?,
        window_days: window?,
        max_shifts_in_window: most?,
        max_consecutive_weekends: weekends?,
        newcomer_until_shifts: newcomer?,
        experienced_from_shifts: experienced?,
        experienced_per_shift: each?,
        newcomers: newcomers?,
        forbidden_pairs: pairs?,
        look_back_months: look_back?,
    })
}

fn read_pairs(form: &mut Form, people: &BTreeSet<PersonId>) -> Option<Vec<(PersonId, PersonId)>> {
    let mut pairs = BTreeSet::new();
    for row in rows(form, "pairs", "one") {
        let person = |form: &Form, field| {
            let id = form.value(&row.at(field)).parse::<PersonId>().ok()?;
            people.contains(&id).then_some(id)
        };
        let typed = |field| !form.value(&row.at(field)).is_empty();
        match (person(form, "one"), person(form, "other")) {
            (Some(one), Some(other)) if one == other => form.refuse(
                &row.at("one"),
                "A pair needs two different people: choose another person.",
            ),
            (Some(one), Some(other)) => {
                pairs.insert((one.min(other), one.max(other)));
            }
            _ if !typed("one") && !typed("other") => {}
            _ => form.refuse(
                &row.at("one"),
                "A pair needs two people of the team: choose the other one, or nobody in both.",
            ),
        }
    }
    form.is_good().then(|| pairs.into_iter().collect())
}
