//! The page of one shift: who serves, whom to escalate to, who was before and who comes next.

use askama::Template;
use axum::extract::{Path, State};
use chrono_tz::Tz;

use super::model::{self, Duty, Handover};
use super::reads::{self, Viewer};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::ShiftId;
use crate::web::{Frame, Section, SignedIn, page};

#[derive(Template)]
#[template(path = "oncall/shift.html")]
struct Show {
    frame: Frame,
    /// "Mon 16 Nov 2026 09:00".
    start: String,
    end: String,
    /// The same by the clocks that the shift follows, where they differ.
    there: Option<String>,
    length: String,
    zone: Tz,
    team_name: String,
    slug: String,
    place: String,
    is_over: bool,
    is_now: bool,
    /// The viewer's own slot.
    mine: Option<Duty>,
    roles: Vec<Duty>,
}

/// `GET /shifts/{id}`
pub async fn show(State(state): State<AppState>, user: SignedIn, Path(id): Path<String>) -> Answer {
    let id: ShiftId = id.parse().map_err(|_| AppError::NotFound)?;
    let viewer = Viewer {
        id: user.id,
        is_admin: user.is_admin,
    };
    let mut conn = state.db.acquire().await?;
    let roles = reads::duties_of_shift(&mut conn, viewer, id).await?;
    drop(conn);
    let first = roles.first().ok_or(AppError::NotFound)?;
    let team = user.member_of(&first.slug)?;
    let interval = first.slot.interval;
    let long = |t: chrono::DateTime<chrono::Utc>, zone: Tz| {
        t.with_timezone(&zone)
            .format("%a %-d %b %Y %H:%M")
            .to_string()
    };
    let (start, end) = (
        long(interval.start, user.zone),
        long(interval.end, user.zone),
    );
    let there = [interval.start, interval.end].map(|t| long(t, first.zone));
    let differs = there != [start.clone(), end.clone()];
    let place = [first.slot.rotation_name.as_str(), first.leg.as_str()];
    let place: Vec<&str> = place.into_iter().filter(|t| !t.is_empty()).collect();
    let show = Show {
        frame: user.team_frame(format!("Shift of {start}"), Section::Team, team),
        there: differs.then(|| format!("{} to {} ({})", there[0], there[1], first.zone.name())),
        length: model::length(interval.minutes()),
        zone: user.zone,
        team_name: first.team_name.clone(),
        slug: first.slug.clone(),
        place: place.join(" / "),
        is_over: interval.end <= user.now,
        is_now: interval.contains(user.now),
        mine: roles
            .iter()
            .find(|d| d.slot.who.as_ref().is_some_and(|w| w.id == user.id))
            .cloned(),
        start,
        end,
        roles,
    };
    page(&show)
}
