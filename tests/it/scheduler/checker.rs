//! An independent reading of the rules and the cost: its own model, its own file reader, plain
//! loops over everything, no tables, no increments.
use fairshift::scheduler as s;
use serde_json::Value;
use std::collections::BTreeSet;

/// A person as the checker sees one. `avail` has a letter per slot: U, W, R, P.
#[derive(Debug, Clone, PartialEq)]
pub struct Who {
    pub capacity: i64,
    pub history: i64,
    pub experienced: bool,
    pub newcomer: bool,
    pub avail: Vec<char>,
    /// Start and end in minutes.
    pub elsewhere: Vec<(i64, i64)>,
}

#[derive(Debug, Clone)]
pub struct Piece {
    pub shift: usize,
    pub weight: i64,
    pub shadow: bool,
    pub order: u32,
    pub pin: Option<usize>,
    /// Who held it in the schedule last published.
    pub previous: Option<usize>,
}

/// A problem as the checker sees it. Days are `start / 1440`; shifts and commitments that start on
/// day 5 or 6 of a week lie on its weekend.
#[derive(Debug, Clone)]
pub struct Case {
    pub people: Vec<Who>,
    pub shifts: Vec<(i64, i64, bool)>,
    pub pieces: Vec<Piece>,
    pub rest: i64,
    pub window: Option<(i64, u32)>,
    pub weekends: Option<u32>,
    pub experienced: usize,
    pub newcomers: s::NewcomerPolicy,
    pub pairs: Vec<(usize, usize)>,
    pub costs: (i64, i64, i64),
    /// What each slot costs that somebody else held before.
    pub stability: i64,
    pub scale: i64,
}

pub type Plan = Vec<Option<usize>>;

fn day(minute: i64) -> i64 {
    minute.div_euclid(1440)
}

fn week(minute: i64) -> i64 {
    day(minute).div_euclid(7)
}

pub fn on_weekend(minute: i64) -> bool {
    day(minute).rem_euclid(7) >= 5
}

impl Case {
    pub fn problem(&self) -> s::Problem {
        let weekend = |start: i64, on: bool| on.then(|| week(start));
        let people = self.people.iter().map(|w| s::Person {
            capacity: w.capacity,
            history: w.history,
            experienced: w.experienced,
            newcomer: w.newcomer,
            commitments: w
                .elsewhere
                .iter()
                .map(|&(start_min, end_min)| s::Commitment {
                    start_min,
                    end_min,
                    day: day(start_min),
                    weekend: weekend(start_min, on_weekend(start_min)),
                })
                .collect(),
            standing: w
                .avail
                .iter()
                .map(|letter| match letter {
                    'P' => s::Standing::Preferred,
                    'W' => s::Standing::Available,
                    'R' => s::Standing::IfNeeded,
                    _ => s::Standing::Blocked(s::Block::Unavailable),
                })
                .collect(),
        });
        let shifts = self
            .shifts
            .iter()
            .map(|&(start_min, end_min, on)| s::Shift {
                start_min,
                end_min,
                day: day(start_min),
                weekend: weekend(start_min, on),
            });
        let slots = self.pieces.iter().map(|p| s::Slot {
            shift: p.shift,
            role: s::Role {
                order: p.order,
                shadow: p.shadow,
            },
            weight: p.weight,
            pin: p.pin,
            previous: p.previous,
        });
        let settings = s::Settings {
            rules: s::Rules {
                min_rest_min: self.rest,
                window: self.window.map(|(days, max)| s::Window { days, max }),
                max_consecutive_weekends: self.weekends,
                experienced_per_shift: u32::try_from(self.experienced).unwrap(),
                newcomers: self.newcomers,
                forbidden_pairs: self.pairs.clone(),
            },
            preference: s::PreferenceCosts {
                preferred: self.costs.0,
                available: self.costs.1,
                if_needed: self.costs.2,
            },
            stability: self.stability,
            scale: self.scale,
        };
        s::Problem::new(
            people.collect(),
            shifts.collect(),
            slots.collect(),
            settings,
        )
    }

    /// Reads `fairshift-instance/1` on its own.
    pub fn read(text: &str) -> (String, Self) {
        let file: Value = serde_json::from_str(text).unwrap();
        let int = |v: &Value| v.as_i64().unwrap();
        let index = |v: &Value| usize::try_from(v.as_i64().unwrap()).unwrap();
        let list = |v: &Value| v.as_array().unwrap().clone();
        assert_eq!(int(&file["start_weekday"]), 0, "weeks start on day 0 here");
        let avail = list(&file["avail"]);
        let people = list(&file["engineers"]);
        let people = people.iter().zip(&avail).map(|(e, row)| Who {
            capacity: int(&e["capacity"]),
            history: int(&e["history"]),
            experienced: e["experienced"].as_bool().unwrap(),
            newcomer: e["newcomer"].as_bool().unwrap(),
            avail: row.as_str().unwrap().chars().collect(),
            elsewhere: Vec::new(),
        });
        let mut shifts = vec![(0, 0, false); index(&file["periods"])];
        let mut pieces = Vec::new();
        for slot in list(&file["slots"]) {
            let shift = index(&slot["period"]);
            let weekend = slot["weekend"].as_bool().unwrap();
            shifts[shift] = (int(&slot["start_min"]), int(&slot["end_min"]), weekend);
            pieces.push(Piece {
                shift,
                weight: int(&slot["weight"]),
                shadow: false,
                order: 0,
                pin: None,
                previous: None,
            });
        }
        let rules = &file["rules"];
        let window = &rules["max_shifts_in_window"];
        let cost = |letter: &str| int(&file["pref_cost"][letter]);
        let pairs = list(&rules["forbidden_pairs"]);
        let case = Self {
            people: people.collect(),
            shifts,
            pieces,
            rest: int(&rules["min_rest_min"]),
            window: window.is_object().then(|| {
                let max = u32::try_from(int(&window["max"])).unwrap();
                (int(&window["days"]), max)
            }),
            weekends: rules["max_consecutive_weekends"]
                .as_u64()
                .map(|m| u32::try_from(m).unwrap()),
            experienced: index(&rules["experienced_per_period"]),
            newcomers: if rules["newcomer_never_alone"].as_bool().unwrap() {
                s::NewcomerPolicy::NeverAlone
            } else {
                s::NewcomerPolicy::Free
            },
            pairs: pairs.iter().map(|p| (index(&p[0]), index(&p[1]))).collect(),
            costs: (cost("P"), cost("W"), cost("R")),
            stability: 0,
            scale: int(&file["fairness"]["lcm"]),
        };
        (file["name"].as_str().unwrap().to_owned(), case)
    }

    /// Every rule the plan breaks, in words; empty when it breaks none.
    pub fn broken(&self, plan: &[Option<usize>]) -> Vec<String> {
        let mut out = Vec::new();
        for (person, who) in self.people.iter().enumerate() {
            self.broken_by(person, who, plan, &mut out);
        }
        for shift in 0..self.shifts.len() {
            self.broken_on(shift, plan, &mut out);
        }
        out
    }

    fn broken_by(&self, person: usize, who: &Who, plan: &[Option<usize>], out: &mut Vec<String>) {
        let held: Vec<usize> = (0..plan.len())
            .filter(|&i| plan[i] == Some(person))
            .collect();
        for &i in held.iter().filter(|&&i| who.avail[i] == 'U') {
            out.push(format!("{person} cannot take {i}"));
        }
        // What they do, ours or not: shift (if ours), start, end.
        let ours = held.iter().map(|&i| {
            let (start, end, weekend) = self.shifts[self.pieces[i].shift];
            (Some(self.pieces[i].shift), start, end, weekend)
        });
        let theirs = who
            .elsewhere
            .iter()
            .map(|&(a, b)| (None, a, b, on_weekend(a)));
        let all: Vec<_> = ours.chain(theirs).collect();
        for (i, a) in all.iter().enumerate() {
            for b in &all[..i] {
                if a.0.is_none() && b.0.is_none() {
                    continue;
                }
                if a.0 == b.0 || (a.1 < b.2 && b.1 < a.2) {
                    out.push(format!("{person} is in two places: {a:?} {b:?}"));
                } else if a.1 < b.2 + self.rest && b.1 < a.2 + self.rest {
                    out.push(format!("{person} lacks rest: {a:?} {b:?}"));
                }
            }
        }
        if let Some((days, max)) = self.window {
            for first in all.iter().map(|a| day(a.1)).collect::<BTreeSet<_>>() {
                let within = |a: &&(_, i64, _, _)| (first..first + days).contains(&day(a.1));
                let many = all.iter().filter(within).count() > max as usize;
                if many && all.iter().filter(within).any(|a| a.0.is_some()) {
                    out.push(format!("{person} has too many from day {first}"));
                }
            }
        }
        if let Some(max) = self.weekends {
            let weeks = |mine: bool| -> BTreeSet<i64> {
                let on = all.iter().filter(|a| a.3 && (!mine || a.0.is_some()));
                on.map(|a| week(a.1)).collect()
            };
            let (any, mine) = (weeks(false), weeks(true));
            for &first in any.iter().filter(|w| !any.contains(&(*w - 1))) {
                let all = any.range(first..).zip(first..);
                let run: Vec<i64> = all.take_while(|(w, i)| *w == i).map(|(w, _)| *w).collect();
                if run.len() > max as usize && run.iter().any(|w| mine.contains(w)) {
                    out.push(format!("{person} works weekends {run:?}"));
                }
            }
        }
    }

    fn broken_on(&self, shift: usize, plan: &[Option<usize>], out: &mut Vec<String>) {
        let on: Vec<usize> = (0..plan.len())
            .filter(|&i| self.pieces[i].shift == shift)
            .collect();
        let team: Vec<usize> = on.iter().filter_map(|&i| plan[i]).collect();
        for &(a, b) in &self.pairs {
            if team.contains(&a) && team.contains(&b) {
                out.push(format!("{a} and {b} together on {shift}"));
            }
        }
        let serving: Vec<Option<usize>> = on
            .iter()
            .filter(|&&i| !self.pieces[i].shadow)
            .map(|&i| plan[i])
            .collect();
        if serving.is_empty() {
            return;
        }
        let may_be = |p: &&Option<usize>| p.is_none_or(|p| self.people[p].experienced);
        if serving.iter().filter(may_be).count() < self.experienced.min(serving.len()) {
            out.push(format!("not enough experience on {shift}"));
        }
        let new = |p: &Option<usize>| p.is_some_and(|p| self.people[p].newcomer);
        match self.newcomers {
            s::NewcomerPolicy::NeverAlone if serving.iter().all(new) => {
                out.push(format!("newcomers alone on {shift}"));
            }
            s::NewcomerPolicy::OnlyShadow if serving.iter().any(new) => {
                out.push(format!("newcomers on {shift}"));
            }
            _ => {}
        }
    }

    /// Unfilled slots, how urgent those are, cost.
    pub fn key(&self, plan: &[Option<usize>]) -> (usize, i64, i128) {
        let deepest = self.pieces.iter().map(|p| p.order).max().unwrap_or(0);
        let mut key = (0, 0, 0_i128);
        let mut load = vec![0_i128; self.people.len()];
        for (piece, (i, who)) in self.pieces.iter().zip(plan.iter().enumerate()) {
            if let Some(person) = *who {
                load[person] += i128::from(piece.weight);
                key.2 += i128::from(match self.people[person].avail[i] {
                    'P' => self.costs.0,
                    'W' => self.costs.1,
                    _ => self.costs.2,
                });
                if piece.previous.is_some_and(|before| before != person) {
                    key.2 += i128::from(self.stability);
                }
            } else {
                key.0 += 1;
                if !piece.shadow {
                    key.1 += i64::from(deepest - piece.order) + 1;
                }
            }
        }
        for (who, load) in self.people.iter().zip(load) {
            let carried = load + i128::from(who.history);
            key.2 += i128::from((self.scale / who.capacity).max(1)) * carried * carried;
        }
        key
    }

    /// The best plan there is, by trying all.
    pub fn best(&self) -> (usize, i64, i128) {
        let mut plan: Plan = self.pieces.iter().map(|p| p.pin).collect();
        let mut best = (usize::MAX, 0, 0);
        self.try_all(0, &mut plan, &mut best);
        best
    }

    fn try_all(&self, slot: usize, plan: &mut Plan, best: &mut (usize, i64, i128)) {
        if slot == plan.len() {
            *best = self.key(plan).min(*best);
            return;
        }
        self.try_all_from(slot, plan, best);
    }

    fn try_all_from(&self, slot: usize, plan: &mut Plan, best: &mut (usize, i64, i128)) {
        if self.pieces[slot].pin.is_some() {
            return self.try_all(slot + 1, plan, best);
        }
        for person in 0..self.people.len() {
            plan[slot] = Some(person);
            // Adding people never mends a rule, so a broken plan need not be completed.
            if self.broken(plan).is_empty() {
                self.try_all(slot + 1, plan, best);
            }
        }
        plan[slot] = None;
        self.try_all(slot + 1, plan, best);
    }
}
