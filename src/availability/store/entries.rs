//! Entries, as they are read.

use sqlx::PgConnection;

use crate::availability::model::Entry;
use crate::vocab::{Interval, Level, PersonId};

/// An entry as the page lists it.
pub struct EntryRow {
    /// The entry.
    pub entry: Entry,
    /// Name of who entered it, where that was somebody else.
    pub by_other: Option<String>,
}

/// Entries of these people that share an instant or a boundary with the range, by person and time.
pub async fn in_range(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<Vec<(PersonId, Entry)>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select id, person_id, starts_at, ends_at, level as "level: Level", note,
            entered_by as "entered_by: PersonId", entered_at
        from availability_entries
        where person_id = any ($1) and starts_at <= $3 and ends_at >= $2
        order by person_id, starts_at"#,
        &ids,
        range.start,
        range.end,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| {
            let entry = Entry {
                id: r.id,
                interval: Interval {
                    start: r.starts_at,
                    end: r.ends_at,
                },
                level: r.level,
                note: r.note,
                entered_by: r.entered_by,
                entered_at: r.entered_at,
            };
            (PersonId(r.person_id), entry)
        })
        .collect())
}

/// A person's entries within a month, at most 400, with who entered them for them.
pub async fn month_entries(
    conn: &mut PgConnection,
    person: PersonId,
    month: Interval,
) -> sqlx::Result<Vec<EntryRow>> {
    let rows = sqlx::query!(
        r#"select e.id, e.starts_at, e.ends_at, e.level as "level: Level", e.note,
            e.entered_by as "entered_by: PersonId", e.entered_at, p.name as "by_other?"
        from availability_entries e
        left join people p on p.id = e.entered_by and p.id <> e.person_id
        where e.person_id = $1 and e.starts_at < $3 and e.ends_at > $2
        order by e.starts_at limit 400"#,
        person.0,
        month.start,
        month.end,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| EntryRow {
            by_other: r.by_other,
            entry: Entry {
                id: r.id,
                interval: Interval {
                    start: r.starts_at,
                    end: r.ends_at,
                },
                level: r.level,
                note: r.note,
                entered_by: r.entered_by,
                entered_at: r.entered_at,
            },
        })
        .collect())
}

/// An entry of this person, locked together with all of theirs until the transaction ends.
pub async fn entry(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
) -> sqlx::Result<Option<Entry>> {
    lock(conn, person).await?;
    let row = sqlx::query!(
        r#"select id, starts_at, ends_at, level as "level: Level", note,
            entered_by as "entered_by: PersonId", entered_at
        from availability_entries where person_id = $1 and id = $2"#,
        person.0,
        id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| Entry {
        id: r.id,
        interval: Interval {
            start: r.starts_at,
            end: r.ends_at,
        },
        level: r.level,
        note: r.note,
        entered_by: r.entered_by,
        entered_at: r.entered_at,
    }))
}

/// Whether anybody has an entry of that id.
pub async fn is_taken(conn: &mut PgConnection, id: i64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from availability_entries where id = $1) as "taken!""#,
        id
    )
    .fetch_one(conn)
    .await
}

/// Two browser tabs of one person paint one after the other.
pub(super) async fn lock(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from people where id = $1 for no key update",
        person.0
    )
    .fetch_one(conn)
    .await
    .map(drop)
}
