//! Two people share out anew what they hold together, in the best way there is.
//!
//! Changes and swaps move one or two slots; what two people hold can be better shared although no such
//! move is. A dynamic programme over their slots in time finds it: for each load of the one, and for
//! when each of the two is free again, the least that the preferences cost; the other has the rest.
//! Rules about more than rest are looked at when it is done. (A large neighbourhood, searched
//! exactly: Ahuja and others, "A survey of very large-scale neighborhood search techniques", 2002.)
use super::super::bound::gcd;
use super::super::roster::Roster;
use super::super::table::{At, set};
use super::super::{rules, score};

/// Most loads that are told apart; beyond it the best found may not be the best there is.
const LOADS: i64 = 512;

/// Most ways to be free again that are told apart.
const STATES: usize = 12;

/// Most cells of a programme: some 32 bytes each.
const CELLS: usize = 1 << 22;

/// A slot to be shared out.
struct Shared {
    slot: usize,
    start: i64,
    /// When whoever takes it may serve again.
    free: i64,
    weight: i64,
    /// What it costs either of the two to take it, where they may.
    wish: [Option<i64>; 2],
}

/// When the two are free again, and the cheapest way to each load of the first.
struct State {
    free: [i64; 2],
    cells: Vec<Cell>,
}

#[derive(Clone, Copy)]
struct Cell {
    /// What the preferences cost so far; `NEVER` where nothing leads.
    cost: i64,
    load: i64,
    /// The state before, and who of the two took the slot since.
    from: usize,
    taker: usize,
}

const NEVER: i64 = i64::MAX;

impl Default for Cell {
    fn default() -> Self {
        Self {
            cost: NEVER,
            load: 0,
            from: 0,
            taker: 0,
        }
    }
}

/// Two by two, as long as that makes it better and the work (in cells) lasts.
pub(super) fn share_out(roster: &mut Roster, work: &mut u64) {
    let people = roster.problem.people.len();
    // How often each person's slots changed, and how often they had when the two were tried.
    let mut changed = vec![1_usize; people];
    let mut tried = vec![(0, 0); people * people];
    let mut held = by_holder(roster);
    loop {
        let mut better = false;
        for a in 0..people {
            for b in a + 1..people {
                let now = (changed.at(a), changed.at(b));
                if tried.at(a * people + b) == now {
                    continue;
                }
                if *work == 0 {
                    return;
                }
                set(&mut tried, a * people + b, now);
                if share(roster, &mut held, [a, b], work) {
                    set(&mut changed, a, now.0 + 1);
                    set(&mut changed, b, now.1 + 1);
                    better = true;
                }
            }
        }
        if !better {
            return;
        }
    }
}

/// Shares out the slots of two people; whether that made it better. Slots by who holds them, pins aside.
fn share(roster: &mut Roster, held: &mut [Vec<usize>], pair: [usize; 2], work: &mut u64) -> bool {
    let problem = roster.problem;
    let mut before = Vec::new();
    for person in pair {
        let own = held.get(person).map(Vec::as_slice).unwrap_or_default();
        before.extend(own.iter().map(|&slot| (slot, person)));
    }
    before.sort_unstable();
    let fair = |&p: &usize| score::fairness(problem, p, score::balance(roster, p));
    let wish = |&(slot, p): &(usize, usize)| i128::from(score::preference(problem, p, slot));
    let cost = pair.iter().map(fair).sum::<i128>() + before.iter().map(wish).sum::<i128>();
    for &(slot, _) in &before {
        roster.take(slot);
    }
    let slots = shared(roster, pair, &before);
    let new = best(roster, pair, &slots, work).filter(|(new, _)| *new < cost);
    if let Some((_, takers)) = new {
        let put = |(shared, &taker): (&Shared, &usize)| (shared.slot, pair.at(taker));
        let mut after: Vec<(usize, usize)> = slots.iter().zip(&takers).map(put).collect();
        let mut done = 0;
        for &(slot, person) in &after {
            if !rules::allows(roster, person, slot) {
                break;
            }
            roster.put(slot, person);
            done += 1;
        }
        if done == after.len() {
            after.sort_unstable();
            for person in pair {
                let own = after.iter().filter(|(_, p)| *p == person);
                set(held, person, own.map(|(slot, _)| *slot).collect());
            }
            return true;
        }
        for &(slot, _) in after.iter().take(done) {
            roster.take(slot);
        }
    }
    for (slot, person) in before {
        roster.put(slot, person);
    }
    false
}

/// The slots that each person holds, pins aside, in order.
fn by_holder(roster: &Roster) -> Vec<Vec<usize>> {
    let mut held = vec![Vec::new(); roster.problem.people.len()];
    for (slot, (of, holder)) in roster.problem.slots.iter().zip(&roster.holder).enumerate() {
        let own = holder.filter(|_| of.pin.is_none());
        if let Some(own) = own.and_then(|p| held.get_mut(p)) {
            own.push(slot);
        }
    }
    held
}

/// The slots in order of time.
fn shared(roster: &Roster, pair: [usize; 2], held: &[(usize, usize)]) -> Vec<Shared> {
    let problem = roster.problem;
    let mut slots: Vec<Shared> = Vec::with_capacity(held.len());
    for &(slot, _) in held {
        let shift = problem.shifts.get(problem.index.shift.at(slot));
        let shift = shift.copied().unwrap_or_default();
        let wish = |p: usize| {
            let may = rules::allows(roster, p, slot);
            may.then(|| score::preference(problem, p, slot))
        };
        slots.push(Shared {
            slot,
            start: shift.start_min,
            free: shift.end_min + problem.settings.rules.min_rest_min,
            weight: problem.index.weight.at(slot),
            wish: pair.map(wish),
        });
    }
    slots.sort_by_key(|s| (s.start, s.slot));
    slots
}

/// What it costs at best to share the slots out, and who of the two takes each then.
fn best(
    roster: &Roster,
    pair: [usize; 2],
    slots: &[Shared],
    work: &mut u64,
) -> Option<(i128, Vec<usize>)> {
    let problem = roster.problem;
    let total: i64 = slots.iter().map(|s| s.weight).sum();
    let unit = slots.iter().fold(0, |unit, s| gcd(unit, s.weight));
    let grid = unit.max(total / LOADS).max(1);
    let width = usize::try_from(total / grid + 1).ok()?;
    if slots.len() * width * STATES > CELLS {
        return None;
    }
    let mut layers: Vec<Vec<State>> = Vec::with_capacity(slots.len() + 1);
    let mut first = vec![Cell::default(); width];
    set(
        &mut first,
        0,
        Cell {
            cost: 0,
            ..Cell::default()
        },
    );
    layers.push(vec![State {
        free: [i64::MIN; 2],
        cells: first,
    }]);
    for (at, shared) in slots.iter().enumerate() {
        let after = slots.get(at + 1).map_or(i64::MAX, |s| s.start);
        let here = layers.last()?;
        *work = work.saturating_sub((here.len() * width) as u64);
        let next = step(here, shared, (after, grid, width));
        layers.push(next);
    }
    let bases = pair.map(|p| score::balance(roster, p));
    let mut found: Option<(i128, usize, usize)> = None;
    for (number, state) in layers.last()?.iter().enumerate() {
        for (place, cell) in state
            .cells
            .iter()
            .enumerate()
            .filter(|(_, c)| c.cost != NEVER)
        {
            let loads = [cell.load, total - cell.load];
            let sides = pair.iter().zip(bases).zip(loads);
            let fair = sides.map(|((&p, base), load)| score::fairness(problem, p, base + load));
            let cost = i128::from(cell.cost) + fair.sum::<i128>();
            if found.is_none_or(|(least, ..)| cost < least) {
                found = Some((cost, number, place));
            }
        }
    }
    let (cost, mut number, mut place) = found?;
    let mut takers = Vec::with_capacity(slots.len());
    for (layer, shared) in layers.iter().skip(1).zip(slots).rev() {
        let cell = layer.get(number)?.cells.get(place)?;
        takers.push(cell.taker);
        let load = cell.load - if cell.taker == 0 { shared.weight } else { 0 };
        number = cell.from;
        place = usize::try_from(load / grid).ok()?;
    }
    takers.reverse();
    Some((cost, takers))
}

/// One slot further: either of the two takes it.
fn step(here: &[State], shared: &Shared, (after, grid, width): (i64, i64, usize)) -> Vec<State> {
    let mut next: Vec<State> = Vec::new();
    for (from, state) in here.iter().enumerate() {
        for (taker, wish) in shared.wish.iter().enumerate() {
            let Some(wish) = wish.filter(|_| state.free.at(taker) <= shared.start) else {
                continue;
            };
            let mut free = state.free;
            set(&mut free, taker, shared.free);
            // When nothing later is too soon it does not matter when it was.
            let free = free.map(|f| if f <= after { i64::MIN } else { f });
            let known = next.iter().position(|s| s.free == free);
            let number = known.unwrap_or(next.len());
            if known.is_none() {
                if next.len() == STATES {
                    continue;
                }
                let cells = vec![Cell::default(); width];
                next.push(State { free, cells });
            }
            let Some(target) = next.get_mut(number) else {
                continue;
            };
            let more = if taker == 0 { shared.weight } else { 0 };
            for cell in state.cells.iter().filter(|c| c.cost != NEVER) {
                let load = cell.load + more;
                let cost = cell.cost + wish;
                let place = usize::try_from(load / grid).unwrap_or(width);
                if let Some(known) = target.cells.get_mut(place).filter(|c| cost < c.cost) {
                    *known = Cell {
                        cost,
                        load,
                        from,
                        taker,
                    };
                }
            }
        }
    }
    next
}
