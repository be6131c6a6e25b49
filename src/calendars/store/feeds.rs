//! Addresses of feeds.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::{PersonId, TeamId};

/// A feed whose token somebody has.
pub struct Subscription {
    /// Whose.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their zone.
    pub zone: Tz,
    /// Whether they see every team.
    pub is_admin: bool,
    /// The team with its name; none: the person's own shifts.
    pub team: Option<(TeamId, String)>,
    /// Whether being on call paints the day busy.
    pub busy: bool,
    /// Counts changes of the feed's own choices, which show in every entry.
    pub revision: i32,
    /// When the last one was made (UTC).
    pub changed_at: Option<DateTime<Utc>>,
}

/// The feed of that token; none where there is none, or its owner has left the team.
///
/// # Errors
/// Where the database fails.
pub async fn find(conn: &mut PgConnection, hash: &[u8]) -> sqlx::Result<Option<Subscription>> {
    let row = sqlx::query!(
        r#"select f.person_id, f.busy, f.revision, f.changed_at, p.name, p.time_zone, p.is_admin,
            t.id as "team_id?", t.name as "team?"
        from feeds f
        join people p on p.id = f.person_id
        left join teams t on t.id = f.team_id
        where f.token_hash = $1 and (f.team_id is null or p.is_admin
            or exists (select from team_members m where m.team_id = f.team_id and m.person_id = f.person_id))"#,
        hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| Subscription {
        person: PersonId(r.person_id),
        name: r.name,
        zone: r.time_zone.parse().unwrap_or(Tz::UTC),
        is_admin: r.is_admin,
        team: r.team_id.map(TeamId).zip(r.team),
        busy: r.busy,
        revision: r.revision,
        changed_at: r.changed_at,
    }))
}

/// A feed as its owner sees it: the address is not kept.
pub struct FeedRow {
    /// Its id.
    pub id: i64,
    /// None: their own shifts.
    pub team: Option<TeamId>,
    /// Whether being on call paints the day busy.
    pub busy: bool,
    /// When its address was made (UTC).
    pub created_at: DateTime<Utc>,
}

/// A person's feeds, at most 300.
///
/// # Errors
/// Where the database fails.
pub async fn feeds(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<FeedRow>> {
    sqlx::query_as!(
        FeedRow,
        r#"select id, team_id as "team: TeamId", busy, created_at from feeds where person_id = $1 order by id limit 300"#,
        person.0,
    )
    .fetch_all(conn)
    .await
}

/// Gives a person a feed, or a new address to the one they have; the old address ends.
///
/// # Errors
/// Where the database fails.
pub async fn set_feed(
    conn: &mut PgConnection,
    person: PersonId,
    team: Option<TeamId>,
    hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into feeds (person_id, team_id, token_hash, created_at) values ($1, $2, $3, $4)
        on conflict (person_id, team_id) do update set token_hash = excluded.token_hash, created_at = excluded.created_at",
        person.0,
        team.map(|t| t.0),
        hash,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Changes whether being on call paints the day busy. Whether the person has that feed.
///
/// # Errors
/// Where the database fails.
pub async fn set_busy(
    conn: &mut PgConnection,
    person: PersonId,
    id: i64,
    busy: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update feeds set revision = revision + (busy <> $3)::integer,
            changed_at = case when busy <> $3 then $4 else changed_at end, busy = $3
        where person_id = $1 and id = $2",
        person.0,
        id,
        busy,
        now,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a feed. Whether the person had it.
///
/// # Errors
/// Where the database fails.
pub async fn remove_feed(conn: &mut PgConnection, person: PersonId, id: i64) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from feeds where person_id = $1 and id = $2",
        person.0,
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
