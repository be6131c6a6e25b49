//! All that a recommendation for a month of a rotation is computed from.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::slots::{Held, SlotKey};
use crate::availability::Timeline;
use crate::rotations::{HardRules, Minutes};
use crate::vocab::{Interval, LegId, Level, Month, PersonId, Points, RoleId, RotationId, TeamId};

/// A role of the month, in escalation order.
#[derive(Clone, Debug)]
pub struct RoleInput {
    /// The role.
    pub id: RoleId,
    /// "Primary".
    pub name: String,
    /// One to three letters that tell it from the others: "P".
    pub short: String,
    /// Place in the escalation, from 1.
    pub order: u8,
    /// Only watches and learns.
    pub is_shadow: bool,
}

/// A shift of the month.
#[derive(Clone, Debug)]
pub struct ShiftInput {
    /// Its leg.
    pub leg: LegId,
    /// The leg's name.
    pub leg_name: String,
    /// The zone whose clocks it follows.
    pub zone: Tz,
    /// From when to when (UTC).
    pub interval: Interval,
    /// The day it starts on, in its zone.
    pub day: NaiveDate,
    /// The weekend it lies on.
    pub weekend: Option<i64>,
    /// Its minutes by kind.
    pub minutes: Minutes,
    /// It has begun: who serves it is history.
    pub is_locked: bool,
}

/// A slot of the month.
#[derive(Clone, Debug)]
pub struct SlotInput {
    /// What names it across computations.
    pub key: SlotKey,
    /// Index of its shift.
    pub shift: usize,
    /// Index of its role.
    pub role: usize,
    /// Its burden.
    pub points: Points,
    /// Who holds it in the published schedule, if there is one.
    pub published: Option<Held>,
}

/// A published shift in another rotation or month.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// From when to when (UTC).
    pub interval: Interval,
    /// The day it starts on, in its own zone.
    pub day: NaiveDate,
    /// The weekend it lies on.
    pub weekend: Option<i64>,
}

/// A person who may be planned.
#[derive(Clone, Debug)]
pub struct PersonInput {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// First day in the team.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
    /// Legs they belong to.
    pub legs: BTreeSet<LegId>,
    /// When they can.
    pub timeline: Timeline,
    /// Said that their month is complete.
    pub has_answered: bool,
    /// Percent of working time booked in the month; the others' mean where nobody entered it.
    pub utilisation_percent: Option<i16>,
    /// Whether somebody entered it.
    pub is_utilisation_known: bool,
    /// Whether it is what their calendars say.
    pub is_from_calendars: bool,
    /// Shifts served before now.
    pub served: i64,
    /// Burden carried minus fair share, over the look-back.
    pub balance: Points,
    /// Fair share of this month's burden.
    pub fair_share: Points,
    /// Published shifts elsewhere that count for rest, window and weekends.
    pub elsewhere: Vec<Elsewhere>,
    /// Requirements they lack, by slot.
    pub lacks: BTreeMap<usize, Vec<String>>,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The rotation.
    pub rotation: RotationId,
    /// Its name.
    pub name: String,
    /// Its team.
    pub team: TeamId,
    /// The team's zone.
    pub zone: Tz,
    /// The month.
    pub month: Month,
    /// When they were read.
    pub now: DateTime<Utc>,
    /// The hard rules in force at the month's end.
    pub rules: HardRules,
    /// Roles in escalation order.
    pub roles: Vec<RoleInput>,
    /// Shifts in time.
    pub shifts: Vec<ShiftInput>,
    /// Slots: shift by shift, role by role.
    pub slots: Vec<SlotInput>,
    /// People by name.
    pub people: Vec<PersonInput>,
}

impl Inputs {
    /// The shift of a slot.
    #[must_use]
    pub fn shift_of(&self, slot: usize) -> Option<&ShiftInput> {
        self.shifts.get(self.slots.get(slot)?.shift)
    }

    /// The role of a slot.
    #[must_use]
    pub fn role_of(&self, slot: usize) -> Option<&RoleInput> {
        self.roles.get(self.slots.get(slot)?.role)
    }

    /// The index of the slot of that key.
    #[must_use]
    pub fn slot(&self, key: &SlotKey) -> Option<usize> {
        self.slots.iter().position(|s| s.key == *key)
    }

    /// The index of a person.
    #[must_use]
    pub fn person(&self, id: PersonId) -> Option<usize> {
        self.people.iter().position(|p| p.id == id)
    }

    /// How available a person is for a slot.
    #[must_use]
    pub fn level(&self, person: usize, slot: usize) -> Level {
        match (self.people.get(person), self.shift_of(slot)) {
            (Some(p), Some(s)) => p.timeline.level(s.interval),
            _ => Level::Unavailable,
        }
    }

    /// Whether a person has fewer shifts behind them than a newcomer needs.
    #[must_use]
    pub fn is_newcomer(&self, person: &PersonInput) -> bool {
        person.served < i64::from(self.rules.newcomer_until_shifts)
    }

    /// Whether a person counts as experienced.
    #[must_use]
    pub fn is_experienced(&self, person: &PersonInput) -> bool {
        person.served >= i64::from(self.rules.experienced_from_shifts)
    }
}
