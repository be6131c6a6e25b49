//! What a published version changes for each person, told to them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::changes::title;
use super::plan::Plan;
use super::store;
use super::words::slot_title;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::rotations::Rotation;
use crate::vocab::PersonId;

/// Shifts that one mail lists of a kind; the rest is counted.
const MOST: usize = 30;

/// Slots, by index, that changed for one person. Shifts that have begun are history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Theirs now, and not before.
    pub new: Vec<usize>,
    /// Theirs before, and not now.
    pub gone: Vec<usize>,
    /// Theirs as before, with somebody else beside them.
    pub partner: Vec<usize>,
}

/// What changes for whom between what was published before and what the plan holds.
pub fn news(plan: &Plan) -> BTreeMap<PersonId, News> {
    let inputs = &plan.inputs;
    let slots = || {
        let both = inputs.slots.iter().zip(&plan.held).enumerate();
        both.filter_map(|(slot, (input, held))| {
            let shift = inputs.shifts.get(input.shift)?;
            let before = input.published.as_ref().and_then(|held| held.person);
            (shift.interval.start > inputs.now).then_some((slot, input.shift, before, held.person))
        })
    };
    let moved: BTreeSet<usize> = slots()
        .filter(|(_, _, before, after)| before != after)
        .map(|(_, shift, ..)| shift)
        .collect();
    let mut news: BTreeMap<PersonId, News> = BTreeMap::new();
    for (slot, shift, before, after) in slots() {
        match (before, after) {
            (Some(person), same) if Some(person) == same => {
                if moved.contains(&shift) {
                    news.entry(person).or_default().partner.push(slot);
                }
            }
            _ => {
                if let Some(person) = before {
                    news.entry(person).or_default().gone.push(slot);
                }
                if let Some(person) = after {
                    news.entry(person).or_default().new.push(slot);
                }
            }
        }
    }
    news
}

/// Tells everybody for whom the version changes something, but not who published it; and the team's
/// webhooks.
pub async fn tell(
    conn: &mut PgConnection,
    rotation: &Rotation,
    plan: &Plan,
    version: i32,
    by: Option<PersonId>,
) -> sqlx::Result<()> {
    let mut news = news(plan);
    let posted = to_team(rotation, plan, version, news.len());
    jobs::notify(conn, plan.inputs.now, &posted).await?;
    if let Some(by) = by {
        news.remove(&by);
    }
    let people: Vec<i64> = news.keys().map(|person| person.0).collect();
    let zones = store::zones(conn, &people).await?;
    for (person, news) in news {
        let zone = zones.get(&person).copied().unwrap_or(plan.inputs.zone);
        let notice = notice(rotation, plan, version, person, &news, zone);
        let begins = plan.inputs.now.max(first(plan, &news));
        jobs::notify_by(conn, plan.inputs.now, &notice, begins).await?;
    }
    Ok(())
}

/// When the first shift begins that changes.
fn first(plan: &Plan, news: &News) -> DateTime<Utc> {
    let all = news.new.iter().chain(&news.gone).chain(&news.partner);
    let begins = all.filter_map(|slot| plan.inputs.shift_of(*slot));
    let first = begins.map(|shift| shift.interval.start).min();
    first.unwrap_or(plan.inputs.now)
}

/// What the team's webhooks say of it.
fn to_team(rotation: &Rotation, plan: &Plan, version: i32, changed: usize) -> Notice {
    let inputs = &plan.inputs;
    let people = match changed {
        0 => "It changes nothing for anybody.".to_owned(),
        1 => "It changes something for 1 person.".to_owned(),
        n => format!("It changes something for {n} people."),
    };
    let open = match plan.open() {
        0 => "Every slot is filled.".to_owned(),
        1 => "1 slot is still open.".to_owned(),
        n => format!("{n} slots are still open."),
    };
    Notice {
        to: To::Team(rotation.team),
        topic: Topic::Published,
        key: format!("published:{}:{}:{version}:team", rotation.id, inputs.month),
        lane: format!("team:{}:rotation:{}", rotation.team, rotation.id),
        title: format!(
            "Published: {}, version {version}",
            title(rotation, inputs.month)
        ),
        lines: vec![people, open],
        actions: vec![Action {
            label: "See your shifts".to_owned(),
            path: "/".to_owned(),
        }],
        until: None,
    }
}

fn notice(
    rotation: &Rotation,
    plan: &Plan,
    version: i32,
    person: PersonId,
    news: &News,
    zone: Tz,
) -> Notice {
    let inputs = &plan.inputs;
    let counted = [
        (news.new.len(), "new"),
        (news.gone.len(), "given away"),
        (news.partner.len(), "with another partner"),
    ];
    let counted: Vec<String> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let list = |heading: &str, slots: &[usize], with_partners: bool| {
        let mut text = heading.to_owned();
        for slot in slots.iter().take(MOST) {
            text.push('\n');
            text.push_str(&slot_title(inputs, *slot, zone));
            if with_partners {
                text.push_str(&partners(plan, *slot));
            }
        }
        if slots.len() > MOST {
            text = format!("{text}\nand {} more", slots.len() - MOST);
        }
        text
    };
    let mut lines = vec![];
    if !news.new.is_empty() {
        lines.push(list("New for you:", &news.new, true));
    }
    if !news.gone.is_empty() {
        lines.push(list("No longer yours:", &news.gone, false));
    }
    if !news.partner.is_empty() {
        lines.push(list(
            "Yours as before, with somebody else:",
            &news.partner,
            true,
        ));
    }
    lines.push(format!(
        "Times are in {}. Can't make one of them? Open the shift and say so.",
        zone.name()
    ));
    let all = news.new.iter().chain(&news.gone).chain(&news.partner);
    let ends = all.filter_map(|slot| inputs.shift_of(*slot));
    let until: Option<DateTime<Utc>> = ends.map(|shift| shift.interval.end).max();
    Notice {
        to: To::Person(person),
        topic: Topic::Published,
        key: format!(
            "published:{}:{}:{version}:{person}",
            rotation.id, inputs.month
        ),
        lane: format!("person:{person}:rotation:{}", rotation.id),
        title: format!(
            "Your shifts: {} ({})",
            counted.join(", "),
            title(rotation, inputs.month)
        ),
        lines,
        actions: vec![Action {
            label: "See my shifts".to_owned(),
            path: "/".to_owned(),
        }],
        until,
    }
}

/// Who else serves the shift: ", with Ben Okafor (Secondary)".
fn partners(plan: &Plan, slot: usize) -> String {
    let inputs = &plan.inputs;
    let Some(shift) = inputs.slots.get(slot).map(|slot| slot.shift) else {
        return String::new();
    };
    let others = inputs.slots.iter().zip(&plan.held).enumerate();
    let names: Vec<String> = others
        .filter(|(other, (input, _))| *other != slot && input.shift == shift)
        .filter_map(|(other, (_, held))| {
            let person = inputs.people.get(inputs.person(held.person?)?)?;
            Some(format!("{} ({})", person.name, inputs.role_of(other)?.name))
        })
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", with {}", names.join(" and "))
    }
}
