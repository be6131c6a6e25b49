//! Signing in and out.

use std::net::{IpAddr, SocketAddr};

use askama::Template;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;

use super::{passwords, store};
use crate::error::{Answer, AppError};
use crate::state::AppState;
use crate::vocab::PersonId;
use crate::web::{Form, Frame, SESSION_COOKIE, SESSION_DAYS, Visitor, page, page_with, token};

/// Failed attempts count for so long.
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Attempts on one account within the window.
const MOST_PER_ACCOUNT: i64 = 10;
/// Attempts from one address within the window; offices share addresses.
const MOST_PER_ADDRESS: i64 = 60;

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
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    mut form: Form,
) -> Answer {
    let email = form.value("email").trim().to_lowercase();
    let password = form.value("password").to_owned();
    let address = client_address(peer.ip(), &headers).to_string();
    if email.is_empty() {
        form.refuse("email", "Type your e-mail address.");
    }
    if password.is_empty() {
        form.refuse("password", "Type your password.");
    }
    let right = if form.is_good() {
        let (account, from) = {
            let account: String = email.chars().take(254).collect();
            let mut tx = state.db.begin().await?;
            let counts =
                store::attempt(&mut tx, &account, &address, state.clock.now(), WINDOW).await?;
            tx.commit().await?;
            counts
        };
        if account > MOST_PER_ACCOUNT || from > MOST_PER_ADDRESS {
            return Err(AppError::TooMany(
                "There were too many attempts to sign in. Wait 15 minutes, or ask your administrator for a link to choose a new password.".into(),
            ));
        }
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
    store::clear_attempts(&mut tx, &email, &address).await?;
    let cookie = start_session(&mut tx, &state, person, &headers, &address).await?;
    tx.commit().await?;
    Ok(with_cookie(
        Redirect::to(safe(form.value("next"))).into_response(),
        &cookie,
    ))
}

/// `POST /sign-out`
pub async fn end(State(state): State<AppState>, visitor: Visitor) -> Answer {
    if let Some(user) = visitor {
        store::end_session(&mut *state.db.acquire().await?, user.id, user.session).await?;
    }
    let cookie = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    Ok(with_cookie(
        Redirect::to("/sign-in").into_response(),
        &cookie,
    ))
}

/// Makes a session and the cookie that holds its secret.
pub async fn start_session(
    conn: &mut PgConnection,
    state: &AppState,
    person: PersonId,
    headers: &HeaderMap,
    address: &str,
) -> Result<String, AppError> {
    let secret = token::fresh();
    let now = state.clock.now();
    let agent: String = headers
        .get(header::USER_AGENT)
        .and_then(|agent| agent.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    let expires = now + TimeDelta::days(SESSION_DAYS);
    store::add_session(
        conn,
        person,
        &token::hash(&secret),
        now,
        expires,
        &agent,
        address,
    )
    .await?;
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

/// Where the request came from. A proxy on this machine is believed about whom it speaks for.
pub fn client_address(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.trim().parse().ok())
        .next_back();
    if peer.is_loopback() {
        forwarded.unwrap_or(peer)
    } else {
        peer
    }
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
