//! One person in a team: seen by its members, changed by its managers.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::model::Contact;
use super::store::{self, Member, MemberChange};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

const LAST_MANAGER: &str = "They are the team's last manager. Make somebody else a manager first.";

#[derive(Template)]
#[template(path = "people/member.html")]
struct Show {
    frame: Frame,
    team: Membership,
    member: Member,
    contacts: Vec<Contact>,
    form: Form,
    /// What the form was filled in from is no longer what is stored.
    outdated: bool,
    /// Field, stored, typed; looked at when outdated.
    differences: Vec<(&'static str, String, String)>,
}

/// What is stored beside what was typed.
fn differences(member: &Member, form: &Form) -> Vec<(&'static str, String, String)> {
    let kind = |engineer, manager| match (engineer, manager) {
        (true, true) => "engineer and manager",
        (true, false) => "engineer",
        (false, true) => "manager",
        (false, false) => "neither",
    };
    let day = |text: &str| if text.is_empty() { "stays" } else { text }.to_owned();
    vec![
        (
            "Percent of full time",
            member.capacity_percent.to_string(),
            form.value("capacity_percent").to_owned(),
        ),
        (
            "First day",
            member.joined_on.to_string(),
            form.value("joined_on").to_owned(),
        ),
        (
            "First day no longer here",
            day(&member.left_on.map(|d| d.to_string()).unwrap_or_default()),
            day(form.value("left_on")),
        ),
        (
            "In the team as",
            kind(member.is_engineer, member.is_manager).to_owned(),
            kind(form.ticked("is_engineer"), form.ticked("is_manager")).to_owned(),
        ),
    ]
}

async fn member_page(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    id: PersonId,
    typed: Option<Form>,
    outdated: bool,
) -> Answer<Response> {
    let team = user.member_of(slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let member = store::member(&mut conn, team.team, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let mut contacts = store::contacts(&mut conn, id).await?;
    if !team.is_manager && user.id != id {
        contacts.retain(|c| c.is_visible);
    }
    let form = typed.unwrap_or_else(|| {
        let mut form = Form::of([
            ("capacity_percent", member.capacity_percent.to_string()),
            ("joined_on", member.joined_on.to_string()),
            (
                "left_on",
                member.left_on.map(|d| d.to_string()).unwrap_or_default(),
            ),
            ("revision", member.revision.to_string()),
        ]);
        if member.is_manager {
            form.set("is_manager", "yes");
        }
        if member.is_engineer {
            form.set("is_engineer", "yes");
        }
        form
    });
    let frame = user.team_frame(member.name.clone(), Section::Members, &team);
    let status = if outdated {
        StatusCode::CONFLICT
    } else {
        form.status()
    };
    page_with(
        status,
        &Show {
            frame,
            team,
            differences: differences(&member, &form),
            member,
            contacts,
            form,
            outdated,
        },
    )
}

/// `GET /teams/{slug}/members/{id}`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, PersonId)>,
) -> Answer {
    member_page(&state, &user, &slug, id, None, false).await
}

/// `POST /teams/{slug}/members/{id}`
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, PersonId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let capacity = form
        .number("capacity_percent", 1, 100)
        .and_then(|n| i16::try_from(n).ok());
    let joined = form.day("joined_on");
    let left = form.optional_day("left_on");
    if let (Some(joined), Some(Some(left))) = (joined, left)
        && left <= joined
    {
        form.refuse("left_on", "must be after the first day");
    }
    let (is_manager, is_engineer) = (form.ticked("is_manager"), form.ticked("is_engineer"));
    if !is_manager && !is_engineer {
        form.refuse(
            "is_engineer",
            "Choose engineer, manager or both; or take them out of the team below.",
        );
    }
    let revision = form.value("revision").parse::<i32>().unwrap_or_default();
    let (Some(capacity_percent), Some(joined_on), Some(left_on), true) =
        (capacity, joined, left, form.is_good())
    else {
        return member_page(&state, &user, &slug, id, Some(form), false).await;
    };
    let mut tx = state.db.begin().await?;
    let member = store::member(&mut tx, team.team, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let today = user.now.with_timezone(&team.zone).date_naive();
    let stays = is_manager && left_on.is_none_or(|day| day > today);
    if member.is_manager
        && !stays
        && !store::has_other_manager(&mut tx, team.team, id, today).await?
    {
        let field = if is_manager { "left_on" } else { "is_manager" };
        form.refuse(field, LAST_MANAGER);
        drop(tx);
        return member_page(&state, &user, &slug, id, Some(form), false).await;
    }
    let change = MemberChange {
        capacity_percent,
        joined_on,
        left_on,
        is_manager,
        is_engineer,
    };
    if !store::update_member(&mut tx, team.team, id, revision, &change).await? {
        drop(tx);
        return member_page(&state, &user, &slug, id, Some(form), true).await;
    }
    let left = left_on.map(|d| format!(", leaves {d}")).unwrap_or_default();
    let summary = format!(
        "{}: {capacity_percent} % of full time, joined {joined_on}{left}",
        member.name
    );
    audit::by(&mut tx, &user, team.team, "changed member", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/members"),
        &format!("{} is saved.", member.name),
    ))
}

/// `POST /teams/{slug}/members/{id}/removal`
pub async fn remove(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, PersonId)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let member = store::member(&mut tx, team.team, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let today = user.now.with_timezone(&team.zone).date_naive();
    if member.is_manager && !store::has_other_manager(&mut tx, team.team, id, today).await? {
        return Err(AppError::BadRequest(LAST_MANAGER.into()));
    }
    store::remove_member(&mut tx, team.team, id).await?;
    audit::by(&mut tx, &user, team.team, "removed member", &member.name).await?;
    tx.commit().await?;
    let said = format!(
        "{} is no longer in {}. Published shifts of theirs stay until you publish again.",
        member.name, team.name
    );
    let to = if id == user.id {
        "/".to_owned()
    } else {
        format!("/teams/{slug}/members")
    };
    Ok(Flash::redirect(&to, &said))
}
