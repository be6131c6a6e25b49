//! The whole service as one router: the only file that knows every slice.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::TimeoutLayer;

use crate::error::AppError;
use crate::state::AppState;
use crate::web::{assets, headers};
use crate::{audit, db, people, telemetry};

/// Bytes of the largest body that a form may have; imports allow themselves more.
const MOST_BYTES: usize = 256 * 1024;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every route with its layers.
pub fn router(state: AppState) -> Router {
    let csrf = CsrfLayer::new();
    let csrf = csrf.with_rejection_response(|_| {
        AppError::Forbidden("This came from another site. Open the page here and try again.".into())
            .into_response()
    });
    Router::new()
        .merge(people::routes())
        .merge(audit::routes())
        .route("/static/{version}/{name}", get(assets::serve))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .fallback(|| async { AppError::NotFound })
        .method_not_allowed_fallback(|| async {
            (
                StatusCode::METHOD_NOT_ALLOWED,
                AppError::BadRequest("This address does not take that kind of request.".into()),
            )
                .into_response()
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(csrf)
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PATIENCE,
        ))
        .layer(CatchPanicLayer::custom(broken))
        .layer(middleware::from_fn(headers::add))
        .layer(middleware::from_fn(telemetry::log_request))
        .with_state(state)
}

/// A panic is our fault and must not take the connection down without a word.
fn broken(_: Box<dyn Any + Send>) -> Response {
    AppError::Internal("a handler panicked".into()).into_response()
}

/// The process is up.
async fn healthz() -> &'static str {
    "ok\n"
}

/// The process can do its work: the database answers and has every migration.
async fn readyz(State(state): State<AppState>) -> Response {
    match db::ready(&state.db).await {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => {
            tracing::warn!(%reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response()
        }
    }
}
