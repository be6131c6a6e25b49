//! The planner page.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::beside::{self, Said};
use super::changes::rotation_of;
use super::model::{Inputs, SlotKey};
use super::panel::{Panel, panel};
use super::plan::{Plan, Source, complete, read};
use super::quality::quality;
use super::store;
use super::turns::in_turn;
use super::view::{self, Day, OpenRow, Row};
use super::words::{self, Gap};
use crate::error::{Answer, AppError};
use crate::rotations;
use crate::state::AppState;
use crate::vocab::{Month, PersonId, RotationId};
use crate::web::{Frame, Membership, Section, SignedIn, page};

/// What the address asks for.
#[derive(Deserialize, Default)]
pub struct Asked {
    #[serde(default)]
    rotation: String,
    #[serde(default)]
    slot: String,
    #[serde(default)]
    person: String,
}

/// One line on what the page shows: draft, published, how good.
struct Status {
    label: String,
    class: &'static str,
    detail: String,
}

#[derive(Template)]
#[template(path = "planning/show.html")]
#[allow(clippy::struct_excessive_bools)] // Each says one thing that the page shows or not.
struct Show {
    frame: Frame,
    team: Membership,
    rotation: RotationId,
    rotations: Vec<(RotationId, String)>,
    name: String,
    roles: Vec<(String, String, String)>,
    /// The first role's, for the legend.
    letter: String,
    month: Month,
    basis: String,
    /// What calendars say beside it.
    said: Said,
    status: Status,
    quality: String,
    is_best: bool,
    days: Vec<Day>,
    rows: Vec<Row>,
    open: OpenRow,
    gaps: Vec<Gap>,
    broken: Vec<String>,
    changed: Vec<String>,
    silent: Vec<String>,
    lacking: Vec<String>,
    /// Engineers of the team in no rotation at all.
    without_leg: Vec<String>,
    panel: Panel,
    has_draft: bool,
    has_published: bool,
    /// Published slots that somebody else holds by this draft.
    moved: usize,
    /// All its shifts have begun: nothing can be changed any more.
    is_over: bool,
    can_publish: bool,
    slots: usize,
    /// With fewer people than this the rules leave slots open.
    least: usize,
    zone: chrono_tz::Tz,
    leg_zones: String,
}

#[derive(Template)]
#[template(path = "planning/empty.html")]
struct Empty {
    frame: Frame,
    team: Membership,
}

/// `GET /teams/{slug}/plan`: on to the next month that needs planning.
pub async fn latest(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let published = store::latest_month(&mut *state.db.acquire().await?, team.team).await?;
    let this = Month::of(user.now.with_timezone(&team.zone).date_naive());
    // The month after the last published one, but never long ago and never beyond next month.
    let month = published.map_or(this, Month::next).clamp(this, this.next());
    Ok(Redirect::to(&format!("/teams/{slug}/plan/{month}")).into_response())
}

/// `GET /teams/{slug}/plan/{yyyy-mm}?rotation=&slot=`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let _turn = in_turn().await?;
    let mut conn = state.db.acquire().await?;
    let rotations = rotations::list(&mut conn, team.team).await?;
    let frame = user.team_frame(
        format!("Plan {} · {}", month.title(), team.name),
        Section::Plan,
        &team,
    );
    let frame = frame.with_times_in(team.zone);
    let Some((first, _)) = rotations.first() else {
        return page(&Empty { frame, team });
    };
    let id = if asked.rotation.is_empty() {
        first.to_string()
    } else {
        asked.rotation
    };
    let rotation = rotation_of(&mut conn, &team, &id).await?;
    let ground = read(&mut conn, &rotation, month, user.now).await?;
    let today = user.now.with_timezone(&ground.inputs.zone).date_naive();
    let without_leg = store::without_leg(&mut conn, team.team, today).await?;
    let said = beside::said(&mut conn, &ground.inputs, user.now).await?;
    drop(conn);
    let plan = complete(ground).await?;
    let selected = asked
        .slot
        .parse::<SlotKey>()
        .ok()
        .and_then(|key| plan.inputs.slot(&key));
    let person: Option<PersonId> = asked.person.parse().ok();
    // What it tells is worked out apart: it solves around every other person.
    let (plan, panel, (quality, is_best)) = spawn_blocking(move || {
        let panel = panel(&plan, selected, person);
        let quality = quality(&plan);
        (plan, panel, quality)
    })
    .await
    .map_err(|error| AppError::Internal(error.to_string()))?;
    let zone = plan.inputs.zone;
    let show = Show {
        rotation: rotation.id,
        rotations,
        name: rotation.name.clone(),
        roles: roles(&plan),
        letter: plan
            .inputs
            .roles
            .first()
            .map(|r| r.short.clone())
            .unwrap_or_default(),
        month,
        basis: plan.basis(),
        status: status(&plan),
        quality,
        is_best,
        days: view::days(month, today),
        rows: view::rows(&plan, selected, today, zone),
        open: view::open_row(&plan, selected, zone),
        gaps: words::gaps(&plan, zone),
        broken: words::broken(&plan, &plan.violations, zone),
        changed: plan.changed.clone(),
        silent: plan
            .inputs
            .people
            .iter()
            .filter(|p| !p.has_answered)
            .map(|p| p.name.clone())
            .collect(),
        lacking: words::lacking(&plan.inputs),
        said,
        without_leg,
        panel,
        has_draft: matches!(plan.source, Source::Draft(_) | Source::Recomputed(_)),
        has_published: plan.published.is_some(),
        moved: plan.moved(),
        is_over: is_over(&plan),
        can_publish: !matches!(plan.source, Source::Published(_)) && !plan.inputs.slots.is_empty(),
        slots: plan.inputs.slots.len(),
        least: least(&plan.inputs),
        zone,
        leg_zones: leg_zones(&plan),
        frame,
        team,
    };
    page(&show)
}

/// How many people the month takes at the least.
fn least(inputs: &Inputs) -> usize {
    let mut shifts: Vec<_> = inputs.shifts.iter().map(|s| (s.interval, 0)).collect();
    for slot in &inputs.slots {
        if let Some((_, slots)) = shifts.get_mut(slot.shift) {
            *slots += 1;
        }
    }
    rotations::least_people(&shifts, &inputs.rules)
}

/// Of each role its letter, its name and its style.
fn roles(plan: &Plan) -> Vec<(String, String, String)> {
    let roles = plan.inputs.roles.iter().map(|role| {
        let style = format!("r{}", role.order.min(3));
        (role.short.clone(), role.name.clone(), style)
    });
    roles.collect()
}

/// The zones of the shifts, by name, each once.
fn leg_zones(plan: &Plan) -> String {
    let mut legs: Vec<&str> = plan.inputs.shifts.iter().map(|s| s.zone.name()).collect();
    legs.sort_unstable();
    legs.dedup();
    legs.join(", ")
}

fn status(plan: &Plan) -> Status {
    let at = |t: chrono::DateTime<chrono::Utc>| {
        t.with_timezone(&plan.inputs.zone)
            .format("%-d %b %H:%M")
            .to_string()
    };
    let by = |name: &Option<String>| {
        name.as_ref()
            .map(|n| format!(" by {n}"))
            .unwrap_or_default()
    };
    match &plan.source {
        Source::Recommended => Status {
            label: "Recommended".into(),
            class: "accent",
            detail: "Computed just now. Nobody but managers sees it until you publish.".into(),
        },
        Source::Draft(stored) => Status {
            label: format!("Draft {}", stored.revision),
            class: "accent",
            detail: format!(
                "Last changed {}{}. Nobody but managers sees it until you publish.",
                at(stored.updated_at),
                by(&stored.updated_by)
            ),
        },
        Source::Recomputed(stored) => Status {
            label: format!("Draft {}, computed again", stored.revision),
            class: "warn",
            detail: "What it was computed from has changed. Pinned slots stay.".into(),
        },
        Source::Published(stored) => Status {
            label: format!("Published, version {}", stored.version.unwrap_or(1)),
            class: "good",
            detail: format!(
                "{}{}",
                stored
                    .published_at
                    .map(|t| format!("{}{}. ", at(t), by(&stored.published_by)))
                    .unwrap_or_default(),
                if is_over(plan) {
                    "All its shifts have begun, so it stays as it is."
                } else {
                    "To change it, choose a slot or recommend again: that starts a draft, and everybody keeps seeing this version until you publish the next."
                }
            ),
        },
    }
}

/// Whether every shift has begun, so that nothing can be changed.
fn is_over(plan: &Plan) -> bool {
    !plan.inputs.shifts.is_empty() && plan.inputs.shifts.iter().all(|s| s.is_locked)
}
