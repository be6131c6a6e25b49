//! What can go wrong while answering a request, and the page that says so, with a way out.

use askama::Template;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::web::assets;

/// A request that can't be answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Nothing there, or nothing this person may know of.
    #[error("not found")]
    NotFound,
    /// Nobody is signed in; the path to come back to afterwards.
    #[error("sign in first")]
    SignIn(String),
    /// Signed in and allowed to know of it, but not to do it; what would be needed.
    #[error("{0}")]
    Forbidden(String),
    /// It is about a team that whoever opens it has left, and nothing of it is theirs to see any more.
    #[error("left the team")]
    LeftTeam,
    /// The request makes no sense; what to do instead.
    #[error("{0}")]
    BadRequest(String),
    /// Somebody else changed it in between; what is there now.
    #[error("{0}")]
    Conflict(String),
    /// The address is there, but not for this method.
    #[error("wrong method")]
    WrongMethod,
    /// A body over the limit.
    #[error("too large")]
    TooLarge,
    /// Too many attempts; what to wait for.
    #[error("{0}")]
    TooMany(String),
    /// It took too long, or there are too many of its kind.
    #[error("busy")]
    Busy,
    /// What was sent did not arrive in time.
    #[error("too slow")]
    TooSlow,
    /// The database failed.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A page could not be rendered.
    #[error("page: {0}")]
    Page(#[from] askama::Error),
    /// Anything else that is our fault.
    #[error("{0}")]
    Internal(String),
}

/// What handlers return.
pub type Answer<T = Response> = Result<T, AppError>;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    message: &'a str,
    icon: String,
    styles: String,
}

impl AppError {
    fn parts(&self) -> (StatusCode, &str, &str) {
        match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "There is nothing here",
                "The address may be mistyped, the page may be gone, or it belongs to a team you are not in.",
            ),
            Self::SignIn(_) => (
                StatusCode::UNAUTHORIZED,
                "Sign in first",
                "This page needs you to sign in.",
            ),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, "You can't do that", message),
            Self::LeftTeam => (
                StatusCode::GONE,
                "You are no longer in this team",
                "So there is nothing here for you to answer, and nothing more is asked of you. Thank you for the shifts you took.",
            ),
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, "That didn't work", message),
            Self::Conflict(message) => (StatusCode::CONFLICT, "Somebody was faster", message),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "That can't be done here",
                "This address does not take that kind of request. If you came by a form, open its page again.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "That is too much at once",
                "What you sent is over the limit. Shorten it or send it in parts.",
            ),
            Self::TooMany(message) => (StatusCode::TOO_MANY_REQUESTS, "Too many attempts", message),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "That took too long",
                "What you sent did not arrive in time. Nothing was changed. Send it again.",
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Too busy right now",
                "Nothing was changed. Try again in a moment.",
            ),
            Self::Database(error) if is_passing(error) => Self::Busy.parts(),
            Self::Database(_) | Self::Page(_) | Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something broke on our side",
                "Nothing was changed. Try again in a moment; if it stays, tell your administrator the time it happened.",
            ),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        if let Self::SignIn(next) = &self {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("next", next)
                .finish();
            return Redirect::to(&format!("/sign-in?{query}")).into_response();
        }
        let (status, title, message) = self.parts();
        match self {
            // Under load: nothing is broken.
            Self::Busy => tracing::warn!("too busy"),
            _ if status.is_server_error() => tracing::error!(error = %self, "request failed"),
            _ => {}
        }
        let body = ErrorPage {
            status: status.as_u16(),
            title,
            message,
            icon: assets::path("icon.svg"),
            styles: assets::path("app.css"),
        }
        .render()
        .unwrap_or_else(|_| message.to_owned());
        (status, [(header::CACHE_CONTROL, "no-store")], Html(body)).into_response()
    }
}

/// Whether the database is only not there, or not free, for now.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
        // It can't be connected to, has no room, holds the lock for somebody else, or is being stopped.
        sqlx::Error::Database(said) => said.code().is_some_and(|code| {
            code == "55P03"
                || ["08", "53", "57P"]
                    .iter()
                    .any(|class| code.starts_with(class))
        }),
        _ => false,
    }
}

/// Middleware: whatever is refused with a bare line, by an extractor or a layer, gets our page. What
/// a handler of ours answers is left alone, as is anything that is no plain text.
pub async fn as_pages(request: Request, next: Next) -> Response {
    if has_nul(request.uri()) {
        return AppError::NotFound.into_response();
    }
    let mut response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let bare = kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !bare || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let error = match status {
        // Forms are ours, so it is the path or the query that could not be read.
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => AppError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => AppError::WrongMethod,
        StatusCode::PAYLOAD_TOO_LARGE => AppError::TooLarge,
        StatusCode::SERVICE_UNAVAILABLE => AppError::Busy,
        StatusCode::REQUEST_TIMEOUT => AppError::TooSlow,
        _ if status.is_client_error() => {
            AppError::BadRequest("The request could not be read. Go back and try again.".into())
        }
        _ => AppError::Internal(format!("a bare {status}")),
    };
    let allowed = response.headers_mut().remove(header::ALLOW);
    let mut page = error.into_response();
    if let Some(methods) = allowed {
        page.headers_mut().insert(header::ALLOW, methods);
    }
    page
}

/// PostgreSQL has no text with a NUL in it, so such an address names nothing.
fn has_nul(uri: &Uri) -> bool {
    uri.path_and_query()
        .is_some_and(|p| p.as_str().contains("%00"))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_database_that_is_gone_is_no_fault_of_ours() {
        let status = |error: sqlx::Error| AppError::Database(error).into_response().status();
        let gone = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(status(sqlx::Error::Io(gone)), 503);
        assert_eq!(status(sqlx::Error::PoolTimedOut), 503);
        assert_eq!(status(sqlx::Error::RowNotFound), 500);
    }
}
