//! The administrator's page: teams, people, links to choose a new password.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgConnection;

use super::store::{self, NewLink, Profile, Purpose, TeamRow};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Email, Line, PersonId, Slug};
use crate::web::{Flash, Form, Frame, Section, SignedIn, page_with, token};

/// A reset link works for so long.
const RESET_HOURS: i64 = 48;

#[derive(Deserialize, Default)]
pub struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "people/admin.html")]
struct Show {
    frame: Frame,
    teams: Vec<TeamRow>,
    people: Vec<Profile>,
    form: Form,
    q: String,
    link: Option<(String, String)>,
}

async fn render(
    state: &AppState,
    user: &SignedIn,
    q: String,
    typed: Option<Form>,
    link: Option<(String, String)>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let status = if typed.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let show = Show {
        frame: user.frame("Administration", Section::Admin),
        teams: store::list_teams(&mut conn).await?,
        people: store::list_people(&mut conn, &q).await?,
        form: typed.unwrap_or_else(|| Form::of([("time_zone", user.zone.name())])),
        q,
        link,
    };
    page_with(status, &show)
}

/// `GET /admin`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Query(search): Query<Search>,
) -> Answer {
    user.admin()?;
    // Nobody's name is longer.
    let q = search.q.trim().chars().take(254).collect();
    render(&state, &user, q, None, None).await
}

/// `POST /admin/teams`
pub async fn create_team(State(state): State<AppState>, user: SignedIn, mut form: Form) -> Answer {
    user.admin()?;
    form.call("slug", "The short name in addresses");
    let (name, zone) = (form.parse::<Line>("name"), form.zone("time_zone"));
    let slug = match (&name, form.value("slug").trim().is_empty()) {
        (Some(name), true) => Some(Slug::of(name.as_str())),
        _ => form.parse::<Slug>("slug"),
    };
    let mut tx = state.db.begin().await?;
    if let Some(slug) = &slug
        && store::slug_taken(&mut tx, slug).await?
    {
        form.refuse(
            "slug",
            format!("There is a team at /teams/{slug} already. Choose another short name."),
        );
    }
    let (Some(name), Some(zone), Some(slug), true) = (name, zone, slug, form.is_good()) else {
        drop(tx);
        return render(&state, &user, String::new(), Some(form), None).await;
    };
    let team = store::add_team(&mut tx, &slug, &name, zone).await?;
    let team = team.ok_or_else(|| {
        AppError::Conflict(format!(
            "Somebody just made a team at /teams/{slug}. Choose another short name."
        ))
    })?;
    audit::record(
        &mut tx,
        user.now,
        Some(user.id),
        Some(team),
        "created team",
        name.as_str(),
    )
    .await?;
    tx.commit().await?;
    Ok(Flash::redirect(
        &format!("/teams/{slug}/members"),
        &format!("{name} is there. Invite its manager and engineers first."),
    ))
}

/// `POST /admin/people/{id}/reset-link`: shows the link once.
pub async fn create_reset(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<PersonId>,
) -> Answer {
    user.admin()?;
    let mut tx = state.db.begin().await?;
    let person = store::profile(&mut tx, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let secret = password_link(&mut tx, id, Some(user.id), user.now).await?;
    tx.commit().await?;
    let link = (
        person.name,
        format!("{}/password/{secret}", state.site.public_url),
    );
    render(&state, &user, String::new(), None, Some(link)).await
}

/// Makes a link with which a person chooses a password, once and within 48 hours, and its line in the
/// audit trail; an earlier one stops working. Returns its secret: the link is `/password/SECRET`.
///
/// # Errors
/// `NotFound` where there is no such person; where the database fails.
pub async fn password_link(
    conn: &mut PgConnection,
    person: PersonId,
    by: Option<PersonId>,
    now: DateTime<Utc>,
) -> Result<String, AppError> {
    let profile = store::profile(conn, person)
        .await?
        .ok_or(AppError::NotFound)?;
    let email: Email = profile.email.parse().map_err(|_| AppError::NotFound)?;
    let secret = token::fresh();
    let new = NewLink {
        token_hash: &token::hash(&secret),
        purpose: Purpose::PasswordReset,
        email: &email,
        person: Some(person),
        team: None,
        is_manager: false,
        is_engineer: false,
        by,
        now,
        expires_at: now + TimeDelta::hours(RESET_HOURS),
    };
    store::add_link(conn, &new).await?;
    audit::record(conn, now, by, None, "made password link", &profile.name).await?;
    Ok(secret)
}

/// `POST /admin/people/{id}/administrator`: `value` is `yes` or empty.
pub async fn update_admin(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<PersonId>,
    form: Form,
) -> Answer {
    user.admin()?;
    let mut tx = state.db.begin().await?;
    let person = store::profile(&mut tx, id)
        .await?
        .ok_or(AppError::NotFound)?;
    let value = form.ticked("value");
    if !store::set_admin(&mut tx, id, value).await? {
        return Err(AppError::BadRequest(
            "The last administrator stays. Make somebody else one first.".into(),
        ));
    }
    let what = if value {
        "made administrator"
    } else {
        "ended administrator"
    };
    audit::record(&mut tx, user.now, Some(user.id), None, what, &person.name).await?;
    tx.commit().await?;
    let said = if value {
        "is an administrator now."
    } else {
        "is no longer an administrator."
    };
    let to = if id == user.id && !value {
        "/"
    } else {
        "/admin"
    };
    Ok(Flash::redirect(to, &format!("{} {said}", person.name)))
}
