//! One conversation with the mail server, for one mail. Who refuses what decides whether trying again
//! can help, so each step is its own: what goes wrong before a recipient is named is the server's
//! trouble or ours, and would meet every mail.

use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use percent_encoding::percent_decode_str;
use url::Url;

use super::MailError;

/// How long the mail server may take for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to keep a mail that it has: giving up on it now sends it twice.
const PATIENCE_TO_KEEP: Duration = Duration::from_secs(30);

/// How long it may take to say goodbye.
const PATIENCE_TO_PART: Duration = Duration::from_secs(1);

/// When TLS begins.
#[derive(Clone)]
enum Tls {
    Never,
    AtOnce(TlsParameters),
    Required(TlsParameters),
    Offered(TlsParameters),
}

/// The mail server.
#[derive(Clone)]
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<Credentials>,
}

/// A step that failed.
enum Trouble {
    /// No answer in time.
    Silence,
    /// Something else.
    Error(Error),
}

impl Server {
    /// The server of an address that [`super::SmtpUrl`] has checked.
    ///
    /// # Errors
    /// What is wrong, in a line.
    pub fn of(url: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|_| "the mail server's address is none".to_owned())?;
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let tls = |how: fn(TlsParameters) -> Tls| {
            let parameters = TlsParameters::new(host.to_owned());
            parameters.map(how).map_err(|_| {
                "this machine has no certificates to check the mail server by".to_owned()
            })
        };
        let (tls, port) = match (url.scheme(), url.query()) {
            ("smtps", _) => (tls(Tls::AtOnce)?, 465),
            (_, Some("tls=required")) => (tls(Tls::Required)?, 587),
            (_, Some(_)) => (tls(Tls::Offered)?, 587),
            (_, None) => (Tls::Never, 25),
        };
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let credentials = url
            .password()
            .map(|password| Credentials::new(plain(url.username()), plain(password)));
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(port),
            tls,
            credentials,
        })
    }

    /// Hands a mail in.
    ///
    /// # Errors
    /// Why it was not taken.
    pub async fn hand_in(&self, mail: &Message) -> Result<(), MailError> {
        let mut connection = self.let_in().await.map_err(not_now)?;
        let bytes = mail.formatted();
        let envelope = mail.envelope();
        let can = |extension| connection.server_info().supports_feature(extension);
        let mut parameters = vec![];
        let addresses = envelope.from().into_iter().chain(envelope.to());
        let is_ascii = addresses.map(AsRef::<str>::as_ref).all(str::is_ascii);
        if !is_ascii {
            if !can(Extension::SmtpUtfEight) {
                return Err(MailError::Refused(
                    "the mail server can't take an address with such letters".to_owned(),
                ));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !bytes.is_ascii() && can(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let from = Mail::new(envelope.from().cloned(), parameters);
        step(PATIENCE, connection.command(from))
            .await
            .map_err(not_now)?;
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), vec![]);
            step(PATIENCE, connection.command(to))
                .await
                .map_err(never)?;
        }
        step(PATIENCE, connection.command(Data))
            .await
            .map_err(never)?;
        step(PATIENCE_TO_KEEP, connection.message(&bytes))
            .await
            .map_err(never)?;
        // It is kept; how we part changes nothing.
        let _ = tokio::time::timeout(PATIENCE_TO_PART, connection.quit()).await;
        Ok(())
    }

    /// A conversation that has come to where mails are taken.
    async fn let_in(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let (us, here) = (ClientId::default(), (self.host.as_str(), self.port));
        let at_once = match &self.tls {
            Tls::AtOnce(parameters) => Some(parameters.clone()),
            Tls::Never | Tls::Required(_) | Tls::Offered(_) => None,
        };
        let connecting =
            AsyncSmtpConnection::connect_tokio1(here, Some(PATIENCE), &us, at_once, None);
        let mut connection = step(PATIENCE, connecting).await?;
        match &self.tls {
            Tls::Required(parameters) => {
                step(PATIENCE, connection.starttls(parameters.clone(), &us)).await?;
            }
            Tls::Offered(parameters) if connection.can_starttls() => {
                step(PATIENCE, connection.starttls(parameters.clone(), &us)).await?;
            }
            Tls::Never | Tls::AtOnce(_) | Tls::Offered(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            step(PATIENCE, connection.auth(&ways, credentials)).await?;
        }
        Ok(connection)
    }
}

async fn step<T>(
    patience: Duration,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match tokio::time::timeout(patience, step).await {
        Ok(done) => done.map_err(Trouble::Error),
        Err(_) => Err(Trouble::Silence),
    }
}

/// Before a recipient is named, and where the connection is what failed.
fn not_now(trouble: Trouble) -> MailError {
    MailError::NotNow(match trouble {
        Trouble::Error(error) if is_about_tls(&error) => {
            "the mail server's TLS or certificate is not as it should be".to_owned()
        }
        Trouble::Error(error) if error.status().is_some() => {
            format!(
                "the mail server does not take mails from us now: {}",
                said(&error)
            )
        }
        Trouble::Error(error) if !error.is_timeout() => {
            format!("no conversation with the mail server: {}", said(&error))
        }
        Trouble::Silence | Trouble::Error(_) => {
            "the mail server does not answer in time".to_owned()
        }
    })
}

/// From the recipient on: what is refused for good is this mail.
fn never(trouble: Trouble) -> MailError {
    match trouble {
        Trouble::Error(error) if error.is_permanent() && !asks_who_we_are(&error) => {
            MailError::Refused(format!("the mail server refuses it: {}", said(&error)))
        }
        other => not_now(other),
    }
}

/// Whether TLS is what failed, which hides in what failed to connect.
fn is_about_tls(error: &Error) -> bool {
    let mut causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        });
    let is_tls = |cause: &(dyn std::error::Error + 'static)| {
        let inner = cause.downcast_ref::<std::io::Error>();
        let inner = inner.and_then(std::io::Error::get_ref);
        let is_inside = matches!(inner, Some(inner) if inner.is::<rustls::Error>());
        cause.is::<rustls::Error>() || is_inside
    };
    error.is_tls() || causes.any(is_tls)
}

/// Whether it refuses us rather than the mail: some ask for a password only here.
fn asks_who_we_are(error: &Error) -> bool {
    let code = error.status().map(u16::from);
    matches!(code, Some(530 | 534 | 535 | 538))
}

/// What went wrong, without the addresses that servers like to repeat: who was told what is nobody's
/// business but theirs.
fn said(error: &Error) -> String {
    without_addresses(&error.to_string())
}

fn without_addresses(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        if word.contains('@') {
            "(address)"
        } else {
            word
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_say_where_and_how() {
        crate::fetch::ready_tls();
        let of = |url: &str| {
            let server = Server::of(url).unwrap();
            let tls = match server.tls {
                Tls::Never => "never",
                Tls::AtOnce(_) => "at once",
                Tls::Required(_) => "required",
                Tls::Offered(_) => "offered",
            };
            (server.host, server.port, tls, server.credentials)
        };
        let signed_in = Some(Credentials::new("me@example.com".into(), "p:/ä+".into()));
        assert_eq!(
            of("smtps://me%40example.com:p%3A%2F%C3%A4+@mail.example.com"),
            ("mail.example.com".into(), 465, "at once", signed_in)
        );
        assert_eq!(
            of("smtp://mail.example.com?tls=required"),
            ("mail.example.com".into(), 587, "required", None)
        );
        assert_eq!(
            of("smtp://[::1]:2525?tls=opportunistic"),
            ("::1".into(), 2525, "offered", None)
        );
        assert_eq!(
            of("smtp://localhost"),
            ("localhost".into(), 25, "never", None)
        );
    }

    #[test]
    fn no_address_is_kept_of_what_a_server_says() {
        assert_eq!(
            without_addresses("550 5.1.1 <gone@example.com>: no such\n mailbox"),
            "550 5.1.1 (address) no such mailbox"
        );
    }
}
