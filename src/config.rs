//! The settings: each a flag with an environment variable as its twin.
//!
//! A value is checked when it is read; a wrong one stops the start with one line on standard error.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use axum::http::Uri;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, ValueEnum};
use sqlx::postgres::PgConnectOptions;
use tracing_subscriber::EnvFilter;

use crate::mail::{Sender, SmtpUrl};

use crate::secret::SecretKey;

/// Everything that can be set from outside. The same flags fit every command.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    /// Address and port to listen on.
    #[arg(
        long,
        env = "FAIRSHIFT_LISTEN",
        value_name = "ADDRESS:PORT",
        global = true
    )]
    #[arg(default_value = "127.0.0.1:8080", value_parser = listen)]
    pub listen: SocketAddr,

    /// Where people reach the service, as in <https://oncall.example.com> [default: http://ADDRESS:PORT].
    #[arg(long, env = "FAIRSHIFT_PUBLIC_URL", value_name = "URL", global = true)]
    pub public_url: Option<PublicUrl>,

    /// Folder of the private PostgreSQL that is used without a database URL
    /// [default: ~/.local/share/fairshift, for root /var/lib/fairshift; a demo has its own].
    #[arg(long, env = "FAIRSHIFT_DATA_DIR", value_name = "FOLDER", global = true)]
    pub data_dir: Option<PathBuf>,

    /// PostgreSQL database to use, as in <postgres://user:password@host/database>.
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub database_url: Option<DatabaseUrl>,

    /// Let webhooks and calendars be in a private network: also private addresses, any port, and http.
    #[arg(
        long,
        env = "FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES",
        value_name = "TRUE|FALSE",
        global = true
    )]
    #[arg(default_value = "false", num_args = 0..=1, default_missing_value = "true")]
    #[arg(action = ArgAction::Set, value_parser = BoolishValueParser::new())]
    pub allow_private_addresses: bool,

    /// Key that encrypts the addresses and passwords of people's calendars: 32 random bytes in base64,
    /// as `openssl rand -base64 32` prints [default: with the private PostgreSQL and in a demo, one of its
    /// own in the data folder].
    #[arg(
        long,
        env = "FAIRSHIFT_SECRET_KEY",
        value_name = "BASE64",
        global = true,
        hide_env_values = true
    )]
    pub secret_key: Option<SecretKey>,

    /// Mail server, as in <smtps://user:password@host> or <smtp://user:password@host?tls=required>; without it,
    /// mails are shown on a page instead.
    #[arg(
        long,
        env = "FAIRSHIFT_SMTP_URL",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    pub smtp_url: Option<SmtpUrl>,

    /// Sender of mails, as in "Fairshift <oncall@example.com>" [default: fairshift@ and the public URL's host].
    #[arg(
        long,
        env = "FAIRSHIFT_MAIL_FROM",
        value_name = "ADDRESS",
        global = true
    )]
    pub mail_from: Option<Sender>,

    /// What to log: error, warn, info, debug, trace, or a list such as info,fairshift=debug.
    #[arg(long, env = "FAIRSHIFT_LOG", value_name = "FILTER", global = true)]
    #[arg(default_value = "info", value_parser = log_filter)]
    pub log: String,

    /// How a line of the log looks.
    #[arg(
        long,
        env = "FAIRSHIFT_LOG_FORMAT",
        value_name = "FORMAT",
        global = true
    )]
    #[arg(default_value = "text", value_enum)]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object per line.
    Json,
}

fn listen(value: &str) -> Result<SocketAddr, &'static str> {
    value
        .parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080")
}

fn log_filter(value: &str) -> Result<String, &'static str> {
    match EnvFilter::try_new(value) {
        Ok(_) if !value.is_empty() => Ok(value.to_owned()),
        _ => {
            Err("must be error, warn, info, debug or trace, or a list such as info,fairshift=debug")
        }
    }
}

/// Where people reach the service: scheme and host, without a path or a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address for people on this machine when none was given.
    #[must_use]
    pub fn of_listener(mut listen: SocketAddr) -> Self {
        if listen.ip().is_unspecified() {
            listen.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        Self(format!("http://{listen}"))
    }

    /// As in `https://oncall.example.com`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether people come by https, so that cookies can insist on it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// Host and, when it is not the usual one, port, as in `oncall.example.com`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.split_once("://").map_or("", |(_, rest)| rest)
    }

    /// The host alone, which makes the UIDs of our calendar entries ours: an entry keeps its name when
    /// the service moves to another port.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "must be http:// or https:// and a host, without a path, such as https://oncall.example.com";
        let uri: Uri = value.parse().map_err(|_| SHAPE)?;
        let (Some(scheme @ ("http" | "https")), Some(authority)) =
            (uri.scheme_str(), uri.authority())
        else {
            return Err(SHAPE);
        };
        let plain = uri.path() == "/" && uri.query().is_none() && !value.contains(['@', '#', '?']);
        if !plain || authority.host().is_empty() {
            return Err(SHAPE);
        }
        Ok(Self(format!("{scheme}://{authority}").to_ascii_lowercase()))
    }
}

/// How to reach the database. It holds a password, so it is never shown.
#[derive(Clone)]
pub struct DatabaseUrl(PgConnectOptions);

impl DatabaseUrl {
    /// The options to connect with.
    #[must_use]
    pub fn options(&self) -> PgConnectOptions {
        self.0.clone()
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseUrl(..)")
    }
}

impl FromStr for DatabaseUrl {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        const SHAPE: &str = "must look like postgres://user:password@host/database; without it a private database is used";
        if !value.starts_with("postgres://") && !value.starts_with("postgresql://") {
            return Err(SHAPE);
        }
        value.parse().map(Self).map_err(|_| SHAPE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_a_scheme_and_a_host() {
        let url: PublicUrl = "https://OnCall.example.com/".parse().unwrap();
        assert_eq!(url.as_str(), "https://oncall.example.com");
        assert_eq!(url.authority(), "oncall.example.com");
        assert!(url.is_https());
        for (url, host) in [
            ("https://oncall.example.com", "oncall.example.com"),
            ("https://oncall.example.com:8443", "oncall.example.com"),
            ("http://[::1]:8080", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(url.parse::<PublicUrl>().unwrap().host(), host);
        }
        for wrong in [
            "",
            "oncall.example.com",
            "ftp://a.example",
            "http://",
            "https://a.example/path",
            "https://a.example/?q",
            "https://me:secret@a.example",
            "https://a.example#x",
            "http://a b",
        ] {
            assert!(wrong.parse::<PublicUrl>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_public_url_it_is_where_we_listen() {
        let of = |listen: &str| PublicUrl::of_listener(listen.parse().unwrap()).0;
        assert_eq!(of("127.0.0.1:8080"), "http://127.0.0.1:8080");
        assert_eq!(of("0.0.0.0:80"), "http://127.0.0.1:80");
        assert_eq!(of("[::1]:81"), "http://[::1]:81");
    }

    #[test]
    fn a_database_url_never_shows_its_password() {
        let url: DatabaseUrl = "postgres://me:secret@localhost/x".parse().unwrap();
        assert!(!format!("{url:?}").contains("secret"));
        assert!("mysql://me@localhost/x".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn a_log_filter_is_checked() {
        assert!(log_filter("info,fairshift=debug").is_ok());
        assert!(log_filter("").is_err());
        assert!(log_filter("fairshift=loud").is_err());
    }
}
