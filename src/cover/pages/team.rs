//! A team's requests, how people answered, and the team's setting.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Months, Utc};
use chrono_tz::Tz;

use crate::audit;
use crate::cover::flow::when;
use crate::cover::model::{Kind, State as Stands};
use crate::cover::store::{self, Answers, Listed};
use crate::error::Answer;
use crate::state::AppState;
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page};

/// Requests of the past that are listed.
const MOST_PAST: i64 = 50;
/// Requests to come that are listed.
const MOST_AHEAD: i64 = 200;
/// Months that the answers look back.
const LOOK_BACK: u32 = 6;

#[derive(Template)]
#[template(path = "cover/team.html")]
struct Index {
    frame: Frame,
    team: Membership,
    ahead: Vec<Listed>,
    past: Vec<Listed>,
    answers: Vec<Answers>,
    needs_approval: bool,
    /// The last line of history that the page knows.
    seen: i64,
    zone: Tz,
    now: DateTime<Utc>,
}

impl Index {
    fn when(&self, request: &Listed) -> String {
        when(request.interval, self.zone, self.now)
    }
}

/// `GET /teams/{slug}/covers`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    let team = user.member_of(&slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let now = user.now;
    let since = now
        .checked_sub_months(Months::new(LOOK_BACK))
        .unwrap_or(now);
    page(&Index {
        seen: store::last_event_of_team(&mut conn, team.team, since).await?,
        ahead: store::listed(&mut conn, team.team, now, false, MOST_AHEAD).await?,
        past: store::listed(&mut conn, team.team, now, true, MOST_PAST).await?,
        answers: store::answers(&mut conn, team.team, since, now).await?,
        needs_approval: store::approval(&mut conn, team.team).await?,
        frame: user.team_frame(format!("Cover · {}", team.name), Section::Covers, &team),
        zone: user.zone,
        now,
        team,
    })
}

/// `POST /teams/{slug}/covers/settings`
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let needs = form.ticked("approval");
    let mut tx = state.db.begin().await?;
    store::set_approval(&mut tx, team.team, needs).await?;
    let said = if needs {
        "an agreement counts only when a manager approves it"
    } else {
        "an agreement counts at once"
    };
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        Some(team.team),
        "changed cover setting",
        said,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/covers"),
        &format!("Saved: {said}. It holds for requests from now on."),
    ))
}
