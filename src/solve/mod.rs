//! `fairshift solve FILE`: a problem in a file, its schedule on standard output.
//!
//! The file is `fairshift-instance/1`; the answer is one JSON object with `instance`, `cost`,
//! `bound`, `gap`, `optimal`, `seconds`, `assignment` (an engineer's id or null for each slot) and
//! `unfilled` (for each open slot what keeps each engineer from it). The same file and effort give
//! the same bytes but for `seconds`, unless a deadline cuts the work short. Progress goes to
//! standard error.
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
