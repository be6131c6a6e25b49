//! Mails that were not sent because there is no mail server.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use axum::response::{Html, IntoResponse as _};
use chrono_tz::Tz;
use serde::Deserialize;

use crate::error::{Answer, AppError};
use crate::notices::store::{self, Line, Written};
use crate::state::AppState;
use crate::web::headers::POLICY;
use crate::web::{Frame, Section, SignedIn, page};

/// Mails on a page.
const MOST: i64 = 50;

#[derive(Deserialize)]
pub struct Place {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "notices/outbox.html")]
struct Index {
    frame: Frame,
    lines: Vec<Line>,
    zone: Tz,
    older: Option<i64>,
    is_set_up: bool,
}

#[derive(Template)]
#[template(path = "notices/outbox_mail.html")]
struct Show {
    frame: Frame,
    id: i64,
    mail: Written,
    from: String,
    zone: Tz,
    paragraphs: Vec<Paragraph>,
}

/// A piece of a mail's text; an address becomes a link.
enum Paragraph {
    Text(String),
    Link(String),
}

fn paragraphs(text: &str, site: &str) -> Vec<Paragraph> {
    let pieces = text.split("\n\n").filter(|piece| !piece.trim().is_empty());
    let mut found = Vec::new();
    for piece in pieces {
        match piece.split_once(":\n") {
            Some((label, address)) if address.starts_with(site) && !address.contains('\n') => {
                found.push(Paragraph::Text(format!("{label}:")));
                found.push(Paragraph::Link(address.to_owned()));
            }
            _ => found.push(Paragraph::Text(piece.to_owned())),
        }
    }
    found
}

/// Passes for who may see what others would have been sent.
fn allowed(user: &SignedIn) -> Result<(), AppError> {
    if user.is_admin || user.sees_outbox {
        Ok(())
    } else {
        Err(AppError::NotFound)
    }
}

/// `GET /outbox`
pub async fn index(
    State(state): State<AppState>,
    user: SignedIn,
    Query(place): Query<Place>,
) -> Answer {
    allowed(&user)?;
    let before = place.before.unwrap_or(i64::MAX);
    let lines = store::written(&mut *state.db.acquire().await?, before, MOST).await?;
    let is_full = i64::try_from(lines.len()) == Ok(MOST);
    page(&Index {
        frame: user.frame("Outbox", Section::Admin),
        older: lines.last().filter(|_| is_full).map(|line| line.id),
        lines,
        zone: user.zone,
        is_set_up: state.mailer.is_set_up(),
    })
}

/// `GET /outbox/{id}`
pub async fn show(State(state): State<AppState>, user: SignedIn, Path(id): Path<i64>) -> Answer {
    let mail = mail(&state, &user, id).await?;
    let mut shown = page(&Show {
        frame: user.frame(mail.subject.clone(), Section::Admin),
        id,
        from: state.mailer.address(),
        zone: user.zone,
        paragraphs: paragraphs(&mail.text, state.site.public_url.as_str()),
        mail,
    })?;
    // What every page may do, and a frame of ours.
    let around = HeaderValue::from_str(&format!("{POLICY}; frame-src 'self'"));
    if let Ok(around) = around {
        shown.headers_mut().insert(CONTENT_SECURITY_POLICY, around);
    }
    Ok(shown)
}

/// A mail, for whoever may see it.
async fn mail(state: &AppState, user: &SignedIn, id: i64) -> Result<Written, AppError> {
    allowed(user)?;
    let mail = store::one(&mut *state.db.acquire().await?, id).await?;
    mail.ok_or(AppError::NotFound)
}

/// A mail may look like itself, and do nothing: no script, no request, no form, no way out of its frame.
const WITHIN: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
    base-uri 'none'; frame-ancestors 'self'; sandbox";

/// `GET /outbox/{id}/html`: the mail as a mail program shows it, for a frame.
pub async fn html(State(state): State<AppState>, user: SignedIn, Path(id): Path<i64>) -> Answer {
    let mail = mail(&state, &user, id).await?;
    let headers = [
        (CONTENT_SECURITY_POLICY, WITHIN),
        (X_FRAME_OPTIONS, "SAMEORIGIN"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Html(mail.html)).into_response())
}
