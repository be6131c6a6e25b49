//! Published shifts beside what calendars say.

use super::booked::{Busy, BusyKind};
use super::month::OnCall;
use super::sets;
use crate::vocab::{Interval, PersonId};

/// Meetings go with being on call. So many minutes without a break are more than meetings.
const LONG: i64 = 360;
/// An entry outside working hours is a plan of one's own, unless it only spills over.
const SPILL: i64 = 30;

/// A published shift of somebody whose calendar has something else then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Who.
    pub person: PersonId,
    /// The shift.
    pub shift: OnCall,
    /// What the calendar has in it; of several, out of office first, then the longest.
    pub busy: Busy,
}

/// What in a calendar clashes with a shift: out of office at any time in it; six hours
/// or more without a break; an entry outside working hours. Meetings within working hours don't, nor does what is
/// tentative. `working` is a set that covers the shift.
#[must_use]
pub fn taken(shift: Interval, busy: &[Busy], working: &[Interval]) -> Option<Busy> {
    let clashes = |entry: &&Busy| {
        let Some(shared) = entry.interval.intersection(&shift) else {
            return false;
        };
        match entry.kind {
            BusyKind::OutOfOffice => true,
            BusyKind::Tentative => false,
            BusyKind::Busy => {
                let private = sets::without(&[shared], working);
                shared.minutes() >= LONG || sets::minutes(&private, shared) >= SPILL
            }
        }
    };
    let all = busy.iter().filter(clashes);
    all.max_by_key(|b| (b.kind, b.interval.minutes())).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::availability::model::WorkingHours;

    #[test]
    fn meetings_are_no_clash_and_evenings_are() {
        let berlin = chrono_tz::Europe::Berlin;
        let interval = |from: &str, to: &str| {
            Interval::new(
                format!("2026-12-{from}:00Z").parse().unwrap(),
                format!("2026-12-{to}:00Z").parse().unwrap(),
            )
            .unwrap()
        };
        // Tuesday 09:00 to Wednesday 09:00 in Berlin.
        let shift = interval("01T08:00", "02T08:00");
        let working = WorkingHours::USUAL.within(berlin, shift);
        let entry = |kind, from: &str, to: &str| Busy {
            interval: interval(from, to),
            kind,
            all_day: false,
        };
        for (kind, from, to, clashes) in [
            // 10:00 to 11:00, and to 15:59; then a workshop from 10:00 to 16:00.
            (BusyKind::Busy, "01T09:00", "01T10:00", false),
            (BusyKind::Busy, "01T09:00", "01T14:59", false),
            (BusyKind::Busy, "01T09:00", "01T15:00", true),
            // 16:00 to 17:20 spills over; 20:00 to 21:00 is an evening out.
            (BusyKind::Busy, "01T15:00", "01T16:20", false),
            (BusyKind::Busy, "01T19:00", "01T20:00", true),
            (BusyKind::Tentative, "01T19:00", "02T02:00", false),
            (BusyKind::OutOfOffice, "01T09:00", "01T09:30", true),
            // The day before and the day after.
            (BusyKind::OutOfOffice, "01T00:00", "01T08:00", false),
            (BusyKind::Busy, "02T08:00", "02T20:00", false),
        ] {
            let found = taken(shift, &[entry(kind, from, to)], &working);
            assert_eq!(found.is_some(), clashes, "{kind:?} {from} {to}");
        }
        let both = [
            entry(BusyKind::Busy, "01T18:00", "02T06:00"),
            entry(BusyKind::OutOfOffice, "01T09:00", "01T10:00"),
        ];
        assert_eq!(taken(shift, &both, &working), Some(both[1]));
    }
}
