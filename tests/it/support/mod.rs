//! The harness: the real router on a database of its own, visitors with cookies, and a browser.
//!
//! ```ignore
//! let app = TestApp::start().await;
//! let visitor = app.visitor();
//! visitor.sign_in("manager@example.com", "fairshift-demo").await;
//! let page = visitor.get("/").await;
//! assert_eq!(page.status, 200);
//! ```

#![allow(dead_code)] // A harness offers more than the tests of one day use.

pub mod browser;
pub mod caldav;
pub mod companion;
pub mod database;
pub mod program;
pub mod receiver;
pub mod smtp;
pub mod visitor;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use chrono::{DateTime, Utc};
use fairshift::app;
use fairshift::clock::Clock;
use fairshift::config::PublicUrl;
use fairshift::fetch::Fetcher;
use fairshift::jobs;
use fairshift::live::Live;
use fairshift::mail::Mailer;
use fairshift::secret::SecretKey;
use fairshift::state::{AppState, Site};
use sqlx::PgPool;
use tokio::net::TcpListener;

use database::TestDatabase;
use smtp::Sink;
use visitor::Visitor;

/// When the fixed clock starts: a Monday morning.
pub const NOW: &str = "2026-11-16T09:00:00Z";

/// The service, on a free port of this machine, until it is dropped.
pub struct TestApp {
    /// As in `http://127.0.0.1:12345`.
    pub url: String,
    /// Connections to its database.
    pub db: PgPool,
    /// Its clock, which stands at [`NOW`] until a test moves it.
    pub clock: Clock,
    /// What its handlers get, for calling a slice's functions directly.
    pub state: AppState,
    // Last, so that it goes when nobody uses it.
    _database: TestDatabase,
}

impl TestApp {
    /// An installation with an empty database.
    pub async fn start() -> Self {
        Self::start_as(false).await
    }

    /// An installation that calls itself a demo; its database is empty all the same.
    pub async fn start_as(demo: bool) -> Self {
        Self::start_by(demo, None).await
    }

    /// An installation that hands its mail in to this server.
    pub async fn start_with_mail(sink: &Sink) -> Self {
        Self::start_by(false, Some(&sink.url)).await
    }

    async fn start_by(demo: bool, smtp: Option<&str>) -> Self {
        let database = TestDatabase::create().await;
        let db = fairshift::db::pool(database.options()).await.unwrap();
        let clock = Clock::fixed(NOW.parse::<DateTime<Utc>>().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public_url = PublicUrl::of_listener(listener.local_addr().unwrap());
        let url = public_url.to_string();
        let smtp = smtp.map(|url| url.parse().unwrap());
        let mailer = Mailer::new(smtp.as_ref(), None, &public_url).unwrap();
        let state = AppState {
            db: db.clone(),
            clock: clock.clone(),
            site: Arc::new(Site {
                public_url,
                demo,
                secret_key: Some(SecretKey::random()),
            }),
            live: Live::default(),
            // Tests have servers of their own to ask.
            fetcher: Fetcher::new(true),
            mailer,
        };
        let service = app::router(state.clone());
        let service = service.into_make_service_with_connect_info::<SocketAddr>();
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, service).await });
        Self {
            url,
            db,
            clock,
            state,
            _database: database,
        }
    }

    /// Tells open pages what changes, as the program does.
    pub fn listen(&self) {
        let (live, pool) = (self.state.live.clone(), self.db.clone());
        // Ends with the test's runtime.
        tokio::spawn(async move { live.listen(pool).await });
    }

    /// Does all jobs that are due by its clock, those of the time too, as a worker would.
    pub async fn work(&self) -> usize {
        let handlers = app::handlers();
        jobs::tick(&self.state, &handlers).await.unwrap();
        jobs::run_due(&self.state, &handlers).await.unwrap()
    }

    /// A visitor with a cookie jar of its own, signed in as nobody.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(&self.url)
    }
}

/// What could not be done or delivered, in words, and whether it is tried again.
pub async fn failed(db: &PgPool) -> Vec<(String, bool)> {
    let mut conn = db.acquire().await.unwrap();
    let failed = jobs::undelivered(&mut conn, 0, 100).await.unwrap();
    failed
        .into_iter()
        .map(|job| (job.error, job.next_at.is_some()))
        .collect()
}

/// Runs something to its end, on a thread and a runtime of its own.
pub fn apart<F: Future<Output: Send + 'static>>(
    what: impl FnOnce() -> F + Send + 'static,
) -> thread::Result<F::Output> {
    let run = || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(what())
    };
    thread::spawn(run).join()
}
