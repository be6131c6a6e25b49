//! How booked people are.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::booked;
use crate::availability::model::{Percent, Source, Utilisation};
use crate::vocab::{Month, PersonId};

/// Sets how booked a person is in a month, whatever was there and whatever their calendars say.
///
/// # Errors
/// Where the database fails.
pub async fn set_utilisation(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
    percent: Percent,
    source: Source,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into utilisations (person_id, month, percent, source, entered_by, entered_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (person_id, month) do update set percent = excluded.percent,
            source = excluded.source, entered_by = excluded.entered_by, entered_at = excluded.entered_at",
        person.0,
        month.first(),
        percent.get(),
        source.key(),
        by.0,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Nobody has said how booked the person is: what their calendars say counts again.
pub async fn clear_utilisation(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from utilisations where person_id = $1 and month = $2",
        person.0,
        month.first(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How booked these people are in these months: what was entered, else what their calendars say. Who
/// has neither is not in the answer.
///
/// # Errors
/// Where the database fails.
pub async fn utilisations(
    conn: &mut PgConnection,
    people: &[PersonId],
    months: &[Month],
) -> sqlx::Result<BTreeMap<(PersonId, Month), Utilisation>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let firsts: Vec<NaiveDate> = months.iter().map(|m| m.first()).collect();
    let mut known: BTreeMap<(PersonId, Month), Utilisation> =
        booked::of_months(conn, &ids, &firsts)
            .await?
            .into_iter()
            .map(|(person, first, booked, counted_at)| {
                let utilisation = Utilisation {
                    percent: booked.percent(),
                    source: Source::Calendars,
                    entered_by: None,
                    entered_at: counted_at,
                    booked: Some(booked),
                };
                ((person, Month::of(first)), utilisation)
            })
            .collect();
    let rows = sqlx::query!(
        r#"select u.person_id as "person_id: PersonId", u.month, u.percent, u.source, u.entered_at,
            p.name as "entered_by?"
        from utilisations u left join people p on p.id = u.entered_by
        where u.person_id = any ($1) and u.month = any ($2)"#,
        &ids,
        &firsts,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let key = (row.person_id, Month::of(row.month));
        let utilisation = Utilisation {
            percent: row.percent,
            source: Source::of(&row.source),
            entered_by: row.entered_by,
            entered_at: row.entered_at,
            booked: known.get(&key).and_then(|u| u.booked),
        };
        known.insert(key, utilisation);
    }
    Ok(known)
}
