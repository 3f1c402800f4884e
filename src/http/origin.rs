//! From which page a request comes: a browser says so, and no page can have it say otherwise.

use axum::http::{HeaderMap, HeaderName, header};

use super::App;

const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What a browser says of the page that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Own,
    Another,
    /// Nothing is said: no browser, or one of long ago.
    Unsaid,
}

/// Whether a browser says that it comes from a page of this server.
pub(super) fn is_own(app: &App, headers: &HeaderMap) -> bool {
    from(&app.public_url, headers) == From::Own
}

/// Whether a browser says that it comes from a page of another.
pub(super) fn is_foreign(app: &App, headers: &HeaderMap) -> bool {
    from(&app.public_url, headers) == From::Another
}

fn from(public_url: &str, headers: &HeaderMap) -> From {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(origin) = text(header::ORIGIN) {
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        // By another name of this machine too: the cookie belongs to the name, and so does the page.
        let is_own = origin == public_url.trim_end_matches('/') || text(header::HOST) == Some(authority);
        return if is_own { From::Own } else { From::Another };
    }
    match text(SITE) {
        // `none`: typed, or a bookmark.
        Some("same-origin" | "none") => From::Own,
        Some(_) => From::Another,
        None => From::Unsaid,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_browsers_say() {
        for (origin, site, host, said) in [
            (Some("https://plan.example.org"), None, "plan.example.org", From::Own),
            (Some("https://plan.example.org"), Some("cross-site"), "inside:8400", From::Own),
            (Some("http://127.0.0.1:8400"), None, "127.0.0.1:8400", From::Own),
            (Some("https://evil.example"), Some("same-origin"), "plan.example.org", From::Another),
            (Some("null"), None, "plan.example.org", From::Another),
            (Some(""), None, "plan.example.org", From::Another),
            (Some("https://plan.example.org.evil.example"), None, "plan.example.org", From::Another),
            (None, Some("same-origin"), "plan.example.org", From::Own),
            (None, Some("none"), "plan.example.org", From::Own),
            (None, Some("same-site"), "plan.example.org", From::Another),
            (None, Some("cross-site"), "plan.example.org", From::Another),
            (None, None, "plan.example.org", From::Unsaid),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            for (name, value) in [(header::ORIGIN, origin), (SITE, site)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(from("https://plan.example.org/", &headers), said, "{origin:?} {site:?} {host}");
        }
    }
}
