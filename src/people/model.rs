//! Types and rules of people; no I/O.

use std::fmt;
use std::str::FromStr;

use crate::vocab::{Email, Line};

/// How somebody can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum ContactKind {
    /// A call.
    Phone,
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// A chat account.
    Chat,
    /// A paging service or device.
    Pager,
}

impl ContactKind {
    /// All kinds, the most urgent first.
    pub const ALL: [Self; 5] = [Self::Phone, Self::Sms, Self::Pager, Self::Chat, Self::Email];

    /// The name in tables and forms.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Chat => "chat",
            Self::Pager => "pager",
        }
    }

    /// Kinds for a choice in a form.
    #[must_use]
    pub fn options() -> Vec<(&'static str, &'static str)> {
        Self::ALL
            .into_iter()
            .map(|k| (k.key(), k.label()))
            .collect()
    }

    /// The name on pages.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Phone => "Phone",
            Self::Sms => "SMS",
            Self::Email => "E-mail",
            Self::Chat => "Chat",
            Self::Pager => "Pager",
        }
    }
}

impl FromStr for ContactKind {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|k| k.key() == s)
            .ok_or("choose how you are reached")
    }
}

impl fmt::Display for ContactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One way to reach a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// Its id.
    pub id: i64,
    /// How.
    pub kind: ContactKind,
    /// Number, address or handle.
    pub value: String,
    /// The one that is called first.
    pub is_device: bool,
    /// Whether colleagues on the same rotations see it.
    pub is_visible: bool,
}

/// Checks that a contact's value fits its kind: digits for calls and messages, an address for mail.
///
/// # Errors
/// What to type instead.
pub fn check_contact(kind: ContactKind, value: &Line) -> Result<(), &'static str> {
    let value = value.as_str();
    match kind {
        ContactKind::Phone | ContactKind::Sms => {
            let digits = value.chars().filter(char::is_ascii_digit).count();
            let clean = value
                .chars()
                .all(|c| c.is_ascii_digit() || " +-()/.".contains(c));
            if clean && (3..=15).contains(&digits) {
                Ok(())
            } else {
                Err("must be a phone number with its country code, like +90 532 000 00 00")
            }
        }
        ContactKind::Email => value
            .parse::<Email>()
            .map(|_| ())
            .map_err(|_| "must be an e-mail address, like name@example.com"),
        ContactKind::Chat | ContactKind::Pager => Ok(()),
    }
}

/// What people call a browser that calls itself so, and its system: "Firefox on Linux".
#[must_use]
pub fn browser(user_agent: &str) -> String {
    // The first that fits: most claim to be the older ones as well.
    let find = |names: &[(&str, &'static str)]| {
        let mut names = names.iter();
        let found = names.find(|(part, _)| user_agent.contains(part));
        found.map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ])
    .unwrap_or("A browser");
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ]);
    system.map_or_else(
        || browser.to_owned(),
        |system| format!("{browser} on {system}"),
    )
}

/// A password that may be set: 10 to 200 characters. Never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The characters themselves, to be hashed.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl FromStr for Password {
    type Err = &'static str;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.chars().count() {
            0..10 => Err("must have at least 10 characters; a few words make a good one"),
            10..=200 => Ok(Self(s.to_owned())),
            _ => Err("is too long: at most 200 characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_fit_their_kind() {
        let check = |kind, value: &str| check_contact(kind, &value.parse().unwrap()).is_ok();
        assert!(check(ContactKind::Phone, "+90 (532) 000-00-00"));
        assert!(!check(ContactKind::Phone, "call me"));
        assert!(!check(ContactKind::Sms, "12"));
        assert!(check(ContactKind::Email, "a@b.org"));
        assert!(!check(ContactKind::Email, "a b"));
        assert!(check(ContactKind::Chat, "@ayse"));
    }

    #[test]
    fn browsers_have_the_names_people_know() {
        for (agent, name) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Windows",
            ),
            ("", "A browser"),
        ] {
            assert_eq!(browser(agent), name);
        }
    }

    #[test]
    fn passwords_are_long_and_never_printed() {
        assert!("short".parse::<Password>().is_err());
        assert!("x".repeat(201).parse::<Password>().is_err());
        let password: Password = "correct horse".parse().unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
