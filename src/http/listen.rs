//! The way in: accepts connections within bounds, and hands each request to the routes.
//!
//! Whoever opens a connection is nobody yet. So there are at most so many of them, a request's head is bounded
//! and comes within a time, and a connection on which nothing is asked ends (`domain::limits`).

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tower::ServiceExt as _;
use tracing::debug;

use crate::domain::limits;

/// Where proxies say whom they heard from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How long a request that is under way may take when the server stops.
const GRACE: Duration = Duration::from_secs(1);
/// How long to wait when the system has no file descriptor left: others end meanwhile.
const BREATHER: Duration = Duration::from_millis(100);

/// Serves until `stop` is done, then lets what runs come to its end.
pub(super) async fn run(
    listener: TcpListener,
    router: Router,
    proxies: Arc<[IpAddr]>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    // Closed when every connection has let go of it.
    let (stopping, stopped) = watch::channel(false);
    let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            // It is never closed. Whoever comes when all places are taken waits in the system's queue.
            let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
            listener.accept().await.map(|(stream, from)| (stream, from, place))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, from, place)) => {
                connection(stream, from, place, &router, proxies.clone(), stopped.clone());
            }
            Err(error) => {
                // One that broke off at once says nothing of the next; a lack of descriptors passes.
                debug!("a connection was not accepted: {error}");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    drop((listener, stopped));
    // Nobody is there to hear it: then nothing is to be waited for.
    let _ = stopping.send(true);
    // A stream of events never ends by itself: what is short is finished, the rest is cut.
    let _ = tokio::time::timeout(GRACE, stopping.closed()).await;
    Ok(())
}

fn connection(
    stream: TcpStream,
    from: SocketAddr,
    place: OwnedSemaphorePermit,
    router: &Router,
    proxies: Arc<[IpAddr]>,
    mut stopped: watch::Receiver<bool>,
) {
    // Small frames go out at once: without it an edit waits for the one before to be acknowledged.
    if let Err(error) = stream.set_nodelay(true) {
        debug!("TCP_NODELAY: {error}");
    }
    let place = Arc::new(place);
    let service = router.clone().map_request(move |mut request: hyper::Request<Incoming>| {
        let from = asker(from, request.headers(), &proxies);
        request.extensions_mut().insert(ConnectInfo(from));
        // An upgraded connection outlives the one it began as, and keeps the place.
        request.extensions_mut().insert(Place(place.clone()));
        request.map(axum::body::Body::new)
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEAD_WITHIN)
        .max_headers(limits::HEADERS)
        .max_buf_size(limits::HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    tokio::spawn(async move {
        let mut serving = std::pin::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            // Also when the sender has gone.
            _ = stopped.changed() => {
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(error) = ended {
            debug!(%from, "a connection ended: {error}");
        }
    });
}

/// One of the connections that are taken at once; free when the last who holds it lets go.
#[derive(Clone)]
pub(super) struct Place(#[expect(dead_code, reason = "it is held, not read")] Arc<OwnedSemaphorePermit>);

/// From where a request comes. What it says of that itself counts only where a proxy of ours has written it: each
/// adds at the end whom it heard from, and what stands before, anybody can have written.
fn asker(peer: SocketAddr, headers: &HeaderMap, proxies: &[IpAddr]) -> SocketAddr {
    let is_proxy = |address: IpAddr| proxies.contains(&address.to_canonical());
    if !is_proxy(peer.ip()) {
        return peer;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    // What cannot be read hides all that stands before it.
    let words = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
    let addresses = words.map_while(|word| word.trim().parse::<IpAddr>().ok());
    let named = addresses.into_iter().find(|address| !is_proxy(*address));
    named.map_or(peer, |address| SocketAddr::new(address, 0))
}

/// From where a request comes.
pub(super) fn address(request: &Request) -> Option<SocketAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    async fn server() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "here" }));
        tokio::spawn(run(listener, router, [].into(), std::future::pending()));
        at
    }

    /// How long it takes until the server ends a connection on which only this was sent.
    async fn ends_after(sent: &[u8]) -> (Duration, String) {
        let at = server().await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        let began = Instant::now();
        stream.write_all(sent).await.unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        (began.elapsed(), String::from_utf8_lossy(&heard).into_owned())
    }

    #[test]
    fn from_where_a_request_comes() {
        let proxies = ["127.0.0.1", "10.0.0.7"].map(|text| text.parse().unwrap());
        for (peer, said, found) in [
            ("192.0.2.1", &["198.51.100.9"][..], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            ("::ffff:127.0.0.1", &["198.51.100.9"], "198.51.100.9"),
            ("127.0.0.1", &["2001:db8::1"], "2001:db8::1"),
            // Whoever asks may have begun the line themselves.
            ("127.0.0.1", &["203.0.113.5, 198.51.100.9"], "198.51.100.9"),
            ("127.0.0.1", &["203.0.113.5", "198.51.100.9"], "198.51.100.9"),
            ("127.0.0.1", &["203.0.113.5, 198.51.100.9, 10.0.0.7"], "198.51.100.9"),
            ("127.0.0.1", &["198.51.100.9, unknown"], "127.0.0.1"),
            ("127.0.0.1", &["198.51.100.9, , 10.0.0.7"], "127.0.0.1"),
            ("127.0.0.1", &[""], "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in said {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let peer = SocketAddr::new(peer.parse().unwrap(), 5);
            let asked = asker(peer, &headers, &proxies).ip();
            assert_eq!(asked, found.parse::<IpAddr>().unwrap_or(peer.ip()), "{peer} {said:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_asks_nothing_ends() {
        for (what, sent) in [
            ("says nothing", &b""[..]),
            ("never ends its head", b"GET / HTTP/1.1\r\nhost: a\r\n"),
            ("asks once and stays", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
        ] {
            let (after, heard) = ends_after(sent).await;
            let bounds = limits::HEAD_WITHIN..limits::HEAD_WITHIN + Duration::from_secs(1);
            assert!(bounds.contains(&after), "one that {what} ended after {after:?}: {heard}");
        }
    }

    #[tokio::test]
    async fn stopping_finishes_what_runs_and_takes_nothing_new() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (begun, mut begins) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<()>>(1);
        let slow = move || async move {
            let (go, on) = tokio::sync::oneshot::channel();
            begun.send(go).await.unwrap();
            on.await.unwrap();
            "done"
        };
        let router = Router::new().route("/", get(slow));
        let serving = tokio::spawn(run(listener, router, [].into(), async { drop(stopped.await) }));
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
        let go = begins.recv().await.unwrap();
        stop.send(()).unwrap();
        tokio::task::yield_now().await;
        go.send(()).unwrap();
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await.unwrap();
        assert!(String::from_utf8_lossy(&heard).ends_with("done"));
        serving.await.unwrap().unwrap();
        assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
    }
}
