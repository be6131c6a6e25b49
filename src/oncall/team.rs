//! A team's page: who is on now, and the month.

use askama::Template;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

use super::model::{self, Grid, Reach, Slot, Timeline, Who};
use super::reads::{self, covers::Cover};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Interval, Month, PersonId};
use crate::web::{Frame, Membership, Section, SignedIn, page};

/// How far ahead shifts are listed for who can't make one.
const AHEAD: TimeDelta = TimeDelta::days(35);
/// How many of the reader's own are.
const MOST_OWN: usize = 4;
/// How many of the others' are, for managers.
const MOST_OTHERS: usize = 10;

#[derive(Deserialize)]
pub struct Place {
    month: Option<String>,
}

/// A role and who serves it now.
struct OnNow {
    rotation: String,
    role: String,
    order: i16,
    shift: crate::vocab::ShiftId,
    who: Option<Who>,
    is_mine: bool,
    until: String,
    reach: Vec<Reach>,
}

#[derive(Template)]
#[template(path = "oncall/team.html")]
struct Show {
    frame: Frame,
    team: Membership,
    zone: Tz,
    on_now: Vec<OnNow>,
    /// When the next shift begins, if nobody is on now.
    next: Option<String>,
    timeline: Timeline,
    month: Month,
    is_this_month: bool,
    today: chrono::NaiveDate,
    grid: Grid,
    rotations: Vec<reads::Decided>,
    has_several: bool,
    /// Requests for cover that are not settled.
    covers: Vec<Cover>,
    /// What the reader serves next here, and for managers what the others do.
    next_own: Vec<Slot>,
    next_others: Vec<Slot>,
    now: DateTime<Utc>,
}

impl Show {
    /// "Fri 09:00 to Sat 09:00".
    fn time(&self, i: &Interval) -> String {
        let end = model::until(i.start, i.end, self.zone);
        format!("{} to {end}", model::day_time(i.start, self.now, self.zone))
    }
}

/// Whether somebody is looked for already.
fn is_asked_for(covers: &[Cover], slot: &Slot) -> bool {
    covers
        .iter()
        .any(|c| c.shift == slot.shift && c.role == slot.role)
}

/// `GET /teams/{slug}?month=yyyy-mm`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    Query(place): Query<Place>,
) -> Answer {
    let team = user.member_of(&slug)?.clone();
    let this_month = Month::of(user.today());
    let month = match place.month.as_deref() {
        None | Some("") => this_month,
        Some(month) => month
            .parse()
            .map_err(|error| AppError::BadRequest(format!("The month in the address {error}.")))?,
    };
    let mut conn = state.db.acquire().await?;
    let around = Timeline::span(user.now);
    let near = reads::slots(&mut conn, &[team.team], around).await?;
    let of_month = reads::slots(&mut conn, &[team.team], month.interval(user.zone)).await?;
    let rotations = reads::decided(&mut conn, &[team.team], month.first()).await?;
    let covers = reads::covers::of_teams(&mut conn, &[team.team]).await?;
    let ahead = Interval {
        start: user.now,
        end: user.now + AHEAD,
    };
    let mut ahead = reads::slots(&mut conn, &[team.team], ahead).await?;
    ahead.sort_by_key(|slot| (slot.interval.start, slot.order));
    let (own, others): (Vec<Slot>, Vec<Slot>) = ahead
        .into_iter()
        .filter(|slot| slot.who.is_some() && !is_asked_for(&covers, slot))
        .partition(|slot| slot.who.as_ref().is_some_and(|w| w.id == user.id));
    let now: Vec<&Slot> = near
        .iter()
        .filter(|s| s.interval.contains(user.now))
        .collect();
    let people: Vec<PersonId> = now
        .iter()
        .filter_map(|s| Some(s.who.as_ref()?.id))
        .collect();
    let reach = reads::reach(&mut conn, &people).await?;
    drop(conn);
    let on_now = now
        .into_iter()
        .map(|s| OnNow {
            rotation: s.rotation_name.clone(),
            role: s.role_name.clone(),
            order: s.order,
            shift: s.shift,
            is_mine: s.who.as_ref().is_some_and(|w| w.id == user.id),
            until: model::day_time(s.interval.end, user.now, user.zone),
            reach: s
                .who
                .as_ref()
                .and_then(|w| reach.get(&w.id).cloned())
                .unwrap_or_default(),
            who: s.who.clone(),
        })
        .collect();
    let upcoming = near
        .iter()
        .map(|s| s.interval.start)
        .filter(|t| *t > user.now);
    let next: Option<DateTime<Utc>> = upcoming.min();
    page(&Show {
        frame: user.team_frame(format!("On call · {}", team.name), Section::Team, &team),
        zone: user.zone,
        on_now,
        next: next.map(|t| model::day_time(t, user.now, user.zone)),
        timeline: Timeline::of(&near, user.now, user.zone, user.id),
        month,
        is_this_month: month == this_month,
        today: user.today(),
        grid: Grid::of(&of_month, month, user.zone, user.id),
        has_several: rotations.len() > 1,
        rotations,
        covers,
        next_own: own.into_iter().take(MOST_OWN).collect(),
        next_others: others
            .into_iter()
            .filter(|_| team.is_manager)
            .take(MOST_OTHERS)
            .collect(),
        now: user.now,
        team,
    })
}
