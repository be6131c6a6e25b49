//! The demo's months: those that were published, and the one to plan.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::cast::Member;
use super::{DemoError, own};
use crate::availability::{self, Percent, Source};
use crate::vocab::{Interval, Level, Month, PersonId, RotationId, TeamId, local_instant};
use crate::{planning, rotations, sources};

/// Days of the member's own calendar, from the one to the other inclusive.
fn days(zone: Tz, from: NaiveDate, count: u64) -> Result<Interval, DemoError> {
    let midnight = |day: NaiveDate| local_instant(zone, day.and_time(chrono::NaiveTime::MIN));
    let end = from.checked_add_days(Days::new(count)).unwrap_or(from);
    Interval::new(midnight(from), midnight(end)).map_err(|e| DemoError::Broken(e.to_string()))
}

/// A number that looks drawn, the same every time.
fn drawn(month: Month, person: usize, of: u64) -> u64 {
    let seed = u64::try_from(
        month
            .first()
            .signed_duration_since(NaiveDate::MIN)
            .num_days(),
    )
    .unwrap_or(1);
    let mixed = (seed * 31 + u64::try_from(person).unwrap_or(0) * 1_000_003)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 33) % of.max(1)
}

async fn enter(
    conn: &mut PgConnection,
    (person, member): (PersonId, &Member),
    from: NaiveDate,
    count: u64,
    level: Level,
    note: &str,
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let interval = days(member.zone, from, count)?;
    availability::set_entry(conn, person, interval, level, &own(note)?, person, now).await?;
    Ok(())
}

/// A month that was planned a week before it began: some leave, some "if needed", published as
/// recommended.
pub async fn past(
    conn: &mut PgConnection,
    rotation: RotationId,
    month: Month,
    engineers: &[(PersonId, &Member)],
    manager: PersonId,
) -> Result<(), DemoError> {
    let now = month.first().and_time(chrono::NaiveTime::MIN).and_utc() - TimeDelta::days(7);
    for (index, (person, member)) in engineers.iter().enumerate() {
        let percent = 20 + i16::try_from(drawn(month, index, 50)).unwrap_or(0);
        set_percent(conn, *person, month, percent, now).await?;
        let start = month.day(u32::try_from(drawn(month, index + 50, 20)).unwrap_or(0));
        match drawn(month, index + 100, 5) {
            0 => {
                enter(
                    conn,
                    (*person, member),
                    start,
                    5,
                    Level::Leave,
                    "Holiday",
                    now,
                )
                .await?;
            }
            1 => {
                enter(
                    conn,
                    (*person, member),
                    start,
                    3,
                    Level::Unavailable,
                    "",
                    now,
                )
                .await?;
            }
            2 => {
                enter(
                    conn,
                    (*person, member),
                    start,
                    6,
                    Level::IfNeeded,
                    "Release week",
                    now,
                )
                .await?;
            }
            _ => enter(conn, (*person, member), start, 4, Level::Preferred, "", now).await?,
        }
        availability::answer(conn, *person, month, now).await?;
    }
    let broken = || DemoError::Broken("the rotation".into());
    let rotation = rotations::load(conn, rotation).await?.ok_or_else(broken)?;
    let plan = planning::current(conn, &rotation, month, now).await?;
    planning::publish(conn, &rotation, &plan, Some(manager)).await?;
    Ok(())
}

async fn set_percent(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
    percent: i16,
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let percent: Percent = own(&percent.to_string())?;
    availability::set_utilisation(conn, person, month, percent, Source::Engineer, person, now)
        .await?;
    Ok(())
}

/// A calendar of somebody who has meetings every week, and is away for two days of `month`.
fn calendar(month: Month, now: DateTime<Utc>) -> String {
    let back = Month::of(now.date_naive()).previous().previous().first();
    let monday = back + Days::new(7 - u64::from(back.weekday().num_days_from_monday()));
    // Day of the week, from, to, status.
    let meetings = [
        (0, "093000", "113000", "CONFIRMED"),
        (0, "140000", "153000", "CONFIRMED"),
        (1, "100000", "130000", "CONFIRMED"),
        (2, "093000", "110000", "CONFIRMED"),
        (2, "133000", "163000", "CONFIRMED"),
        (3, "110000", "123000", "CONFIRMED"),
        (3, "150000", "170000", "TENTATIVE"),
        (4, "100000", "110000", "CONFIRMED"),
    ];
    let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned()];
    for (number, (day, from, to, status)) in meetings.into_iter().enumerate() {
        let day = (monday + Days::new(day)).format("%Y%m%d");
        lines.extend([
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{number}@demo"),
            "DTSTAMP:20260101T000000Z".to_owned(),
            format!("STATUS:{status}"),
            format!("DTSTART;TZID=Europe/Istanbul:{day}T{from}"),
            format!("DTEND;TZID=Europe/Istanbul:{day}T{to}"),
            "RRULE:FREQ=WEEKLY".to_owned(),
            "END:VEVENT".to_owned(),
        ]);
    }
    let day = |index| month.day(index).format("%Y%m%d");
    lines.extend([
        "BEGIN:VEVENT".to_owned(),
        "UID:away@demo".to_owned(),
        "DTSTAMP:20260101T000000Z".to_owned(),
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF".to_owned(),
        format!("DTSTART;VALUE=DATE:{}", day(20)),
        format!("DTEND;VALUE=DATE:{}", day(22)),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ]);
    lines.join("\r\n") + "\r\n"
}

/// Next month: open for answers, most of which are in.
pub async fn next(
    conn: &mut PgConnection,
    team: TeamId,
    month: Month,
    engineers: &[(PersonId, &Member)],
    manager: PersonId,
    now: DateTime<Utc>,
) -> Result<(), DemoError> {
    let closes_on = month
        .first()
        .checked_sub_days(Days::new(4))
        .unwrap_or(month.first())
        .max(now.date_naive());
    availability::open_round(
        conn,
        team,
        month,
        closes_on,
        manager,
        now - TimeDelta::days(3),
    )
    .await?;
    for (index, (person, member)) in engineers.iter().enumerate() {
        let who = (*person, *member);
        if let Some(percent) = member.utilisation {
            set_percent(conn, *person, month, percent, now).await?;
        }
        match index {
            0 => {
                let ics = calendar(month, now);
                if !sources::import(conn, *person, &own("Work")?, ics.as_bytes(), now).await? {
                    return Err(DemoError::Broken("the calendar".into()));
                }
                enter(
                    conn,
                    who,
                    month.day(4),
                    5,
                    Level::Leave,
                    "Family visit",
                    now,
                )
                .await?;
                enter(conn, who, month.day(14), 3, Level::Preferred, "", now).await?;
            }
            1 => enter(conn, who, month.day(2), 2, Level::IfNeeded, "Audit", now).await?,
            4 => {
                enter(
                    conn,
                    who,
                    month.day(20),
                    9,
                    Level::Leave,
                    "Annual leave",
                    now,
                )
                .await?;
            }
            5 => {
                enter(
                    conn,
                    who,
                    month.day(10),
                    4,
                    Level::Unavailable,
                    "Moving house",
                    now,
                )
                .await?;
            }
            6 => enter(conn, who, month.day(23), 5, Level::Leave, "Holidays", now).await?,
            8 => {
                enter(
                    conn,
                    who,
                    month.day(0),
                    7,
                    Level::Preferred,
                    "Quiet week for me",
                    now,
                )
                .await?;
            }
            _ => {
                let start = month.day(u32::try_from(drawn(month, index, 24)).unwrap_or(0));
                let level = if index % 2 == 0 {
                    Level::IfNeeded
                } else {
                    Level::Preferred
                };
                enter(conn, who, start, 3, level, "", now).await?;
            }
        }
        if member.has_answered {
            availability::answer(conn, *person, month, now).await?;
        }
    }
    Ok(())
}
