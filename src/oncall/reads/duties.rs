//! Slots with their surroundings.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{LONGEST, reach, who};
use crate::oncall::model::{Contact, Duty, Handover, Partner, Slot, Who, escalation};
use crate::vocab::{Interval, PersonId, RoleId, RotationId, ShiftId, TeamId};

/// Which slots.
#[derive(Clone, Copy, Debug)]
pub enum Scope {
    /// A person's own, in any team.
    Person(PersonId),
    /// A team's, open ones included.
    Team(TeamId),
}

/// Who will see it: how to reach people is shown only of the viewer's own teams.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    /// The person.
    pub id: PersonId,
    /// Sees every team.
    pub is_admin: bool,
}

/// Published slots that share any instant with the interval, with partners, escalation and handover,
/// by start and escalation order; at most `most`, the earliest. Six queries, however many there are.
///
/// # Errors
/// Where the database fails.
pub async fn duties(
    conn: &mut PgConnection,
    viewer: Viewer,
    scope: Scope,
    interval: Interval,
    most: i64,
) -> sqlx::Result<Vec<Duty>> {
    let earliest = interval.start - LONGEST;
    let ids = match scope {
        Scope::Person(person) => {
            sqlx::query_scalar!(
                "select id from assignments where person_id = $1 and schedule_state = 'published'
                    and starts_at >= $2 and starts_at < $3 and ends_at > $4
                order by starts_at, escalation_order, id limit $5",
                person.0,
                earliest,
                interval.end,
                interval.start,
                most,
            )
            .fetch_all(&mut *conn)
            .await?
        }
        Scope::Team(team) => {
            sqlx::query_scalar!(
                "select id from assignments where schedule_state = 'published'
                    and role_id = any (array(select o.id from roles o join rotations r on r.id = o.rotation_id where r.team_id = $1))
                    and starts_at >= $2 and starts_at < $3 and ends_at > $4
                order by starts_at, escalation_order, id limit $5",
                team.0,
                earliest,
                interval.end,
                interval.start,
                most,
            )
            .fetch_all(&mut *conn)
            .await?
        }
    };
    with_surroundings(conn, viewer, &ids).await
}

/// All slots of one published shift, by escalation order.
///
/// # Errors
/// Where the database fails.
pub async fn duties_of_shift(
    conn: &mut PgConnection,
    viewer: Viewer,
    shift: ShiftId,
) -> sqlx::Result<Vec<Duty>> {
    let ids = sqlx::query_scalar!(
        "select id from assignments where shift_id = $1 and schedule_state = 'published'",
        shift.0
    )
    .fetch_all(&mut *conn)
    .await?;
    with_surroundings(conn, viewer, &ids).await
}

async fn with_surroundings(
    conn: &mut PgConnection,
    viewer: Viewer,
    ids: &[i64],
) -> sqlx::Result<Vec<Duty>> {
    let rows = sqlx::query!(
        r#"select a.shift_id, a.role_id, a.person_id, p.name as "person?", a.starts_at, a.ends_at, a.escalation_order, a.is_shadow,
            a.starts_at > s.starts_at as "is_later_part!", a.ends_at < s.ends_at as "is_earlier_part!", o.name as role, s.revision, s.changed_at, s.time_zone, s.rotation_id, r.name as rotation, r.team_id,
            t.name as team, t.slug,
            case when exists (select from legs x where x.rotation_id = s.rotation_id and x.id <> s.leg_id) then l.name else '' end as "leg!",
            b.shift_id as "before_shift?", b.person_id as "before_person?", bp.name as "before_name?",
            n.shift_id as "after_shift?", n.person_id as "after_person?", np.name as "after_name?"
        from assignments a
        join shifts s on s.id = a.shift_id
        join roles o on o.id = a.role_id
        join legs l on l.id = s.leg_id
        join rotations r on r.id = s.rotation_id
        join teams t on t.id = r.team_id
        left join people p on p.id = a.person_id
        left join lateral slot_before(a.role_id, a.starts_at) b on true
        left join people bp on bp.id = b.person_id
        left join lateral slot_after(a.role_id, a.ends_at) n on true
        left join people np on np.id = n.person_id
        where a.id = any ($1)
        order by a.starts_at, a.escalation_order, a.id"#,
        ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let shifts: Vec<i64> = rows.iter().map(|r| r.shift_id).collect();
    let teams: Vec<i64> = rows.iter().map(|r| r.team_id).collect();
    let partners = partners(conn, &shifts).await?;
    let managers = managers(conn, viewer, &teams).await?;
    let duties: Vec<Duty> = rows
        .into_iter()
        .map(|r| {
            let handover = |shift: Option<i64>, person| match (shift, person) {
                (Some(shift), Some(person)) => Handover::With(person, ShiftId(shift)),
                (Some(_), None) => Handover::Open,
                (None, _) => Handover::Nothing,
            };
            let slot = Slot {
                shift: ShiftId(r.shift_id),
                interval: Interval {
                    start: r.starts_at,
                    end: r.ends_at,
                },
                team: TeamId(r.team_id),
                rotation: RotationId(r.rotation_id),
                rotation_name: r.rotation,
                role: RoleId(r.role_id),
                role_name: r.role,
                order: r.escalation_order,
                is_shadow: r.is_shadow,
                who: who(r.person_id, r.person),
            };
            let mut others = partners.get(&r.shift_id).cloned().unwrap_or_default();
            others.retain(|p| p.order != slot.order && p.interval.overlaps(&slot.interval));
            let of_team = managers.get(&r.team_id);
            let bosses: Vec<Who> = of_team
                .iter()
                .flat_map(|m| &m.managers)
                .filter(|(_, left)| left.is_none_or(|day| day > r.starts_at.date_naive()))
                .map(|(who, _)| who.clone())
                .collect();
            Duty {
                is_later_part: r.is_later_part,
                is_earlier_part: r.is_earlier_part,
                escalation: escalation(&slot, &others, &bosses)
                    .into_iter()
                    .map(|(role, who)| Contact {
                        role,
                        who,
                        reach: Vec::new(),
                    })
                    .collect(),
                partners: others,
                slug: r.slug,
                team_name: r.team,
                leg: r.leg,
                zone: r.time_zone.parse().unwrap_or(Tz::UTC),
                revision: r.revision,
                changed_at: r.changed_at,
                before: handover(r.before_shift, who(r.before_person, r.before_name)),
                after: handover(r.after_shift, who(r.after_person, r.after_name)),
                slot,
            }
        })
        .collect();
    let seen = |team: TeamId| viewer.is_admin || managers.get(&team.0).is_some_and(|m| m.is_mine);
    reachable(conn, duties, seen).await
}

/// Every slot of these shifts, by shift and escalation order.
async fn partners(
    conn: &mut PgConnection,
    shifts: &[i64],
) -> sqlx::Result<BTreeMap<i64, Vec<Partner>>> {
    let rows = sqlx::query!(
        r#"select a.shift_id, a.escalation_order, a.is_shadow, a.person_id, p.name as "person?", o.name as role,
            a.starts_at, a.ends_at
        from assignments a join roles o on o.id = a.role_id left join people p on p.id = a.person_id
        where a.shift_id = any ($1) and a.schedule_state = 'published'
        order by a.shift_id, a.escalation_order, a.starts_at, a.id"#,
        shifts,
    )
    .fetch_all(conn)
    .await?;
    let mut by_shift: BTreeMap<i64, Vec<Partner>> = BTreeMap::new();
    for r in rows {
        let partner = Partner {
            role: r.role,
            order: r.escalation_order,
            is_shadow: r.is_shadow,
            who: who(r.person_id, r.person),
            interval: Interval {
                start: r.starts_at,
                end: r.ends_at,
            },
        };
        by_shift.entry(r.shift_id).or_default().push(partner);
    }
    Ok(by_shift)
}

/// A team's managers with the day they leave, and whether the viewer is in the team.
#[derive(Default)]
struct Managers {
    managers: Vec<(Who, Option<NaiveDate>)>,
    is_mine: bool,
}

async fn managers(
    conn: &mut PgConnection,
    viewer: Viewer,
    teams: &[i64],
) -> sqlx::Result<BTreeMap<i64, Managers>> {
    let rows = sqlx::query!(
        r#"select m.team_id, m.is_manager, p.id, p.name, p.left_on
        from team_members m join people p on p.id = m.person_id
        where m.team_id = any ($1) and (m.is_manager or m.person_id = $2)
        order by m.team_id, p.name, p.id limit 5000"#,
        teams,
        viewer.id.0,
    )
    .fetch_all(conn)
    .await?;
    let mut by_team: BTreeMap<i64, Managers> = BTreeMap::new();
    for r in rows {
        let team = by_team.entry(r.team_id).or_default();
        team.is_mine |= r.id == viewer.id.0;
        if r.is_manager {
            let manager = Who {
                id: PersonId(r.id),
                name: r.name,
            };
            team.managers.push((manager, r.left_on));
        }
    }
    Ok(by_team)
}

/// Fills in how to reach the contacts of the teams that are `seen`.
async fn reachable(
    conn: &mut PgConnection,
    mut duties: Vec<Duty>,
    seen: impl Fn(TeamId) -> bool,
) -> sqlx::Result<Vec<Duty>> {
    let mut people: Vec<PersonId> = duties
        .iter()
        .filter(|d| seen(d.slot.team))
        .flat_map(|d| d.escalation.iter().map(|c| c.who.id))
        .collect();
    people.sort();
    people.dedup();
    let by_person = reach(conn, &people).await?;
    for duty in &mut duties {
        if seen(duty.slot.team) {
            for contact in &mut duty.escalation {
                contact.reach = by_person.get(&contact.who.id).cloned().unwrap_or_default();
            }
        }
    }
    Ok(duties)
}
