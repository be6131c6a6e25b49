//! Entries painted over, one person at a time, and the last change taken back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::booked;
use super::entries::{in_range, lock};
use crate::availability::model::{Change, Entry, NewEntry, Stroke, beside, paint};
use crate::vocab::{Interval, Level, Note, PersonId};

/// Paints over a person's entries, and keeps what was there so that `by` can take it back. With
/// `replace` false nothing is painted where something is entered already: that is returned instead.
/// Call it in a transaction.
pub async fn repaint(
    conn: &mut PgConnection,
    person: PersonId,
    strokes: Vec<Stroke>,
    replace: bool,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Result<(), Entry>> {
    let intervals = strokes.iter().map(Stroke::interval);
    let Some(hull) = intervals.reduce(|a, b| Interval {
        start: a.start.min(b.start),
        end: a.end.max(b.end),
    }) else {
        return Ok(Ok(()));
    };
    lock(conn, person).await?;
    let existing = in_range(conn, &[person], hull).await?;
    let existing: Vec<Entry> = existing.into_iter().map(|(_, entry)| entry).collect();
    if !replace {
        let taken = |e: &&Entry| strokes.iter().any(|s| s.interval().overlaps(&e.interval));
        if let Some(entry) = existing.iter().find(taken) {
            return Ok(Err(entry.clone()));
        }
    }
    let before: Vec<NewEntry> = existing
        .iter()
        .filter_map(|entry| {
            Some(NewEntry {
                interval: entry.interval.intersection(&hull)?,
                ..entry.into()
            })
        })
        .collect();
    apply(conn, person, &paint(&existing, strokes)).await?;
    booked::recount(conn, person, now).await?;
    sqlx::query!(
        "insert into availability_undo (person_id, done_by, done_at, starts_at, ends_at, entries)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (person_id) do update set done_by = excluded.done_by, done_at = excluded.done_at,
            starts_at = excluded.starts_at, ends_at = excluded.ends_at, entries = excluded.entries",
        person.0,
        by.0,
        now,
        hull.start,
        hull.end,
        Json(before) as _,
    )
    .execute(conn)
    .await?;
    Ok(Ok(()))
}

async fn apply(conn: &mut PgConnection, person: PersonId, change: &Change) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from availability_entries where person_id = $1 and id = any ($2)",
        person.0,
        &change.remove,
    )
    .execute(&mut *conn)
    .await?;
    let new = &change.add;
    let starts: Vec<DateTime<Utc>> = new.iter().map(|e| e.interval.start).collect();
    let ends: Vec<DateTime<Utc>> = new.iter().map(|e| e.interval.end).collect();
    let levels: Vec<String> = new.iter().map(|e| e.level.key().to_owned()).collect();
    let notes: Vec<String> = new.iter().map(|e| e.note.clone()).collect();
    let by: Vec<Option<i64>> = new.iter().map(|e| e.entered_by.map(|p| p.0)).collect();
    let at: Vec<DateTime<Utc>> = new.iter().map(|e| e.entered_at).collect();
    sqlx::query!(
        "insert into availability_entries (person_id, starts_at, ends_at, level, note, entered_by, entered_at)
        select $1, * from unnest($2::timestamptz[], $3::timestamptz[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[])",
        person.0,
        &starts,
        &ends,
        &levels,
        &notes,
        &by as &[Option<i64>],
        &at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Enters one level for one interval, over whatever was there. Call it in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn set_entry(
    conn: &mut PgConnection,
    person: PersonId,
    interval: Interval,
    level: Level,
    note: &Note,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let stroke = Stroke::Set(NewEntry {
        interval,
        level,
        note: note.as_str().to_owned(),
        entered_by: Some(by),
        entered_at: now,
    });
    repaint(conn, person, vec![stroke], true, by, now)
        .await
        .map(drop)
}

/// Enters this over whatever was there, which it returns: to be put back with [`put_back`]. Call it
/// in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn paint_entry(
    conn: &mut PgConnection,
    person: PersonId,
    entry: NewEntry,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<NewEntry>> {
    lock(conn, person).await?;
    let before = entered(conn, person, entry.interval).await?;
    let stroke = Stroke::Set(entry);
    repaint(conn, person, vec![stroke], true, by, now)
        .await
        .map(|_| before)
}

/// What is entered within an interval, cut to it.
async fn entered(
    conn: &mut PgConnection,
    person: PersonId,
    interval: Interval,
) -> sqlx::Result<Vec<NewEntry>> {
    let entries = in_range(conn, &[person], interval).await?;
    let cut = |(_, entry): &(PersonId, Entry)| {
        Some(NewEntry {
            interval: entry.interval.intersection(&interval)?,
            ..entry.into()
        })
    };
    Ok(entries.iter().filter_map(cut).collect())
}

/// Puts back what was entered `before`, wherever what was painted over it still stands: an entry of
/// the same level, note and author. What somebody entered since stays. Call it in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn put_back(
    conn: &mut PgConnection,
    person: PersonId,
    painted: &NewEntry,
    before: &[NewEntry],
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let ours = |e: &NewEntry| {
        (e.level, &e.note, e.entered_by) == (painted.level, &painted.note, painted.entered_by)
    };
    lock(conn, person).await?;
    let standing = entered(conn, person, painted.interval).await?;
    let strokes = standing.into_iter().filter(ours).flat_map(|own| {
        let over = own.interval;
        let back = before.iter().filter_map(move |entry| {
            Some(Stroke::Set(NewEntry {
                interval: entry.interval.intersection(&over)?,
                ..entry.clone()
            }))
        });
        std::iter::once(Stroke::Clear(over)).chain(back)
    });
    repaint(conn, person, strokes.collect(), true, by, now)
        .await
        .map(drop)
}

/// Enters leave for an interval beside what is entered: leave stays as it is, and notes stay. It is nobody's
/// change that could be taken back; an older one stays that unless it covers the same time. Call it in a
/// transaction, and [`super::recount`] after it.
///
/// # Errors
/// Where the database fails.
pub async fn add_leave(
    conn: &mut PgConnection,
    person: PersonId,
    interval: Interval,
    note: &Note,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    lock(conn, person).await?;
    let existing = in_range(conn, &[person], interval).await?;
    let existing: Vec<Entry> = existing.into_iter().map(|(_, entry)| entry).collect();
    let leave = NewEntry {
        interval,
        level: Level::Leave,
        note: note.as_str().to_owned(),
        entered_by: by,
        entered_at: now,
    };
    let strokes = beside(&existing, &leave);
    apply(conn, person, &paint(&existing, strokes)).await?;
    sqlx::query!(
        "delete from availability_undo where person_id = $1 and starts_at < $3 and ends_at > $2",
        person.0,
        interval.start,
        interval.end,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes away what is entered for an interval: the weekly pattern shows again. Call it in a
/// transaction.
///
/// # Errors
/// Where the database fails.
pub async fn clear_entry(
    conn: &mut PgConnection,
    person: PersonId,
    interval: Interval,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let strokes = vec![Stroke::Clear(interval)];
    repaint(conn, person, strokes, true, by, now)
        .await
        .map(drop)
}

/// Whether `by` made the last change of this person's entries, since `since`.
pub async fn can_undo(
    conn: &mut PgConnection,
    person: PersonId,
    by: PersonId,
    since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from availability_undo
            where person_id = $1 and done_by = $2 and done_at >= $3) as "can!""#,
        person.0,
        by.0,
        since,
    )
    .fetch_one(conn)
    .await
}

/// Takes back the last change of a person's entries, if `by` made it since `since`; what it
/// covered. Call it in a transaction.
pub async fn undo(
    conn: &mut PgConnection,
    person: PersonId,
    by: PersonId,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Interval>> {
    lock(conn, person).await?;
    let last = sqlx::query!(
        r#"delete from availability_undo where person_id = $1 and done_by = $2 and done_at >= $3
        returning starts_at, ends_at, entries as "entries: Json<Vec<NewEntry>>""#,
        person.0,
        by.0,
        since,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(last) = last else { return Ok(None) };
    let hull = Interval {
        start: last.starts_at,
        end: last.ends_at,
    };
    let existing = in_range(conn, &[person], hull).await?;
    let existing: Vec<Entry> = existing.into_iter().map(|(_, entry)| entry).collect();
    let mut strokes = vec![Stroke::Clear(hull)];
    strokes.extend(last.entries.0.into_iter().map(Stroke::Set));
    apply(conn, person, &paint(&existing, strokes)).await?;
    booked::recount(conn, person, now).await?;
    Ok(Some(hull))
}
