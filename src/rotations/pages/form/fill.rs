//! From a definition to the form.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::fields::typed_hours;
use super::{Row, rows};
use crate::rotations::model::{Cadence, Country, Leg, RoleRule};
use crate::rotations::pages::describe::rate;
use crate::rotations::store::Rotation;
use crate::vocab::PersonId;
use crate::web::Form;

/// The form of a rotation's last rules, to take effect on `day`.
pub fn fill(rotation: &Rotation, day: NaiveDate, zone: Tz) -> Form {
    let mut form = Form::of([
        ("revision", rotation.revision.to_string()),
        ("name", rotation.name.clone()),
        ("effective_from", day.to_string()),
    ]);
    let Some(definition) = rotation.versions.last() else {
        return form;
    };
    for (place, rule) in definition.roles.iter().enumerate() {
        role(&mut form, &Row::new("roles", place), Some(rule), 0);
    }
    for (place, rule) in definition.legs.iter().enumerate() {
        let members = rotation.members_of(rule.id);
        leg(&mut form, &Row::new("legs", place), rule, members);
    }
    let burden = &definition.burden;
    form.set("burden.weekday", rate(burden.weekday));
    form.set("burden.night", rate(burden.night));
    form.set("burden.weekend", rate(burden.weekend));
    form.set("burden.holiday", rate(burden.holiday));
    form.set("burden.night_from", burden.night_from.format("%H:%M"));
    form.set("burden.night_to", burden.night_to.format("%H:%M"));
    let rules = &definition.rules;
    form.set(
        "rules.min_rest_minutes",
        typed_hours(rules.min_rest_minutes),
    );
    form.set("rules.window_days", rules.window_days);
    let limit = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
    form.set(
        "rules.max_shifts_in_window",
        limit(rules.max_shifts_in_window),
    );
    form.set(
        "rules.max_consecutive_weekends",
        limit(rules.max_consecutive_weekends),
    );
    form.set("rules.newcomer_until_shifts", rules.newcomer_until_shifts);
    form.set(
        "rules.experienced_from_shifts",
        rules.experienced_from_shifts,
    );
    form.set("rules.experienced_per_shift", rules.experienced_per_shift);
    form.set("rules.newcomers", rules.newcomers.key());
    form.set("rules.look_back_months", rules.look_back_months);
    for (place, (one, other)) in rules.forbidden_pairs.iter().enumerate() {
        let row = Row::new("pairs", place);
        form.set(row.at("one"), one);
        form.set(row.at("other"), other);
    }
    pad(&mut form, zone);
    form
}

/// Adds empty rows, so that there is room for two more roles, a leg and two pairs.
pub fn pad(form: &mut Form, zone: Tz) {
    let empty = |form: &Form, list: &str, first: &str| {
        let rows = rows(form, list, first);
        let empty = rows
            .iter()
            .rev()
            .take_while(|r| form.value(&r.at(first)).trim().is_empty());
        (rows.len(), empty.count())
    };
    let (roles, spare) = empty(form, "roles", "name");
    let next = next_order(form);
    for (more, place) in (roles..roles + 2_usize.saturating_sub(spare)).enumerate() {
        let order = next + u8::try_from(more).unwrap_or_default();
        role(form, &Row::new("roles", place), None, order);
    }
    let (legs, spare) = empty(form, "legs", "name");
    if spare == 0 {
        spare_leg(form, &Row::new("legs", legs), zone);
    }
    let (pairs, spare) = empty(form, "pairs", "one");
    for place in pairs..pairs + 2_usize.saturating_sub(spare) {
        let row = Row::new("pairs", place);
        form.set(row.at("one"), "");
        form.set(row.at("other"), "");
    }
}

/// The first place in the escalation that no row has.
fn next_order(form: &Form) -> u8 {
    let orders = rows(form, "roles", "name")
        .into_iter()
        .filter_map(|r| form.value(&r.at("order")).trim().parse::<u8>().ok());
    orders.max().unwrap_or(0).min(90) + 1
}

fn role(form: &mut Form, row: &Row, rule: Option<&RoleRule>, order: u8) {
    form.set(row.at("id"), rule.map_or(0, |r| r.id.0));
    form.set(row.at("name"), rule.map_or("", |r| r.name.as_str()));
    form.set(row.at("order"), rule.map_or(order, |r| r.order));
    form.set(
        row.at("burden_percent"),
        rule.map_or(100, |r| r.burden_percent),
    );
    if rule.is_some_and(|r| r.shadow) {
        form.set(row.at("shadow"), "yes");
    }
}

fn leg(form: &mut Form, row: &Row, leg: &Leg, members: &[PersonId]) {
    form.set(row.at("id"), leg.id);
    form.set(row.at("name"), &leg.name);
    form.set(row.at("zone"), leg.zone.name());
    form.set(row.at("handover"), leg.handover.format("%H:%M"));
    for day in leg.weekdays.iter() {
        form.set(row.at("weekdays"), day.num_days_from_monday());
    }
    // A leg may come to be cut into hours: then a day is where to start.
    let (kind, coverage, shift, weekend) = match leg.cadence {
        Cadence::Hours {
            coverage_minutes,
            shift_minutes,
        } => ("hours", coverage_minutes, shift_minutes, Weekday::Fri),
        Cadence::Weekly => ("weekly", 1440, 1440, Weekday::Fri),
        Cadence::WeekdaysAndWeekend { weekend_from } => {
            ("weekdays_and_weekend", 1440, 1440, weekend_from)
        }
    };
    cadence(form, row, kind, coverage, shift, weekend);
    form.set(
        row.at("country"),
        leg.holidays.country.map_or("", Country::code),
    );
    let days = leg.holidays.extra.iter();
    let days: Vec<String> = days.map(|(day, name)| format!("{day}, {name}")).collect();
    form.set(row.at("holidays"), days.join("\n"));
    for person in members {
        form.set(row.at("members"), person);
    }
}

fn cadence(
    form: &mut Form,
    row: &Row,
    kind: &str,
    coverage: u32,
    shift: u32,
    weekend_from: Weekday,
) {
    form.set(row.at("cadence"), kind);
    form.set(row.at("coverage_minutes"), typed_hours(coverage));
    form.set(row.at("shift_minutes"), typed_hours(shift));
    form.set(row.at("weekend_from"), weekend_from.num_days_from_monday());
}

fn spare_leg(form: &mut Form, row: &Row, zone: Tz) {
    form.set(row.at("id"), 0);
    form.set(row.at("name"), "");
    form.set(row.at("zone"), zone.name());
    form.set(row.at("handover"), "09:00");
    for day in 0..7 {
        form.set(row.at("weekdays"), day);
    }
    cadence(form, row, "hours", 1440, 1440, Weekday::Fri);
    form.set(row.at("country"), "");
    form.set(row.at("holidays"), "");
}
