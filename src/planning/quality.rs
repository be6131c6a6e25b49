//! How good a plan is, in words: "proven" only of what is.
//!
//! A plan that breaks a rule, or leaves a slot open that could be filled, is compared with nothing:
//! its cost may be below that of every plan that does neither. Any other is compared with the best
//! around its pins, and the best without them where that is known: with what a search proved of
//! exactly this problem, and otherwise with what a short proof shows now.

use super::model::{Held, Inputs, Proven, build};
use super::plan::{Plan, Source};
use crate::scheduler::{Effort, Problem, Violation, floors, open_slots};
use crate::vocab::Points;

/// Less than this is not told apart: what is shown has one decimal.
const SMALL: i64 = 5;

/// How good the plan is, and whether nothing better is possible. Takes a while where nothing is stored
/// that proves it.
pub fn quality(plan: &Plan) -> (String, bool) {
    let not = |why: &str| (format!("Not compared with the best possible{why}"), false);
    if plan.violations.iter().any(|v| !is_history(&plan.inputs, v)) {
        return not(" while a rule is broken");
    }
    match could_be_filled(plan) {
        0 => {}
        1 => return not(": 1 slot is open that could be filled"),
        n => return not(&format!(": {n} slots are open that could be filled")),
    }
    let is_pinned = |(slot, held): (usize, &Held)| held.is_pinned && !is_begun(&plan.inputs, slot);
    let pins = plan.held.iter().enumerate().any(is_pinned);
    let total = plan.score.total;
    let free = if pins {
        known(plan, &build(&plan.inputs, &plan.held, false).problem)
    } else {
        None
    };
    let own = known(plan, &plan.built.problem);
    let filled = match plan.open() {
        0 => "",
        _ if own.or(free).is_some_and(|p| p.fewest) => " with as many slots filled as can be",
        _ => " with as many slots filled",
    };
    let bound = |proven: &Proven| Some(proven.bound).filter(|bound| *bound <= total);
    let free = free.and_then(bound);
    let mut around = own.and_then(bound).max(free);
    if around != Some(total) {
        let fresh = floors(&plan.built.problem, &plan.assignment(), Effort::Quick);
        around = around.max(Some(fresh.bound().min(total)));
    }
    let around = around.unwrap_or(total);
    let above = |bound: i128| plan.built.points(total - bound);
    // What is best without the pins is best.
    let pins = pins && free != Some(total);
    let compared = format!("{}{filled}", if pins { " around the pins" } else { "" });
    let is_proven = around == total;
    words(
        plan,
        above(around),
        is_proven,
        &compared,
        free.map(above).filter(|_| pins),
    )
}

/// In words: so many points above the best possible of what it is compared with, and above the best
/// without pins, where there are some.
fn words(
    plan: &Plan,
    above: Points,
    is_proven: bool,
    compared: &str,
    free: Option<Points>,
) -> (String, bool) {
    if is_proven {
        return (
            format!("Nothing fairer is possible{compared}: proven"),
            true,
        );
    }
    if above.0 < SMALL {
        let words = format!("Nothing fairer is possible{compared}, to within 0.1 points");
        return (words, true);
    }
    let without = match free {
        Some(free) if free.0 - above.0 >= SMALL => format!(", {free} from it without them"),
        _ => String::new(),
    };
    let found = match plan.source {
        Source::Recommended | Source::Recomputed(_) => "The fairest plan found: at",
        Source::Draft(_) | Source::Published(_) => "At",
    };
    (
        format!("{found} most {above} points from the best possible{compared}{without}"),
        false,
    )
}

/// What was proven of exactly this problem. A cost below its bound is that of something else.
fn known<'a>(plan: &'a Plan, problem: &Problem) -> Option<&'a Proven> {
    let proven = plan.proven.as_ref();
    proven.filter(|p| p.is_of(problem, plan.open()))
}

/// Open slots that stay so because a manager wants it, or that somebody could take as things are.
fn could_be_filled(plan: &Plan) -> usize {
    let people = plan.inputs.people.len();
    let open = open_slots(&plan.built.problem, &plan.assignment());
    let by_choice = |slot: usize| {
        let is_kept = plan.held.get(slot).is_some_and(|held| held.is_pinned);
        is_kept && !is_begun(&plan.inputs, slot)
    };
    let open = open.iter();
    open.filter(|o| o.reasons.len() < people || by_choice(o.slot))
        .count()
}

fn is_begun(inputs: &Inputs, slot: usize) -> bool {
    inputs.shift_of(slot).is_some_and(|s| s.is_locked)
}

/// Whether all that breaks the rule has begun: nobody can mend it any more.
fn is_history(inputs: &Inputs, violation: &Violation) -> bool {
    violation.slots.iter().all(|slot| is_begun(inputs, *slot))
}
