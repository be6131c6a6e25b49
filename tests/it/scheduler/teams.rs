//! Teams as they exist, by size: shifts, rules and weights like those that planning builds.
use super::checker::{Case, Piece, Who, on_weekend};
use super::random::Dice;
use fairshift::scheduler::NewcomerPolicy;

/// How a team shares out its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// One shift a day.
    Days,
    /// A day shift and a night shift.
    DayAndNight,
    /// One shift a week.
    Weeks,
    /// Three sites with eight hours each; who belongs to one takes no shift of another.
    FollowTheSun,
    /// Two series of daily shifts, twelve hours apart: each overlaps two of the other.
    Overlapping,
}

/// How large a team is, and how hard to plan for.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub people: usize,
    pub days: i64,
    pub roles: usize,
    pub habit: Habit,
    /// Of a hundred pairs of person and slot, so many are unavailable.
    pub away: i64,
}

impl Shape {
    /// As many roles as the team can bear.
    pub fn of(people: usize, days: i64, habit: Habit) -> Self {
        let roles = match people {
            0..=4 => 1,
            5..=29 => 2,
            30..=79 => 3,
            80..=149 => 4,
            _ => 5,
        };
        Self {
            people,
            days,
            roles,
            habit,
            away: 25,
        }
    }
}

/// Begin and end of the shifts in minutes, and the site of each.
fn shifts(shape: &Shape) -> Vec<(i64, i64, usize)> {
    let hours = |begin: i64, length: i64| (begin * 60, (begin + length) * 60);
    let mut found = Vec::new();
    for day in 0..shape.days {
        let at = day * 24;
        let today = match shape.habit {
            Habit::Days => vec![(hours(at + 9, 24), 0)],
            Habit::DayAndNight => vec![(hours(at + 9, 12), 0), (hours(at + 21, 12), 0)],
            Habit::Weeks if day % 7 == 0 => vec![(hours(at + 9, 168), 0)],
            Habit::Weeks => vec![],
            Habit::FollowTheSun => (0..3).map(|s| (hours(at + 8 * s, 8), s)).collect(),
            Habit::Overlapping => vec![(hours(at + 9, 24), 0), (hours(at + 21, 24), 0)],
        };
        let today = today.into_iter();
        found
            .extend(today.map(|((start, end), site)| (start, end, usize::try_from(site).unwrap())));
    }
    found
}

/// Points of a shift in tenths, as hours by day, night and weekend.
fn burden(start: i64, end: i64, holiday: bool) -> i64 {
    let hours = (start / 60..end / 60).map(|hour| {
        let night = !(8..20).contains(&hour.rem_euclid(24));
        4 + i64::from(night) * 2 + i64::from(on_weekend(hour * 60)) * 4
    });
    hours.sum::<i64>() * if holiday { 2 } else { 1 } / 8
}

/// A team of this shape; another one for each seed.
pub fn case(shape: &Shape, seed: u64) -> Case {
    let mut dice = Dice::new(seed + 1);
    let times = shifts(shape);
    let mut pieces = Vec::new();
    let mut site_of = Vec::new();
    for (shift, &(start, end, site)) in times.iter().enumerate() {
        let whole = burden(start, end, dice.chance(3));
        for role in 0..shape.roles {
            let factor = [10, 6, 4, 3, 3][role.min(4)];
            pieces.push(Piece {
                shift,
                weight: whole * factor / 10,
                shadow: false,
                order: u32::try_from(role + 1).unwrap(),
                pin: None,
                previous: None,
            });
            site_of.push((shift, site));
        }
    }
    let sites = if shape.habit == Habit::FollowTheSun {
        3
    } else {
        1
    };
    let total: i64 = pieces.iter().map(|p| p.weight).sum();
    let fair = total / i64::try_from(shape.people).unwrap();
    let people = (0..shape.people).map(|person| {
        // Whoever is away is away for whole shifts, and some for weeks.
        let mut letters = Vec::new();
        let mut known = (usize::MAX, 'U');
        let begin = dice.roll(shape.days.max(1));
        let leave = if dice.chance(30) {
            begin..begin + 7
        } else {
            0..0
        };
        for &(shift, site) in &site_of {
            if known.0 != shift {
                let letter = if leave.contains(&(times[shift].0 / 1440)) || dice.chance(shape.away)
                {
                    'U'
                } else {
                    ['W', 'W', 'W', 'R', 'P'][dice.below(5)]
                };
                known = (shift, letter);
            }
            letters.push(if site == person % sites { known.1 } else { 'U' });
        }
        Who {
            capacity: [100, 100, 100, 80, 50][dice.below(5)],
            history: dice.roll(fair / 2 + 20) - fair / 4 - 10,
            experienced: person < 2 * sites || dice.chance(60),
            newcomer: person >= 2 * sites && dice.chance(15),
            avail: letters,
            elsewhere: vec![],
        }
    });
    let people: Vec<Who> = people.collect();
    let (slots, crowd) = (pieces.len(), shape.people);
    let in_window = slots * 28 / usize::try_from(shape.days.max(28)).unwrap();
    let pairs = (0..crowd / 5).map(|_| (dice.below(crowd), dice.below(crowd)));
    let mean = total / i64::try_from(slots).unwrap();
    Case {
        pairs: pairs.filter(|(a, b)| a != b).collect(),
        shifts: times
            .iter()
            .map(|&(start, end, _)| (start, end, on_weekend(start)))
            .collect(),
        rest: 660,
        window: Some((28, u32::try_from(in_window * 3 / crowd / 2 + 3).unwrap())),
        weekends: (shape.habit != Habit::Weeks && crowd > 5).then_some(2),
        experienced: usize::from(shape.roles > 1),
        newcomers: if shape.roles > 1 {
            NewcomerPolicy::NeverAlone
        } else {
            NewcomerPolicy::Free
        },
        // As planning has it: half an average slot, and a quarter.
        costs: (-50 * mean * mean, 0, 100 * mean * mean),
        stability: 0,
        scale: 10_000,
        people,
        pieces,
    }
}
