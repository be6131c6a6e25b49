//! What a team requires.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::requirements::model::{Definition, Requirement};
use crate::vocab::{RequirementId, RoleId, TeamId};

/// A team has at most so many that are not retired.
const MOST: i64 = 100;

/// Why a definition was not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// The team has one of that title.
    TitleTaken,
    /// The team has 100 already.
    TooMany,
    /// Somebody changed or retired it in between.
    Stale,
}

fn taken(error: sqlx::Error) -> sqlx::Result<Refused> {
    match &error {
        sqlx::Error::Database(e) if e.constraint() == Some("requirements_title") => {
            Ok(Refused::TitleTaken)
        }
        _ => Err(error),
    }
}

/// Adds a requirement. After a refusal the transaction is of no more use.
///
/// # Errors
/// Where the database fails.
pub async fn add_requirement(
    conn: &mut PgConnection,
    team: TeamId,
    new: &Definition,
) -> sqlx::Result<Result<RequirementId, Refused>> {
    let added = sqlx::query_scalar!(
        "insert into requirements (team_id, title, why, how, link, needs_sign_off, valid_days)
        select $1, $2, $3, $4, $5, $6, $7
        where (select count(*) from requirements where team_id = $1 and retired_at is null) < $8 returning id",
        team.0,
        new.title.as_str(),
        new.why.as_str(),
        new.how.as_str(),
        new.link.as_str(),
        new.needs_sign_off,
        new.valid_days,
        MOST,
    )
    .fetch_optional(&mut *conn)
    .await;
    match added {
        Ok(Some(id)) => {
            add_roles(conn, team, id, &new.roles).await?;
            Ok(Ok(RequirementId(id)))
        }
        Ok(None) => Ok(Err(Refused::TooMany)),
        Err(error) => taken(error).map(Err),
    }
}

async fn add_roles(
    conn: &mut PgConnection,
    team: TeamId,
    id: i64,
    roles: &[RoleId],
) -> sqlx::Result<()> {
    let roles: Vec<i64> = roles.iter().map(|r| r.0).collect();
    sqlx::query!(
        "insert into requirement_roles (requirement_id, role_id)
        select $1, r.id from roles r join rotations o on o.id = r.rotation_id
        where o.team_id = $2 and r.id = any ($3) on conflict do nothing",
        id,
        team.0,
        &roles,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Changes a requirement, unless somebody did since `revision` or it is retired. Of its roles only
/// those `offered` are changed. What people hold keeps its end. After a refusal the transaction is
/// of no more use.
///
/// # Errors
/// Where the database fails.
pub async fn revise(
    conn: &mut PgConnection,
    team: TeamId,
    id: RequirementId,
    revision: i32,
    new: &Definition,
    offered: &[RoleId],
) -> sqlx::Result<Result<(), Refused>> {
    let done = sqlx::query!(
        "update requirements set title = $4, why = $5, how = $6, link = $7, needs_sign_off = $8, valid_days = $9,
            revision = revision + 1
        where id = $1 and team_id = $2 and revision = $3 and retired_at is null",
        id.0,
        team.0,
        revision,
        new.title.as_str(),
        new.why.as_str(),
        new.how.as_str(),
        new.link.as_str(),
        new.needs_sign_off,
        new.valid_days,
    )
    .execute(&mut *conn)
    .await;
    match done {
        Ok(done) if done.rows_affected() == 0 => return Ok(Err(Refused::Stale)),
        Ok(_) => {}
        Err(error) => return taken(error).map(Err),
    }
    let offered: Vec<i64> = offered.iter().map(|r| r.0).collect();
    sqlx::query!(
        "delete from requirement_roles where requirement_id = $1 and role_id = any ($2)",
        id.0,
        &offered,
    )
    .execute(&mut *conn)
    .await?;
    add_roles(conn, team, id.0, &new.roles).await?;
    Ok(Ok(()))
}

/// Retires a requirement at an instant, or brings it back (none).
///
/// # Errors
/// Where the database fails.
pub async fn retire(
    conn: &mut PgConnection,
    team: TeamId,
    id: RequirementId,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<Result<(), Refused>> {
    let done = sqlx::query!(
        "update requirements set retired_at = $3, revision = revision + 1
        where id = $1 and team_id = $2 and (retired_at is null) = ($3::timestamptz is not null)",
        id.0,
        team.0,
        at,
    )
    .execute(conn)
    .await;
    match done {
        Ok(done) if done.rows_affected() == 0 => Ok(Err(Refused::Stale)),
        Ok(_) => Ok(Ok(())),
        Err(error) => taken(error).map(Err),
    }
}

/// A requirement of one of these teams, retired or not; with `locked`, nobody else changes it or anybody's
/// holding of it before the transaction ends.
///
/// # Errors
/// Where the database fails.
pub async fn find_requirement(
    conn: &mut PgConnection,
    teams: &[TeamId],
    id: RequirementId,
    locked: bool,
) -> sqlx::Result<Option<Requirement>> {
    let teams: Vec<i64> = teams.iter().map(|t| t.0).collect();
    if locked {
        sqlx::query!(
            "select id from requirements where id = $1 and team_id = any ($2) for no key update",
            id.0,
            &teams,
        )
        .fetch_optional(&mut *conn)
        .await?;
    }
    sqlx::query_as!(
        Requirement,
        r#"select id as "id: RequirementId", team_id as "team: TeamId", title, why, how, link, needs_sign_off, valid_days,
            retired_at is not null as "is_retired!", revision
        from requirements where id = $1 and team_id = any ($2)"#,
        id.0,
        &teams,
    )
    .fetch_optional(conn)
    .await
}

/// A team's retired requirements, at most 200.
///
/// # Errors
/// Where the database fails.
pub async fn retired_requirements(
    conn: &mut PgConnection,
    team: TeamId,
) -> sqlx::Result<Vec<Requirement>> {
    sqlx::query_as!(
        Requirement,
        r#"select id as "id: RequirementId", team_id as "team: TeamId", title, why, how, link, needs_sign_off, valid_days,
            true as "is_retired!", revision
        from requirements where team_id = $1 and retired_at is not null order by title, id limit 200"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// The roles that need a requirement.
///
/// # Errors
/// Where the database fails.
pub async fn requirement_roles(
    conn: &mut PgConnection,
    id: RequirementId,
) -> sqlx::Result<Vec<RoleId>> {
    sqlx::query_scalar!(
        r#"select role_id as "id: RoleId" from requirement_roles where requirement_id = $1 order by role_id limit 1000"#,
        id.0,
    )
    .fetch_all(conn)
    .await
}
