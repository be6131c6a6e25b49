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
use reqwest::{Certificate, Client, Method, RequestBuilder, redirect};
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

/// Looks names up in place of the system, for tests. A port of 0 is the address's own.
pub type Names = Arc<dyn Fn(&str) -> Vec<SocketAddr> + Send + Sync>;

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
        let resolver = Resolver {
            private,
            ..Resolver::default()
        };
        Self::of(resolver, None)
    }

    /// The same, where names are looked up by `names`.
    #[must_use]
    pub fn with_names(private: bool, names: Names) -> Self {
        let resolver = Resolver {
            private,
            names: Some(names),
            ..Resolver::default()
        };
        Self::of(resolver, None)
    }

    /// A fetcher as strict as any, in an internet of its own, for tests: names are looked up by `names` and
    /// vetted, and whatever passes leads to the one server at `at`, whose certificate `authority` has signed.
    #[must_use]
    pub fn in_an_internet(names: Names, at: SocketAddr, authority: Certificate) -> Self {
        let resolver = Resolver {
            names: Some(names),
            leads_to: Some(at),
            ..Resolver::default()
        };
        Self::of(resolver, Some(authority))
    }

    fn of(resolver: Resolver, authority: Option<Certificate>) -> Self {
        ready_tls();
        let private = resolver.private;
        let builder = match authority {
            Some(authority) => Client::builder().tls_certs_only([authority]),
            None => Client::builder(),
        };
        let client = builder
            .dns_resolver(Arc::new(resolver))
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

/// Looks names up, and keeps what is not public unless it may be `private`.
#[derive(Default)]
struct Resolver {
    private: bool,
    names: Option<Names>,
    /// Where every address that is allowed leads to in place of itself, in tests.
    leads_to: Option<SocketAddr>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (private, names, leads_to) = (self.private, self.names.clone(), self.leads_to);
        Box::pin(async move {
            let found: Vec<SocketAddr> = match names {
                Some(names) => names(name.as_str()),
                // The port is the connector's business.
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|found| private || is_public(found.ip()))
                .map(|found| leads_to.unwrap_or(found))
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

    /// What answers at an address of this machine.
    async fn listener() -> (tokio::net::TcpListener, SocketAddr) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        (listener, at)
    }

    #[tokio::test]
    async fn whatever_a_name_leads_to_is_looked_at_when_it_is_connected_to() {
        const WITHIN: &str = "the address leads into a private network";
        let (home, at) = listener().await;
        let asked = async |found: Vec<SocketAddr>| {
            let closed = Fetcher::with_names(false, Arc::new(move |_| found.clone()));
            let request = closed.request(Method::GET, "http://calendar.example.com/");
            let request = request.unwrap().timeout(Duration::from_millis(200));
            // Whatever is outside may answer.
            request.send().await.err().map(|error| reason(&error))
        };
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            let inside = SocketAddr::new(address.parse().unwrap(), at.port());
            assert_eq!(asked(vec![inside]).await, Some(WITHIN), "{address}");
            assert_eq!(
                asked(vec![inside, at]).await,
                Some(WITHIN),
                "{address} and another"
            );
        }
        // Of several answers only the public ones are connected to.
        let outside: SocketAddr = "93.184.215.14:9".parse().unwrap();
        for mixed in [vec![at, outside], vec![outside, at]] {
            assert_ne!(asked(mixed).await, Some(WITHIN));
        }
        // It led elsewhere when it was looked at before.
        let turns = std::sync::atomic::AtomicUsize::new(0);
        let names: Names =
            Arc::new(
                move |_| match turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                    0 => vec![outside],
                    _ => vec![at],
                },
            );
        for wanted in [false, true] {
            // No connection is left from the time before.
            let closed = Fetcher::with_names(false, Arc::clone(&names));
            assert!(closed.check("http://calendar.example.com/").is_ok());
            let request = closed.request(Method::GET, "http://calendar.example.com/");
            let request = request.unwrap().timeout(Duration::from_millis(200));
            let why = request.send().await.err().map(|error| reason(&error));
            assert_eq!(why == Some(WITHIN), wanted, "{why:?}");
        }
        // Nobody ever came, though somebody who may would have.
        let open = Fetcher::with_names(true, Arc::new(move |_| vec![at]));
        let request = open.request(Method::GET, "http://calendar.example.com/");
        let coming = tokio::spawn(request.unwrap().send());
        let (mut first, _) = home.accept().await.unwrap();
        let mut bytes = [0; 5];
        tokio::io::AsyncReadExt::read_exact(&mut first, &mut bytes)
            .await
            .unwrap();
        assert_eq!(&bytes, b"GET /");
        let others = tokio::time::timeout(Duration::from_millis(50), home.accept()).await;
        assert!(others.is_err(), "somebody else came");
        coming.abort();
    }

    #[tokio::test]
    async fn a_redirect_leads_to_no_name_inside() {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (server, at) = listener().await;
        let (home, inside) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = server.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await.unwrap();
            let moved = "HTTP/1.1 302 Found\r\nlocation: http://inside.example.com/\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(moved.as_bytes()).await.unwrap();
        });
        let names: Names = Arc::new(move |name| {
            vec![if name.starts_with("inside") {
                inside
            } else {
                at
            }]
        });
        let open = Fetcher::with_names(true, Arc::clone(&names));
        let request = open.request(Method::GET, "http://calendar.example.com/");
        let answer = request.unwrap().send().await.unwrap();
        assert_eq!(answer.status(), 302, "not followed by itself");
        let location = answer.headers()["location"].to_str().unwrap();
        let closed = Fetcher::with_names(false, names);
        let request = closed.request(Method::GET, location).unwrap();
        let error = request.send().await.unwrap_err();
        assert_eq!(reason(&error), "the address leads into a private network");
        let came = tokio::time::timeout(Duration::from_millis(50), home.accept()).await;
        assert!(came.is_err());
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
