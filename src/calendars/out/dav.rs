//! Entries in a calendar on a CalDAV server (RFC 4791): one file each.

use std::time::{Duration, Instant};

use axum::http::{HeaderName, Method, StatusCode, header};
use reqwest::{RequestBuilder, Response};

use crate::calendars::model::Answer;
use crate::fetch::{self, Fetcher};

/// One request, to the last octet of its answer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Octets of an entry that are read at most.
const MOST_OCTETS: usize = 256 * 1024;

/// What the server is asked to find out whether a calendar is there.
const IS_THERE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\
    <propfind xmlns=\"DAV:\"><prop><resourcetype/></prop></propfind>";

/// Why an entry can't be written, in words for its owner; without any part of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It may go better later.
    Later(String),
    /// Only its owner can help.
    Refused(&'static str),
    /// The calendar is not there any more.
    Gone,
    /// The server answers so about this one entry; the calendar itself is there.
    Entry(StatusCode),
}

/// A calendar that we may write to.
pub struct Calendar<'a> {
    /// Asks.
    pub fetcher: &'a Fetcher,
    /// The user's name there.
    pub user: &'a str,
    /// Their password there.
    pub password: &'a str,
    /// Its address.
    pub url: &'a str,
    /// Nothing is asked after this.
    pub deadline: Instant,
}

/// A file that is there.
pub struct File {
    /// The server's name for this version.
    pub etag: String,
    /// The file.
    pub text: String,
}

impl Calendar<'_> {
    /// The file at that address; none where none is.
    pub async fn read(&self, href: &str) -> Result<Option<File>, Trouble> {
        let response = self.send(Method::GET, href, |ask| ask).await?;
        match response.status() {
            StatusCode::OK => {
                let etag = etag(&response).ok_or(Trouble::Refused(
                    "The server names no versions of entries, so Fairshift can't tell what you changed there. Choose another way.",
                ))?;
                let text = text(response).await?;
                Ok(Some(File { etag, text }))
            }
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                self.must_be_there().await?;
                Ok(None)
            }
            status => Err(trouble(status)),
        }
    }

    /// Writes a file where none is.
    pub async fn create(&self, href: &str, text: String) -> Result<Answer, Trouble> {
        self.write(href, text, header::IF_NONE_MATCH, "*").await
    }

    /// Writes a file over that version.
    pub async fn overwrite(&self, href: &str, etag: &str, text: String) -> Result<Answer, Trouble> {
        self.write(href, text, header::IF_MATCH, etag).await
    }

    /// Removes that version.
    pub async fn delete(&self, href: &str, etag: &str) -> Result<Answer, Trouble> {
        let ask = |ask: RequestBuilder| ask.header(header::IF_MATCH, etag);
        let response = self.send(Method::DELETE, href, ask).await?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => Ok(Answer::Deleted),
            StatusCode::PRECONDITION_FAILED => Ok(Answer::Clash),
            status if status.is_success() => Ok(Answer::Deleted),
            status => Err(self.whose(status).await),
        }
    }

    async fn write(
        &self,
        href: &str,
        text: String,
        condition: HeaderName,
        version: &str,
    ) -> Result<Answer, Trouble> {
        let ask = |ask: RequestBuilder| {
            ask.header(condition, version)
                .header(header::CONTENT_TYPE, "text/calendar; charset=utf-8")
                .body(text)
        };
        let response = self.send(Method::PUT, href, ask).await?;
        match response.status() {
            status if status.is_success() => Ok(Answer::Stored(etag(&response))),
            StatusCode::PRECONDITION_FAILED => Ok(Answer::Clash),
            // No such entry to write over, or no such calendar to write into.
            StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::CONFLICT => {
                self.must_be_there().await?;
                Ok(Answer::Clash)
            }
            status => Err(self.whose(status).await),
        }
    }

    /// Whether an answer to writing or removing an entry is about that entry alone: the calendar can be asked
    /// all the same.
    async fn whose(&self, status: StatusCode) -> Trouble {
        let of_all = match status.as_u16() {
            401 | 408 | 429 | 502..=504 | 507 => true,
            code => code < 400,
        };
        if of_all {
            return trouble(status);
        }
        match self.must_be_there().await {
            Ok(()) => Trouble::Entry(status),
            Err(trouble) => trouble,
        }
    }

    /// Asks whether the calendar itself is there.
    pub async fn must_be_there(&self) -> Result<(), Trouble> {
        let method =
            Method::from_bytes(b"PROPFIND").map_err(|error| Trouble::Later(error.to_string()))?;
        let ask = |ask: RequestBuilder| {
            ask.header("depth", "0")
                .header(header::CONTENT_TYPE, "application/xml; charset=utf-8")
                .body(IS_THERE)
        };
        let response = self.send(method, self.url, ask).await?;
        match response.status() {
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(Trouble::Gone),
            status if status.is_success() => Ok(()),
            status => Err(trouble(status)),
        }
    }

    async fn send(
        &self,
        method: Method,
        address: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder + Send,
    ) -> Result<Response, Trouble> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Trouble::Later("The server answers too slowly.".to_owned()));
        }
        let ask = self
            .fetcher
            .request(method, address)
            .map_err(|error| Trouble::Later(format!("The calendar's address {error}.")))?
            .timeout(left.min(PATIENCE))
            // What is packed on the way gets another version's name from some servers.
            .header(header::ACCEPT_ENCODING, "identity");
        with(ask.basic_auth(self.user, Some(self.password)))
            .send()
            .await
            .map_err(|error| {
                Trouble::Later(format!(
                    "The server can't be reached: {}.",
                    fetch::reason(&error)
                ))
            })
    }
}

/// The version's name, as a condition needs it: by the rules a weak one is like no other, but some proxies
/// make strong ones weak on their way.
fn etag(response: &Response) -> Option<String> {
    let etag = response.headers().get(header::ETAG)?.to_str().ok()?;
    let etag = etag.strip_prefix("W/").unwrap_or(etag);
    (!etag.is_empty() && etag.len() <= 1000).then(|| etag.to_owned())
}

/// The text, as far as it is looked at: what is longer is nothing that we wrote.
async fn text(mut response: Response) -> Result<String, Trouble> {
    let mut body = vec![];
    while body.len() < MOST_OCTETS {
        let chunk = response.chunk().await.map_err(|error| {
            Trouble::Later(format!(
                "The server can't be read: {}.",
                fetch::reason(&error)
            ))
        })?;
        let Some(chunk) = chunk else { break };
        body.extend_from_slice(&chunk);
    }
    body.truncate(MOST_OCTETS);
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// What a status means for the calendar as a whole.
pub fn trouble(status: StatusCode) -> Trouble {
    match status.as_u16() {
        401 => Trouble::Refused(
            "The server doesn't accept the user and password any more. Enter them again where the account is connected.",
        ),
        403 | 405 => Trouble::Refused(
            "The server doesn't let Fairshift write into this calendar. Choose one that is yours and not read-only.",
        ),
        507 => Trouble::Later("The server says that the calendar is full (507).".to_owned()),
        code => Trouble::Later(format!(
            "The server answers {code} instead of taking the entry."
        )),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// However often it is asked: nothing is begun after the deadline, and no answer is waited for beyond it,
    /// whether none comes or one that never ends.
    #[tokio::test]
    async fn no_server_is_waited_for_beyond_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/work/", listener.local_addr().unwrap());
        let fetcher = Fetcher::new(true);
        let until = |deadline| Calendar {
            fetcher: &fetcher,
            user: "ayse",
            password: "one",
            url: &url,
            deadline,
        };
        let soon = || Instant::now() + Duration::from_millis(200);
        let begun = Instant::now();

        let late = until(begun);
        let slow = Trouble::Later("The server answers too slowly.".to_owned());
        assert_eq!(late.must_be_there().await, Err(slow.clone()));
        assert_eq!(
            late.create(&url, String::new()).await.err(),
            Some(slow.clone())
        );
        assert_eq!(late.delete(&url, "\"1\"").await.err(), Some(slow));
        let nobody = tokio::time::timeout(Duration::ZERO, listener.accept()).await;
        assert!(nobody.is_err(), "it was asked");

        let asking = until(soon());
        let (silent, _open) = tokio::join!(asking.must_be_there(), listener.accept());
        let words = "The server can't be reached: no answer in time.";
        assert_eq!(silent, Err(Trouble::Later(words.to_owned())));

        let head = "HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 1000\r\n\r\nBEGIN";
        let answer_in_part = async || {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4096];
            assert!(stream.read(&mut asked).await.unwrap() > 0);
            stream.write_all(head.as_bytes()).await.unwrap();
            stream
        };
        let asking = until(soon());
        let (endless, _open) = tokio::join!(asking.read(&url), answer_in_part());
        let words = "The server can't be read: no answer in time.";
        assert_eq!(endless.err(), Some(Trouble::Later(words.to_owned())));
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    }
}
