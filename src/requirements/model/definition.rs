//! What a requirement says.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;

use crate::vocab::{Line, Note, RequirementId, RoleId, TeamId};

/// A page that tells more: an http or https address of at most 500 characters, or nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Link(String);

impl Link {
    /// The address itself; empty where there is none.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Link {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let s = s.trim();
        if s.is_empty() {
            return Ok(Self::default());
        }
        if s.len() > 500 {
            return Err("is too long: at most 500 characters");
        }
        let uri: Option<Uri> = s.parse().ok();
        // Browsers copy other letters as %xx; as themselves they could deceive.
        let plain = s.chars().all(|c| c.is_ascii_graphic());
        let good = plain
            && uri.is_some_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                && uri.host().is_some_and(|host| !host.is_empty())
                // What stands before an @ passes for the host and isn't.
                && uri.authority().is_some_and(|a| !a.as_str().contains('@'))
            });
        if good {
            Ok(Self(s.to_owned()))
        } else {
            Err("must be a web address, like https://wiki.example.com/access")
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a manager says of a requirement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// What one must hold, like "Production access".
    pub title: Line,
    /// Why the team asks for it.
    pub why: Note,
    /// How to get it.
    pub how: Note,
    /// Where to get it.
    pub link: Link,
    /// A manager signs it off; otherwise the engineer declares it.
    pub needs_sign_off: bool,
    /// Days after which it lapses, 1 to 3650; none: never.
    pub valid_days: Option<i32>,
    /// The roles that need it, of the same team.
    pub roles: Vec<RoleId>,
}

/// A requirement as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// Its id.
    pub id: RequirementId,
    /// Whose it is.
    pub team: TeamId,
    /// What one must hold.
    pub title: String,
    /// Why the team asks for it; may be empty.
    pub why: String,
    /// How to get it; may be empty.
    pub how: String,
    /// Where to get it: an http or https address, or empty.
    pub link: String,
    /// A manager signs it off; otherwise the engineer declares it.
    pub needs_sign_off: bool,
    /// Days after which it lapses; none: never.
    pub valid_days: Option<i32>,
    /// Nobody needs it any more.
    pub is_retired: bool,
    /// Raised by every change.
    pub revision: i32,
}

impl Requirement {
    /// Where the link leads, for people to see before they follow it.
    #[must_use]
    pub fn host(&self) -> String {
        let uri: Option<Uri> = self.link.parse().ok();
        uri.and_then(|uri| uri.host().map(str::to_owned))
            .unwrap_or_default()
    }

    /// How one comes to hold it and for how long, in words.
    #[must_use]
    pub fn terms(&self) -> String {
        let by = if self.needs_sign_off {
            "signed off by a manager"
        } else {
            "self-declared"
        };
        match self.valid_days {
            None => format!("{by}, never lapses"),
            Some(1) => format!("{by}, valid for 1 day"),
            Some(days) => format!("{by}, valid for {days} days"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Link;

    #[test]
    fn links_are_web_addresses() {
        for good in [
            "",
            " https://wiki.example.com/a?b=c#d ",
            "http://intranet/access",
            "https://[::1]:8443/",
        ] {
            assert!(good.parse::<Link>().is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "data:text/html,x",
            "ftp://a/b",
            "//wiki.example.com",
            "wiki.example.com",
            "/teams",
            "https://",
            "https:///a",
            "https://bank.example@evil.example/",
            "https://a b/",
            "https://a/\u{202E}b",
            "https://a/\nb",
        ] {
            assert!(bad.parse::<Link>().is_err(), "{bad}");
        }
        assert!(
            format!("https://a/{}", "x".repeat(500))
                .parse::<Link>()
                .is_err()
        );
    }
}
