//! Writing rotations themselves and who belongs to them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::version::add_version;
use crate::rotations::model::Definition;
use crate::vocab::{LegId, Line, PersonId, RotationId, TeamId};

/// Adds a rotation with its first rules; everybody in `members` belongs to each of its legs. None
/// where the team has a rotation of that name, or 100 of them, which is all that lists show. The definition's ids of roles and legs count for
/// nothing: [`super::load`] gives the real ones.
///
/// # Errors
/// Where the database fails; the definition must be sound (see `validate`).
pub async fn create(
    conn: &mut PgConnection,
    team: TeamId,
    name: &Line,
    definition: &Definition,
    members: &[PersonId],
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<RotationId>> {
    let id = sqlx::query_scalar!(
        "insert into rotations (team_id, name, position)
        select $1, $2, coalesce(max(position), 0) + 1 from rotations where team_id = $1 having count(*) < 100
        on conflict (team_id, name) do nothing returning id",
        team.0,
        name.as_str(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(id) = id.map(RotationId) else {
        return Ok(None);
    };
    let definition = add_version(conn, id, definition, by, now).await?;
    let legs: Vec<(LegId, &[PersonId])> = definition.legs.iter().map(|l| (l.id, members)).collect();
    set_members(conn, id, &legs, now.date_naive()).await?;
    Ok(Some(id))
}

/// Says who belongs to which leg of a rotation: of these people, those who are in its team. Whoever is
/// new joins it on that day; the first who belong to it do so since there is the rotation. Who goes
/// from one of its legs to another joins nothing anew.
///
/// # Errors
/// Where the database fails.
pub async fn set_members(
    conn: &mut PgConnection,
    rotation: RotationId,
    legs: &[(LegId, &[PersonId])],
    today: NaiveDate,
) -> sqlx::Result<()> {
    let known = sqlx::query!(
        r#"select m.person_id, min(m.joined_on) as "joined_on!" from leg_members m join legs l on l.id = m.leg_id
        where l.rotation_id = $1 group by m.person_id"#,
        rotation.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let since: BTreeMap<i64, NaiveDate> = known
        .into_iter()
        .map(|row| (row.person_id, row.joined_on))
        .collect();
    let new = (!since.is_empty()).then_some(today);
    for (leg, members) in legs {
        let members: Vec<i64> = members.iter().map(|p| p.0).collect();
        let joined: Vec<Option<NaiveDate>> = members
            .iter()
            .map(|p| since.get(p).copied().or(new))
            .collect();
        sqlx::query!(
            "delete from leg_members where leg_id = $1 and person_id <> all ($2)",
            leg.0,
            &members,
        )
        .execute(&mut *conn)
        .await?;
        sqlx::query!(
            "insert into leg_members (leg_id, person_id, joined_on)
            select l.id, m.person_id, coalesce(x.joined_on, '2000-01-01') from legs l
            join rotations r on r.id = l.rotation_id
            join team_members m on m.team_id = r.team_id
            join unnest($2::bigint[], $3::date[]) x (person_id, joined_on) on x.person_id = m.person_id
            where l.id = $1
            on conflict do nothing",
            leg.0,
            &members,
            &joined as &[Option<NaiveDate>],
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Raises the revision, unless somebody else did since. Whether it was done. The row stays locked
/// till the transaction ends, so that changes come one after another.
pub async fn raise_revision(
    conn: &mut PgConnection,
    rotation: RotationId,
    revision: i32,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update rotations set revision = revision + 1 where id = $1 and revision = $2",
        rotation.0,
        revision,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a rotation another name, unless another of the team has it. Whether it was done.
pub async fn rename(
    conn: &mut PgConnection,
    rotation: RotationId,
    name: &Line,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update rotations r set name = $2 where r.id = $1 and not exists
            (select from rotations o where o.team_id = r.team_id and o.name = $2 and o.id <> r.id)",
        rotation.0,
        name.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a rotation and its drafts.
pub async fn remove(conn: &mut PgConnection, rotation: RotationId) -> sqlx::Result<()> {
    sqlx::query!("delete from rotations where id = $1", rotation.0)
        .execute(conn)
        .await
        .map(drop)
}
