//! Fewest open slots, then those that matter least: settled before it is asked what a schedule costs.
//!
//! The problem is made flat, so that nothing in it costs anything. What is then left to decide is how
//! many slots stay open, and after that how much those matter. Either is a cost of its own, and found
//! and proven as costs are: prices with a toll on open slots, dives, a walk in which holes move freely,
//! and cases.
use super::super::Effort;
use super::super::problem::Problem;
use super::super::proof::{Proof, Toll};
use super::super::roster::Roster;
use super::super::score;
use super::anneal::Anneal;
use super::narrow::rounded;
use super::{Key, LEVELS};

/// Rounds of proving, diving and walking.
const ROUNDS: u32 = 6;

/// Each of the two questions gets one part in so many of the work on a proof, twice: for the rounds, and
/// for cases.
const PART: u64 = 4;

/// Number of open slots, and how much they matter.
pub(in super::super) type Open = (usize, i64);

/// A schedule, and what is known about open slots.
pub(super) struct Filling {
    pub holder: Vec<Option<usize>>,
    /// Slots that nobody can take.
    pub hopeless: Open,
    /// No schedule has fewer open slots, or as many that matter less.
    pub least: Open,
}

impl Filling {
    /// Fewer open slots, if that can be, and a proof that there are no fewer.
    pub fn improve(&mut self, problem: &Problem, effort: Effort, go: &mut dyn FnMut() -> bool) {
        let flat = problem.flat();
        for toll in [Toll::Each, Toll::Urgency] {
            let proven = self.least_of(&flat, toll, effort, go);
            let open = key(&flat, &self.holder);
            self.least = match toll {
                Toll::Urgency => (open.0, proven),
                _ => (usize::try_from(proven).unwrap_or(0), self.hopeless.1),
            };
            if self.least.0 < open.0 {
                break;
            }
        }
    }

    /// The least toll of all open slots: makes the schedule nearer to it, and says what it is at least.
    fn least_of(
        &mut self,
        flat: &Problem,
        toll: Toll,
        effort: Effort,
        go: &mut dyn FnMut() -> bool,
    ) -> i64 {
        let sure = match toll {
            Toll::Urgency => self.hopeless.1,
            _ => i64::try_from(self.hopeless.0).unwrap_or(0),
        };
        let asked = |open: Key| match toll {
            Toll::Urgency => i128::from(open.1 - sure),
            _ => i128::try_from(open.0).unwrap_or(0) - i128::from(sure),
        };
        let mut open = key(flat, &self.holder);
        let Some(mut proof) = Proof::of_open(flat, open.0, toll) else {
            return sure;
        };
        let work = effort.proof() / PART;
        let mut on = true;
        let mut go = || {
            on = on && go();
            on
        };
        for round in 1..=ROUNDS {
            let mut share = Effort::share(work, round, ROUNDS);
            proof.raise(asked(open), (share, false), &mut |_| go());
            if proof.bound() >= asked(open) || !go() {
                break;
            }
            let way = usize::try_from(round).unwrap_or(0) % Proof::WAYS;
            let pairs = proof.dive((way, asked(open)), &mut share, &mut go);
            self.take_over(flat, &rounded(flat, &pairs));
            self.walk(flat, (round, effort), &mut go);
            open = key(flat, &self.holder);
        }
        if proof.bound() < asked(open) && go() {
            proof.close(work, &mut go, &mut |leaning| {
                self.take_over(flat, &rounded(flat, leaning));
                open = key(flat, &self.holder);
                asked(open)
            });
        }
        let proven = proof.bound().min(asked(open));
        sure + i64::try_from(proven).unwrap_or(0)
    }

    fn take_over(&mut self, flat: &Problem, roster: &Roster) {
        if score::breakdown(roster).key() < key(flat, &self.holder) {
            self.holder.clone_from(&roster.holder);
        }
    }

    /// Holes move about, and vanish where they can; hotter from round to round.
    fn walk(
        &mut self,
        flat: &Problem,
        (round, effort): (u32, Effort),
        go: &mut dyn FnMut() -> bool,
    ) {
        let (_, steps) = effort.work(flat.slots.len());
        let mut anneal = Anneal::new(Roster::of(flat, &self.holder), u64::from(round));
        for _ in 0..LEVELS {
            anneal.run(steps / LEVELS, 256 << (round % 4));
            if !go() {
                break;
            }
        }
        self.holder = anneal.best().to_vec();
    }
}

fn key(flat: &Problem, holder: &[Option<usize>]) -> Key {
    score::breakdown(&Roster::of(flat, holder)).key()
}
