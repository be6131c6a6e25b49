//! The log: how it is written, and its one line per request.
//!
//! A line names the route's pattern and never the path or the query as they came in, because secret
//! links carry their token there. Bodies, headers and cookies are never logged, whatever is asked for.
//! Nor is what a panic says where that was put together while we ran: it may quote whatever was at hand,
//! a line of somebody's calendar say.

use std::any::Any;
use std::io::IsTerminal;
use std::panic::{self, Location};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span, error, info, info_span};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};
use crate::vocab::PersonId;

/// What would log paths as they came in, and does not.
const SILENT: &str = "tower_http::csrf=off";

/// Starts the log, on standard error. Does nothing when a log has been started already.
pub fn init(settings: &Settings) {
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(EnvFilter::new(format!("{},{SILENT}", settings.log)));
    // It fails only when a log is there already, which is fine.
    let _ = match settings.log_format {
        LogFormat::Text => log.try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
    };
    panic::set_hook(Box::new(|panic| {
        error!("{}", panicked(panic.payload(), panic.location()));
    }));
}

/// Where something panicked, and what it says if that is as it stands in the source.
fn panicked(payload: &dyn Any, location: Option<&Location<'_>>) -> String {
    let place = location.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let words = payload.downcast_ref::<&'static str>();
    format!("panicked at {place}: {}", words.unwrap_or(&"(not shown)"))
}

/// A request's entry in the log: an extension of every request. Clones are the same entry.
#[derive(Clone, Debug)]
pub struct RequestLog(Arc<Entry>);

#[derive(Debug)]
struct Entry {
    id: String,
    person: OnceLock<PersonId>,
}

impl RequestLog {
    fn new() -> Self {
        Self(Arc::new(Entry {
            id: format!("{:016x}", rand::random::<u64>()),
            person: OnceLock::new(),
        }))
    }

    /// The request's id, also sent as `x-request-id`: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Notes who is signed in. The first to be noted stays.
    pub fn set_person(&self, person: PersonId) {
        let _ = self.0.person.set(person);
    }
}

/// Middleware: gives the request its [`RequestLog`] and writes its line when it is done.
pub async fn log_request(mut request: Request, next: Next) -> Response {
    let log = RequestLog::new();
    let span = info_span!("request", id = log.id());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut line = Line {
        log: log.clone(),
        span: span.clone(),
        method: request.method().clone(),
        route,
        start: Instant::now(),
        status: None,
    };
    request.extensions_mut().insert(log.clone());
    let mut response = next.run(request).instrument(span).await;
    line.status = Some(response.status().as_u16());
    if let Ok(id) = HeaderValue::from_str(log.id()) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

/// Written when dropped, so that a request whose client went away has its line too, without a status.
struct Line {
    log: RequestLog,
    span: Span,
    method: Method,
    route: Option<MatchedPath>,
    start: Instant,
    status: Option<u16>,
}

impl Drop for Line {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        info!(
            method = %self.method,
            route = self.route.as_ref().map_or("none", MatchedPath::as_str),
            status = self.status,
            user = self.log.0.person.get().map(|person| person.0),
            ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_placed_and_quotes_nothing_that_was_at_hand() {
        let title = "SUMMARY:Dr. Gökçe";
        let quotes = panic::catch_unwind(|| title[..14].len()).unwrap_err();
        assert!(quotes.downcast_ref::<String>().unwrap().contains('ö'));
        let here = Location::caller();
        let said = panicked(&*quotes, Some(here));
        assert_eq!(said, format!("panicked at {here}: (not shown)"));
        let fixed = panic::catch_unwind(|| "".chars().next().unwrap()).unwrap_err();
        let said = panicked(&*fixed, None);
        assert!(said.starts_with("panicked at an unknown place: called `Option::unwrap()`"));
    }
}
