//! The way out: what is asked of the network's directory, within bounds of time and size.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::access::Ask;
use crate::domain::limits;

type Out = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Asks one server, trusting whom this machine trusts. An answer that leads elsewhere is not followed, and nothing goes in
/// the clear but to this machine itself.
pub fn asker() -> io::Result<Ask> {
    let https = HttpsConnectorBuilder::new().with_native_roots()?.https_or_http().enable_http1().build();
    let client: Out = Client::builder(TokioExecutor::new()).build(https);
    Ok(Arc::new(move |request| {
        let client = client.clone();
        Box::pin(async move {
            let asked = tokio::time::timeout(limits::DIRECTORY_ANSWERS, ask(&client, request)).await;
            asked.unwrap_or_else(|_| Err("it does not answer in time".into()))
        })
    }))
}

// The address may hold what is secret, so no error says it.
async fn ask(client: &Out, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, String> {
    if !is_safe(request.uri()) {
        return Err("its address is not https".into());
    }
    let answer = client.request(request.map(|body| Full::new(body.into()))).await;
    let (head, body) = answer.map_err(|_| "it cannot be reached".to_owned())?.into_parts();
    let body = Limited::new(body, limits::DIRECTORY_BYTES).collect().await;
    let body = body.map_err(|error| format!("its answer did not come whole: {error}"))?;
    Ok(Response::from_parts(head, body.to_bytes().into()))
}

fn is_safe(uri: &Uri) -> bool {
    let is_here = uri.host().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
    uri.scheme_str() == Some("https") || is_here
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers once with a body of so many bytes, or never.
    async fn server(bytes: Option<usize>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            let Some(bytes) = bytes else { return std::future::pending().await };
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
            let _ = stream.write_all(&[head.as_bytes(), &vec![b'x'; bytes]].concat()).await;
        });
        format!("http://{at}/")
    }

    async fn asked(address: String) -> Result<usize, String> {
        let request = Request::get(address).body(Vec::new()).unwrap();
        asker().unwrap()(request).await.map(|answer| answer.body().len())
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_answer_is_not_waited_for() {
        let began = tokio::time::Instant::now();
        assert_eq!(asked(server(None).await).await, Err("it does not answer in time".into()));
        assert_eq!(began.elapsed().as_secs(), limits::DIRECTORY_ANSWERS.as_secs());
    }

    #[tokio::test]
    async fn an_answer_is_bounded_and_nothing_goes_in_the_clear() {
        assert_eq!(asked(server(Some(limits::DIRECTORY_BYTES)).await).await, Ok(limits::DIRECTORY_BYTES));
        let too_much = asked(server(Some(limits::DIRECTORY_BYTES + 1)).await).await.unwrap_err();
        assert!(too_much.contains("did not come whole"), "{too_much}");
        assert_eq!(asked("http://192.0.2.1/".into()).await, Err("its address is not https".into()));
    }
}
