//! That somebody took a slot which was open.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::when;
use crate::cover::store;
use crate::error::AppError;
use crate::jobs::{self, Action, Notice, To, Topic};
use crate::oncall::Duty;
use crate::vocab::{Interval, PersonId};
use crate::web::Membership;

/// Managers and the team hear who serves now. Whoever took it knows, and who serves beside them sees it
/// on their pages and in their calendar.
pub async fn filled(
    conn: &mut PgConnection,
    open: &Duty,
    interval: Interval,
    (team, taker): (&Membership, PersonId),
    now: DateTime<Utc>,
) -> Result<(), AppError> {
    let Some(who) = store::people(conn, &[taker]).await?.into_iter().next() else {
        return Ok(());
    };
    let slot = &open.slot;
    let notice = |to: To, reader: String, zone: Tz| {
        let (shift, role, at) = (slot.shift, slot.role, now.timestamp_millis());
        Notice {
            to,
            topic: Topic::CoverNews,
            key: format!("filled:{shift}:{role}:{at}:{reader}"),
            lane: format!("{reader}:filled:{shift}"),
            title: format!(
                "{} takes {}, {}",
                who.name,
                slot.role_name,
                when(interval, zone, now)
            ),
            lines: vec![
                "Nobody served it. Schedule and calendars follow.".to_owned(),
                format!(
                    "{} / {}. Times are in {}.",
                    team.name,
                    slot.rotation_name,
                    zone.name()
                ),
            ],
            actions: vec![Action {
                label: "See the shift".to_owned(),
                path: format!("/shifts/{shift}"),
            }],
            until: None,
        }
    };
    let managers = store::managers(conn, team.team, interval.start.date_naive()).await?;
    let managers: Vec<PersonId> = managers.into_iter().filter(|m| *m != taker).collect();
    for manager in store::people(conn, &managers).await? {
        let told = notice(
            To::Person(manager.id),
            format!("person:{}", manager.id),
            manager.zone,
        );
        jobs::notify_by(conn, now, &told, interval.start).await?;
    }
    let to_team = notice(
        To::Team(team.team),
        format!("team:{}", team.team),
        team.zone,
    );
    jobs::notify(conn, now, &to_team).await?;
    Ok(())
}
