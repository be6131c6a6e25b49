//! Asking the scheduler: the first answer, which a page waits for, and the better one that a manager
//! asks for.
//!
//! A page that shows what nobody has stored has to give the same answer each time it is asked, or a
//! change made on it would start from another plan. So the first answer is cut short by work and
//! never by time; the better one is stored, and may be cut short by both.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tokio::task::spawn_blocking;

use super::model::{Held, Inputs, Proven, build, digest};
use super::plan::assignment;
use crate::error::AppError;
use crate::scheduler::{
    Block, Effort, Problem, Progress, Recommendation, Standing, floors, recommend_from,
};

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
    /// What is proven of it: around the pins, and with what was emptied on purpose still open.
    pub proven: Proven,
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
    let problem = around(inputs, held);
    let found = solve(&problem, &assignment(inputs, held), effort, watch);
    answer(inputs, held, &problem, &found)
}

/// The problem around what is pinned, in which nobody can take what was emptied on purpose.
fn around(inputs: &Inputs, held: &[Held]) -> Problem {
    let problem = build(inputs, held, true).problem;
    let mut people = problem.people().to_vec();
    let emptied = held.iter().enumerate();
    let emptied = emptied.filter(|(_, h)| h.is_pinned && h.person.is_none());
    for (slot, _) in emptied {
        for person in &mut people {
            if let Some(standing) = person.standing.get_mut(slot) {
                *standing = Standing::Blocked(Block::Unavailable);
            }
        }
    }
    if people == problem.people() {
        return problem;
    }
    let (shifts, slots) = (problem.shifts().to_vec(), problem.slots().to_vec());
    Problem::new(people, shifts, slots, problem.settings().clone())
}

fn answer(inputs: &Inputs, held: &[Held], problem: &Problem, found: &Recommendation) -> Answer {
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
        Held { person, ..before }
    });
    Answer {
        held: holders.collect(),
        proven: Proven {
            bound: found.bound,
            open: found.score.unfilled,
            fewest: found.fewest,
            of: digest(problem),
        },
    }
}

/// A plan that a search found, as it is sent to a page and comes back: indices of people, slot by slot.
/// It means something only together with the inputs it was found for.
#[must_use]
pub fn note(inputs: &Inputs, held: &[Held]) -> String {
    let people = assignment(inputs, held).into_iter();
    let people = people.map(|p| p.map_or("-".to_owned(), |p| p.to_string()));
    people.collect::<Vec<_>>().join(" ")
}

/// What [`note`] wrote for such inputs; `None` of anything else.
#[must_use]
pub fn noted(inputs: &Inputs, note: &str) -> Option<Vec<Option<usize>>> {
    let person = |word: &str| match word {
        "-" => Some(None),
        word => {
            let index = word.parse::<usize>().ok()?;
            (index < inputs.people.len()).then_some(Some(index))
        }
    };
    let people: Option<Vec<_>> = note.split(' ').map(person).collect();
    people.filter(|people| people.len() == inputs.slots.len())
}

/// A plan that was found before, made whole: what breaks a rule or contradicts a pin is left out of it,
/// whoever sent it. There is no search any more, only a proof.
#[must_use]
pub fn taken(inputs: &Inputs, held: &[Held], plan: &[Option<usize>]) -> Answer {
    let problem = around(inputs, held);
    let stop = &mut |_| ControlFlow::Break(());
    let mut found = recommend_from(&problem, Effort::Quick, plan, stop);
    let proof = floors(&problem, &found.assignment, Effort::Standard);
    found.bound = found.bound.max(proof.bound().min(found.score.total));
    answer(inputs, held, &problem, &found)
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
    let mut whole = Whole::default();
    let mut watch = |progress: Progress| watch(whole.tell(progress));
    let near = recommend_from(problem, Effort::Quick, start, &mut watch);
    if near.optimal && near.fewest {
        return near;
    }
    let far = recommend_from(problem, effort, &[], &mut watch);
    let (mut best, other) = if far.score.key() < near.score.key() {
        (far, near)
    } else {
        (near, far)
    };
    // A bound is one for all schedules with as much open, whoever found it.
    let open = |found: &Recommendation| (found.score.unfilled, found.score.urgency);
    if open(&best) == open(&other) {
        best.bound = best.bound.max(other.bound);
        best.optimal |= best.bound == best.score.total;
        best.fewest |= other.fewest;
    }
    best
}

/// Several searches one after the other, watched as one that only gets better.
#[derive(Default)]
struct Whole {
    best: Option<Progress>,
    /// Steps of the searches before, and of this one so far.
    steps: (u64, u64),
}

impl Whole {
    fn tell(&mut self, now: Progress) -> Progress {
        if now.steps < self.steps.1 {
            self.steps.0 += self.steps.1;
        }
        self.steps.1 = now.steps;
        let before = self.best.unwrap_or(now);
        let is_better = (now.unfilled, now.cost) < (before.unfilled, before.cost);
        let best = Progress {
            bound: before.bound.max(now.bound),
            steps: self.steps.0 + self.steps.1,
            ..if is_better { now } else { before }
        };
        self.best = Some(best);
        best
    }
}

/// The better answer, on a thread where it is in nobody's way: the plan that was found already, or what
/// a search finds.
///
/// # Errors
/// Where the search breaks down.
pub async fn better_apart(
    inputs: &Inputs,
    held: &[Held],
    plan: Option<Vec<Option<usize>>>,
) -> Result<Answer, AppError> {
    let (inputs, held) = (inputs.clone(), held.to_vec());
    let better = move || match plan {
        Some(plan) => taken(&inputs, &held, &plan),
        None => recommended(&inputs, &held, Wanted::Better),
    };
    spawn_blocking(better)
        .await
        .map_err(|error| AppError::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::{Person, Role, Rules, Settings, Shift, Slot};

    /// Two roles for a month of days, people who can on two days of three and rest a day.
    fn problem() -> Problem {
        let count = 62;
        let people = (0..9_usize).map(|p| Person {
            capacity: [50, 80, 100][p % 3],
            history: i64::try_from(p * 37 % 50).unwrap(),
            experienced: p % 3 != 0,
            standing: (0..count)
                .map(|slot: usize| match (slot / 2 * 7 + p * 5) % 11 {
                    0..=2 => Standing::Blocked(Block::Unavailable),
                    3 => Standing::IfNeeded,
                    _ => Standing::Available,
                })
                .collect(),
            ..Person::default()
        });
        let shifts = (0..31).map(|day| Shift {
            start_min: day * 1440,
            end_min: day * 1440 + 1440,
            day,
            weekend: None,
        });
        let slots = (0..count).map(|slot| Slot {
            shift: slot / 2,
            weight: [24, 19, 31][slot / 2 % 3],
            role: Role {
                order: u32::try_from(slot % 2).unwrap(),
                shadow: false,
            },
            ..Slot::default()
        });
        let settings = Settings {
            rules: Rules {
                min_rest_min: 660,
                experienced_per_shift: 1,
                ..Rules::default()
            },
            scale: 4000,
            ..Settings::default()
        };
        Problem::new(
            people.collect(),
            shifts.collect(),
            slots.collect(),
            settings,
        )
    }

    /// What is told of a search never gets worse, also where a second one starts afresh.
    #[test]
    fn progress_only_gets_better() {
        let problem = problem();
        let start = recommend_from(&problem, Effort::Quick, &[], &mut |_| {
            ControlFlow::Continue(())
        });
        let mut told: Vec<Progress> = Vec::new();
        solve(
            &problem,
            &start.assignment,
            Effort::Standard,
            &mut |progress| {
                told.push(progress);
                ControlFlow::Continue(())
            },
        );
        assert!(told.len() > 2 && !start.optimal, "{}", told.len());
        for (before, after) in told.iter().zip(&told[1..]) {
            assert!(
                (after.unfilled, after.cost) <= (before.unfilled, before.cost),
                "{before:?} {after:?}"
            );
            assert!(after.bound >= before.bound, "{before:?} {after:?}");
            assert!(after.steps >= before.steps, "{before:?} {after:?}");
        }
    }
}
