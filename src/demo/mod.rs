//! The demo team: made once, on dates around today, out of the same functions that pages use.
//!
//! Payments has a manager and twelve engineers in Istanbul and Toronto, a primary and a secondary
//! for each day, half a year of published schedules, leave, a missing requirement, and a next month
//! that is ready to be planned. Three accounts have a password that everybody knows; nothing but
//! `fairshift demo` starts with them in the database.

mod cast;
mod cover;
mod month;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgConnection, PgPool};

use cast::{Member, PEOPLE};

use crate::config::PublicUrl;
use crate::error::AppError;
use crate::people::{self, ContactKind, NewPerson, Password};
use crate::requirements::{self, Definition as Requirement, Signature, Span};
use crate::rotations::{self, HardRules, Preset};
use crate::vocab::{Month, PersonId, RoleId, RotationId, TeamId};

/// Password of the three demo accounts.
pub const PASSWORD: &str = "fairshift-demo";

/// Addresses of the three demo accounts: manager, engineer, administrator.
pub const ACCOUNTS: [&str; 3] = [
    "manager@example.com",
    "engineer@example.com",
    "admin@example.com",
];

/// Months of published past.
const PAST_MONTHS: usize = 6;

/// Why the demo can't be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Real people's data is no place for a demo.
    #[error(
        "this database has people in it already; give the demo a database or data folder of its own (--data-dir, DATABASE_URL)"
    )]
    NotEmpty,
    /// A constant of ours that doesn't parse.
    #[error("the demo's own data is broken: {0}")]
    Broken(String),
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] AppError),
}

impl From<sqlx::Error> for DemoError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

/// What to tell whoever starts the demo: where it is and how to get in.
#[must_use]
pub fn welcome(url: &PublicUrl) -> String {
    let accounts = ACCOUNTS.map(|account| format!("    {account}")).join("\n");
    format!(
        "\n  Fairshift is ready at {url}\n\n  Sign in with the password {PASSWORD} as\n{accounts}\n\n  Ctrl-C stops it; its data is kept.\n"
    )
}

/// A value out of a constant of ours.
fn own<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, DemoError> {
    text.parse()
        .map_err(|error| DemoError::Broken(format!("{text}: {error}")))
}

/// Makes the demo team, unless it is there already.
///
/// # Errors
/// Where the database has other people in it, or fails.
pub async fn create(db: &PgPool, now: DateTime<Utc>) -> Result<(), DemoError> {
    let hash = people::hash_password(own::<Password>(PASSWORD)?).await?;
    let mut tx = db.begin().await?;
    // Two demos that start at once: the second waits and finds the first one's team.
    sqlx::query!("lock table people in share row exclusive mode")
        .execute(&mut *tx)
        .await?;
    if people::demo_accounts(&mut tx).await? > 0 {
        return Ok(());
    }
    if people::any(&mut tx).await? {
        return Err(DemoError::NotEmpty);
    }
    let team = people::add_team(
        &mut tx,
        &own("payments")?,
        &own("Payments")?,
        chrono_tz::Europe::Istanbul,
    )
    .await?
    .ok_or(DemoError::NotEmpty)?;
    let admin = person(&mut tx, &cast::ADMIN, &hash, now).await?;
    let manager = person(&mut tx, &cast::MANAGER, &hash, now).await?;
    let joined = |member: &Member| now.date_naive() - TimeDelta::days(member.joined_days_ago);
    people::add_member(&mut tx, team, manager, true, false, joined(&cast::MANAGER)).await?;
    let mut engineers = Vec::new();
    for member in &PEOPLE {
        let id = person(&mut tx, member, &hash, now).await?;
        people::add_member(&mut tx, team, id, false, true, joined(member)).await?;
        engineers.push((id, member));
    }
    let this = Month::of(now.with_timezone(&chrono_tz::Europe::Istanbul).date_naive());
    let first = std::iter::successors(Some(this), |m| Some(m.previous()))
        .nth(PAST_MONTHS)
        .unwrap_or(this);
    let (rotation, roles) = rotation(&mut tx, team, &engineers, first, this, manager, now).await?;
    requirements(&mut tx, team, &roles, &engineers, (first, manager), now).await?;
    let mut month = first;
    while month <= this {
        month::past(&mut tx, rotation, month, &engineers, manager).await?;
        month = month.next();
    }
    month::next(&mut tx, team, month, &engineers, manager, now).await?;
    cover::request(&mut tx, team, &engineers, now).await?;
    crate::audit::record(
        &mut tx,
        now,
        Some(admin),
        Some(team),
        "made demo",
        "The demo team, with half a year of past.",
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn person(
    conn: &mut PgConnection,
    member: &Member,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<PersonId, DemoError> {
    let today = now.date_naive();
    let has_password = ACCOUNTS.contains(&member.email);
    let new = NewPerson {
        email: &own(member.email)?,
        name: &own(member.name)?,
        password_hash: has_password.then_some(hash),
        zone: member.zone,
        capacity_percent: member.capacity_percent,
        joined_on: today - TimeDelta::days(member.joined_days_ago),
        left_on: member
            .leaves_in_days
            .map(|days| today + TimeDelta::days(days)),
        is_admin: member.email == ACCOUNTS[2],
        is_demo: has_password,
    };
    let id = people::add_person(conn, &new)
        .await?
        .ok_or(DemoError::NotEmpty)?;
    for (kind, value) in [
        (ContactKind::Phone, member.phone),
        (ContactKind::Chat, member.chat),
    ] {
        if !value.is_empty() {
            people::add_contact(conn, id, kind, &own(value)?, true).await?;
        }
    }
    Ok(id)
}

/// One leg, a day a shift. While everybody was new the rules let everybody serve; for three months
/// they have been the usual ones.
async fn rotation(
    conn: &mut PgConnection,
    team: TeamId,
    engineers: &[(PersonId, &Member)],
    first: Month,
    this: Month,
    manager: PersonId,
    now: DateTime<Utc>,
) -> Result<(RotationId, Vec<RoleId>), DemoError> {
    let zone = chrono_tz::Europe::Istanbul;
    let mut definition = Preset::Daily.definition(zone, first.first());
    for leg in &mut definition.legs {
        leg.holidays.country = "TR".parse().ok();
    }
    let ids: Vec<PersonId> = engineers.iter().map(|(id, _)| *id).collect();
    let broken = || DemoError::Broken("the rotation".into());
    let id = rotations::create(
        conn,
        team,
        &own("Payments on-call")?,
        &definition,
        &ids,
        Some(manager),
        now,
    )
    .await?
    .ok_or_else(broken)?;
    let loaded = rotations::load(conn, id).await?.ok_or_else(broken)?;
    let mut usual = loaded.versions.first().cloned().ok_or_else(broken)?;
    usual.effective_from = this.previous().previous().first();
    usual.rules = HardRules {
        max_shifts_in_window: Some(8),
        ..HardRules::suiting(rotations::Cadence::DAILY)
    };
    rotations::add_version(conn, id, &usual, Some(manager), now).await?;
    Ok((id, usual.roles.iter().map(|r| r.id).collect()))
}

/// What one must hold, and who does.
async fn requirements(
    conn: &mut PgConnection,
    team: TeamId,
    roles: &[RoleId],
    engineers: &[(PersonId, &Member)],
    (first, manager): (Month, PersonId),
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let primary: Vec<RoleId> = roles.iter().copied().take(1).collect();
    for (title, why, how, link, sign_off, days, for_roles) in [
        (
            "Production access",
            "Whoever is called must be able to look at and restart production.",
            "Ask the platform team for the on-call group; it takes a day.",
            "https://wiki.example.com/production-access",
            true,
            Some(365),
            roles,
        ),
        (
            "Incident training",
            "The primary leads the first minutes of an incident.",
            "Half a day, each first Tuesday of the month.",
            "https://wiki.example.com/incident-training",
            true,
            None,
            primary.as_slice(),
        ),
        (
            "Pager test",
            "A pager that was never heard wakes nobody.",
            "Send yourself a test page at night and acknowledge it.",
            "",
            false,
            Some(180),
            roles,
        ),
    ] {
        let definition = Requirement {
            title: own(title)?,
            why: own(why)?,
            how: own(how)?,
            link: own(link)?,
            needs_sign_off: sign_off,
            valid_days: days,
            roles: for_roles.to_vec(),
        };
        let requirement = requirements::add_requirement(conn, team, &definition)
            .await?
            .map_err(|_| DemoError::Broken(title.to_owned()))?;
        for (person, member) in engineers {
            if member.lacks == title && member.has_asked {
                let note = own("Had the training last week.")?;
                let asked_at = now - TimeDelta::days(1);
                requirements::ask(conn, requirement, *person, &note, asked_at).await?;
                continue;
            }
            let since_first =
                first.first().and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::days(20);
            let lasts = match title {
                _ if member.lacks == title => -9,
                _ if member.lapses == title => 27,
                _ => days.unwrap_or_default().into(),
            };
            let until = days.map(|_| now + TimeDelta::days(lasts));
            let span = Span {
                from: since_first,
                until,
            };
            let signature = Signature {
                by: if sign_off { manager } else { *person },
                at: since_first,
                note: &own("Seen and tried.")?,
            };
            requirements::sign_off(conn, requirement, *person, span, &signature).await?;
        }
    }
    Ok(())
}
