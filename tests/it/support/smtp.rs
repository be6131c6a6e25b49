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
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

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

impl Sink {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            url: format!("smtp://{}", listener.local_addr().unwrap()),
            mails: Arc::default(),
            fault: Arc::new(Mutex::new(Fault::None)),
        };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = serving.clone();
                tokio::spawn(async move { sink.talk(stream).await });
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
    async fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let fault = || self.fault.lock().unwrap().clone();
        match fault() {
            Fault::Silent => return std::future::pending().await,
            Fault::Garbage => return write.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await,
            _ => write.write_all(b"220 sink ESMTP\r\n").await?,
        }
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Some(line) = lines.next_line().await? {
            let upper = line.to_uppercase();
            let answer = if upper.starts_with("EHLO") {
                "250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN"
            } else if upper.starts_with("AUTH") {
                "235 welcome"
            } else if upper.starts_with("MAIL FROM:") {
                from = address(&line);
                "250 ok"
            } else if upper.starts_with("RCPT TO:") {
                let recipient = address(&line);
                match fault() {
                    Fault::RefuseRecipient(refused) if refused == recipient => {
                        "550 5.1.1 no such mailbox"
                    }
                    Fault::Later => "451 4.3.0 come back later",
                    _ => {
                        to.push(recipient);
                        "250 ok"
                    }
                }
            } else if upper == "DATA" {
                write.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                    raw.push_str("\r\n");
                }
                let (from, to) = (std::mem::take(&mut from), std::mem::take(&mut to));
                self.mails.lock().unwrap().push(Received { from, to, raw });
                if fault() == Fault::DropAfterData {
                    return Ok(());
                }
                "250 kept"
            } else if upper == "QUIT" {
                return write.write_all(b"221 bye\r\n").await;
            } else {
                if upper == "RSET" {
                    to.clear();
                }
                "250 ok"
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}

fn address(line: &str) -> String {
    let inner = line.split(['<', '>']).nth(1);
    inner.unwrap_or_default().to_owned()
}
