//! Why this person, who else, at what extra cost; and for an open slot, what removes each person.
use super::problem::{Block, Problem, Standing};
use super::roster::Roster;
use super::rules::{self, Rule, Violation};
use super::score;
use super::search::{swap_cost, try_swap};
use super::table::At;

/// What keeps a person from an open slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// They cannot take it whatever the others do.
    Blocked(Block),
    /// They would break these rules, given everything else on the schedule.
    Breaks(Vec<Rule>),
}

/// A slot that nobody holds, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSlot {
    /// Which slot.
    pub slot: usize,
    /// For every person what keeps them from it, in the order of the people. A person nothing
    /// keeps from it (possible only in a schedule made by hand) is not listed.
    pub reasons: Vec<(usize, Reason)>,
}

/// What it would mean to put another person on a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Exactly so much more cost (negative: less), by the cheapest of direct replacement and an
    /// exchange with one slot of theirs. What a whole new schedule around them would cost may be
    /// less; it is never more. On an open slot: the cost of taking it.
    Extra {
        /// The difference of [`score`](super::score()).
        cost: i128,
        /// The slot of theirs that the present holder takes in exchange, if any.
        exchange: Option<usize>,
    },
    /// The same cost: spacing, varied partners or nearness to the last schedule decided.
    Tie {
        /// The slot of theirs that the present holder takes in exchange, if any.
        exchange: Option<usize>,
    },
    /// Neither is possible: these rules speak against direct replacement.
    Breaks(Vec<Rule>),
    /// They cannot take it whatever the others do.
    Blocked(Block),
}

/// Another person for a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// Who.
    pub person: usize,
    /// What it would mean.
    pub outcome: Outcome,
}

/// The facts about the holder that speak for or against them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Their balance with everything on this schedule but this slot, in weight units; negative:
    /// under their fair share.
    pub balance_before: i64,
    /// The same with the slot.
    pub balance_after: i64,
    /// What they think of the slot.
    pub standing: Standing,
    /// What that costs.
    pub preference: i64,
    /// Pinned here: whatever the rest says.
    pub pinned: bool,
    /// Held it in the schedule last published.
    pub as_before: bool,
}

/// Why a slot looks as it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotExplanation {
    /// Which slot.
    pub slot: usize,
    /// Its burden in weight units.
    pub weight: i64,
    /// Who holds it; nobody when open.
    pub holder: Option<usize>,
    /// About the holder.
    pub facts: Option<Facts>,
    /// Everybody else, best first: by extra cost, then those rules speak against, then those who
    /// cannot.
    pub alternatives: Vec<Alternative>,
}

/// Explains one slot of an assignment. `None` when there is no such slot.
#[must_use]
pub fn explain(
    problem: &Problem,
    assignment: &[Option<usize>],
    slot: usize,
) -> Option<SlotExplanation> {
    let entry = problem.slots.get(slot)?;
    let mut roster = Roster::of(problem, assignment);
    let holder = roster.holder.at(slot);
    let facts = holder.map(|person| {
        let after = score::balance(&roster, person);
        Facts {
            balance_before: after - entry.weight,
            balance_after: after,
            standing: problem.standing(person, slot),
            preference: score::preference(problem, person, slot),
            pinned: entry.pin == Some(person),
            as_before: entry.previous == Some(person),
        }
    });
    let others = (0..problem.people.len()).filter(|&p| Some(p) != holder);
    let mut alternatives: Vec<Alternative> = others
        .map(|person| Alternative {
            person,
            outcome: outcome(&mut roster, slot, person),
        })
        .collect();
    alternatives.sort_by_key(|a| match &a.outcome {
        Outcome::Extra { cost, .. } => (0, *cost),
        Outcome::Tie { .. } => (0, 0),
        Outcome::Breaks(_) => (1, 0),
        Outcome::Blocked(_) => (2, 0),
    });
    Some(SlotExplanation {
        slot,
        weight: entry.weight,
        holder,
        facts,
        alternatives,
    })
}

fn outcome(roster: &mut Roster, slot: usize, person: usize) -> Outcome {
    if let Standing::Blocked(block) = roster.problem.standing(person, slot) {
        return Outcome::Blocked(block);
    }
    let holder = roster.take(slot);
    let broken = rules::broken(roster, person, slot);
    let direct = broken.is_empty().then(|| {
        let more = score::gain(roster, person, slot);
        more - holder.map_or(0, |h| score::gain(roster, h, slot))
    });
    let mut best = direct.map(|cost| (cost, None));
    if let Some(h) = holder {
        roster.put(slot, h);
        if let Some((cost, other)) = exchange(roster, slot, h, person)
            && best.is_none_or(|(least, _)| cost < least)
        {
            best = Some((cost, Some(other)));
        }
    }
    match best {
        Some((0, exchange)) => Outcome::Tie { exchange },
        Some((cost, exchange)) => Outcome::Extra { cost, exchange },
        None => Outcome::Breaks(broken),
    }
}

/// The cheapest exchange of this slot with one of the other person's.
fn exchange(
    roster: &mut Roster,
    slot: usize,
    holder: usize,
    person: usize,
) -> Option<(i128, usize)> {
    let problem = roster.problem;
    let mut best: Option<(i128, usize)> = None;
    for other in 0..problem.slots.len() {
        let pinned = problem.slots.get(other).is_none_or(|s| s.pin.is_some());
        if roster.holder.at(other) != Some(person) || pinned || !roster.possible(holder, other) {
            continue;
        }
        let cost = swap_cost(roster, slot, other, holder, person);
        if best.is_none_or(|(least, _)| cost < least) && try_swap(roster, slot, other) {
            try_back(roster, slot, other);
            best = Some((cost, other));
        }
    }
    best
}

/// Undoes an exchange without asking the rules: what was there may have been set by hand.
fn try_back(roster: &mut Roster, one: usize, two: usize) {
    let (a, b) = (roster.take(one), roster.take(two));
    for (slot, person) in [(one, b), (two, a)] {
        if let Some(person) = person {
            roster.put(slot, person);
        }
    }
}

/// For each open slot, what keeps each person from it.
#[must_use]
pub fn open_slots(problem: &Problem, assignment: &[Option<usize>]) -> Vec<OpenSlot> {
    let roster = Roster::of(problem, assignment);
    let reason = |person: usize, slot: usize| match problem.standing(person, slot) {
        Standing::Blocked(block) => Some(Reason::Blocked(block)),
        _ => Some(rules::broken(&roster, person, slot))
            .filter(|broken| !broken.is_empty())
            .map(Reason::Breaks),
    };
    let open = roster.open().map(|slot| OpenSlot {
        slot,
        reasons: (0..problem.people.len())
            .filter_map(|p| reason(p, slot).map(|r| (p, r)))
            .collect(),
    });
    open.collect()
}

/// One slot given to somebody, or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Which slot.
    pub slot: usize,
    /// Who takes it; `None` opens it.
    pub person: Option<usize>,
}

/// What changes would do, before they are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The assignment afterwards.
    pub assignment: Vec<Option<usize>>,
    /// More unfilled slots (negative: fewer).
    pub unfilled: i64,
    /// More cost (negative: less).
    pub cost: i128,
    /// Rules broken afterwards that are not broken now.
    pub broken: Vec<Violation>,
    /// Rules broken now that no longer would be.
    pub mended: Vec<Violation>,
}

/// What changes to an assignment would cost and break, exactly. Changes that name no slot are
/// ignored; a person who does not exist opens the slot.
#[must_use]
pub fn cost_of(problem: &Problem, assignment: &[Option<usize>], changes: &[Change]) -> Effect {
    let before = Roster::of(problem, assignment).holder;
    let mut after = before.clone();
    for change in changes {
        let person = change.person.filter(|&p| p < problem.people.len());
        super::table::set(&mut after, change.slot, person);
    }
    let (old, new) = (
        score::score(problem, &before),
        score::score(problem, &after),
    );
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let (was, is) = (
        rules::violations(problem, &before),
        rules::violations(problem, &after),
    );
    Effect {
        assignment: after,
        unfilled: count(new.unfilled) - count(old.unfilled),
        cost: new.total.saturating_sub(old.total),
        broken: is.iter().filter(|v| !was.contains(v)).cloned().collect(),
        mended: was.iter().filter(|v| !is.contains(v)).cloned().collect(),
    }
}
