//! Asks why a change is right although it breaks a rule.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};

use super::changes::{cost_words, newly_broken, plan_path, rotation_of};
use super::intent::Intent;
use super::plan::{complete, read};
use super::turns::in_turn;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::Month;
use crate::web::{Form, Frame, Membership, Section, SignedIn, page_with};

/// What names a change in a form.
const FIELDS: [&str; 6] = ["rotation", "basis", "action", "slot", "other", "person"];

/// A change that breaks rules, in words, and where it leads back to.
pub struct Breaking {
    pub wanted: String,
    pub cost: String,
    pub broken: Vec<String>,
    pub back: String,
}

#[derive(Template)]
#[template(path = "planning/confirm_rule.html")]
struct ConfirmRule {
    frame: Frame,
    team: Membership,
    month: Month,
    form: Form,
    breaking: Breaking,
}

/// Where a change that breaks a rule is asked about.
pub fn path(slug: &str, month: Month, form: &Form) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in FIELDS {
        query.append_pair(name, form.value(name));
    }
    format!("/teams/{slug}/plan/{month}/changes?{}", query.finish())
}

/// The page that asks, with what is wrong with an answer.
pub fn asked(
    user: &SignedIn,
    team: Membership,
    month: Month,
    form: Form,
    breaking: Breaking,
) -> Answer {
    let frame = user
        .team_frame("This breaks a rule", Section::Plan, &team)
        .with_times_in(team.zone);
    let status = form.status();
    page_with(
        status,
        &ConfirmRule {
            frame,
            team,
            month,
            form,
            breaking,
        },
    )
}

/// `GET /teams/{slug}/plan/{month}/changes?rotation=&basis=&action=&slot=&other=&person=`: asks why a
/// change is right although it breaks a rule. Where there is nothing to ask any more, the plan.
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, month)): Path<(String, String)>,
    Query(asked_for): Query<HashMap<String, String>>,
) -> Answer {
    let team = user.manager_of(&slug)?.clone();
    let month: Month = month.parse().map_err(|_| AppError::NotFound)?;
    let value = |name: &'static str| (name, asked_for.get(name).cloned().unwrap_or_default());
    let form = Form::of(FIELDS.map(value));
    let _turn = in_turn().await?;
    let mut conn = state.db.acquire().await?;
    let rotation = rotation_of(&mut conn, &team, form.value("rotation")).await?;
    let ground = read(&mut conn, &rotation, month, user.now).await?;
    drop(conn);
    let plan = complete(ground).await?;
    let to_plan = plan_path(&slug, month, rotation.id, None);
    let Ok(intent) = Intent::parse(&form, &plan.inputs) else {
        return Ok(Redirect::to(&to_plan).into_response());
    };
    let after = plan.with(intent.apply(&plan));
    let broken = newly_broken(&plan, &after, &intent);
    if form.value("basis") != plan.basis() || broken.is_empty() {
        return Ok(Redirect::to(&to_plan).into_response());
    }
    let key = intent.slot().and_then(|s| plan.inputs.slots.get(s));
    let breaking = Breaking {
        wanted: intent.words(&plan),
        cost: cost_words(&plan, &after),
        broken,
        back: plan_path(&slug, month, rotation.id, key.map(|s| &s.key)),
    };
    asked(&user, team, month, form, breaking)
}
