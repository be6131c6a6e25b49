//! What calendars say: read from the views of `sources`, counted into working hours.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{entries, read};
use crate::availability::model::{
    Booked, Busy, BusyKind, Freshness, Hours, LeaveToDecide, Taken, WorkingHours, count, mondays,
    taken, window,
};
use crate::vocab::{Interval, Level, Month, PersonId};

/// When these people work. Everybody asked for is in the answer.
pub async fn hours_of(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<BTreeMap<PersonId, WorkingHours>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person_id: PersonId", weekday, from_minute, to_minute
        from working_hours where person_id = any ($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let mut hours: BTreeMap<PersonId, WorkingHours> = BTreeMap::new();
    for row in rows {
        let week = hours
            .entry(row.person_id)
            .or_insert(WorkingHours([None; 7]));
        let minute = |m: i16| u16::try_from(m).unwrap_or_default();
        let day = usize::try_from(row.weekday).unwrap_or_default();
        if let Some(day) = week.0.get_mut(day) {
            *day = Some(Hours {
                from: minute(row.from_minute),
                to: minute(row.to_minute),
            });
        }
    }
    for person in people {
        hours.entry(*person).or_insert(WorkingHours::USUAL);
    }
    Ok(hours)
}

/// Sets when a person works. Call it in a transaction, and [`recount`] after it.
pub async fn set_working_hours(
    conn: &mut PgConnection,
    person: PersonId,
    hours: &WorkingHours,
) -> sqlx::Result<()> {
    entries::lock(conn, person).await?;
    sqlx::query!("delete from working_hours where person_id = $1", person.0)
        .execute(&mut *conn)
        .await?;
    let days = (0_i16..).zip(hours.0);
    let days: Vec<(i16, Hours)> = days.filter_map(|(day, h)| Some((day, h?))).collect();
    let minute = |m: u16| i16::try_from(m).unwrap_or_default();
    let weekdays: Vec<i16> = days.iter().map(|(day, _)| *day).collect();
    let starts: Vec<i16> = days.iter().map(|(_, h)| minute(h.from)).collect();
    let ends: Vec<i16> = days.iter().map(|(_, h)| minute(h.to)).collect();
    sqlx::query!(
        "insert into working_hours (person_id, weekday, from_minute, to_minute)
        select $1, * from unnest($2::smallint[], $3::smallint[], $4::smallint[])",
        person.0,
        &weekdays,
        &starts,
        &ends,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What the calendars of these people have in a range, by person and time.
///
/// # Errors
/// Where the database fails.
pub async fn busy_of(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<BTreeMap<PersonId, Vec<Busy>>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person_id!: PersonId", starts_at as "starts_at!", ends_at as "ends_at!",
            kind as "kind!: BusyKind", all_day as "all_day!"
        from busy_times where person_id = any ($1) and starts_at < $3 and ends_at > $2
        order by person_id, starts_at, ends_at"#,
        &ids,
        range.start,
        range.end,
    )
    .fetch_all(conn)
    .await?;
    let mut busy: BTreeMap<PersonId, Vec<Busy>> = BTreeMap::new();
    for row in rows {
        let interval = Interval {
            start: row.starts_at,
            end: row.ends_at,
        };
        busy.entry(row.person_id).or_default().push(Busy {
            interval,
            kind: row.kind,
            all_day: row.all_day,
        });
    }
    Ok(busy)
}

/// How fresh what calendars say of these people is; who has none is not in the answer.
///
/// # Errors
/// Where the database fails.
pub async fn freshness(
    conn: &mut PgConnection,
    people: &[PersonId],
) -> sqlx::Result<BTreeMap<PersonId, Freshness>> {
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let rows = sqlx::query!(
        r#"select person_id as "person_id!: PersonId", sources as "sources!", failing as "failing!",
            readable as "readable!", oldest_good_at, booking as "booking!", known_until
        from calendar_freshness where person_id = any ($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let fresh = Freshness {
            sources: row.sources,
            failing: row.failing,
            readable: row.readable,
            oldest_good_at: row.oldest_good_at,
            booking: row.booking,
            known_until: row.known_until,
        };
        (row.person_id, fresh)
    });
    Ok(rows.collect())
}

/// Out of office that a person may accept as leave, and accepted leave that is gone from the
/// calendar; at most 20, by time.
///
/// # Errors
/// Where the database fails.
pub async fn leave_to_decide(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<LeaveToDecide>> {
    let rows = sqlx::query!(
        r#"select id as "id!", starts_at as "starts_at!", ends_at as "ends_at!", gone_at
        from leave_to_decide where person_id = $1 and ends_at > $2
        order by starts_at limit 20"#,
        person.0,
        now,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| LeaveToDecide {
        id: row.id,
        interval: Interval {
            start: row.starts_at,
            end: row.ends_at,
        },
        gone_at: row.gone_at,
    });
    Ok(rows.collect())
}

/// Counts again how booked a person is, in all months and weeks that are read of calendars. What was
/// counted of time before that stays as it was, until no calendar is connected any more. Call it in
/// a transaction whenever calendars, working hours, leave or the person's zone have changed.
///
/// # Errors
/// Where the database fails.
pub async fn recount(
    conn: &mut PgConnection,
    person: PersonId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    entries::lock(conn, person).await?;
    let fresh = freshness(conn, &[person]).await?.remove(&person);
    let Some(fresh) = fresh.filter(|f| f.booking > 0) else {
        // Without a calendar that says when somebody is busy nothing is known; that is not the same as free.
        return sqlx::query!("delete from booked_times where person_id = $1", person.0)
            .execute(conn)
            .await
            .map(drop);
    };
    let zone = sqlx::query_scalar!("select time_zone from people where id = $1", person.0)
        .fetch_one(&mut *conn)
        .await?;
    let zone = zone.parse().unwrap_or(Tz::UTC);
    let mut range = window(now);
    range.end = fresh.known_until.map_or(range.end, |at| at.min(range.end));
    let hours = hours_of(conn, &[person]).await?;
    let hours = hours.get(&person).unwrap_or(&WorkingHours::USUAL);
    let busy = busy_of(conn, &[person], range).await?.remove(&person);
    let timelines = read::for_planning(conn, &[person], range).await?;
    let leave: Vec<Interval> = timelines
        .get(&person)
        .iter()
        .flat_map(|timeline| timeline.spans())
        .filter(|span| span.level == Level::Leave)
        .map(|span| span.interval)
        .collect();
    let counted = count(zone, hours, &leave, &busy.unwrap_or_default(), range);
    // What a calendar reaches only in part is not known.
    sqlx::query!(
        "delete from booked_times where person_id = $1
            and case period when 'month' then (starts_on + interval '1 month')::date else starts_on + 7 end > $2::date",
        person.0,
        range.end.with_timezone(&zone).date_naive(),
    )
    .execute(&mut *conn)
    .await?;
    store(conn, person, &counted, now).await
}

async fn store(
    conn: &mut PgConnection,
    person: PersonId,
    counted: &[(crate::availability::model::Period, Booked)],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let periods: Vec<String> = counted.iter().map(|(p, _)| p.key().to_owned()).collect();
    let firsts: Vec<NaiveDate> = counted.iter().map(|(p, _)| p.first()).collect();
    let minutes = |of: fn(&Booked) -> i64| -> Vec<i32> {
        let all = counted.iter().map(|(_, booked)| of(booked));
        all.map(|m| i32::try_from(m).unwrap_or(i32::MAX)).collect()
    };
    // Rows that say the same stay untouched: most readings change nothing.
    sqlx::query!(
        "insert into booked_times as b (person_id, period, starts_on, working_minutes, meeting_minutes,
            out_of_office_minutes, tentative_minutes, counted_at)
        select $1, p, s, w, m, o, t, $8 from
            unnest($2::text[], $3::date[], $4::int[], $5::int[], $6::int[], $7::int[]) as c (p, s, w, m, o, t)
        on conflict (person_id, period, starts_on) do update set working_minutes = excluded.working_minutes,
            meeting_minutes = excluded.meeting_minutes, out_of_office_minutes = excluded.out_of_office_minutes,
            tentative_minutes = excluded.tentative_minutes, counted_at = excluded.counted_at
        where (b.working_minutes, b.meeting_minutes, b.out_of_office_minutes, b.tentative_minutes)
            <> (excluded.working_minutes, excluded.meeting_minutes, excluded.out_of_office_minutes,
                excluded.tentative_minutes)",
        person.0,
        &periods,
        &firsts,
        &minutes(|b| b.working),
        &minutes(|b| b.meetings),
        &minutes(|b| b.out_of_office),
        &minutes(|b| b.tentative),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What is counted of these months, with when the count last changed.
pub(super) async fn of_months(
    conn: &mut PgConnection,
    people: &[i64],
    firsts: &[NaiveDate],
) -> sqlx::Result<Vec<(PersonId, NaiveDate, Booked, DateTime<Utc>)>> {
    let rows = sqlx::query!(
        r#"select person_id as "person_id: PersonId", starts_on, working_minutes, meeting_minutes,
            out_of_office_minutes, tentative_minutes, counted_at
        from booked_times where person_id = any ($1) and period = 'month' and starts_on = any ($2)"#,
        people,
        firsts,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let booked = Booked {
            working: row.working_minutes.into(),
            meetings: row.meeting_minutes.into(),
            out_of_office: row.out_of_office_minutes.into(),
            tentative: row.tentative_minutes.into(),
        };
        (row.person_id, row.starts_on, booked, row.counted_at)
    });
    Ok(rows.collect())
}

/// The weeks that touch a month, by their Mondays.
pub async fn weeks_booked(
    conn: &mut PgConnection,
    person: PersonId,
    month: Month,
) -> sqlx::Result<Vec<(NaiveDate, Booked)>> {
    let days: Vec<NaiveDate> = mondays(month).collect();
    let rows = sqlx::query!(
        "select starts_on, working_minutes, meeting_minutes, out_of_office_minutes, tentative_minutes
        from booked_times where person_id = $1 and period = 'week' and starts_on = any ($2)
        order by starts_on",
        person.0,
        &days,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let booked = Booked {
            working: row.working_minutes.into(),
            meetings: row.meeting_minutes.into(),
            out_of_office: row.out_of_office_minutes.into(),
            tentative: row.tentative_minutes.into(),
        };
        (row.starts_on, booked)
    });
    Ok(rows.collect())
}

/// Published shifts that overlap a range and clash with their person's calendars, by time. Those that
/// the person can't serve anyway are left out: [`super::clashes`] tells them, and whoever shows one
/// shows both.
///
/// # Errors
/// Where the database fails.
pub async fn taken_shifts(
    conn: &mut PgConnection,
    people: &[PersonId],
    range: Interval,
) -> sqlx::Result<Vec<Taken>> {
    let shifts = read::shifts_of(conn, people, range).await?;
    let Some(hull) = shifts
        .iter()
        .map(|(_, s)| s.interval)
        .reduce(|a, b| Interval {
            start: a.start.min(b.start),
            end: a.end.max(b.end),
        })
    else {
        return Ok(Vec::new());
    };
    let busy = busy_of(conn, people, hull).await?;
    if busy.is_empty() {
        return Ok(Vec::new());
    }
    let timelines = read::for_planning(conn, people, hull).await?;
    let hours = hours_of(conn, people).await?;
    let ids: Vec<i64> = people.iter().map(|p| p.0).collect();
    let zones: BTreeMap<PersonId, Tz> = sqlx::query!(
        r#"select id as "id: PersonId", time_zone from people where id = any ($1)"#,
        &ids
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| (row.id, row.time_zone.parse().unwrap_or(Tz::UTC)))
    .collect();
    let found = shifts.into_iter().filter_map(|(person, shift)| {
        let can_serve = timelines.get(&person)?.level(shift.interval).can_serve();
        let working = hours
            .get(&person)?
            .within(*zones.get(&person)?, shift.interval);
        let busy = taken(shift.interval, busy.get(&person)?, &working)?;
        can_serve.then_some(Taken {
            person,
            shift,
            busy,
        })
    });
    Ok(found.collect())
}
