//! How many requests a second, and how slow the slowest hundredth: the home page and a calendar feed,
//! beside a bare handler that returns the same bytes.
//!
//! `cargo bench --bench load`. Everything is on this machine: the service with a database of its own
//! that is thrown away, and the clients, which take their part of the processors on both sides alike.
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use fairshift::clock::Clock;
use fairshift::config::PublicUrl;
use fairshift::db::private::{Durability, Private};
use fairshift::fetch::Fetcher;
use fairshift::mail::Mailer;
use fairshift::state::{AppState, Site};
use fairshift::{app, db, demo};
use reqwest::Client;
use tokio::net::TcpListener;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Clients at once, each with a connection that it keeps.
const CLIENTS: usize = 8;

/// Requests that each of them sends, one after the other.
const REQUESTS: usize = 250;

fn main() -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("fairshift-load-{}", std::process::id()));
    let outcome = serve_and_measure(&folder);
    // The server has ended with `serve_and_measure`.
    std::fs::remove_dir_all(&folder)?;
    outcome
}

fn serve_and_measure(folder: &std::path::Path) -> Outcome<()> {
    let postgres = Private::start(folder, Durability::Throwaway)?;
    tokio::runtime::Runtime::new()?.block_on(measure(&postgres))
}

async fn measure(postgres: &Private) -> Outcome<()> {
    postgres.create_database().await?;
    let options = postgres.options();
    db::migrate(&options).await?;
    let pool = db::pool(options).await?;
    let clock = Clock::system();
    demo::create(&pool, clock.now()).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let public_url = PublicUrl::of_listener(listener.local_addr()?);
    let url = public_url.to_string();
    let site = Arc::new(Site {
        public_url,
        demo: true,
        secret_key: None,
    });
    let mailer = Mailer::new(None, None, &site.public_url)?;
    let state = AppState {
        db: pool.clone(),
        clock,
        live: fairshift::live::Live::default(),
        site,
        fetcher: Fetcher::new(false),
        mailer,
    };
    let service = app::router(state).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let (cookie, feed) = engineer(&url).await?;
    println!(
        "{CLIENTS} clients, {} requests each time",
        CLIENTS * REQUESTS
    );
    println!("page      bytes  requests/s  p99 ms  bare requests/s  bare p99 ms  ratio");
    for (name, address) in [("home", format!("{url}/")), ("feed", feed)] {
        let (body, kind) = fetch(&client()?, &address, &cookie).await?;
        let bytes = body.len();
        let bare = serve_bare(body, kind).await?;
        // The first round warms up and is not counted.
        load(&address, &cookie).await?;
        let ours = load(&address, &cookie).await?;
        load(&bare, &cookie).await?;
        let theirs = load(&bare, &cookie).await?;
        println!(
            "{name:<8} {bytes:>6}  {:>10.0}  {:>6.1}  {:>15.0}  {:>11.1}  1 : {:.1}",
            ours.rate,
            ours.slowest,
            theirs.rate,
            theirs.slowest,
            theirs.rate / ours.rate,
        );
    }
    pool.close().await;
    Ok(())
}

fn client() -> reqwest::Result<Client> {
    let redirect = reqwest::redirect::Policy::none();
    Client::builder()
        .no_proxy()
        .no_gzip()
        .redirect(redirect)
        .build()
}

/// A session of the demo's engineer and the address of a feed of hers.
async fn engineer(url: &str) -> Outcome<(String, String)> {
    let client = client()?;
    let fields = [
        ("email", "engineer@example.com"),
        ("password", demo::PASSWORD),
    ];
    let sign_in = client
        .post(format!("{url}/sign-in"))
        .header("origin", url)
        .form(&fields);
    let answer = sign_in.send().await?;
    let cookie = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|c| c.to_str().ok()?.split(';').next())
        .find(|c| c.contains("session="))
        .ok_or("no session")?
        .to_owned();
    let make = client
        .post(format!("{url}/calendar/feeds"))
        .header("origin", url)
        .header("cookie", &cookie)
        .form(&[("team", "")]);
    let page = make.send().await?.text().await?;
    let start = page
        .find(&format!("{url}/calendar/"))
        .ok_or("no feed address")?;
    let feed = page.get(start..).and_then(|rest| rest.split('"').next());
    Ok((cookie, feed.ok_or("no feed address")?.to_owned()))
}

/// The same bytes from a handler that does nothing else.
async fn serve_bare(body: String, kind: String) -> Outcome<String> {
    let body: &'static str = body.leak();
    let handler = get(move || async move { ([(CONTENT_TYPE, kind)], body) });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}/", listener.local_addr()?);
    let router = Router::new().route("/", handler);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

async fn fetch(client: &Client, address: &str, cookie: &str) -> Outcome<(String, String)> {
    let answer = client.get(address).header("cookie", cookie).send().await?;
    if answer.status() != 200 {
        return Err(format!("{address}: {}", answer.status()).into());
    }
    let kind = answer.headers().get(CONTENT_TYPE).ok_or("no kind")?;
    let kind = kind.to_str()?.to_owned();
    Ok((answer.text().await?, kind))
}

struct Measured {
    /// Requests a second, all clients together.
    rate: f64,
    /// Milliseconds that 99 of 100 requests stay under.
    slowest: f64,
}

async fn load(address: &str, cookie: &str) -> Outcome<Measured> {
    let start = Instant::now();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (address, cookie) = (address.to_owned(), cookie.to_owned());
        clients.push(tokio::spawn(async move {
            let client = client()?;
            let mut times = Vec::with_capacity(REQUESTS);
            for _ in 0..REQUESTS {
                let sent = Instant::now();
                fetch(&client, &address, &cookie).await?;
                times.push(sent.elapsed());
            }
            Outcome::Ok(times)
        }));
    }
    let mut times: Vec<Duration> = Vec::new();
    for client in clients {
        times.extend(client.await??);
    }
    let all = start.elapsed().as_secs_f64();
    times.sort();
    let slowest = times.get(times.len() * 99 / 100).ok_or("no request")?;
    #[allow(clippy::cast_precision_loss)] // A few thousand.
    let rate = times.len() as f64 / all;
    Ok(Measured {
        rate,
        slowest: slowest.as_secs_f64() * 1000.0,
    })
}
