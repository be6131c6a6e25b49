//! `fairshift solve FILE`: a problem in a file, its schedule on standard output.
//!
//! # The file: `fairshift-instance/1`
//!
//! One JSON object. Every number is an integer; keys that are not named here are ignored. Times are
//! minutes from midnight of day 0, on one clock without changes.
//!
//! | key | what it holds |
//! | --- | --- |
//! | `schema` | the text `fairshift-instance/1` |
//! | `name` | a name, repeated in the answer |
//! | `start_weekday` | weekday of day 0: 0 is Monday, 6 is Sunday. Says which weekends follow each other; 0 where it is missing |
//! | `periods` | how many shifts there are |
//! | `roles` | names of the roles; may be missing |
//! | `slots` | the slots, each an object: `id`; `period`, its shift, from 0; `role`, an index into `roles`; `start_min` and `end_min`, equal for all slots of a shift; `weight`, its burden, not negative; `weekend`, whether the shift counts for its weekend |
//! | `engineers` | the people, each an object: `id`; `capacity`, at least 1, in a unit common to all (tenths of a contract, say); `history`, the burden carried so far beyond the fair share, negative for who is owed; `experienced`; `newcomer` |
//! | `avail` | a text for each engineer, a letter for each slot: `U` unavailable, `W` willing, `R` rather not, `P` preferred |
//! | `pref_cost` | what an assignment costs by its letter, 0 where a letter is missing |
//! | `fairness.lcm` | the scale of the fairness cost, at least 1: best a common multiple of the capacities |
//! | `rules.min_rest_min` | minutes that lie at least between two shifts of one person |
//! | `rules.experienced_per_period` | so many experienced people on every shift |
//! | `rules.newcomer_never_alone` | whether a shift may not be held by newcomers only |
//! | `rules.forbidden_pairs` | pairs of engineers' ids who never share a shift |
//! | `rules.max_shifts_in_window` | `{"days", "max"}`: at most `max` shifts that start within any `days` calendar days in a row; or null |
//! | `rules.max_consecutive_weekends` | at most so many weekends in a row with a shift; null or 0: any number |
//!
//! Nobody holds two slots of a shift, or two that overlap. As many slots as possible are filled, all of
//! them alike; of the schedules that do so the cheapest is looked for. A schedule costs, summed over the
//! engineers, `(lcm / capacity) * (history + load)^2`, the quotient rounded down and `load` being the
//! weight of their slots, and for each assignment what `pref_cost` says of its letter.
//!
//! A file that contradicts itself (two equal ids, a row of `avail` that is too short, slots of a shift
//! that differ in times) is refused with one sentence that says where.
//!
//! # The answer
//!
//! One line of JSON on standard output. The same file and effort give the same bytes but for `seconds`,
//! unless a deadline cuts the work short. Progress goes to standard error.
//!
//! | key | what it holds |
//! | --- | --- |
//! | `instance` | the file's `name` |
//! | `cost` | the cost of the schedule |
//! | `bound` | proven: no schedule with as many filled slots costs less |
//! | `gap` | `(cost - bound) / cost` |
//! | `optimal` | whether the two are equal |
//! | `fewest` | proven: no schedule fills more slots, or as many that matter more |
//! | `seconds` | how long it took |
//! | `assignment` | for each slot, in the file's order, an engineer's `id`, or null |
//! | `unfilled` | for each open slot its `slot` and `reasons`: for each `engineer` the `rules` that keep them from it |
mod format;

use crate::scheduler::{Effort, Progress, Reason, Recommendation, recommend_watched};
use format::Instance;
use serde::Serialize;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Why a file could not be solved.
#[derive(Debug, thiserror::Error)]
pub enum SolveError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not JSON of the documented shape.
    #[error("not a fairshift-instance/1 file: {0}")]
    Format(#[source] serde_json::Error),
    /// The file contradicts itself.
    #[error("the instance cannot be used: {0}")]
    Content(String),
    /// The answer cannot be written as JSON.
    #[error("cannot write the answer: {0}")]
    Write(#[source] serde_json::Error),
}

#[derive(Serialize)]
struct Answer<'a> {
    instance: &'a str,
    cost: i128,
    bound: i128,
    gap: f64,
    optimal: bool,
    fewest: bool,
    seconds: f64,
    assignment: Vec<Option<i64>>,
    unfilled: Vec<Unfilled>,
}

#[derive(Serialize)]
struct Unfilled {
    slot: i64,
    reasons: Vec<Removed>,
}

#[derive(Serialize)]
struct Removed {
    engineer: i64,
    rules: Vec<&'static str>,
}

/// Solves the problem in a file and returns the answer as one line of JSON.
///
/// # Errors
/// When the file cannot be read, is not in the format, or contradicts itself.
pub fn run(path: &Path, effort: Effort, deadline: Option<Duration>) -> Result<String, SolveError> {
    let text = std::fs::read_to_string(path).map_err(|source| SolveError::Read {
        path: path.display().to_string(),
        source,
    })?;
    solve(&text, effort, deadline)
}

/// Solves the problem in a file's text.
///
/// # Errors
/// When the text is not in the format, or contradicts itself.
pub fn solve(text: &str, effort: Effort, deadline: Option<Duration>) -> Result<String, SolveError> {
    let start = Instant::now();
    let instance = format::read(text)?;
    let problem = instance.problem();
    let mut shown: Option<(usize, i128)> = None;
    let found = recommend_watched(&problem, effort, &mut |progress: Progress| {
        if shown != Some((progress.unfilled, progress.cost)) {
            shown = Some((progress.unfilled, progress.cost));
            // Nobody may be reading; the answer matters, this does not.
            let _ = writeln!(
                std::io::stderr(),
                "{}: cost {}, bound {}, {} unfilled after {} steps",
                instance.name,
                progress.cost,
                progress.bound,
                progress.unfilled,
                progress.steps
            );
        }
        if deadline.is_some_and(|d| start.elapsed() >= d) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let answer = answer(&instance, &found, start.elapsed());
    serde_json::to_string(&answer).map_err(SolveError::Write)
}

fn answer<'a>(instance: &'a Instance, found: &Recommendation, took: Duration) -> Answer<'a> {
    let engineer = |place: usize| instance.engineers.get(place).map(|e| e.id);
    let unfilled = found.unfilled.iter().filter_map(|open| {
        let reasons = open.reasons.iter().filter_map(|(person, reason)| {
            Some(Removed {
                engineer: engineer(*person)?,
                rules: match reason {
                    Reason::Blocked(block) => vec![block.name()],
                    Reason::Breaks(rules) => rules.iter().map(|r| r.name()).collect(),
                },
            })
        });
        Some(Unfilled {
            slot: instance.slots.get(open.slot)?.id,
            reasons: reasons.collect(),
        })
    });
    Answer {
        instance: &instance.name,
        cost: found.score.total,
        bound: found.bound,
        gap: found.gap(),
        optimal: found.optimal,
        fewest: found.fewest,
        seconds: took.as_secs_f64(),
        assignment: found
            .assignment
            .iter()
            .map(|p| p.and_then(engineer))
            .collect(),
        unfilled: unfilled.collect(),
    }
}

/// Builds the problem in a file's text, for benches and tests.
///
/// # Errors
/// When the text is not in the format, or contradicts itself.
pub fn problem(text: &str) -> Result<crate::scheduler::Problem, SolveError> {
    Ok(format::read(text)?.problem())
}
