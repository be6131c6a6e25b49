//! Words that several stories share.

use chrono::NaiveDate;

use crate::planning::model::inputs::Inputs;
use crate::vocab::Points;

/// Less than this is not told apart: what is shown has one decimal.
pub const SMALL: i64 = 5;

/// "6.5 points under the fair share".
#[must_use]
pub fn balance_words(points: Points) -> String {
    match points.0 {
        p if p <= -SMALL => format!("{} points under the fair share", -points),
        p if p >= SMALL => format!("{points} points over the fair share"),
        _ => "at the fair share".to_owned(),
    }
}

/// "Ayşe, Ben and Chen".
pub fn names(inputs: &Inputs, people: &[usize]) -> String {
    let names: Vec<&str> = people
        .iter()
        .filter_map(|p| inputs.people.get(*p))
        .map(|p| p.name.as_str())
        .collect();
    list(&names)
}

/// "one, two and three".
pub fn list(parts: &[&str]) -> String {
    match parts {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// "2 slots".
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}

/// "Primary on Thu 3 Dec".
pub fn short_title(inputs: &Inputs, slot: usize) -> String {
    let role = inputs.role_of(slot).map_or("", |r| r.name.as_str());
    let day = inputs.shift_of(slot).map(|s| s.day).unwrap_or_default();
    format!("{role} on {}", day.format("%a %-d %b"))
}

/// Slots in few words: "Primary on Thu 3 Dec", "the 14 slots from 7 to 13 Dec", "9 Primary slots at
/// weekends".
#[must_use]
pub fn slot_words(inputs: &Inputs, slots: &[usize]) -> String {
    if slots.len() <= 3 {
        let titles: Vec<String> = slots.iter().map(|s| short_title(inputs, *s)).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        return list(&titles);
    }
    let mut roles: Vec<&str> = slots
        .iter()
        .filter_map(|s| inputs.role_of(*s))
        .map(|r| r.name.as_str())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    let role = match roles.as_slice() {
        [one] => format!("{one} "),
        _ => String::new(),
    };
    let shifts = || slots.iter().filter_map(|s| inputs.shift_of(*s));
    let days = || shifts().map(|s| s.day);
    let (first, last) = (
        days().min().unwrap_or_default(),
        days().max().unwrap_or_default(),
    );
    let kind = if shifts().all(|s| s.weekend.is_some()) {
        " at weekends"
    } else if shifts().all(|s| s.minutes.night * 2 > s.interval.minutes()) {
        " at night"
    } else {
        ""
    };
    let range = if (last - first).num_days() > 20 {
        String::new()
    } else {
        format!(" {}", range(first, last))
    };
    format!("{} {role}slots{kind}{range}", slots.len())
}

fn range(first: NaiveDate, last: NaiveDate) -> String {
    if first == last {
        return format!("on {}", first.format("%a %-d %b"));
    }
    if first.format("%b").to_string() == last.format("%b").to_string() {
        return format!("from {} to {}", first.format("%-d"), last.format("%-d %b"));
    }
    format!(
        "from {} to {}",
        first.format("%-d %b"),
        last.format("%-d %b")
    )
}
