//! `/requirements`: what I need in order to be on duty, and how to get it.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{record, when};
use crate::error::{Answer, AppError};
use crate::requirements::model::{
    Board, Engineer, Need, Place, Requirement, Span, Standing, Summary, summary,
};
use crate::requirements::store::{self, Scope};
use crate::state::AppState;
use crate::vocab::{Note, RequirementId, TeamId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "requirements/mine.html")]
struct Show {
    frame: Frame,
    board: Board,
    summary: Summary,
    form: Form,
    zone: Tz,
}

impl Show {
    fn when(&self, at: &DateTime<Utc>) -> String {
        when(*at, self.zone)
    }

    fn slug(&self, engineer: &Engineer) -> &str {
        let teams = self.frame.user.iter().flat_map(|u| &u.teams);
        teams
            .filter(|t| t.team == engineer.team)
            .map(|t| t.slug.as_str())
            .next()
            .unwrap_or_default()
    }

    #[allow(clippy::unused_self)] // A template calls methods only.
    fn field(&self, need: &Need<'_>) -> String {
        format!("note-{}", need.requirement.id)
    }
}

async fn render(state: &AppState, user: &SignedIn, typed: Option<Form>) -> Answer {
    let mut conn = state.db.acquire().await?;
    let board = store::board(&mut conn, Scope::Person(user.id), user.now).await?;
    let form = typed.unwrap_or_default();
    page_with(
        form.status(),
        &Show {
            frame: user.frame("Requirements", Section::Requirements),
            summary: summary(&board),
            board,
            form,
            zone: user.zone,
        },
    )
}

/// `GET /requirements`
pub async fn show(State(state): State<AppState>, user: SignedIn) -> Answer {
    render(&state, &user, None).await
}

/// The requirement of a team in which this person takes shifts; locked.
async fn own<'a>(
    conn: &mut PgConnection,
    user: &'a SignedIn,
    id: RequirementId,
) -> Answer<(Requirement, &'a Membership)> {
    let teams: Vec<TeamId> = user
        .teams
        .iter()
        .filter(|t| t.is_engineer)
        .map(|t| t.team)
        .collect();
    let found = store::find_requirement(conn, &teams, id, true).await?;
    let requirement = found.ok_or(AppError::NotFound)?;
    let team = user.teams.iter().find(|t| t.team == requirement.team);
    Ok((requirement, team.ok_or(AppError::NotFound)?))
}

/// Whether one may declare or ask for it now.
async fn check(conn: &mut PgConnection, user: &SignedIn, it: &Requirement) -> Answer<()> {
    let title = &it.title;
    if it.is_retired {
        return Err(AppError::Conflict(format!(
            "{title} was retired: nobody needs it any more."
        )));
    }
    let records = store::standing(conn, it, user.id, user.now).await?;
    let place = Place::of(&records, user.now);
    let message = match place.standing {
        _ if place.may_ask() => return Ok(()),
        _ if place.pending.is_some() => {
            format!("You have asked for {title} already; a manager decides.")
        }
        Standing::Held(Some(until)) => format!(
            "You hold {title} until {}. It can be renewed in the last 30 days.",
            when(until, user.zone)
        ),
        _ => format!("You hold {title} for ever; there is nothing to renew."),
    };
    Err(AppError::Conflict(message))
}

/// `POST /requirements/{id}/declaration`: I hold it, from now on.
pub async fn declare(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<RequirementId>,
    mut form: Form,
) -> Answer {
    let note = form.parse::<Note>(&format!("note-{id}"));
    let mut tx = state.db.begin().await?;
    let (it, team) = own(&mut tx, &user, id).await?;
    if it.needs_sign_off {
        return Err(AppError::Conflict(format!(
            "{} has to be signed off by a manager now. Open your requirements again and ask for it.",
            it.title
        )));
    }
    let Some(note) = note else {
        drop(tx);
        return render(&state, &user, Some(form)).await;
    };
    check(&mut tx, &user, &it).await?;
    let span = Span::signed(None, it.valid_days, team.zone, user.now)
        .map_err(|e| AppError::Internal(e.into()))?;
    store::declare(&mut tx, id, user.id, span, &note).await?;
    let what = (&it, user.name.as_str(), note.as_str());
    record(&mut tx, &user, team.team, "declared requirement", what).await?;
    tx.commit().await?;
    let said = match span.until {
        None => format!("Noted: you hold {}.", it.title),
        Some(until) => format!(
            "Noted: you hold {} until {}.",
            it.title,
            when(until, user.zone)
        ),
    };
    Ok(Flash::redirect("/requirements", &said))
}

/// `POST /requirements/{id}/request`: a manager shall sign it off.
pub async fn ask(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<RequirementId>,
    mut form: Form,
) -> Answer {
    let note = form.parse::<Note>(&format!("note-{id}"));
    let mut tx = state.db.begin().await?;
    let (it, team) = own(&mut tx, &user, id).await?;
    if !it.needs_sign_off {
        return Err(AppError::Conflict(format!(
            "{} needs no sign-off any more. Open your requirements again and declare it.",
            it.title
        )));
    }
    let Some(note) = note else {
        drop(tx);
        return render(&state, &user, Some(form)).await;
    };
    check(&mut tx, &user, &it).await?;
    store::ask(&mut tx, id, user.id, &note, user.now).await?;
    let what = (&it, user.name.as_str(), note.as_str());
    record(&mut tx, &user, team.team, "asked for sign-off", what).await?;
    tx.commit().await?;
    let said = format!("Asked. A manager of {} decides on {}.", team.name, it.title);
    Ok(Flash::redirect("/requirements", &said))
}

/// `POST /requirements/{id}/request/withdrawal`
pub async fn withdraw(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<RequirementId>,
) -> Answer {
    let mut tx = state.db.begin().await?;
    let (it, team) = own(&mut tx, &user, id).await?;
    if !store::withdraw(&mut tx, id, user.id, user.now).await? {
        return Err(AppError::Conflict(format!(
            "No request of yours for {} waits any more: a manager decided it, or you withdrew it already. Open your requirements again.",
            it.title
        )));
    }
    let what = (&it, user.name.as_str(), "");
    record(&mut tx, &user, team.team, "withdrew request", what).await?;
    tx.commit().await?;
    let said = format!("Your request for {} is withdrawn.", it.title);
    Ok(Flash::redirect("/requirements", &said))
}
