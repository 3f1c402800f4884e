//! Where somebody was going when they were asked to sign in: a link of a mail leads there all the same. A cookie keeps
//! it, whatever the way to sign in, and the front page leads on.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::auth::{asker, cookie_called};
use super::{App, Shared};

/// On the answer of a page that sends somebody to sign in.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignInFirst;

/// How long it is kept, in seconds: a mail may take some minutes.
const LIFE: u32 = 15 * 60;
/// The longest path that is kept, in bytes.
const LONGEST: usize = 512;
/// What a browser says of a request: that somebody goes to a page, not that a page asks for something.
const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Keeps where somebody was going, and leads them there once they are in.
pub(super) async fn lead_on(State(app): State<Shared>, request: Request, next: Next) -> Response {
    if *request.method() != Method::GET {
        return next.run(request).await;
    }
    let path = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    if path == "/" {
        let aim = cookie_called(request.headers(), name(&app)).filter(|aim| is_kept(aim));
        return match aim.filter(|_| asker(&app, request.headers(), None).is_some()) {
            Some(aim) => ([(header::SET_COOKIE, line(&app, "", 0))], Redirect::to(aim)).into_response(),
            None => next.run(request).await,
        };
    }
    let is_kept = is_kept(&path) && is_visit(request.headers());
    let mut response = next.run(request).await;
    if response.extensions().get::<SignInFirst>().is_none() {
        return response;
    }
    let headers = response.headers_mut();
    if is_kept && let Ok(cookie) = HeaderValue::try_from(line(&app, &path, LIFE)) {
        headers.append(header::SET_COOKIE, cookie);
    }
    if app.access().is_some() {
        headers.insert(header::LOCATION, HeaderValue::from_static("/sign-in"));
    }
    response
}

fn is_visit(headers: &HeaderMap) -> bool {
    headers.get(MODE).is_none_or(|mode| mode == "navigate")
}

/// A path of this server, of letters that a cookie can hold. What it says may be anybody's: to another server it does
/// not lead, nor to what changes anything, since pages change nothing when they are looked at.
fn is_kept(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~%?=&".contains(&byte);
    path.len() <= LONGEST && path.starts_with('/') && !path.starts_with("//") && path.bytes().all(is_plain)
}

fn name(app: &App) -> &'static str {
    if app.is_secure() { "__Host-aim" } else { "quorate_aim" }
}

fn line(app: &App, aim: &str, life: u32) -> String {
    let secure = if app.is_secure() { "; Secure" } else { "" };
    format!("{}={aim}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{secure}", name(app))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_kept() {
        for path in ["/me", "/plans/7f/read?at=3&x=%20", "/plans/7f/replay"] {
            assert!(is_kept(path), "{path}");
        }
        for path in
            ["", "me", "//evil.example", "/\\evil.example", "https://evil.example", "/a;b", "/a b", "/a\r\nb"]
        {
            assert!(!is_kept(path), "{path}");
        }
        assert!(!is_kept(&format!("/{}", "a".repeat(LONGEST))));
    }
}
