//! Requests: made, moved from state to state, read.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::cover::model::{Kind, Person, Request, Return, State};
use crate::vocab::{CoverId, Interval, PersonId, RoleId, ShiftId, TeamId};

/// A request to be stored.
pub struct NewRequest<'a> {
    /// What is asked for.
    pub kind: Kind,
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Whose it is.
    pub person: PersonId,
    /// To whom it is given, or who swaps.
    pub colleague: Option<PersonId>,
    /// What they give in return.
    pub in_return: Option<Return>,
    /// Why.
    pub reason: &'a str,
    /// The requester is on leave then.
    pub is_leave: bool,
    /// Who makes it.
    pub by: PersonId,
    /// From then on nobody can agree (UTC).
    pub open_until: DateTime<Utc>,
}

/// Stores a request; none where the same time of the slot is asked for already.
///
/// # Errors
/// Where the database fails.
pub async fn create(
    conn: &mut PgConnection,
    new: &NewRequest<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<CoverId>> {
    let (back, interval) = (new.in_return, new.in_return.map(|r| r.interval));
    let made = sqlx::query_scalar!(
        r#"insert into cover_requests (shift_id, role_id, starts_at, ends_at, person_id, kind, colleague_id,
            return_shift_id, return_role_id, return_starts_at, return_ends_at, reason, is_leave, needs_approval,
            made_by, made_at, open_until)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            coalesce((select c.needs_approval from roles o join rotations n on n.id = o.rotation_id
                join cover_settings c on c.team_id = n.team_id where o.id = $2), false),
            $14, $15, $16
        on conflict do nothing
        returning id as "id: CoverId""#,
        new.shift.0,
        new.role.0,
        new.interval.start,
        new.interval.end,
        new.person.0,
        new.kind.key(),
        new.colleague.map(|p| p.0),
        back.map(|r| r.shift.0),
        back.map(|r| r.role.0),
        interval.map(|i| i.start),
        interval.map(|i| i.end),
        new.reason,
        new.is_leave,
        new.by.0,
        now,
        new.open_until,
    )
    .fetch_optional(conn)
    .await?;
    Ok(made)
}

/// A request, with the names it is shown with.
///
/// # Errors
/// Where the database fails.
pub async fn load(conn: &mut PgConnection, id: CoverId) -> sqlx::Result<Option<Request>> {
    let row = sqlx::query!(
        r#"select r.id, r.kind as "kind: Kind", r.state as "state: State", r.shift_id, r.role_id, o.name as role,
            r.starts_at, r.ends_at, s.starts_at as whole_start, s.ends_at as whole_end, n.name as rotation,
            coalesce((select a.escalation_order from assignments a where a.shift_id = r.shift_id and a.role_id = r.role_id
                order by a.id desc limit 1), 1::smallint) as "escalation_order!",
            t.id as team_id, t.slug, t.name as team, t.time_zone as team_zone, p.id as person_id, p.name as person, p.time_zone as zone,
            c.id as "colleague_id?", c.name as "colleague?", c.time_zone as "colleague_zone?",
            r.return_shift_id, r.return_role_id, r.return_starts_at, r.return_ends_at, ro.name as "return_role?",
            r.reason, r.is_leave, r.needs_approval, r.made_by, r.made_at, r.open_until,
            k.id as "taker_id?", k.name as "taker?", k.time_zone as "taker_zone?",
            r.undo_until, r.exhausted_at is not null as "is_exhausted!", r.end_note
        from cover_requests r
        join shifts s on s.id = r.shift_id
        join roles o on o.id = r.role_id
        join rotations n on n.id = o.rotation_id
        join teams t on t.id = n.team_id
        join people p on p.id = r.person_id
        left join people c on c.id = r.colleague_id
        left join roles ro on ro.id = r.return_role_id
        left join people k on k.id = r.taker_id
        where r.id = $1"#,
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|r| {
        let person = |id: Option<i64>, name: Option<String>, zone: Option<String>| {
            Some(Person {
                id: PersonId(id?),
                name: name?,
                zone: zone?.parse().unwrap_or(Tz::UTC),
            })
        };
        let in_return = || {
            let back = Return {
                shift: ShiftId(r.return_shift_id?),
                role: RoleId(r.return_role_id?),
                interval: Interval {
                    start: r.return_starts_at?,
                    end: r.return_ends_at?,
                },
            };
            Some((back, r.return_role.clone()?))
        };
        Request {
            id: CoverId(r.id),
            kind: r.kind,
            state: r.state,
            shift: ShiftId(r.shift_id),
            role: RoleId(r.role_id),
            order: r.escalation_order,
            in_return: in_return(),
            role_name: r.role,
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
            whole: Interval {
                start: r.whole_start,
                end: r.whole_end,
            },
            rotation_name: r.rotation,
            team: TeamId(r.team_id),
            slug: r.slug,
            team_name: r.team,
            team_zone: r.team_zone.parse().unwrap_or(Tz::UTC),
            person: Person {
                id: PersonId(r.person_id),
                name: r.person,
                zone: r.zone.parse().unwrap_or(Tz::UTC),
            },
            colleague: person(r.colleague_id, r.colleague, r.colleague_zone),
            reason: r.reason,
            is_leave: r.is_leave,
            needs_approval: r.needs_approval,
            made_by: PersonId(r.made_by),
            made_at: r.made_at,
            open_until: r.open_until,
            taker: person(r.taker_id, r.taker, r.taker_zone),
            undo_until: r.undo_until,
            is_exhausted: r.is_exhausted,
            end_note: r.end_note,
        }
    }))
}

/// Locks a request until the transaction ends. Lock its shift's rotation before.
///
/// # Errors
/// Where the database fails.
pub async fn lock(conn: &mut PgConnection, id: CoverId) -> sqlx::Result<Option<ShiftId>> {
    sqlx::query_scalar!(
        r#"select shift_id as "id: ShiftId" from cover_requests where id = $1 for no key update"#,
        id.0
    )
    .fetch_optional(conn)
    .await
}

/// Somebody takes it: `agreed` where a manager must approve, otherwise `covered`, to be taken back
/// until `undo_until`.
///
/// # Errors
/// Where the database fails.
pub async fn agreed(
    conn: &mut PgConnection,
    id: CoverId,
    state: State,
    taker: PersonId,
    undo_until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_requests set state = $2, taker_id = $3, agreed_at = coalesce(agreed_at, $4::timestamptz), undo_until = $5,
            ended_at = case when $2 = 'covered' then $4 end, end_note = ''
        where id = $1",
        id.0,
        state.key(),
        taker.0,
        now,
        undo_until,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps what was entered for the time before whoever asked became unavailable, as JSON.
///
/// # Errors
/// Where the database fails.
pub async fn keep_replaced(
    conn: &mut PgConnection,
    id: CoverId,
    entries: &serde_json::Value,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_requests set replaced = $2 where id = $1",
        id.0,
        entries
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What was entered for the time before, as it was kept.
///
/// # Errors
/// Where the database fails.
pub async fn replaced(conn: &mut PgConnection, id: CoverId) -> sqlx::Result<serde_json::Value> {
    sqlx::query_scalar!("select replaced from cover_requests where id = $1", id.0)
        .fetch_one(conn)
        .await
}

/// Other requests for some of the same time of the slot that are not settled.
///
/// # Errors
/// Where the database fails.
pub async fn others_of_slot(
    conn: &mut PgConnection,
    request: &Request,
) -> sqlx::Result<Vec<CoverId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CoverId" from cover_requests
        where shift_id = $1 and role_id = $2 and id <> $3 and state in ('open', 'agreed')
            and starts_at < $5 and ends_at > $4 order by id limit 100"#,
        request.shift.0,
        request.role.0,
        request.id.0,
        request.interval.start,
        request.interval.end,
    )
    .fetch_all(conn)
    .await
}

/// It is open again.
///
/// # Errors
/// Where the database fails.
pub async fn reopen(conn: &mut PgConnection, id: CoverId) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_requests set state = 'open', taker_id = null, agreed_at = null, undo_until = null,
            ended_at = null, exhausted_at = null
        where id = $1",
        id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// It ends without anybody taking it: `withdrawn`, `closed` or `lapsed`. Questions still open are
/// taken back; returns whose they were.
///
/// # Errors
/// Where the database fails.
pub async fn settle(
    conn: &mut PgConnection,
    id: CoverId,
    state: State,
    note: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_requests set state = $2, taker_id = null, agreed_at = null, undo_until = null, ended_at = $4,
            end_note = $3
        where id = $1",
        id.0,
        state.key(),
        note,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A running shift changes hands from then on, not from when it was asked for.
///
/// # Errors
/// Where the database fails.
pub async fn start_at(
    conn: &mut PgConnection,
    id: CoverId,
    start: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update cover_requests set starts_at = $2 where id = $1",
        id.0,
        start
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Nobody is left to be asked; whether that is news.
///
/// # Errors
/// Where the database fails.
pub async fn exhausted(
    conn: &mut PgConnection,
    id: CoverId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update cover_requests set exhausted_at = $2 where id = $1 and exhausted_at is null",
        id.0,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds a line to a request's history; its id.
///
/// # Errors
/// Where the database fails.
pub async fn add_event(
    conn: &mut PgConnection,
    request: CoverId,
    at: DateTime<Utc>,
    actor: Option<PersonId>,
    action: &str,
    person: Option<PersonId>,
    note: &str,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into cover_events (request_id, at, actor_id, action, person_id, note)
        values ($1, $2, $3, $4, $5, $6) returning id",
        request.0,
        at,
        actor.map(|p| p.0),
        action,
        person.map(|p| p.0),
        note,
    )
    .fetch_one(conn)
    .await
}

/// Whether a team wants a manager's approval.
///
/// # Errors
/// Where the database fails.
pub async fn approval(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from cover_settings where team_id = $1 and needs_approval) as "needs!""#,
        team.0
    )
    .fetch_one(conn)
    .await
}

/// Sets whether a team wants a manager's approval, for requests to come.
///
/// # Errors
/// Where the database fails.
pub async fn set_approval(conn: &mut PgConnection, team: TeamId, needs: bool) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into cover_settings (team_id, needs_approval) values ($1, $2)
        on conflict (team_id) do update set needs_approval = excluded.needs_approval",
        team.0,
        needs,
    )
    .execute(conn)
    .await
    .map(drop)
}
