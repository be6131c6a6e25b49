//! Why this person, who else, and at what extra cost, in words.

use super::known::Known;
use super::rules::{block_words, broken_words};
use super::words::{SMALL, balance_words, count};
use crate::planning::model::inputs::Inputs;
use crate::planning::model::problem::Built;
use crate::scheduler::{
    Alternative, Change, Decided, Facts, Outcome as Found, Rule, Standing, explain, score,
};
use crate::vocab::{PersonId, Points};

/// What putting somebody else into a slot would mean.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It can be done.
    Costs {
        /// So many points more (negative: less).
        points: Points,
        /// No way costs less than so many points more; the same where this is proven to be the least.
        floor: Points,
        /// The cost is proven to be the least.
        is_exact: bool,
        /// Exactly as good, and what decides; proven where it is exact.
        tie: Option<Decided>,
        /// Other slots that move.
        others: usize,
        /// So many points more with nobody else moved, where the rules let that.
        alone: Option<Points>,
    },
    /// It would break these rules, and no way around was found.
    Breaks {
        /// In words.
        rules: Vec<String>,
        /// If there is a way at all, it costs at least so many points more.
        floor: Points,
    },
    /// They can't, and why.
    Blocked(String),
}

impl Outcome {
    /// Whether a manager has to give a reason.
    #[must_use]
    pub fn needs_reason(&self) -> bool {
        matches!(self, Self::Breaks { .. } | Self::Blocked(_))
    }

    /// Whether the person can simply take it.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        match self {
            Self::Costs { alone, .. } => alone.is_some(),
            Self::Breaks { .. } | Self::Blocked(_) => false,
        }
    }

    /// Whether others move too.
    #[must_use]
    pub fn moves_others(&self) -> bool {
        matches!(self, Self::Costs { others: 1.., .. })
    }

    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Costs {
                points,
                floor,
                is_exact,
                tie,
                others,
                alone,
            } => {
                let with = match others {
                    0 => String::new(),
                    n => format!(" if {} too", moves(*n)),
                };
                let alone = match alone {
                    Some(alone) if *others > 0 && alone.0 - points.0 >= SMALL => {
                        format!(", {} if nobody else moves", more(*alone))
                    }
                    _ => String::new(),
                };
                match tie {
                    Some(decided) if *is_exact => {
                        format!("just as good{with}: {}", decided_words(*decided))
                    }
                    Some(decided) => format!(
                        "just as good{with}: {}. Not proven: some other way could be {} fairer",
                        decided_words(*decided),
                        if -floor.0 < SMALL {
                            "a little".to_owned()
                        } else {
                            format!("up to {} points", -*floor)
                        }
                    ),
                    None => format!("{}{with}{alone}", bounds(*points, *floor, *is_exact)),
                }
            }
            Self::Breaks { rules, floor } => {
                let rules = if rules.is_empty() {
                    "no way was found".to_owned()
                } else {
                    rules.join("; ")
                };
                if floor.0 >= SMALL {
                    format!("{rules}. Any way around costs at least {floor} points more")
                } else {
                    rules
                }
            }
            Self::Blocked(why) => why.clone(),
        }
    }
}

fn moves(slots: usize) -> String {
    if slots == 1 {
        "another slot moves".to_owned()
    } else {
        format!("{} move", count(slots, "other slot"))
    }
}

/// "12.5 points more" where that is proven to be the least, "3.0 to 12.5 points more" and "at most 12.5
/// points more" where it is the cheapest way found.
fn bounds(points: Points, floor: Points, is_exact: bool) -> String {
    if is_exact || points.0 - floor.0 < SMALL {
        more(points)
    } else if points.0 <= -SMALL {
        format!("at least {}", more(points))
    } else if points.0 < SMALL {
        format!("{} or fairer", more(points))
    } else if floor.0 < SMALL {
        format!("at most {}", more(points))
    } else {
        format!("{floor} to {}", more(points))
    }
}

/// "12.5 points more".
pub fn more(points: Points) -> String {
    match points.0 {
        p if p.abs() < SMALL => "almost the same".to_owned(),
        p if p < 0 => format!("{} points fairer", -points),
        _ => format!("{points} points more"),
    }
}

fn decided_words(decided: Decided) -> &'static str {
    match decided {
        Decided::Spacing { here: true } => "as it is, somebody's shifts lie further apart",
        Decided::Spacing { here: false } => "somebody's shifts would even lie further apart",
        Decided::Partners { here: true } => "as it is, partners vary more",
        Decided::Partners { here: false } => "partners would even vary more",
        Decided::Nearness { here: true } => "as it is, the plan is nearer to what is published",
        Decided::Nearness { here: false } => "the plan would even be nearer to what is published",
        Decided::Nothing => "nothing tells the two apart",
    }
}

/// What the button beside a candidate does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    /// They take the slot, and nobody else moves.
    Assign,
    /// They and the holder exchange this slot and the one of this index.
    Swap(usize),
    /// They take the slot, and others move as was found.
    Arrange,
}

/// Another person for a slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Who.
    pub person: PersonId,
    /// Name.
    pub name: String,
    /// What it would mean.
    pub outcome: Outcome,
    /// How far they would be from their fair share, in words; empty where they can't.
    pub then: String,
    /// What to do about it.
    pub deed: Deed,
    /// Every slot that would change hands, and who would take it.
    pub changes: Vec<Change>,
}

/// The story of one slot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotStory {
    /// Which slot.
    pub slot: usize,
    /// Who holds it.
    pub holder: Option<(PersonId, String)>,
    /// What speaks for or against the holder.
    pub why: Vec<String>,
    /// Everybody else, the best first.
    pub others: Vec<Candidate>,
}

/// Tells a slot's story, given who holds each slot by index.
#[must_use]
pub fn tell(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    slot: usize,
) -> Option<SlotStory> {
    let mut found = explain(&built.problem, assignment, slot)?;
    let mut filled = assignment.to_vec();
    if found.holder.is_none() {
        // What others would cost fills one slot more than there are filled.
        let way = found.alternatives.iter().find_map(|other| {
            let Found::Costs { changes, .. } = &other.outcome else {
                return None;
            };
            Some(changes)
        });
        change(&mut filled, way.map_or(&[], Vec::as_slice));
    }
    let known = Known::new(built, assignment, &filled);
    for other in &mut found.alternatives {
        known.raise(&mut other.outcome, other.person, slot);
    }
    let holder = found.holder.and_then(|p| inputs.people.get(p));
    let why = match (found.holder, found.facts) {
        (Some(person), Some(facts)) => why(inputs, slot, person, facts),
        _ => Vec::new(),
    };
    let others = found.alternatives.into_iter();
    let others = others
        .filter_map(|other| candidate(inputs, built, assignment, (slot, found.holder), other));
    Some(SlotStory {
        slot,
        holder: holder.map(|p| (p.id, p.name.clone())),
        why,
        others: others.collect(),
    })
}

fn why(inputs: &Inputs, slot: usize, holder: usize, facts: Facts) -> Vec<String> {
    let Some(person) = inputs.people.get(holder) else {
        return Vec::new();
    };
    let mut why = Vec::new();
    if facts.pinned {
        why.push(if inputs.shift_of(slot).is_some_and(|s| s.is_locked) {
            "The shift has begun: it stays as published.".to_owned()
        } else {
            "Pinned here by a manager.".to_owned()
        });
    }
    let before = balance_words(Points(facts.balance_before));
    let mut letters = before.chars();
    let first: String = letters
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    why.push(format!(
        "{first}{} without this shift, {} with it.",
        letters.as_str(),
        balance_words(Points(facts.balance_after))
    ));
    why.push(match facts.standing {
        Standing::Preferred => "Prefers this time.".to_owned(),
        Standing::Available => "Available.".to_owned(),
        Standing::IfNeeded => "Takes it only if needed.".to_owned(),
        Standing::Blocked(block) => {
            format!(
                "Against the rules: {}.",
                block_words(inputs, person, slot, block)
            )
        }
    });
    match person.utilisation_percent {
        Some(percent) if person.is_utilisation_known => {
            why.push(format!("{percent} % utilised this month."));
        }
        Some(percent) => why.push(format!(
            "Utilisation not entered: counted as the others' mean, {percent} %."
        )),
        None => {}
    }
    if facts.as_before {
        why.push("Held it in the published schedule.".to_owned());
    }
    why
}

fn candidate(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    (slot, holder): (usize, Option<usize>),
    other: Alternative,
) -> Option<Candidate> {
    let person = inputs.people.get(other.person)?;
    let made = if let Found::Costs { changes, .. } = &other.outcome {
        changes.clone()
    } else {
        Vec::new()
    };
    let (then, deed) = if made.is_empty() {
        (String::new(), Deed::Assign)
    } else {
        (
            then(built, assignment, &made, other.person),
            deed(assignment, &made, slot, other.person, holder),
        )
    };
    Some(Candidate {
        person: person.id,
        name: person.name.clone(),
        outcome: outcome(inputs, built, assignment, slot, other),
        then,
        deed,
        changes: made,
    })
}

/// In words what the scheduler found of a person and a slot.
pub fn outcome(
    inputs: &Inputs,
    built: &Built,
    assignment: &[Option<usize>],
    slot: usize,
    other: Alternative,
) -> Outcome {
    match other.outcome {
        Found::Costs {
            cost,
            floor,
            changes,
            alone,
            decided,
        } => Outcome::Costs {
            points: built.points(cost),
            floor: built.points(floor),
            is_exact: cost == floor,
            tie: decided,
            others: changes.len().saturating_sub(1),
            alone: alone.map(|cost| built.points(cost)),
        },
        Found::Breaks { rules, floor } => {
            let words = |&rule: &Rule| broken_words(inputs, assignment, other.person, slot, rule);
            Outcome::Breaks {
                rules: rules.iter().map(words).collect(),
                floor: built.points(floor),
            }
        }
        Found::Blocked(block) => {
            let person = inputs.people.get(other.person);
            Outcome::Blocked(person.map_or(String::new(), |p| block_words(inputs, p, slot, block)))
        }
    }
}

fn then(built: &Built, assignment: &[Option<usize>], changes: &[Change], person: usize) -> String {
    let mut after = assignment.to_vec();
    change(&mut after, changes);
    let scored = score(&built.problem, &after);
    let balance = scored.people.get(person).map_or(0, |p| p.balance);
    balance_words(Points(balance))
}

fn change(assignment: &mut [Option<usize>], changes: &[Change]) {
    for change in changes {
        if let Some(entry) = assignment.get_mut(change.slot) {
            *entry = change.person;
        }
    }
}

fn deed(
    assignment: &[Option<usize>],
    changes: &[Change],
    slot: usize,
    person: usize,
    holder: Option<usize>,
) -> Deed {
    match changes {
        [_] => Deed::Assign,
        [one, two] => {
            let other = if one.slot == slot { two } else { one };
            let was = assignment.get(other.slot).copied().flatten();
            if holder.is_some() && other.person == holder && was == Some(person) {
                Deed::Swap(other.slot)
            } else {
                Deed::Arrange
            }
        }
        _ => Deed::Arrange,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(points: i64, floor: i64, others: usize, alone: Option<i64>) -> Outcome {
        Outcome::Costs {
            points: Points(points),
            floor: Points(floor),
            is_exact: points == floor,
            tie: (points == 0).then_some(Decided::Spacing { here: true }),
            others,
            alone: alone.map(Points),
        }
    }

    #[test]
    fn a_cost_says_whether_it_is_proven() {
        for (outcome, words) in [
            (costs(1250, 1250, 0, Some(1250)), "12.5 points more"),
            (costs(1250, 300, 0, Some(1250)), "3.0 to 12.5 points more"),
            (costs(1250, -90, 0, Some(1250)), "at most 12.5 points more"),
            (
                costs(250, 250, 2, Some(600)),
                "2.5 points more if 2 other slots move too, 6.0 points more if nobody else moves",
            ),
            (
                costs(250, 250, 1, None),
                "2.5 points more if another slot moves too",
            ),
            (costs(-300, -300, 0, Some(-300)), "3.0 points fairer"),
            (
                costs(-300, -900, 0, Some(-300)),
                "at least 3.0 points fairer",
            ),
            (costs(2, -400, 0, Some(2)), "almost the same or fairer"),
            (costs(2, -1, 0, Some(2)), "almost the same"),
            (
                costs(0, 0, 1, None),
                "just as good if another slot moves too: as it is, somebody's shifts lie further apart",
            ),
            (
                costs(0, -250, 0, Some(0)),
                "just as good: as it is, somebody's shifts lie further apart. Not proven: some other way could be up to 2.5 points fairer",
            ),
            (
                costs(0, -3, 0, Some(0)),
                "just as good: as it is, somebody's shifts lie further apart. Not proven: some other way could be a little fairer",
            ),
            (
                Outcome::Breaks {
                    rules: vec!["would rest 9 h".into(), "newcomers are never alone".into()],
                    floor: Points(300),
                },
                "would rest 9 h; newcomers are never alone. Any way around costs at least 3.0 points more",
            ),
            (Outcome::Blocked("on leave".into()), "on leave"),
        ] {
            assert_eq!(outcome.words(), words);
        }
    }
}
