//! Asking addresses that people gave us: webhooks, calendars. A person who may type an address must
//! not be able to make us talk to our own network.
//!
//! - Only public addresses are connected to: [`is_public`]. That is looked at for what a name resolves
//!   to at the moment of connecting, so a name that points elsewhere the second time gains nothing, and for
//!   addresses written as numbers, however they are written.
//! - https on port 443 and http on port 80 only, and no user name or password in the address.
//! - Redirects are not followed: who wants to, checks each step with [`Fetcher::request`] again.
//! - No proxy of the environment is used: it would do the connecting for us, unchecked.
//! - Five seconds to connect, twenty in all.
//!
//! Tests and installations whose services are in their own network allow private addresses, any port and plain
//! http with `FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES=true`.

mod address;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, Method, RequestBuilder, redirect};
use url::{Host, Url};

pub use address::is_public;

const TO_CONNECT: Duration = Duration::from_secs(5);
const IN_ALL: Duration = Duration::from_secs(20);

/// Why an address is not asked. The message is meant for the person who typed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing that can be asked.
    #[error("is not a web address, like https://chat.example.com/hooks/1")]
    NotUrl,
    /// Another scheme than the web's, or plain http where that is not allowed.
    #[error("must begin with https://")]
    Scheme,
    /// A user name or password.
    #[error("must not have a user name or password in it")]
    Credentials,
    /// Any port but 443 and 80.
    #[error("must not name a port: only the usual ones, 443 and 80, are allowed")]
    Port,
    /// Not reachable from everywhere.
    #[error(
        "leads into a private network, which is not allowed here; an administrator can allow it with FAIRSHIFT_ALLOW_PRIVATE_ADDRESSES"
    )]
    Private,
    /// TLS can't be used on this machine.
    #[error("can't be asked: this machine has no certificates to check others by")]
    NoTls,
}

/// Asks addresses that people gave us. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Fetcher {
    client: Option<Client>,
    private: bool,
}

impl Fetcher {
    /// A fetcher; `private` lets it ask private addresses, any port, and over plain http.
    #[must_use]
    pub fn new(private: bool) -> Self {
        ready_tls();
        let client = Client::builder()
            .dns_resolver(Arc::new(Resolver { private }))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(TO_CONNECT)
            .timeout(IN_ALL)
            .user_agent(concat!("Fairshift/", env!("CARGO_PKG_VERSION")))
            .build();
        if let Err(error) = &client {
            tracing::warn!(%error, "no address can be asked");
        }
        Self {
            client: client.ok(),
            private,
        }
    }

    /// Whether private addresses and plain http are allowed here.
    #[must_use]
    pub fn allows_private(&self) -> bool {
        self.private
    }

    /// The address, if it may be asked. What a name leads to is looked at when it is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, address: &str) -> Result<Url, Refused> {
        let url = Url::parse(address.trim()).map_err(|_| Refused::NotUrl)?;
        match url.scheme() {
            "https" => {}
            "http" if self.private || url.port_or_known_default() == Some(80) => {}
            _ => return Err(Refused::Scheme),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::Credentials);
        }
        let Some(host) = url.host() else {
            return Err(Refused::NotUrl);
        };
        if self.private {
            return Ok(url);
        }
        if !matches!(url.port_or_known_default(), Some(443 | 80)) {
            return Err(Refused::Port);
        }
        let literal = match host {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        };
        if literal.is_some_and(|address| !is_public(address)) {
            return Err(Refused::Private);
        }
        Ok(url)
    }

    /// A request to an address that is checked first.
    ///
    /// # Errors
    /// Why it is not asked.
    pub fn request(&self, method: Method, address: &str) -> Result<RequestBuilder, Refused> {
        let url = self.check(address)?;
        let client = self.client.as_ref().ok_or(Refused::NoTls)?;
        Ok(client.request(method, url))
    }
}

/// Chooses who does the cryptography of TLS in this process. Clients of `reqwest` can't be made
/// before.
pub fn ready_tls() {
    // Whoever was first has chosen already, and there is only one to choose.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What went wrong with a request, in words that hold no part of the address: its path may be a secret.
#[must_use]
pub fn reason(error: &reqwest::Error) -> &'static str {
    let refused = |error: &(dyn std::error::Error + 'static)| error.is::<NotPublic>();
    let mut causes =
        std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |error| {
            error.source()
        });
    if causes.any(refused) {
        "the address leads into a private network"
    } else if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection: nobody listens there, the name is unknown, or its certificate is wrong"
    } else {
        "the connection broke"
    }
}

/// A name leads nowhere public.
#[derive(Debug, thiserror::Error)]
#[error("the name leads into a private network")]
struct NotPublic;

struct Resolver {
    private: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            // The port is the connector's business.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|found| private || is_public(found.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_however_they_are_written() {
        let fetcher = Fetcher::new(false);
        for (address, wanted) in [
            ("https://chat.example.com/hooks/1", Ok(())),
            ("http://chat.example.com/", Ok(())),
            ("https://93.184.215.14/", Ok(())),
            ("https://[2606:2800:220:1::1]/", Ok(())),
            ("", Err(Refused::NotUrl)),
            ("chat.example.com/hooks", Err(Refused::NotUrl)),
            ("file:///etc/passwd", Err(Refused::Scheme)),
            ("ftp://example.com/", Err(Refused::Scheme)),
            ("https://me:secret@example.com/", Err(Refused::Credentials)),
            ("https://example.com:22/", Err(Refused::Port)),
            ("http://example.com:6379/", Err(Refused::Scheme)),
            ("http://127.0.0.1/", Err(Refused::Private)),
            ("http://2130706433/", Err(Refused::Private)),
            ("http://0x7f.1/", Err(Refused::Private)),
            ("http://0177.0.0.1/", Err(Refused::Private)),
            ("http://[::1]/", Err(Refused::Private)),
            ("http://[::ffff:10.0.0.1]/", Err(Refused::Private)),
            ("http://169.254.169.254/latest", Err(Refused::Private)),
        ] {
            assert_eq!(fetcher.check(address).map(|_| ()), wanted, "{address}");
        }
        let open = Fetcher::new(true);
        assert!(open.check("http://127.0.0.1:8080/hook").is_ok());
        assert_eq!(open.check("file:///etc/passwd"), Err(Refused::Scheme));
    }

    #[tokio::test]
    async fn a_name_that_leads_home_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        // The check of ports is not what holds it back here.
        let closed = Fetcher::new(false).client.unwrap();
        let error = closed
            .get(format!("http://localhost:{port}/"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(reason(&error), "the address leads into a private network");
        let open = Fetcher::new(true);
        let request = open.request(Method::GET, &format!("http://localhost:{port}/"));
        let asked = tokio::spawn(request.unwrap().send());
        assert!(listener.accept().await.is_ok());
        asked.abort();
    }
}
