//! One rotation: its rules, versions and next shifts.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, NaiveDate, Utc};

use super::describe::Rules;
use super::find;
use super::preview::{Preview, dated};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::rotations::model::{Definition, shifts};
use crate::rotations::store::{self, Person, Rotation};
use crate::state::AppState;
use crate::vocab::{Interval, PersonId, RotationId};
use crate::web::{Flash, Frame, Membership, Section, SignedIn, page};

#[derive(Template)]
#[template(path = "rotations/show.html")]
struct Show {
    frame: Frame,
    team: Membership,
    rotation: Rotation,
    /// Those in force, then those to come.
    rules: Vec<Rules>,
    /// Dates of the versions that came before.
    earlier: Vec<NaiveDate>,
    today: NaiveDate,
    preview: Preview,
    /// Until when shifts are published.
    published: Option<String>,
    is_used: bool,
}

pub fn names(people: &[Person]) -> BTreeMap<PersonId, String> {
    people.iter().map(|p| (p.id, p.name.clone())).collect()
}

/// The first shift of the version that takes effect on that date, if it ever has one.
pub fn first_shift(versions: &[Definition], effective_from: NaiveDate) -> Option<DateTime<Utc>> {
    let place = versions
        .iter()
        .position(|d| d.effective_from == effective_from)?;
    let start = effective_from.and_time(chrono::NaiveTime::MIN).and_utc();
    let period = Interval {
        start: start - chrono::TimeDelta::days(2),
        end: start + chrono::TimeDelta::days(15),
    };
    let shifts = shifts(versions, period);
    let first = shifts.into_iter().find(|s| s.version == place)?;
    Some(first.interval.start)
}

/// `GET /teams/{slug}/rotations/{id}`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
) -> Answer {
    let team = user.member_of(&slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let rotation = find(&mut conn, &team, id).await?;
    let names = names(&store::people(&mut conn, team.team).await?);
    let published = store::published_until(&mut conn, id, user.now).await?;
    let is_used = store::is_used(&mut conn, id).await?;
    let today = user.today();
    let in_force = rotation.on(today).map(|d| d.effective_from);
    let is_shown = |d: &&Definition| in_force.is_none_or(|from| d.effective_from >= from);
    let rules = rotation.versions.iter().filter(is_shown);
    let rules = rules
        .map(|d| Rules::of(d, &rotation, &names, today))
        .collect();
    let earlier = rotation.versions.iter().filter(|d| !is_shown(d));
    let change = rotation
        .versions
        .last()
        .filter(|d| d.effective_from > today && rotation.versions.len() > 1)
        .and_then(|d| first_shift(&rotation.versions, d.effective_from));
    let frame = user.team_frame(rotation.name.clone(), Section::Rotations, &team);
    page(&Show {
        frame,
        team,
        rules,
        earlier: earlier.map(|d| d.effective_from).collect(),
        today,
        preview: Preview::of(&rotation.versions, user.now, user.zone, change),
        published: published.map(|t| dated(t, user.zone)),
        is_used,
        rotation,
    })
}

/// `POST /teams/{slug}/rotations/{id}/removal`: of one that was never used.
pub async fn remove(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RotationId)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let rotation = find(&mut tx, team, id).await?;
    if !store::raise_revision(&mut tx, id, rotation.revision).await? {
        return Err(changed(&rotation));
    }
    if store::is_used(&mut tx, id).await? {
        return Err(AppError::Conflict(format!(
            "{} has published or imported shifts, which reports still count, so it can't be removed. To stop it, take everybody out of its legs and publish no more months of it.",
            rotation.name
        )));
    }
    store::remove(&mut tx, id).await?;
    audit::by(
        &mut tx,
        &user,
        team.team,
        "removed rotation",
        &rotation.name,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/rotations"),
        &format!("{} is removed.", rotation.name),
    ))
}

fn changed(rotation: &Rotation) -> AppError {
    AppError::Conflict(format!(
        "Somebody changed {} at the same moment. Nothing of yours is saved: open it again and look.",
        rotation.name
    ))
}

/// `POST /teams/{slug}/rotations/{id}/versions/{day}/removal`: of rules that have not taken effect.
pub async fn drop_pending(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id, day)): Path<(String, RotationId, NaiveDate)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let rotation = find(&mut tx, team, id).await?;
    if !rotation.versions.iter().any(|d| d.effective_from == day) {
        return Err(AppError::NotFound);
    }
    if day <= user.today() || rotation.versions.len() < 2 {
        return Err(AppError::Conflict(
            "These rules are in force, or the only ones there are. Change them from a date on instead.".into(),
        ));
    }
    if !store::raise_revision(&mut tx, id, rotation.revision).await? {
        return Err(changed(&rotation));
    }
    store::remove_version(&mut tx, id, day).await?;
    let summary = format!("{}: the rules planned from {day}", rotation.name);
    audit::by(
        &mut tx,
        &user,
        team.team,
        "dropped rotation change",
        &summary,
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/rotations/{id}"),
        &format!(
            "The change planned from {} is dropped.",
            day.format("%-d %B %Y")
        ),
    ))
}
