//! The whole plan: what its cost is made of, who carries more than their share, and why it can't be
//! better.

use super::words::{SMALL, balance_words, count, names, slot_words};
use crate::planning::model::inputs::Inputs;
use crate::planning::model::problem::Built;
use crate::scheduler::{Bottleneck, Breakdown, Standing, bottlenecks};
use crate::vocab::{PersonId, Points};

/// A line of the breakdown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What.
    pub name: &'static str,
    /// How many points.
    pub points: Points,
    /// From what.
    pub what: String,
}

/// What the planner tells of the whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Whole {
    /// What the cost is made of.
    pub lines: Vec<Line>,
    /// Who ends above their share: who, and by how much. The most first.
    pub over: Vec<(PersonId, String, String)>,
    /// Why that can't be better, each proven.
    pub reasons: Vec<String>,
}

/// Groups that are named at most.
const GROUPS: usize = 3;

/// Tells what makes up the plan's cost.
#[must_use]
pub fn tell_whole(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    score: &Breakdown,
) -> Whole {
    let mean: i64 = inputs.slots.iter().map(|s| s.points.0).sum();
    let mean = mean / i64::try_from(inputs.slots.len()).unwrap_or(1).max(1);
    let mut over: Vec<(i64, usize)> = (score.people.iter().enumerate())
        .map(|(index, person)| (person.balance, index))
        .filter(|(balance, _)| *balance >= (mean / 4).max(SMALL))
        .collect();
    over.sort_by_key(|(balance, index)| (std::cmp::Reverse(*balance), *index));
    let tight = bottlenecks(&built.problem, assignment, GROUPS);
    Whole {
        lines: lines(inputs, built, assignment, score),
        over: over
            .iter()
            .filter_map(|(balance, index)| {
                let person = inputs.people.get(*index)?;
                let words = balance_words(Points(*balance));
                Some((person.id, person.name.clone(), words))
            })
            .collect(),
        reasons: tight
            .iter()
            .filter(|b| b.over >= SMALL)
            .map(|b| reason(inputs, b))
            .collect(),
    }
}

fn lines(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    score: &Breakdown,
) -> Vec<Line> {
    let (mut met, mut needed) = (0, 0);
    for (slot, person) in assignment.iter().enumerate() {
        match person.map(|p| built.problem.standing(p, slot)) {
            Some(Standing::Preferred) => met += 1,
            Some(Standing::IfNeeded) => needed += 1,
            _ => {}
        }
    }
    let mut lines = vec![
        Line {
            name: "Fairness",
            points: built.points(score.fairness),
            what: "how far everybody ends from their fair share, squared: twice as far counts four times".to_owned(),
        },
        Line {
            name: "Preferences",
            points: built.points(score.preference),
            what: format!("{} met, {} taken if needed", count(met, "wish").replace("wishs", "wishes"), count(needed, "slot")),
        },
    ];
    if inputs.slots.iter().any(|s| s.published.is_some()) {
        let before = inputs.slots.iter().zip(assignment);
        let moved = before.filter(|(slot, now)| {
            let before = slot.published.as_ref().and_then(|h| h.person);
            let before = before.and_then(|p| inputs.person(p));
            before.zip(**now).is_some_and(|(before, now)| before != now)
        });
        lines.push(Line {
            name: "Stability",
            points: built.points(score.stability),
            what: format!(
                "{} with somebody else than published, {} points each",
                count(moved.count(), "slot"),
                built.stability()
            ),
        });
    }
    lines
}

fn reason(inputs: &Inputs, bottleneck: &Bottleneck) -> String {
    let people = names(inputs, &bottleneck.people);
    let is_one = bottleneck.people.len() == 1;
    let mut can = Vec::new();
    if !bottleneck.slots.is_empty() {
        can.push(format!("take {}", slot_words(inputs, &bottleneck.slots)));
    }
    if !bottleneck.experienced.is_empty() {
        can.push(format!(
            "be the experienced one on {}",
            count(bottleneck.experienced.len(), "shift")
        ));
    }
    let is_begun = |slot: &usize| inputs.shift_of(*slot).is_some_and(|s| s.is_locked);
    let (begun, pinned): (Vec<usize>, Vec<usize>) =
        bottleneck.pinned.iter().partition(|slot| is_begun(slot));
    let mut fixed = Vec::new();
    if !pinned.is_empty() {
        fixed.push(format!("pinned to {}", slot_words(inputs, &pinned)));
    }
    if !begun.is_empty() {
        let have = if begun.len() == 1 { "has" } else { "have" };
        fixed.push(format!(
            "on {}, which {have} begun",
            slot_words(inputs, &begun)
        ));
    }
    let fixed = fixed.join(" and ");
    let what = match (can.join(", and "), is_one) {
        (can, true) if can.is_empty() => format!("{people} is {fixed}"),
        (can, false) if can.is_empty() => format!("{people} are {fixed}"),
        (can, _) if fixed.is_empty() => format!("Only {people} can {can}"),
        (can, true) => format!("Only {people} can {can}, and is {fixed}"),
        (can, false) => format!("Only {people} can {can}, and they are {fixed}"),
    };
    let (weight, over) = (Points(bottleneck.weight), Points(bottleneck.over));
    let then = match bottleneck.people.len() {
        1 => format!(
            "Whatever the rest of the plan, that is at least {over} points over the fair share."
        ),
        n => format!(
            "Whoever of them does, the {n} end at least {over} points over their fair share together."
        ),
    };
    format!("{what}: {weight} points. {then}")
}
