//! Where calendars are: addresses that are secrets, and accounts.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::secret::Secret;

/// Bytes of the longest address.
const LONGEST: usize = 2000;

/// Why an address was refused. The message is meant for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AddressError {
    /// Nothing that could be an address.
    #[error(
        "is not the address of a calendar, like https://calendar.example.com/private/basic.ics"
    )]
    NotAddress,
    /// Another scheme.
    #[error("must begin with https:// or webcal://")]
    Scheme,
    /// A password in the address would be sent to whoever it redirects to.
    #[error("must not have a user name or password in it: connect it as an account instead")]
    Credentials,
    /// Longer than any real one.
    #[error("is too long: at most 2000 characters")]
    TooLong,
}

/// Why a server's address was refused. The message is meant for the person who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ServerError {
    /// Nothing that could be an address.
    #[error("is not the address of a server, like caldav.fastmail.com")]
    NotServer,
    /// Another scheme.
    #[error("must begin with https://, or with the server's name")]
    Scheme,
    /// They are typed elsewhere.
    #[error("must not have a user name or password in it: they have fields of their own")]
    Credentials,
    /// Longer than any real one.
    #[error("is too long: at most 2000 characters")]
    TooLong,
}

impl From<AddressError> for ServerError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::NotAddress => Self::NotServer,
            AddressError::Scheme => Self::Scheme,
            AddressError::Credentials => Self::Credentials,
            AddressError::TooLong => Self::TooLong,
        }
    }
}

/// The secret address of a calendar: whoever has it can read it. It is never shown whole.
#[derive(Clone, PartialEq, Eq)]
pub struct CalendarAddress(Url);

impl CalendarAddress {
    /// The address itself, for asking it.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The address itself, for keeping it.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::new(self.0.as_str())
    }

    /// The part that may be shown.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for CalendarAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CalendarAddress({}/..)", self.host())
    }
}

impl FromStr for CalendarAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let lower = text.to_ascii_lowercase();
        let https = ["webcal://", "webcals://"]
            .iter()
            .find_map(|scheme| lower.starts_with(scheme).then(|| text.get(scheme.len()..)))
            .flatten()
            .map(|rest| format!("https://{rest}"));
        parse(https.as_deref().unwrap_or(text)).map(Self)
    }
}

fn parse(text: &str) -> Result<Url, AddressError> {
    let url = Url::parse(text).map_err(|_| AddressError::NotAddress)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(AddressError::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(AddressError::Credentials);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(AddressError::NotAddress);
    }
    Ok(url)
}

/// Where an account's server is, as in `https://caldav.example.com/`. A bare name means https.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ServerAddress(Url);

impl ServerAddress {
    /// The address itself.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Its name.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// Whether what is sent there can be read on the way.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// Whether the account's password may be sent to this address: the same scheme, host and port.
    /// iCloud keeps each account on a server of its own below icloud.com.
    #[must_use]
    pub fn owns(&self, url: &Url) -> bool {
        if self.0.origin() == url.origin() {
            return true;
        }
        let icloud = |url: &Url| {
            let host = url.host_str().unwrap_or_default();
            url.scheme() == "https"
                && url.port().is_none()
                && (host == "icloud.com" || host.ends_with(".icloud.com"))
        };
        icloud(&self.0) && icloud(url)
    }
}

impl FromStr for ServerAddress {
    type Err = ServerError;

    fn from_str(text: &str) -> Result<Self, ServerError> {
        let text = text.trim();
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(ServerError::NotServer);
        }
        if text.len() > LONGEST {
            return Err(ServerError::TooLong);
        }
        let with_scheme = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let mut url = parse(&with_scheme)?;
        url.set_fragment(None);
        url.set_query(None);
        Ok(Self(url))
    }
}

/// Who signs in where.
#[derive(Clone, Debug)]
pub struct Account {
    /// The server.
    pub server: ServerAddress,
    /// The user's name there.
    pub user: String,
    /// The password made for this.
    pub password: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webcal_is_https_and_secrets_don_t_show() {
        for (typed, url) in [
            (
                "https://calendar.google.com/a/b.ics",
                "https://calendar.google.com/a/b.ics",
            ),
            (
                "webcal://p12-caldav.icloud.com/published/2/AbC",
                "https://p12-caldav.icloud.com/published/2/AbC",
            ),
            (" WEBCAL://example.com/x ", "https://example.com/x"),
            ("webcals://example.com/x?y=1", "https://example.com/x?y=1"),
            ("http://127.0.0.1:8000/c.ics", "http://127.0.0.1:8000/c.ics"),
        ] {
            let address: CalendarAddress = typed.parse().unwrap();
            assert_eq!(address.secret().expose(), url);
            assert!(!format!("{address:?}").contains("AbC"));
        }
        for (typed, error) in [
            ("", AddressError::NotAddress),
            ("my calendar", AddressError::NotAddress),
            ("https://", AddressError::NotAddress),
            ("file:///etc/passwd", AddressError::Scheme),
            ("javascript:alert(1)", AddressError::Scheme),
            (
                "https://me:secret@example.com/a.ics",
                AddressError::Credentials,
            ),
            (
                &format!("https://example.com/{}", "x".repeat(2000)),
                AddressError::TooLong,
            ),
        ] {
            assert_eq!(typed.parse::<CalendarAddress>(), Err(error), "{typed}");
        }
    }

    #[test]
    fn a_password_goes_to_its_own_server_only() {
        let server: ServerAddress = "caldav.example.com".parse().unwrap();
        assert_eq!(server.as_str(), "https://caldav.example.com/");
        for (url, may) in [
            ("https://caldav.example.com/user/", true),
            ("https://caldav.example.com:443/", true),
            ("http://caldav.example.com/", false),
            ("https://caldav.example.com:8443/", false),
            ("https://example.com/", false),
            ("https://evil.example.com/", false),
            ("https://caldav.example.com.evil.org/", false),
        ] {
            assert_eq!(server.owns(&url.parse().unwrap()), may, "{url}");
        }
        let icloud: ServerAddress = "https://caldav.icloud.com".parse().unwrap();
        assert!(icloud.owns(&"https://p42-caldav.icloud.com:443/1/".parse().unwrap()));
        for url in [
            "http://p42-caldav.icloud.com/",
            "https://icloud.com.evil.org/",
            "https://evilicloud.com/",
        ] {
            assert!(!icloud.owns(&url.parse().unwrap()), "{url}");
        }
        for (wrong, error) in [
            ("", ServerError::NotServer),
            ("?", ServerError::NotServer),
            ("a b", ServerError::NotServer),
            ("ftp://x.example.com", ServerError::Scheme),
            ("https://u:p@x.example.com", ServerError::Credentials),
            (&"x".repeat(2001), ServerError::TooLong),
        ] {
            assert_eq!(wrong.parse::<ServerAddress>(), Err(error), "{wrong}");
        }
    }
}
