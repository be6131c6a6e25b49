//! Whether there is a better plan than the one that is shown, for whoever looks at it.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::model::{Held, build};
use super::plan::{Ground, Source, assignment};
use super::search::{Wanted, note, recommended, watched};
use crate::scheduler::{Breakdown, Effort, Progress, score, violations};

/// How long a search may go on while somebody looks at the page.
const PATIENCE: Duration = Duration::from_secs(20);

/// Progress is told no more often.
const BREATH: Duration = Duration::from_millis(250);

/// What is told of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It goes on.
    Progress(String),
    /// It is over.
    Found {
        /// The result in words.
        text: String,
        /// The better plan, where there is one, as recommending again takes it.
        plan: Option<String>,
    },
}

/// What is said where nothing better was found.
fn nothing(ran_out: bool, is_proven: bool) -> String {
    if is_proven {
        "Looked for a better plan: there is none that is noticeably better.".to_owned()
    } else if ran_out {
        format!(
            "Looked for a better plan: none was found in {} seconds.",
            PATIENCE.as_secs()
        )
    } else {
        "Looked for a better plan: none was found.".to_owned()
    }
}

/// Looks for a better plan than the page shows, and tells how it goes. `is_over` ends it in silence.
pub fn look(ground: &Ground, is_over: &dyn Fn() -> bool, tell: &mut dyn FnMut(Told)) {
    let inputs = &ground.inputs;
    if inputs.slots.is_empty() || inputs.shifts.iter().all(|s| s.is_locked) {
        return;
    }
    let shown = match &ground.source {
        Source::Draft(_) | Source::Published(_) => ground.held.clone(),
        Source::Recommended | Source::Recomputed(_) => {
            recommended(inputs, &ground.held, Wanted::First).held
        }
    };
    let built = build(inputs, &ground.held, true);
    let cost = |held: &[Held]| score(&built.problem, &assignment(inputs, held));
    let now = cost(&shown);
    let (until, mut told_at) = (Instant::now() + PATIENCE, Instant::now());
    let mut ran_out = false;
    let watch = &mut |progress: Progress| {
        ran_out = Instant::now() >= until;
        if is_over() || ran_out {
            return ControlFlow::Break(());
        }
        if told_at.elapsed() >= BREATH {
            told_at = Instant::now();
            let above = built.points(progress.cost.saturating_sub(progress.bound).max(0));
            tell(Told::Progress(format!(
                "Looking for a better plan: the best so far is at most {above} points from the best possible."
            )));
        }
        ControlFlow::Continue(())
    };
    let found = watched(inputs, &shown, Effort::Standard, watch);
    if is_over() {
        return;
    }
    let then = cost(&found.held);
    let proven = &found.proven;
    let is_proven = proven.bound == then.total && proven.open == then.unfilled && proven.fewest;
    let moved = shown.iter().zip(&found.held);
    let moved = moved.filter(|(a, b)| a.person != b.person).count();
    let gain = built.points(now.total - then.total);
    let slots = if moved == 1 { "slot" } else { "slots" };
    let open = |score: &Breakdown| score.unfilled;
    let broken = |held: &[Held]| violations(&built.problem, &assignment(inputs, held)).len();
    let (text, better) = match open(&now).checked_sub(open(&then)) {
        _ if broken(&found.held) < broken(&shown) => (
            format!("There is a plan that breaks fewer rules. {moved} {slots} would change."),
            true,
        ),
        Some(filled @ 1..) => {
            let filled = format!(
                "{filled} more {}",
                if filled == 1 { "slot" } else { "slots" }
            );
            (format!("There is a plan that fills {filled}."), true)
        }
        Some(0) if gain.0 >= 5 => (
            format!("There is a plan that is {gain} points better. {moved} {slots} would change."),
            true,
        ),
        _ => (nothing(ran_out, is_proven), false),
    };
    let plan = better.then(|| note(inputs, &found.held));
    tell(Told::Found { text, plan });
}

#[cfg(test)]
mod tests {
    use super::nothing;

    #[test]
    fn only_what_is_proven_is_said_not_to_be() {
        assert!(nothing(false, true).contains("there is none"));
        assert!(nothing(true, true).contains("there is none"));
        let said = nothing(false, false);
        assert_eq!(said, "Looked for a better plan: none was found.");
        let said = nothing(true, false);
        assert_eq!(
            said,
            "Looked for a better plan: none was found in 20 seconds."
        );
    }
}
