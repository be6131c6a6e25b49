//! What planning reads. Every query is bounded by a month, a look-back or a rotation's people.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::planning::model::{Facts, HeldPart, Proven};
use crate::vocab::{
    Interval, LegId, Month, PersonId, Points, RoleId, RotationId, ScheduleId, SessionId, TeamId,
};

/// A person as planning needs them.
pub struct PersonRow {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Percent of a full-time contract.
    pub capacity_percent: i16,
    /// First day in the team.
    pub joined_on: NaiveDate,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
}

/// These people, by name, as the team has them; whoever is in it no more, as they are.
///
/// # Errors
/// Where the database fails.
pub async fn people(
    conn: &mut PgConnection,
    team: TeamId,
    ids: &[PersonId],
) -> sqlx::Result<Vec<PersonRow>> {
    let ids: Vec<i64> = ids.iter().map(|p| p.0).collect();
    sqlx::query_as!(
        PersonRow,
        r#"select p.id as "id: PersonId", p.name, p.capacity_percent,
            greatest(p.joined_on, m.joined_on) as "joined_on!", p.left_on
        from people p left join team_members m on m.person_id = p.id and m.team_id = $2
        where p.id = any ($1) order by p.name, p.id"#,
        &ids,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// Which of these people are still engineers of the team.
///
/// # Errors
/// Where the database fails.
pub async fn members(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<PersonId>> {
    sqlx::query_scalar!(
        r#"select person_id as "id: PersonId" from team_members where team_id = $1 and is_engineer order by person_id"#,
        team.0
    )
    .fetch_all(conn)
    .await
}

/// Engineers of the team on that day or later who are in no leg of any of its rotations: nobody
/// would ever plan them. By name, at most 50.
///
/// # Errors
/// Where the database fails.
pub async fn without_leg(
    conn: &mut PgConnection,
    team: TeamId,
    day: NaiveDate,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        "select p.name from team_members tm join people p on p.id = tm.person_id
        where tm.team_id = $1 and tm.is_engineer and (p.left_on is null or p.left_on > $2)
            and not exists (
                select from leg_members lm join legs l on l.id = lm.leg_id
                    join rotations r on r.id = l.rotation_id
                where lm.person_id = p.id and r.team_id = $1)
        order by p.name, p.id limit 50",
        team.0,
        day
    )
    .fetch_all(conn)
    .await
}

/// Name of a team's zone.
///
/// # Errors
/// Where the database fails.
pub async fn team_zone(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<String> {
    sqlx::query_scalar!("select time_zone from teams where id = $1", team.0)
        .fetch_one(conn)
        .await
}

/// A team's name.
///
/// # Errors
/// Where the database fails.
pub async fn team_name(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<String> {
    sqlx::query_scalar!("select name from teams where id = $1", team.0)
        .fetch_one(conn)
        .await
}

/// Who of these people has no device that wakes them.
///
/// # Errors
/// Where the database fails.
pub async fn without_device(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<Vec<PersonId>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: PersonId" from people p where id = any ($1)
            and not exists (select from contact_methods c where c.person_id = p.id and c.is_on_call_device)
        order by name, id"#,
        &ids,
    )
    .fetch_all(conn)
    .await
}

/// When the first shift of a rotation began that anybody served or will.
///
/// # Errors
/// Where the database fails.
pub async fn first_shift(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select least(
            (select min(s.starts_at) from shifts s where s.rotation_id = $1 and exists (select from assignments a
                where a.shift_id = s.id and a.schedule_state = 'published' and a.person_id is not null)),
            (select min(starts_at) from past_shifts where rotation_id = $1))",
        rotation.0,
    )
    .fetch_one(conn)
    .await
}

/// Burden carried in a rotation, by person and month of the shift's start in `zone`.
///
/// # Errors
/// Where the database fails.
pub async fn carried_by_month(
    conn: &mut PgConnection,
    rotation: RotationId,
    range: Interval,
    zone: &str,
) -> sqlx::Result<BTreeMap<(PersonId, Month), Points>> {
    let rows = sqlx::query!(
        r#"select person_id as "person!", date_trunc('month', starts_at at time zone $4)::date as "month!", sum(points)::bigint as "points!"
        from carried where rotation_id = $1 and starts_at >= $2 and starts_at < $3 group by 1, 2"#,
        rotation.0,
        range.start,
        range.end,
        zone,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| ((PersonId(r.person), Month::of(r.month)), Points(r.points)))
        .collect())
}

/// Shifts of a rotation that each person has behind them; watching along doesn't count.
///
/// # Errors
/// Where the database fails.
pub async fn served(
    conn: &mut PgConnection,
    rotation: RotationId,
    now: DateTime<Utc>,
) -> sqlx::Result<BTreeMap<PersonId, i64>> {
    let rows = sqlx::query!(
        r#"select person_id as "person!", count(distinct shift_id) + count(*) filter (where shift_id is null) as "shifts!"
        from carried where rotation_id = $1 and ends_at <= $2 and not is_shadow group by 1"#,
        rotation.0,
        now,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| (PersonId(r.person), r.shifts))
        .collect())
}

/// A published shift of somebody's.
pub struct ElsewhereRow {
    /// Whose.
    pub person: PersonId,
    /// From when to when (UTC).
    pub interval: Interval,
    /// Name of the zone whose clocks it follows.
    pub time_zone: String,
}

/// Published shifts of these people in the range, but for one schedule's.
///
/// # Errors
/// Where the database fails.
pub async fn elsewhere(
    conn: &mut PgConnection,
    ids: &[PersonId],
    range: Interval,
    but: Option<ScheduleId>,
) -> sqlx::Result<Vec<ElsewhereRow>> {
    let ids: Vec<i64> = ids.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person!", starts_at as "start!", ends_at as "end!", time_zone as "zone!" from on_call
        where person_id = any ($1) and starts_at >= $2 and starts_at < $3 and schedule_id is distinct from $4
        order by starts_at, person_id"#,
        &ids,
        range.start,
        range.end,
        but.map(|s| s.0),
    )
    .fetch_all(conn)
    .await?;
    let row = |r: (i64, DateTime<Utc>, DateTime<Utc>, String)| ElsewhereRow {
        person: PersonId(r.0),
        interval: Interval {
            start: r.1,
            end: r.2,
        },
        time_zone: r.3,
    };
    Ok(rows
        .into_iter()
        .map(|r| row((r.person, r.start, r.end, r.zone)))
        .collect())
}

/// A stored schedule of a month.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The schedule.
    pub id: ScheduleId,
    /// `draft`, `published` or `superseded`.
    pub state: String,
    /// Number of the published version.
    pub version: Option<i32>,
    /// Raised by every change of a draft.
    pub revision: i32,
    /// What it was computed from.
    pub facts: Facts,
    /// Digest of that.
    pub digest: String,
    /// What was proven of the cost when it was computed.
    pub proven: Option<Proven>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// Who changed it.
    pub updated_by: Option<String>,
    /// When it was published.
    pub published_at: Option<DateTime<Utc>>,
    /// Who published it.
    pub published_by: Option<String>,
}

macro_rules! stored {
    ($conn:expr, $tail:literal, $($arg:expr),*) => {
        sqlx::query!(
            r#"select s.id, s.state, s.version, s.revision, s.inputs as "facts: Json<Facts>", s.inputs_digest, s.bound, s.bound_open, s.bound_of,
                s.updated_at, u.name as "updated_by?", s.published_at, p.name as "published_by?"
            from schedules s left join people u on u.id = s.updated_by left join people p on p.id = s.published_by "# + $tail,
            $($arg),*
        )
        .map(|r| Stored {
            id: ScheduleId(r.id),
            state: r.state,
            version: r.version,
            revision: r.revision,
            facts: r.facts.0,
            digest: r.inputs_digest,
            proven: proven(r.bound, r.bound_open, r.bound_of),
            updated_at: r.updated_at,
            updated_by: r.updated_by,
            published_at: r.published_at,
            published_by: r.published_by,
        })
        .fetch_all($conn)
        .await
    };
}

fn proven(bound: Option<i64>, open: Option<i32>, of: String) -> Option<Proven> {
    Some(Proven {
        bound: bound?.into(),
        open: usize::try_from(open?).ok()?,
        of,
    })
}

/// The month's draft and published schedule, where there are such.
///
/// # Errors
/// Where the database fails.
pub async fn stored(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
) -> sqlx::Result<(Option<Stored>, Option<Stored>)> {
    let rows = stored!(
        conn,
        "where s.rotation_id = $1 and s.month = $2 and s.state in ('draft', 'published')",
        rotation.0,
        month.first()
    )?;
    let (mut draft, mut published) = (None, None);
    for row in rows {
        if row.state == "draft" {
            draft = Some(row);
        } else {
            published = Some(row);
        }
    }
    Ok((draft, published))
}

/// All published versions of a month, the newest first, at most 100.
///
/// # Errors
/// Where the database fails.
pub async fn versions(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
) -> sqlx::Result<Vec<Stored>> {
    stored!(
        conn,
        "where s.rotation_id = $1 and s.month = $2 and s.state in ('published', 'superseded') order by s.version desc limit 100",
        rotation.0,
        month.first()
    )
}

/// One schedule of a rotation's month, by id.
///
/// # Errors
/// Where the database fails.
pub async fn schedule(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
    version: i32,
) -> sqlx::Result<Option<Stored>> {
    let rows = stored!(
        conn,
        "where s.rotation_id = $1 and s.month = $2 and s.version = $3",
        rotation.0,
        month.first(),
        version
    )?;
    Ok(rows.into_iter().next())
}

/// A slot of a stored schedule.
#[derive(Clone, Debug)]
pub struct StoredSlot {
    /// The leg.
    pub leg: LegId,
    /// From when to when (UTC).
    pub interval: Interval,
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub role_name: String,
    /// Who holds it.
    pub person: Option<PersonId>,
    /// Their name.
    pub name: Option<String>,
    /// The manager's choice.
    pub is_pinned: bool,
    /// Why a rule was broken.
    pub reason: String,
    /// Which.
    pub broken: String,
    /// The leg's name.
    pub leg_name: String,
    /// Place of the role in the escalation.
    pub order: u8,
    /// Only watches and learns.
    pub is_shadow: bool,
    /// Name of the zone whose clocks the shift follows.
    pub time_zone: String,
    /// Minutes on weekdays, at night, at weekends, on holidays.
    pub minutes: [i64; 4],
    /// Its burden.
    pub points: Points,
    /// Its parts, where it changed hands within the shift.
    pub parts: Vec<HeldPart>,
}

/// The slots of a stored schedule in time, by role. One that changed hands within its shift is one
/// slot with parts, held by who serves the most of it.
///
/// # Errors
/// Where the database fails.
pub async fn slots_of(
    conn: &mut PgConnection,
    schedule: ScheduleId,
) -> sqlx::Result<Vec<StoredSlot>> {
    let rows = sqlx::query!(
        r#"select s.leg_id, s.starts_at, s.ends_at, a.starts_at as part_start, a.ends_at as part_end, a.role_id,
            r.name as role_name, a.person_id, p.name as "name?", a.is_pinned,
            a.override_reason, a.overridden_rules, s.time_zone, a.weekday_minutes, a.night_minutes, a.weekend_minutes,
            a.holiday_minutes, a.points, l.name as leg_name, a.escalation_order, a.is_shadow
        from assignments a join shifts s on s.id = a.shift_id join legs l on l.id = s.leg_id join roles r on r.id = a.role_id left join people p on p.id = a.person_id
        where a.schedule_id = $1 order by s.starts_at, s.leg_id, a.escalation_order, a.role_id, a.starts_at"#,
        schedule.0,
    )
    .fetch_all(conn)
    .await?;
    let mut slots: Vec<StoredSlot> = Vec::with_capacity(rows.len());
    for r in rows {
        let slot = StoredSlot {
            leg: LegId(r.leg_id),
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
            role: RoleId(r.role_id),
            role_name: r.role_name,
            person: r.person_id.map(PersonId),
            name: r.name,
            is_pinned: r.is_pinned,
            reason: r.override_reason,
            broken: r.overridden_rules,
            leg_name: r.leg_name,
            order: u8::try_from(r.escalation_order).unwrap_or(u8::MAX),
            is_shadow: r.is_shadow,
            time_zone: r.time_zone,
            minutes: [
                r.weekday_minutes.into(),
                r.night_minutes.into(),
                r.weekend_minutes.into(),
                r.holiday_minutes.into(),
            ],
            points: Points(r.points),
            parts: Vec::new(),
        };
        let part = Interval {
            start: r.part_start,
            end: r.part_end,
        };
        match slots.last_mut() {
            Some(last)
                if (last.leg, last.interval, last.role) == (slot.leg, slot.interval, slot.role) =>
            {
                last.join(&slot, part);
            }
            _ => {
                let whole = slot.interval;
                let mut slot = slot;
                if part != whole {
                    slot.parts.push(slot.part(part));
                }
                slots.push(slot);
            }
        }
    }
    Ok(slots)
}

impl StoredSlot {
    fn part(&self, interval: Interval) -> HeldPart {
        HeldPart {
            interval,
            person: self.person,
            minutes: self.minutes,
            points: self.points,
        }
    }

    /// Takes in the next part of the same slot.
    fn join(&mut self, next: &Self, part: Interval) {
        self.parts.push(next.part(part));
        for (sum, more) in self.minutes.iter_mut().zip(next.minutes) {
            *sum += more;
        }
        self.points += next.points;
        self.is_pinned |= next.is_pinned;
        if self.reason.is_empty() {
            self.reason.clone_from(&next.reason);
            self.broken.clone_from(&next.broken);
        }
        let names = [self.name.take(), next.name.clone()];
        let names: Vec<String> = names.map(|n| n.unwrap_or("nobody".to_owned())).into();
        self.name = Some(names.join(", then "));
        let minutes_of = |person: Option<PersonId>| -> i64 {
            let own = self.parts.iter().filter(|p| p.person == person);
            own.map(|p| p.interval.minutes()).sum()
        };
        if next.person.is_some() && minutes_of(next.person) > minutes_of(self.person) {
            self.person = next.person;
        }
    }
}

/// The last month that a rotation of the team has a published schedule for.
///
/// # Errors
/// Where the database fails.
pub async fn latest_month(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Option<Month>> {
    let day = sqlx::query_scalar!(
        "select max(s.month) from schedules s join rotations r on r.id = s.rotation_id where r.team_id = $1 and s.state = 'published'",
        team.0
    )
    .fetch_one(conn)
    .await?;
    Ok(day.map(Month::of))
}

/// Whether that session still lasts, and its person may still plan for the team.
///
/// # Errors
/// Where the database fails.
pub async fn may_plan(
    conn: &mut PgConnection,
    session: SessionId,
    team: TeamId,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions s join people p on p.id = s.person_id
            where s.id = $1 and s.expires_at > $2 and (p.is_admin or exists (select from team_members m
                where m.person_id = p.id and m.team_id = $3 and m.is_manager))) as "may!""#,
        session.0,
        now,
        team.0,
    )
    .fetch_one(conn)
    .await
}

/// The zones of people.
pub async fn zones(
    conn: &mut PgConnection,
    people: &[i64],
) -> sqlx::Result<BTreeMap<PersonId, chrono_tz::Tz>> {
    let rows = sqlx::query!(
        r#"select id as "id: PersonId", time_zone from people where id = any ($1)"#,
        people,
    )
    .fetch_all(conn)
    .await?;
    let zone = |name: &str| name.parse().unwrap_or(chrono_tz::Tz::UTC);
    Ok(rows
        .iter()
        .map(|row| (row.id, zone(&row.time_zone)))
        .collect())
}
