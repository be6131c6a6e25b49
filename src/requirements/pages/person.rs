//! One person and one requirement: where they stand, all that happened, and what a manager may do.

use askama::Template;
use axum::extract::{Path, State};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{record, when};
use crate::error::{Answer, AppError};
use crate::requirements::model::{Place, Record, Requirement, Span, Standing, State as Of};
use crate::requirements::store::{self, Signature};
use crate::state::AppState;
use crate::vocab::{Note, PersonId, RequirementId, TeamId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

#[derive(Template)]
#[template(path = "requirements/person.html")]
struct Show {
    frame: Frame,
    team: Membership,
    requirement: Requirement,
    person: PersonId,
    name: String,
    records: Vec<Record>,
    history: Vec<Record>,
    form: Form,
    zone: Tz,
    user: SignedIn,
}

impl Show {
    fn when(&self, at: &DateTime<Utc>) -> String {
        when(*at, self.zone)
    }

    fn place(&self) -> Place<'_> {
        Place::of(&self.records, self.user.now)
    }
}

async fn find(
    conn: &mut PgConnection,
    team: TeamId,
    id: RequirementId,
    person: PersonId,
    locked: bool,
) -> Answer<(Requirement, String)> {
    let requirement = store::find_requirement(conn, &[team], id, locked).await?;
    let name = store::engineer_name(conn, team, person).await?;
    requirement.zip(name).ok_or(AppError::NotFound)
}

async fn render(
    state: &AppState,
    user: SignedIn,
    slug: &str,
    (id, person): (RequirementId, PersonId),
    typed: Option<Form>,
) -> Answer {
    let team = user.member_of(slug)?.clone();
    if user.id != person {
        user.manager_of(slug)?;
    }
    let mut conn = state.db.acquire().await?;
    let (requirement, name) = find(&mut conn, team.team, id, person, false).await?;
    let records = store::standing(&mut conn, &requirement, person, user.now).await?;
    let history = store::history(&mut conn, id, person).await?;
    let form = typed.unwrap_or_default();
    let title = format!("{} · {name}", requirement.title);
    let frame = if team.is_manager {
        user.team_frame(title, Section::TeamRequirements, &team)
    } else {
        user.frame(title, Section::Requirements)
    };
    page_with(
        form.status(),
        &Show {
            frame,
            team,
            requirement,
            person,
            name,
            records,
            history,
            form,
            zone: user.zone,
            user,
        },
    )
}

/// `GET /teams/{slug}/requirements/{id}/people/{person}`: for managers and the person.
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id, person)): Path<(String, RequirementId, PersonId)>,
) -> Answer {
    render(&state, user, &slug, (id, person), None).await
}

/// `POST /teams/{slug}/requirements/{id}/people/{person}/sign-off`: asked for or not.
pub async fn sign_off(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id, person)): Path<(String, RequirementId, PersonId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let (it, name) = find(&mut tx, team.team, id, person, true).await?;
    if it.is_retired {
        return Err(AppError::Conflict(format!(
            "{} was retired: nobody needs it any more.",
            it.title
        )));
    }
    let note = form.parse::<Note>("note");
    let span = form.optional_day("held_from").and_then(|day| {
        Span::signed(day, it.valid_days, team.zone, user.now)
            .map_err(|message| form.refuse("held_from", message))
            .ok()
    });
    let (Some(note), Some(span)) = (note, span) else {
        drop(tx);
        return render(&state, user, &slug, (id, person), Some(form)).await;
    };
    let signature = Signature {
        by: user.id,
        at: user.now,
        note: &note,
    };
    store::sign_off(&mut tx, id, person, span, &signature).await?;
    let what = (&it, name.as_str(), note.as_str());
    record(&mut tx, &user, team.team, "signed off requirement", what).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements/{id}/people/{person}"),
        &format!("{} for {name}: signed off.", it.title),
    ))
}

/// `POST /teams/{slug}/requirements/{id}/people/{person}/revocation`: not held from now on.
pub async fn revoke(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id, person)): Path<(String, RequirementId, PersonId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let (it, name) = find(&mut tx, team.team, id, person, true).await?;
    let reason = form.parse::<Note>("reason");
    if reason.as_ref().is_some_and(|r| r.as_str().is_empty()) {
        let message = format!("Say why, so that {name} knows what is left to do.");
        form.refuse("reason", message);
    }
    let Some(reason) = reason.filter(|_| form.is_good()) else {
        drop(tx);
        return render(&state, user, &slug, (id, person), Some(form)).await;
    };
    let signature = Signature {
        by: user.id,
        at: user.now,
        note: &reason,
    };
    if !store::revoke(&mut tx, id, person, &signature).await? {
        return Err(AppError::Conflict(format!(
            "{name} does not hold {} any more: somebody revoked it before you, or it lapsed.",
            it.title
        )));
    }
    let what = (&it, name.as_str(), reason.as_str());
    record(&mut tx, &user, team.team, "revoked holding", what).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements/{id}/people/{person}"),
        &format!("{name} no longer holds {}.", it.title),
    ))
}
