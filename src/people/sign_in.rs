//! Signing in and out.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;

use super::passwords;
use super::store::{self, NewSession};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::web::{
    ClientAddress, Form, Frame, SESSION_COOKIE, SESSION_DAYS, Visitor, cookie, page, page_with,
    token,
};

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
    let right = if form.is_good() {
        count_attempt(&state, &email, from).await?;
        let known = store::password_hash(&mut *state.db.acquire().await?, &email).await?;
        let (person, hash) = known.map_or((None, None), |(person, hash)| (Some(person), hash));
        let short_enough = password.chars().count() <= 200;
        if short_enough && passwords::verify(password, hash).await? {
            person
        } else {
            None
        }
    } else {
        None
    };
    let Some(person) = right else {
        if form.is_good() {
            form.refuse("password", "This e-mail address and password don't belong together. Check both; capitals count in the password.");
        }
        let page = Show {
            frame: Frame::public("Sign in"),
            form,
            demo: state.site.demo,
        };
        return page_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let mut tx = state.db.begin().await?;
    store::clear_attempts(&mut tx, &email, &from.network()).await?;
    let cookie = start_session(&mut tx, &state, person, &headers, from).await?;
    tx.commit().await?;
    Ok(with_cookie(
        Redirect::to(safe(form.value("next"))).into_response(),
        &cookie,
    ))
}

/// Counts an attempt to use an account's password.
///
/// # Errors
/// `TooMany` once there were too many, for the account or from the address.
pub async fn count_attempt(
    state: &AppState,
    email: &str,
    from: ClientAddress,
) -> Result<(), AppError> {
    // No account has a longer address.
    let account: String = email.chars().take(254).collect();
    if store::may_attempt(&state.db, &account, &from.network(), state.clock.now()).await? {
        return Ok(());
    }
    Err(AppError::TooMany(
        "The password was wrong too often. Wait 15 minutes, or ask your administrator for a link to choose a new one.".into(),
    ))
}

/// `POST /sign-out`: `next` is where to come back to after signing in again.
pub async fn end(State(state): State<AppState>, visitor: Visitor, form: Form) -> Answer {
    if let Some(user) = visitor {
        store::end_session(&mut *state.db.acquire().await?, user.id, user.session).await?;
    }
    let cookie = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    let to = match safe(form.value("next")) {
        "/" => Redirect::to("/sign-in").into_response(),
        next => AppError::SignIn(next.to_owned()).into_response(),
    };
    Ok(with_cookie(to, &cookie))
}

/// Makes a session and the cookie that holds its secret. The session that the browser had ends.
pub async fn start_session(
    conn: &mut PgConnection,
    state: &AppState,
    person: PersonId,
    headers: &HeaderMap,
    from: ClientAddress,
) -> Result<String, AppError> {
    let secret = token::fresh();
    let earlier = cookie(headers, SESSION_COOKIE).map(token::hash);
    let now = state.clock.now();
    let agent: String = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let expires = now + TimeDelta::days(SESSION_DAYS);
    let new = NewSession {
        person,
        token_hash: &token::hash(&secret),
        instead_of: earlier.as_deref(),
        now,
        expires_at: expires,
        user_agent: &agent,
        address: &from.0.to_string(),
    };
    store::add_session(conn, &new).await?;
    let secure = if state.site.public_url.is_https() {
        "; Secure"
    } else {
        ""
    };
    let seconds = TimeDelta::days(SESSION_DAYS).num_seconds();
    Ok(format!(
        "{SESSION_COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    ))
}

/// A response that sets a cookie.
pub fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// A path on this site to go on to; home for anything else.
fn safe(next: &str) -> &str {
    let local = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control());
    if local { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn only_our_own_pages_follow_a_sign_in() {
        assert_eq!(safe("/teams/a?x=1"), "/teams/a?x=1");
        for bad in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\nb",
            "evil",
        ] {
            assert_eq!(safe(bad), "/", "{bad}");
        }
    }
}
