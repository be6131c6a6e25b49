//! A web server that does as it is told, for calendars that behave and calendars that don't.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// How a path answers.
#[derive(Clone)]
pub enum Reply {
    /// A calendar, with an `ETag`: asked again with it, 304.
    Calendar(String),
    /// A status, a content type, and a body.
    With(u16, &'static str, Vec<u8>),
    /// A status with one more header.
    Header(u16, String),
    /// Says how long the body is and ends before.
    Cut(Vec<u8>),
    /// Never ends: of this, again and again, packed or not.
    Endless,
    /// A gzip of 50 MB of blanks.
    Bomb,
    /// Takes the request and says nothing.
    Silent,
    /// Answers like the other once it is let.
    Later(Arc<Notify>, Box<Self>),
    /// Of this, a byte every so often.
    Drip(Vec<u8>),
}

#[derive(Default)]
struct Script {
    replies: BTreeMap<String, Reply>,
    /// First lines of requests, with what matters of their headers.
    asked: Vec<String>,
}

/// The server, on a port of its own, until the test ends.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_by(None).await
    }

    /// One that speaks TLS.
    pub async fn start_with_tls(acceptor: TlsAcceptor) -> Self {
        Self::start_by(Some(acceptor)).await
    }

    async fn start_by(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::default()));
        let server = Self {
            url,
            script: Arc::clone(&script),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, tls) = (Arc::clone(&script), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serve(tls.accept(stream).await?, script).await,
                        None => serve(stream, script).await,
                    }
                });
            }
        });
        server
    }

    /// Waits until it was asked for the so manieth time.
    pub async fn asked_for(&self, times: usize) {
        while self.asked().len() < times {
            tokio::task::yield_now().await;
        }
    }

    /// From now on `path` answers so, or a method and a path like `PROPFIND /a/`. A REPORT that asks for entries
    /// by name is a `MULTIGET`, one that asks for times only a `FREEBUSY`.
    pub fn reply(&self, path: &str, reply: Reply) {
        let mut script = self.script.lock().unwrap();
        script.replies.insert(path.to_owned(), reply);
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.script.lock().unwrap().asked.clone()
    }
}

fn tag(body: &str) -> String {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:x}\"", hasher.finish())
}

/// A request: its method, or what a REPORT is about; its path; its head.
struct Request {
    method: String,
    path: String,
    head: String,
}

impl Request {
    /// None where the connection ends before.
    async fn read(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Option<Self>> {
        let mut all = Vec::new();
        let mut end = None;
        let mut length = 0;
        let mut bytes = [0; 4096];
        while end.is_none_or(|end| all.len() < end + length) {
            let n = stream.read(&mut bytes).await?;
            if n == 0 {
                return Ok(None);
            }
            all.extend_from_slice(&bytes[..n]);
            if end.is_none() {
                let blank = all.windows(4).position(|w| w == b"\r\n\r\n");
                end = blank.map(|at| at + 4);
                let head = String::from_utf8_lossy(&all);
                length = header(&head, "content-length").parse().unwrap_or(0);
            }
        }
        let body = all.split_off(end.unwrap_or(0));
        let (head, body) = (
            String::from_utf8_lossy(&all),
            String::from_utf8_lossy(&body),
        );
        let mut words = head.split(' ');
        let method = words.next().unwrap_or_default();
        let method = if body.contains("calendar-multiget") {
            "MULTIGET"
        } else if body.contains("free-busy-query") {
            "FREEBUSY"
        } else {
            method
        };
        Ok(Some(Self {
            method: method.to_owned(),
            path: words.next().unwrap_or_default().to_owned(),
            head: head.into_owned(),
        }))
    }
}

fn header(head: &str, name: &str) -> String {
    let value = head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    value.unwrap_or_default()
}

impl Script {
    /// Notes what was asked, and says how to answer.
    fn ask(&mut self, request: &Request) -> Option<Reply> {
        let Request { method, path, head } = request;
        let first = head.lines().next().unwrap_or_default();
        let mut line = first.replace("REPORT", method);
        for name in ["if-none-match", "authorization"] {
            let value = header(head, name);
            if !value.is_empty() {
                line = format!("{line} {name}: {value}");
            }
        }
        assert!(
            header(head, "user-agent").starts_with("Fairshift/"),
            "{head}"
        );
        self.asked.push(line);
        let of_method = self.replies.get(&format!("{method} {path}"));
        of_method.or(self.replies.get(path)).cloned()
    }
}

/// One request for each connection. What goes wrong here is the other side's to notice.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    script: Arc<Mutex<Script>>,
) -> std::io::Result<()> {
    let Some(request) = Request::read(&mut stream).await? else {
        return Ok(());
    };
    let reply = script.lock().unwrap().ask(&request);
    let reply = match reply {
        Some(Reply::Later(let_go, reply)) => {
            let_go.notified().await;
            Some(*reply)
        }
        reply => reply,
    };
    // What a CalDAV server answers.
    let fine = if request.method == "GET" { 200 } else { 207 };
    let plain = |status: u16, more: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{more}\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    match reply {
        None => stream.write_all(&plain(404, "", b"")).await?,
        Some(Reply::Calendar(body)) => {
            let tag = tag(&body);
            let answer = if header(&request.head, "if-none-match") == tag {
                plain(304, &format!("etag: {tag}\r\n"), b"")
            } else {
                let more = format!("content-type: text/calendar\r\netag: {tag}\r\n");
                plain(200, &more, body.as_bytes())
            };
            stream.write_all(&answer).await?;
        }
        Some(Reply::With(status, kind, body)) => {
            let more = format!("content-type: {kind}\r\n");
            stream.write_all(&plain(status, &more, &body)).await?;
        }
        Some(Reply::Header(status, line)) => {
            let answer = plain(status, &format!("{line}\r\n"), b"");
            stream.write_all(&answer).await?;
        }
        Some(Reply::Cut(body)) => {
            let head = format!("HTTP/1.1 {fine} OK\r\ncontent-length: 100000\r\n\r\n");
            let head = head.as_bytes();
            stream.write_all(&[head, &body].concat()).await?;
        }
        Some(Reply::Endless) => {
            let head = format!(
                "HTTP/1.1 {fine} OK\r\ncontent-type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            let line = b"X-MORE:and more\r\n".repeat(1000);
            loop {
                stream.write_all(&line).await?;
            }
        }
        Some(Reply::Bomb) => {
            let bomb = bomb();
            let more = "content-type: text/calendar\r\ncontent-encoding: gzip\r\n";
            stream.write_all(&plain(200, more, &bomb)).await?;
        }
        Some(Reply::Later(..)) => unreachable!(),
        Some(Reply::Drip(body)) => {
            let head = "HTTP/1.1 207 X\r\ncontent-length: 100000\r\n\r\n".as_bytes();
            stream.write_all(head).await?;
            for byte in body {
                stream.write_all(&[byte]).await?;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        Some(Reply::Silent) => {
            let mut rest = [0; 1];
            // Until the other side has had enough.
            while stream.read(&mut rest).await? > 0 {}
        }
    }
    stream.shutdown().await
}

/// A gzip of 50 MB of blanks, by the machine's own program.
fn bomb() -> Vec<u8> {
    use std::process::{Command, Stdio};
    let mut gzip = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || {
        let blanks = vec![b' '; 1_000_000];
        for _ in 0..50 {
            stdin.write_all(&blanks).unwrap();
        }
    });
    let output = gzip.wait_with_output().unwrap();
    feeding.join().unwrap();
    output.stdout
}
