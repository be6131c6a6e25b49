//! Busy time: intervals with their kind, merged.

use std::collections::BTreeMap;

use crate::vocab::Interval;

/// What somebody's calendar says about a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BusyKind {
    /// Booked.
    Busy,
    /// Perhaps: the entry, or the owner's answer to it, is tentative.
    Tentative,
    /// Out of office: leave to confirm.
    OutOfOffice,
}

/// A stretch of busy time. All that ever leaves a calendar that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BusySpan {
    /// When (UTC), within the window that was asked for.
    pub interval: Interval,
    /// How it counts.
    pub kind: BusyKind,
    /// Whether it comes from days rather than times: from local midnight to local midnight.
    pub all_day: bool,
}

/// The union of intervals: sorted, none of them touching another.
#[must_use]
pub fn union(intervals: impl IntoIterator<Item = Interval>) -> Vec<Interval> {
    let mut all: Vec<Interval> = intervals.into_iter().collect();
    merge(&mut all);
    all
}

fn merge(all: &mut Vec<Interval>) {
    all.sort_unstable();
    all.dedup_by(|next, last| {
        let joined = next.start <= last.end;
        if joined {
            last.end = last.end.max(next.end);
        }
        joined
    });
}

/// How many intervals may gather before they are merged.
const ENOUGH: usize = 8192;

/// Collects spans in little room: what overlaps becomes one.
pub(super) struct Spans {
    window: Interval,
    lists: BTreeMap<(BusyKind, bool), (Vec<Interval>, usize)>,
}

impl Spans {
    pub(super) fn new(window: Interval) -> Self {
        Self {
            window,
            lists: BTreeMap::new(),
        }
    }

    /// Adds what of the interval lies in the window.
    pub(super) fn add(&mut self, interval: Interval, kind: BusyKind, all_day: bool) {
        let Some(interval) = self.window.intersection(&interval) else {
            return;
        };
        let (list, full) = self
            .lists
            .entry((kind, all_day))
            .or_insert((Vec::new(), ENOUGH));
        list.push(interval);
        if list.len() >= *full {
            merge(list);
            *full = ENOUGH.max(2 * list.len());
        }
    }

    /// All of them, by time.
    pub(super) fn finish(self) -> Vec<BusySpan> {
        let mut spans: Vec<BusySpan> = self
            .lists
            .into_iter()
            .flat_map(|((kind, all_day), (mut list, _))| {
                merge(&mut list);
                list.into_iter().map(move |interval| BusySpan {
                    interval,
                    kind,
                    all_day,
                })
            })
            .collect();
        spans.sort_unstable();
        spans
    }
}
