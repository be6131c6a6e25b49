//! `/teams/{slug}/requirements`: what waits for a manager, who holds what, what is required.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{record, when};
use crate::error::{Answer, AppError};
use crate::requirements::model::{
    Board, Engineer, Place, Requirement, RoleState, Span, Standing, State as Of,
};
use crate::requirements::store::{self, Outcome, Request, Scope, Signature};
use crate::state::AppState;
use crate::vocab::{Note, RoleId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "requirements/team.html")]
struct Show {
    frame: Frame,
    team: Membership,
    board: Board,
    retired: Vec<Requirement>,
    roles: Vec<(RoleId, String)>,
    decision: Form,
    definition: Form,
    zone: Tz,
}

impl Show {
    fn when(&self, at: &DateTime<Utc>) -> String {
        when(*at, self.zone)
    }

    /// What a cell of the table says; none where the person doesn't need it and never had it.
    fn cell(&self, engineer: &Engineer, requirement: &Requirement) -> Option<Place<'_>> {
        let place = self.board.place(engineer.id, requirement.id);
        let known = place.last.is_some() || place.pending.is_some();
        (known || self.board.is_needed(engineer, requirement.id)).then_some(place)
    }

    fn ready(&self, engineer: &Engineer) -> Vec<RoleState> {
        let mut roles = self.board.roles_of(engineer);
        roles.retain(|r| r.lacking.is_empty());
        roles
    }
}

/// Forms of the page that are shown again as typed.
#[derive(Default)]
pub struct Typed {
    /// Of the queue.
    pub decision: Option<Form>,
    /// Of a new requirement.
    pub definition: Option<Form>,
}

/// The page, again where something was typed wrong.
pub async fn render(state: &AppState, user: &SignedIn, slug: &str, typed: Typed) -> Answer {
    let team = user.manager_of(slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let board = store::board(&mut conn, Scope::Team(team.team), user.now).await?;
    let retired = store::retired_requirements(&mut conn, team.team).await?;
    let decision = typed.decision.unwrap_or_default();
    let fresh = || Form::of([("confirmed", "signed")]);
    let definition = typed.definition.unwrap_or_else(fresh);
    let title = format!("Requirements · {}", team.name);
    page_with(
        Form::status_of(&[&decision, &definition]),
        &Show {
            frame: user.team_frame(title, Section::TeamRequirements, &team),
            team,
            roles: board.roles(),
            board,
            retired,
            decision,
            definition,
            zone: user.zone,
        },
    )
}

/// `GET /teams/{slug}/requirements`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    render(&state, &user, &slug, Typed::default()).await
}

/// What to tell a manager who comes too late.
fn too_late(request: &Request, title: &str) -> AppError {
    let name = &request.name;
    AppError::Conflict(match (request.state, &request.decided_by) {
        (Of::Withdrawn, _) => format!("{name} withdrew the request for {title}."),
        (state, Some(by)) => format!(
            "{by} decided this request of {name} for {title} before you: it is {} now.",
            state.word()
        ),
        (state, None) => format!(
            "This request of {name} for {title} is decided already: it is {} now.",
            state.word()
        ),
    })
}

/// `POST /teams/{slug}/requirements/requests/{id}/decision`: `decision` is `sign-off` or `refusal`.
pub async fn decide(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, i64)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let request = store::request(&mut tx, team.team, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let it = store::find_requirement(&mut tx, &[team.team], request.requirement, false)
        .await?
        .ok_or(AppError::NotFound)?;
    if request.state != Of::Pending {
        return Err(too_late(&request, &it.title));
    }
    if it.is_retired {
        return Err(AppError::Conflict(format!(
            "{} was retired: nobody needs it any more, and there is nothing to decide.",
            it.title
        )));
    }
    let (note_field, from_field) = (format!("note-{id}"), format!("held_from-{id}"));
    let note = form.parse::<Note>(&note_field);
    let outcome = match form.value("decision") {
        "sign-off" => form.optional_day(&from_field).and_then(|day| {
            Span::signed(day, it.valid_days, team.zone, user.now)
                .map_err(|message| form.refuse(&from_field, message))
                .ok()
                .map(Outcome::SignedOff)
        }),
        "refusal" => {
            if note.as_ref().is_some_and(|n| n.as_str().is_empty()) {
                let name = &request.name;
                let message =
                    format!("Say why you refuse, so that {name} knows what is left to do.");
                form.refuse(&note_field, message);
            }
            Some(Outcome::Refused)
        }
        _ => {
            return Err(AppError::BadRequest(
                "Choose to sign off or to refuse.".into(),
            ));
        }
    };
    let (Some(note), Some(outcome), true) = (note, outcome, form.is_good()) else {
        drop(tx);
        let typed = Typed {
            decision: Some(form),
            ..Typed::default()
        };
        return render(&state, &user, &slug, typed).await;
    };
    let signature = Signature {
        by: user.id,
        at: user.now,
        note: &note,
    };
    if !store::decide(&mut tx, id, outcome, &signature).await? {
        let now = store::request(&mut tx, team.team, id).await?;
        return Err(too_late(&now.unwrap_or(request), &it.title));
    }
    let (action, said) = match outcome {
        Outcome::SignedOff(_) => ("signed off requirement", "signed off"),
        Outcome::Refused => ("refused sign-off", "refused"),
    };
    let what = (&it, request.name.as_str(), note.as_str());
    record(&mut tx, &user, team.team, action, what).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements"),
        &format!("{} for {}: {said}.", it.title, request.name),
    ))
}
