//! How fast 1,000 calendars are read by two workers.
//!
//! `cargo bench --bench sources`. Everything is on this machine: the workers with a database of their
//! own that is thrown away, and the server that gives each calendar: 200 entries, 40 of which repeat
//! every week. The first round reads them all anew and keeps what they say; in the second the server
//! answers each time that nothing has changed, which is what most readings are.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use fairshift::clock::Clock;
use fairshift::db::private::{Durability, Private};
use fairshift::fetch::Fetcher;
use fairshift::jobs::{self, Job};
use fairshift::mail::Mailer;
use fairshift::secret::{Secret, SecretKey};
use fairshift::state::{AppState, Site};
use fairshift::{app, db};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Calendars, each of a person of its own.
const SOURCES: usize = 1000;

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("fairshift-sources-{}", std::process::id()));
    let postgres = Private::start(&folder, Durability::Throwaway)?;
    let outcome = tokio::runtime::Runtime::new()?.block_on(measure(&postgres));
    drop(postgres);
    std::fs::remove_dir_all(&folder)?;
    outcome
}

async fn measure(postgres: &Private) -> Outcome<()> {
    postgres.create_database().await?;
    let options = postgres.options();
    db::migrate(&options).await?;
    let pool = db::pool(options).await?;
    let clock = Clock::system();
    let now = clock.now();
    let asked = Arc::new(AtomicUsize::new(0));
    let server = serve(calendar(now), Arc::clone(&asked)).await?;
    let key = SecretKey::random();
    let site = Site {
        public_url: "http://localhost".parse()?,
        demo: false,
        secret_key: Some(key.clone()),
    };
    let state = AppState {
        db: pool.clone(),
        clock,
        live: fairshift::live::Live::default(),
        mailer: Mailer::new(None, None, &site.public_url)?,
        site: Arc::new(site),
        fetcher: Fetcher::new(true),
    };
    let ids = connect(&pool, &key, &server, now).await?;
    println!("{SOURCES} calendars, two workers");
    for round in ["read anew", "not modified"] {
        order(&pool, &ids, state.clock.now()).await?;
        let (before, start) = (asked.load(Ordering::Relaxed), Instant::now());
        let (stop, stopped) = watch::channel(false);
        let workers: Vec<_> = (0..2)
            .map(|_| tokio::spawn(jobs::work(state.clone(), app::handlers(), stopped.clone())))
            .collect();
        let undone = "select count(*) from jobs where kind = 'calendar.read' and state <> 'done' and due_at <= now()";
        while sqlx::query_scalar::<_, i64>(undone)
            .fetch_one(&pool)
            .await?
            > 0
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let took = start.elapsed().as_secs_f64();
        stop.send_replace(true);
        for worker in workers {
            worker.await?;
        }
        let good: i64 = sqlx::query_scalar(
            "select count(*) from sources where failures = 0 and good_at is not null",
        )
        .fetch_one(&pool)
        .await?;
        let asked = asked.load(Ordering::Relaxed) - before;
        #[allow(clippy::cast_precision_loss)] // A thousand.
        let rate = SOURCES as f64 / took;
        println!(
            "{round:<13} {took:>6.1} s  {rate:>5.0} a second  ({good} good, {asked} requests)"
        );
    }
    let spans: i64 = sqlx::query_scalar("select count(*) from source_spans")
        .fetch_one(&pool)
        .await?;
    println!("{spans} stretches of time kept");
    pool.close().await;
    Ok(())
}

/// A calendar as somebody with many meetings has it.
fn calendar(now: DateTime<Utc>) -> String {
    let entries = (0..200_i64).map(|number| {
        let start = now + TimeDelta::hours(number * 11 - 300);
        let start = start.format("%Y%m%dT%H%M%SZ");
        let rule = if number % 5 == 0 { "RRULE:FREQ=WEEKLY\r\n" } else { "" };
        format!(
            "BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:Meeting {number}\r\nDTSTART:{start}\r\nDURATION:PT45M\r\n{rule}END:VEVENT\r\n"
        )
    });
    let entries: String = entries.collect();
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{entries}END:VCALENDAR\r\n")
}

async fn serve(ics: String, asked: Arc<AtomicUsize>) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let answer = async move |headers: HeaderMap| {
        asked.fetch_add(1, Ordering::Relaxed);
        let tag = [(header::ETAG, "\"1\"")];
        if headers.contains_key(header::IF_NONE_MATCH) {
            (StatusCode::NOT_MODIFIED, tag).into_response()
        } else {
            (tag, ics).into_response()
        }
    };
    let router = Router::new().route("/{calendar}", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

/// A thousand people, each with a calendar.
async fn connect(
    pool: &PgPool,
    key: &SecretKey,
    server: &str,
    now: DateTime<Utc>,
) -> Outcome<Vec<i64>> {
    let mut ids = Vec::new();
    for number in 0..SOURCES {
        let person: i64 = sqlx::query_scalar(
            "insert into people (email, name, time_zone, joined_on) values ($1, $1, 'Europe/Berlin', '2024-01-01') returning id",
        )
        .bind(format!("person{number}@example.com"))
        .fetch_one(pool)
        .await?;
        let id: i64 = sqlx::query_scalar("select nextval(pg_get_serial_sequence('sources', 'id'))")
            .fetch_one(pool)
            .await?;
        let secret = Secret::new(format!(r#"{{"address": "{server}/{number}.ics"}}"#));
        sqlx::query(
            "insert into sources (id, person_id, name, kind, counts, place, secret, connected_at)
            overriding system value values ($1, $2, 'Work', 'address', 'busy', 'localhost', $3, $4)",
        )
        .bind(id)
        .bind(person)
        .bind(key.seal(&secret, &format!("sources.secret {id}")))
        .bind(now)
        .execute(pool)
        .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// All are to be read now.
async fn order(pool: &PgPool, ids: &[i64], now: DateTime<Utc>) -> Outcome<()> {
    let mut tx = pool.begin().await?;
    sqlx::query("update sources set next_at = $1")
        .bind(now)
        .execute(&mut *tx)
        .await?;
    for id in ids {
        let job = Job {
            kind: "calendar.read",
            key: format!("bench:{id}:{}", now.timestamp_micros()),
            lane: format!("source:{id}"),
            run_at: now,
            payload: serde_json::json!({ "source": id, "due": now }),
        };
        jobs::enqueue(&mut tx, now, &job).await?;
    }
    tx.commit().await?;
    Ok(())
}
