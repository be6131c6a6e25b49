//! A small CalDAV client: which calendars an account has, and what is in them. It only reads.
//!
//! The password goes to the account's own server and nowhere else: [`super::model::ServerAddress::owns`].

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

use super::ask::{self, Problem, Why, stamp};
use super::model::{Account, Resource, multistatus};
use crate::fetch::Fetcher;
use crate::vocab::{Interval, hidden};

/// Steps of a discovery, redirects included.
const MOST_STEPS: usize = 8;
/// Calendars of an account.
const MOST_CALENDARS: usize = 100;
/// One request.
const PATIENCE: Duration = Duration::from_secs(20);
/// Finding an account's calendars, with all requests: whoever typed it waits for the page.
const TO_FIND: Duration = Duration::from_secs(25);
/// Entries that are asked for by name at once, where the server did not send them at once.
const AT_ONCE: usize = 200;

const WHO_AM_I: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:current-user-principal/><c:calendar-home-set/><d:resourcetype/></d:prop></d:propfind>"#;

const CALENDARS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:resourcetype/><d:displayname/><c:supported-calendar-component-set/></d:prop></d:propfind>"#;

const VERSION: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:s="http://calendarserver.org/ns/"><d:prop><s:getctag/><d:sync-token/></d:prop></d:propfind>"#;

/// An account, to be asked.
pub struct Dav<'a> {
    /// Asks.
    pub fetcher: &'a Fetcher,
    /// Whose.
    pub account: &'a Account,
}

impl Dav<'_> {
    /// The account's calendars that may hold events: path and name.
    ///
    /// # Errors
    /// Why they could not be found.
    pub async fn calendars(&self) -> Result<Vec<(String, String)>, Problem> {
        tokio::time::timeout(TO_FIND, self.find())
            .await
            .unwrap_or_else(|_| Err(Problem::slow(TO_FIND)))
    }

    async fn find(&self) -> Result<Vec<(String, String)>, Problem> {
        let home = self.home().await?;
        let found = self.propfind(&home, "1", CALENDARS).await?;
        let calendars: Vec<(String, String)> = found
            .into_iter()
            .filter(|r| r.is_calendar)
            .filter(|r| r.takes.is_empty() || r.takes.iter().any(|t| t == "VEVENT"))
            .filter_map(|r| {
                let path = home.join(&r.href).ok()?;
                let name = r.name.unwrap_or_else(|| last_part(&r.href));
                let name: String = name.chars().filter(|c| !hidden(*c)).take(200).collect();
                let href = if path.origin() == self.account.server.url().origin() {
                    path.path().to_owned()
                } else {
                    path.to_string()
                };
                (href.len() <= 2000 && !name.is_empty()).then_some((href, name))
            })
            .take(MOST_CALENDARS)
            .collect();
        if calendars.is_empty() {
            return Err(Problem::refusal(
                "This account has no calendar that holds events.",
            ));
        }
        Ok(calendars)
    }

    /// Where the account's calendars are.
    async fn home(&self) -> Result<Url, Problem> {
        let typed = self.account.server.url();
        let well_known = typed.join("/.well-known/caldav").ok();
        let mut first: Option<Problem> = None;
        // The address as typed may be the right one; else servers say where they serve.
        for start in [Some(typed.clone()), well_known].into_iter().flatten() {
            let problem = match self.home_from(start).await {
                Ok(home) => return Ok(home),
                Err(problem) => problem,
            };
            match problem.why {
                // Asking elsewhere with a wrong password locks accounts; who has waited waits no longer.
                Why::Password | Why::Slow => return Err(problem),
                // What can be mended says more than what may pass, and nothing there says nothing.
                Why::Owner if first.is_some() => return Err(problem),
                _ => first = first.or(Some(problem)),
            }
        }
        Err(first.unwrap_or_else(|| Problem::new("The server is not found.")))
    }

    async fn home_from(&self, mut at: Url) -> Result<Url, Problem> {
        for _ in 0..2 {
            let (url, found) = self.propfind_from(at, "0", WHO_AM_I).await?;
            let home = found.iter().find_map(|r| r.home.as_deref());
            if let Some(home) = home.and_then(|h| url.join(h).ok()) {
                return Ok(home);
            }
            // A calendar, or a folder of calendars, may be entered as well.
            if found.iter().any(|r| r.is_calendar) {
                return Ok(url);
            }
            let principal = found.iter().find_map(|r| r.principal.as_deref());
            at = principal.and_then(|p| url.join(p).ok()).ok_or_else(|| {
                Problem::new("The server answers, but does not say where your calendars are.")
            })?;
        }
        Err(Problem::new(
            "The server does not say where your calendars are.",
        ))
    }

    fn calendar(&self, href: &str) -> Result<Url, Problem> {
        let url = self.account.server.url().join(href);
        url.map_err(|_| Problem::refusal("The calendar's path on the server is broken."))
    }

    /// Names the state that one calendar is in; none where the server does not tell.
    ///
    /// # Errors
    /// Why it could not be asked.
    pub async fn version(&self, href: &str) -> Result<Option<String>, Problem> {
        let found = self.propfind(&self.calendar(href)?, "0", VERSION).await?;
        Ok(found.into_iter().find_map(|r| r.version))
    }

    /// All that overlaps the window in one calendar, as files of iCalendar.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn entries(&self, href: &str, window: Interval) -> Result<Vec<String>, Problem> {
        let url = self.calendar(href)?;
        let query = format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="{}" end="{}"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"#,
            stamp(window.start),
            stamp(window.end)
        );
        let (url, found) = match self.ask("REPORT", url.clone(), "1", query).await {
            // Some calendars are shared as times only.
            Err(problem) if problem.why == Why::Forbidden => {
                return self.free_busy(url, window).await.map_err(|_| problem);
            }
            found => found?,
        };
        let (mut entries, missing) = complete(found)?;
        for some in missing.chunks(AT_ONCE) {
            let (_, found) = self.ask("REPORT", url.clone(), "1", by_name(some)).await?;
            let answered = found.len();
            let (more, missing) = complete(found)?;
            if answered < some.len() || !missing.is_empty() {
                return Err(Problem::new(
                    "The server names entries, but does not give what is in them.",
                ));
            }
            entries.extend(more);
        }
        Ok(entries)
    }

    /// When the calendar's owner is busy, as the server itself works it out.
    async fn free_busy(&self, url: Url, window: Interval) -> Result<Vec<String>, Problem> {
        let query = format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range start="{}" end="{}"/></c:free-busy-query>"#,
            stamp(window.start),
            stamp(window.end)
        );
        let (_, bytes) = self
            .request("REPORT", url, "1", query, StatusCode::OK)
            .await?;
        Ok(vec![String::from_utf8_lossy(&bytes).into_owned()])
    }

    async fn propfind(&self, at: &Url, depth: &str, body: &str) -> Result<Vec<Resource>, Problem> {
        let (_, found) = self.propfind_from(at.clone(), depth, body).await?;
        Ok(found)
    }

    async fn propfind_from(
        &self,
        at: Url,
        depth: &str,
        body: &str,
    ) -> Result<(Url, Vec<Resource>), Problem> {
        self.ask("PROPFIND", at, depth, body.to_owned()).await
    }

    /// One request for resources. Where it ended, and what it gave.
    async fn ask(
        &self,
        method: &str,
        url: Url,
        depth: &str,
        body: String,
    ) -> Result<(Url, Vec<Resource>), Problem> {
        let (url, bytes) = self
            .request(method, url, depth, body, StatusCode::MULTI_STATUS)
            .await?;
        let parse = move || multistatus(&String::from_utf8_lossy(&bytes));
        let found = tokio::task::spawn_blocking(parse)
            .await
            .map_err(|_| Problem::new("The server's answer could not be read."))?;
        Ok((url, found.map_err(Problem::new)?))
    }

    /// One request, with redirects followed on the account's own server. Where it ended, and what it gave.
    async fn request(
        &self,
        method: &str,
        mut url: Url,
        depth: &str,
        body: String,
        wanted: StatusCode,
    ) -> Result<(Url, Vec<u8>), Problem> {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Problem::new("The request could not be made."))?;
        for _ in 0..MOST_STEPS {
            if self.account.server.is_plain() && !self.fetcher.allows_private() {
                return Err(Problem::refusal(
                    "The server's address must begin with https://, or your password could be read on the way.",
                ));
            }
            if !self.account.server.owns(&url) {
                return Err(Problem::refusal(format!(
                    "The server sends us on to {}. Your password goes only to the server you entered: if that other one is right, enter it instead.",
                    url.host_str().unwrap_or("another server")
                )));
            }
            let request = self
                .fetcher
                .request(method.clone(), url.as_str())?
                .basic_auth(&self.account.user, Some(self.account.password.expose()))
                .header("Depth", depth)
                .header(CONTENT_TYPE, "application/xml; charset=utf-8")
                .body(body.clone());
            let asking = async {
                let response = ask::send(request).await?;
                let (status, headers) = (response.status(), response.headers().clone());
                if status.is_redirection() {
                    let location = headers.get(LOCATION).and_then(|l| l.to_str().ok());
                    return Ok(Err(location.unwrap_or_default().to_owned()));
                }
                if let Some(problem) = ask::refused(status, &headers, "password") {
                    return Err(problem);
                }
                if status != wanted {
                    return Err(Problem::new("The server's answer is not CalDAV."));
                }
                Ok(Ok(ask::body(response).await?))
            };
            let answer = tokio::time::timeout(PATIENCE, asking)
                .await
                .unwrap_or_else(|_| Err(Problem::slow(PATIENCE)))?;
            match answer {
                Ok(bytes) => return Ok((url, bytes)),
                Err(location) => {
                    url = url.join(&location).map_err(|_| {
                        Problem::new("The server sends us on, but does not say where to.")
                    })?;
                }
            }
        }
        Err(Problem::new("The server sends us around in circles."))
    }
}

/// What is in the entries of an answer, and the paths of those that it only names. An answer that is
/// only a part of the whole is none: what is missing would look free.
fn complete(found: Vec<Resource>) -> Result<(Vec<String>, Vec<String>), Problem> {
    let (mut entries, mut missing) = (Vec::new(), Vec::new());
    for resource in found {
        match (resource.status, resource.data) {
            (Some(507), _) => {
                return Err(Problem::new(
                    "The server gives only a part of the calendar (507): it has more entries than it sends at once.",
                ));
            }
            // Removed while it was answering.
            (Some(404 | 410), _) => {}
            (Some(status @ 400..), _) => {
                return Err(Problem::new(format!(
                    "The server does not give an entry of the calendar ({status})."
                )));
            }
            (_, Some(data)) => entries.push(data),
            // The calendar itself may be named, too.
            (_, None) if resource.href.ends_with('/') => {}
            (_, None) => missing.push(resource.href),
        }
    }
    Ok((entries, missing))
}

/// Asks for entries by their paths.
fn by_name(hrefs: &[String]) -> String {
    let hrefs = hrefs.iter().map(|href| {
        let href = quick_xml::escape::escape(href.as_str());
        format!("<d:href>{href}</d:href>")
    });
    let hrefs: String = hrefs.collect();
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?>
<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><c:calendar-data/></d:prop>{hrefs}</c:calendar-multiget>"#
    )
}

/// The last part of a path, for calendars without a name.
fn last_part(href: &str) -> String {
    let part = href.trim_end_matches('/').rsplit('/').next();
    part.unwrap_or("Calendar").to_owned()
}
