//! Why a schedule can't be fairer: people who have to carry more than their share together, because
//! nobody else can take certain slots, or because they are pinned to them.
//!
//! Whatever the schedule, slots whose every candidate belongs to a group of people are carried by
//! that group, and so are slots that one of them is pinned to. Where their burden and what the group
//! carried before exceed its fair share, somebody of the group is above it. Groups looked at are the
//! candidates of each slot, whoever is pinned to one, and whoever carries more than so much now.
use super::super::problem::Problem;
use super::super::roster::Roster;
use super::super::score;
use super::super::table::{At, set};

/// A group who carry more than their share together, and the slots that only they can take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bottleneck {
    /// The people, in order.
    pub people: Vec<usize>,
    /// The slots that nobody else can take, in order.
    pub slots: Vec<usize>,
    /// Slots that others could take, but one of these is pinned to them; in order.
    pub pinned: Vec<usize>,
    /// Shifts that need somebody experienced of this group on one more slot, in order.
    pub experienced: Vec<usize>,
    /// The least burden the group carries by these, in weight units.
    pub weight: i64,
    /// The least sum of their balances after any schedule that fills these slots, in weight units;
    /// positive: that much more than their fair share.
    pub over: i64,
}

/// People as bits.
type Set = Vec<u64>;

/// Groups that are above their fair share whatever the schedule, the tightest first: at most so
/// many, which share no slot.
#[must_use]
pub fn bottlenecks(
    problem: &Problem,
    assignment: &[Option<usize>],
    most: usize,
) -> Vec<Bottleneck> {
    let roster = Roster::of(problem, assignment);
    let filled: Vec<usize> = (0..problem.slots.len())
        .filter(|&slot| roster.holder.at(slot).is_some())
        .collect();
    let mut sets: Vec<Set> = filled.iter().map(|&s| candidates(problem, s)).collect();
    sets.extend(filled.iter().filter_map(|&s| pinned(problem, s)));
    sets.extend(heavy(&roster));
    sets.sort_unstable();
    sets.dedup();
    let everybody = problem.people.len();
    let mut found: Vec<Bottleneck> = sets
        .iter()
        .filter(|set| (1..everybody).contains(&size(set)))
        .map(|set| bottleneck(problem, &filled, set))
        .filter(|b| b.over > 0 && b.slots.len() + b.pinned.len() + b.experienced.len() > 0)
        .collect();
    // The most above their share per person first; of equals, the fewest people.
    let head = |b: &Bottleneck| i64::try_from(b.people.len()).unwrap_or(i64::MAX).max(1);
    found.sort_by(|a, b| {
        let (ours, theirs) = (
            i128::from(a.over) * i128::from(head(b)),
            i128::from(b.over) * i128::from(head(a)),
        );
        theirs.cmp(&ours).then_with(|| a.people.cmp(&b.people))
    });
    let mut taken = vec![false; problem.slots.len()];
    let mut people = vec![false; everybody];
    let mut chosen: Vec<Bottleneck> = Vec::new();
    for bottleneck in found {
        let slots = || bottleneck.slots.iter().chain(&bottleneck.pinned);
        let known =
            slots().any(|&s| taken.at(s)) || bottleneck.people.iter().all(|&p| people.at(p));
        if known || chosen.len() == most {
            continue;
        }
        for &slot in slots() {
            set(&mut taken, slot, true);
        }
        for &person in &bottleneck.people {
            set(&mut people, person, true);
        }
        chosen.push(bottleneck);
    }
    chosen
}

fn empty(problem: &Problem) -> Set {
    vec![0; problem.people.len().div_ceil(64)]
}

fn insert(set: &mut Set, person: usize) {
    if let Some(word) = set.get_mut(person / 64) {
        *word |= 1 << (person % 64);
    }
}

fn contains(set: &Set, person: usize) -> bool {
    set.as_slice().at(person / 64) >> (person % 64) & 1 == 1
}

fn within(inner: &Set, outer: &Set) -> bool {
    inner.iter().zip(outer).all(|(i, o)| i & !o == 0)
}

fn size(set: &Set) -> usize {
    let bits: u32 = set.iter().map(|word| word.count_ones()).sum();
    usize::try_from(bits).unwrap_or(usize::MAX)
}

/// Who can take a slot, and whoever is pinned to it against the rules.
fn candidates(problem: &Problem, slot: usize) -> Set {
    let mut set = pinned(problem, slot).unwrap_or_else(|| empty(problem));
    for &person in problem.index.candidates.get(slot).into_iter().flatten() {
        insert(&mut set, person);
    }
    set
}

/// Who is pinned to a slot.
fn pinned(problem: &Problem, slot: usize) -> Option<Set> {
    let person = problem.slots.get(slot)?.pin?;
    let mut set = empty(problem);
    insert(&mut set, person);
    Some(set)
}

/// For each person, everybody who carries at least as much per capacity.
fn heavy(roster: &Roster) -> Vec<Set> {
    let problem = roster.problem;
    let height = |person: usize| {
        let balance = i128::from(score::balance(roster, person));
        balance.saturating_mul(problem.index.coefficient.at(person))
    };
    let mut order: Vec<usize> = (0..problem.people.len()).collect();
    order.sort_by_key(|&p| std::cmp::Reverse(height(p)));
    let mut group = empty(problem);
    let mut groups = Vec::with_capacity(order.len());
    for (place, &person) in order.iter().enumerate() {
        insert(&mut group, person);
        let next = order.get(place + 1).map(|&p| height(p));
        if next != Some(height(person)) {
            groups.push(group.clone());
        }
    }
    groups
}

fn bottleneck(problem: &Problem, filled: &[usize], group: &Set) -> Bottleneck {
    let people: Vec<usize> = (0..problem.people.len())
        .filter(|&p| contains(group, p))
        .collect();
    let (slots, others): (Vec<usize>, Vec<usize>) = filled
        .iter()
        .partition(|&&slot| within(&candidates(problem, slot), group));
    let is_ours = |slot: &usize| pinned(problem, *slot).is_some_and(|pin| within(&pin, group));
    let pinned: Vec<usize> = others.into_iter().filter(is_ours).collect();
    let ours = || slots.iter().chain(&pinned);
    let mut weight: i64 = ours().map(|&s| problem.index.weight.at(s)).sum();
    let mut experienced = Vec::new();
    for shift in 0..problem.shifts.len() {
        if let Some(least) = more_experience(problem, filled, &slots, group, shift) {
            experienced.push(shift);
            weight += least;
        }
    }
    let before: i64 = people
        .iter()
        .filter_map(|&p| problem.people.get(p))
        .map(|p| p.history)
        .sum();
    Bottleneck {
        people,
        slots,
        pinned,
        experienced,
        weight,
        over: before + weight,
    }
}

/// The least weight of another slot that somebody experienced of the group has to take on a shift,
/// where all who could are in it and its own slots don't do.
fn more_experience(
    problem: &Problem,
    filled: &[usize],
    ours: &[usize],
    group: &Set,
    shift: usize,
) -> Option<i64> {
    let wanted = usize::try_from(problem.settings.rules.experienced_per_shift).ok()?;
    let team = problem.index.slots_of.get(shift)?;
    let serving = |slot: &&usize| {
        let shadow = problem.slots.get(**slot).is_none_or(|s| s.role.shadow);
        !shadow && filled.binary_search(slot).is_ok()
    };
    let slots: Vec<usize> = team.iter().filter(serving).copied().collect();
    // An open slot could be the experienced person's: then nothing follows.
    let all = team
        .iter()
        .filter(|&&s| problem.slots.get(s).is_some_and(|s| !s.role.shadow));
    if wanted == 0 || slots.is_empty() || all.count() != slots.len() {
        return None;
    }
    let own = slots.iter().filter(|s| ours.contains(s)).count();
    // Pins may break the rule, and then it asks for nobody.
    let is_pinned = |&s: &usize| problem.slots.get(s).is_some_and(|s| s.pin.is_some());
    if own > 0 || slots.iter().any(is_pinned) {
        return None;
    }
    for &slot in &slots {
        let mut able = candidates(problem, slot);
        for (person, entry) in problem.people.iter().enumerate() {
            if !entry.experienced {
                remove(&mut able, person);
            }
        }
        if !within(&able, group) {
            return None;
        }
    }
    slots.iter().map(|&s| problem.index.weight.at(s)).min()
}

fn remove(set: &mut Set, person: usize) {
    if let Some(word) = set.get_mut(person / 64) {
        *word &= !(1 << (person % 64));
    }
}
