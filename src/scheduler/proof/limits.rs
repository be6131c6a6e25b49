//! Limits that the rules put on entries held together, as far as sums can say it: of a set of
//! entries at most so many are held. Those that the smooth solution breaks get a price of their
//! own; the rest cost nothing and are left out. Rest and one slot at a time are not here: a person's
//! own programme obeys them exactly.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::table::{At, set};
use super::duties::Duties;
use super::parts::Parts;
use std::collections::BTreeMap;

/// An entry by person and number.
type Place = (usize, usize);

/// A limit, and the entries that count for it.
type Limit = (usize, Vec<Place>);

/// Most limits that get a price.
const MOST: usize = 20_000;

/// Most entries of limits that are added at once.
const PLACES: usize = 400_000;

/// Adds the limits that these shares break; whether there were any.
pub(super) fn add(problem: &Problem, parts: &mut Parts, shares: &[Vec<f64>]) -> bool {
    let pinned = Roster::pinned(problem);
    let mut found = Vec::new();
    let mut room = PLACES;
    let about = |places: &[Place]| -> Vec<(usize, usize)> {
        let slot = |&(p, e): &Place| Some((p, parts.people.get(p)?.entries().nth(e)?.slot));
        places.iter().filter_map(slot).collect()
    };
    let mut consider = |limit: Limit| {
        let share = |&(p, e): &Place| shares.get(p).map_or(0.0, |s| s.at(e));
        let sum: f64 = limit.1.iter().map(share).sum();
        // A limit that all together keep says nothing; nor do shares that are no numbers.
        let broken = limit.0 < limit.1.len() && sum > limit.0 as f64 + 0.002;
        if broken && limit.1.len() <= room && !parts.limited.contains(&about(&limit.1)) {
            room -= limit.1.len();
            found.push(limit);
        }
    };
    teams(&pinned, parts, &mut consider);
    pairs(problem, (parts, shares), &mut consider);
    for (p, duties) in parts.people.iter().enumerate().take(parts.staff) {
        let own = shares.get(p).map(Vec::as_slice).unwrap_or_default();
        windows(&pinned, p, (duties, own), &mut consider);
        weekends(&pinned, p, (duties, own), &mut consider);
    }
    found.truncate(MOST.saturating_sub(parts.limits.len()));
    let any = !found.is_empty();
    for (cap, places) in found {
        let number = parts.slots.len() + parts.limits.len();
        parts.limits.push(cap);
        let mut pairs = Vec::with_capacity(places.len());
        for &(p, e) in &places {
            if let Some(entry) = parts.people.get_mut(p).and_then(|d| d.entry_mut(e)) {
                entry.priced.push(number);
                pairs.push((p, entry.slot));
            }
        }
        parts.limited.insert(pairs);
    }
    any
}

fn whole(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// People who are not experienced, and newcomers, on each shift.
fn teams(pinned: &Roster, parts: &Parts, consider: &mut dyn FnMut(Limit)) {
    let problem = pinned.problem;
    let mut raw: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
    let mut new: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
    for (p, (duties, who)) in parts.people.iter().zip(&problem.people).enumerate() {
        for (e, entry) in duties.entries().enumerate() {
            let slot = problem.slots.get(parts.slots.at(entry.slot));
            if slot.is_some_and(|s| s.role.shadow) {
                continue;
            }
            if !who.experienced {
                raw.entry(entry.shift).or_default().push((p, e));
            }
            if who.newcomer {
                new.entry(entry.shift).or_default().push((p, e));
            }
        }
    }
    let index = &problem.index;
    for (shift, places) in raw {
        let held = pinned.inexperienced.at(shift);
        consider((
            whole(index.inexperienced_max.at(shift).saturating_sub(held)),
            places,
        ));
    }
    for (shift, places) in new {
        let held = pinned.newcomers.at(shift);
        consider((
            whole(index.newcomers_max.at(shift).saturating_sub(held)),
            places,
        ));
    }
}

/// One of several people of whom no two share a shift: for each pair that is kept apart the others who
/// are held most join in.
fn pairs(
    problem: &Problem,
    (parts, shares): (&Parts, &[Vec<f64>]),
    consider: &mut dyn FnMut(Limit),
) {
    let rules = &problem.settings.rules;
    if rules.forbidden_pairs.is_empty() {
        return;
    }
    // Who is how much on which shift, and what it takes.
    let mut shifts: BTreeMap<usize, BTreeMap<usize, (f64, Vec<Place>)>> = BTreeMap::new();
    for (p, (duties, own)) in parts
        .people
        .iter()
        .zip(shares)
        .enumerate()
        .take(parts.staff)
    {
        for (e, (entry, share)) in duties.entries().zip(own).enumerate() {
            let (sum, places) = shifts.entry(entry.shift).or_default().entry(p).or_default();
            *sum += share;
            places.push((p, e));
        }
    }
    let apart = |a: usize, b: usize| problem.index.forbidden.at(a * problem.people.len() + b);
    for team in shifts.values() {
        let mut order: Vec<usize> = team.keys().copied().collect();
        order.sort_by(|a, b| {
            let share = |p: &usize| team.get(p).map_or(0.0, |t| t.0);
            share(b).total_cmp(&share(a)).then(a.cmp(b))
        });
        for &(a, b) in &rules.forbidden_pairs {
            if !team.contains_key(&a) || !team.contains_key(&b) {
                continue;
            }
            let mut together = vec![a, b];
            for &other in &order {
                if together.iter().all(|&p| apart(p, other)) {
                    together.push(other);
                }
            }
            together.sort_unstable();
            let places = together.iter().filter_map(|p| team.get(p));
            consider((1, places.flat_map(|t| t.1.iter().copied()).collect()));
        }
    }
}

/// Shifts of one person in a rolling window.
fn windows(
    pinned: &Roster,
    person: usize,
    (duties, shares): (&Duties, &[f64]),
    consider: &mut dyn FnMut(Limit),
) {
    let Some(window) = pinned.problem.settings.rules.window else {
        return;
    };
    let days = duties
        .entries()
        .map(|e| pinned.problem.index.day.at(e.shift));
    let mut order: Vec<(i64, usize)> = days.enumerate().map(|(e, day)| (day, e)).collect();
    order.sort_unstable();
    let (mut until, mut sum) = (0, 0.0);
    for (from, &(first, e)) in order.iter().enumerate() {
        let last = first + window.days;
        while let Some(&(_, next)) = order.get(until).filter(|(day, _)| *day < last) {
            sum += shares.at(next);
            until += 1;
        }
        let fixed = pinned.days.get(person).map_or(0, |days| {
            let within = |d: &&i64| (first..last).contains(*d);
            days.iter().filter(within).count()
        });
        let cap = whole(window.max).saturating_sub(fixed);
        if sum > cap as f64 {
            let places = order.get(from..until).unwrap_or_default();
            consider((cap, places.iter().map(|&(_, e)| (person, e)).collect()));
        }
        sum -= shares.at(e);
    }
}

/// A run of weekends too long to be worked through: of each weekend one set of entries that exclude
/// each other counts, the one held most.
fn weekends(
    pinned: &Roster,
    person: usize,
    (duties, shares): (&Duties, &[f64]),
    consider: &mut dyn FnMut(Limit),
) {
    let problem = pinned.problem;
    let columns = problem.index.weekends;
    let max = problem.settings.rules.max_consecutive_weekends.map(whole);
    let Some(max) = max.filter(|m| *m < columns) else {
        return;
    };
    let best = busiest(problem, (duties, shares), columns);
    for (first, run) in best.windows(max + 1).enumerate() {
        let (mut places, mut cap, mut all) = (Vec::new(), max, true);
        for (column, (_, own)) in (first..).zip(run) {
            if pinned.weekends.at(person * columns + column) > 0 {
                cap = cap.saturating_sub(1);
            } else if own.is_empty() {
                all = false;
            } else {
                places.extend(own.iter().map(|&e| (person, e)));
            }
        }
        if all && !places.is_empty() {
            consider((cap, places));
        }
    }
}

/// For each weekend the most held set of entries that exclude each other, and how much it is held.
fn busiest(
    problem: &Problem,
    (duties, shares): (&Duties, &[f64]),
    columns: usize,
) -> Vec<(f64, Vec<usize>)> {
    let mut best: Vec<(f64, Vec<usize>)> = vec![(-1.0, Vec::new()); columns];
    let mut start = 0;
    let mut rows = Vec::with_capacity(duties.rows.len());
    for row in &duties.rows {
        let shift = row.entries.first().map_or(0, |e| e.shift);
        rows.push((problem.index.weekend.at(shift), start, row));
        start += row.entries.len();
    }
    for (at, &(column, ..)) in rows.iter().enumerate().filter(|(_, r)| r.0 > 0) {
        let (mut until, mut sum, mut own) = (usize::MAX, 0.0, Vec::new());
        for (other, &(theirs, start, row)) in rows.iter().enumerate().skip(at) {
            if other >= until {
                break;
            }
            if theirs == column {
                until = until.min(row.next);
                for e in start..start + row.entries.len() {
                    sum += shares.at(e);
                    own.push(e);
                }
            }
        }
        if best.get(column - 1).is_some_and(|known| sum > known.0) {
            set(&mut best, column - 1, (sum, own));
        }
    }
    best
}
