//! What pages show of requests. Every query is bounded.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use crate::cover::model::{Kind, Person, State};
use crate::vocab::{CoverId, Interval, PersonId, RoleId, ShiftId, TeamId};

/// A published slot, or a part of one, that somebody serves.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The shift.
    pub shift: ShiftId,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Who serves.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// The team's name in addresses.
    pub slug: String,
    /// The team's name.
    pub team_name: String,
}

macro_rules! slots {
    ($conn:expr, $tail:literal, $($arg:expr),*) => {
        sqlx::query!(
            r#"select a.shift_id as "shift_id!", a.role_id as "role_id!", o.name as role, a.starts_at as "starts_at!",
                a.ends_at as "ends_at!", p.id as person_id, p.name, t.slug, t.name as team
            from on_call a join roles o on o.id = a.role_id join people p on p.id = a.person_id
            join teams t on t.id = a.team_id "# + $tail,
            $($arg),*
        )
        .map(|r| Slot {
            shift: ShiftId(r.shift_id),
            role: RoleId(r.role_id),
            role_name: r.role,
            interval: Interval { start: r.starts_at, end: r.ends_at },
            person: PersonId(r.person_id),
            name: r.name,
            slug: r.slug,
            team_name: r.team,
        })
        .fetch_all($conn)
        .await
    };
}

/// What somebody serves in a role at some time of an interval, in order; at most 10.
///
/// # Errors
/// Where the database fails.
pub async fn serves_then(
    conn: &mut PgConnection,
    person: PersonId,
    role: RoleId,
    interval: Interval,
) -> sqlx::Result<Vec<Slot>> {
    slots!(
        conn,
        "where a.person_id = $1 and a.role_id = $2 and tstzrange(a.starts_at, a.ends_at) && tstzrange($3, $4)
        order by a.starts_at limit 10",
        person.0,
        role.0,
        interval.start,
        interval.end
    )
}

/// Who serves a published shift, in time and by escalation order.
///
/// # Errors
/// Where the database fails.
pub async fn slots_of_shift(conn: &mut PgConnection, shift: ShiftId) -> sqlx::Result<Vec<Slot>> {
    slots!(
        conn,
        "where a.shift_id = $1 order by a.escalation_order, a.starts_at limit 200",
        shift.0
    )
}

/// What a rotation's people serve after an instant, but for one person, and in other shifts than
/// one: what may be given in return. By start, at most 120, for each is held against the rules.
///
/// # Errors
/// Where the database fails.
pub async fn own_slots(
    conn: &mut PgConnection,
    shift: ShiftId,
    but: PersonId,
    after: DateTime<Utc>,
) -> sqlx::Result<Vec<Slot>> {
    slots!(
        conn,
        "where a.rotation_id = (select rotation_id from shifts where id = $1) and a.person_id <> $2
            and a.starts_at > $3 and a.shift_id <> $1
        order by a.starts_at, a.escalation_order limit 120",
        shift.0,
        but.0,
        after
    )
}

/// A line of a request's history.
#[derive(Clone, Debug)]
pub struct Event {
    /// When (UTC).
    pub at: DateTime<Utc>,
    /// Who did it; none for the service itself.
    pub actor: Option<String>,
    /// What.
    pub action: String,
    /// Whom it is about.
    pub person: Option<String>,
    /// More words.
    pub note: String,
}

/// A request's history, at most 1,000 lines.
///
/// # Errors
/// Where the database fails.
pub async fn events(conn: &mut PgConnection, request: CoverId) -> sqlx::Result<Vec<Event>> {
    sqlx::query_as!(
        Event,
        r#"select e.at, a.name as "actor?", e.action, p.name as "person?", e.note
        from cover_events e left join people a on a.id = e.actor_id left join people p on p.id = e.person_id
        where e.request_id = $1 order by e.id limit 1000"#,
        request.0,
    )
    .fetch_all(conn)
    .await
}

/// The last line of a request's history; 0 where there is none.
///
/// # Errors
/// Where the database fails.
pub async fn last_event(conn: &mut PgConnection, request: CoverId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(max(id), 0) as "id!" from cover_events where request_id = $1"#,
        request.0
    )
    .fetch_one(conn)
    .await
}

/// The last line of history of a team's requests for shifts that start after an instant.
///
/// # Errors
/// Where the database fails.
pub async fn last_event_of_team(
    conn: &mut PgConnection,
    team: TeamId,
    after: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select coalesce(max(e.id), 0) as "id!" from cover_requests r join cover_events e on e.request_id = r.id
        where r.role_id = any (array(select x.id from roles x join rotations n on n.id = x.rotation_id where n.team_id = $1))
            and r.starts_at > $2"#,
        team.0,
        after
    )
    .fetch_one(conn)
    .await
}

/// A request in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The request.
    pub id: CoverId,
    /// What is asked for.
    pub kind: Kind,
    /// Where it stands.
    pub state: State,
    /// The role's name.
    pub role_name: String,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Whose it is.
    pub person: String,
    /// Who agreed.
    pub taker: Option<String>,
    /// How many are being asked now.
    pub asked: i64,
    /// How many said no or let their time run out.
    pub refused: i64,
    /// Nobody is left.
    pub is_exhausted: bool,
}

impl Listed {
    /// Where it stands, on pages.
    #[must_use]
    pub fn stands(&self) -> &'static str {
        self.state.label_of(self.kind)
    }
}

/// A team's requests for times that end after `after`, the next first, and at most `most`; those of the
/// past the latest first.
///
/// # Errors
/// Where the database fails.
pub async fn listed(
    conn: &mut PgConnection,
    team: TeamId,
    after: DateTime<Utc>,
    is_past: bool,
    most: i64,
) -> sqlx::Result<Vec<Listed>> {
    let rows = sqlx::query!(
        r#"select r.id, r.kind as "kind: Kind", r.state as "state: State", o.name as role, r.starts_at, r.ends_at,
            p.name as person, k.name as "taker?", r.exhausted_at is not null as "is_exhausted!",
            (select count(*) from cover_offers f where f.request_id = r.id and f.state = 'asked') as "asked!",
            (select count(*) from cover_offers f where f.request_id = r.id and f.state in ('declined', 'lapsed')) as "refused!"
        from cover_requests r
        join roles o on o.id = r.role_id
        join people p on p.id = r.person_id
        left join people k on k.id = r.taker_id
        where r.role_id = any (array(select x.id from roles x join rotations n on n.id = x.rotation_id where n.team_id = $1))
            and (r.ends_at <= $2) = $3
        order by r.state in ('open', 'agreed') desc,
            extract(epoch from r.starts_at) * case when $3 then -1 else 1 end, r.id desc
        limit $4"#,
        team.0,
        after,
        is_past,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Listed {
            id: CoverId(r.id),
            kind: r.kind,
            state: r.state,
            role_name: r.role,
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
            person: r.person,
            taker: r.taker,
            asked: r.asked,
            refused: r.refused,
            is_exhausted: r.is_exhausted,
        })
        .collect())
}

/// A request for a slot that is not settled.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The request.
    pub id: CoverId,
    /// Its time (UTC).
    pub interval: Interval,
}

/// The requests for a slot that are not settled.
///
/// # Errors
/// Where the database fails.
pub async fn open_of_slot(
    conn: &mut PgConnection,
    shift: ShiftId,
    role: RoleId,
) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query!(
        "select id, starts_at, ends_at from cover_requests
        where shift_id = $1 and role_id = $2 and state in ('open', 'agreed') order by starts_at limit 100",
        shift.0,
        role.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Entry {
            id: CoverId(r.id),
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
        })
        .collect())
}

/// These people with their zones, by name.
///
/// # Errors
/// Where the database fails.
pub async fn people(conn: &mut PgConnection, ids: &[PersonId]) -> sqlx::Result<Vec<Person>> {
    let ids: Vec<i64> = ids.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        "select id, name, time_zone from people where id = any ($1) order by name, id",
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| Person {
            id: PersonId(r.id),
            name: r.name,
            zone: r.time_zone.parse().unwrap_or(Tz::UTC),
        })
        .collect())
}

/// How a person answered over a period.
#[derive(Clone, Debug)]
pub struct Answers {
    /// Their name.
    pub name: String,
    /// How often they were asked; volunteering and being assigned don't count.
    pub asked: i64,
    /// How often they took a shift: they agreed, volunteered or were assigned.
    pub taken: i64,
    /// How often they said no.
    pub declined: i64,
    /// How often they did not answer in time.
    pub lapsed: i64,
    /// How often what they had taken was taken back, by either side, or not approved.
    pub undone: i64,
    /// How often they asked to be covered themselves.
    pub requested: i64,
}

/// How each person of a team was asked and answered, and how often they asked, between two instants;
/// by name, at most 500. Counted from the history: an answer counts though another came after it.
///
/// # Errors
/// Where the database fails.
pub async fn answers(
    conn: &mut PgConnection,
    team: TeamId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> sqlx::Result<Vec<Answers>> {
    sqlx::query_as!(
        Answers,
        r#"select p.name, count(*) filter (where e.action = 'asked') as "asked!",
            count(*) filter (where e.action in ('agreed', 'volunteered', 'assigned')) as "taken!",
            count(*) filter (where e.action = 'declined') as "declined!",
            count(*) filter (where e.action = 'ran_out') as "lapsed!",
            count(*) filter (where e.action in ('undone', 'refused')) as "undone!",
            count(*) filter (where e.action = 'made') as "requested!"
        from cover_requests r
        join cover_events e on e.request_id = r.id
        join people p on p.id = e.person_id
        where r.role_id = any (array(select x.id from roles x join rotations n on n.id = x.rotation_id where n.team_id = $1))
            and e.at >= $2 and e.at <= $3
            and e.action in ('asked', 'agreed', 'volunteered', 'assigned', 'declined', 'ran_out', 'undone', 'refused', 'made')
        group by p.id, p.name
        order by p.name, p.id limit 500"#,
        team.0,
        from,
        to,
    )
    .fetch_all(conn)
    .await
}

/// A team's managers who are there on that day.
///
/// # Errors
/// Where the database fails.
pub async fn managers(
    conn: &mut PgConnection,
    team: TeamId,
    day: chrono::NaiveDate,
) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select m.person_id as "id: PersonId" from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 and m.is_manager and (p.left_on is null or p.left_on > $2) order by 1 limit 100"#,
        team.0,
        day
    )
    .fetch_all(conn)
    .await
}
