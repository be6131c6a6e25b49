//! Painting: what is set over an interval cuts and replaces what was there.

use chrono::{DateTime, Utc};

use crate::vocab::{Interval, Level, PersonId};

/// What a person (or a manager for them) entered for an interval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id.
    pub id: i64,
    /// When.
    pub interval: Interval,
    /// How willing.
    pub level: Level,
    /// Why, for managers to read; may be empty.
    pub note: String,
    /// Who entered it; none where they are gone.
    pub entered_by: Option<PersonId>,
    /// When it was entered (UTC).
    pub entered_at: DateTime<Utc>,
}

/// An entry that is to be stored.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct NewEntry {
    /// When.
    pub interval: Interval,
    /// How willing.
    pub level: Level,
    /// Why; may be empty.
    pub note: String,
    /// Who enters it.
    pub entered_by: Option<PersonId>,
    /// When it was entered (UTC).
    pub entered_at: DateTime<Utc>,
}

impl From<&Entry> for NewEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            interval: entry.interval,
            level: entry.level,
            note: entry.note.clone(),
            entered_by: entry.entered_by,
            entered_at: entry.entered_at,
        }
    }
}

/// One movement of the brush.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stroke {
    /// This entry now holds over its interval.
    Set(NewEntry),
    /// Nothing is entered here any more.
    Clear(Interval),
}

impl Stroke {
    /// What it covers.
    #[must_use]
    pub fn interval(&self) -> Interval {
        match self {
            Self::Set(new) => new.interval,
            Self::Clear(interval) => *interval,
        }
    }
}

/// What to do to the stored entries: first remove, then add.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Ids of entries that go.
    pub remove: Vec<i64>,
    /// Entries that come.
    pub add: Vec<NewEntry>,
}

/// A stored entry as it is, or what became of one.
struct Piece {
    stored: Option<i64>,
    entry: NewEntry,
}

/// How to enter something beside what is entered: what has its level stays, and notes stay.
#[must_use]
pub fn beside(existing: &[Entry], new: &NewEntry) -> Vec<Stroke> {
    let mut strokes = vec![Stroke::Set(new.clone())];
    for entry in existing {
        let Some(interval) = entry.interval.intersection(&new.interval) else {
            continue;
        };
        if entry.level == new.level {
            strokes.push(Stroke::Set(NewEntry {
                interval,
                ..entry.into()
            }));
        } else if !entry.note.is_empty() {
            strokes.push(Stroke::Set(NewEntry {
                interval,
                note: entry.note.clone(),
                ..new.clone()
            }));
        }
    }
    strokes
}

/// Paints `strokes`, one after the other, over `existing`: entries in order of time that don't
/// overlap, all that share an instant or a boundary with the strokes. What a stroke covers is cut
/// away; neighbours of one level and note that the same person entered become one.
#[must_use]
pub fn paint(existing: &[Entry], strokes: Vec<Stroke>) -> Change {
    let mut pieces: Vec<Piece> = existing
        .iter()
        .map(|entry| Piece {
            stored: Some(entry.id),
            entry: entry.into(),
        })
        .collect();
    for stroke in strokes {
        let over = stroke.interval();
        pieces = pieces
            .into_iter()
            .flat_map(|piece| without(piece, over))
            .collect();
        if let Stroke::Set(entry) = stroke {
            pieces.push(Piece {
                stored: None,
                entry,
            });
        }
    }
    pieces.sort_by_key(|p| p.entry.interval.start);
    let pieces = merged(pieces);
    let kept: Vec<i64> = pieces.iter().filter_map(|p| p.stored).collect();
    let gone = existing.iter().map(|e| e.id);
    Change {
        remove: gone.filter(|id| !kept.contains(id)).collect(),
        add: pieces
            .into_iter()
            .filter(|p| p.stored.is_none())
            .map(|p| p.entry)
            .collect(),
    }
}

/// What is left of a piece before and after an interval.
fn without(piece: Piece, over: Interval) -> Vec<Piece> {
    let own = piece.entry.interval;
    if !own.overlaps(&over) {
        return vec![piece];
    }
    let before = Interval::new(own.start, over.start.min(own.end));
    let after = Interval::new(over.end.max(own.start), own.end);
    [before, after]
        .into_iter()
        .flatten()
        .map(|interval| Piece {
            stored: None,
            entry: NewEntry {
                interval,
                ..piece.entry.clone()
            },
        })
        .collect()
}

fn merged(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut merged: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        let (own, new) = (merged.last_mut(), &piece.entry);
        match own {
            Some(last)
                if last.entry.interval.end == new.interval.start
                    && last.entry.level == new.level
                    && last.entry.note == new.note
                    && last.entry.entered_by == new.entered_by =>
            {
                last.stored = None;
                last.entry.interval.end = new.interval.end;
                last.entry.entered_at = last.entry.entered_at.max(new.entered_at);
            }
            _ => merged.push(piece),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        "2026-12-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hour)
    }

    fn over(from: i64, to: i64) -> Interval {
        Interval::new(at(from), at(to)).unwrap()
    }

    fn new(from: i64, to: i64, level: Level, note: &str) -> NewEntry {
        NewEntry {
            interval: over(from, to),
            level,
            note: note.into(),
            entered_by: None,
            entered_at: at(0),
        }
    }

    fn stored(entries: &[NewEntry]) -> Vec<Entry> {
        let ids = 1..;
        ids.zip(entries)
            .map(|(id, e)| Entry {
                id,
                interval: e.interval,
                level: e.level,
                note: e.note.clone(),
                entered_by: e.entered_by,
                entered_at: e.entered_at,
            })
            .collect()
    }

    #[test]
    fn a_stroke_cuts_what_it_covers() {
        let before = stored(&[new(0, 24, Level::Leave, "away")]);
        let change = paint(&before, vec![Stroke::Set(new(6, 12, Level::Preferred, ""))]);
        assert_eq!(change.remove, [1]);
        assert_eq!(
            change.add,
            [
                new(0, 6, Level::Leave, "away"),
                new(6, 12, Level::Preferred, ""),
                new(12, 24, Level::Leave, "away"),
            ]
        );
    }

    #[test]
    fn neighbours_merge_where_level_note_and_author_agree() {
        let before = stored(&[
            new(0, 24, Level::Unavailable, ""),
            new(48, 72, Level::Unavailable, "away"),
        ]);
        let change = paint(
            &before,
            vec![Stroke::Set(new(24, 48, Level::Unavailable, ""))],
        );
        assert_eq!(change.remove, [1]);
        assert_eq!(change.add, [new(0, 48, Level::Unavailable, "")]);
        let mut by_manager = new(24, 48, Level::Unavailable, "");
        by_manager.entered_by = Some(PersonId(7));
        let change = paint(&before, vec![Stroke::Set(by_manager.clone())]);
        assert_eq!(change.remove, Vec::<i64>::new());
        assert_eq!(change.add, [by_manager]);
    }

    #[test]
    fn clearing_leaves_nothing() {
        let before = stored(&[
            new(0, 24, Level::Leave, ""),
            new(24, 48, Level::IfNeeded, ""),
        ]);
        let change = paint(&before, vec![Stroke::Clear(over(0, 36))]);
        assert_eq!(change.remove, [1, 2]);
        assert_eq!(change.add, [new(36, 48, Level::IfNeeded, "")]);
    }

    #[test]
    fn what_comes_beside_keeps_leave_and_notes() {
        let before = stored(&[
            new(0, 12, Level::Leave, "moving"),
            new(12, 24, Level::Unavailable, "dentist"),
            new(24, 36, Level::Preferred, ""),
            new(60, 80, Level::Unavailable, "course"),
        ]);
        let leave = new(6, 72, Level::Leave, "calendar");
        let change = paint(&before, beside(&before, &leave));
        assert_eq!(change.remove, [1, 2, 3, 4]);
        assert_eq!(
            change.add,
            [
                new(0, 12, Level::Leave, "moving"),
                new(12, 24, Level::Leave, "dentist"),
                new(24, 60, Level::Leave, "calendar"),
                new(60, 72, Level::Leave, "course"),
                new(72, 80, Level::Unavailable, "course"),
            ]
        );
    }

    fn strokes() -> impl Strategy<Value = Vec<(i64, i64, Option<usize>, bool)>> {
        proptest::collection::vec(
            (
                0i64..200,
                1i64..60,
                proptest::option::of(0usize..5),
                any::<bool>(),
            ),
            0..12,
        )
    }

    proptest! {
        /// Whatever is painted in whatever order: every hour is what the last stroke over it said,
        /// entries never overlap, and nothing that could be one entry is two.
        #[test]
        fn the_last_stroke_wins(first in strokes(), then in strokes()) {
            let stroke = |(from, length, level, noted): (i64, i64, Option<usize>, bool)| match level {
                Some(l) => Stroke::Set(new(from, from + length, Level::ALL[l], if noted { "n" } else { "" })),
                None => Stroke::Clear(over(from, from + length)),
            };
            let all: Vec<Stroke> = first.iter().chain(&then).copied().map(stroke).collect();
            let start = stored(&paint(&[], first.iter().copied().map(stroke).collect()).add);
            let change = paint(&start, then.iter().copied().map(stroke).collect());
            let mut end: Vec<NewEntry> = start.iter().filter(|e| !change.remove.contains(&e.id)).map(NewEntry::from).collect();
            end.extend(change.add);
            end.sort_by_key(|e| e.interval.start);
            for pair in end.windows(2) {
                prop_assert!(pair[0].interval.end <= pair[1].interval.start);
                prop_assert!(pair[0].interval.end < pair[1].interval.start
                    || pair[0].level != pair[1].level || pair[0].note != pair[1].note);
            }
            for hour in 0..260 {
                let want = all.iter().rev().find(|s| s.interval().contains(at(hour)));
                let want = want.and_then(|s| match s { Stroke::Set(e) => Some((e.level, e.note.clone())), Stroke::Clear(_) => None });
                let got = end.iter().find(|e| e.interval.contains(at(hour))).map(|e| (e.level, e.note.clone()));
                prop_assert_eq!(got, want, "hour {}", hour);
            }
        }
    }
}
