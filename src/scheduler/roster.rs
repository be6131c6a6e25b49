//! A schedule in the making, with the counts that let every rule answer at once.
use super::problem::Problem;
use super::table::{At, down, set, up};

/// Who holds what, and what follows from it.
#[derive(Debug, Clone)]
pub(super) struct Roster<'a> {
    pub problem: &'a Problem,
    pub holder: Vec<Option<usize>>,
    pub load: Vec<i64>,
    /// Person x shift: slots held.
    pub on: Vec<u32>,
    /// Each person's days with a shift or commitment, in order, repeated when there are several.
    pub days: Vec<Vec<i64>>,
    /// Person x weekend column: shifts and commitments.
    pub weekends: Vec<u32>,
    /// People who are not experienced, per shift, shadows aside.
    pub inexperienced: Vec<u32>,
    /// Newcomers per shift, shadows aside.
    pub newcomers: Vec<u32>,
}

impl<'a> Roster<'a> {
    /// Nobody on any slot; commitments counted.
    pub fn empty(problem: &'a Problem) -> Self {
        let people = problem.people.len();
        let index = &problem.index;
        let mut weekends = vec![0; people * index.weekends];
        for (p, columns) in index.committed_weekends.iter().enumerate() {
            for column in columns.iter().filter(|c| **c > 0) {
                up(&mut weekends, p * index.weekends + column - 1);
            }
        }
        let days = problem.people.iter().map(|p| {
            let mut days: Vec<i64> = p.commitments.iter().map(|c| c.day).collect();
            days.sort_unstable();
            days
        });
        Self {
            problem,
            holder: vec![None; problem.slots.len()],
            load: vec![0; people],
            on: vec![0; people * problem.shifts.len()],
            days: days.collect(),
            weekends,
            inexperienced: vec![0; problem.shifts.len()],
            newcomers: vec![0; problem.shifts.len()],
        }
    }

    /// The pinned people on their slots, the rest open.
    pub fn pinned(problem: &'a Problem) -> Self {
        let mut roster = Self::empty(problem);
        for (slot, pin) in problem.slots.iter().map(|s| s.pin).enumerate() {
            if let Some(person) = pin {
                roster.put(slot, person);
            }
        }
        roster
    }

    /// A given assignment; entries that name nobody count as open, pins are not enforced.
    pub fn of(problem: &'a Problem, assignment: &[Option<usize>]) -> Self {
        let mut roster = Self::empty(problem);
        for (slot, person) in assignment.iter().enumerate().take(problem.slots.len()) {
            if let Some(person) = person.filter(|&p| p < problem.people.len()) {
                roster.put(slot, person);
            }
        }
        roster
    }

    /// Puts a person on an open slot.
    pub fn put(&mut self, slot: usize, person: usize) {
        let index = &self.problem.index;
        let shift = index.shift.at(slot);
        set(&mut self.holder, slot, Some(person));
        if let Some(load) = self.load.get_mut(person) {
            *load += index.weight.at(slot);
        }
        up(&mut self.on, person * self.problem.shifts.len() + shift);
        if let Some(days) = self.days.get_mut(person) {
            let day = index.day.at(shift);
            let place = days.iter().position(|&d| d > day).unwrap_or(days.len());
            days.insert(place, day);
        }
        let weekend = index.weekend.at(shift);
        if weekend > 0 {
            up(&mut self.weekends, person * index.weekends + weekend - 1);
        }
        self.count(slot, person, up);
    }

    /// Opens a slot and says who held it.
    pub fn take(&mut self, slot: usize) -> Option<usize> {
        let person = self.holder.at(slot)?;
        let index = &self.problem.index;
        let shift = index.shift.at(slot);
        set(&mut self.holder, slot, None);
        if let Some(load) = self.load.get_mut(person) {
            *load -= index.weight.at(slot);
        }
        down(&mut self.on, person * self.problem.shifts.len() + shift);
        if let Some(days) = self.days.get_mut(person) {
            let day = index.day.at(shift);
            if let Some(place) = days.iter().position(|&d| d == day) {
                days.remove(place);
            }
        }
        let weekend = index.weekend.at(shift);
        if weekend > 0 {
            down(&mut self.weekends, person * index.weekends + weekend - 1);
        }
        self.count(slot, person, down);
        Some(person)
    }

    /// Counts who is not experienced, and who is new, on the slot's shift.
    fn count(&mut self, slot: usize, person: usize, change: fn(&mut [u32], usize)) {
        let shadow = self.problem.slots.get(slot).is_none_or(|s| s.role.shadow);
        if let (false, Some(who)) = (shadow, self.problem.people.get(person)) {
            let shift = self.problem.index.shift.at(slot);
            if !who.experienced {
                change(&mut self.inexperienced, shift);
            }
            if who.newcomer {
                change(&mut self.newcomers, shift);
            }
        }
    }

    /// Whether a person holds a slot of this shift.
    #[inline]
    pub fn serves(&self, person: usize, shift: usize) -> bool {
        self.on.at(person * self.problem.shifts.len() + shift) > 0
    }

    /// Whether nothing fixed speaks against this person on this slot.
    #[inline]
    pub fn possible(&self, person: usize, slot: usize) -> bool {
        self.problem
            .index
            .possible
            .at(person * self.problem.slots.len() + slot)
    }

    /// Slots that a person holds on any of these shifts.
    pub fn slots_on(&self, person: usize, shifts: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut found = Vec::new();
        for shift in shifts.filter(|&s| self.serves(person, s)) {
            let slots = self.problem.index.slots_of.get(shift);
            let slots = slots.map(Vec::as_slice).unwrap_or_default();
            found.extend(slots.iter().filter(|&&s| self.holder.at(s) == Some(person)));
        }
        found
    }

    /// Slots open now.
    pub fn open(&self) -> impl Iterator<Item = usize> + '_ {
        let entries = self.holder.iter().enumerate();
        entries.filter_map(|(slot, who)| who.is_none().then_some(slot))
    }
}
