//! The whole service as one router: the only file that knows every slice.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::PgPool;

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::{db, telemetry};

/// What every handler may use. Cloning is cheap.
#[derive(Clone)]
pub struct AppState {
    /// The database.
    pub db: PgPool,
    /// The time.
    pub clock: Clock,
    /// What this installation is.
    pub site: Arc<Site>,
}

/// What this installation is; fixed while it runs.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where people reach it.
    pub public_url: PublicUrl,
    /// Whether this is a demo: its sign-in page signs in with one click.
    pub demo: bool,
}

/// Every route with its layers.
pub fn router(state: AppState) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .layer(middleware::from_fn(telemetry::log_request))
        .with_state(state)
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
