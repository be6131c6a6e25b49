//! A real calendar server, Radicale, and a line to it that breaks when a test wants it to.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::companion::{Companion, own_folder};
use crate::clients::ensure_clients;

/// The user of every server.
pub const USER: &str = "ayse";
/// Their password, until a test changes it.
pub const PASSWORD: &str = "app-password";

/// Radicale on a port of this machine, with one user.
pub struct Radicale {
    folder: PathBuf,
    port: u16,
    running: Option<Companion>,
    client: Client,
}

impl Radicale {
    /// Starts it, with the calendars `work` and `home`.
    pub async fn start() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = own_folder(&format!("radicale-{number}"));
        fs::create_dir_all(&folder).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut server = Self {
            folder,
            port: free.local_addr().unwrap().port(),
            running: None,
            client: Client::builder().no_proxy().build().unwrap(),
        };
        drop(free);
        server.set_password(PASSWORD);
        server.go().await;
        for calendar in ["work", "home"] {
            let made = server
                .ask("MKCALENDAR", &format!("/{USER}/{calendar}/"), "")
                .await;
            assert_eq!(made.status(), 201, "{calendar}");
        }
        server
    }

    /// Runs it, after [`Self::stop`] again.
    pub async fn go(&mut self) {
        let python = ensure_clients().join("python");
        let config = self.folder.join("config");
        let text = format!(
            "[server]\nhosts = 127.0.0.1:{}\n[auth]\ntype = htpasswd\nhtpasswd_filename = {users}\n\
             htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {store}\n",
            self.port,
            users = self.folder.join("users").display(),
            store = self.folder.join("store").display(),
        );
        fs::write(&config, text).unwrap();
        let script = r#"
            "$1" -m radicale --config "$2" </dev/null >"$3/log" 2>&1 &
            while read -r _; do :; done
            kill $! 2>/dev/null
            wait
        "#;
        let arguments = [python.as_path(), config.as_path(), self.folder.as_path()];
        self.running = Some(Companion::start(script, &arguments, &self.folder));
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = || fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(
                begun.elapsed().as_secs() < 60,
                "Radicale does not start: {}",
                log()
            );
            tokio::task::yield_now().await;
        }
    }

    /// Ends it; what it keeps stays.
    pub async fn stop(&mut self) {
        self.running = None;
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Gives the user another password.
    pub fn set_password(&self, password: &str) {
        fs::write(self.folder.join("users"), format!("{USER}:{password}\n")).unwrap();
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What another client of the same user asks.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> reqwest::Response {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let users = fs::read_to_string(self.folder.join("users")).unwrap();
        let password = users.trim().split_once(':').unwrap().1;
        self.client
            .request(method, format!("{}{path}", self.url()))
            .basic_auth(USER, Some(password))
            .header("content-type", "text/calendar; charset=utf-8")
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// A whole calendar as one file; none where it is gone.
    pub async fn calendar(&self, name: &str) -> Option<String> {
        let answer = self.ask("GET", &format!("/{USER}/{name}/"), "").await;
        match answer.status().as_u16() {
            200 => Some(answer.text().await.unwrap()),
            404 => None,
            other => panic!("{other}"),
        }
    }
}

impl Drop for Radicale {
    fn drop(&mut self) {
        self.running = None;
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// How a [`Line`] is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mode {
    /// It carries all there and back.
    Good,
    /// Requests of that method arrive, and their answers never come back.
    Deaf(&'static str),
    /// Requests of that method do not arrive where the path has this in it; they get that status instead.
    Refuse(&'static str, String, u16),
    /// It makes the names of versions weak, as proxies that pack do; and packs nothing itself, whatever is
    /// asked.
    Weak,
}

/// What stands between us and a server.
#[derive(Clone)]
pub struct Line {
    /// Its address.
    pub url: String,
    inner: Arc<Inner>,
}

struct Inner {
    server: String,
    client: Client,
    mode: Mutex<Mode>,
    log: Mutex<Vec<(String, String, u16)>>,
    swallowed: Notify,
}

impl Line {
    /// A good line to a server.
    pub async fn to(server: &Radicale) -> Self {
        let inner = Arc::new(Inner {
            server: server.url(),
            client: Client::builder().no_proxy().build().unwrap(),
            mode: Mutex::new(Mode::Good),
            log: Mutex::default(),
            swallowed: Notify::new(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(carry).with_state(inner.clone());
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, inner }
    }

    pub fn set(&self, mode: Mode) {
        *self.inner.mode.lock().unwrap() = mode;
    }

    /// Waits until an answer was swallowed.
    pub async fn swallowed(&self) {
        self.inner.swallowed.notified().await;
    }

    /// What was asked since the last call, without questions: method and path, and the status.
    pub fn writes(&self) -> Vec<(String, String, u16)> {
        let mut all = std::mem::take(&mut *self.inner.log.lock().unwrap());
        all.retain(|(method, ..)| ["PUT", "DELETE"].contains(&method.as_str()));
        all
    }

    /// How many requests came since the last call.
    pub fn requests(&self) -> usize {
        std::mem::take(&mut *self.inner.log.lock().unwrap()).len()
    }
}

async fn carry(
    State(line): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mode = line.mode.lock().unwrap().clone();
    if let Mode::Refuse(refused, part, status) = &mode
        && *refused == method.as_str()
        && uri.path().contains(part.as_str())
    {
        let entry = (method.to_string(), uri.path().to_owned(), *status);
        line.log.lock().unwrap().push(entry);
        return StatusCode::from_u16(*status).unwrap().into_response();
    }
    if mode == Mode::Weak
        && headers
            .get("accept-encoding")
            .is_none_or(|e| e != "identity")
    {
        return StatusCode::NOT_ACCEPTABLE.into_response();
    }
    let mut headers = headers;
    headers.remove("host");
    let asked = line
        .client
        .request(method.clone(), format!("{}{uri}", line.server))
        .headers(headers)
        .body(body)
        .send()
        .await;
    let note = |status: u16| {
        let entry = (method.to_string(), uri.path().to_owned(), status);
        line.log.lock().unwrap().push(entry);
    };
    let Ok(answer) = asked else {
        note(502);
        return StatusCode::BAD_GATEWAY.into_response();
    };
    note(answer.status().as_u16());
    let mode = line.mode.lock().unwrap().clone();
    if matches!(mode, Mode::Deaf(deaf) if deaf == method.as_str()) {
        line.swallowed.notify_one();
        std::future::pending::<()>().await;
    }
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.unwrap_or_default();
    let mut response = (status, body).into_response();
    for name in ["etag", "content-type", "www-authenticate"] {
        if let Some(value) = headers.get(name) {
            let mut value = value.clone();
            if name == "etag" && mode == Mode::Weak {
                value = format!("W/{}", value.to_str().unwrap()).parse().unwrap();
            }
            response.headers_mut().insert(name, value);
        }
    }
    response
}
