//! Defining, changing and retiring a requirement.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::team::{self, Typed};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::requirements::model::{Definition, Link, Requirement};
use crate::requirements::store::{self, Refused, Scope};
use crate::state::AppState;
use crate::vocab::{Line, Note, RequirementId, RoleId};
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with};

/// What was typed as a definition; otherwise messages at the fields.
fn parse(form: &mut Form, roles: &[(RoleId, String)]) -> Option<Definition> {
    form.call("title", "What they must hold");
    form.call("how", "How to get it");
    form.call("valid_days", "Days it is valid");
    let title = form.parse::<Line>("title");
    let (why, how) = (form.parse::<Note>("why"), form.parse::<Note>("how"));
    let link = form.parse::<Link>("link");
    let needs_sign_off = match form.value("confirmed") {
        "signed" => Some(true),
        "declared" => Some(false),
        _ => {
            form.refuse("confirmed", "choose who confirms it");
            None
        }
    };
    let valid_days = if form.value("valid_days").trim().is_empty() {
        Some(None)
    } else {
        form.number("valid_days", 1, 3650)
            .and_then(|n| i32::try_from(n).ok())
            .map(Some)
    };
    let known = |typed: &str| {
        let id = typed.parse::<RoleId>().ok()?;
        roles.iter().any(|(role, _)| *role == id).then_some(id)
    };
    let chosen: Option<Vec<RoleId>> = form.all("role").map(known).collect();
    if chosen.is_none() {
        form.refuse("role", "One of these roles is gone. Choose again.");
    }
    Some(Definition {
        title: title?,
        why: why?,
        how: how?,
        link: link?,
        needs_sign_off: needs_sign_off?,
        valid_days: valid_days?,
        roles: chosen?,
    })
}

fn refuse(form: &mut Form, refused: Refused) {
    match refused {
        Refused::TitleTaken => form.refuse(
            "title",
            "The team has a requirement of this title already. Change that one, or choose another title.",
        ),
        Refused::TooMany | Refused::Stale => form.refuse(
            "title",
            "The team has 100 requirements, the most there can be. Retire one first.",
        ),
    }
}

/// A definition as one line of the audit.
fn told(new: &Definition, roles: &[(RoleId, String)]) -> String {
    let names: Vec<&str> = roles
        .iter()
        .filter(|(id, _)| new.roles.contains(id))
        .map(|(_, label)| label.as_str())
        .collect();
    let by = if new.needs_sign_off {
        "signed off"
    } else {
        "self-declared"
    };
    let valid = new.valid_days.map_or_else(
        || "never lapses".to_owned(),
        |d| match d {
            1 => "1 day".to_owned(),
            d => format!("{d} days"),
        },
    );
    let names = if names.is_empty() {
        "no role".to_owned()
    } else {
        names.join(", ")
    };
    format!("{} for {names}; {by}, {valid}", new.title)
}

/// `POST /teams/{slug}/requirements`
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let roles = store::board(&mut tx, Scope::Team(team.team), user.now)
        .await?
        .roles();
    let added = match parse(&mut form, &roles) {
        None => None,
        Some(new) => match store::add_requirement(&mut tx, team.team, &new).await? {
            Ok(_) => Some(new),
            Err(refused) => {
                refuse(&mut form, refused);
                None
            }
        },
    };
    let Some(new) = added else {
        drop(tx);
        let typed = Typed {
            definition: Some(form),
            ..Typed::default()
        };
        return team::render(&state, &user, &slug, typed).await;
    };
    let summary = told(&new, &roles);
    audit::by(&mut tx, &user, team.team, "defined requirement", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements"),
        &format!("{} is defined.", new.title),
    ))
}

#[derive(Template)]
#[template(path = "requirements/definition.html")]
struct Show {
    frame: Frame,
    team: Membership,
    requirement: Requirement,
    roles: Vec<(RoleId, String)>,
    /// The roles as they are stored.
    stored: Vec<RoleId>,
    definition: Form,
    outdated: bool,
}

impl Show {
    fn stored_roles(&self) -> String {
        let labels: Vec<&str> = self
            .roles
            .iter()
            .filter(|(id, _)| self.stored.contains(id))
            .map(|(_, label)| label.as_str())
            .collect();
        if labels.is_empty() {
            "no role".into()
        } else {
            labels.join(", ")
        }
    }
}

async fn render(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    id: RequirementId,
    typed: Option<Form>,
    outdated: bool,
) -> Answer {
    let team = user.manager_of(slug)?.clone();
    let mut conn = state.db.acquire().await?;
    let requirement = store::find_requirement(&mut conn, &[team.team], id, false)
        .await?
        .ok_or(AppError::NotFound)?;
    let roles = store::board(&mut conn, Scope::Team(team.team), user.now)
        .await?
        .roles();
    let stored = store::requirement_roles(&mut conn, id).await?;
    let definition = typed.unwrap_or_else(|| {
        let it = &requirement;
        let confirmed = if it.needs_sign_off {
            "signed"
        } else {
            "declared"
        };
        let days = it.valid_days.map(|d| d.to_string()).unwrap_or_default();
        let mut form = Form::of([
            ("title", it.title.as_str()),
            ("why", &it.why),
            ("how", &it.how),
            ("link", &it.link),
            ("confirmed", confirmed),
            ("valid_days", &days),
        ]);
        for role in &stored {
            form.set("role", role);
        }
        form.set("revision", it.revision);
        form
    });
    let status = if outdated {
        StatusCode::CONFLICT
    } else {
        definition.status()
    };
    page_with(
        status,
        &Show {
            frame: user.team_frame(requirement.title.clone(), Section::TeamRequirements, &team),
            team,
            requirement,
            roles,
            stored,
            definition,
            outdated,
        },
    )
}

/// `GET /teams/{slug}/requirements/{id}`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RequirementId)>,
) -> Answer {
    render(&state, &user, &slug, id, None, false).await
}

/// `POST /teams/{slug}/requirements/{id}`
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RequirementId)>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let revision = form.value("revision").parse::<i32>().unwrap_or_default();
    let mut tx = state.db.begin().await?;
    store::find_requirement(&mut tx, &[team.team], id, true)
        .await?
        .ok_or(AppError::NotFound)?;
    let roles = store::board(&mut tx, Scope::Team(team.team), user.now)
        .await?
        .roles();
    let offered: Vec<RoleId> = roles.iter().map(|(id, _)| *id).collect();
    let Some(new) = parse(&mut form, &roles) else {
        drop(tx);
        return render(&state, &user, &slug, id, Some(form), false).await;
    };
    if let Err(refused) = store::revise(&mut tx, team.team, id, revision, &new, &offered).await? {
        drop(tx);
        let outdated = refused == Refused::Stale;
        if !outdated {
            refuse(&mut form, refused);
        }
        return render(&state, &user, &slug, id, Some(form), outdated).await;
    }
    let summary = told(&new, &roles);
    audit::by(&mut tx, &user, team.team, "changed requirement", &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements"),
        &format!("{} is saved.", new.title),
    ))
}

/// `POST /teams/{slug}/requirements/{id}/retirement`: nobody needs it any more.
pub async fn retire(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RequirementId)>,
) -> Answer {
    turn(&state, &user, &slug, id, true).await
}

/// `POST /teams/{slug}/requirements/{id}/restoration`: it is needed again; what people hold counts.
pub async fn restore(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, RequirementId)>,
) -> Answer {
    turn(&state, &user, &slug, id, false).await
}

async fn turn(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    id: RequirementId,
    away: bool,
) -> Answer {
    let team = user.manager_of(slug)?;
    let mut tx = state.db.begin().await?;
    let it = store::find_requirement(&mut tx, &[team.team], id, true)
        .await?
        .ok_or(AppError::NotFound)?;
    let (action, said) = if away {
        ("retired requirement", "is retired: nobody needs it now")
    } else {
        ("restored requirement", "is required again")
    };
    match store::retire(&mut tx, team.team, id, away.then_some(user.now)).await? {
        Ok(()) => {}
        Err(Refused::TitleTaken) => {
            return Err(AppError::Conflict(format!(
                "The team has another requirement called {} now. Rename that one first.",
                it.title
            )));
        }
        Err(_) => {
            return Err(AppError::Conflict(format!(
                "Somebody did this before you: {} {said}.",
                it.title
            )));
        }
    }
    audit::by(&mut tx, user, team.team, action, &it.title).await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/requirements"),
        &format!("{} {said}.", it.title),
    ))
}
