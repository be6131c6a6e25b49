//! Out of office that is proposed as leave.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::sources::model::{Proposal, SourceId, Step};
use crate::vocab::{Interval, PersonId, TeamId};

/// What was decided on out of office of a source.
pub async fn proposals(conn: &mut PgConnection, id: SourceId) -> sqlx::Result<Vec<Proposal>> {
    let rows = sqlx::query!(
        "select id, starts_at, ends_at, state, gone_at from leave_proposals where source_id = $1",
        id.0,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Proposal {
        id: row.id,
        interval: Interval {
            start: row.starts_at,
            end: row.ends_at,
        },
        state: row.state,
        gone_at: row.gone_at,
    });
    Ok(rows.collect())
}

/// Does what is to be done after a reading; what is new by it.
pub async fn apply(
    conn: &mut PgConnection,
    id: SourceId,
    steps: &[Step],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Interval>> {
    let mut new: Vec<Interval> = Vec::new();
    let (mut forget, mut gone, mut back) = (Vec::new(), Vec::new(), Vec::new());
    for step in steps {
        match step {
            Step::Propose(interval) => new.push(*interval),
            Step::Forget(id) => forget.push(*id),
            Step::Gone(id) => gone.push(*id),
            Step::Back(id) => back.push(*id),
        }
    }
    sqlx::query!("delete from leave_proposals where id = any ($1)", &forget)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "update leave_proposals set gone_at = case when id = any ($1) then $3::timestamptz end
        where id = any ($1) or id = any ($2)",
        &gone,
        &back,
        now,
    )
    .execute(&mut *conn)
    .await?;
    let starts: Vec<DateTime<Utc>> = new.iter().map(|i| i.start).collect();
    let ends: Vec<DateTime<Utc>> = new.iter().map(|i| i.end).collect();
    sqlx::query!(
        "insert into leave_proposals (source_id, starts_at, ends_at, state)
        select $1, s, e, 'proposed' from unnest($2::timestamptz[], $3::timestamptz[]) as n (s, e)
        on conflict do nothing",
        id.0,
        &starts,
        &ends,
    )
    .execute(conn)
    .await?;
    Ok(new)
}

/// Marks what is proposed of a source over exactly this time as decided.
pub async fn mark(
    conn: &mut PgConnection,
    id: SourceId,
    interval: Interval,
    state: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update leave_proposals set state = $4, decided_at = $5
        where source_id = $1 and starts_at = $2 and ends_at = $3 and state = 'proposed'",
        id.0,
        interval.start,
        interval.end,
        state,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A proposal of this person, as it is; locked until the transaction ends.
pub async fn decided(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
) -> sqlx::Result<Option<Proposal>> {
    let row = sqlx::query!(
        "select p.starts_at, p.ends_at, p.state, p.gone_at
        from leave_proposals p join sources s on s.id = p.source_id
        where p.id = $2 and s.person_id = $1 for update of p",
        person.0,
        id,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Proposal {
        id,
        interval: Interval {
            start: row.starts_at,
            end: row.ends_at,
        },
        state: row.state,
        gone_at: row.gone_at,
    }))
}

/// What a person decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decided {
    /// It is leave.
    Accepted,
    /// It is none.
    Dismissed,
    /// It was leave, is gone from the calendar, and nobody needs to hear of it again.
    Settled,
}

/// Keeps what a person decided.
pub async fn decide(
    conn: &mut PgConnection,
    id: i64,
    decided: Decided,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let state = match decided {
        Decided::Accepted => "accepted",
        Decided::Dismissed => "dismissed",
        Decided::Settled => {
            return sqlx::query!("delete from leave_proposals where id = $1", id)
                .execute(conn)
                .await
                .map(drop);
        }
    };
    sqlx::query!(
        "update leave_proposals set state = $2, decided_at = $3, gone_at = null where id = $1",
        id,
        state,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a team of this engineer takes out of office as leave without anybody saying so.
pub async fn accept_by_itself(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from team_members m join teams_that_accept_leave t on t.team_id = m.team_id
            where m.person_id = $1 and m.is_engineer) as "does!""#,
        person.0,
    )
    .fetch_one(conn)
    .await
}

/// Whether a team does so.
pub async fn accepting_teams(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from teams_that_accept_leave where team_id = $1) as "does!""#,
        team.0,
    )
    .fetch_one(conn)
    .await
}

/// Whether a team does so from now on.
pub async fn set_accepting(
    conn: &mut PgConnection,
    team: TeamId,
    does: bool,
    by: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    if does {
        sqlx::query!(
            "insert into teams_that_accept_leave (team_id, set_by, set_at) values ($1, $2, $3)
            on conflict do nothing",
            team.0,
            by.0,
            now,
        )
        .execute(conn)
        .await
        .map(drop)
    } else {
        sqlx::query!(
            "delete from teams_that_accept_leave where team_id = $1",
            team.0
        )
        .execute(conn)
        .await
        .map(drop)
    }
}
