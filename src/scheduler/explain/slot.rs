//! One slot: why its holder, and what every other person would cost.
use super::super::problem::{Block, Problem, Standing};
use super::super::roster::Roster;
use super::super::rules::{self, Rule};
use super::super::score;
use super::super::search::{SecondObjective, second_objective};
use super::super::table::At;
use super::change::{Change, changes};
use super::resolve::Forcing;

/// What decides between the present schedule and another one of equal cost. `here`: it speaks for the
/// present one; otherwise for the other, which a longer search would have preferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// Shifts of one person lie further apart.
    Spacing {
        /// For the present schedule.
        here: bool,
    },
    /// Partners vary more.
    Partners {
        /// For the present schedule.
        here: bool,
    },
    /// It is nearer to the schedule last published.
    Nearness {
        /// For the present schedule.
        here: bool,
    },
    /// Nothing: the two are as good as each other.
    Nothing,
}

/// What it would mean to put another person on a slot. Schedules that fill the same slots are
/// compared, in which the person holds this one, everybody pinned stays, and no rule is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It can be done.
    Costs {
        /// So much more than the present schedule (negative: less), by `changes`.
        cost: i128,
        /// Proven: no way costs less than so much more. Equal to `cost`: there is none cheaper.
        floor: i128,
        /// The changes, this slot's among them.
        changes: Vec<Change>,
        /// So much more if nobody else moves, where the rules let that.
        alone: Option<i128>,
        /// For a cost of 0, what decides; proven to be a tie where the floor is 0 too.
        decided: Option<Decided>,
    },
    /// No way was found: these rules speak against it.
    Breaks {
        /// The rules that the person would break with nobody else moved.
        rules: Vec<Rule>,
        /// If there is a way at all, it costs at least so much more.
        floor: i128,
    },
    /// They cannot take it whatever the others do.
    Blocked(Block),
}

impl Outcome {
    /// Whether its cost is proven to be the least.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Costs { cost, floor, .. } if cost == floor)
    }

    /// Takes over a floor that is proven elsewhere ([`Floors`](crate::scheduler::Floors) less what the
    /// present schedule costs), where it is the higher one.
    pub fn raise(&mut self, known: i128) {
        match self {
            Self::Costs { cost, floor, .. } => *floor = known.min(*cost).max(*floor),
            Self::Breaks { floor, .. } => *floor = known.max(*floor),
            Self::Blocked(_) => {}
        }
    }
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
    /// Its weight.
    pub weight: i64,
    /// Who holds it.
    pub holder: Option<usize>,
    /// What speaks for or against the holder.
    pub facts: Option<Facts>,
    /// Everybody else: those who can, cheapest first, then those rules speak against, then those who
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
            pinned: entry.pin == Some(person),
            as_before: entry.previous == Some(person),
        }
    });
    let others: Vec<usize> = (0..problem.people.len())
        .filter(|&p| Some(p) != holder)
        .collect();
    let mut prices = Prices::new(problem, assignment, slot);
    let mut alternatives: Vec<Alternative> = others
        .into_iter()
        .map(|person| Alternative {
            person,
            outcome: prices.of(&mut roster, person),
        })
        .collect();
    alternatives.sort_by_key(|a| match &a.outcome {
        Outcome::Costs { cost, .. } => (0, *cost),
        Outcome::Breaks { floor, .. } => (1, *floor),
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

/// What people would cost on one slot.
pub(super) struct Prices<'a> {
    problem: &'a Problem,
    slot: usize,
    forcing: Forcing,
    before: Vec<Option<usize>>,
    cost: i128,
    second: SecondObjective,
}

impl<'a> Prices<'a> {
    pub fn new(problem: &'a Problem, assignment: &[Option<usize>], slot: usize) -> Self {
        let before = Roster::of(problem, assignment).holder;
        Self {
            problem,
            slot,
            forcing: Forcing::new(problem, assignment, slot),
            cost: score::score(problem, &before).total,
            second: second_objective(problem, &before),
            before,
        }
    }

    /// What a person other than the holder would mean. `roster` is the assignment as it is, and
    /// stays so.
    pub fn of(&mut self, roster: &mut Roster, person: usize) -> Outcome {
        if let Standing::Blocked(block) = self.problem.standing(person, self.slot) {
            return Outcome::Blocked(block);
        }
        let (slot, holder) = (self.slot, roster.take(self.slot));
        let rules = rules::broken(roster, person, slot);
        let lost = holder.map_or(0, |h| score::gain(roster, h, slot));
        let alone = score::gain(roster, person, slot) - lost;
        if let Some(holder) = holder {
            roster.put(slot, holder);
        }
        let forced = self.forcing.force(person);
        let floor = forced.floor - self.cost;
        let Some(assignment) = forced.assignment else {
            return Outcome::Breaks { rules, floor };
        };
        let cost = score::score(self.problem, &assignment).total - self.cost;
        let alone = rules.is_empty().then_some(alone);
        // Fewer changes are preferred where they cost the same.
        let only = Change {
            slot,
            person: Some(person),
        };
        let (cost, changes) = match alone {
            Some(alone) if alone <= cost => (alone, vec![only]),
            _ => (cost, changes(&self.before, &assignment)),
        };
        Outcome::Costs {
            decided: (cost == 0).then(|| self.decided(&changes)),
            cost,
            floor: floor.min(cost),
            changes,
            alone,
        }
    }

    fn decided(&self, changes: &[Change]) -> Decided {
        let mut after = self.before.clone();
        for change in changes {
            super::super::table::set(&mut after, change.slot, change.person);
        }
        let (now, then) = (self.second, second_objective(self.problem, &after));
        let here = now < then;
        if then.closeness != now.closeness {
            Decided::Spacing { here }
        } else if then.repetition != now.repetition {
            Decided::Partners { here }
        } else if then.changed != now.changed {
            Decided::Nearness { here }
        } else {
            Decided::Nothing
        }
    }
}
