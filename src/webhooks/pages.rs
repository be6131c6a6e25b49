//! A team's webhooks: seen and changed by its managers.

use askama::Template;
use axum::extract::{Path, State};
use chrono_tz::Tz;

use super::model::{MOST, Shape, Webhook, WebhookId};
use super::send;
use super::store::{self, NewWebhook};
use crate::audit;
use crate::error::{Answer, AppError};
use crate::jobs::{Action, Notice, To, Topic};
use crate::secret::{Secret, SecretKey};
use crate::state::AppState;
use crate::vocab::Line;
use crate::web::{Flash, Form, Frame, Membership, Section, SignedIn, page_with, token};

const NO_KEY: &str = "Webhooks can't be added here yet: the administrator has to set FAIRSHIFT_SECRET_KEY, the key that encrypts their addresses.";

/// Characters of an address.
const LONGEST: usize = 2000;

#[derive(Template)]
#[template(path = "webhooks/index.html")]
struct Index {
    frame: Frame,
    team: Membership,
    webhooks: Vec<Webhook>,
    form: Form,
    /// The name and the secret that was just made, shown once.
    fresh: Option<(String, String)>,
    zone: Tz,
}

/// The page's address.
pub fn path(slug: &str) -> String {
    format!("/teams/{slug}/webhooks")
}

async fn render(
    state: &AppState,
    user: &SignedIn,
    slug: &str,
    typed: Option<Form>,
    fresh: Option<(String, String)>,
) -> Answer {
    let team = user.manager_of(slug)?.clone();
    let webhooks = store::of_team(&mut *state.db.acquire().await?, team.team).await?;
    let form = typed.unwrap_or_default();
    page_with(
        form.status(),
        &Index {
            frame: user.team_frame(format!("Webhooks · {}", team.name), Section::Members, &team),
            team,
            webhooks,
            form,
            fresh,
            zone: user.zone,
        },
    )
}

/// `GET /teams/{slug}/webhooks`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
) -> Answer {
    render(&state, &user, &slug, None, None).await
}

/// An address that may be asked, and its host.
fn address_in(form: &mut Form, state: &AppState) -> Option<(Secret, String)> {
    let typed = form.value("address").trim().to_owned();
    if typed.chars().count() > LONGEST {
        form.refuse("address", "is too long: at most 2,000 characters");
        return None;
    }
    let url = match state.fetcher.check(&typed) {
        Ok(url) => url,
        Err(refused) => {
            form.refuse("address", refused);
            return None;
        }
    };
    if url.scheme() != "https" && !state.fetcher.allows_private() {
        form.refuse("address", "must begin with https://");
        return None;
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    Some((Secret::new(url), host))
}

/// `POST /teams/{slug}/webhooks`: adds one, and shows its secret once where it has one.
pub async fn create(
    State(state): State<AppState>,
    user: SignedIn,
    Path(slug): Path<String>,
    mut form: Form,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let name = form.optional::<Line>("name");
    let address = address_in(&mut form, &state);
    let shape = form.parse::<Shape>("shape");
    let key = state.site.secret_key.as_ref();
    if key.is_none() {
        form.refuse("address", NO_KEY);
    }
    let (Some(name), Some((address, host)), Some(shape), Some(key)) = (name, address, shape, key)
    else {
        return render(&state, &user, &slug, Some(form), None).await;
    };
    let name: String = name.map_or_else(|| host.clone(), |name| name.to_string());
    let name: String = name.chars().take(120).collect();
    let secret = (shape == Shape::Json).then(|| Secret::new(token::fresh()));
    let new = NewWebhook {
        team: team.team,
        name: &name,
        place: &host,
        address: &address,
        secret: secret.as_ref(),
    };
    let mut tx = state.db.begin().await?;
    if store::add(&mut tx, &new, key, user.now).await?.is_none() {
        drop(tx);
        let most = format!("The team has {MOST} webhooks, which is the most. Remove one first.");
        form.refuse("address", most);
        return render(&state, &user, &slug, Some(form), None).await;
    }
    let summary = format!("{name}, {}, at {host}", shape.label());
    note(&mut tx, &user, team, "added webhook", &summary).await?;
    tx.commit().await?;
    let Some(secret) = secret else {
        let said = format!("{name} is added. Send it a test to see whether it arrives.");
        return Ok(Flash::redirect(&path(&slug), &said));
    };
    let fresh = (name, secret.expose().to_owned());
    render(&state, &user, &slug, None, Some(fresh)).await
}

async fn note(
    conn: &mut sqlx::PgConnection,
    user: &SignedIn,
    team: &Membership,
    action: &str,
    summary: &str,
) -> sqlx::Result<()> {
    audit::by(conn, user, team.team, action, summary).await
}

fn key_of(state: &AppState) -> Result<&SecretKey, AppError> {
    let key = state.site.secret_key.as_ref();
    key.ok_or_else(|| AppError::Conflict(NO_KEY.to_owned()))
}

/// `POST /teams/{slug}/webhooks/{id}/test`: posts a test at once, and says what came of it.
pub async fn test(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, i64)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let key = key_of(&state)?;
    let mut conn = state.db.acquire().await?;
    let target = store::target(&mut conn, WebhookId(id), key).await?;
    drop(conn);
    let target = target
        .filter(|target| target.team == team.team)
        .ok_or(AppError::NotFound)?;
    let notice = Notice {
        to: To::Team(team.team),
        topic: Topic::Test,
        key: format!("test:{id}:{}", user.now.timestamp()),
        lane: "test".to_owned(),
        title: "This test arrived".to_owned(),
        lines: vec![format!(
            "{} sent it from Fairshift. What concerns {} is posted here.",
            user.name, team.name
        )],
        actions: vec![Action {
            label: format!("Open {}", team.name),
            path: format!("/teams/{slug}"),
        }],
        until: None,
    };
    let said = match send::attempt(&state, &target, &notice, user.now).await? {
        Ok(()) => format!("The test arrived at {}.", target.name),
        Err(problem) => format!(
            "The test did not arrive at {}. {}",
            target.name, problem.words
        ),
    };
    Ok(Flash::redirect(&path(&slug), &said))
}

/// `POST /teams/{slug}/webhooks/{id}/secret`: makes a new secret and shows it once.
pub async fn renew(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, i64)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let secret = Secret::new(token::fresh());
    let mut tx = state.db.begin().await?;
    let key = key_of(&state)?;
    let name = store::renew(&mut tx, team.team, WebhookId(id), &secret, key).await?;
    let name = name.ok_or(AppError::NotFound)?;
    note(&mut tx, &user, team, "renewed webhook secret", &name).await?;
    tx.commit().await?;
    let fresh = (name, secret.expose().to_owned());
    render(&state, &user, &slug, None, Some(fresh)).await
}

/// `POST /teams/{slug}/webhooks/{id}/removal`
pub async fn remove(
    State(state): State<AppState>,
    user: SignedIn,
    Path((slug, id)): Path<(String, i64)>,
) -> Answer {
    let team = user.manager_of(&slug)?;
    let mut tx = state.db.begin().await?;
    let name = store::remove(&mut tx, team.team, WebhookId(id)).await?;
    let name = name.ok_or(AppError::NotFound)?;
    note(&mut tx, &user, team, "removed webhook", &name).await?;
    tx.commit().await?;
    let said = format!("{name} is removed: nothing is posted there any more.");
    Ok(Flash::redirect(&path(&slug), &said))
}
