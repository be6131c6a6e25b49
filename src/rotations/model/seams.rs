//! Where one shift meets the next.
//!
//! Legs in different zones change their clocks on different days, so for some weeks a year the
//! site that hands over and the site that takes over disagree by an hour or two about when. One
//! rule makes coverage seamless again: **a start never moves; a shift ends when the next one
//! starts**, where the two legs lie in different zones and the next start is within
//! [`TOLERANCE`] of the end that the leg's own clock says. As starts stay put, the rule never
//! chains: a shift's interval depends only on itself and on the one start that follows it, and is
//! the same whatever period is asked for.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::definition::Definition;
use crate::vocab::Interval;

/// How far two legs in different zones may drift apart at a seam: two zones that both change by an
/// hour, in opposite seasons, drift by two.
pub(super) const TOLERANCE: TimeDelta = TimeDelta::minutes(120);

/// A shift of the leg with that index, as its own clock has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nominal {
    pub leg: usize,
    pub interval: Interval,
}

/// All shifts whose coverage begins on one of those local days, in the order of their starts, each
/// as its own leg's clock has it.
pub(super) fn nominal(version: &Definition, from: NaiveDate, to: NaiveDate) -> Vec<Nominal> {
    let mut shifts: Vec<Nominal> = from
        .iter_days()
        .take_while(|day| *day <= to)
        .flat_map(|day| {
            let legs = version.legs.iter().enumerate();
            legs.flat_map(move |(leg, rule)| {
                let shifts = rule.shifts_on(day).into_iter();
                shifts.map(move |interval| Nominal { leg, interval })
            })
        })
        .collect();
    shifts.sort_by_key(|s| (s.interval.start, s.leg));
    shifts
}

/// Whether clocks of the two legs can drift apart.
pub(super) fn drifts(version: &Definition, one: usize, other: usize) -> bool {
    let zone = |leg: usize| version.legs.get(leg).map(|l| l.zone);
    zone(one) != zone(other)
}

/// Moves ends to the next start by the rule above. The last shift of the list keeps its own end:
/// ask for more days than you need.
pub(super) fn join(version: &Definition, shifts: &mut [Nominal]) {
    let starts: Vec<(usize, DateTime<Utc>)> =
        shifts.iter().map(|s| (s.leg, s.interval.start)).collect();
    for (shift, &(leg, next)) in shifts.iter_mut().zip(starts.iter().skip(1)) {
        let off = (next - shift.interval.end).abs();
        if next > shift.interval.start && off <= TOLERANCE && drifts(version, shift.leg, leg) {
            shift.interval.end = next;
        }
    }
}
