//! Random problems from a seed.
use super::checker::{Case, Piece, Who, on_weekend};
use fairshift::scheduler::NewcomerPolicy;

/// A small generator, so that a failing seed can be run again.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1)
    }

    pub fn roll(&mut self, sides: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from((self.0 >> 11) % u64::try_from(sides).unwrap()).unwrap()
    }

    pub fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.roll(i64::try_from(sides).unwrap())).unwrap()
    }

    pub fn chance(&mut self, percent: i64) -> bool {
        self.roll(100) < percent
    }
}

/// A problem with so many people and at most so many slots: overlapping shifts of several lengths,
/// shadows, commitments and every rule, each switched on in some.
pub fn case(dice: &mut Dice, people: usize, slots: usize) -> Case {
    let mut shifts = Vec::new();
    let mut pieces = Vec::new();
    let mut hour = dice.roll(48) - 24;
    while pieces.len() < slots {
        let length = [8, 12, 24, 48][dice.below(4)];
        let start = hour * 60;
        shifts.push((start, start + length * 60, on_weekend(start)));
        for order in 0..=dice.below(3) {
            if pieces.len() < slots {
                pieces.push(Piece {
                    shift: shifts.len() - 1,
                    weight: dice.roll(4),
                    shadow: dice.chance(15),
                    order: u32::try_from(order).unwrap(),
                    pin: None,
                    previous: None,
                });
            }
        }
        // Sometimes before the last one ends, sometimes long after.
        hour += [0, 6, length, length, 24, 72][dice.below(6)];
    }
    let who = |dice: &mut Dice| Who {
        capacity: [5, 8, 10][dice.below(3)],
        history: dice.roll(30) - 10,
        experienced: dice.chance(60),
        newcomer: dice.chance(25),
        avail: (0..pieces.len())
            .map(|_| ['U', 'W', 'W', 'R', 'P'][dice.below(5)])
            .collect(),
        elsewhere: (0..dice.below(3))
            .map(|_| {
                let start = (dice.roll(24 * 12) - 48) * 60;
                (start, start + [4, 12, 24][dice.below(3)] * 60)
            })
            .collect(),
    };
    let everybody = (0..people).map(|_| who(dice)).collect();
    let pairs = (0..dice.below(3)).map(|_| (dice.below(people), dice.below(people)));
    let pairs: Vec<(usize, usize)> = pairs.filter(|(a, b)| a != b).collect();
    for piece in &mut pieces {
        piece.previous = dice.chance(50).then(|| dice.below(people));
    }
    Case {
        people: everybody,
        shifts,
        rest: [0, 660, 1440][dice.below(3)],
        window: dice
            .chance(50)
            .then(|| (3 + dice.roll(9), u32::try_from(1 + dice.roll(3)).unwrap())),
        weekends: dice.chance(50).then_some(1),
        experienced: dice.below(3),
        newcomers: [
            NewcomerPolicy::NeverAlone,
            NewcomerPolicy::OnlyShadow,
            NewcomerPolicy::Free,
        ][dice.below(3)],
        pairs,
        costs: (-10, 0, 20),
        stability: [0, 0, 15, 40][dice.below(4)],
        scale: 40,
        pieces,
    }
}
