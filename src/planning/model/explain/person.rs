//! One person: what makes up their recommendation level, and why they carry what they carry.

use std::collections::BTreeMap;

use super::known::Known;
use super::slot::{Outcome, outcome};
use super::words::{SMALL, balance_words, count, names, short_title};
use crate::planning::model::balance::{Share, balances};
use crate::planning::model::inputs::{Inputs, PersonInput};
use crate::planning::model::problem::{Built, build};
use crate::scheduler::{Alternative, Block, Standing, ideal_load, levels, relief, score};
use crate::vocab::{Level, PersonId, Points};

/// What the planner tells of one person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonStory {
    /// Who.
    pub person: PersonId,
    /// Name.
    pub name: String,
    /// Recommendation level, 0 to 100.
    pub level: u8,
    /// What it comes from.
    pub level_why: Vec<String>,
    /// What each part of it does: what the level would be without.
    pub parts: Vec<(String, u8)>,
    /// What the plan gives them.
    pub carries: Vec<String>,
    /// For each other person what taking one of their slots would cost, the cheapest first.
    pub relief: Vec<(String, String)>,
}

/// Tells a person's story, given who holds each slot by index.
#[must_use]
pub fn tell_person(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    index: usize,
) -> Option<PersonStory> {
    let person = inputs.people.get(index)?;
    let all = levels(&built.problem);
    let level = all.get(index).copied().unwrap_or(0);
    Some(PersonStory {
        person: person.id,
        name: person.name.clone(),
        level,
        level_why: level_why(inputs, built, index, person, &all),
        parts: parts(inputs, index, person, level),
        carries: carries(inputs, built, assignment, index, person),
        relief: reliefs(inputs, built, assignment, index),
    })
}

fn level_why(
    inputs: &Inputs,
    built: &Built,
    index: usize,
    person: &PersonInput,
    all: &[u8],
) -> Vec<String> {
    let ideal = |index: usize| Points(ideal_load(&built.problem, index));
    let total: Points = inputs.slots.iter().map(|s| s.points).sum();
    let mut why = Vec::new();
    let most = (0..all.len()).max_by_key(|p| ideal(*p)).unwrap_or(index);
    why.push(if ideal(index).0 == 0 {
        "Level 0: none of the month would be theirs, if it could be divided freely.".to_owned()
    } else if most == index {
        format!(
            "If the month could be divided freely, {} of its {total} points would be theirs: more than anybody else's, which is level 100.",
            ideal(index)
        )
    } else {
        format!(
            "If the month could be divided freely, {} of its {total} points would be theirs. Level 100 is {} points: {}.",
            ideal(index),
            ideal(most),
            names(inputs, &[most])
        )
    });
    let present = present_percent(inputs, person);
    let busy = match person.utilisation_percent {
        Some(percent) if person.is_utilisation_known => format!("{percent} % utilised"),
        Some(percent) => format!("utilisation not entered and counted as {percent} %"),
        None => "utilisation not known".to_owned(),
    };
    why.push(format!(
        "Fair share of the month: {} points, for a contract of {} %, {present} % of the month present, {busy}.",
        person.fair_share, person.capacity_percent
    ));
    why.push(format!(
        "Before the month: {}.",
        balance_words(person.balance)
    ));
    why.push(can_take(inputs, built, index));
    why
}

/// Share of the month's time that a person is there and not on leave, in per cent.
fn present_percent(inputs: &Inputs, person: &PersonInput) -> i64 {
    let share = share(inputs, person);
    let whole = share.present_minutes(inputs.month, inputs.zone, true);
    let present = share.present_minutes(inputs.month, inputs.zone, false);
    (present * 200 + whole) / (2 * whole).max(1)
}

/// "Can take 40 of 62 slots: ..."
fn can_take(inputs: &Inputs, built: &Built, index: usize) -> String {
    let mut why: BTreeMap<&str, usize> = BTreeMap::new();
    let mut can = 0;
    for slot in 0..inputs.slots.len() {
        let words = match built.problem.standing(index, slot) {
            Standing::Blocked(Block::Unavailable) => "unavailable",
            Standing::Blocked(Block::Leave) => "on leave",
            Standing::Blocked(Block::LacksRequirement) => "a requirement is lacking",
            Standing::Blocked(Block::NotInLeg) => "of another leg or role",
            Standing::Blocked(Block::NotThere) => "not in the team yet or any more",
            Standing::Blocked(Block::Begun) => "begun already",
            _ => {
                can += 1;
                continue;
            }
        };
        *why.entry(words).or_default() += 1;
    }
    let why: Vec<String> = why.iter().map(|(why, n)| format!("{n} {why}")).collect();
    let why = if why.is_empty() {
        String::new()
    } else {
        format!(" ({})", why.join(", "))
    };
    format!("Can take {can} of {} slots{why}.", inputs.slots.len())
}

fn share(inputs: &Inputs, person: &PersonInput) -> Share {
    let timeline = &person.timeline;
    let leave = timeline.pieces(timeline.range());
    let leave = leave.filter(|piece| piece.level == Level::Leave);
    Share {
        person: person.id,
        capacity_percent: person.capacity_percent,
        joined_on: person.joined_on,
        left_on: person.left_on,
        leave: leave.map(|piece| piece.interval).collect(),
        utilisation: person
            .utilisation_percent
            .map(|percent| (inputs.month, percent))
            .into_iter()
            .collect(),
    }
}

/// What the level would be without each thing that moves it: the others' shares follow.
fn parts(inputs: &Inputs, index: usize, person: &PersonInput, level: u8) -> Vec<(String, u8)> {
    let mut parts = Vec::new();
    let mut without = |words: String, change: &dyn Fn(&mut PersonInput, &mut Share)| {
        let then = level_if(inputs, index, change);
        if then != level {
            parts.push((words, then));
        }
    };
    if person.balance.0.abs() >= SMALL {
        without(
            format!(
                "with nothing owed or done in advance ({})",
                balance_words(person.balance)
            ),
            &|person, _| person.balance = Points(0),
        );
    }
    if person.utilisation_percent.is_some_and(|p| p > 0) {
        without("with nothing booked".to_owned(), &|_, share| {
            share.utilisation.clear();
        });
    }
    if !share(inputs, person).leave.is_empty() {
        without("without leave".to_owned(), &|_, share| share.leave.clear());
    }
    if person.capacity_percent < 100 {
        without("with a full-time contract".to_owned(), &|person, share| {
            person.capacity_percent = 100;
            share.capacity_percent = 100;
        });
    }
    parts
}

fn level_if(inputs: &Inputs, index: usize, change: &dyn Fn(&mut PersonInput, &mut Share)) -> u8 {
    let mut inputs = inputs.clone();
    let mut shares: Vec<Share> = inputs.people.iter().map(|p| share(&inputs, p)).collect();
    if let (Some(person), Some(share)) = (inputs.people.get_mut(index), shares.get_mut(index)) {
        change(person, share);
    }
    let total = inputs.slots.iter().map(|s| s.points).sum();
    let fair = balances(
        &shares,
        &BTreeMap::new(),
        &[],
        (inputs.month, total),
        inputs.zone,
    );
    for (person, (_, fair)) in inputs.people.iter_mut().zip(fair) {
        person.fair_share = fair;
    }
    let built = build(&inputs, &[], false);
    levels(&built.problem).get(index).copied().unwrap_or(0)
}

fn carries(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    index: usize,
    person: &PersonInput,
) -> Vec<String> {
    let scored = score(&built.problem, assignment);
    let Some(own) = scored.people.get(index) else {
        return Vec::new();
    };
    let mut slots: Vec<usize> = (0..assignment.len())
        .filter(|slot| assignment.get(*slot).copied().flatten() == Some(index))
        .collect();
    slots.sort_by_key(|slot| inputs.shift_of(*slot).map(|s| s.interval.start));
    let mut said = vec![format!(
        "This plan gives {} of {} points in {}: {} afterwards.",
        Points(own.load),
        person.fair_share,
        count(slots.len(), "slot"),
        balance_words(Points(own.balance))
    )];
    let titles: Vec<String> = slots.iter().map(|s| short_title(inputs, *s)).collect();
    if !titles.is_empty() {
        said.push(format!("{}.", titles.join(", ")));
    }
    said
}

fn reliefs(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    index: usize,
) -> Vec<(String, String)> {
    let found = relief(&built.problem, assignment, index);
    let known = Known::new(built, assignment, assignment);
    let told = found.into_iter().filter_map(|mut relief| {
        known.raise(&mut relief.outcome, relief.person, relief.slot);
        let name = inputs.people.get(relief.person)?.name.clone();
        let slot = relief.slot;
        let other = Alternative {
            person: relief.person,
            outcome: relief.outcome,
        };
        let outcome = outcome(inputs, built, assignment, slot, other);
        let words = match &outcome {
            Outcome::Costs { .. } => {
                format!("{}: {}", short_title(inputs, slot), outcome.words())
            }
            _ => format!(
                "none; {}, for one: {}",
                short_title(inputs, slot),
                outcome.words()
            ),
        };
        Some((name, words))
    });
    told.collect()
}
