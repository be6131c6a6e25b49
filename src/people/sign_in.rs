//! Signing in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;

use super::passwords;
use super::store::{self, Attempt, NewBrowser, NewSession};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::web::{
    ClientAddress, Form, Frame, SESSION_COOKIE, SESSION_DAYS, Visitor, cookie, is_ours, page,
    page_with, token,
};

/// The cookie that a browser is known by, also after signing out.
const BROWSER_COOKIE: &str = "browser";
/// Days for which a browser is known.
const BROWSER_DAYS: i64 = 365;

#[derive(Template)]
#[template(path = "people/sign_in.html")]
struct Show {
    frame: Frame,
    form: Form,
    demo: bool,
}

#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /sign-in`
pub async fn show(
    State(state): State<AppState>,
    visitor: Visitor,
    Query(query): Query<Next>,
) -> Answer {
    if visitor.is_some() {
        return Ok(Redirect::to(safe(&query.next)).into_response());
    }
    page(&Show {
        frame: Frame::public("Sign in"),
        form: Form::of([("next", query.next)]),
        demo: state.site.demo,
    })
}

/// `POST /sign-in`
pub async fn create(
    State(state): State<AppState>,
    from: ClientAddress,
    headers: HeaderMap,
    mut form: Form,
) -> Answer {
    let email = form.value("email").trim().to_lowercase();
    let password = form.value("password").to_owned();
    if email.is_empty() {
        form.refuse("email", "Type your e-mail address.");
    }
    if password.is_empty() {
        form.refuse("password", "Type your password.");
    }
    let mut right = None;
    if form.is_good() {
        let attempt = count_attempt(&state, &email, from, &headers).await?;
        let known = store::password_hash(&mut *state.db.acquire().await?, &email).await?;
        let (person, hash) = known.map_or((None, None), |(person, hash)| (Some(person), hash));
        let short_enough = password.chars().count() <= 200;
        if short_enough && passwords::verify(password, hash).await? {
            right = person.map(|person| (person, attempt));
        } else {
            form.refuse("password", "This e-mail address and password don't belong together. Check both; capitals count in the password.");
        }
    }
    let Some((person, attempt)) = right else {
        let page = Show {
            frame: Frame::public("Sign in"),
            form,
            demo: state.site.demo,
        };
        return page_with(page.form.status(), &page);
    };
    let mut tx = state.db.begin().await?;
    store::clear_attempts(&mut tx, &attempt).await?;
    let cookies = start_session(&mut tx, &state, person, &headers, from).await?;
    tx.commit().await?;
    let to = Redirect::to(safe(form.value("next"))).into_response();
    Ok(with_cookies(to, &cookies))
}

/// Counts an attempt to use an account's password: apart where its owner has signed in from this browser
/// before, so that nobody else can keep them out by typing wrong ones.
///
/// # Errors
/// `TooMany` once there were too many, for the account or from the address.
pub async fn count_attempt(
    state: &AppState,
    email: &str,
    from: ClientAddress,
    headers: &HeaderMap,
) -> Result<Attempt, AppError> {
    let now = state.clock.now();
    // No account has a longer address.
    let account: String = email.chars().take(254).collect();
    let browser = match cookie(headers, BROWSER_COOKIE).map(token::hash) {
        Some(hash) => {
            let mut conn = state.db.acquire().await?;
            store::known_browser(&mut conn, &hash, &account, now).await?
        }
        None => None,
    };
    let attempt = Attempt {
        account,
        network: from.network(),
        browser,
    };
    if store::may_attempt(&state.db, &attempt, now).await? {
        return Ok(attempt);
    }
    Err(AppError::TooMany(
        "The password was wrong too often. Wait 15 minutes, use a browser where you signed in before, or ask your administrator for a link to choose a new one.".into(),
    ))
}

/// `POST /sign-out`: `next` is where to come back to after signing in again.
pub async fn end(State(state): State<AppState>, visitor: Visitor, form: Form) -> Answer {
    if let Some(user) = visitor {
        store::end_session(&mut *state.db.acquire().await?, user.id, user.session).await?;
    }
    let gone = set_cookie(SESSION_COOKIE, "", 0);
    let to = match safe(form.value("next")) {
        "/" => Redirect::to("/sign-in").into_response(),
        next => AppError::SignIn(next.to_owned()).into_response(),
    };
    Ok(with_cookies(to, &[gone]))
}

/// Makes a session, and the browser known as this person's. Returns the cookies that hold their secrets.
/// The session that the browser had ends.
pub async fn start_session(
    conn: &mut PgConnection,
    state: &AppState,
    person: PersonId,
    headers: &HeaderMap,
    from: ClientAddress,
) -> Result<[String; 2], AppError> {
    let (secret, browser) = (token::fresh(), token::fresh());
    let now = state.clock.now();
    let earlier = |name| cookie(headers, name).map(token::hash);
    let (earlier_session, earlier_browser) = (earlier(SESSION_COOKIE), earlier(BROWSER_COOKIE));
    let agent: String = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let new = NewSession {
        person,
        token_hash: &token::hash(&secret),
        instead_of: earlier_session.as_deref(),
        now,
        expires_at: now + TimeDelta::days(SESSION_DAYS),
        user_agent: &agent,
        address: &from.0.to_string(),
    };
    store::add_session(conn, &new).await?;
    let new = NewBrowser {
        person,
        token_hash: &token::hash(&browser),
        instead_of: earlier_browser.as_deref(),
        now,
        expires_at: now + TimeDelta::days(BROWSER_DAYS),
    };
    store::know_browser(conn, &new).await?;
    Ok([
        set_cookie(SESSION_COOKIE, &secret, SESSION_DAYS),
        set_cookie(BROWSER_COOKIE, &browser, BROWSER_DAYS),
    ])
}

/// What sets a cookie that scripts and other sites' forms don't get. On https it is marked secure on its way.
fn set_cookie(name: &str, value: &str, days: i64) -> String {
    let seconds = TimeDelta::days(days).num_seconds();
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax")
}

/// A response that sets cookies.
pub fn with_cookies(mut response: Response, cookies: &[String]) -> Response {
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(cookie) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// A path on this site to go on to; home for anything else.
fn safe(next: &str) -> &str {
    if is_ours(next) { next } else { "/" }
}
