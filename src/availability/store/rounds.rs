//! Rounds ("December is open until the 20th") and answers.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::availability::model::{Banner, Round};
use crate::vocab::{Month, PersonId, TeamId};

/// Asks a team to fill in a month until a day; moves the day of a round that is open already.
///
/// # Errors
/// Where the database fails.
pub async fn open_round(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
    closes_on: NaiveDate,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into availability_rounds (team_id, month, closes_on, opened_by, opened_at)
        values ($1, $2, $3, $4, $5)
        on conflict (team_id, month) do update set closes_on = excluded.closes_on,
            opened_by = excluded.opened_by, opened_at = excluded.opened_at",
        team.0,
        month.first(),
        closes_on,
        by.0,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Who has not said yet that the month is complete: the team's engineers who are still there then.
pub async fn unanswered(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select m.person_id as "person: PersonId" from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.is_engineer and (p.left_on is null or p.left_on > $2)
            and not exists (select from availability_answers a where a.person_id = m.person_id and a.month = $2)
        order by m.person_id limit 500"#,
        team.0,
        month.first(),
    )
    .fetch_all(conn)
    .await
}

/// Takes a round back; false where there is none.
pub async fn close_round(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from availability_rounds where team_id = $1 and month = $2",
        team.0,
        month.first(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A team's round of a month.
pub async fn round(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
) -> sqlx::Result<Option<Round>> {
    let row = sqlx::query!(
        r#"select r.closes_on, p.name as "opened_by?" from availability_rounds r
        left join people p on p.id = r.opened_by where r.team_id = $1 and r.month = $2"#,
        team.0,
        month.first(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| Round {
        month,
        closes_on: r.closes_on,
        opened_by: r.opened_by,
    }))
}

/// The rounds of a month that a person's teams opened: the team's name and the last day.
pub async fn rounds_for(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
) -> sqlx::Result<Vec<(String, NaiveDate)>> {
    let rows = sqlx::query!(
        "select t.name, r.closes_on from team_members m
        join availability_rounds r on r.team_id = m.team_id and r.month = $2
        join teams t on t.id = m.team_id
        where m.person_id = $1 and m.is_engineer order by r.closes_on, t.name limit 50",
        person.0,
        month.first(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|r| (r.name, r.closes_on)).collect())
}

/// The open round that a person has not answered and that closes first.
///
/// # Errors
/// Where the database fails.
pub async fn banner(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Banner>> {
    let rows = sqlx::query!(
        "select r.month, r.closes_on, t.name, t.time_zone from team_members m
        join availability_rounds r on r.team_id = m.team_id
        join teams t on t.id = m.team_id
        join people p on p.id = m.person_id
        where m.person_id = $1 and m.is_engineer and r.closes_on >= $2
            and (p.left_on is null or p.left_on > r.month)
            and not exists (select from availability_answers a
                where a.person_id = $1 and a.month = r.month)
        order by r.closes_on, r.month limit 20",
        person.0,
        now.date_naive() - Days::new(1),
    )
    .fetch_all(conn)
    .await?;
    // Whether the last day is over is for the team's clock to say.
    let open = rows.into_iter().find(|r| {
        let zone = r.time_zone.parse().unwrap_or(Tz::UTC);
        now.with_timezone(&zone).date_naive() <= r.closes_on
    });
    Ok(open.map(|r| Banner {
        month: Month::of(r.month),
        closes_on: r.closes_on,
        team: r.name,
    }))
}

/// A person says that their month is complete.
///
/// # Errors
/// Where the database fails.
pub async fn answer(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into availability_answers (person_id, month, answered_at) values ($1, $2, $3)
        on conflict (person_id, month) do nothing",
        person.0,
        month.first(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// It is not complete after all.
pub async fn withdraw_answer(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from availability_answers where person_id = $1 and month = $2",
        person.0,
        month.first(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Who of these people has said that the month is complete, and when (UTC).
///
/// # Errors
/// Where the database fails.
pub async fn answered(
    conn: &mut PgConnection,
    people: &[PersonId],
    month: Month,
) -> sqlx::Result<BTreeMap<PersonId, DateTime<Utc>>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person_id: PersonId", answered_at from availability_answers
        where person_id = any ($1) and month = $2"#,
        &ids,
        month.first(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (r.person_id, r.answered_at))
        .collect())
}
