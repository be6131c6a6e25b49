//! Reading rotations.

use std::collections::BTreeMap;
use std::error::Error;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc, Weekday};
use sqlx::PgConnection;

use crate::rotations::model::{
    BurdenRules, Cadence, Definition, HardRules, Holidays, Leg, Newcomers, RoleRule, Weekdays,
};
use crate::vocab::{LegId, PersonId, RoleId, RotationId, TeamId};

/// A rotation with all its rules and who belongs to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// Its id.
    pub id: RotationId,
    /// The team it belongs to.
    pub team: TeamId,
    /// What people call it.
    pub name: String,
    /// Raised by every change.
    pub revision: i32,
    /// Its rules, sorted by the date they take effect on; at least one. Forbidden pairs and entered
    /// holidays are the same in all of them.
    pub versions: Vec<Definition>,
    /// Who belongs to each leg, also to legs of earlier versions; by id.
    pub members: BTreeMap<LegId, Vec<PersonId>>,
}

impl Rotation {
    /// The rules by date: those in force on that day, or the first ones before there were any.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Option<&Definition> {
        let in_force = |d: &&Definition| d.effective_from <= day;
        let last = self.versions.iter().rev().find(in_force);
        last.or(self.versions.first())
    }

    /// Who belongs to a leg.
    #[must_use]
    pub fn members_of(&self, leg: LegId) -> &[PersonId] {
        self.members.get(&leg).map_or(&[], Vec::as_slice)
    }
}

/// A rotation in its team's list.
pub struct Listed {
    /// Its id.
    pub id: RotationId,
    /// Its name.
    pub name: String,
    /// Names of its last rules' roles, in the order of escalation.
    pub roles: Vec<String>,
    /// Names of its last rules' zones.
    pub zones: Vec<String>,
    /// How many people belong to it.
    pub people: i64,
}

/// Somebody of the team.
pub struct Person {
    /// The person.
    pub id: PersonId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Takes shifts.
    pub is_engineer: bool,
    /// First day no longer there.
    pub left_on: Option<NaiveDate>,
}

fn broken(error: impl Into<Box<dyn Error + Send + Sync>>) -> sqlx::Error {
    sqlx::Error::Decode(error.into())
}

/// What was checked when it was written, checked again when it is read.
fn parsed<T: FromStr<Err: Into<Box<dyn Error + Send + Sync>>>>(text: &str) -> sqlx::Result<T> {
    text.parse().map_err(|e: T::Err| broken(e))
}

fn count<T: TryFrom<N, Error: Error + Send + Sync + 'static>, N>(number: N) -> sqlx::Result<T> {
    T::try_from(number).map_err(broken)
}

/// A rotation; none where there is none of that id.
///
/// # Errors
/// Where the database fails.
pub async fn load(conn: &mut PgConnection, id: RotationId) -> sqlx::Result<Option<Rotation>> {
    let rotation = sqlx::query!(
        "select team_id, name, revision from rotations where id = $1",
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(rotation) = rotation else {
        return Ok(None);
    };
    let pairs = forbidden_pairs(conn, id).await?;
    let mut roles = roles(conn, id).await?;
    let mut legs = legs(conn, id).await?;
    let versions = sqlx::query!(
        "select * from rotation_versions where rotation_id = $1 order by effective_from",
        id.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let versions = versions.into_iter().map(|v| {
        Ok(Definition {
            effective_from: v.effective_from,
            legs: legs.remove(&v.id).unwrap_or_default(),
            roles: roles.remove(&v.id).unwrap_or_default(),
            burden: BurdenRules {
                weekday: v.weekday_rate.into(),
                night: v.night_rate.into(),
                weekend: v.weekend_rate.into(),
                holiday: v.holiday_rate.into(),
                night_from: v.night_from,
                night_to: v.night_to,
            },
            rules: HardRules {
                min_rest_minutes: count(v.min_rest_minutes)?,
                window_days: count(v.window_days)?,
                max_shifts_in_window: v.max_shifts.map(count).transpose()?,
                max_consecutive_weekends: v.max_weekends.map(count).transpose()?,
                newcomer_until_shifts: count(v.newcomer_until)?,
                experienced_from_shifts: count(v.experienced_from)?,
                experienced_per_shift: count(v.experienced_per_shift)?,
                newcomers: Newcomers::from_key(&v.newcomers).unwrap_or(Newcomers::NeverAlone),
                forbidden_pairs: pairs.clone(),
                look_back_months: count(v.look_back_months)?,
            },
        })
    });
    Ok(Some(Rotation {
        id,
        team: TeamId(rotation.team_id),
        name: rotation.name,
        revision: rotation.revision,
        versions: versions.collect::<sqlx::Result<_>>()?,
        members: members(conn, id).await?,
    }))
}

async fn forbidden_pairs(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<Vec<(PersonId, PersonId)>> {
    let pairs = sqlx::query!(
        "select person_a, person_b from forbidden_pairs where rotation_id = $1 order by person_a, person_b",
        rotation.0
    )
    .fetch_all(conn)
    .await?;
    Ok(pairs
        .into_iter()
        .map(|p| (PersonId(p.person_a), PersonId(p.person_b)))
        .collect())
}

/// Roles by version, in the order of escalation.
async fn roles(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<BTreeMap<i64, Vec<RoleRule>>> {
    let rows = sqlx::query!(
        "select v.version_id, v.escalation_order, v.burden_percent, v.is_shadow, r.id, r.name
        from roles r join version_roles v on v.role_id = r.id
        where r.rotation_id = $1 order by v.escalation_order",
        rotation.0
    )
    .fetch_all(conn)
    .await?;
    let mut roles: BTreeMap<i64, Vec<RoleRule>> = BTreeMap::new();
    for row in rows {
        roles.entry(row.version_id).or_default().push(RoleRule {
            id: RoleId(row.id),
            name: parsed(&row.name)?,
            order: count(row.escalation_order)?,
            burden_percent: count(row.burden_percent)?,
            shadow: row.is_shadow,
        });
    }
    Ok(roles)
}

/// Legs by version, in the order they were added.
async fn legs(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<BTreeMap<i64, Vec<Leg>>> {
    let days = sqlx::query!(
        "select h.leg_id, h.day, h.name from legs l join leg_holidays h on h.leg_id = l.id
        where l.rotation_id = $1",
        rotation.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut extra: BTreeMap<i64, BTreeMap<NaiveDate, String>> = BTreeMap::new();
    for row in days {
        extra
            .entry(row.leg_id)
            .or_default()
            .insert(row.day, row.name);
    }
    let rows = sqlx::query!(
        "select v.*, l.name from legs l join version_legs v on v.leg_id = l.id
        where l.rotation_id = $1 order by l.id",
        rotation.0
    )
    .fetch_all(conn)
    .await?;
    let mut legs: BTreeMap<i64, Vec<Leg>> = BTreeMap::new();
    for row in rows {
        let cadence = match (row.coverage_minutes, row.shift_minutes, row.weekend_from) {
            (Some(coverage), Some(shift), _) => Cadence::Hours {
                coverage_minutes: count(coverage)?,
                shift_minutes: count(shift)?,
            },
            (_, _, Some(day)) => Cadence::WeekdaysAndWeekend {
                weekend_from: Weekday::try_from(count::<u8, _>(day)?).map_err(broken)?,
            },
            _ => Cadence::Weekly,
        };
        legs.entry(row.version_id).or_default().push(Leg {
            id: LegId(row.leg_id),
            name: parsed(&row.name)?,
            zone: parsed(&row.time_zone)?,
            handover: row.handover,
            weekdays: Weekdays::from_bits(count(row.weekdays)?).unwrap_or(Weekdays::ALL),
            cadence,
            holidays: Holidays {
                country: row.holiday_country.as_deref().map(parsed).transpose()?,
                extra: extra.get(&row.leg_id).cloned().unwrap_or_default(),
            },
        });
    }
    Ok(legs)
}

async fn members(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<BTreeMap<LegId, Vec<PersonId>>> {
    let rows = sqlx::query!(
        "select l.id, m.person_id from legs l join leg_members m on m.leg_id = l.id
        where l.rotation_id = $1 order by m.person_id",
        rotation.0
    )
    .fetch_all(conn)
    .await?;
    let mut members: BTreeMap<LegId, Vec<PersonId>> = BTreeMap::new();
    for row in rows {
        let leg = members.entry(LegId(row.id)).or_default();
        leg.push(PersonId(row.person_id));
    }
    Ok(members)
}

/// A team's rotations with their names, in the order of pages; at most 100.
///
/// # Errors
/// Where the database fails.
pub async fn list(
    conn: &mut PgConnection,
    team: TeamId,
) -> sqlx::Result<Vec<(RotationId, String)>> {
    let rows = overview(conn, team).await?;
    Ok(rows.into_iter().map(|r| (r.id, r.name)).collect())
}

/// A team's rotations for its list; at most 100.
pub async fn overview(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Listed>> {
    sqlx::query_as!(
        Listed,
        r#"select r.id as "id: RotationId", r.name,
            array(select o.name from version_roles v join roles o on o.id = v.role_id
                where v.version_id = last.id order by v.escalation_order) as "roles!",
            array(select distinct v.time_zone from version_legs v where v.version_id = last.id) as "zones!",
            (select count(distinct m.person_id) from version_legs v join leg_members m on m.leg_id = v.leg_id
                where v.version_id = last.id) as "people!"
        from rotations r
        left join lateral (select v.id from rotation_versions v where v.rotation_id = r.id
            order by v.effective_from desc limit 1) last on true
        where r.team_id = $1 order by r.position, r.id limit 100"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// Everybody of the team, by name; at most 500.
pub async fn people(conn: &mut PgConnection, team: TeamId) -> sqlx::Result<Vec<Person>> {
    sqlx::query_as!(
        Person,
        r#"select p.id as "id: PersonId", p.name, p.email, p.left_on, m.is_engineer
        from team_members m join people p on p.id = m.person_id
        where m.team_id = $1 order by p.name, p.id limit 500"#,
        team.0,
    )
    .fetch_all(conn)
    .await
}

/// The end of the last published shift, if any ends after `now`.
pub async fn published_until(
    conn: &mut PgConnection,
    rotation: RotationId,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar!(
        "select max(ends_at) from on_call where rotation_id = $1 and ends_at > $2",
        rotation.0,
        now,
    )
    .fetch_one(conn)
    .await
}

/// Ids and names of all roles and of all legs that the rotation has or ever had.
pub async fn identities(
    conn: &mut PgConnection,
    rotation: RotationId,
) -> sqlx::Result<(Vec<(i64, String)>, Vec<(i64, String)>)> {
    let rows = sqlx::query!(
        r#"select true as "role!", id as "id!", name as "name!" from roles where rotation_id = $1
        union all select false, id, name from legs where rotation_id = $1 order by 2"#,
        rotation.0
    )
    .fetch_all(conn)
    .await?;
    let (roles, legs): (Vec<_>, Vec<_>) = rows.into_iter().partition(|r| r.role);
    let pair = |rows: Vec<_>, f: fn(_) -> (i64, String)| rows.into_iter().map(f).collect();
    Ok((
        pair(roles, |r| (r.id, r.name)),
        pair(legs, |r| (r.id, r.name)),
    ))
}
