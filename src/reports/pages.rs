//! The page and its downloads.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use chrono_tz::Tz;

use super::csv;
use super::sums::{MOST_DAYS, Report, presets};
use crate::cover;
use crate::error::{Answer, AppError};
use crate::oncall::{self, Carried, Period};
use crate::state::AppState;
use crate::vocab::{Interval, PersonId};
use crate::web::{Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "reports/show.html")]
struct Show {
    frame: Frame,
    team: Membership,
    me: PersonId,
    form: Form,
    presets: [(&'static str, Period); 4],
    /// None where the dates make no sense.
    shown: Option<(Period, Report)>,
    /// How people were asked to cover, and answered.
    covers: Vec<cover::Answers>,
}

/// The period that was asked for, or the usual one; none after messages at the fields.
fn period(form: &mut Form, usual: Period) -> Option<Period> {
    let from = form.optional_day("from")?.unwrap_or(usual.from);
    let to = form.optional_day("to")?.unwrap_or(usual.to);
    if to < from {
        form.refuse("to", "must not be before the first day");
    } else if (to - from).num_days() >= MOST_DAYS {
        form.refuse("to", "must be within ten years of the first day");
    }
    form.is_good().then_some(Period { from, to })
}

fn typed(mut query: HashMap<String, String>) -> Form {
    let mut take = |name: &str| query.remove(name).unwrap_or_default();
    let mut form = Form::of([("from", take("from")), ("to", take("to"))]);
    form.call("from", "First day");
    form.call("to", "Last day");
    form
}

fn usual(user: &SignedIn, team: &Membership) -> [(&'static str, Period); 4] {
    presets(user.now.with_timezone(&team.zone).date_naive())
}

async fn read(
    state: &AppState,
    team: &Membership,
    period: Period,
) -> Result<(Vec<Carried>, Report), AppError> {
    let mut conn = state.db.acquire().await?;
    let carried = oncall::carried(&mut conn, team.team, period.interval(team.zone)).await?;
    let people = oncall::engineers(&mut conn, team.team, period.from, period.to).await?;
    let report = Report::of(&carried, people);
    Ok((carried, report))
}

/// `GET /teams/{slug}/reports?from=&to=`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let team = user.member_of(&slug)?.clone();
    let presets = usual(&user, &team);
    let mut form = typed(query);
    let asked = period(&mut form, presets[0].1);
    let mut covers = Vec::new();
    let shown = match asked {
        Some(period) => {
            form = Form::of([("from", period.from), ("to", period.to)]);
            let Interval { start, end } = period.interval(team.zone);
            let mut conn = state.db.acquire().await?;
            covers = cover::answers(&mut conn, team.team, start, end).await?;
            drop(conn);
            Some((period, read(&state, &team, period).await?.1))
        }
        None => None,
    };
    let show = Show {
        frame: user
            .team_frame(format!("Reports · {}", team.name), Section::Reports, &team)
            .with_times_in(team.zone),
        team,
        me: user.id,
        form,
        presets,
        shown,
        covers,
    };
    page_with(show.form.status(), &show)
}

fn download(name: &str, body: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    (
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ],
        body,
    )
        .into_response()
}

/// The period of a download.
fn period_of(
    user: &SignedIn,
    team: &Membership,
    query: HashMap<String, String>,
) -> Result<Period, AppError> {
    let mut form = typed(query);
    let [(_, usual), ..] = usual(user, team);
    period(&mut form, usual).ok_or_else(|| {
        let (field, message) = form.errors().first().cloned().unwrap_or_default();
        AppError::BadRequest(format!("The day in “{field}” {message}."))
    })
}

/// What a download is about: the team, the period, what was read.
async fn asked(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    query: HashMap<String, String>,
) -> Result<(Period, Tz, Vec<Carried>, Report), AppError> {
    let team = user.member_of(slug)?;
    let period = period_of(user, team, query)?;
    let (carried, report) = read(state, team, period).await?;
    Ok((period, team.zone, carried, report))
}

/// `GET /teams/{slug}/reports.csv?from=&to=`
pub async fn people_csv(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let (period, _, _, report) = asked(&state, &user, &slug, query).await?;
    let name = format!("{slug}-people-{}-{}", period.from, period.to);
    Ok(download(&name, csv::people(&report)?))
}

/// `GET /teams/{slug}/reports/cover.csv?from=&to=`
pub async fn covers_csv(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let team = user.member_of(&slug)?;
    let period = period_of(&user, team, query)?;
    let Interval { start, end } = period.interval(team.zone);
    let mut conn = state.db.acquire().await?;
    let answers = cover::answers(&mut conn, team.team, start, end).await?;
    let name = format!("{slug}-cover-{}-{}", period.from, period.to);
    Ok(download(&name, csv::covers(&answers)?))
}

/// `GET /teams/{slug}/reports/shifts.csv?from=&to=`
pub async fn shifts_csv(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let (period, zone, carried, _) = asked(&state, &user, &slug, query).await?;
    let name = format!("{slug}-shifts-{}-{}", period.from, period.to);
    Ok(download(&name, csv::shifts(&carried, zone)?))
}
