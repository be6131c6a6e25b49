//! Teams and who is in them.

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::vocab::{Line, PersonId, Slug, TeamId};

/// A person in a team.
pub struct Member {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Name of their zone.
    pub time_zone: String,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// First day.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
    /// Plans, approves, signs off.
    pub is_manager: bool,
    /// Takes shifts.
    pub is_engineer: bool,
    /// Raised by every change of the profile.
    pub revision: i32,
    /// Whether an on-call device is known.
    pub has_device: bool,
}

/// What a manager may change of a member.
pub struct MemberChange {
    /// Percent of a full-time contract, 1 to 100.
    pub capacity_percent: i16,
    /// First day.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
    /// Plans, approves, signs off.
    pub is_manager: bool,
    /// Takes shifts.
    pub is_engineer: bool,
}

/// A team in the administrator's list.
pub struct TeamRow {
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Name of its zone.
    pub time_zone: String,
    /// How many are in it.
    pub members: i64,
}

/// Adds a team; none where the slug is taken.
///
/// # Errors
/// Where the database fails.
pub async fn add_team(
    conn: &mut PgConnection,
    slug: &Slug,
    name: &Line,
    zone: Tz,
) -> sqlx::Result<Option<TeamId>> {
    sqlx::query_scalar!(
        "insert into teams (slug, name, time_zone) values ($1, $2, $3) on conflict (slug) do nothing returning id",
        slug.as_str(),
        name.as_str(),
        zone.name(),
    )
    .fetch_optional(conn)
    .await
    .map(|id| id.map(TeamId))
}

/// Whether a team of that slug exists.
///
/// # Errors
/// Where the database fails.
pub async fn slug_taken(conn: &mut PgConnection, slug: &Slug) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from teams where slug = $1) as "taken!""#,
        slug.as_str()
    )
    .fetch_one(conn)
    .await
}

/// All teams whose name or slug holds `part`, by name, at most `most`.
///
/// # Errors
/// Where the database fails.
pub async fn list_teams(
    conn: &mut PgConnection,
    part: &str,
    most: i64,
) -> sqlx::Result<Vec<TeamRow>> {
    sqlx::query_as!(
        TeamRow,
        r#"select t.slug, t.name, t.time_zone, count(m.id) as "members!" from teams t
        left join team_members m on m.team_id = t.id
        where $1 = '' or strpos(lower(t.name), lower($1)) > 0 or strpos(t.slug, lower($1)) > 0
        group by t.id order by t.name, t.id limit $2"#,
        part,
        most,
    )
    .fetch_all(conn)
    .await
}

/// Members that a team has at most: no list of them is ever cut short.
pub const MOST_MEMBERS: i64 = 200;

/// Nobody joins or leaves a team meanwhile.
async fn lock(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from teams where id = $1 for no key update",
        team.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(())
}

/// Whether a person may be added to a team, or is in it. Nobody else joins meanwhile: the team is locked.
///
/// # Errors
/// Where the database fails.
pub async fn has_room(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
) -> sqlx::Result<bool> {
    lock(conn, team).await?;
    sqlx::query_scalar!(
        r#"select count(*) < $3 or coalesce(bool_or(person_id = $2), false) as "has!" from team_members where team_id = $1"#,
        team.0,
        person.0,
        MOST_MEMBERS,
    )
    .fetch_one(conn)
    .await
}

/// Adds a person to a team from a day on, or adds what they are in it.
///
/// # Errors
/// Where the database fails.
pub async fn add_member(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
    is_manager: bool,
    is_engineer: bool,
    joined_on: NaiveDate,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into team_members (team_id, person_id, is_manager, is_engineer, joined_on) values ($1, $2, $3, $4, $5)
        on conflict (team_id, person_id) do update
        set is_manager = team_members.is_manager or excluded.is_manager, is_engineer = team_members.is_engineer or excluded.is_engineer",
        team.0,
        person.0,
        is_manager,
        is_engineer,
        joined_on,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Who is in a team, by name, at most 500.
///
/// # Errors
/// Where the database fails.
pub async fn members(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Member>> {
    sqlx::query_as!(
        Member,
        r#"select p.id as "id: PersonId", p.name, p.email, p.time_zone, p.capacity_percent,
            greatest(p.joined_on, m.joined_on) as "joined_on!", p.left_on, m.is_manager, m.is_engineer, p.revision,
            exists (select from contact_methods c where c.person_id = p.id and c.is_on_call_device) as "has_device!"
        from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 order by p.name, p.id limit 500"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// One member of a team.
///
/// # Errors
/// Where the database fails.
pub async fn member(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
) -> sqlx::Result<Option<Member>> {
    sqlx::query_as!(
        Member,
        r#"select p.id as "id: PersonId", p.name, p.email, p.time_zone, p.capacity_percent,
            greatest(p.joined_on, m.joined_on) as "joined_on!", p.left_on, m.is_manager, m.is_engineer, p.revision,
            exists (select from contact_methods c where c.person_id = p.id and c.is_on_call_device) as "has_device!"
        from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.person_id = $2"#,
        team.0,
        person.0,
    )
    .fetch_optional(conn)
    .await
}

/// Changes a member, unless somebody else did since `revision`. Whether it was done.
///
/// # Errors
/// Where the database fails.
pub async fn update_member(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
    revision: i32,
    change: &MemberChange,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        // A person's first day is that of the first of their teams.
        "update people p set capacity_percent = $3, left_on = $5, revision = revision + 1,
            joined_on = least($4, (select min(greatest(m.joined_on, p.joined_on)) from team_members m
                where m.person_id = p.id and m.team_id <> $6))
        where id = $1 and revision = $2",
        person.0,
        revision,
        change.capacity_percent,
        change.joined_on,
        change.left_on,
        team.0,
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "update team_members set is_manager = $3, is_engineer = $4, joined_on = $5 where team_id = $1 and person_id = $2",
        team.0,
        person.0,
        change.is_manager,
        change.is_engineer,
        change.joined_on,
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Whether a team has a manager besides this person. Nobody else leaves meanwhile: the team is locked.
///
/// # Errors
/// Where the database fails.
pub async fn has_other_manager(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
    today: NaiveDate,
) -> sqlx::Result<bool> {
    lock(conn, team).await?;
    sqlx::query_scalar!(
        r#"select exists (select from team_members m join people p on p.id = m.person_id
            where m.team_id = $1 and m.person_id <> $2 and m.is_manager
                and (p.left_on is null or p.left_on > $3)) as "has!""#,
        team.0,
        person.0,
        today,
    )
    .fetch_one(conn)
    .await
}

/// Takes a person out of a team and its legs. What is published stays.
///
/// # Errors
/// Where the database fails.
pub async fn remove_member(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
) -> sqlx::Result<bool> {
    sqlx::query!(
        "delete from leg_members m using legs l, rotations r
        where m.leg_id = l.id and l.rotation_id = r.id and r.team_id = $1 and m.person_id = $2",
        team.0,
        person.0,
    )
    .execute(&mut *conn)
    .await?;
    let done = sqlx::query!(
        "delete from team_members where team_id = $1 and person_id = $2",
        team.0,
        person.0
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
