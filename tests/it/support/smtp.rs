//! A mail server that keeps what it is given, and misbehaves when told to.
//!
//! ```ignore
//! let sink = Sink::start().await;
//! let app = TestApp::start_with_mail(&sink).await;
//! app.work().await;                       // does what is due
//! let mail = &sink.mails()[0];            // as it came over the wire
//! let read = mail.read();                 // as Python's email package reads it
//! let link = mail.link("/offers/");       // an address in its text
//! ```

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::companion::{Companion, own_folder};
use super::database::remove_at_the_end;

/// How the server misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not at all.
    None,
    /// Refuses this recipient for good.
    RefuseRecipient(&'static str),
    /// Takes no recipient now.
    Later,
    /// Keeps the mail, then drops the connection instead of saying so.
    DropAfterData,
    /// Never says anything.
    Silent,
    /// Says what no mail server says.
    Garbage,
    /// Greets with this.
    Greets(&'static str),
    /// Answers a user name and password with this.
    Auth(&'static str),
    /// Answers the sender with this.
    Sender(&'static str),
    /// Answers the message with this.
    Message(&'static str),
    /// Keeps the mail, and takes its time to say so.
    SlowToKeep(Duration),
    /// Keeps the mail, and never says anything again.
    StallAfterData,
}

/// When the server begins TLS.
#[derive(Clone)]
pub enum Tls {
    Never,
    AtOnce(TlsAcceptor),
    Offered(TlsAcceptor),
}

/// A certificate for localhost and names below example.com, by an authority made for the test.
pub struct Authority {
    /// Its certificate: who trusts it has `SSL_CERT_FILE` name this file.
    pub file: PathBuf,
    pub acceptor: TlsAcceptor,
    _folder: Companion,
}

impl Authority {
    /// Made by the machine's own program.
    pub fn new(name: &str) -> Self {
        let folder = own_folder(name);
        std::fs::create_dir_all(&folder).unwrap();
        let companion = remove_at_the_end(&folder);
        let openssl = |arguments: &str| {
            let output = Command::new("openssl")
                .args(arguments.split(' '))
                .current_dir(&folder)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arguments}: {said}");
        };
        std::fs::write(
            folder.join("names"),
            "subjectAltName=DNS:localhost,DNS:*.example.com",
        )
        .unwrap();
        openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=Authority -keyout ca.key -out ca.pem",
        );
        openssl("req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out csr.pem");
        openssl(
            "x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -days 2 -extfile names -out cert.pem",
        );
        Self {
            acceptor: acceptor(&folder),
            file: folder.join("ca.pem"),
            _folder: companion,
        }
    }
}

fn acceptor(folder: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Received {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// The message.
    pub raw: String,
    /// Whether it came by TLS.
    pub encrypted: bool,
}

/// A mail as Python's email package reads it.
#[derive(Clone, Debug, Deserialize)]
pub struct Read {
    pub headers: std::collections::BTreeMap<String, String>,
    /// The tree of parts, depth first.
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Part {
    /// "multipart/mixed".
    pub kind: String,
    pub depth: usize,
    pub method: Option<String>,
    pub file: Option<String>,
    pub content: String,
}

impl Read {
    /// The content of the first part of that kind.
    pub fn part(&self, kind: &str) -> &str {
        let found = self.parts.iter().find(|part| part.kind == kind);
        &found
            .unwrap_or_else(|| panic!("no {kind}: {self:?}"))
            .content
    }
}

impl Received {
    pub fn read(&self) -> Read {
        let script = "
import email, email.policy, json, sys
message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = []
def walk(part, depth):
    parts.append({'kind': part.get_content_type(), 'depth': depth, 'method': part.get_param('method'),
        'file': part.get_filename(),
        'content': '' if part.is_multipart() else part.get_payload(decode=True).decode('utf-8')})
    if part.is_multipart():
        for inner in part.iter_parts(): walk(inner, depth + 1)
walk(message, 0)
print(json.dumps({'headers': {k.lower(): str(v) for k, v in message.items()}, 'parts': parts}))";
        let mut python = Command::new("python3")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = python.stdin.take().unwrap();
        stdin.write_all(self.raw.as_bytes()).unwrap();
        drop(stdin);
        let output = python.wait_with_output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The first address in its text whose path begins so, as a path.
    pub fn link(&self, path: &str) -> String {
        let text = self.read().part("text/plain").to_owned();
        let found = text.split_whitespace().find_map(|word| {
            let (_, rest) = word.strip_prefix("http")?.split_once("://")?;
            let at = rest.find('/')?;
            rest[at..].starts_with(path).then(|| rest[at..].to_owned())
        });
        found.unwrap_or_else(|| panic!("no link to {path}: {text}"))
    }
}

/// A mail server, until it is dropped with the test's runtime.
#[derive(Clone)]
pub struct Sink {
    /// As for `FAIRSHIFT_SMTP_URL`.
    pub url: String,
    pub mails: Arc<Mutex<Vec<Received>>>,
    pub fault: Arc<Mutex<Fault>>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A conversation's two sides, lines as they come.
struct Line {
    stream: BufReader<Box<dyn Stream>>,
    encrypted: bool,
}

impl Line {
    fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream: BufReader::new(stream),
            encrypted: false,
        }
    }

    async fn encrypt(self, acceptor: &TlsAcceptor) -> std::io::Result<Self> {
        let stream = acceptor.accept(self.stream.into_inner()).await?;
        Ok(Self {
            encrypted: true,
            ..Self::new(Box::new(stream))
        })
    }

    /// The next line; none where the other side has left.
    async fn read(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let got = self.stream.read_line(&mut line).await?;
        Ok((got > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
    }

    async fn say(&mut self, words: &str) -> std::io::Result<()> {
        self.stream
            .write_all(format!("{words}\r\n").as_bytes())
            .await?;
        self.stream.flush().await
    }
}

impl Sink {
    pub async fn start() -> Self {
        Self::start_with(Tls::Never).await
    }

    pub async fn start_with(tls: Tls) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            mails: Arc::default(),
            fault: Arc::new(Mutex::new(Fault::None)),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sink, tls) = (serving.clone(), tls.clone());
                tokio::spawn(async move { sink.talk(Line::new(Box::new(stream)), tls).await });
            }
        });
        sink
    }

    /// Misbehaves from now on, in new conversations too.
    pub fn fault(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// What it was given, in order.
    pub fn mails(&self) -> Vec<Received> {
        self.mails.lock().unwrap().clone()
    }

    /// What it was given for an address, in order.
    pub fn mails_to(&self, address: &str) -> Vec<Received> {
        let mut mails = self.mails();
        mails.retain(|mail| mail.to.iter().any(|to| to == address));
        mails
    }

    /// One conversation; an error is the other side's leaving.
    async fn talk(&self, mut line: Line, tls: Tls) -> std::io::Result<()> {
        let fault = || self.fault.lock().unwrap().clone();
        if let Tls::AtOnce(acceptor) = &tls {
            line = line.encrypt(acceptor).await?;
        }
        match fault() {
            Fault::Silent => return std::future::pending().await,
            Fault::Garbage => return line.say("HTTP/1.1 200 OK\r\n").await,
            Fault::Greets(words) => line.say(words).await?,
            _ => line.say("220 sink ESMTP").await?,
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Some(said) = line.read().await? {
            let upper = said.to_uppercase();
            let answer = if upper.starts_with("EHLO") {
                if matches!(tls, Tls::Offered(_)) && !line.encrypted {
                    line.say("250-sink\r\n250-STARTTLS").await?;
                }
                "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"
            } else if upper == "STARTTLS"
                && let Tls::Offered(acceptor) = &tls
            {
                line.say("220 go on").await?;
                line = line.encrypt(acceptor).await?;
                continue;
            } else if upper.starts_with("AUTH") {
                match fault() {
                    Fault::Auth(words) => words,
                    _ => "235 welcome",
                }
            } else if upper.starts_with("MAIL FROM:") {
                from = address(&said);
                match fault() {
                    Fault::Sender(words) => words,
                    _ => "250 ok",
                }
            } else if upper.starts_with("RCPT TO:") {
                let recipient = address(&said);
                match fault() {
                    Fault::RefuseRecipient(refused) if refused == recipient => {
                        "550 5.1.1 <gone@example.com>: no such mailbox"
                    }
                    Fault::Later => "451 4.3.0 come back later",
                    _ => {
                        to.push(recipient);
                        "250 ok"
                    }
                }
            } else if upper == "DATA" {
                line.say("354 go on").await?;
                let mut raw = String::new();
                while let Some(said) = line.read().await? {
                    if said == "." {
                        break;
                    }
                    raw.push_str(said.strip_prefix('.').unwrap_or(&said));
                    raw.push_str("\r\n");
                }
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                let fault = fault();
                if let Fault::Message(words) = fault {
                    line.say(words).await?;
                    continue;
                }
                let encrypted = line.encrypted;
                self.mails.lock().unwrap().push(Received {
                    from,
                    to,
                    raw,
                    encrypted,
                });
                match fault {
                    Fault::DropAfterData => return Ok(()),
                    Fault::StallAfterData => return std::future::pending().await,
                    // The other side's patience is real time, so this is, too.
                    Fault::SlowToKeep(time) => tokio::time::sleep(time).await,
                    _ => {}
                }
                "250 kept"
            } else if upper == "QUIT" {
                return line.say("221 bye").await;
            } else {
                if upper == "RSET" {
                    to.clear();
                }
                "250 ok"
            };
            line.say(answer).await?;
        }
        Ok(())
    }
}

fn address(line: &str) -> String {
    let inner = line.split(['<', '>']).nth(1);
    inner.unwrap_or_default().to_owned()
}
