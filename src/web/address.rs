//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::error::AppError;

/// The address of whoever sent the request. A proxy on this machine is believed about whom it
/// speaks for, in `X-Forwarded-For`; nobody else is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    fn of(peer: IpAddr, headers: &HeaderMap) -> Self {
        let peer = peer.to_canonical();
        // The last entry is the proxy's own; those before it can be made up.
        let forwarded = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .next_back()
            .and_then(|part| part.trim().parse::<IpAddr>().ok());
        Self(match forwarded {
            Some(address) if peer.is_loopback() => address.to_canonical(),
            _ => peer,
        })
    }

    /// What attempts are counted by: the address, or for IPv6 the /64 that one customer has.
    #[must_use]
    pub fn network(self) -> String {
        match self.0 {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let prefix = u128::from(address) & !u128::from(u64::MAX);
                format!("{}/64", Ipv6Addr::from(prefix))
            }
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let ConnectInfo(peer) =
            peer.ok_or_else(|| AppError::Internal("served without the peer's address".into()))?;
        Ok(Self::of(peer.ip(), &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::ClientAddress;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let mut headers = HeaderMap::new();
        for value in ["6.6.6.6, 9.9.9.9", "192.0.2.7"] {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        let of = |peer: &str| ClientAddress::of(peer.parse().unwrap(), &headers).network();
        assert_eq!(of("127.0.0.1"), "192.0.2.7");
        assert_eq!(of("::ffff:127.0.0.1"), "192.0.2.7");
        assert_eq!(of("198.51.100.4"), "198.51.100.4");
        headers.append("x-forwarded-for", HeaderValue::from_static("unknown"));
        let of = |peer: &str| ClientAddress::of(peer.parse().unwrap(), &headers).network();
        assert_eq!(
            of("127.0.0.1"),
            "127.0.0.1",
            "never an entry the proxy did not write"
        );
    }

    #[test]
    fn one_ipv6_customer_is_one_network() {
        let of = |text: &str| ClientAddress(text.parse().unwrap()).network();
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
