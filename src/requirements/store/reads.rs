//! What is read, each in one query.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::requirements::model::{
    Board, Duty, Engineer, Holding, Record, Requirement, RoleRequirement, RotationRequirements,
    State,
};
use crate::vocab::{PersonId, RequirementId, RoleId, RotationId, TeamId};

/// Whose standing is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// All engineers of a team.
    Team(TeamId),
    /// One person, in all teams they take shifts in.
    Person(PersonId),
}

/// What is required of whom, and where they stand. Four queries, whatever the size; at most 500
/// engineers and 100 requirements of a team.
///
/// # Errors
/// Where the database fails.
pub async fn board(
    conn: &mut PgConnection,
    scope: Scope,
    now: DateTime<Utc>,
) -> sqlx::Result<Board> {
    let today = now.date_naive();
    let (team, person) = match scope {
        Scope::Team(team) => (Some(team.0), None),
        Scope::Person(person) => (None, Some(person.0)),
    };
    let engineers = sqlx::query_as!(
        Engineer,
        r#"select p.id as "id: PersonId", p.name, t.id as "team: TeamId", t.name as team_name,
            array(select distinct l.rotation_id from leg_members lm join legs l on l.id = lm.leg_id
                join rotations o on o.id = l.rotation_id where lm.person_id = p.id and o.team_id = t.id) as "rotations!"
        from team_members m join people p on p.id = m.person_id join teams t on t.id = m.team_id
        where ($1::bigint is null or m.team_id = $1) and ($2::bigint is null or m.person_id = $2)
            and m.is_engineer and (p.left_on is null or p.left_on > $3)
        order by p.name, p.id, t.name, t.id limit 500"#,
        team,
        person,
        today,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut teams: Vec<i64> = engineers.iter().map(|e| e.team.0).chain(team).collect();
    teams.sort_unstable();
    teams.dedup();
    let requirements = sqlx::query_as!(
        Requirement,
        r#"select id as "id: RequirementId", team_id as "team: TeamId", title, why, how, link, needs_sign_off, valid_days,
            false as "is_retired!", revision
        from requirements where team_id = any ($1) and retired_at is null order by title, id limit 2000"#,
        &teams,
    )
    .fetch_all(&mut *conn)
    .await?;
    let duties = sqlx::query_as!(
        Duty,
        r#"select d.role_id as "role!: RoleId", d.rotation_id as "rotation!: RotationId", d.team_id as "team!: TeamId",
            d.role_name as "role_name!", d.rotation_name as "rotation_name!", d.escalation_order as "escalation_order!",
            q.id as "requirement?: RequirementId"
        from duty_roles($1, $2) d
        left join (requirement_roles rr join requirements q on q.id = rr.requirement_id and q.retired_at is null)
            on rr.role_id = d.role_id
        order by d.team_id, d.rotation_position, d.rotation_name, d.rotation_id, d.escalation_order, d.role_id, q.title, q.id
        limit 20000"#,
        &teams,
        today,
    )
    .fetch_all(&mut *conn)
    .await?;
    let people: Vec<i64> = engineers.iter().map(|e| e.id.0).collect();
    let records = standing_records(conn, &teams, &people, now).await?;
    Ok(Board::new(now, requirements, duties, engineers, records))
}

/// All that tells where people stand: what waits, what runs, and the last of each other kind.
async fn standing_records(
    conn: &mut PgConnection,
    teams: &[i64],
    people: &[i64],
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"select h.id, h.requirement_id as "requirement: RequirementId", h.person_id as "person: PersonId",
            h.state as "state: State", h.asked_at, h.request_note, h.decided_at, d.name as "decided_by?",
            coalesce(h.decided_by = h.person_id, false) as "is_own!", h.note,
            h.held_from, h.held_until, h.revoked_at, r.name as "revoked_by?", h.revoke_note
        from holdings h
        join requirements q on q.id = h.requirement_id
        left join people d on d.id = h.decided_by
        left join people r on r.id = h.revoked_by
        where q.team_id = any ($1) and q.retired_at is null and h.person_id = any ($2) and (
            h.state = 'pending'
            or (h.state = 'held' and (h.held_until is null or h.held_until > $3))
            or not exists (select from holdings later where later.requirement_id = h.requirement_id
                and later.person_id = h.person_id and later.state = h.state
                and (coalesce(least(later.held_until, later.revoked_at), later.asked_at), later.id)
                    > (coalesce(least(h.held_until, h.revoked_at), h.asked_at), h.id)))
        order by h.id limit 200000"#,
        teams,
        people,
        now,
    )
    .fetch_all(conn)
    .await
}

/// What tells where a person stands with a requirement that is not retired.
///
/// # Errors
/// Where the database fails.
pub async fn standing(
    conn: &mut PgConnection,
    requirement: &Requirement,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Record>> {
    let mut rows = standing_records(conn, &[requirement.team.0], &[person.0], now).await?;
    rows.retain(|r| r.requirement == requirement.id);
    Ok(rows)
}

/// An engineer of a team, by name.
///
/// # Errors
/// Where the database fails.
pub async fn engineer_name(
    conn: &mut PgConnection,
    team: TeamId,
    person: PersonId,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select p.name from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.person_id = $2 and m.is_engineer",
        team.0,
        person.0,
    )
    .fetch_optional(conn)
    .await
}

/// All that happened between a person and a requirement, the newest first, at most 200.
///
/// # Errors
/// Where the database fails.
pub async fn history(
    conn: &mut PgConnection,
    requirement: RequirementId,
    person: PersonId,
) -> sqlx::Result<Vec<Record>> {
    sqlx::query_as!(
        Record,
        r#"select h.id, h.requirement_id as "requirement: RequirementId", h.person_id as "person: PersonId",
            h.state as "state: State", h.asked_at, h.request_note, h.decided_at, d.name as "decided_by?",
            coalesce(h.decided_by = h.person_id, false) as "is_own!", h.note,
            h.held_from, h.held_until, h.revoked_at, r.name as "revoked_by?", h.revoke_note
        from holdings h
        left join people d on d.id = h.decided_by
        left join people r on r.id = h.revoked_by
        where h.requirement_id = $1 and h.person_id = $2 order by h.id desc limit 200"#,
        requirement.0,
        person.0,
    )
    .fetch_all(conn)
    .await
}

/// A request to a team, and what became of it.
pub struct Request {
    /// Of what.
    pub requirement: RequirementId,
    /// Who asked, by name.
    pub name: String,
    /// What became of it.
    pub state: State,
    /// Who decided, by name.
    pub decided_by: Option<String>,
}

/// A request to a team, whatever became of it.
///
/// # Errors
/// Where the database fails.
pub async fn request(
    conn: &mut PgConnection,
    team: TeamId,
    id: i64,
) -> sqlx::Result<Option<Request>> {
    sqlx::query_as!(
        Request,
        r#"select h.requirement_id as "requirement: RequirementId", p.name, h.state as "state: State",
            d.name as "decided_by?"
        from holdings h join requirements q on q.id = h.requirement_id join people p on p.id = h.person_id
        left join people d on d.id = h.decided_by
        where h.id = $1 and q.team_id = $2"#,
        id,
        team.0,
    )
    .fetch_optional(conn)
    .await
}

/// What a rotation's roles need, and who holds it at `since` (UTC) or later: one query.
///
/// # Errors
/// Where the database fails.
pub async fn holdings_for(
    conn: &mut PgConnection,
    rotation: RotationId,
    since: DateTime<Utc>,
) -> sqlx::Result<RotationRequirements> {
    let rows = sqlx::query!(
        r#"select q.id as "requirement: RequirementId", q.title,
            array(select rr.role_id from requirement_roles rr join roles o on o.id = rr.role_id
                where rr.requirement_id = q.id and o.rotation_id = $1 order by rr.role_id) as "roles!",
            h.person_id as "person?: PersonId", h.held_from as "from?", least(h.held_until, h.revoked_at) as until
        from requirements q
        left join holdings h on h.requirement_id = q.id and h.state in ('held', 'revoked')
            and (h.held_until is null or h.held_until > $2) and (h.revoked_at is null or h.revoked_at > greatest($2, h.held_from))
        where q.retired_at is null and exists (select from requirement_roles rr join roles o on o.id = rr.role_id
            where rr.requirement_id = q.id and o.rotation_id = $1)
        order by q.id, h.id limit 200000"#,
        rotation.0,
        since,
    )
    .fetch_all(conn)
    .await?;
    let (mut requirements, mut holdings) = (Vec::new(), Vec::new());
    for row in rows {
        requirements.extend(row.roles.iter().map(|role| RoleRequirement {
            role: RoleId(*role),
            requirement: row.requirement,
            title: row.title.clone(),
        }));
        if let (Some(person), Some(from)) = (row.person, row.from) {
            holdings.push(Holding {
                person,
                requirement: row.requirement,
                from,
                until: row.until,
            });
        }
    }
    Ok(RotationRequirements::new(requirements, holdings))
}
