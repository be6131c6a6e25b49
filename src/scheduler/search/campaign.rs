//! Annealing and proof in turns: each round of annealing lowers the cost, the proof raises the bound
//! towards it, and what the bound rules out is not tried again.
use super::super::bound;
use super::super::problem::Problem;
use super::super::proof::Proof;
use super::super::roster::Roster;
use super::super::{Effort, Progress};
use super::anneal::Anneal;
use super::filling::{Filling, Open};
use super::narrow::{narrow, rounded};
use super::{Key, LEVELS, Watch, hopeless};

/// How cool annealing begins where the prices point to.
const COLD: u32 = 30;

/// A gap of at most so many average slots too many is worth settling by cases, and any gap of a
/// problem with at most so many slots.
const NEAR: i128 = 2;
const SMALL: usize = 60;

/// Dives after each round get one part in so many of the work on the proof, and at most twice what was
/// proven with in the round.
const DIVES: u64 = 5;

/// A repair gets one part in so many of the work.
const REPAIR: u64 = 10;

/// What there is to know between two rounds.
struct State<'a, 'w> {
    watch: Watch<'w>,
    /// The best schedule so far.
    best: Vec<Option<usize>>,
    key: Key,
    bound: i128,
    /// A better bound is to be had without prices per slot.
    loose: bool,
    steps: u64,
    /// Slots that nobody can take.
    hopeless: Open,
    /// No schedule has fewer open slots, or as many that matter less.
    least: Open,
    problem: &'a Problem,
    effort: Effort,
    /// Looks at a person and slot for a bound without prices per slot.
    looks: usize,
    /// Work left for sharing out anew.
    sharing: u64,
}

/// What came of it.
pub(super) struct Outcome {
    /// The best schedule found.
    pub assignment: Vec<Option<usize>>,
    /// No schedule with as many filled slots costs less.
    pub bound: i128,
    /// No schedule has fewer open slots, or as many that matter less.
    pub least: Open,
}

/// The best schedule found from this one on. `warm`: it was there before, and a repair will do.
pub(super) fn run(roster: &Roster, warm: bool, effort: Effort, watch: Watch) -> Outcome {
    let problem = roster.problem;
    let part = if warm { REPAIR } else { 1 };
    let key = super::score::breakdown(roster).key();
    let hopeless = hopeless(problem);
    let mut state = State {
        watch,
        best: roster.holder.clone(),
        bound: bound::at_once(problem, key.0),
        loose: true,
        key,
        steps: 0,
        hopeless,
        least: hopeless,
        problem,
        effort,
        looks: effort.looks() / usize::try_from(part).unwrap_or(1),
        sharing: effort.proof() / part,
    };
    let progress = state.progress();
    if (state.watch)(progress).is_continue() {
        state.relax();
        if !state.done() && state.share(&roster.holder) {
            if !warm || state.repair() {
                state.rounds();
            }
            state.relax();
        }
    }
    Outcome {
        assignment: state.best,
        bound: state.bound,
        least: state.least,
    }
}

impl<'a> State<'a, '_> {
    /// From a schedule that is there, a small change is a small search: no prices per slot, and so
    /// hardly more than the first bound. Whether to search anew, because fewer slots can stay open than
    /// that leaves.
    fn repair(&mut self) -> bool {
        let (_, steps) = self.effort.work(self.problem.slots.len());
        let on = self.anneal(self.problem, None, (0, 6), steps / REPAIR);
        let open = self.open();
        on && self.fill() && self.open() < open
    }

    fn rounds(&mut self) {
        let (rounds, steps) = self.effort.work(self.problem.slots.len());
        let mut proof: Option<Proof<'a>> = None;
        let first = if self.open() > self.least {
            self.anneal(self.problem, None, (0, 0), steps) && self.fill()
        } else {
            self.renew(&mut proof);
            // Where the prices are followed later, all that is needed first is something to prove.
            let part = match rounds {
                1 => 1,
                2..=4 => 4,
                _ => 64,
            };
            self.begin(proof.as_mut(), steps / part)
        };
        if !first {
            return;
        }
        for round in 1..=rounds {
            self.renew(&mut proof);
            let Some(proof) = &mut proof else {
                // Later rounds reheat less: they repair what the first left, they do not start
                // again.
                if self.anneal(self.problem, None, (round, round.min(6)), steps) {
                    continue;
                }
                return;
            };
            let work = Effort::share(self.effort.proof(), round, rounds);
            let hasty = round == 1 && self.effort == Effort::Quick;
            if hasty && !self.glance(proof, (work / 4, steps / 16)) {
                return;
            }
            let Some(rising) = self.prove(proof, (work, false)) else {
                return;
            };
            if !self.follow(proof, round, Effort::share(steps, round, rounds) / 4) {
                return;
            }
            let last = round == rounds || !rising && self.near(proof);
            if last {
                if proof.open == self.open() && self.near(proof) {
                    self.close(proof);
                }
                return;
            }
        }
    }

    /// Fewer open slots, if there can be fewer; whether to go on.
    fn fill(&mut self) -> bool {
        if self.open() > self.least {
            let progress = self.progress();
            let watch = &mut self.watch;
            let mut on = true;
            let flat = self.problem.flat();
            let mut filling = Filling::new(&flat, &self.best, self.hopeless, self.effort);
            let least = filling.improve(&mut || {
                on = on && watch(progress).is_continue();
                on
            });
            self.least = self.least.max(least);
            let roster = Roster::of(self.problem, &filling.holder);
            let key = super::score::breakdown(&roster).key();
            if key < self.key {
                self.keep(key, &filling.holder);
            }
            if !on {
                return false;
            }
        }
        !self.done()
    }

    /// A proof for as many open slots as there are now, that matter as much: a bound holds for those.
    fn renew(&mut self, proof: &mut Option<Proof<'a>>) {
        let open = self.open();
        if proof.as_ref().is_none_or(|proof| proof.open != open) {
            self.relax();
            let new = Proof::new(self.problem, open, self.bound);
            *proof = new.map(Proof::narrowing);
        }
    }

    /// A schedule from nothing, of what costs little above the first prices; whether to go on.
    fn begin(&mut self, proof: Option<&mut Proof>, steps: u64) -> bool {
        let Some(proof) = proof else {
            return self.anneal(self.problem, None, (0, 0), steps);
        };
        let limit = self.bound + ((self.key.2 - self.bound) / 8).max(1);
        let narrow = narrow(self.problem, &[], &proof.floors(), limit);
        let from = rounded(&narrow, &[]).holder;
        self.anneal(&narrow, Some(&from), (0, 2), steps)
    }

    /// A bound for as many open slots as there are now, where there is none yet.
    fn relax(&mut self) {
        if self.loose {
            self.bound = bound::bound(self.problem, self.key.0, self.looks, self.key.2);
            self.loose = false;
        }
    }

    /// Takes over a better schedule.
    fn keep(&mut self, key: Key, holder: &[Option<usize>]) {
        let open = self.key.0 != key.0 || self.key.1 != key.1;
        self.key = key;
        self.best = holder.to_vec();
        if open {
            // A bound is one for so many open slots.
            self.bound = bound::at_once(self.problem, key.0);
            self.loose = true;
        }
    }

    /// A schedule where the first prices point to: the better it is, the less there is to prove. Whether
    /// to go on.
    fn glance(&mut self, proof: &mut Proof, (work, steps): (u64, u64)) -> bool {
        if self.prove(proof, (work, true)).is_none() {
            return false;
        }
        let limit = self.bound + ((self.key.2 - self.bound) / 4).max(1);
        let narrow = narrow(self.problem, &[], &proof.floors(), limit);
        let from = rounded(&narrow, &proof.leaning()).holder;
        self.anneal(&narrow, Some(&from), (0, COLD), steps)
    }

    /// Schedules where the prices point to; whether to go on.
    fn follow(&mut self, proof: &mut Proof, round: u32, steps: u64) -> bool {
        let floors = proof.floors();
        let mut leaning = Vec::new();
        let (all, (rounds, _)) = (self.effort.proof(), self.effort.work(1));
        let mut work = (all / DIVES).min(2 * Effort::share(all, round, rounds));
        for turn in 0..Proof::WAYS {
            let way = (usize::try_from(round).unwrap_or(0) + turn + Proof::WAYS - 1) % Proof::WAYS;
            if work > 0 {
                let Some(pairs) = self.dive(proof, way, &mut work) else {
                    return false;
                };
                leaning = pairs;
            }
        }
        let gap = self.key.2 - self.bound;
        // Pairs a little above the bound come first, whatever they could prove.
        for (part, anew) in [(8, true), (2, false)] {
            let limit = self.bound + (gap / part).max(1);
            let narrow = narrow(self.problem, &self.best, &floors, limit.min(self.key.2));
            let from = anew.then(|| rounded(&narrow, &leaning).holder);
            if !self.anneal(&narrow, from.as_deref(), (round, COLD), steps) {
                return false;
            }
        }
        // Then all that a better schedule can hold, reheated less from round to round.
        let narrow = narrow(self.problem, &self.best, &floors, self.key.2);
        self.anneal(&narrow, None, (round, round.min(6)), steps)
    }

    /// A schedule by diving; what it was made of. `None` when it is time to end.
    fn dive(
        &mut self,
        proof: &mut Proof,
        way: usize,
        work: &mut u64,
    ) -> Option<Vec<(usize, usize)>> {
        let progress = self.progress();
        let watch = &mut self.watch;
        let mut on = true;
        let pairs = proof.dive((way, self.key.2), work, &mut || {
            on = on && watch(progress).is_continue();
            on
        });
        let roster = rounded(self.problem, &pairs);
        let key = super::score::breakdown(&roster).key();
        if key < self.key {
            self.keep(key, &roster.holder);
        }
        (on && !self.done()).then_some(pairs)
    }

    /// Whether the gap is worth settling by cases.
    fn near(&self, proof: &Proof) -> bool {
        self.key.2 - self.bound <= NEAR * proof.scale() || self.problem.slots.len() <= SMALL
    }

    /// Settles a small gap, with the work that is left.
    fn close(&mut self, proof: &mut Proof) {
        let problem = self.problem;
        let progress = self.progress();
        let open = self.open();
        let (mut key, mut best) = (self.key, None);
        let watch = &mut self.watch;
        let mut go = || watch(progress).is_continue();
        let work = (2 * self.effort.proof()).saturating_sub(proof.work());
        proof.close(work, &mut go, &mut |leaning| {
            let roster = rounded(problem, leaning);
            let found = super::score::breakdown(&roster).key();
            if found < key && (found.0, found.1) == open {
                key = found;
                best = Some(roster.holder);
            }
            key.2
        });
        if let Some(best) = best {
            self.keep(key, &best);
        }
        self.bound = self.bound.max(proof.bound());
    }

    /// One round of annealing, from the best schedule or another one; whether to go on.
    fn anneal(
        &mut self,
        on: &Problem,
        from: Option<&[Option<usize>]>,
        (round, heat): (u32, u32),
        steps: u64,
    ) -> bool {
        let from = from.unwrap_or(&self.best);
        let mut anneal = Anneal::new(Roster::of(on, from), 0x5eec + u64::from(round));
        let typical = anneal.typical_step().max(1) << 10;
        let mut temperature = typical / (2 + 2 * i128::from(heat));
        for _ in 0..=LEVELS {
            if anneal.best_key < self.key {
                self.keep(anneal.best_key, anneal.best());
            }
            let progress = self.progress();
            if (self.watch)(progress).is_break() || self.done() {
                return false;
            }
            anneal.run(steps / LEVELS, temperature);
            temperature = temperature * 15 / 16;
            self.steps += steps / LEVELS;
        }
        self.share(anneal.best())
    }

    /// Lets people share out a schedule's slots two by two; whether to go on.
    fn share(&mut self, holder: &[Option<usize>]) -> bool {
        let mut roster = Roster::of(self.problem, holder);
        super::sharing::share_out(&mut roster, &mut self.sharing);
        let key = super::score::breakdown(&roster).key();
        if key < self.key {
            self.keep(key, &roster.holder);
        }
        let progress = self.progress();
        (self.watch)(progress).is_continue() && !self.done()
    }

    /// Open slots of the best schedule, and how much they matter.
    fn open(&self) -> Open {
        (self.key.0, self.key.1)
    }

    fn progress(&self) -> Progress {
        Progress {
            unfilled: self.key.0,
            cost: self.key.2,
            bound: self.bound,
            steps: self.steps,
        }
    }

    /// Nothing can be better.
    fn done(&self) -> bool {
        self.open() <= self.least && self.key.2 <= self.bound
    }

    /// Raises the bound; whether more of that would raise it further. `None` when it is time to end.
    fn prove(&mut self, proof: &mut Proof, (work, pause): (u64, bool)) -> Option<bool> {
        let mut progress = self.progress();
        let watch = &mut self.watch;
        let mut on = true;
        let rising = proof.raise(self.key.2, (work, pause), &mut |bound| {
            progress.bound = progress.bound.max(bound);
            on = on && watch(progress).is_continue();
            on
        });
        self.bound = self.bound.max(proof.bound());
        (on && !self.done()).then_some(rising)
    }
}
