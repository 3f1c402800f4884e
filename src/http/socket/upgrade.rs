//! The opening handshake (RFC 6455, section 4.2): from a request to a connection of one's own.

use axum::body::Body;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::upgrade::{OnUpgrade, Upgraded};
use sha1::{Digest as _, Sha1};

use crate::http::problem::Problem;

/// What the standard has every server add to the client's key.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const VERSION: &str = "13";

/// A request that asks for a WebSocket, and may have one.
pub(super) struct Upgrade {
    on_upgrade: OnUpgrade,
    accept: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let refuse = |status, detail: &str| Problem::of_status(status, detail.into()).into_response();
        let headers = &parts.headers;
        if parts.method != Method::GET
            || !names(headers, header::CONNECTION, "upgrade")
            || !names(headers, header::UPGRADE, "websocket")
        {
            return Err(refuse(StatusCode::BAD_REQUEST, "this address is for WebSockets only"));
        }
        if !names(headers, header::SEC_WEBSOCKET_VERSION, VERSION) {
            let mut response = refuse(StatusCode::UPGRADE_REQUIRED, "WebSockets of version 13 only");
            let version = header::HeaderValue::from_static(VERSION);
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
            return Err(response);
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| key.as_bytes());
        let key = key.filter(|key| STANDARD.decode(key).is_ok_and(|key| key.len() == 16));
        let Some(key) = key else {
            return Err(refuse(StatusCode::BAD_REQUEST, "the key of the WebSocket is missing or wrong"));
        };
        let accept = STANDARD.encode(Sha1::new().chain_update(key).chain_update(KEY_SUFFIX).finalize());
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        let on_upgrade = on_upgrade
            .ok_or_else(|| refuse(StatusCode::UPGRADE_REQUIRED, "this connection cannot be upgraded"))?;
        Ok(Self { on_upgrade, accept })
    }
}

/// Whether a header with a list of words has this one.
fn names(headers: &HeaderMap, header: HeaderName, word: &str) -> bool {
    let values = headers.get_all(header);
    let mut words = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    words.any(|one| one.trim().eq_ignore_ascii_case(word))
}

impl Upgrade {
    /// Agrees, and hands over the connection once the answer is out.
    pub(super) fn then<F>(self, work: impl FnOnce(Upgraded) -> F + Send + 'static) -> Response
    where
        F: Future<Output = ()> + Send,
    {
        let Self { on_upgrade, accept } = self;
        tokio::spawn(async move {
            // A peer that goes before it has the answer has no connection.
            if let Ok(upgraded) = on_upgrade.await {
                work(upgraded).await;
            }
        });
        let headers = [
            (header::CONNECTION, "upgrade"),
            (header::UPGRADE, "websocket"),
            (header::SEC_WEBSOCKET_ACCEPT, &accept),
        ];
        (StatusCode::SWITCHING_PROTOCOLS, headers, Body::empty()).into_response()
    }
}
