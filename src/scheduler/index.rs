//! Tables worked out once per problem, so that the search only looks things up.
use super::problem::{NewcomerPolicy, Problem, Standing};
use super::table::{At, set};

/// Flat tables; `person * slots` and `person * shifts` are row-major.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// Shift of each slot.
    pub shift: Vec<usize>,
    /// Weight of each slot.
    pub weight: Vec<i64>,
    /// Calendar day of each shift.
    pub day: Vec<i64>,
    /// Column of each shift's weekend, plus one; 0 for none.
    pub weekend: Vec<usize>,
    /// How many weekend columns there are (columns of weekends in a row are neighbours).
    pub weekends: usize,
    /// Weekend columns, plus one, of each person's commitments.
    pub committed_weekends: Vec<Vec<usize>>,
    /// Slots of each shift.
    pub slots_of: Vec<Vec<usize>>,
    /// Shifts that overlap each shift, itself included.
    pub overlaps: Vec<Vec<usize>>,
    /// Shifts too close to each shift for the minimum rest, without overlapping it.
    pub close: Vec<Vec<usize>>,
    /// Person x shift: a commitment overlaps it.
    pub busy: Vec<bool>,
    /// Person x shift: a commitment is too close for the minimum rest.
    pub tired: Vec<bool>,
    /// Person x slot: what the standing costs, and the change from the schedule last published.
    pub preference: Vec<i64>,
    /// Person x slot: nothing fixed speaks against it.
    pub possible: Vec<bool>,
    /// People possible on each slot.
    pub candidates: Vec<Vec<usize>>,
    /// `scale / capacity` of each person.
    pub coefficient: Vec<i128>,
    /// Person x person: may not share a shift.
    pub forbidden: Vec<bool>,
    /// Any forbidden pair at all.
    pub pairs: bool,
    /// Slots of each shift that are not shadows.
    pub serving: Vec<u32>,
    /// People who are not experienced that each shift can bear.
    pub inexperienced_max: Vec<u32>,
    /// Newcomers that each shift can bear.
    pub newcomers_max: Vec<u32>,
    /// How much each slot matters when not all can be filled; shadow 0.
    pub urgency: Vec<i64>,
}

impl Index {
    pub fn new(problem: &Problem) -> Self {
        let mut index = Self {
            shift: problem.slots.iter().map(|s| s.shift).collect(),
            weight: problem.slots.iter().map(|s| s.weight).collect(),
            day: problem.shifts.iter().map(|s| s.day).collect(),
            slots_of: vec![Vec::new(); problem.shifts.len()],
            coefficient: problem
                .people
                .iter()
                .map(|p| i128::from((problem.settings.scale / p.capacity.max(1)).max(1)))
                .collect(),
            ..Self::default()
        };
        for (slot, &shift) in index.shift.iter().enumerate() {
            if let Some(list) = index.slots_of.get_mut(shift) {
                list.push(slot);
            }
        }
        index.weekends(problem);
        index.clashes(problem);
        index.teams(problem);
        index.standings(problem);
        index
    }

    /// Numbers the weekends that occur, leaving a gap between those that do not follow each other.
    fn weekends(&mut self, problem: &Problem) {
        let shifts = problem.shifts.iter().filter_map(|s| s.weekend);
        let elsewhere = problem
            .people
            .iter()
            .flat_map(|p| p.commitments.iter().filter_map(|c| c.weekend));
        let mut known: Vec<i64> = shifts.chain(elsewhere).collect();
        known.sort_unstable();
        known.dedup();
        let mut columns = Vec::with_capacity(known.len());
        let mut last: Option<i64> = None;
        for &weekend in &known {
            if last.is_some_and(|l| l + 1 != weekend) {
                self.weekends += 1;
            }
            columns.push(self.weekends);
            self.weekends += 1;
            last = Some(weekend);
        }
        let column = |weekend: Option<i64>| {
            weekend
                .and_then(|w| known.binary_search(&w).ok())
                .map_or(0, |found| columns.at(found) + 1)
        };
        self.weekend = problem.shifts.iter().map(|s| column(s.weekend)).collect();
        self.committed_weekends = problem
            .people
            .iter()
            .map(|p| {
                let on = p.commitments.iter().filter(|c| c.weekend.is_some());
                on.map(|c| column(c.weekend)).collect()
            })
            .collect();
    }

    fn clashes(&mut self, problem: &Problem) {
        let rest = problem.settings.rules.min_rest_min;
        let shifts = &problem.shifts;
        self.overlaps = (0..shifts.len()).map(|s| vec![s]).collect();
        self.close = vec![Vec::new(); shifts.len()];
        let mut order: Vec<usize> = (0..shifts.len()).collect();
        order.sort_by_key(|&s| shifts.get(s).copied().unwrap_or_default());
        for (place, &a) in order.iter().enumerate() {
            let Some(first) = shifts.get(a) else { continue };
            for &b in order.iter().skip(place + 1) {
                let Some(second) = shifts.get(b) else {
                    continue;
                };
                if second.start_min >= first.end_min + rest && second.start_min > first.start_min {
                    break;
                }
                let overlap = second.start_min < first.end_min;
                let lists = if overlap {
                    &mut self.overlaps
                } else if second.start_min < first.end_min + rest {
                    &mut self.close
                } else {
                    continue;
                };
                for (one, other) in [(a, b), (b, a)] {
                    if let Some(list) = lists.get_mut(one) {
                        list.push(other);
                    }
                }
            }
        }
        let cells = problem.people.len() * shifts.len();
        self.busy = vec![false; cells];
        self.tired = vec![false; cells];
        for (p, person) in problem.people.iter().enumerate() {
            for (s, shift) in shifts.iter().enumerate() {
                for c in &person.commitments {
                    let cell = p * shifts.len() + s;
                    if c.start_min < shift.end_min && shift.start_min < c.end_min {
                        set(&mut self.busy, cell, true);
                    } else if c.start_min < shift.end_min + rest
                        && shift.start_min < c.end_min + rest
                    {
                        set(&mut self.tired, cell, true);
                    }
                }
            }
        }
    }

    fn teams(&mut self, problem: &Problem) {
        let people = problem.people.len();
        let rules = &problem.settings.rules;
        self.forbidden = vec![false; people * people];
        for &(a, b) in &rules.forbidden_pairs {
            set(&mut self.forbidden, a * people + b, true);
            set(&mut self.forbidden, b * people + a, true);
            self.pairs = true;
        }
        for slots in &self.slots_of {
            let serving = slots
                .iter()
                .filter(|&&s| problem.slots.get(s).is_some_and(|s| !s.role.shadow))
                .count();
            let serving = u32::try_from(serving).unwrap_or(u32::MAX);
            self.serving.push(serving);
            self.inexperienced_max
                .push(serving.saturating_sub(rules.experienced_per_shift));
            self.newcomers_max.push(match rules.newcomers {
                NewcomerPolicy::NeverAlone => serving.saturating_sub(1),
                NewcomerPolicy::OnlyShadow => 0,
                NewcomerPolicy::Free => u32::MAX,
            });
        }
        let deepest = problem
            .slots
            .iter()
            .map(|s| s.role.order)
            .max()
            .unwrap_or(0);
        self.urgency = problem
            .slots
            .iter()
            .map(|s| {
                if s.role.shadow {
                    0
                } else {
                    i64::from(deepest - s.role.order) + 1
                }
            })
            .collect();
    }

    fn standings(&mut self, problem: &Problem) {
        let (people, slots) = (problem.people.len(), problem.slots.len());
        let costs = problem.settings.preference;
        self.candidates = vec![Vec::new(); slots];
        self.preference = Vec::with_capacity(people * slots);
        self.possible = Vec::with_capacity(people * slots);
        for (p, person) in problem.people.iter().enumerate() {
            for (s, standing) in person.standing.iter().enumerate() {
                let cost = match standing {
                    Standing::Preferred => costs.preferred,
                    Standing::Available => costs.available,
                    Standing::IfNeeded | Standing::Blocked(_) => costs.if_needed,
                };
                let shift = self.shift.at(s);
                let cell = p * problem.shifts.len() + shift;
                let shadow = problem.slots.get(s).is_some_and(|s| s.role.shadow);
                let team = (shadow || person.experienced || self.inexperienced_max.at(shift) > 0)
                    && (shadow || !person.newcomer || self.newcomers_max.at(shift) > 0);
                let possible = !matches!(standing, Standing::Blocked(_))
                    && !self.busy.at(cell)
                    && !self.tired.at(cell)
                    && team;
                self.preference
                    .push(cost + super::score::stability(problem, p, s));
                self.possible.push(possible);
                if possible && let Some(list) = self.candidates.get_mut(s) {
                    list.push(p);
                }
            }
        }
    }
}
