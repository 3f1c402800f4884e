//! Who is asking: by a session's cookie, by a tool's token in the header, or for the WebSocket by a ticket in
//! the address. None of them is ever logged.
//!
//! In the demonstration, and only there, people are picked: a token is the person's id and an end, sealed with a
//! key of the data folder (HMAC-SHA-256), and is taken in all three places.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::problem::Problem;
use super::{App, Shared, origin};
use crate::access::{self, Access, Holder, Pass, Scope};
use crate::domain::{PersonId, Timestamp, limits};
use crate::log::Failure;

/// The cookie's name on plain http, where the prefix `__Host-` is not allowed.
pub(super) const COOKIE: &str = "quorate_session";
/// Its name behind https: no other host, and nothing on plain http, can set a cookie of this name.
const HOST_COOKIE: &str = "__Host-quorate";
/// How long a sign-in to the demonstration holds, in seconds.
const LIFE: i64 = limits::SESSION_LIFE.as_secs() as i64;
/// How often it is looked whether what an open connection came in by has had its time.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Where those are led who should have a passkey.
pub(super) const PASSKEY_OFFER: &str = "/me/passkeys/offer";
/// Where a tool that may only read asks for a ticket, which changes nothing.
const TICKET: &str = "/api/session/ticket";

/// What of the programs' interface is answered without sign-in: what lies below these, and these themselves.
/// Pages ask for themselves, since they answer with a way to sign in.
const OPEN_BELOW: [&str; 5] =
    ["/api/public/", "/api/auth/", "/api/invitations/", "/api/guest/", "/api/demo/"];
const OPEN: [&str; 3] = ["/api/session", "/api/session/end", "/api/openapi.json"];

/// How people come in.
pub enum Entrance {
    /// Anybody picks a person.
    Demonstration(Tokens),
    /// People sign in.
    People(Arc<Access>),
}

impl Entrance {
    /// That of the demonstration; `data` is the folder for the key of its tokens.
    pub fn demonstration(data: &Path) -> io::Result<Self> {
        Tokens::open(data).map(Self::Demonstration)
    }
}

/// Makes and checks the tokens of the demonstration.
pub struct Tokens {
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

/// What somebody came in by; nothing in the demonstration, where nothing is taken back.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown(pub Option<Pass>);

impl<S: Send + Sync> FromRequestParts<S> for Shown {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Somebody who signed in with a browser, or was picked: a tool looks after nothing that lets people in.
#[derive(Debug, Clone)]
pub(super) struct AtBrowser(pub PersonId);

impl<S: Send + Sync> FromRequestParts<S> for AtBrowser {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let by_tool = match parts.extensions.get::<Shown>() {
            Some(Shown(Some(pass))) => !matches!(pass.holder, Holder::Session(_)),
            Some(Shown(None)) | None => false,
        };
        let person = parts.extensions.get::<SignedIn>().filter(|_| !by_tool);
        person.map(|signed| Self(signed.0.clone())).ok_or_else(Problem::unauthorized)
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
    let (method, headers, path) = (request.method(), request.headers(), request.uri().path());
    let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let with_cookie = cookie(&app, headers).is_some();
    // A page of another server can have a browser send what it keeps of ours; a header it cannot. Where people are
    // picked, nothing is asked of programs that keep cookies and have no page.
    let is_foreign = match (with_cookie, bearer(headers)) {
        (true, _) if app.is_demonstration() => origin::is_foreign(&app, headers),
        (true, _) => !origin::is_own(&app, headers),
        (false, None) => changes && origin::is_foreign(&app, headers),
        (false, Some(_)) => false,
    } && (changes || headers.contains_key(header::UPGRADE));
    if is_foreign {
        return Problem::cross_site().into_response();
    }
    let asks = (path.starts_with("/api/") || path == "/sync")
        && !OPEN.contains(&path)
        && !OPEN_BELOW.iter().any(|prefix| path.starts_with(prefix));
    let mut asked = asker(&app, headers, Some(request.uri()));
    let mut cookie = None;
    if let Some((_, Shown(Some(pass)))) = &mut asked
        && let Entrance::People(access) = &app.entrance
        && access.is_stale(pass)
    {
        if app.passkeys.alone_let_in(&pass.person) {
            // It may have come by a mail, when that was enough: for the new part it is not.
            let old = pass.clone();
            if let Err(failure) = access.blocking(move |access| access.leave(&old)).await {
                tracing::error!("a session that is over was not ended: {failure}");
            }
            asked = None;
        } else if headers.contains_key(header::UPGRADE) {
            // A connection cannot be handed a cookie that its page would have in time: it comes again with a newer one.
            return Problem::unauthorized().into_response();
        } else {
            cookie = renew(&app, access, pass).await;
        }
    }
    let mut response = match asked {
        Some((person, Shown(Some(pass)))) if changes && pass.scope == Scope::Read && path != TICKET => {
            signed(Problem::scope_read().into_response(), person)
        }
        Some((person, _)) if app.passkeys.is_required(&person) && !opens_without_passkey(path) => {
            let is_program = path.starts_with("/api/") || path == "/sync";
            let answer = if is_program {
                Problem::passkey_needed().into_response()
            } else {
                Redirect::to(PASSKEY_OFFER).into_response()
            };
            signed(answer, person)
        }
        Some((person, shown)) => {
            note(&app, &shown);
            request.extensions_mut().insert(SignedIn(person.clone()));
            request.extensions_mut().insert(shown);
            signed(next.run(request).await, person)
        }
        None if asks => Problem::unauthorized().into_response(),
        None => next.run(request).await,
    };
    // Who signs out, or in, has been given another.
    if let (Some(cookie), false) = (cookie, response.headers().contains_key(header::SET_COOKIE)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// What is there for somebody who must add a passkey first: that, the ways in and out, and what is there for nobody.
fn opens_without_passkey(path: &str) -> bool {
    const BELOW: [&str; 6] =
        ["/me/passkeys", "/api/me/passkeys/", "/sign-in", "/assets/", "/guest/", "/unsubscribe/"];
    const SHOWN: [&str; 4] = ["/service-worker.js", "/healthz", "/readyz", "/metrics"];
    BELOW.iter().chain(&OPEN_BELOW).any(|prefix| path.starts_with(prefix))
        || OPEN.iter().chain(&SHOWN).any(|open| path == *open)
}

/// An answer with whom it is for beside it, for what is told to the operator.
fn signed(mut response: Response, person: PersonId) -> Response {
    response.extensions_mut().insert(SignedIn(person));
    response
}

/// Whether somebody shows what could let them in.
pub(super) fn shows_something(app: &App, headers: &HeaderMap) -> bool {
    bearer(headers).is_some() || cookie(app, headers).is_some()
}

/// Gives a session another id, since its person's part has changed: whoever may have had a look at the old one does not
/// come along. Where that cannot be recorded the session goes on, with what its person may do now.
async fn renew(app: &App, access: &Arc<Access>, pass: &mut Pass) -> Option<HeaderValue> {
    let old = pass.clone();
    match access.blocking(move |access| access.renew(&old)).await {
        Ok(renewed) => {
            let (secret, new) = renewed?;
            *pass = new;
            HeaderValue::from_str(&set_cookie(app, &secret.text())).ok()
        }
        Err(failure) => {
            tracing::error!("a session was not renewed: {failure}");
            None
        }
    }
}

/// Who sent a request, and what came with it that says so.
pub(super) fn asker(app: &App, headers: &HeaderMap, uri: Option<&Uri>) -> Option<(PersonId, Shown)> {
    // A browser cannot set headers on a WebSocket: there, and only there, the address may carry something.
    let in_address = || query(uri.filter(|uri| uri.path() == "/sync")?, "access_token");
    let access = match &app.entrance {
        Entrance::Demonstration(tokens) => {
            let token = bearer(headers).or_else(|| cookie(app, headers)).or_else(in_address)?;
            let person = tokens.read(token, (app.engine.clock())())?;
            let here = app.engine.views().state.people.get(&person).is_some_and(|person| !person.left);
            return here.then_some((person, Shown(None)));
        }
        Entrance::People(access) => access,
    };
    // Who shows a token is who it says, whatever cookie comes along.
    let pass = match (bearer(headers), cookie(app, headers)) {
        (Some(token), _) => access.token(token),
        (None, Some(cookie)) => access.session(cookie),
        (None, None) => access.ticket(in_address()?),
    }?;
    Some((pass.person.clone(), Shown(Some(pass))))
}

/// Has it noted, now and then, that something is in use.
fn note(app: &App, shown: &Shown) {
    if let (Some(pass), Entrance::People(access)) = (&shown.0, &app.entrance)
        && access.is_to_note(pass)
    {
        let (access, pass) = (access.clone(), pass.clone());
        tokio::spawn(async move {
            if let Err(failure) = access.blocking(move |access| access.note(&pass)).await {
                tracing::error!("the use of a session was not noted: {failure}");
            }
        });
    }
}

/// Done when what somebody came in by holds no longer: taken back, or at its end. For connections that stay.
pub(super) async fn ended(app: Shared, shown: Shown) {
    let (Some(pass), Entrance::People(access)) = (&shown.0, &app.entrance) else {
        return std::future::pending().await;
    };
    let mut taken_back = access.taken_back();
    while access.stands(pass) {
        // A connection that is open is in use.
        note(&app, &shown);
        tokio::select! {
            moved = taken_back.changed() => if moved.is_err() { return },
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// What the session's cookie holds.
fn cookie<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    cookie_called(headers, cookie_name(app.is_secure()))
}

/// What the cookie of a name holds.
pub(super) fn cookie_called<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn cookie_name(secure: bool) -> &'static str {
    if secure { HOST_COOKIE } else { COOKIE }
}

fn query<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// Whoever has shown who they are comes in: what their cookie is to hold. What they came in by before is over.
pub(super) async fn enter(
    app: &App,
    shown: Shown,
    person: &PersonId,
    agent: String,
) -> Result<String, access::Error> {
    let entered = match &app.entrance {
        Entrance::Demonstration(tokens) => tokens.make(person, (app.engine.clock())()),
        Entrance::People(access) => {
            let session = access.enter(person, agent).await?;
            leave(access, shown).await?;
            session.text()
        }
    };
    app.metrics.add("sign_ins", 1);
    Ok(entered)
}

/// Whether somebody has shown who they are a short while ago; where people are picked there is nothing to show.
pub(super) fn is_fresh(app: &App, shown: &Shown) -> bool {
    match (app.access(), &shown.0) {
        (Some(access), Some(pass)) => access.is_fresh(pass),
        (Some(_), None) => false,
        (None, _) => true,
    }
}

/// Ends the session that was there before another began.
pub(super) async fn leave(access: &Arc<Access>, shown: Shown) -> Result<(), Failure> {
    match shown.0 {
        Some(pass) => access.blocking(move |access| access.leave(&pass)).await,
        None => Ok(()),
    }
}

/// What the browser says of itself.
pub(super) fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    said.chars().take(limits::AGENT).collect()
}

/// The header that sets the cookie; an empty one takes it away.
pub(super) fn set_cookie(app: &App, value: &str) -> String {
    cookie_line(app.is_secure(), value)
}

fn cookie_line(secure: bool, value: &str) -> String {
    let life = if value.is_empty() { 0 } else { LIFE };
    let name = cookie_name(secure);
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}")
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

    #[test]
    fn behind_https_nobody_else_can_set_the_cookie() {
        let life = limits::SESSION_LIFE.as_secs();
        let [plain, secure] = [false, true].map(|secure| cookie_line(secure, "x"));
        assert_eq!(plain, format!("quorate_session=x; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax"));
        assert_eq!(
            secure,
            format!("__Host-quorate=x; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax; Secure")
        );
        assert!(cookie_line(true, "").starts_with("__Host-quorate=; Path=/; Max-Age=0;"));
    }
}
