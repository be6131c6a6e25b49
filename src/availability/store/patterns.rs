//! Weekly patterns: each holds from a date on, until the next.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use crate::availability::model::{Part, Pattern, Week, WeekDay};
use crate::vocab::{Level, PersonId};

/// The patterns that hold at some time between two local dates, by person and date.
pub async fn in_force(
    conn: &mut PgConnection,
    people: &[PersonId],
    from: NaiveDate,
    to: NaiveDate,
) -> sqlx::Result<BTreeMap<PersonId, Vec<Pattern>>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select p.person_id as "person_id: PersonId", p.effective_from,
            s.weekday as "weekday?", s.from_minute as "from_minute?", s.to_minute as "to_minute?",
            s.level as "level?: Level"
        from weekly_patterns p left join weekly_pattern_spans s on s.pattern_id = p.id
        where p.person_id = any ($1) and p.effective_from <= $3
            and p.effective_from >= coalesce((select max(q.effective_from) from weekly_patterns q
                where q.person_id = p.person_id and q.effective_from <= $2), p.effective_from)
        order by p.person_id, p.effective_from, s.weekday, s.from_minute"#,
        &ids,
        from,
        to,
    )
    .fetch_all(conn)
    .await?;
    Ok(assemble(rows))
}

/// A person's patterns, the latest first, at most the last 20.
pub async fn patterns_of(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Pattern>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select p.person_id as "person_id: PersonId", p.effective_from,
            s.weekday as "weekday?", s.from_minute as "from_minute?", s.to_minute as "to_minute?",
            s.level as "level?: Level"
        from (select * from weekly_patterns where person_id = $1
            order by effective_from desc limit 20) p
        left join weekly_pattern_spans s on s.pattern_id = p.id
        order by p.effective_from, s.weekday, s.from_minute"#,
        person.0,
    )
    .fetch_all(conn)
    .await?;
    let mut patterns = assemble(rows).remove(&person).unwrap_or_default();
    patterns.reverse();
    Ok(patterns)
}

struct Row {
    person_id: PersonId,
    effective_from: NaiveDate,
    weekday: Option<i16>,
    from_minute: Option<i16>,
    to_minute: Option<i16>,
    level: Option<Level>,
}

/// Rows in order of person, date, weekday and minute as patterns.
fn assemble(rows: Vec<Row>) -> BTreeMap<PersonId, Vec<Pattern>> {
    let mut days: BTreeMap<(PersonId, NaiveDate), [Vec<Part>; 7]> = BTreeMap::new();
    for row in rows {
        let week = days.entry((row.person_id, row.effective_from)).or_default();
        let part = (|| {
            let part = Part {
                from: row.from_minute?.try_into().ok()?,
                to: row.to_minute?.try_into().ok()?,
                level: row.level?,
            };
            Some((usize::try_from(row.weekday?).ok()?, part))
        })();
        if let Some((weekday, part)) = part
            && let Some(parts) = week.get_mut(weekday)
        {
            parts.push(part);
        }
    }
    let mut patterns: BTreeMap<PersonId, Vec<Pattern>> = BTreeMap::new();
    for ((person, from), week) in days {
        patterns.entry(person).or_default().push(Pattern {
            from,
            week: Week(week.map(|parts| WeekDay::of_flat(&parts))),
        });
    }
    patterns
}

/// Sets what a person's week is like from a date on, until their next pattern; replaces one of the
/// same date. Call it in a transaction.
///
/// # Errors
/// Where the database fails.
pub async fn set_pattern(
    conn: &mut PgConnection,
    person: PersonId,
    from: NaiveDate,
    week: &Week,
) -> sqlx::Result<()> {
    let id = sqlx::query_scalar!(
        "insert into weekly_patterns (person_id, effective_from) values ($1, $2)
        on conflict (person_id, effective_from) do update set effective_from = excluded.effective_from
        returning id",
        person.0,
        from,
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!("delete from weekly_pattern_spans where pattern_id = $1", id)
        .execute(&mut *conn)
        .await?;
    let (mut weekdays, mut starts, mut ends, mut levels) = (vec![], vec![], vec![], vec![]);
    for (weekday, day) in (0i16..).zip(&week.0) {
        for part in day.flat() {
            if part.level == Level::Available {
                continue;
            }
            weekdays.push(weekday);
            starts.push(i16::try_from(part.from).unwrap_or_default());
            ends.push(i16::try_from(part.to).unwrap_or(1440));
            levels.push(part.level.key().to_owned());
        }
    }
    sqlx::query!(
        "insert into weekly_pattern_spans (pattern_id, weekday, from_minute, to_minute, level)
        select $1, * from unnest($2::smallint[], $3::smallint[], $4::smallint[], $5::text[])",
        id,
        &weekdays,
        &starts,
        &ends,
        &levels,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Removes the pattern of that date, so that the one before holds on; false where there is none.
pub async fn remove_pattern(
    conn: &mut PgConnection,
    person: PersonId,
    from: NaiveDate,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from weekly_patterns where person_id = $1 and effective_from = $2",
        person.0,
        from,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
