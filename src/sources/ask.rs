//! Asking servers, within limits: an address that gives a whole calendar, and CalDAV requests.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{
    ACCEPT, DATE, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    RETRY_AFTER,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use url::Url;

use super::model::CalendarAddress;
use crate::fetch::{self, Fetcher, Refused};

/// Bytes of an answer, unpacked.
pub const MOST_BYTES: usize = 10_000_000;
/// Redirects in a row.
const MOST_REDIRECTS: usize = 5;
/// From the first byte asked to the last received, redirects included.
const PATIENCE: Duration = Duration::from_secs(20);

/// However long a server wants to be left alone.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

/// Why nothing was read. The words are for the calendar's owner and hold no secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{words}")]
pub struct Problem {
    /// What happened and what to do.
    pub words: String,
    /// The server wants to be left alone for so long.
    pub wait: Option<TimeDelta>,
    /// What would help.
    pub why: Why,
}

/// What would help against a problem.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// Time may.
    Passing,
    /// Time may; whoever waits has waited long enough for now.
    Slow,
    /// Another user name or password.
    Password,
    /// The same, or another address.
    Forbidden,
    /// Another address: nothing is at this one.
    Missing,
    /// Something else that its owner must mend.
    Owner,
}

impl Problem {
    /// Something that may pass.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            wait: None,
            why: Why::Passing,
        }
    }

    /// Something that its owner must mend.
    pub fn refusal(words: impl Into<String>) -> Self {
        Self {
            why: Why::Owner,
            ..Self::new(words)
        }
    }

    /// It took longer than so many seconds.
    pub fn slow(limit: Duration) -> Self {
        Self {
            why: Why::Slow,
            ..Self::new(format!(
                "The server took longer than {} s.",
                limit.as_secs()
            ))
        }
    }

    /// The same, of one of several calendars.
    pub fn of(self, name: &str) -> Self {
        Self {
            words: format!("\"{name}\": {}", self.words),
            ..self
        }
    }

    /// Whether trying again with the same address or password is pointless.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self.why, Why::Passing | Why::Slow)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self::refusal(format!("The address {refused}."))
    }
}

/// What is known of an address from the time before.
#[derive(Clone, Copy, Default)]
pub struct Known<'a> {
    /// The version that was read, as the server names it; empty where it does not.
    pub etag: &'a str,
    /// When it was changed, as the server says; empty where it does not.
    pub last_modified: &'a str,
}

/// What an address gave.
pub enum Answer {
    /// It is as it was.
    Unchanged,
    /// The calendar.
    Calendar {
        /// Its bytes, unpacked.
        bytes: Vec<u8>,
        /// For the next request.
        etag: String,
        /// For the next request.
        last_modified: String,
    },
}

/// Asks a secret address. Redirects are followed by hand, each step checked like the first.
///
/// # Errors
/// Why there is no calendar.
pub async fn calendar(
    fetcher: &Fetcher,
    address: &CalendarAddress,
    known: Known<'_>,
) -> Result<Answer, Problem> {
    let asking = follow(fetcher, address.url().clone(), known);
    tokio::time::timeout(PATIENCE, asking)
        .await
        .unwrap_or_else(|_| Err(Problem::slow(PATIENCE)))
}

async fn follow(fetcher: &Fetcher, mut url: Url, known: Known<'_>) -> Result<Answer, Problem> {
    vetted(
        fetcher,
        &url,
        "The address must begin with https:// or webcal://.",
    )?;
    for _ in 0..=MOST_REDIRECTS {
        let mut request = fetcher
            .request(Method::GET, url.as_str())?
            .header(ACCEPT, "text/calendar, */*;q=0.1");
        if !known.etag.is_empty() {
            request = request.header(IF_NONE_MATCH, known.etag);
        }
        if !known.last_modified.is_empty() {
            request = request.header(IF_MODIFIED_SINCE, known.last_modified);
        }
        let response = send(request).await?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED {
            // Nobody asked whether it was: believed, it would mean that nothing is in it.
            return if known.etag.is_empty() && known.last_modified.is_empty() {
                Err(Problem::new(
                    "The server says that nothing has changed (304), without having given the calendar.",
                ))
            } else {
                Ok(Answer::Unchanged)
            };
        }
        if status.is_redirection() {
            url = redirected(fetcher, &url, &header(response.headers(), LOCATION))?;
            continue;
        }
        if let Some(problem) = refused(status, response.headers(), "address") {
            return Err(problem);
        }
        let (etag, last_modified) = (
            header(response.headers(), ETAG),
            header(response.headers(), LAST_MODIFIED),
        );
        return Ok(Answer::Calendar {
            bytes: body(response).await?,
            etag,
            last_modified,
        });
    }
    Err(Problem::new(
        "The address leads from one to the next more than 5 times.",
    ))
}

/// Where a redirect leads, checked like the first address. What a name leads to is looked at when it
/// is connected to.
fn redirected(fetcher: &Fetcher, from: &Url, location: &str) -> Result<Url, Problem> {
    let url = from.join(location).ok().filter(|_| !location.is_empty());
    let url =
        url.ok_or_else(|| Problem::new("The server sends us on, but does not say where to."))?;
    vetted(
        fetcher,
        &url,
        "The address leads on to one without https, where anybody on the way could read your calendar.",
    )?;
    Ok(url)
}

fn vetted(fetcher: &Fetcher, url: &Url, not_https: &str) -> Result<(), Problem> {
    fetcher.check(url.as_str())?;
    if url.scheme() != "https" && !fetcher.allows_private() {
        return Err(Problem::refusal(not_https));
    }
    Ok(())
}

/// Sends a request.
pub async fn send(request: RequestBuilder) -> Result<Response, Problem> {
    request.send().await.map_err(|error| broken(&error))
}

/// What broke, in words without the address.
fn broken(error: &reqwest::Error) -> Problem {
    let reason = fetch::reason(error);
    let mut capital = reason.chars();
    let reason: String = capital
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(capital)
        .collect();
    Problem {
        why: if error.is_timeout() {
            Why::Slow
        } else {
            Why::Passing
        },
        ..Problem::new(format!("{reason}."))
    }
}

/// What an unwelcome status means; none for a welcome one. `what` is the address or the password.
#[must_use]
pub fn refused(status: StatusCode, headers: &HeaderMap, what: &str) -> Option<Problem> {
    let mut problem = match status.as_u16() {
        200..=299 => return None,
        401 if what == "password" => Problem {
            why: Why::Password,
            ..Problem::new(
                "The server refuses the user name or password. Make a new app password there and enter it here.",
            )
        },
        403 if what == "password" => Problem {
            why: Why::Forbidden,
            ..Problem::new(
                "The server refuses the user name or password, or doesn't let them in at this address (403). Make a new app password there and enter it here.",
            )
        },
        401 | 403 => Problem::refusal(
            "The server does not let us read this address. Make a new secret address there and enter it here.",
        ),
        404 | 410 => Problem {
            why: Why::Missing,
            ..Problem::new(format!(
                "There is no calendar at this {} any more. If it was renewed or removed, enter the new one here.",
                if what == "password" { "place" } else { what }
            ))
        },
        429 | 503 => Problem::new(format!(
            "The server is too busy ({}) and wants to be asked later.",
            status.as_u16()
        )),
        500..=599 => Problem::new(format!(
            "The server has a problem of its own ({}).",
            status.as_u16()
        )),
        300..=399 => Problem::new("The server sends us to another address. Enter that one here."),
        other => Problem::new(format!("The server answers {other}, which is no calendar.")),
    };
    problem.wait = wait(headers);
    Some(problem)
}

/// How long the server wants to be left alone, in whichever form it says so: seconds, or a date, which
/// is read by the server's own clock. At most a day.
fn wait(headers: &HeaderMap) -> Option<TimeDelta> {
    let text = header(headers, RETRY_AFTER);
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = text.parse().ok().and_then(TimeDelta::try_seconds);
        return Some(seconds.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT));
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let wait = date(text)? - date(&header(headers, DATE))?;
    Some(wait.clamp(TimeDelta::zero(), LONGEST_WAIT))
}

/// The body, unpacked; reading stops where it gets too large.
pub async fn body(mut response: Response) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(&error))? {
        if bytes.len() + chunk.len() > MOST_BYTES {
            return Err(Problem::new(
                "The calendar is larger than 10 MB, more than we read.",
            ));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn header(headers: &HeaderMap, name: reqwest::header::HeaderName) -> String {
    let value = headers.get(name).and_then(|v| v.to_str().ok());
    value.unwrap_or_default().to_owned()
}

/// A moment as CalDAV writes it.
#[must_use]
pub fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_to_be_left_alone_is_a_day_at_most_however_it_is_said() {
        let hours = |retry: &str, date: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, retry.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            let problem = refused(StatusCode::SERVICE_UNAVAILABLE, &headers, "address");
            assert_eq!(refused(StatusCode::OK, &headers, "address"), None);
            problem.unwrap().wait.map(|wait| wait.num_hours())
        };
        let noon = Some("Fri, 27 Nov 2026 12:00:00 GMT");
        for (retry, date, wanted) in [
            ("7200", None, Some(2)),
            ("0", None, Some(0)),
            ("9223372036854775807", None, Some(24)),
            ("99999999999999999999999999", None, Some(24)),
            ("-7200", None, None),
            ("soon", noon, None),
            ("Fri, 27 Nov 2026 15:00:00 GMT", noon, Some(3)),
            ("Fri, 27 Nov 2026 09:00:00 GMT", noon, Some(0)),
            ("Fri, 27 Nov 2099 09:00:00 GMT", noon, Some(24)),
            ("Fri, 27 Nov 2026 15:00:00 GMT", None, None),
        ] {
            assert_eq!(hours(retry, date), wanted, "{retry} at {date:?}");
        }
    }

    #[test]
    fn a_redirect_is_checked_like_the_first_address() {
        let (closed, open) = (Fetcher::new(false), Fetcher::new(true));
        let from: Url = "https://calendar.example.com/a/b.ics".parse().unwrap();
        for (location, wanted) in [
            ("/c.ics", "https://calendar.example.com/c.ics"),
            ("c.ics", "https://calendar.example.com/a/c.ics"),
            ("//other.example.com/", "https://other.example.com/"),
            ("https://93.184.215.14/x", "https://93.184.215.14/x"),
        ] {
            let url = redirected(&closed, &from, location).unwrap();
            assert_eq!(url.as_str(), wanted);
        }
        for location in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.1/",
            "https://10.1.2.3/",
            "https://172.20.0.1/",
            "https://192.168.0.1/",
            "https://169.254.169.254/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[::1]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::a00:1]/",
            "//127.0.0.1/",
            "http://127.0.0.1/",
        ] {
            let problem = redirected(&closed, &from, location).unwrap_err();
            assert!(
                problem.words.contains("private network"),
                "{location}: {problem}"
            );
            assert!(problem.is_refusal());
            assert!(
                redirected(&open, &from, location).is_ok(),
                "{location} where it is allowed"
            );
        }
        for (location, words) in [
            ("", "does not say where to"),
            ("https://", "does not say where to"),
            ("http://example.com/c.ics", "without https"),
            ("https://example.com:8443/", "must not name a port"),
            (
                "https://me:secret@example.com/",
                "must not have a user name",
            ),
            ("file:///etc/passwd", "must begin with https://"),
            ("gopher://example.com/", "must begin with https://"),
        ] {
            let problem = redirected(&closed, &from, location).unwrap_err();
            assert!(problem.words.contains(words), "{location}: {problem}");
        }
    }
}
