//! Legs that would have two people on call at once.

use std::collections::BTreeSet;

use chrono::{Days, TimeDelta};

use super::definition::{Definition, FieldError};
use super::seams::{Nominal, TOLERANCE, drifts, nominal};

/// A year and a bit: every change of clocks comes by.
const LOOK_AHEAD: Days = Days::new(400);

/// For each two legs that overlap by more than their clocks' drift explains: an error that names
/// both and the first day it happens.
pub(super) fn errors(definition: &Definition) -> Vec<FieldError> {
    let from = definition.effective_from;
    let to = from.checked_add_days(LOOK_AHEAD).unwrap_or(from);
    let mut errors = Vec::new();
    let mut named = BTreeSet::new();
    let mut running: Vec<Nominal> = Vec::new();
    for shift in nominal(definition, from, to) {
        let start = shift.interval.start;
        running.retain(|r| r.interval.end > start);
        for other in running.iter().filter(|r| r.leg != shift.leg) {
            let shared = other.interval.end.min(shift.interval.end) - start;
            let allowed = if drifts(definition, other.leg, shift.leg) {
                TOLERANCE
            } else {
                TimeDelta::zero()
            };
            let pair = (other.leg.min(shift.leg), other.leg.max(shift.leg));
            if shared > allowed && named.insert(pair) {
                errors.extend(error(definition, pair, &shift, shared));
            }
        }
        running.push(shift);
    }
    errors
}

fn error(
    definition: &Definition,
    (one, other): (usize, usize),
    shift: &Nominal,
    shared: TimeDelta,
) -> Option<FieldError> {
    let (first, second) = (definition.legs.get(one)?, definition.legs.get(other)?);
    let zone = definition.legs.get(shift.leg)?.zone;
    let day = shift.interval.start.with_timezone(&zone);
    Some(FieldError::new(
        format!("legs.{other}.handover"),
        format!(
            "{} and {} are both on call for {} minutes from {} ({zone}): let one begin when the other ends.",
            first.name,
            second.name,
            shared.num_minutes(),
            day.format("%A %-d %B %Y, %H:%M"),
        ),
    ))
}
