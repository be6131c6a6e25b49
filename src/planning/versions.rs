//! Approving and publishing, and what differs between two versions of a month.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use chrono_tz::Tz;
use serde::Deserialize;
use sqlx::PgConnection;

use super::changes::{faster, latest, locked, plan_path, rotation_of};
use super::news;
use super::plan::{Plan, current};
use super::publish::{is_published_already, publish};
use super::store::{self, Stored, StoredSlot};
use super::turns::in_turn;
use super::words::{slot_title, violation_words};
use crate::error::{Answer, AppError};
use crate::rotations::{self, Rotation};
use crate::state::AppState;
use crate::vocab::{Interval, LegId, Month, RoleId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page};

/// A slot that differs.
struct Difference {
    title: String,
    before: String,
    after: String,
}

/// Which rotation, which versions.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    rotation: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

#[derive(Template)]
#[template(path = "planning/publish.html")]
struct Confirm {
    frame: Frame,
    name: String,
    month: Month,
    rotation: String,
    basis: String,
    back: String,
    action: String,
    version: i32,
    differences: Vec<Difference>,
    people: usize,
    slots: usize,
    open: Vec<String>,
    /// Shifts in which nobody would be called: everybody but who only watches is missing.
    uncovered: usize,
    /// Who gets shifts and can't be reached during them.
    unreachable: Vec<String>,
    /// Nothing is new: there is nothing to publish.
    is_same: bool,
    broken: Vec<String>,
    silent: Vec<String>,
    is_first: bool,
    zone: Tz,
}

#[derive(Template)]
#[template(path = "planning/versions.html")]
struct Versions {
    frame: Frame,
    name: String,
    month: Month,
    rotation: String,
    back: String,
    all: Vec<Stored>,
    from: i32,
    to: i32,
    differences: Vec<Difference>,
    zone: Tz,
}

async fn found(
    conn: &mut PgConnection,
    user: &SignedIn,
    slug: &str,
    month: &str,
    rotation: &str,
) -> Result<(Membership, Month, Rotation), AppError> {
    let team = user.manager_of(slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let id = if rotation.is_empty() {
        rotations::list(conn, team.team)
            .await?
            .first()
            .map(|(id, _)| id.to_string())
            .ok_or(AppError::NotFound)?
    } else {
        rotation.to_owned()
    };
    let rotation = rotation_of(conn, &team, &id).await?;
    Ok((team, month, rotation))
}

/// `GET /teams/{slug}/plan/{month}/publication`: what publishing would change.
pub async fn confirm(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let _turn = in_turn().await?;
    let mut conn = state.db.acquire().await?;
    let (team, month, rotation) = found(&mut conn, &user, &slug, &month, &asked.rotation).await?;
    let plan = current(&mut conn, &rotation, month, user.now).await?;
    let zone = plan.inputs.zone;
    let inputs = &plan.inputs;
    let mut people: Vec<_> = plan.held.iter().filter_map(|h| h.person).collect();
    people.sort_unstable();
    people.dedup();
    let is_same = is_published_already(&mut conn, &plan).await?;
    let unreachable = store::without_device(&mut conn, &people).await?;
    drop(conn);
    let open = plan
        .held
        .iter()
        .enumerate()
        .filter(|(_, h)| h.person.is_none());
    page(&Confirm {
        frame: user
            .team_frame(
                format!("Publish {} · {}", month.title(), team.name),
                Section::Plan,
                &team,
            )
            .with_times_in(zone),
        name: rotation.name.clone(),
        rotation: rotation.id.to_string(),
        basis: plan.basis(),
        back: plan_path(&slug, month, rotation.id, None),
        action: format!("/teams/{slug}/plan/{month}/publication"),
        version: plan.published.as_ref().and_then(|p| p.version).unwrap_or(0) + 1,
        differences: from_published(&plan, zone),
        people: people.len(),
        slots: plan.held.len(),
        open: open
            .map(|(slot, _)| slot_title(inputs, slot, zone))
            .collect(),
        uncovered: uncovered(&plan),
        unreachable: unreachable
            .iter()
            .filter_map(|id| inputs.people.iter().find(|p| p.id == *id))
            .map(|p| p.name.clone())
            .collect(),
        is_same,
        broken: with_reasons(&plan, zone),
        silent: inputs
            .people
            .iter()
            .filter(|p| !p.has_answered)
            .map(|p| p.name.clone())
            .collect(),
        is_first: plan.published.is_none(),
        month,
        zone,
    })
}

/// Shifts that have slots to call somebody in, and nobody in any of them.
fn uncovered(plan: &Plan) -> usize {
    let inputs = &plan.inputs;
    let calls = |slot: usize| inputs.role_of(slot).is_some_and(|r| !r.is_shadow);
    let slots = inputs.slots.iter().zip(&plan.held).enumerate();
    let mut filled: BTreeMap<usize, bool> = BTreeMap::new();
    for (_, (slot, held)) in slots.filter(|(index, _)| calls(*index)) {
        *filled.entry(slot.shift).or_default() |= held.person.is_some();
    }
    filled.values().filter(|filled| !**filled).count()
}

/// Broken rules in words, each once, with the reason that a manager gave.
fn with_reasons(plan: &Plan, zone: Tz) -> Vec<String> {
    let mut lines: Vec<(String, &str)> = Vec::new();
    for violation in &plan.violations {
        let slots = violation.slots.iter().filter_map(|s| plan.held.get(*s));
        let reason = slots.map(|h| h.reason.as_str()).find(|r| !r.is_empty());
        let words = violation_words(plan, violation, zone);
        match lines.iter_mut().find(|(line, _)| *line == words) {
            Some((_, said)) if said.is_empty() => *said = reason.unwrap_or_default(),
            Some(_) => {}
            None => lines.push((words, reason.unwrap_or_default())),
        }
    }
    let line = |(words, reason): (String, &str)| match reason {
        "" => words,
        reason => format!("{words}: {reason}"),
    };
    lines.into_iter().map(line).collect()
}

fn from_published(plan: &Plan, zone: Tz) -> Vec<Difference> {
    if plan.published.is_none() {
        return Vec::new();
    }
    let differences = news::differences(plan).into_iter();
    differences
        .map(|(slot, before, after)| Difference {
            title: slot_title(&plan.inputs, slot, zone),
            before,
            after,
        })
        .collect()
}

/// `POST /teams/{slug}/plan/{month}/publication`
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let _turn = in_turn().await?;
    let mut tx = state.db.begin().await?;
    let rotation = locked(&mut tx, &team, form.value("rotation")).await?;
    let plan = current(&mut tx, &rotation, month, user.now).await?;
    if form.value("basis") != plan.basis() {
        let wanted = format!(
            "To publish {} as it was when you opened the page.",
            month.title()
        );
        let mut now = latest(&plan, &user);
        if now.is_empty() {
            now.push("Nothing is stored: the recommendation was computed anew.".into());
        }
        let back = plan_path(&slug, month, rotation.id, None);
        return faster(&user, &team, wanted, now, back);
    }
    if is_published_already(&mut tx, &plan).await? {
        let version = plan.published.as_ref().and_then(|p| p.version);
        let said = format!(
            "Nothing changed: {} is published like this already, as version {}.",
            month.title(),
            version.unwrap_or_default()
        );
        return Ok(Flash::redirect(
            &plan_path(&slug, month, rotation.id, None),
            &said,
        ));
    }
    let done = publish(&mut tx, &rotation, &plan, Some(user.id)).await?;
    tx.commit().await?;
    let open = match done.open {
        0 => String::new(),
        1 => " One slot is still open.".to_owned(),
        n => format!(" {n} slots are still open."),
    };
    let changed = match done.changed {
        0 => "Every slot is served as before.".to_owned(),
        1 => "1 slot is served by somebody else.".to_owned(),
        n => format!("{n} slots are served by somebody else."),
    };
    let said = format!(
        "{}, {}: version {} is published. {changed}{open}",
        rotation.name,
        month.title(),
        done.version,
    );
    Ok(Flash::redirect(
        &plan_path(&slug, month, rotation.id, None),
        &said,
    ))
}

/// `GET /teams/{slug}/plan/{month}/versions?rotation=&from=&to=`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let (team, month, rotation) = found(&mut conn, &user, &slug, &month, &asked.rotation).await?;
    let versions = store::versions(&mut conn, rotation.id, month).await?;
    let newest = versions.first().and_then(|v| v.version).unwrap_or(0);
    let pick = |text: &str, default: i32| {
        text.parse::<i32>()
            .ok()
            .filter(|v| (0..=newest).contains(v))
            .unwrap_or(default)
    };
    let to = pick(&asked.to, newest);
    let from = pick(&asked.from, (to - 1).max(0));
    let mut slots = Vec::new();
    for version in [from, to] {
        slots.push(
            match store::schedule(&mut conn, rotation.id, month, version).await? {
                Some(stored) => store::slots_of(&mut conn, stored.id).await?,
                None => Vec::new(),
            },
        );
    }
    let zone = team.zone;
    let after = slots.pop().unwrap_or_default();
    let before = slots.pop().unwrap_or_default();
    page(&Versions {
        frame: user
            .team_frame(
                format!("Versions of {} · {}", month.title(), team.name),
                Section::Plan,
                &team,
            )
            .with_times_in(zone),
        name: rotation.name.clone(),
        rotation: rotation.id.to_string(),
        back: plan_path(&slug, month, rotation.id, None),
        differences: between(&before, &after, zone),
        month,
        all: versions,
        from,
        to,
        zone,
    })
}

fn between(before: &[StoredSlot], after: &[StoredSlot], zone: Tz) -> Vec<Difference> {
    type Key = (Interval, LegId, RoleId);
    let keyed = |slots: &[StoredSlot]| -> BTreeMap<Key, (String, String)> {
        let at = |t: chrono::DateTime<chrono::Utc>| {
            t.with_timezone(&zone).format("%a %-d %b %H:%M").to_string()
        };
        slots
            .iter()
            .map(|s| {
                let title = format!(
                    "{}, {} to {}",
                    s.role_name,
                    at(s.interval.start),
                    at(s.interval.end)
                );
                (
                    (s.interval, s.leg, s.role),
                    (title, s.name.clone().unwrap_or("nobody".to_owned())),
                )
            })
            .collect()
    };
    let (old, new) = (keyed(before), keyed(after));
    let mut keys: Vec<&Key> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter()
        .filter_map(|key| {
            let (a, b) = (old.get(key), new.get(key));
            let title = a.or(b).map(|(title, _)| title.clone())?;
            let name = |side: Option<&(String, String)>| {
                side.map_or("no such slot".to_owned(), |(_, name)| name.clone())
            };
            (a.map(|x| &x.1) != b.map(|x| &x.1)).then(|| Difference {
                title,
                before: name(a),
                after: name(b),
            })
        })
        .collect()
}
