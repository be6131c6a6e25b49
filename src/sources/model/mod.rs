//! Types and rules of sources; no I/O.

mod address;
mod guides;
mod leave;
mod multistatus;
mod upload;
mod when;

pub use address::{Account, CalendarAddress, ServerAddress};
pub use guides::{GUIDES, Guide};
pub use leave::{Proposal, Step, away, steps};
pub use multistatus::{Resource, multistatus};
pub use upload::{MOST_UPLOAD, upload};
pub use when::{is_stale, next_reading};

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::secret::Secret;
use crate::vocab::Interval;

/// A calendar of a person, by its row.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, sqlx::Type,
)]
#[serde(transparent)]
#[sqlx(transparent)]
pub struct SourceId(pub i64);

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SourceId {
    type Err = std::num::ParseIntError;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}

/// How a calendar is reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// By a secret address that gives the whole of it.
    Address,
    /// By an account on a CalDAV server, of which some calendars are chosen.
    Account,
    /// Uploaded as a file, once.
    File,
}

/// What of a calendar counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Counts {
    /// All that makes busy.
    Busy,
    /// Out of office and nothing else.
    OutOfOffice,
}

impl Counts {
    /// For forms: value and label.
    pub const OPTIONS: [(&'static str, &'static str); 2] = [
        ("busy", "Busy time and out of office"),
        ("out_of_office", "Out of office only"),
    ];

    /// The name in tables and forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::OutOfOffice => "out_of_office",
        }
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy time and out of office count",
            Self::OutOfOffice => "only out of office counts",
        }
    }
}

impl FromStr for Counts {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        [Self::Busy, Self::OutOfOffice]
            .into_iter()
            .find(|c| c.key() == s)
            .ok_or("choose what the calendar counts for")
    }
}

/// What is kept of an entry: when, and which way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// When.
    pub interval: Interval,
    /// `busy`, `tentative` or `out_of_office`.
    pub kind: SpanKind,
    /// It comes from days rather than times.
    pub all_day: bool,
}

/// Which way a calendar has the time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum SpanKind {
    /// Taken.
    Busy,
    /// Perhaps.
    Tentative,
    /// Away.
    OutOfOffice,
}

impl SpanKind {
    /// The name in tables.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Tentative => "tentative",
            Self::OutOfOffice => "out_of_office",
        }
    }
}

/// What is secret of a source.
#[derive(Clone, Debug)]
pub enum Target {
    /// The secret address.
    Address(CalendarAddress),
    /// An account.
    Account(Account),
}

/// A [`Target`] as it is encrypted.
#[derive(Serialize, Deserialize)]
struct Plain {
    address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

impl Target {
    /// As text to be encrypted.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        let plain = match self {
            Self::Address(address) => Plain {
                address: address.secret().expose().to_owned(),
                user: None,
                password: None,
            },
            Self::Account(account) => Plain {
                address: account.server.as_str().to_owned(),
                user: Some(account.user.clone()),
                password: Some(account.password.expose().to_owned()),
            },
        };
        Secret::new(serde_json::to_string(&plain).unwrap_or_default())
    }

    /// From the text that was encrypted; none where it is no such text.
    #[must_use]
    pub fn of_secret(secret: &Secret) -> Option<Self> {
        let plain: Plain = serde_json::from_str(secret.expose()).ok()?;
        match (plain.user, plain.password) {
            (Some(user), Some(password)) => Some(Self::Account(Account {
                server: plain.address.parse().ok()?,
                user,
                password: Secret::new(password),
            })),
            _ => plain.address.parse().ok().map(Self::Address),
        }
    }

    /// Where it is, as far as it may be shown.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::Address(address) => address.host(),
            Self::Account(account) => format!("{} at {}", account.user, account.server.host()),
        }
    }
}

/// A calendar as its owner sees it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Names it.
    pub id: SourceId,
    /// What its owner calls it.
    pub name: String,
    /// How it is reached.
    pub kind: Kind,
    /// What of it counts.
    pub counts: Counts,
    /// Where, as far as it may be shown.
    pub place: String,
    /// The last attempt to read it (UTC).
    pub read_at: Option<DateTime<Utc>>,
    /// The last attempt that gave data (UTC).
    pub good_at: Option<DateTime<Utc>>,
    /// The next attempt (UTC); none for files and accounts of which nothing is chosen.
    pub next_at: Option<DateTime<Utc>>,
    /// Attempts in a row that gave nothing.
    pub failures: i32,
    /// What was wrong with the last; empty where nothing was.
    pub problem: String,
    /// Entries in it.
    pub entries: i32,
    /// What its owner should know.
    pub warnings: Vec<String>,
}

impl Source {
    /// Whether what is known of it may be out of date.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Whether it is being read, or will be in a moment.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_at.is_some_and(|at| at <= now)
    }
}

/// A calendar of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountCalendar {
    /// Its path on the server.
    pub href: String,
    /// What the server calls it.
    pub name: String,
    /// Whether it is read.
    pub is_chosen: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_survives_and_shows_its_host_only() {
        let address = Target::Address(
            "webcal://calendar.google.com/private-abc/basic.ics"
                .parse()
                .unwrap(),
        );
        let account = Target::Account(Account {
            server: "dav.example.com".parse().unwrap(),
            user: "ayse".into(),
            password: Secret::new("hunter2"),
        });
        for (target, place) in [
            (&address, "calendar.google.com"),
            (&account, "ayse at dav.example.com"),
        ] {
            let again = Target::of_secret(&target.to_secret()).unwrap();
            assert_eq!(again.to_secret(), target.to_secret());
            assert_eq!(again.place(), place);
            let shown = format!("{again:?}");
            assert!(
                !shown.contains("private-abc") && !shown.contains("hunter2"),
                "{shown}"
            );
        }
        assert!(Target::of_secret(&Secret::new("{}")).is_none());
    }
}
