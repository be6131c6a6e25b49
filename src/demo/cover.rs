//! Somebody who can't make a shift of the next days, so that whoever tries the demo sees what happens
//! then: the engineer of the demo is asked, if the rules allow it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::cast::Member;
use super::{ACCOUNTS, DemoError, own};
use crate::cover::{self, Kind, NewCover};
use crate::planning::{self, SlotPart};
use crate::vocab::{PersonId, ShiftId, TeamId};

/// Shifts that are looked at for one that the demo's engineer is the best replacement for.
const MOST_LOOKED_AT: i64 = 2;

/// Asks for cover of a published shift that is at least a day away; nothing at the end of a month, when
/// none is left.
pub async fn request(
    conn: &mut PgConnection,
    team: TeamId,
    engineers: &[(PersonId, &Member)],
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let engineer = engineers.iter().find(|(_, m)| m.email == ACCOUNTS[1]);
    let engineer = engineer.map_or(PersonId(0), |(id, _)| *id);
    let shifts = sqlx::query_scalar!(
        r#"select shift_id as "id!: ShiftId" from on_call
        where team_id = $1 and starts_at > $2 group by shift_id order by min(starts_at) limit $3"#,
        team.0,
        now + TimeDelta::hours(30),
        MOST_LOOKED_AT,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut chosen = None;
    for shift in shifts {
        for slot in cover::slots_of_shift(conn, shift).await? {
            if slot.person == engineer {
                continue;
            }
            let part = SlotPart {
                shift: slot.shift,
                role: slot.role,
                person: Some(slot.person),
                interval: slot.interval,
            };
            let found = planning::replacements(conn, &part, now).await?;
            let first = found.unwrap_or_default().into_iter().next();
            let Some(first) = first.filter(|r| r.broken.is_empty()) else {
                continue;
            };
            let is_best = first.person == engineer;
            if is_best || chosen.is_none() {
                chosen = Some(slot);
            }
            if is_best {
                return ask(conn, chosen, now).await;
            }
        }
    }
    ask(conn, chosen, now).await
}

async fn ask(
    conn: &mut PgConnection,
    chosen: Option<cover::Slot>,
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let Some(slot) = chosen else { return Ok(()) };
    let new = NewCover {
        slot: &slot,
        interval: slot.interval,
        kind: Kind::Cover,
        colleague: None,
        in_return: None,
        reason: &own("My daughter's school play is that evening.")?,
        is_leave: false,
        by: slot.person,
    };
    cover::make(conn, &new, now).await?;
    Ok(())
}
