//! A team's engineers and managers.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::{PersonId, TeamId};

/// An engineer of a team.
pub struct Member {
    /// Who.
    pub id: PersonId,
    /// Name.
    pub name: String,
}

/// The engineers of a team, by name, at most 200.
pub async fn members(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(
        Member,
        r#"select p.id as "id: PersonId", p.name from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.is_engineer order by p.name, p.id limit 200"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// A manager of a team.
pub struct Managers {
    /// The team, as in addresses.
    pub slug: String,
    /// Who.
    pub id: PersonId,
    /// Their zone.
    pub zone: Tz,
}

/// The managers of these teams.
pub async fn managers(conn: &mut PgConnection, slugs: &[String]) -> sqlx::Result<Vec<Managers>> {
    let rows = sqlx::query!(
        r#"select t.slug, p.id as "id: PersonId", p.time_zone from teams t
        join team_members m on m.team_id = t.id and m.is_manager
        join people p on p.id = m.person_id
        where t.slug = any ($1) order by t.slug, p.id limit 100"#,
        slugs,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| Managers {
        slug: row.slug,
        id: row.id,
        zone: row.time_zone.parse().unwrap_or(Tz::UTC),
    });
    Ok(rows.collect())
}

/// Notes that somebody is told of clashes, by key and until when they are any news; the keys of those
/// that they had not been told of.
pub async fn tell_of(
    conn: &mut PgConnection,
    reader: PersonId,
    clashes: &[(String, DateTime<Utc>)],
) -> sqlx::Result<Vec<String>> {
    let (keys, until): (Vec<String>, Vec<DateTime<Utc>>) = clashes.iter().cloned().unzip();
    sqlx::query_scalar!(
        "insert into clashes_told (reader_id, key, until)
        select $1, * from unnest($2::text[], $3::timestamptz[]) on conflict do nothing returning key",
        reader.0,
        &keys,
        &until,
    )
    .fetch_all(conn)
    .await
}

/// Forgets of which clashes people were told whose shifts are over.
pub async fn forget_told(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!("delete from clashes_told where until < $1", now)
        .execute(conn)
        .await
        .map(drop)
}

/// The teams that a person is an engineer of.
pub async fn teams_of(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<TeamId>> {
    sqlx::query_scalar!(
        r#"select team_id as "team: TeamId" from team_members where person_id = $1 and is_engineer
        order by 1 limit 100"#,
        person.0,
    )
    .fetch_all(conn)
    .await
}
