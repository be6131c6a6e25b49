//! The whole service as one router: the only file that knows every slice.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::TimeoutLayer;

use crate::error::{self, AppError};
use crate::jobs::Handlers;
use crate::state::AppState;
use crate::web::{assets, headers};
use crate::{
    audit, availability, calendars, cover, db, notices, oncall, people, planning, reports,
    requirements, rotations, sources, telemetry, webhooks,
};

/// Bytes of the largest body that a form may have; imports allow themselves more.
const MOST_BYTES: usize = 256 * 1024;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Every route with its layers.
pub fn router(state: AppState) -> Router {
    let pages = Router::new()
        .merge(audit::routes())
        .merge(availability::routes())
        .merge(calendars::routes())
        .merge(cover::routes())
        .merge(notices::routes())
        .merge(oncall::routes())
        .merge(people::routes())
        .merge(planning::routes())
        .merge(reports::routes())
        .merge(requirements::routes())
        .merge(rotations::routes())
        .merge(sources::routes())
        .merge(webhooks::routes())
        .route("/static/{version}/{name}", get(assets::serve));
    dressed(pages, state)
}

/// Who does which kind of job.
#[must_use]
pub fn handlers() -> Handlers {
    let handlers = sources::handlers(cover::handle(Handlers::new()));
    notices::handlers(webhooks::handlers(calendars::handlers(handlers)))
}

/// Pages with all that surrounds them, and what machines ask for.
fn dressed(pages: Router<AppState>, state: AppState) -> Router {
    let csrf = CsrfLayer::new();
    // Behind a proxy the host we are asked for may be another than the one people see.
    let csrf = csrf
        .clone()
        .add_trusted_origin(state.site.public_url.as_str())
        .unwrap_or(csrf);
    // A mail's link brings its own secret, and its page sends no referrer: it can't say where it is from.
    let csrf = csrf.with_insecure_bypass(|_, uri| cover::brings_secret(uri.path()));
    let csrf = csrf.with_rejection_response(|_| from_elsewhere());
    pages
        .fallback(|| async { AppError::NotFound })
        .method_not_allowed_fallback(|| async { AppError::WrongMethod })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(csrf)
        .layer(middleware::from_fn_with_state(state.clone(), same_scheme))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            PATIENCE,
        ))
        .layer(middleware::from_fn(error::as_pages))
        .layer(CatchPanicLayer::custom(broken))
        // Their answers are for machines, and stay bare.
        .merge(
            Router::new()
                .route("/healthz", get(healthz))
                .route("/readyz", get(readyz)),
        )
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(state.clone(), headers::add))
        .layer(middleware::from_fn(telemetry::log_request))
        .with_state(state)
}

/// Where people come by https, what a page sends that came without it is not ours, though its host be: anybody
/// on the way could have written that page. Browsers that say so in `Sec-Fetch-Site` are seen through above.
async fn same_scheme(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN);
    let is_plain = origin.is_some_and(|origin| origin.as_bytes().starts_with(b"http://"));
    if is_plain && state.site.public_url.is_https() && !request.method().is_safe() {
        return from_elsewhere();
    }
    next.run(request).await
}

fn from_elsewhere() -> Response {
    let what = "This came from another site. Open the page here and try again.";
    AppError::Forbidden(what.into()).into_response()
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::http::{Request, StatusCode};
    use axum::routing::get;
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
    use tower::ServiceExt as _;

    use super::dressed;
    use crate::clock::Clock;
    use crate::fetch::Fetcher;
    use crate::live::Live;
    use crate::mail::Mailer;
    use crate::state::{AppState, Site};

    async fn ask(path: &str) -> (StatusCode, bool, String) {
        let state = AppState {
            // Nothing here asks the database.
            db: PgPoolOptions::new().connect_lazy_with(PgConnectOptions::new_without_pgpass()),
            clock: Clock::system(),
            live: Live::default(),
            site: Arc::new(Site {
                public_url: "https://oncall.example.com".parse().unwrap(),
                demo: false,
                secret_key: None,
            }),
            fetcher: Fetcher::new(false),
            mailer: Mailer::new(None, None, &"https://oncall.example.com".parse().unwrap())
                .unwrap(),
        };
        let secret = |number: i64| async move {
            assert!(number < 0, "secret {number}");
            "fine"
        };
        let pages = Router::new()
            .route(
                "/panic/{number}",
                get(
                    async move |axum::extract::Path(number): axum::extract::Path<i64>| {
                        secret(number).await
                    },
                ),
            )
            .route(
                "/bare/{status}",
                get(
                    async |axum::extract::Path(status): axum::extract::Path<u16>| {
                        (StatusCode::from_u16(status).unwrap(), "secret detail")
                    },
                ),
            );
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = dressed(pages, state).oneshot(request).await.unwrap();
        let framed = response.headers().contains_key("content-security-policy")
            && response.headers().contains_key("strict-transport-security");
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, framed, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_page_that_tells_nothing() {
        let (status, framed, body) = ask("/panic/7").await;
        assert_eq!(status, 500);
        assert!(framed && body.contains("<h1>") && !body.contains("secret"));
    }

    #[tokio::test]
    async fn what_axum_refuses_has_our_page() {
        for (path, wanted) in [
            ("/panic/seven", 404),
            ("/panic/%ff", 404),
            ("/panic/%00", 404),
            ("/bare/400", 404),
            ("/bare/413", 413),
            ("/bare/415", 400),
            ("/bare/503", 503),
            ("/bare/500", 500),
            ("/nowhere", 404),
        ] {
            let (status, framed, body) = ask(path).await;
            assert_eq!(status, wanted, "{path}");
            assert!(framed && body.contains("<h1>"), "{path}: {body}");
            assert!(
                !body.contains("secret") && !body.contains("parse"),
                "{path}"
            );
        }
        assert_eq!(ask("/panic/-7").await.2, "fine");
        assert_eq!(ask("/healthz").await.2, "ok\n");
    }
}
