//! A server that is posted to: it keeps what came, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How an address answers.
#[derive(Clone)]
pub enum Reply {
    Status(u16),
    /// A status and one more header.
    Header(u16, String),
    /// Never.
    Silence,
}

/// What was posted.
#[derive(Clone, Debug)]
pub struct Posted {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Posted {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

#[derive(Default)]
struct Script {
    posted: Vec<Posted>,
    /// Answers to come, by path; 200 where there are none.
    replies: BTreeMap<String, VecDeque<Reply>>,
    /// From then on.
    always: BTreeMap<String, Reply>,
}

/// A server that is posted to.
#[derive(Clone)]
pub struct Receiver {
    url: String,
    script: Arc<Mutex<Script>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            script: Arc::default(),
        };
        let script = Arc::clone(&receiver.script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(receive(stream, Arc::clone(&script)));
            }
        });
        receiver
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Answers the next posts to a path so.
    pub fn next(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut script = self.script.lock().unwrap();
        let queue = script.replies.entry(path.to_owned()).or_default();
        queue.extend(replies);
    }

    /// Answers all posts to a path so.
    pub fn always(&self, path: &str, reply: Reply) {
        let mut script = self.script.lock().unwrap();
        script.always.insert(path.to_owned(), reply);
    }

    pub fn posted(&self) -> Vec<Posted> {
        self.script.lock().unwrap().posted.clone()
    }

    /// The titles that came to a path as JSON, in order.
    pub fn titles(&self, path: &str) -> Vec<String> {
        let posted = self.posted();
        let theirs = posted.iter().filter(|posted| posted.path == path);
        let titles = theirs.map(|posted| posted.json()["title"].as_str().unwrap().to_owned());
        titles.collect()
    }
}

/// One request of a connection. What goes wrong here is the other side's to notice.
async fn receive(mut stream: TcpStream, script: Arc<Mutex<Script>>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap();
    assert!(first.starts_with("POST "), "{first}");
    let path = first.split(' ').nth(1).unwrap().to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers["content-length"].parse().unwrap();
    while bytes.len() < end + length {
        stream.read_buf(&mut bytes).await?;
    }
    let body = String::from_utf8(bytes[end..].to_vec()).unwrap();
    let reply = {
        let mut script = script.lock().unwrap();
        let next = script.replies.get_mut(&path).and_then(VecDeque::pop_front);
        let reply = next.or_else(|| script.always.get(&path).cloned());
        script.posted.push(Posted {
            path,
            headers,
            body,
        });
        reply.unwrap_or(Reply::Status(200))
    };
    let answer = match reply {
        Reply::Status(status) => format!("HTTP/1.1 {status} X\r\n"),
        Reply::Header(status, line) => format!("HTTP/1.1 {status} X\r\n{line}\r\n"),
        Reply::Silence => return std::future::pending().await,
    };
    let answer = format!("{answer}connection: close\r\ncontent-length: 0\r\n\r\n");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
