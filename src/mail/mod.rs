//! Mail: how a message is laid out, and the way to the mail server.
//!
//! Settings: `FAIRSHIFT_SMTP_URL`, one of
//! - `smtps://user:password@host` (TLS from the start, port 465),
//! - `smtp://user:password@host?tls=required` (STARTTLS, port 587; without it nothing is sent),
//! - `smtp://host?tls=opportunistic` (STARTTLS where it is offered, port 587),
//! - `smtp://host` (no TLS, port 25; for a server on the same machine or network).
//!
//! A user name and password are refused where they could travel unencrypted, unless the server is on this
//! machine. `FAIRSHIFT_MAIL_FROM` is the sender, as in `Fairshift <oncall@example.com>`; without it, `fairshift@` and
//! the host of the public URL. Without an SMTP URL nothing is sent: the page `/outbox` shows it instead.
//!
//! Each mail is a conversation of its own with one recipient, so that one who is refused holds up nobody.
//! The server may take ten seconds for each answer, and thirty to keep a mail. Only a refused recipient or
//! message gives a mail up; who can't be reached, does not know our password or refuses our sender is asked again.

mod message;
mod smtp;

use std::fmt;
use std::str::FromStr;

use lettre::message::Mailbox;
use url::Url;

use crate::config::PublicUrl;

pub use message::{Calendar, Mail};

use smtp::Server;

/// Where mail is handed in. It may hold a password, so it is never shown.
#[derive(Clone)]
pub struct SmtpUrl(String);

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpUrl(..)")
    }
}

impl FromStr for SmtpUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str =
            "must look like smtps://user:password@host or smtp://user:password@host?tls=required";
        let url = Url::parse(text).map_err(|_| SHAPE)?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(SHAPE)?;
        let tls: Vec<String> = url.query_pairs().map(|(n, v)| format!("{n}={v}")).collect();
        let is_safe = match (url.scheme(), tls.as_slice()) {
            ("smtps", []) => true,
            ("smtp", [tls]) if tls == "tls=required" => true,
            ("smtp", [tls]) if tls == "tls=opportunistic" => false,
            ("smtp", []) => false,
            ("smtp", _) => return Err("has another option than tls=required or tls=opportunistic"),
            _ => return Err(SHAPE),
        };
        if url.path().len() > 1 || url.fragment().is_some() {
            return Err(SHAPE);
        }
        let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        match (url.username().is_empty(), url.password()) {
            (true, None) => {}
            (false, Some(_)) if is_safe || is_here => {}
            (false, Some(_)) => {
                return Err("would send its password unencrypted: use smtps:// or ?tls=required");
            }
            _ => return Err("needs both a user name and a password, or neither"),
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whom mails come from.
#[derive(Clone, Debug)]
pub struct Sender(Mailbox);

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .map(Self)
            .map_err(|_| "must be an address, like Fairshift <oncall@example.com>")
    }
}

/// Why a mail was not taken. The messages are for an administrator and hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// It never will be.
    #[error("{0}")]
    Refused(String),
    /// It may be later.
    #[error("{0}")]
    NotNow(String),
}

/// Hands mails in. Cloning is cheap.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    server: Option<Server>,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mailer({})", self.from)
    }
}

impl Mailer {
    /// By these settings.
    ///
    /// # Errors
    /// What is wrong with them, in a line.
    pub fn new(
        smtp: Option<&SmtpUrl>,
        from: Option<&Sender>,
        site: &PublicUrl,
    ) -> Result<Self, String> {
        let server = smtp.map(|SmtpUrl(url)| Server::of(url)).transpose()?;
        let from = match from {
            Some(Sender(from)) => from.clone(),
            None => ours(site)?,
        };
        Ok(Self { from, server })
    }

    /// Whether there is a mail server.
    #[must_use]
    pub fn is_set_up(&self) -> bool {
        self.server.is_some()
    }

    /// The address that mails come from, and that calendar invitations name as their organizer.
    #[must_use]
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    /// Hands a mail in. A second time it has the same Message-ID, so that the reader's mail program may tell.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<(), MailError> {
        let message = message::compose(&self.from, mail).map_err(MailError::Refused)?;
        match &self.server {
            Some(server) => server.hand_in(&message).await,
            None => Err(MailError::Refused("there is no mail server".into())),
        }
    }
}

/// The sender when none is set.
fn ours(site: &PublicUrl) -> Result<Mailbox, String> {
    let host = Url::parse(site.as_str()).ok();
    let host = host.as_ref().and_then(Url::domain).unwrap_or("localhost");
    format!("Fairshift <fairshift@{host}>")
        .parse()
        .map_err(|_| "no sender can be made of the public URL: set FAIRSHIFT_MAIL_FROM".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_travels_unencrypted_and_never_shows() {
        for good in [
            "smtps://me:secret@mail.example.com",
            "smtp://me:secret@mail.example.com:2525?tls=required",
            "smtp://mail.example.com",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://me:secret@127.0.0.1:2525",
        ] {
            let url = good.parse::<SmtpUrl>().unwrap();
            assert!(!format!("{url:?}").contains("secret"));
        }
        for bad in [
            "",
            "mail.example.com",
            "http://mail.example.com",
            "smtp://",
            "smtp://me:secret@mail.example.com",
            "smtp://me:secret@mail.example.com?tls=opportunistic",
            "smtp://me@mail.example.com?tls=required",
            "smtp://mail.example.com?tls=maybe",
            "smtp://mail.example.com?tsl=required",
            "smtps://mail.example.com/path",
        ] {
            assert!(bad.parse::<SmtpUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_sender_is_set_or_made_of_the_public_url() {
        let site: PublicUrl = "https://oncall.example.com".parse().unwrap();
        let mailer = |from: Option<&Sender>| Mailer::new(None, from, &site).unwrap();
        assert_eq!(mailer(None).address(), "fairshift@oncall.example.com");
        let from: Sender = "On call <me@example.com>".parse().unwrap();
        assert_eq!(mailer(Some(&from)).address(), "me@example.com");
        let number: PublicUrl = "http://127.0.0.1:8080".parse().unwrap();
        let mailer = Mailer::new(None, None, &number).unwrap();
        assert_eq!(mailer.address(), "fairshift@localhost");
        assert!("nobody".parse::<Sender>().is_err());
    }
}
