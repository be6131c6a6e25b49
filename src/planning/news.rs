//! What a published version changes for each person, told to them.
//!
//! How urgent it is follows from when the first shift begins that they gain or lose:
//!
//! | begins | told as | so |
//! | --- | --- | --- |
//! | within [`SOON`] | [`Topic::Assigned`] | it is mailed at once, whatever they switched off, and waits for no digest |
//! | later | [`Topic::Published`] | it waits for their digest, which comes before; who wants to hear nothing of schedules hears nothing |
//!
//! Who serves beside them is never urgent: the notice that a shift starts says it, too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::changes::{parts_within, title};
use super::model::Held;
use super::plan::Plan;
use super::store;
use super::words::part_title;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::rotations::Rotation;
use crate::vocab::{Interval, PersonId};

/// Shifts that one mail lists of a kind; the rest is counted.
const MOST: usize = 30;

/// A digest comes once a day, and the longest day has 25 hours: what begins within them can't wait.
const SOON: TimeDelta = TimeDelta::hours(25);

/// A slot, by index, and from when to when somebody serves in it: all of it or a part.
type Part = (usize, Interval);

/// What changed for one person. Shifts that have begun are history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Theirs now, and not before.
    pub new: Vec<Part>,
    /// Theirs before, and not now.
    pub gone: Vec<Part>,
    /// Theirs as before, with somebody else beside them.
    pub partner: Vec<Part>,
}

/// Who serves a slot, and when.
type Serving = BTreeMap<PersonId, Vec<Interval>>;

fn serving(held: Option<&Held>, shift: Interval) -> Serving {
    let mut serving = Serving::new();
    let Some(held) = held else { return serving };
    let parts = parts_within(&held.parts, shift);
    if let (Some(person), []) = (held.person, parts) {
        serving.insert(person, vec![shift]);
    }
    for part in parts {
        let Some(person) = part.person else { continue };
        let theirs = serving.entry(person).or_default();
        match theirs.last_mut() {
            Some(last) if last.end == part.interval.start => last.end = part.interval.end,
            _ => theirs.push(part.interval),
        }
    }
    serving
}

/// What of some times is in none of the others.
fn without(times: &[Interval], others: &[Interval]) -> Vec<Interval> {
    others.iter().fold(times.to_vec(), |left, cut| {
        let outside = |i: Interval| {
            let before = Interval::new(i.start, i.end.min(cut.start));
            let after = Interval::new(i.start.max(cut.end), i.end);
            [before, after].into_iter().flatten()
        };
        left.into_iter().flat_map(outside).collect()
    })
}

/// Slots that are not served as was published: by index, the names of who served and who serves.
pub fn differences(plan: &Plan) -> Vec<(usize, String, String)> {
    let inputs = &plan.inputs;
    let name = |person: PersonId| {
        let known = inputs.person(person).and_then(|p| inputs.people.get(p));
        known.map_or("somebody", |p| p.name.as_str())
    };
    let names = |serving: Serving| {
        let mut parts: Vec<(DateTime<Utc>, PersonId)> = serving
            .into_iter()
            .flat_map(|(who, times)| times.into_iter().map(move |time| (time.start, who)))
            .collect();
        parts.sort_unstable();
        let names: Vec<&str> = parts.into_iter().map(|(_, who)| name(who)).collect();
        if names.is_empty() {
            "nobody".to_owned()
        } else {
            names.join(", then ")
        }
    };
    let slots = inputs.slots.iter().zip(&plan.held).enumerate();
    slots
        .filter_map(|(slot, (input, held))| {
            let shift = inputs.shifts.get(input.shift)?.interval;
            let before = serving(input.published.as_ref(), shift);
            let after = serving(Some(held), shift);
            (before != after).then(|| (slot, names(before), names(after)))
        })
        .collect()
}

/// What changes for whom between what was published before and what the plan holds.
pub fn news(plan: &Plan) -> BTreeMap<PersonId, News> {
    let inputs = &plan.inputs;
    let mut news: BTreeMap<PersonId, News> = BTreeMap::new();
    let mut stays: Vec<(PersonId, usize, Part)> = Vec::new();
    let mut moved: BTreeSet<(usize, Part)> = BTreeSet::new();
    for (slot, (input, held)) in inputs.slots.iter().zip(&plan.held).enumerate() {
        let shift = inputs.shifts.get(input.shift).map(|shift| shift.interval);
        let Some(shift) = shift.filter(|shift| shift.start > inputs.now) else {
            continue;
        };
        let before = serving(input.published.as_ref(), shift);
        let after = serving(Some(held), shift);
        let people: BTreeSet<PersonId> = before.keys().chain(after.keys()).copied().collect();
        for person in people {
            let of = |serving: &Serving| serving.get(&person).cloned().unwrap_or_default();
            let (before, after) = (of(&before), of(&after));
            let part = |interval| (slot, interval);
            let new: Vec<Part> = without(&after, &before).into_iter().map(part).collect();
            let gone: Vec<Part> = without(&before, &after).into_iter().map(part).collect();
            moved.extend(new.iter().chain(&gone).map(|part| (input.shift, *part)));
            let kept = without(&after, &new.iter().map(|p| p.1).collect::<Vec<_>>());
            stays.extend(kept.into_iter().map(|i| (person, input.shift, part(i))));
            if !new.is_empty() || !gone.is_empty() {
                let told = news.entry(person).or_default();
                told.new.extend(new);
                told.gone.extend(gone);
            }
        }
    }
    for (person, shift, (slot, interval)) in stays {
        let beside = moved.iter().any(|(other, (moved, part))| {
            *other == shift && *moved != slot && part.overlaps(&interval)
        });
        if beside {
            let told = news.entry(person).or_default();
            told.partner.push((slot, interval));
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
        jobs::notify(conn, plan.inputs.now, &notice).await?;
    }
    Ok(())
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
    let list = |heading: &str, parts: &[Part], with_partners: bool| {
        let mut text = heading.to_owned();
        for (slot, interval) in parts.iter().take(MOST) {
            text.push('\n');
            text.push_str(&part_title(inputs, *slot, *interval, zone));
            if with_partners {
                text.push_str(&partners(plan, (*slot, *interval)));
            }
        }
        if parts.len() > MOST {
            text = format!("{text}\nand {} more", parts.len() - MOST);
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
    let moved = || news.new.iter().chain(&news.gone);
    let first = moved().map(|(_, interval)| interval.start).min();
    let is_soon = first.is_some_and(|first| first < inputs.now + SOON);
    // Who was to serve beside them matters until then.
    let partner = news.partner.iter().map(|(_, interval)| interval.start);
    let until = moved().map(|(_, i)| i.end).chain(partner).max();
    Notice {
        to: To::Person(person),
        topic: if is_soon {
            Topic::Assigned
        } else {
            Topic::Published
        },
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

/// Who else serves then: ", with Ben Okafor (Secondary)".
fn partners(plan: &Plan, (slot, interval): Part) -> String {
    let inputs = &plan.inputs;
    let Some(shift) = inputs.slots.get(slot).map(|slot| slot.shift) else {
        return String::new();
    };
    let Some(whole) = inputs.shifts.get(shift).map(|shift| shift.interval) else {
        return String::new();
    };
    let others = inputs.slots.iter().zip(&plan.held).enumerate();
    let names: Vec<String> = others
        .filter(|(other, (input, _))| *other != slot && input.shift == shift)
        .flat_map(|(other, (_, held))| {
            let then = |theirs: &Vec<Interval>| theirs.iter().any(|i| i.overlaps(&interval));
            let serving = serving(Some(held), whole).into_iter();
            let who = serving
                .filter(|(_, theirs)| then(theirs))
                .map(|(who, _)| who);
            who.collect::<Vec<_>>().into_iter().filter_map(move |who| {
                let person = inputs.people.get(inputs.person(who)?)?;
                Some(format!("{} ({})", person.name, inputs.role_of(other)?.name))
            })
        })
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", with {}", names.join(" and "))
    }
}
