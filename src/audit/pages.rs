//! The team's audit page.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::store::{self, Line};
use crate::error::Answer;
use crate::state::AppState;
use crate::web::{Frame, Section, SignedIn, page};

/// Lines on a page.
const MOST: usize = 100;

#[derive(Deserialize)]
pub struct Place {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "audit/show.html")]
struct Show {
    frame: Frame,
    lines: Vec<Line>,
    zone: chrono_tz::Tz,
    older: Option<i64>,
    slug: String,
}

/// `GET /teams/{slug}/audit`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(place): Query<Place>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut conn = state.db.acquire().await?;
    let one_more = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let before = place.before.unwrap_or(i64::MAX);
    let mut lines = store::of_team(&mut conn, team.team, before, one_more).await?;
    let has_older = lines.len() > MOST;
    lines.truncate(MOST);
    let older = lines.last().map(|l| l.id).filter(|_| has_older);
    let frame = user.team_frame(format!("Audit · {}", team.name), Section::Audit, team);
    page(&Show {
        frame,
        lines,
        zone: user.zone,
        older,
        slug,
    })
}
