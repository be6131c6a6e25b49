//! What could not be done: why, and when it is tried again.

use askama::Template;
use axum::extract::{Path, State};
use chrono_tz::Tz;

use crate::audit;
use crate::error::{Answer, AppError};
use crate::jobs::{self, Undelivered};
use crate::state::AppState;
use crate::web::{Flash, Form, Frame, Section, SignedIn, page};

/// Lines on the page.
const MOST: i64 = 100;

#[derive(Template)]
#[template(path = "notices/undelivered.html")]
struct Index {
    frame: Frame,
    lines: Vec<Undelivered>,
    zone: Tz,
    is_set_up: bool,
}

/// `GET /undelivered`
pub async fn index(State(state): State<AppState>, user: SignedIn) -> Answer {
    user.admin()?;
    let lines = jobs::undelivered(&mut *state.db.acquire().await?, MOST).await?;
    page(&Index {
        frame: user.frame("Not delivered", Section::Admin),
        lines,
        zone: user.zone,
        is_set_up: state.mailer.is_set_up(),
    })
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
    audit::record(&mut tx, user.now, Some(user.id), None, action, &summary).await?;
    tx.commit().await?;
    Ok(Flash::redirect("/undelivered", said))
}
