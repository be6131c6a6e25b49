//! The months' stored schedules, and their slots.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::planning::model::{Facts, HeldPart, Proven};
use crate::vocab::{Interval, LegId, Month, PersonId, Points, RoleId, RotationId, ScheduleId};

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
            r#"select s.id, s.state, s.version, s.revision, s.inputs as "facts: Json<Facts>", s.inputs_digest, s.bound, s.bound_open, s.bound_fewest, s.bound_of,
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
            proven: proven(r.bound, (r.bound_open, r.bound_fewest), r.bound_of),
            updated_at: r.updated_at,
            updated_by: r.updated_by,
            published_at: r.published_at,
            published_by: r.published_by,
        })
        .fetch_all($conn)
        .await
    };
}

fn proven(bound: Option<i64>, (open, fewest): (Option<i32>, bool), of: String) -> Option<Proven> {
    Some(Proven {
        bound: bound?.into(),
        open: usize::try_from(open?).ok()?,
        fewest,
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
