//! The team's audit page.

use askama::Template;
use axum::extract::{Path, Query, State};
use serde::Deserialize;

use super::store::{self, Line};
use crate::error::Answer;
use crate::state::AppState;
use crate::web::{Frame, Section, SignedIn, page};

/// Lines on a page.
const MOST: i64 = 100;

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
    let lines =
        store::of_team(&mut conn, team.team, place.before.unwrap_or(i64::MAX), MOST).await?;
    let older = lines
        .last()
        .map(|l| l.id)
        .filter(|_| i64::try_from(lines.len()) == Ok(MOST));
    let frame = user.team_frame(format!("Audit · {}", team.name), Section::Audit, team);
    page(&Show {
        frame,
        lines,
        zone: user.zone,
        older,
        slug,
    })
}
