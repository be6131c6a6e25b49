//! From inputs to the scheduler's problem.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::inputs::{Inputs, PersonInput};
use super::slots::Held;
use crate::rotations::Newcomers;
use crate::scheduler::{
    Block, Commitment, NewcomerPolicy, Person, PreferenceCosts, Problem, Role, Rule, Rules,
    Settings, Shift, Slot, Standing, Window,
};
use crate::vocab::{Interval, Level, PersonId, Points};

/// `scale / capacity` of a full-timer. Large, so that the quotient hardly rounds for odd contracts.
const FULL_TIME: i64 = 100;

/// A problem, and what its cost means.
#[derive(Clone, Debug)]
pub struct Built {
    /// The problem; people and slots have the indices of the inputs.
    pub problem: Problem,
    /// Weight of an average slot, at least 1.
    mean: i64,
}

impl Built {
    /// What it has to be worth, in points as costs are shown, that somebody else takes a published
    /// slot: a tenth of an average slot. Less than any preference, so that it decides only between
    /// schedules that nobody would tell apart.
    #[must_use]
    pub fn stability(&self) -> Points {
        Points(self.mean / 10)
    }

    /// A cost in points: as much cost as moving an average slot onto somebody whose balance is so
    /// many points higher. This is how costs are shown to people.
    #[must_use]
    pub fn points(&self, cost: i128) -> Points {
        let unit = i128::from(2 * FULL_TIME * self.mean);
        Points(i64::try_from(cost / unit).unwrap_or(if cost < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// Builds the problem. `held` are the slots' holders; those pinned or begun stay.
#[must_use]
pub fn build(inputs: &Inputs, held: &[Held], with_pins: bool) -> Built {
    let slots: Vec<Slot> = inputs
        .slots
        .iter()
        .enumerate()
        .map(|(index, slot)| {
            let role = inputs.roles.get(slot.role);
            let locked = inputs.shift_of(index).is_some_and(|s| s.is_locked);
            let at = held.get(index);
            let pin = if locked {
                slot.published.as_ref().and_then(|h| h.person)
            } else {
                at.filter(|h| h.is_pinned && with_pins)
                    .and_then(|h| h.person)
            };
            Slot {
                shift: slot.shift,
                role: Role {
                    order: role.map_or(1, |r| r.order.into()),
                    shadow: role.is_some_and(|r| r.is_shadow),
                },
                weight: slot.points.0,
                pin: pin.and_then(|p| inputs.person(p)),
                previous: slot
                    .published
                    .as_ref()
                    .and_then(|h| h.person)
                    .and_then(|p| inputs.person(p)),
            }
        })
        .collect();
    let sum: i64 = slots.iter().map(|s| s.weight).sum();
    let mean = (sum / i64::try_from(slots.len()).unwrap_or(i64::MAX).max(1)).max(1);
    let people = inputs
        .people
        .iter()
        .enumerate()
        .map(|(index, person)| Person {
            capacity: person.capacity_percent.into(),
            history: (person.balance - person.fair_share + parts_of(held, person.id)).0,
            experienced: inputs.is_experienced(person),
            newcomer: inputs.is_newcomer(person),
            commitments: person
                .elsewhere
                .iter()
                .map(|e| commitment(inputs, e.interval.start, e.interval.end, e.day, e.weekend))
                .chain(part_commitments(inputs, held, person.id))
                .collect(),
            standing: (0..inputs.slots.len())
                .map(|slot| standing(inputs, index, person, slot))
                .collect(),
        });
    let shifts = inputs.shifts.iter().map(|s| Shift {
        start_min: minute(inputs, s.interval.start),
        end_min: minute(inputs, s.interval.end),
        day: day(inputs, s.day),
        weekend: s.weekend,
    });
    let settings = Settings {
        rules: rules(inputs),
        // Fairness goes first: "if needed" is worth an imbalance of half an average slot,
        // "preferred" of a quarter.
        preference: PreferenceCosts {
            preferred: -FULL_TIME.saturating_mul(mean.saturating_mul(mean)) / 2,
            available: 0,
            if_needed: FULL_TIME.saturating_mul(mean.saturating_mul(mean)),
        },
        stability: 2 * FULL_TIME.saturating_mul(mean.saturating_mul(mean / 10)),
        scale: 100 * FULL_TIME,
    };
    Built {
        problem: Problem::new(people.collect(), shifts.collect(), slots, settings),
        mean,
    }
}

/// What parts of slots change for a person: a slot counts in full for its holder, so the others' parts
/// come off there and go onto those who serve them.
fn parts_of(held: &[Held], person: PersonId) -> Points {
    let split = held.iter().filter(|h| !h.parts.is_empty());
    split
        .flat_map(|h| {
            h.parts.iter().map(move |part| match part.person {
                who if who == h.person => Points(0),
                Some(who) if who == person => part.points,
                _ if h.person == Some(person) => -part.points,
                _ => Points(0),
            })
        })
        .sum()
}

/// The parts that a person serves of slots that others hold: of each shift one stretch, within which no
/// rest is needed, and which counts once. What lies outside its shift belongs to one that is asked about
/// as a part: it is of the same stretch.
fn part_commitments(inputs: &Inputs, held: &[Held], person: PersonId) -> Vec<Commitment> {
    let mut stretches: BTreeMap<usize, Interval> = BTreeMap::new();
    for (slot, at) in inputs.slots.iter().zip(held) {
        let Some(shift) = inputs.shifts.get(slot.shift) else {
            continue;
        };
        let others = at.parts.iter().filter(|part| {
            part.person == Some(person)
                && at.person != Some(person)
                && part.interval.overlaps(&shift.interval)
        });
        for part in others {
            let stretch = stretches.entry(slot.shift).or_insert(part.interval);
            stretch.start = stretch.start.min(part.interval.start);
            stretch.end = stretch.end.max(part.interval.end);
        }
    }
    let of_shift = |(shift, stretch): (usize, Interval)| {
        let shift = inputs.shifts.get(shift)?;
        let (start, end) = (stretch.start, stretch.end);
        Some(commitment(inputs, start, end, shift.day, shift.weekend))
    };
    stretches.into_iter().filter_map(of_shift).collect()
}

fn minute(inputs: &Inputs, t: DateTime<Utc>) -> i64 {
    let zero = inputs
        .month
        .first()
        .and_time(chrono::NaiveTime::MIN)
        .and_utc();
    (t - zero).num_minutes()
}

fn day(inputs: &Inputs, day: NaiveDate) -> i64 {
    (day - inputs.month.first()).num_days()
}

fn commitment(
    inputs: &Inputs,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    on: NaiveDate,
    weekend: Option<i64>,
) -> Commitment {
    Commitment {
        start_min: minute(inputs, start),
        end_min: minute(inputs, end),
        day: day(inputs, on),
        weekend,
    }
}

fn standing(inputs: &Inputs, index: usize, person: &PersonInput, slot: usize) -> Standing {
    let Some(shift) = inputs.shift_of(slot) else {
        return Standing::Blocked(Block::NotInLeg);
    };
    let published = inputs.slots.get(slot).and_then(|s| s.published.as_ref());
    if shift.is_locked && published.is_none_or(|held| held.person.is_none()) {
        return Standing::Blocked(Block::Begun);
    }
    if shift.day < person.joined_on || person.left_on.is_some_and(|left| left <= shift.day) {
        return Standing::Blocked(Block::NotThere);
    }
    if !person.legs.contains(&shift.leg) {
        return Standing::Blocked(Block::NotInLeg);
    }
    if person.lacks.contains_key(&slot) {
        return Standing::Blocked(Block::LacksRequirement);
    }
    match inputs.level(index, slot) {
        Level::Preferred => Standing::Preferred,
        Level::Available => Standing::Available,
        Level::IfNeeded => Standing::IfNeeded,
        Level::Unavailable => Standing::Blocked(Block::Unavailable),
        Level::Leave => Standing::Blocked(Block::Leave),
    }
}

fn rules(inputs: &Inputs) -> Rules {
    let rules = &inputs.rules;
    let pair = |&(a, b)| Some((inputs.person(a)?, inputs.person(b)?));
    Rules {
        min_rest_min: rules.min_rest_minutes.into(),
        window: rules.max_shifts_in_window.map(|max| Window {
            days: rules.window_days.into(),
            max,
        }),
        max_consecutive_weekends: rules.max_consecutive_weekends,
        experienced_per_shift: rules.experienced_per_shift,
        newcomers: match rules.newcomers {
            Newcomers::NeverAlone => NewcomerPolicy::NeverAlone,
            Newcomers::OnlyShadow => NewcomerPolicy::OnlyShadow,
            Newcomers::Free => NewcomerPolicy::Free,
        },
        forbidden_pairs: rules.forbidden_pairs.iter().filter_map(pair).collect(),
    }
}

/// The rule in words, with this rotation's numbers.
#[must_use]
pub fn rule_name(inputs: &Inputs, rule: Rule) -> String {
    let rules = &inputs.rules;
    match rule {
        Rule::Availability => "can't be on call then".to_owned(),
        Rule::OneSlotAtATime => "is on another shift then".to_owned(),
        Rule::MinimumRest => format!(
            "needs {} h of rest between shifts",
            hours(rules.min_rest_minutes)
        ),
        Rule::ShiftsInWindow => match rules.max_shifts_in_window.unwrap_or_default() {
            1 => format!(
                "would have more than one shift in {} days",
                rules.window_days
            ),
            most => format!(
                "would have more than {most} shifts in {} days",
                rules.window_days
            ),
        },
        Rule::WeekendsInARow => {
            format!(
                "would serve more than {} weekends in a row",
                rules.max_consecutive_weekends.unwrap_or_default()
            )
        }
        Rule::ExperiencedOnShift => format!(
            "each shift needs {} experienced",
            rules.experienced_per_shift
        ),
        Rule::Newcomers => match rules.newcomers {
            Newcomers::OnlyShadow => "newcomers only shadow".to_owned(),
            Newcomers::NeverAlone | Newcomers::Free => "newcomers are never alone".to_owned(),
        },
        Rule::ForbiddenPair => "may not serve with this partner".to_owned(),
    }
}

fn hours(minutes: u32) -> String {
    if minutes.is_multiple_of(60) {
        (minutes / 60).to_string()
    } else {
        format!("{:.1}", f64::from(minutes) / 60.0)
    }
}
