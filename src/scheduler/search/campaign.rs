//! Annealing and proof in turns: each round of annealing lowers the cost, the proof raises the bound
//! towards it, and what the bound rules out is not tried again.
use super::super::bound;
use super::super::problem::Problem;
use super::super::proof::Proof;
use super::super::roster::Roster;
use super::super::table::{At, set};
use super::super::{Effort, Progress};
use super::anneal::Anneal;
use super::{Key, LEVELS, Watch, hopeless};

/// What there is to know between two rounds.
struct State<'a, 'w> {
    watch: Watch<'w>,
    /// The best schedule so far.
    best: Vec<Option<usize>>,
    key: Key,
    bound: i128,
    steps: u64,
    /// Slots that stay open in every schedule.
    hopeless: usize,
    problem: &'a Problem,
}

/// The best schedule found from this one on, and the bound.
pub(super) fn run(
    roster: &Roster,
    warm: bool,
    effort: Effort,
    watch: Watch,
) -> (Vec<Option<usize>>, i128) {
    let problem = roster.problem;
    let hopeless = hopeless(problem);
    let key = super::score::breakdown(roster).key();
    let mut state = State {
        watch,
        best: roster.holder.clone(),
        key,
        bound: bound::bound(problem, hopeless, effort.sweeps()),
        steps: 0,
        hopeless,
        problem,
    };
    state.rounds(warm, effort);
    // With more open slots than must be, cheaper schedules come into question.
    if state.key.0 > hopeless {
        state.bound = bound::bound(problem, state.key.0, effort.sweeps());
        if let Some(proof) = Proof::new(problem, state.key.0, state.bound) {
            state.bound = proof.bound();
        }
    }
    (state.best, state.bound)
}

impl<'a> State<'a, '_> {
    fn rounds(&mut self, warm: bool, effort: Effort) {
        let (rounds, steps) = effort.work(self.problem.slots.len());
        let mut proof: Option<Proof<'a>> = None;
        let mut narrowed: Option<Problem> = None;
        for round in 0..rounds {
            // Later rounds reheat less: they repair what the first left, they do not start again.
            // Nor does a search that was given a schedule.
            let heat = if warm { 6 } else { round.min(6) };
            let on = narrowed.as_ref().unwrap_or(self.problem);
            if !anneal(self, on, (round, heat), steps) {
                return;
            }
            if self.key.0 > self.hopeless {
                continue;
            }
            if proof.is_none() {
                proof = Proof::new(self.problem, self.hopeless, self.bound);
            }
            let Some(proof) = &mut proof else { continue };
            if !self.prove(proof, effort.proof() / u64::from(rounds)) {
                return;
            }
            narrowed = Some(narrow(
                self.problem,
                &self.best,
                &proof.floors(),
                self.key.2,
            ));
        }
    }

    fn progress(&self) -> Progress {
        Progress {
            unfilled: self.key.0,
            cost: self.key.2,
            bound: self.bound,
            steps: self.steps,
        }
    }

    fn done(&self) -> bool {
        self.key.0 <= self.hopeless && self.key.2 <= self.bound
    }

    /// Raises the bound; whether to go on.
    fn prove(&mut self, proof: &mut Proof, work: u64) -> bool {
        let mut progress = self.progress();
        let watch = &mut self.watch;
        let mut on = true;
        proof.raise(self.key.2, work, &mut |bound| {
            progress.bound = bound;
            on = on && watch(progress).is_continue();
            on
        });
        self.bound = self.bound.max(proof.bound());
        on && !self.done()
    }
}

/// One round of annealing; whether to go on.
fn anneal(state: &mut State, on: &Problem, (round, heat): (u32, u32), steps: u64) -> bool {
    let mut anneal = Anneal::new(Roster::of(on, &state.best), 0x5eed + u64::from(round));
    let typical = anneal.typical_step().max(1) << 10;
    let mut temperature = typical / (2 + 2 * i128::from(heat));
    let mut go = true;
    for _ in 0..LEVELS {
        let progress = state.progress();
        go = (state.watch)(progress).is_continue() && !state.done();
        if !go {
            break;
        }
        anneal.run(steps / LEVELS, temperature);
        temperature = temperature * 15 / 16;
        state.steps += steps / LEVELS;
        state.key = anneal.best_key;
    }
    state.best = anneal.best().to_vec();
    go && !state.done()
}

/// The problem without the pairs of person and slot that are in no schedule cheaper than `cost`.
fn narrow(
    problem: &Problem,
    best: &[Option<usize>],
    floors: &[Vec<(usize, i128)>],
    cost: i128,
) -> Problem {
    let mut narrow = problem.clone();
    let slots = problem.slots.len();
    for (slot, pairs) in floors.iter().enumerate() {
        let holder = best.get(slot).copied().flatten();
        for &(person, floor) in pairs {
            if floor >= cost && holder != Some(person) {
                set(&mut narrow.index.possible, person * slots + slot, false);
            }
        }
        let possible = &narrow.index.possible;
        if let Some(people) = narrow.index.candidates.get_mut(slot) {
            people.retain(|&p| possible.at(p * slots + slot));
        }
    }
    narrow
}
