//! What is to be scheduled: people, shifts, slots and settings, made safe when it is built.
use super::index::Index;

/// How a person stands to a slot before any rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Standing {
    /// Would like it.
    Preferred,
    /// Can take it.
    #[default]
    Available,
    /// Only if nobody else can.
    IfNeeded,
    /// Cannot take it.
    Blocked(Block),
}

/// Why a person cannot take a slot whatever the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Block {
    /// Marked unavailable.
    Unavailable,
    /// On leave.
    Leave,
    /// Lacks a requirement of the role at that time.
    LacksRequirement,
    /// Does not belong to the shift's leg or to the role.
    NotInLeg,
    /// Has not joined yet, or has left.
    NotThere,
    /// Nobody took the shift before it began.
    Begun,
}

impl Block {
    /// A short name, for answers and tests.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Leave => "on leave",
            Self::LacksRequirement => "lacks a requirement",
            Self::NotInLeg => "not in this leg or role",
            Self::NotThere => "not in the team at that time",
            Self::Begun => "nobody took the shift before it began",
        }
    }
}

/// Something a person does outside this problem: another rotation, another team, a published
/// shift before or after the horizon. It counts for every rule about the person's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Commitment {
    /// Start, minutes from the horizon's day 0 (may be negative).
    pub start_min: i64,
    /// End, minutes, exclusive.
    pub end_min: i64,
    /// Calendar day it counts for in the rolling window.
    pub day: i64,
    /// The weekend it lies on, numbered so that consecutive weekends differ by one.
    pub weekend: Option<i64>,
}

/// A person, without a name: the scheduler needs none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Person {
    /// Share of work in any unit common to all (tenths of a contract, per cent); at least 1.
    pub capacity: i64,
    /// Burden already carried minus what would have been fair, in weight units.
    pub history: i64,
    /// Counts as experienced.
    pub experienced: bool,
    /// Counts as a newcomer.
    pub newcomer: bool,
    /// Fixed intervals elsewhere.
    pub commitments: Vec<Commitment>,
    /// One entry per slot; a missing one means unavailable.
    pub standing: Vec<Standing>,
}

/// One interval to be covered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Shift {
    /// Start, minutes from the horizon's day 0.
    pub start_min: i64,
    /// End, minutes, exclusive.
    pub end_min: i64,
    /// Calendar day (in the zone the caller counts in) it counts for in the rolling window.
    pub day: i64,
    /// The weekend it lies on, numbered so that consecutive weekends differ by one.
    pub weekend: Option<i64>,
}

/// A role as far as the scheduler cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Role {
    /// Escalation order; when not every slot can be filled, the lowest order is filled first.
    pub order: u32,
    /// A shadow follows along: it is nobody's company and nobody's experience.
    pub shadow: bool,
}

/// A shift and a role: what one person fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Slot {
    /// Index into the shifts.
    pub shift: usize,
    /// Its role.
    pub role: Role,
    /// Burden in weight units, not negative.
    pub weight: i64,
    /// The person who stays here whatever the rules say.
    pub pin: Option<usize>,
    /// Who held it in the schedule last published.
    pub previous: Option<usize>,
}

/// What newcomers may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum NewcomerPolicy {
    /// Never only newcomers on a shift (shadows aside).
    #[default]
    NeverAlone,
    /// Newcomers take shadow slots only.
    OnlyShadow,
    /// Like everybody else.
    Free,
}

/// At most `max` shifts in any `days` consecutive calendar days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Length in days.
    pub days: i64,
    /// Shifts allowed in it.
    pub max: u32,
}

/// The hard rules as settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    /// Minutes between the end of one of a person's shifts and the start of the next.
    pub min_rest_min: i64,
    /// The rolling window, if any.
    pub window: Option<Window>,
    /// Weekends in a row with a shift, if limited.
    pub max_consecutive_weekends: Option<u32>,
    /// Experienced people on every shift, shadows aside.
    pub experienced_per_shift: u32,
    /// What newcomers may do.
    pub newcomers: NewcomerPolicy,
    /// Pairs of people who never share a shift.
    pub forbidden_pairs: Vec<(usize, usize)>,
}

/// What an assignment costs by standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreferenceCosts {
    /// Usually negative: a wish met.
    pub preferred: i64,
    /// Usually zero.
    pub available: i64,
    /// Usually positive.
    pub if_needed: i64,
}

/// Everything but people, shifts and slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// The hard rules.
    pub rules: Rules,
    /// What preferences cost.
    pub preference: PreferenceCosts,
    /// What each slot costs whose holder differs from the one in the schedule last published, not
    /// negative; 0: nothing. An open slot, and one that nobody held, costs nothing by this.
    pub stability: i64,
    /// A person's fairness cost is `(scale / capacity) * (history + load)^2`, the quotient rounded
    /// down to an integer of at least 1: choose a multiple of the capacities, or a large number.
    pub scale: i64,
}

/// A problem that is safe to work on: every number within limits, every index valid.
#[derive(Debug, Clone)]
pub struct Problem {
    pub(super) people: Vec<Person>,
    pub(super) shifts: Vec<Shift>,
    pub(super) slots: Vec<Slot>,
    pub(super) settings: Settings,
    pub(super) index: Index,
}

/// Times lie so many minutes from 0 at most.
pub const MAX_TIME: i64 = 1_000_000_000;
/// The largest scale, and the largest capacity.
pub const MAX_SCALE: i64 = 100_000_000;
/// The largest weight.
pub const MAX_WEIGHT: i64 = 100_000_000;
/// Histories and what preferences cost lie so far from 0 at most.
pub const MAX_HISTORY: i64 = 10_000_000_000;

impl Problem {
    /// Builds a problem and brings what makes no sense within limits: numbers are clamped
    /// (weights to 0..=10^8, histories and preference costs to +-10^10, stability to 0..=10^10, times to +-10^9 minutes,
    /// scale and capacity to 1..=10^8), an interval that ends before it starts becomes empty, pins and pairs that name
    /// nobody are dropped, and a slot of no shift is one that nobody can take.
    #[must_use]
    pub fn new(
        people: Vec<Person>,
        shifts: Vec<Shift>,
        slots: Vec<Slot>,
        settings: Settings,
    ) -> Self {
        let mut problem = Self {
            people,
            shifts,
            slots,
            settings,
            index: Index::default(),
        };
        problem.clamp_settings();
        for shift in &mut problem.shifts {
            shift.start_min = shift.start_min.clamp(-MAX_TIME, MAX_TIME);
            shift.end_min = shift.end_min.clamp(shift.start_min, MAX_TIME);
            shift.day = shift.day.clamp(-MAX_TIME, MAX_TIME);
            shift.weekend = shift.weekend.map(|w| w.clamp(-MAX_TIME, MAX_TIME));
        }
        problem.clamp_people();
        problem.clamp_slots();
        problem.index = Index::new(&problem);
        problem
    }

    fn clamp_settings(&mut self) {
        let people = self.people.len();
        let settings = &mut self.settings;
        settings.scale = settings.scale.clamp(1, MAX_SCALE);
        for cost in [
            &mut settings.preference.preferred,
            &mut settings.preference.available,
            &mut settings.preference.if_needed,
        ] {
            *cost = (*cost).clamp(-MAX_HISTORY, MAX_HISTORY);
        }
        settings.stability = settings.stability.clamp(0, MAX_HISTORY);
        let rules = &mut settings.rules;
        rules.min_rest_min = rules.min_rest_min.clamp(0, MAX_TIME);
        if let Some(window) = &mut rules.window {
            window.days = window.days.clamp(1, MAX_TIME);
        }
        rules
            .forbidden_pairs
            .retain(|&(a, b)| a < people && b < people && a != b);
    }

    fn clamp_people(&mut self) {
        let slots = self.slots.len();
        for person in &mut self.people {
            person.capacity = person.capacity.clamp(1, MAX_SCALE);
            person.history = person.history.clamp(-MAX_HISTORY, MAX_HISTORY);
            person
                .standing
                .resize(slots, Standing::Blocked(Block::Unavailable));
            for commitment in &mut person.commitments {
                commitment.start_min = commitment.start_min.clamp(-MAX_TIME, MAX_TIME);
                commitment.end_min = commitment.end_min.clamp(commitment.start_min, MAX_TIME);
                commitment.day = commitment.day.clamp(-MAX_TIME, MAX_TIME);
                commitment.weekend = commitment.weekend.map(|w| w.clamp(-MAX_TIME, MAX_TIME));
            }
            person.commitments.sort_unstable();
        }
    }

    fn clamp_slots(&mut self) {
        let people = self.people.len();
        let shifts = self.shifts.len();
        let mut strays = false;
        for (number, slot) in self.slots.iter_mut().enumerate() {
            slot.weight = slot.weight.clamp(0, MAX_WEIGHT);
            slot.pin = slot.pin.filter(|&p| p < people);
            slot.previous = slot.previous.filter(|&p| p < people);
            if slot.shift >= shifts {
                strays = true;
                slot.shift = shifts;
                slot.pin = None;
                for person in &mut self.people {
                    super::table::set(
                        &mut person.standing,
                        number,
                        Standing::Blocked(Block::NotInLeg),
                    );
                }
            }
        }
        if strays {
            self.shifts.push(Shift::default());
        }
    }

    /// The same, but nothing costs anything: it only matters which slots are open.
    pub(super) fn flat(&self) -> Self {
        let mut flat = self.clone();
        flat.people.iter_mut().for_each(|p| p.history = 0);
        flat.index.weight.fill(0);
        flat.index.preference.fill(0);
        flat.index.coefficient.fill(1);
        flat
    }

    /// The people, as they were brought within limits.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// The shifts.
    #[must_use]
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// The slots.
    #[must_use]
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How a person stands to a slot; outside the problem, unavailable.
    #[must_use]
    pub fn standing(&self, person: usize, slot: usize) -> Standing {
        self.people
            .get(person)
            .and_then(|p| p.standing.get(slot))
            .copied()
            .unwrap_or(Standing::Blocked(Block::Unavailable))
    }
}
