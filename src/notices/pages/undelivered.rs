//! What could not be done: why, and when it is tried again.

use askama::Template;
use axum::extract::{Path, Query, State};
use chrono_tz::Tz;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::audit;
use crate::error::{Answer, AppError};
use crate::jobs::{self, To, Undelivered};
use crate::notices::store;
use crate::state::AppState;
use crate::web::{Flash, Form, Frame, Section, SignedIn, page};

/// Lines on the page.
const MOST: i64 = 100;

#[derive(Deserialize)]
pub struct Place {
    page: Option<u32>,
}

#[derive(Template)]
#[template(path = "notices/undelivered.html")]
struct Index {
    frame: Frame,
    /// What failed, and for whom it was.
    lines: Vec<(Undelivered, String)>,
    zone: Tz,
    is_set_up: bool,
    /// This page, from 0, and whether there are more.
    page: u32,
    has_more: bool,
}

/// `GET /undelivered`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Query(place): Query<Place>,
) -> Answer {
    user.admin()?;
    let number = place.page.unwrap_or_default();
    let skipped = i64::from(number) * MOST;
    let mut conn = state.db.acquire().await?;
    let mut lines = jobs::undelivered(&mut conn, skipped, MOST + 1).await?;
    let most = usize::try_from(MOST).unwrap_or_default();
    let has_more = lines.len() > most;
    lines.truncate(most);
    let lines = addressed(&mut conn, lines).await?;
    page(&Index {
        frame: user.frame("Not delivered", Section::Admin),
        page: number,
        has_more,
        lines,
        zone: user.zone,
        is_set_up: state.mailer.is_set_up(),
    })
}

/// For whom each is: a name, an address, or a team's webhooks; empty where it is no notice.
async fn addressed(
    conn: &mut PgConnection,
    lines: Vec<Undelivered>,
) -> sqlx::Result<Vec<(Undelivered, String)>> {
    let whom = |line: &Undelivered| {
        let to = line.to.clone()?;
        serde_json::from_value::<To>(to).ok()
    };
    let whom: Vec<Option<To>> = lines.iter().map(whom).collect();
    let people = whom.iter().filter_map(|to| match to {
        Some(To::Person(person)) => Some(*person),
        _ => None,
    });
    let names = store::names(conn, &people.collect::<Vec<_>>()).await?;
    let words = whom.into_iter().map(|to| match to {
        Some(To::Person(person)) => names.get(&person).cloned().unwrap_or_default(),
        Some(To::Address(address)) => address,
        Some(To::Team(_)) => "the team's webhooks".to_owned(),
        None => String::new(),
    });
    Ok(lines.into_iter().zip(words).collect())
}

/// `POST /undelivered`: has all tried again.
pub async fn retry_all(State(state): State<AppState>, user: SignedIn) -> Answer {
    user.admin()?;
    let mut tx = state.db.begin().await?;
    let count = jobs::retry_all_failed(&mut tx, user.now).await?;
    let summary = format!("{count} jobs");
    audit::by(&mut tx, &user, None, "retried all jobs", &summary).await?;
    tx.commit().await?;
    let said = match count {
        0 => "There was nothing to try again.".to_owned(),
        1 => "It is tried again now. If it fails again, it comes back here.".to_owned(),
        n => format!("All {n} are tried again now. What fails again comes back here."),
    };
    Ok(Flash::redirect("/undelivered", &said))
}

/// `POST /undelivered/{id}`: `action` is `retry` or `drop`.
pub async fn update(
    State(state): State<AppState>,
    user: SignedIn,
    Path(id): Path<i64>,
    form: Form,
) -> Answer {
    user.admin()?;
    let mut tx = state.db.begin().await?;
    let (kind, action, said) = match form.value("action") {
        "retry" => (
            jobs::retry_failed(&mut tx, id, user.now).await?,
            "retried job",
            "It is tried again now. If it fails again, it comes back here.",
        ),
        "drop" => (
            jobs::drop_failed(&mut tx, id, user.now).await?,
            "dropped job",
            "It is dropped and will not be delivered.",
        ),
        _ => {
            let message = "Choose whether to retry it or to drop it.";
            return Err(AppError::BadRequest(message.into()));
        }
    };
    let kind = kind.ok_or_else(|| {
        AppError::Conflict("It has been delivered, retried or dropped meanwhile.".into())
    })?;
    let summary = format!("{kind} {id}");
    audit::by(&mut tx, &user, None, action, &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect("/undelivered", said))
}
