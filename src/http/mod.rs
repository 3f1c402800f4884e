//! HTTP: who is asking, routes, refusals as statuses, pages, assets, the WebSocket pump.

pub mod administration;
mod aim;
mod api;
pub mod assets;
mod auth;
mod bounds;
mod headers;
mod health;
mod library;
mod listen;
mod metrics;
mod origin;
mod outward;
pub mod pages;
mod problem;
pub mod socket;
mod templates;
mod told;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use uuid::Uuid;

use crate::access::{Access, Directory, Guests, Passkeys};
use crate::domain::limits;
use crate::engine::Engine;
use crate::notify::Notifier;
use crate::room::Rooms;
pub use auth::Entrance;
use bounds::Bounds;
use metrics::Metrics;
pub use outward::asker;
use problem::Problem;
use templates::Templates;

/// Longest sentence of a library that is passed on, in bytes.
const DETAIL_LIMIT: usize = 4 * 1024;

/// What all handlers share.
pub struct App {
    pub engine: Engine,
    pub rooms: Rooms,
    metrics: Metrics,
    bounds: Bounds,
    /// Stable for a data folder: peers take what it acknowledges as on disk.
    storage: Arc<str>,
    /// The name by which peers know this server.
    peer: Arc<str>,
    /// The address under which people reach it.
    public_url: String,
    templates: Templates,
    guests: Arc<Guests>,
    notifier: Arc<Notifier>,
    passkeys: Arc<Passkeys>,
    /// By which people can sign in too, where there is one.
    directory: Option<Arc<Directory>>,
    entrance: Entrance,
    /// The reverse proxies whose word is taken for where a request comes from.
    proxies: Vec<IpAddr>,
}

type Shared = Arc<App>;

impl App {
    /// `data` is the folder for the network's own templates.
    pub fn new(rooms: Rooms, data: &Path, public_url: String, entrance: Entrance) -> io::Result<Self> {
        let engine = rooms.engine().clone();
        let guests = Arc::new(Guests::open(engine.clone(), &public_url).map_err(io::Error::other)?);
        let notifier = Arc::new(Notifier::open(engine.clone(), &public_url).map_err(io::Error::other)?);
        let passkeys = match &entrance {
            Entrance::People(access) => access.passkeys().clone(),
            Entrance::Demonstration(_) => {
                Arc::new(Passkeys::open(engine.clone(), &public_url).map_err(io::Error::other)?)
            }
        };
        let identity = engine.log().identity();
        let mut digest = Sha256::new_with_prefix(engine.log().verifier_key());
        // A log that was made from a backup is another storage, also where the key was handed in: what the old
        // one acknowledged may not be in it.
        if identity.origin != identity.log {
            digest.update(&identity.origin);
        }
        let digest = digest.finalize();
        let storage = Uuid::from_slice(&digest[..16]).map_err(io::Error::other)?.to_string();
        Ok(Self {
            engine,
            rooms,
            metrics: Metrics::default(),
            bounds: Bounds::default(),
            peer: format!("quorate-{storage}").into(),
            storage: storage.into(),
            public_url,
            templates: Templates::open(data),
            guests,
            notifier,
            passkeys,
            directory: None,
            entrance,
            proxies: Vec::new(),
        })
    }

    /// The same, behind reverse proxies at these addresses.
    pub fn behind(self, proxies: Vec<IpAddr>) -> Self {
        Self { proxies, ..self }
    }

    /// Who tells people what is asked of them and what is new: to be run beside the server, where mail is sent.
    pub fn notifier(&self) -> &Arc<Notifier> {
        &self.notifier
    }

    /// People can sign in by a directory too.
    pub fn with_directory(self, directory: Directory) -> Self {
        Self { directory: Some(Arc::new(directory)), ..self }
    }

    /// Whether anybody may pick a person.
    fn is_demonstration(&self) -> bool {
        matches!(self.entrance, Entrance::Demonstration(_))
    }

    /// How people sign in; none where they are picked.
    pub fn access(&self) -> Option<&Arc<Access>> {
        match &self.entrance {
            Entrance::People(access) => Some(access),
            Entrance::Demonstration(_) => None,
        }
    }

    /// Whether people reach it by https alone.
    fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// All routes.
pub fn router(app: Shared) -> Router {
    let secure = app.is_secure();
    // A stream of events is not held back to be compressed.
    let compress = SizeAbove::new(1024).and(NotForContentType::new("text/event-stream"));
    let routes = Router::new()
        .merge(api::routes())
        .merge(health::routes())
        .merge(socket::routes())
        .merge(pages::access_routes())
        .with_state(app.clone())
        .merge(pages::router(Arc::new(library::Reader::new(app.clone()))))
        .merge(assets::router())
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(app.clone(), bounds::count))
        .layer(middleware::from_fn_with_state(app.clone(), auth::guard))
        .layer(middleware::from_fn_with_state(app.clone(), aim::lead_on))
        .layer(middleware::from_fn_with_state(app, told::refusals))
        .layer(middleware::from_fn(in_our_words))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(CompressionLayer::new().compress_when(compress));
    headers::on(routes, secure)
}

/// Whatever refuses a request of a program, it hears a problem document.
async fn in_our_words(request: Request, next: middleware::Next) -> Response {
    let path = request.uri().path();
    let is_programs = is_interface(path) || path == "/sync";
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_ours = kind.is_some_and(|kind| kind.starts_with("application/"));
    if !is_programs || is_ours || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let body = axum::body::to_bytes(response.into_body(), DETAIL_LIMIT).await.unwrap_or_default();
    let detail =
        if kind_is_text(&body) { String::from_utf8_lossy(&body).into_owned() } else { String::new() };
    Problem::of_status(status, detail).into_response()
}

fn kind_is_text(body: &[u8]) -> bool {
    !body.starts_with(b"<") && std::str::from_utf8(body).is_ok()
}

/// Whether a path is one of the programs' interface.
fn is_interface(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

async fn unknown(request: Request) -> Response {
    if is_interface(request.uri().path()) {
        return Problem::not_found().into_response();
    }
    pages::not_found().await.into_response()
}

/// Removes what let in people who have left, as soon as they have. Never done.
async fn follow(engine: Engine, passkeys: Arc<Passkeys>, directory: Option<Arc<Directory>>) {
    let mut moved = engine.watch();
    let mut seen = None;
    loop {
        let version = engine.views().state.people_version;
        if seen.replace(version) != Some(version) {
            let (passkeys, directory) = (passkeys.clone(), directory.clone());
            let swept = tokio::task::spawn_blocking(move || {
                passkeys.sweep()?;
                directory.map_or(Ok(()), |directory| directory.sweep())
            });
            if let Ok(Err(failure)) = swept.await {
                seen = None;
                tracing::error!("what let in somebody who has left was not removed: {failure}");
            }
        }
        if moved.changed().await.is_err() {
            return;
        }
    }
}

/// Serves until `stop` is done, then lets what runs come to its end.
pub async fn serve(
    listener: TcpListener,
    app: impl Into<Arc<App>>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let app: Shared = app.into();
    tokio::spawn(app.guests.clone().follow());
    tokio::spawn(follow(app.engine.clone(), app.passkeys.clone(), app.directory.clone()));
    let proxies = app.proxies.clone().into();
    listen::run(listener, router(app), proxies, stop).await
}
