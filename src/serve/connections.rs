//! Connections: taken up, served, and ended where no request comes.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tower::ServiceExt as _;
use tracing::{info, warn};

/// A connection may be without a complete request for so long: at its start, within a header, and
/// between two requests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Connections at the same time, where we may have so many files open; more wait to be taken up.
const MOST: u32 = 4000;

/// Files that are left for the rest: the database's connections, and what is fetched.
const OTHERS: u32 = 224;

/// What a process may have open where nobody says otherwise.
const USUAL: u64 = 1024;

/// Raises the number of files that we may have open as far as is of use and the system lets us. Returns how
/// many connections fit into it.
fn room() -> u32 {
    let wanted = u64::from(MOST + OTHERS);
    let files = rlimit::increase_nofile_limit(wanted).unwrap_or_else(|error| {
        warn!(%error, "the number of files that may be open can't be raised");
        USUAL
    });
    let connections = fit(files);
    info!(files, connections, "so many at the same time");
    connections
}

/// How many connections fit where so many files may be open.
fn fit(files: u64) -> u32 {
    let files = u32::try_from(files).unwrap_or(u32::MAX);
    files.saturating_sub(OTHERS).clamp(1, MOST)
}

/// Serves until it is asked to stop, then lets requests under way finish.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let most = room();
    let room = Arc::new(Semaphore::new(usize::try_from(most).unwrap_or(1)));
    let stopping = stop.clone();
    let accept = async {
        loop {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            let (stream, from) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    refused(&error).await;
                    continue;
                }
            };
            let (router, stop) = (router.clone(), stopping.clone());
            tokio::spawn(async move {
                one(stream, from, router, patience, stop).await;
                drop(place);
            });
        }
    };
    tokio::select! {
        () = accept => {}
        () = asked(&mut stop) => {}
    }
    drop(listener);
    // Every place is free again once the last has gone.
    let _ = room.acquire_many(most).await;
}

/// Waits until it is asked to stop. An error would mean that nobody is left who could ask.
async fn asked(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What can't be taken up: the other side has gone, or we have too many files open.
async fn refused(error: &std::io::Error) {
    let has_gone = matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    );
    if !has_gone {
        warn!(%error, "no connection can be taken up");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn one(
    stream: TcpStream,
    from: SocketAddr,
    router: Router,
    patience: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(from));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    // How a connection ends is the other side's business.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = asked(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(20);

    async fn listen() -> (SocketAddr, watch::Sender<bool>, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "slow"
        };
        let from = async |ConnectInfo(from): ConnectInfo<SocketAddr>| from.ip().to_string();
        let router = Router::new()
            .route("/", get(from))
            .route("/slow", get(slow));
        let (stop, asked) = watch::channel(false);
        let patience = Duration::from_millis(300);
        let served = tokio::spawn(serve(listener, router, patience, asked));
        (address, stop, served)
    }

    /// All that comes until the connection is closed.
    async fn said(address: SocketAddr, sent: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(SOON, stream.read_to_end(&mut answer)).await;
        let _ = read.expect("it is closed");
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn as_many_connections_as_files_allow() {
        assert_eq!([10, USUAL, 4224, u64::MAX].map(fit), [1, 800, 4000, 4000]);
        // Whatever it was, it is not less than the half of what the usual limit has room for.
        let room = room();
        let (soft, _) = rlimit::Resource::NOFILE.get().unwrap();
        assert!(fit(soft) >= room && room > 0, "{room} of {soft}");
    }

    #[tokio::test]
    async fn a_connection_without_a_request_is_closed() {
        let (address, _stop, _served) = listen().await;
        assert!(!said(address, "").await.contains("200 OK"));
        let begun = said(address, "GET / HTTP/1.1\r\nHost: a\r\nX-").await;
        assert!(!begun.contains("200 OK"), "{begun}");
        let idle = said(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(
            idle.contains("200 OK") && idle.contains("127.0.0.1"),
            "{idle}"
        );
        // An answer may take longer than that.
        let slow = said(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(slow.ends_with("slow"), "{slow}");
    }

    #[tokio::test]
    async fn what_is_under_way_is_finished_before_the_end() {
        let (address, stop, served) = listen().await;
        let answer =
            tokio::spawn(
                async move { said(address, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await },
            );
        tokio::time::sleep(Duration::from_millis(100)).await;
        stop.send_replace(true);
        timeout(SOON, served).await.unwrap().unwrap();
        assert!(answer.await.unwrap().ends_with("slow"));
        assert!(TcpStream::connect(address).await.is_err());
    }
}
