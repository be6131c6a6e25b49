//! Who should take which slot: a recommendation with its cost, how far it can be from the best,
//! and the reason for every entry.
//!
//! Pure and deterministic: no clock, no I/O, no randomness from outside, ordered collections only.
//! [`recommend`] always answers; what cannot be filled is data. The same problem and effort give
//! the same schedule on every machine, and neither names nor the order of the people matter.
//!
//! # What is wanted, in this order
//!
//! 1. **Hard rules** ([`Rule`], one file each in `rules/`): availability, one slot at a time across
//!    everything a person does, minimum rest, shifts in a rolling window, weekends in a row,
//!    experienced people on every shift, newcomers not alone, pairs apart. Pinned people stay where
//!    they are even if that breaks a rule; [`violations`] then reports it. No other assignment ever
//!    breaks one.
//! 2. **Fewest unfilled slots**; among equal numbers, those that matter less stay open: shadows
//!    first, then the highest escalation order. [`Recommendation::fewest`] says whether that is proven.
//! 3. **Smallest cost**: the sum over people of `(scale / capacity) * (history + load)^2`, where
//!    `load` is the weight of their slots and `history` what they carried beyond their fair share,
//!    plus the preference cost of each assignment, plus the stability weight for each slot whose
//!    holder differs from the schedule last published. Equal load per capacity is cheapest, and old
//!    imbalance is repaired; what is published changes only where that is worth its weight. See [`score()`] for the breakdown and [`fairness`] for the shares.
//! 4. **Among equals** the second objective: spacing of each person's shifts, then varied partners,
//!    then nearness to the schedule last published.
//!
//! # When settings contradict each other
//!
//! A rule is never relaxed. A shift that cannot get its experienced person, or company for a
//! newcomer, keeps as many slots open as it takes for filling them to mend it (with nobody
//! experienced at all, one slot of every shift), and [`Recommendation::unfilled`] names the rule
//! for every person. A shift with fewer slots than experienced people asked for takes experienced
//! people only. A caller who would rather relax a rule changes the settings. Nonsense in numbers
//! and indices is brought within limits by [`Problem::new`].
//!
//! # How
//!
//! Greedy (scarce slots first) and descent; two by two people share out anew what they hold, exactly;
//! annealing with changes, swaps and pushes, all on one roster whose counts answer each rule at once.
//! Problems with few enough schedules are enumerated instead, and proven. Work is counted in steps
//! ([`Effort`]). Where slots are open that somebody could take, it is settled first how many must be:
//! the same search and the same proof, with nothing but a toll on open slots (`search/filling`). The
//! first bound comes from prices per person ([`bound`]); where that is not enough, prices per slot
//! ([`proof`], with the mathematics) raise it, diving makes schedules of them, and cases close a small
//! gap. When the cost reaches the bound, the search stops: nothing can be better. What the prices rule
//! out is left out of further rounds of annealing. A search that begins with a schedule repairs it in
//! about a tenth of the time, and proves less. [`floors()`] gives the prices away. [`explain()`],
//! [`relief`], [`mend`] and [`cost_of`] answer with real schedules and exact differences of the one cost
//! function, and with proven floors beyond; [`bottlenecks`] names who must carry more.
pub mod bound;
mod effort;
mod explain;
pub mod fairness;
mod floors;
mod index;
mod level;
mod problem;
pub mod proof;
mod roster;
mod rules;
mod score;
mod search;
mod table;

pub use effort::Effort;
pub use explain::{
    Alternative, Bottleneck, Change, Decided, Effect, Facts, OpenSlot, Outcome, Reason, Relief,
    Remedy, SlotExplanation, Stand, Way, bottlenecks, cost_of, explain, mend, open_slots, relief,
};
pub use floors::{Floors, floors};
pub use level::{ideal_load, levels};
pub use problem::{
    Block, Commitment, MAX_HISTORY, MAX_SCALE, MAX_TIME, MAX_WEIGHT, NewcomerPolicy, Person,
    PreferenceCosts, Problem, Role, Rules, Settings, Shift, Slot, Standing, Window,
};
pub use rules::{Rule, Violation, violations};
pub use score::{Breakdown, PersonScore, score};
pub use search::{SecondObjective, second_objective};
use std::ops::ControlFlow;

/// How far the search has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Unfilled slots of the best schedule so far.
    pub unfilled: usize,
    /// Its cost.
    pub cost: i128,
    /// A lower bound on the cost of schedules that fill every slot somebody can take.
    pub bound: i128,
    /// Steps made.
    pub steps: u64,
}

/// A recommended schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recommendation {
    /// Who holds each slot, by index; `None` where nobody can.
    pub assignment: Vec<Option<usize>>,
    /// What it costs, and why.
    pub score: Breakdown,
    /// No schedule with as many filled slots, as urgent ones, costs less than this.
    pub bound: i128,
    /// Proven: no schedule with as many filled slots costs less than this one.
    pub optimal: bool,
    /// Proven: no schedule has fewer unfilled slots, or as many that matter less.
    pub fewest: bool,
    /// The slots nobody holds, with the reason for every person.
    pub unfilled: Vec<OpenSlot>,
    /// Rules that pinned people break.
    pub violations: Vec<Violation>,
    /// How strongly each person is recommended over the whole problem, 0 to 100; see [`levels`].
    pub levels: Vec<u8>,
}

impl Recommendation {
    /// How far the cost can be above the best, as a share of the cost: 0 when optimal.
    #[must_use]
    #[allow(clippy::cast_precision_loss)]
    pub fn gap(&self) -> f64 {
        let above = self.score.total.saturating_sub(self.bound);
        if above <= 0 || self.score.total == 0 {
            return 0.0;
        }
        above as f64 / self.score.total.saturating_abs() as f64
    }
}

/// Recommends a schedule.
#[must_use]
pub fn recommend(problem: &Problem, effort: Effort) -> Recommendation {
    recommend_watched(problem, effort, &mut |_| ControlFlow::Continue(()))
}

/// Recommends a schedule, reporting progress every so many steps. `watch` may stop the search (a
/// deadline, a cancellation): the best schedule so far is returned with its honest gap.
pub fn recommend_watched(
    problem: &Problem,
    effort: Effort,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Recommendation {
    recommend_from(problem, effort, &[], watch)
}

/// Recommends a schedule, the search beginning with a given assignment instead of an empty one.
/// Entries that name nobody, contradict a pin or break a rule are left out; the search then
/// disturbs the schedule less than one of its own, so that a small change is answered sooner and
/// nearer to what was there. An empty `start` is [`recommend_watched`].
pub fn recommend_from(
    problem: &Problem,
    effort: Effort,
    start: &[Option<usize>],
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Recommendation {
    let (sorted, order) = search::canonical(problem);
    let start = search::sorted(start, &order);
    let found = search::search(&sorted, effort, &start, watch);
    let assignment = search::original(&found.assignment, &order);
    let score = score::score(problem, &assignment);
    let bound = found.bound.min(score.total);
    Recommendation {
        optimal: bound == score.total,
        bound,
        fewest: (score.unfilled, score.urgency) <= found.least,
        unfilled: open_slots(problem, &assignment),
        violations: violations(problem, &assignment),
        levels: levels(problem),
        assignment,
        score,
    }
}
