//! The administrator's page: teams, people, links to choose a new password.

use askama::Template;
use axum::extract::{Path, Query, State};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::PgConnection;

use super::store::{self, NewLink, Profile, Purpose, TeamRow};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::{Line, PersonId, Slug};
use crate::web::{Flash, Form, Frame, Section, SignedIn, page_with, token};

/// A reset link works for so long.
const RESET_HOURS: i64 = 48;

/// Teams and people that the page lists at most; the others are found by a part of their name.
const MOST: usize = 50;

/// What is looked for.
#[derive(Deserialize, Default)]
pub struct Search {
    /// In people's names and addresses.
    #[serde(default)]
    q: String,
    /// In teams' names.
    #[serde(default)]
    team: String,
}

#[derive(Template)]
#[template(path = "people/admin.html")]
struct Show {
    frame: Frame,
    teams: Vec<TeamRow>,
    more_teams: bool,
    people: Vec<Profile>,
    more_people: bool,
    form: Form,
    search: Search,
    link: Option<(String, String)>,
}

async fn render(
    state: &AppState,
    user: &SignedIn,
    search: Search,
    typed: Option<Form>,
    link: Option<(String, String)>,
) -> Answer {
    let mut conn = state.db.acquire().await?;
    let form = typed.unwrap_or_else(|| Form::of([("time_zone", user.zone.name())]));
    let one_more = i64::try_from(MOST + 1).unwrap_or(i64::MAX);
    let mut teams = store::list_teams(&mut conn, &search.team, one_more).await?;
    let mut people = store::list_people(&mut conn, &search.q, one_more).await?;
    let (more_teams, more_people) = (teams.len() > MOST, people.len() > MOST);
    teams.truncate(MOST);
    people.truncate(MOST);
    let show = Show {
        frame: user.frame("Administration", Section::Admin),
        teams,
        more_teams,
        people,
        more_people,
        form,
        search,
        link,
    };
    page_with(show.form.status(), &show)
}

/// `GET /admin`
pub async fn show(
    State(state): State<AppState>,
    user: SignedIn,
    Query(search): Query<Search>,
) -> Answer {
    user.admin()?;
    // No name or address is longer.
    let short = |text: &str| text.trim().chars().take(254).collect();
    let (q, team) = (short(&search.q), short(&search.team));
    render(&state, &user, Search { q, team }, None, None).await
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
        return render(&state, &user, Search::default(), Some(form), None).await;
    };
    let team = store::add_team(&mut tx, &slug, &name, zone).await?;
    let team = team.ok_or_else(|| {
        AppError::Conflict(format!(
            "Somebody just made a team at /teams/{slug}. Choose another short name."
        ))
    })?;
    audit::by(&mut tx, &user, team, "created team", name.as_str()).await?;
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
    render(&state, &user, Search::default(), None, Some(link)).await
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
    let secret = token::fresh();
    let new = NewLink {
        token_hash: &token::hash(&secret),
        purpose: Purpose::PasswordReset,
        email: &profile.email,
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
    audit::by(&mut tx, &user, None, what, &person.name).await?;
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
