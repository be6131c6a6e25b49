//! The only SQL that writes `audit`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::vocab::{PersonId, TeamId};

/// One line of the trail.
pub struct Line {
    /// Its id, to page on.
    pub id: i64,
    /// When (UTC).
    pub at: DateTime<Utc>,
    /// Who; none for the service itself or somebody since removed.
    pub actor: Option<String>,
    /// A verb and a noun.
    pub action: String,
    /// A sentence for people.
    pub summary: String,
}

/// Adds a line: call it in the transaction of the change. `action` is a verb and a noun, `summary`
/// a sentence for people.
///
/// # Errors
/// Where the database fails.
pub async fn record(
    conn: &mut PgConnection,
    at: DateTime<Utc>,
    actor: Option<PersonId>,
    team: Option<TeamId>,
    action: &str,
    summary: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into audit (at, actor_id, team_id, action, summary) values ($1, $2, $3, $4, $5)",
        at,
        actor.map(|p| p.0),
        team.map(|t| t.0),
        action,
        summary,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A team's lines older than `before`, the newest first, at most `most`.
pub async fn of_team(
    conn: &mut PgConnection,
    team: TeamId,
    before: i64,
    most: i64,
) -> sqlx::Result<Vec<Line>> {
    sqlx::query_as!(
        Line,
        r#"select a.id, a.at, p.name as "actor?", a.action, a.summary
        from audit a left join people p on p.id = a.actor_id
        where a.team_id = $1 and a.id < $2 order by a.id desc limit $3"#,
        team.0,
        before,
        most,
    )
    .fetch_all(conn)
    .await
}
