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

/// A schedule that is to leave fewer slots open.
pub(super) struct Filling<'a> {
    /// The problem, flat.
    flat: &'a Problem,
    pub holder: Vec<Option<usize>>,
    key: Key,
    /// Slots that nobody can take.
    hopeless: Open,
    effort: Effort,
}

impl<'a> Filling<'a> {
    pub fn new(
        flat: &'a Problem,
        holder: &[Option<usize>],
        hopeless: Open,
        effort: Effort,
    ) -> Self {
        Self {
            flat,
            holder: holder.to_vec(),
            key: score::breakdown(&Roster::of(flat, holder)).key(),
            hopeless,
            effort,
        }
    }

    /// Fewer open slots, if that can be: no schedule has fewer than is returned, or as many that matter
    /// less. `go`, once it has said no, says no from then on.
    pub fn improve(&mut self, go: &mut dyn FnMut() -> bool) -> Open {
        let least = usize::try_from(self.least(Toll::Each, go)).unwrap_or(0);
        if least < self.key.0 {
            return (least, self.hopeless.1);
        }
        (least, self.least(Toll::Urgency, go))
    }

    /// The least toll of all open slots: makes the schedule nearer to it, and says what it is at least.
    fn least(&mut self, toll: Toll, go: &mut dyn FnMut() -> bool) -> i64 {
        let paid = |open: Open| match toll {
            Toll::Urgency => open.1,
            Toll::Each | Toll::Free => i64::try_from(open.0).unwrap_or(i64::MAX),
        };
        // What nobody can take is not counted by the proof.
        let sure = paid(self.hopeless);
        let asked = |key: Key| i128::from(paid((key.0, key.1)) - sure);
        let Some(mut proof) = Proof::of_open(self.flat, self.key.0, toll) else {
            return sure;
        };
        let work = self.effort.proof() / PART;
        for round in 1..=ROUNDS {
            let mut share = Effort::share(work, round, ROUNDS);
            proof.raise(asked(self.key), (share, false), &mut |_| go());
            if proof.bound() >= asked(self.key) || !go() {
                break;
            }
            let way = usize::try_from(round).unwrap_or(0) % Proof::WAYS;
            let pairs = proof.dive((way, asked(self.key)), &mut share, go);
            self.take_over(&pairs);
            self.walk(round, go);
        }
        if proof.bound() < asked(self.key) && go() {
            proof.close(work, go, &mut |leaning| {
                self.take_over(leaning);
                asked(self.key)
            });
        }
        let proven = proof.bound().min(asked(self.key));
        sure + i64::try_from(proven).unwrap_or(0)
    }

    /// The schedule that these pairs make, if it is better.
    fn take_over(&mut self, leaning: &[(usize, usize)]) {
        let roster = rounded(self.flat, leaning);
        let key = score::breakdown(&roster).key();
        if key < self.key {
            (self.key, self.holder) = (key, roster.holder);
        }
    }

    /// Holes move about, and vanish where they can; hotter from round to round.
    fn walk(&mut self, round: u32, go: &mut dyn FnMut() -> bool) {
        let (_, steps) = self.effort.work(self.flat.slots.len());
        let mut anneal = Anneal::new(Roster::of(self.flat, &self.holder), u64::from(round));
        for _ in 0..LEVELS {
            anneal.run(steps / LEVELS, 256 << (round % 4));
            if !go() {
                break;
            }
        }
        (self.key, self.holder) = (anneal.best_key, anneal.best().to_vec());
    }
}
