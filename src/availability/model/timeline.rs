//! A person's level over time: an entry beats the weekly pattern, the pattern beats "available".

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;

use super::week::Pattern;
use super::{Entry, part_interval};
use crate::vocab::{Interval, Level};

/// A stretch of one level and note.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// When.
    pub interval: Interval,
    /// How willing.
    pub level: Level,
    /// What the person wrote there; may be empty.
    pub note: String,
}

/// A person's levels over a range: spans in order that cover it without gaps, neighbours differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeline {
    range: Interval,
    spans: Vec<Span>,
}

impl Timeline {
    /// What it covers.
    #[must_use]
    pub fn range(&self) -> Interval {
        self.range
    }

    /// All of it, in order.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The spans within an interval, clipped to it. Nothing lies outside the timeline's range.
    pub fn pieces(&self, within: Interval) -> impl Iterator<Item = Span> {
        let first = self
            .spans
            .partition_point(|s| s.interval.end <= within.start);
        let touching = self.spans.iter().skip(first);
        touching.map_while(move |span| {
            Some(Span {
                interval: span.interval.intersection(&within)?,
                ..span.clone()
            })
        })
    }

    /// The level of a whole interval: the worst that occurs in it. A shift that touches leave or
    /// unavailability can't be served; if-needed wins over available; it is preferred only where
    /// all of it is. What lies outside the timeline's range doesn't count.
    #[must_use]
    pub fn level(&self, interval: Interval) -> Level {
        self.pieces(interval)
            .map(|piece| piece.level)
            .max()
            .unwrap_or(Level::Available)
    }

    /// Minutes of leave within an interval.
    #[must_use]
    pub fn leave_minutes(&self, within: Interval) -> i64 {
        self.pieces(within)
            .filter(|piece| piece.level == Level::Leave)
            .map(|piece| piece.interval.minutes())
            .sum()
    }
}

/// The level over `range` of a person whose clocks follow `zone`. `patterns` and `entries` are in
/// order of time, entries don't overlap; those outside the range may be left out, but not the last
/// pattern before it.
#[must_use]
pub fn resolve(zone: Tz, patterns: &[Pattern], entries: &[Entry], range: Interval) -> Timeline {
    let ground = vec![Span {
        interval: range,
        level: Level::Available,
        note: String::new(),
    }];
    let entries: Vec<Span> = entries
        .iter()
        .filter_map(|entry| {
            Some(Span {
                interval: entry.interval.intersection(&range)?,
                level: entry.level,
                note: entry.note.clone(),
            })
        })
        .collect();
    let usual = overlay(ground, usual(zone, patterns, range));
    Timeline {
        range,
        spans: merged(overlay(usual, entries)),
    }
}

/// What the weekly patterns say within the range.
fn usual(zone: Tz, patterns: &[Pattern], range: Interval) -> Vec<Span> {
    let Some(first) = patterns.first() else {
        return Vec::new();
    };
    let day_of = |t: chrono::DateTime<chrono::Utc>| t.with_timezone(&zone).date_naive();
    let eve = |d: NaiveDate| d.checked_sub_days(Days::new(1)).unwrap_or(d);
    let (start, end) = (eve(day_of(range.start)).max(first.from), day_of(range.end));
    let mut spans = Vec::new();
    for day in start.iter_days().take_while(|day| *day <= end) {
        let in_force = patterns.partition_point(|p| p.from <= day).checked_sub(1);
        let Some(pattern) = in_force.and_then(|i| patterns.get(i)) else {
            continue;
        };
        for part in pattern.week.on(day).flat() {
            let interval = part_interval(zone, day, part.from, part.to);
            if let Some(interval) = interval.and_then(|i| i.intersection(&range)) {
                spans.push(Span {
                    interval,
                    level: part.level,
                    note: String::new(),
                });
            }
        }
    }
    spans
}

/// `above` over `below`; each in order and without overlaps.
fn overlay(below: Vec<Span>, above: Vec<Span>) -> Vec<Span> {
    let mut spans = Vec::with_capacity(below.len() + above.len());
    for span in below {
        let first = above.partition_point(|a| a.interval.end <= span.interval.start);
        let mut at = span.interval.start;
        let over = above.iter().skip(first).map(|a| a.interval);
        for over in over.take_while(|o| o.start < span.interval.end) {
            if let Ok(interval) = Interval::new(at, over.start) {
                spans.push(Span {
                    interval,
                    ..span.clone()
                });
            }
            at = over.end;
        }
        if let Ok(interval) = Interval::new(at, span.interval.end) {
            spans.push(Span { interval, ..span });
        }
    }
    spans.extend(above);
    spans.sort_by_key(|s| s.interval.start);
    spans
}

/// Neighbours of one level and note become one.
fn merged(spans: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last)
                if last.interval.end == span.interval.start
                    && last.level == span.level
                    && last.note == span.note =>
            {
                last.interval.end = span.interval.end;
            }
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::availability::model::{Part, Week, WeekDay};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn interval(from: &str, to: &str) -> Interval {
        Interval::new(at(from), at(to)).unwrap()
    }

    fn entry(interval: Interval, level: Level, note: &str) -> Entry {
        Entry {
            id: 1,
            interval,
            level,
            note: note.into(),
            entered_by: None,
            entered_at: at("2026-01-01T00:00:00Z"),
        }
    }

    #[test]
    fn entry_beats_pattern_beats_available() {
        let zone = chrono_tz::Europe::Berlin;
        let mut week = Week::every_day(Level::Available);
        // Thursdays: if needed, the evening preferred.
        let evening = Part {
            from: 1080,
            to: 1440,
            level: Level::Preferred,
        };
        week.0[3] = WeekDay::new(Level::IfNeeded, vec![evening]).unwrap();
        let patterns = [Pattern {
            from: "2026-12-04".parse().unwrap(),
            week,
        }];
        let range = interval("2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z");
        let away = interval("2026-12-10T11:00:00Z", "2026-12-10T18:00:00Z");
        let entries = [entry(away, Level::Leave, "dentist")];
        let timeline = resolve(zone, &patterns, &entries, range);
        // 3 December is a Thursday before the pattern holds.
        let third = interval("2026-12-02T23:00:00Z", "2026-12-03T23:00:00Z");
        assert_eq!(timeline.level(third), Level::Available);
        let tenth = interval("2026-12-09T23:00:00Z", "2026-12-10T23:00:00Z");
        let pieces: Vec<_> = timeline
            .pieces(tenth)
            .map(|s| (s.level, s.interval.minutes()))
            .collect();
        assert_eq!(
            pieces,
            [
                (Level::IfNeeded, 720),
                (Level::Leave, 420),
                (Level::Preferred, 300),
            ]
        );
        assert_eq!(timeline.level(tenth), Level::Leave);
        assert_eq!(timeline.leave_minutes(range), 420);
        let night = interval("2026-12-10T18:00:00Z", "2026-12-10T23:00:00Z");
        assert_eq!(timeline.level(night), Level::Preferred);
        let into_friday = interval("2026-12-10T18:00:00Z", "2026-12-11T06:00:00Z");
        assert_eq!(timeline.level(into_friday), Level::Available);
    }

    #[test]
    fn patterns_follow_the_wall_clock_over_clock_changes() {
        let zone = chrono_tz::Europe::Berlin;
        let night = Part {
            from: 0,
            to: 360,
            level: Level::Unavailable,
        };
        let day = WeekDay::new(Level::Available, vec![night]).unwrap();
        let patterns = [Pattern {
            from: "2026-01-01".parse().unwrap(),
            week: Week(std::array::from_fn(|_| day.clone())),
        }];
        let minutes = |from: &str, to: &str| {
            let timeline = resolve(zone, &patterns, &[], interval(from, to));
            let night = timeline.spans().first().unwrap();
            assert_eq!(night.level, Level::Unavailable);
            night.interval.minutes()
        };
        assert_eq!(minutes("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"), 300);
        assert_eq!(minutes("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), 420);
    }

    proptest! {
        #[test]
        fn timelines_cover_their_range(
            zone in 0..chrono_tz::TZ_VARIANTS.len(),
            cuts in proptest::collection::btree_set(0i64..20_000, 0..12),
            levels in proptest::collection::vec(0usize..5, 26),
            from in 0u64..20,
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let base = at("2026-03-20T05:00:00Z");
            let range = Interval::new(base, base + TimeDelta::days(14)).unwrap();
            let moment = |m: i64| base + TimeDelta::minutes(m - 100);
            let cuts: Vec<i64> = cuts.into_iter().collect();
            let entries: Vec<Entry> = cuts.chunks_exact(2).zip(&levels).map(|(c, l)| {
                entry(Interval::new(moment(c[0]), moment(c[1])).unwrap(), Level::ALL[*l], "")
            }).collect();
            let week = Week(std::array::from_fn(|i| WeekDay::whole(Level::ALL[levels[12 + i]])));
            let start = NaiveDate::from_ymd_opt(2026, 3, 15).unwrap() + Days::new(from);
            let patterns = [Pattern { from: start, week }];
            let timeline = resolve(zone, &patterns, &entries, range);
            let spans = timeline.spans();
            prop_assert_eq!(spans[0].interval.start, range.start);
            prop_assert_eq!(spans[spans.len() - 1].interval.end, range.end);
            for pair in spans.windows(2) {
                prop_assert_eq!(pair[0].interval.end, pair[1].interval.start);
                prop_assert!(pair[0].level != pair[1].level || pair[0].note != pair[1].note);
            }
            // Instant by instant it is what the rule says.
            for minute in (0..14 * 1440).step_by(97) {
                let t = base + TimeDelta::minutes(minute);
                let here = Interval::new(t, t + TimeDelta::seconds(1)).unwrap();
                let day = t.with_timezone(&zone).date_naive();
                let usual = if day >= start { patterns[0].week.on(day).level() } else { Level::Available };
                let want = entries.iter().find(|e| e.interval.contains(t)).map_or(usual, |e| e.level);
                prop_assert_eq!(timeline.level(here), want, "{} {}", zone, t);
            }
        }
    }
}
