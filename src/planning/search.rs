//! Asking the scheduler: the first answer, which a page waits for, and the better one that a manager
//! asks for.
//!
//! A page that shows what nobody has stored has to give the same answer each time it is asked, or a
//! change made on it would start from another plan. So the first answer is cut short by work and
//! never by time; the better one is stored, and may be cut short by both.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;

use super::model::{Held, Inputs, build};
use super::plan::assignment;
use crate::error::AppError;
use crate::scheduler::{Effort, Problem, Progress, Recommendation, recommend_from};

/// How long somebody waits for the better answer at most; the best so far is taken then.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// How much is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What a page shows at once.
    First,
    /// As good as can be within [`PATIENCE`].
    Better,
}

/// Steps of search in a first answer, times slots: large months get fewer, so that each takes about
/// as long.
const FIRST_WORK: u64 = 4_000_000;

/// Who should hold each slot.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The holders; what was pinned keeps its reason.
    pub held: Vec<Held>,
    /// No schedule with as many filled slots, pinned or not, costs less.
    pub bound: i128,
}

/// The recommendation around what is pinned in `held`, beginning with the others as they are there:
/// what need not change does not. Takes long: see [`recommended_apart`].
#[must_use]
pub fn recommended(inputs: &Inputs, held: &[Held], wanted: Wanted) -> Answer {
    let slots = u64::try_from(inputs.slots.len()).unwrap_or(u64::MAX).max(1);
    let until = Instant::now() + PATIENCE;
    let (effort, most) = match wanted {
        Wanted::First => (Effort::Quick, FIRST_WORK / slots),
        Wanted::Better => (Effort::Standard, u64::MAX),
    };
    let enough = |progress: Progress| match wanted {
        Wanted::First => progress.steps >= most,
        Wanted::Better => Instant::now() >= until,
    };
    watched(inputs, held, effort, &mut |progress| {
        if enough(progress) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}

/// The same with somebody who watches, and may end it.
#[must_use]
pub fn watched(
    inputs: &Inputs,
    held: &[Held],
    effort: Effort,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Answer {
    let problem = build(inputs, held, true).problem;
    let found = solve(&problem, &assignment(inputs, held), effort, watch);
    let is_pinned = held.iter().any(|h| h.is_pinned);
    let bound = if is_pinned {
        // Only its bound is wanted, which comes before the search.
        let free = build(inputs, held, false);
        recommend_from(&free.problem, effort, &[], &mut |_| ControlFlow::Break(())).bound
    } else {
        found.bound
    };
    let holders = found.assignment.iter().enumerate().map(|(slot, person)| {
        if inputs.shift_of(slot).is_some_and(|s| s.is_locked) {
            return held.get(slot).cloned().unwrap_or_default();
        }
        let person = person.and_then(|p| inputs.people.get(p)).map(|p| p.id);
        let before = held
            .get(slot)
            .filter(|h| h.is_pinned && h.person.is_none_or(|p| inputs.person(p).is_some()))
            .cloned()
            .unwrap_or_default();
        // A slot that was emptied on purpose stays open.
        let kept_open = before.is_pinned && before.person.is_none();
        Held {
            person: if kept_open { None } else { person },
            ..before
        }
    });
    Answer {
        held: holders.collect(),
        bound,
    }
}

/// A short search from what is there; where that is not proven best, a whole one. What is there wins
/// where the other is no better.
fn solve(
    problem: &Problem,
    start: &[Option<usize>],
    effort: Effort,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Recommendation {
    let is_new = start.iter().all(Option::is_none);
    if is_new || effort == Effort::Quick {
        return recommend_from(problem, effort, start, watch);
    }
    let near = recommend_from(problem, Effort::Quick, start, watch);
    if near.optimal {
        return near;
    }
    let far = recommend_from(problem, effort, &[], watch);
    if far.score.key() < near.score.key() {
        far
    } else {
        near
    }
}

/// [`recommended`] on a thread where it is in nobody's way.
///
/// # Errors
/// Where the search breaks down.
pub async fn recommended_apart(
    inputs: &Inputs,
    held: &[Held],
    wanted: Wanted,
) -> Result<Answer, AppError> {
    let (inputs, held) = (inputs.clone(), held.to_vec());
    spawn_blocking(move || recommended(&inputs, &held, wanted))
        .await
        .map_err(|error| AppError::Internal(error.to_string()))
}
