//! Handlers and pages: the engineer's own, the team's, one definition, one person's history.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::model::Requirement;
use crate::audit;
use crate::vocab::TeamId;
use crate::web::SignedIn;

pub mod definition;
pub mod mine;
pub mod person;
pub mod team;

/// A day, with the time where it isn't midnight.
fn when(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone);
    if local.time() == NaiveTime::MIN {
        local.format("%-d %b %Y").to_string()
    } else {
        local.format("%-d %b %Y, %H:%M").to_string()
    }
}

/// A note at the end of a line of the audit, if there is one.
fn noted(note: &str) -> String {
    if note.is_empty() {
        String::new()
    } else {
        format!(": {note}")
    }
}

/// Writes the audit's line about a person and a requirement.
async fn record(
    conn: &mut sqlx::PgConnection,
    user: &SignedIn,
    team: TeamId,
    action: &str,
    (requirement, person, note): (&Requirement, &str, &str),
) -> sqlx::Result<()> {
    let summary = format!("{} for {person}{}", requirement.title, noted(note));
    audit::by(conn, user, team, action, &summary).await
}
