//! What can go wrong while answering a request, and the page that says so, with a way out.

use askama::Template;
use axum::http::{StatusCode, header};
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
    /// The request makes no sense; what to do instead.
    #[error("{0}")]
    BadRequest(String),
    /// Somebody else changed it in between; what is there now.
    #[error("{0}")]
    Conflict(String),
    /// A body over the limit.
    #[error("too large")]
    TooLarge,
    /// Too many attempts; what to wait for.
    #[error("{0}")]
    TooMany(String),
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
            Self::BadRequest(message) => (StatusCode::BAD_REQUEST, "That didn't work", message),
            Self::Conflict(message) => (StatusCode::CONFLICT, "Somebody was faster", message),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "That is too much at once",
                "What you sent is over the limit. Shorten it or send it in parts.",
            ),
            Self::TooMany(message) => (StatusCode::TOO_MANY_REQUESTS, "Too many attempts", message),
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
        if status.is_server_error() {
            tracing::error!(error = %self, "request failed");
        }
        let body = ErrorPage {
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
