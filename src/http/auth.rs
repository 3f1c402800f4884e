//! Who is asking: a token, in a cookie, in the header, or for the WebSocket in the address.
//!
//! In the demonstration a token is the person's id and an end, sealed with a key of the data folder
//! (HMAC-SHA-256). It is never logged.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::{fs, io};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::problem::Problem;
use super::{App, Shared};
use crate::domain::{PersonId, Timestamp};

/// The cookie's name on plain http, where the prefix `__Host-` is not allowed.
pub(super) const COOKIE: &str = "quorate_session";
/// How long a sign-in holds: 30 days, in seconds.
pub(super) const LIFE: i64 = 30 * 24 * 3600;

/// What of the programs' interface is answered without sign-in: what lies below these, and these themselves.
/// Pages ask for themselves, since they answer with a way to sign in.
const OPEN_BELOW: [&str; 5] =
    ["/api/public/", "/api/auth/", "/api/invitations/", "/api/guest/", "/api/demo/"];
const OPEN: [&str; 3] = ["/api/session", "/api/session/end", "/api/openapi.json"];

/// Makes and checks tokens.
pub(super) struct Tokens {
    key: [u8; 32],
}

impl Tokens {
    /// Reads the key from the data folder, or makes it (mode 0600).
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let path = data.join("keys").join("session.key");
        if let Ok(bytes) = fs::read(&path) {
            let key = bytes.try_into().map_err(|_| {
                io::Error::other(format!(
                    "{} is not a key of 32 bytes: remove it to have it made anew",
                    path.display()
                ))
            })?;
            return Ok(Self { key });
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| io::Error::other(error.to_string()))?;
        write_secret(&path, &key)?;
        Ok(Self { key })
    }

    pub(super) fn make(&self, person: &PersonId, now: Timestamp) -> String {
        let body = format!("{person}.{}", now.plus_seconds(LIFE).0);
        let seal = URL_SAFE_NO_PAD.encode(self.seal(&body));
        format!("{body}.{seal}")
    }

    /// The person, if the token is whole and its time has not run out.
    pub(super) fn read(&self, token: &str, now: Timestamp) -> Option<PersonId> {
        let (body, seal) = token.rsplit_once('.')?;
        let seal = URL_SAFE_NO_PAD.decode(seal).ok()?;
        self.mac(body).verify_slice(&seal).ok()?;
        let (person, end) = body.rsplit_once('.')?;
        let end: i64 = end.parse().ok()?;
        if now.0 >= end { None } else { PersonId::new(person).ok() }
    }

    fn mac(&self, body: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length is taken");
        mac.update(body.as_bytes());
        mac
    }

    fn seal(&self, body: &str) -> Vec<u8> {
        self.mac(body).finalize().into_bytes().to_vec()
    }
}

fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Somebody who is signed in and known to the network.
#[derive(Debug, Clone)]
pub(super) struct SignedIn(pub PersonId);

impl<S: Send + Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::unauthorized)
    }
}

/// Somebody who is signed in, or nobody.
pub(super) struct Visitor(pub Option<PersonId>);

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<SignedIn>().map(|signed| signed.0.clone())))
    }
}

/// Finds out who asks, and turns away nobody-in-particular before path and body are looked at.
pub(super) async fn guard(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let person = person(&app, request.headers(), Some(request.uri()));
    let path = request.uri().path();
    let asks = (path.starts_with("/api/") || path == "/sync")
        && !OPEN.contains(&path)
        && !OPEN_BELOW.iter().any(|prefix| path.starts_with(prefix));
    match person {
        Some(person) => {
            request.extensions_mut().insert(SignedIn(person));
        }
        None if asks => return Problem::unauthorized().into_response(),
        None => {}
    }
    next.run(request).await
}

/// The person whose token comes with a request.
pub(super) fn person(app: &App, headers: &HeaderMap, uri: Option<&Uri>) -> Option<PersonId> {
    let token = bearer(headers).or_else(|| cookie(headers)).or_else(|| {
        // A browser cannot set headers on a WebSocket: there, and only there, the address may carry it.
        let uri = uri.filter(|uri| uri.path() == "/sync")?;
        query(uri, "access_token")
    })?;
    let person = app.tokens.read(token, (app.engine.clock())())?;
    let known = app.engine.views().state.people.contains_key(&person);
    known.then_some(person)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// The header that sets the cookie; an empty token takes it away.
pub(super) fn set_cookie(token: &str) -> String {
    let life = if token.is_empty() { 0 } else { LIFE };
    format!("{COOKIE}={token}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_until_its_end_and_only_whole() {
        let tokens = Tokens { key: [7; 32] };
        let person = PersonId::new("member-1").unwrap();
        let token = tokens.make(&person, Timestamp(0));
        assert_eq!(tokens.read(&token, Timestamp(1)), Some(person.clone()));
        assert_eq!(tokens.read(&token, Timestamp(LIFE * 1000)), None);
        assert_eq!(tokens.read(&token.replace("member-1", "member-2"), Timestamp(1)), None);
        assert_eq!(tokens.read(&token[..token.len() - 2], Timestamp(1)), None);
        assert_eq!(Tokens { key: [8; 32] }.read(&token, Timestamp(1)), None);
        assert_eq!(tokens.read("", Timestamp(1)), None);
    }
}
