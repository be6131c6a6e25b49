//! Out of office for a day or more, and what becomes of it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Span, SpanKind};
use crate::vocab::Interval;

/// Out of office that somebody decided on, or has yet to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// Names it.
    pub id: i64,
    /// When.
    pub interval: Interval,
    /// `proposed`, `accepted` or `dismissed`.
    pub state: String,
    /// Since when it has not been in the calendar (UTC).
    pub gone_at: Option<DateTime<Utc>>,
}

/// What to do about proposals after a reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is new in the calendar.
    Propose(Interval),
    /// Nobody accepted it and it is gone.
    Forget(i64),
    /// It was accepted and is gone: the leave stays, and the page says so.
    Gone(i64),
    /// It was gone and is there again.
    Back(i64),
}

/// Out of office of a day or more: what covers a whole day by the person's clock, or lasts 24 hours.
/// Spans that touch are one.
#[must_use]
pub fn away(spans: &[Span], zone: Tz) -> Vec<Interval> {
    let mut all: Vec<Interval> = spans
        .iter()
        .filter(|s| s.kind == SpanKind::OutOfOffice)
        .map(|s| s.interval)
        .collect();
    all.sort_unstable();
    let mut merged: Vec<Interval> = Vec::new();
    for interval in all {
        match merged.last_mut() {
            Some(last) if interval.start <= last.end => last.end = last.end.max(interval.end),
            _ => merged.push(interval),
        }
    }
    merged.retain(|i| is_a_day(i, zone));
    merged
}

fn is_a_day(interval: &Interval, zone: Tz) -> bool {
    if interval.end - interval.start >= TimeDelta::hours(24) {
        return true;
    }
    // A day on which clocks are put forward is shorter.
    let (start, end) = (
        interval.start.with_timezone(&zone).naive_local(),
        interval.end.with_timezone(&zone).naive_local(),
    );
    let midnight = |t: chrono::NaiveDateTime| t.time() == chrono::NaiveTime::MIN;
    midnight(start) && midnight(end) && start.date() < end.date()
}

/// What to do, given what the calendar has now and what was decided before. What is over by `now` is
/// not proposed and not missed.
#[must_use]
pub fn steps(away: &[Interval], before: &[Proposal], now: DateTime<Utc>) -> Vec<Step> {
    let mut steps: Vec<Step> = away
        .iter()
        .filter(|i| i.end > now && !before.iter().any(|p| p.interval == **i))
        .map(|i| Step::Propose(*i))
        .collect();
    for proposal in before {
        let is_there = away.contains(&proposal.interval);
        let is_over = proposal.interval.end <= now;
        match (proposal.state.as_str(), is_there, proposal.gone_at) {
            ("accepted", true, Some(_)) => steps.push(Step::Back(proposal.id)),
            ("accepted", false, None) if !is_over => steps.push(Step::Gone(proposal.id)),
            ("accepted", _, _) | (_, true, _) => {}
            (_, false, _) => steps.push(Step::Forget(proposal.id)),
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(from: &str, to: &str) -> Interval {
        Interval::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn away_in(zone: Tz, spans: &[(&str, &str)]) -> usize {
        let spans: Vec<Span> = spans
            .iter()
            .map(|(from, to)| Span {
                interval: interval(from, to),
                kind: SpanKind::OutOfOffice,
                all_day: false,
            })
            .collect();
        away(&spans, zone).len()
    }

    #[test]
    fn a_day_is_a_day_also_when_clocks_change() {
        let berlin = chrono_tz::Europe::Berlin;
        for (spans, wanted) in [
            // An afternoon; a day and a night of 24 hours; a local day of 23 hours; 23 hours of no day.
            (vec![("2026-12-01T12:00:00Z", "2026-12-01T18:00:00Z")], 0),
            (vec![("2026-12-01T12:00:00Z", "2026-12-02T12:00:00Z")], 1),
            (vec![("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")], 1),
            (vec![("2026-12-01T12:00:00Z", "2026-12-02T11:00:00Z")], 0),
            // A whole local day inside a longer afternoon-to-morning is 24 hours anyway.
            (
                vec![
                    ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z"),
                    ("2026-12-01T23:00:00Z", "2026-12-02T23:00:00Z"),
                ],
                1,
            ),
            (
                vec![
                    ("2026-11-30T23:00:00Z", "2026-12-01T23:00:00Z"),
                    ("2026-12-02T23:00:00Z", "2026-12-03T23:00:00Z"),
                ],
                2,
            ),
        ] {
            assert_eq!(away_in(berlin, &spans), wanted, "{spans:?}");
        }
    }

    #[test]
    fn what_was_accepted_outlives_its_entry() {
        let (one, two, past) = (
            interval("2026-12-01T00:00:00Z", "2026-12-03T00:00:00Z"),
            interval("2026-12-08T00:00:00Z", "2026-12-09T00:00:00Z"),
            interval("2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"),
        );
        let now = "2026-11-16T09:00:00Z".parse().unwrap();
        let proposal = |id, interval, state: &str, gone: bool| Proposal {
            id,
            interval,
            state: state.into(),
            gone_at: gone.then_some(now),
        };
        assert_eq!(steps(&[past, one], &[], now), [Step::Propose(one)]);
        for (state, gone, there, wanted) in [
            ("proposed", false, true, vec![]),
            ("proposed", false, false, vec![Step::Forget(1)]),
            ("dismissed", false, true, vec![]),
            ("dismissed", false, false, vec![Step::Forget(1)]),
            ("accepted", false, true, vec![]),
            ("accepted", false, false, vec![Step::Gone(1)]),
            ("accepted", true, false, vec![]),
            ("accepted", true, true, vec![Step::Back(1)]),
        ] {
            let before = [proposal(1, one, state, gone)];
            let now_there: &[Interval] = if there { &[one] } else { &[] };
            assert_eq!(
                steps(now_there, &before, now),
                wanted,
                "{state} {gone} {there}"
            );
        }
        // Moved: the old one is gone, the new one is proposed.
        assert_eq!(
            steps(&[two], &[proposal(1, one, "accepted", false)], now),
            [Step::Propose(two), Step::Gone(1)]
        );
        assert_eq!(steps(&[], &[proposal(1, past, "accepted", false)], now), []);
    }
}
