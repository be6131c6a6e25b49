//! The exact value of prices, and the floor of every pair of person and slot.
use super::super::table::{At, set};
use super::duties::{Duties, NEVER, Row};

/// The tables of one person at given prices, reused from person to person.
#[derive(Default)]
pub(super) struct Tables {
    /// What each entry costs after its prices, in order.
    pub costs: Vec<i64>,
    /// Row x load: least cost from here on, having this load already.
    pub ahead: Vec<i64>,
    /// Row x load: least cost so far to be here with this load.
    pub behind: Vec<i64>,
    width: usize,
}

impl Tables {
    /// The least that this person can cost, less what the prices pay them.
    pub fn best(&mut self, duties: &Duties, prices: &[i64]) -> i64 {
        let rows = duties.rows.len();
        self.width = duties.terminal.len();
        self.costs.clear();
        self.costs.extend(duties.entries().map(|e| {
            let paid = e.priced.iter().map(|&k| prices.at(k));
            e.cost - paid.sum::<i64>()
        }));
        let mut number = self.costs.len();
        let width = self.width;
        self.ahead.clear();
        self.ahead.resize((rows + 1) * width, NEVER);
        if let Some(last) = self.ahead.get_mut(rows * width..) {
            last.copy_from_slice(&duties.terminal);
        }
        for (at, row) in duties.rows.iter().enumerate().rev() {
            let (head, tail) = self.ahead.split_at_mut((at + 1) * width);
            let (Some(here), Some(skip)) = (head.get_mut(at * width..), tail.get(..width)) else {
                continue;
            };
            here.copy_from_slice(skip);
            let from = (row.next - at - 1) * width;
            let Some(after) = tail.get(from..from + width) else {
                continue;
            };
            for entry in row.entries.iter().rev() {
                number -= 1;
                let cost = self.costs.at(number);
                let steps = entry.steps.min(width - 1);
                let shifted = after.get(steps..).unwrap_or_default();
                for (cell, &value) in here.iter_mut().zip(shifted) {
                    *cell = (*cell).min(value + cost);
                }
                let mut top = after.at(width - 1) + cost;
                for cell in here.iter_mut().skip(width - steps) {
                    top += duties.beyond;
                    *cell = (*cell).min(top);
                }
            }
        }
        self.ahead.at(0)
    }

    /// Fills `behind`, after [`Tables::best`].
    pub fn reach(&mut self, duties: &Duties) {
        self.with(duties, |_, _| {});
    }

    /// After [`Tables::best`]: for each entry, by number, the least the person can cost with it.
    pub fn with(&mut self, duties: &Duties, mut each: impl FnMut(usize, i64)) {
        let (rows, width) = (duties.rows.len(), self.width);
        self.behind.clear();
        self.behind.resize((rows + 1) * width, NEVER);
        set(&mut self.behind, 0, 0);
        let mut number = 0;
        for (at, row) in duties.rows.iter().enumerate() {
            self.row((at, row), number, duties.beyond, &mut each);
            number += row.entries.len();
        }
    }

    fn row(
        &mut self,
        (at, row): (usize, &Row),
        number: usize,
        beyond: i64,
        each: &mut impl FnMut(usize, i64),
    ) {
        let width = self.width;
        let (head, tail) = self.behind.split_at_mut((at + 1) * width);
        let Some(here) = head.get(at * width..) else {
            return;
        };
        for (cell, &value) in tail.iter_mut().zip(here) {
            *cell = (*cell).min(value);
        }
        let (from, to) = ((row.next - at - 1) * width, row.next * width);
        let Some(after) = self.ahead.get(to..to + width) else {
            return;
        };
        for (i, entry) in row.entries.iter().enumerate() {
            let cost = self.costs.at(number + i);
            let steps = entry.steps.min(width - 1);
            let mut least = NEVER;
            let Some(target) = tail.get_mut(from..from + width) else {
                continue;
            };
            let (ends, reach) = (
                after.get(steps..).unwrap_or_default(),
                target.get_mut(steps..),
            );
            for ((&value, &end), cell) in here.iter().zip(ends).zip(reach.into_iter().flatten()) {
                least = least.min(value + end);
                *cell = (*cell).min(value + cost);
            }
            if let (Some(last), &[.., end]) = (target.last_mut(), after) {
                let mut over = 0;
                for &value in here.iter().skip(width - steps) {
                    over += beyond;
                    least = least.min(value + end + over);
                    *last = (*last).min(value + cost + over);
                }
            }
            each(number + i, least.saturating_add(cost));
        }
    }
}
