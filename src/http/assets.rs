//! The web client's built files, carried in the binary.
//!
//! Files under `/assets/` have a digest in their names and are kept by browsers for ever; the few others are
//! asked for anew each time and answered with 304 where they are the same. All are compressed by the layer
//! around the routes. A debug build reads them from `web/dist` at each request; where the client is not
//! built, pages come without style and script.

use std::{borrow::Cow, collections::HashMap};

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use rust_embed::{Embed, EmbeddedFile};
use serde::Deserialize;

#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Dist;

/// `/assets/*`, and the files that must lie at the root.
pub fn router() -> Router {
    Router::new()
        .route("/assets/{*path}", get(hashed))
        .route("/service-worker.js", get(|headers| root_file("service-worker.js", headers)))
        .route("/favicon.svg", get(|headers| root_file("favicon.svg", headers)))
}

async fn hashed(Path(path): Path<String>, headers: HeaderMap) -> Response {
    serve(
        &format!("assets/{path}"),
        &headers,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    )
}

async fn root_file(path: &'static str, headers: HeaderMap) -> Response {
    serve(path, &headers, HeaderValue::from_static("no-cache"))
}

fn serve(path: &str, headers: &HeaderMap, caching: HeaderValue) -> Response {
    let Some(file) = Dist::get(path) else { return StatusCode::NOT_FOUND.into_response() };
    let tag = tag(&file);
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| {
        // The compressing layer makes no tag of its own, so what comes back is what went out.
        known.to_str().is_ok_and(|known| known.split(',').any(|known| known.trim() == tag))
    });
    let mut answer = match file.data {
        _ if known => StatusCode::NOT_MODIFIED.into_response(),
        Cow::Borrowed(bytes) => Bytes::from_static(bytes).into_response(),
        Cow::Owned(bytes) => bytes.into_response(),
    };
    let kind = HeaderValue::from_str(&kind(file.metadata.mimetype()))
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer.headers_mut().insert(header::CACHE_CONTROL, caching);
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.headers_mut().insert(header::ETAG, tag);
    }
    answer
}

/// What a file is; all text that is built is UTF-8.
fn kind(of: &str) -> String {
    let is_text = of.starts_with("text/") || of.ends_with("+xml");
    if is_text { format!("{of}; charset=utf-8") } else { of.to_owned() }
}

/// Half of the file's SHA-256, quoted as a weak tag, since it may travel compressed.
fn tag(file: &EmbeddedFile) -> String {
    let digest = file.metadata.sha256_hash();
    digest[..16].iter().fold(String::from("W/\""), |tag, byte| format!("{tag}{byte:02x}")) + "\""
}

/// What a page has to load for one entry of the client. Paths from the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    pub script: Option<String>,
    pub styles: Vec<String>,
}

/// An entry by its source file, for example `src/app/main.tsx`. Empty where the client is not built.
pub fn entry(source: &str) -> Entry {
    Dist::get("manifest.json")
        .or_else(|| Dist::get(".vite/manifest.json"))
        .and_then(|file| serde_json::from_slice(&file.data).ok())
        .map_or_else(Entry::default, |manifest| entry_of(&manifest, source))
}

/// One built file, as Vite's manifest describes it.
#[derive(Debug, Deserialize)]
struct Built {
    file: String,
    #[serde(default)]
    css: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
}

fn entry_of(manifest: &HashMap<String, Built>, source: &str) -> Entry {
    let mut entry = Entry::default();
    let Some(built) = manifest.get(source) else { return entry };
    if built.file.ends_with(".css") {
        entry.styles.push(format!("/{}", built.file));
        return entry;
    }
    entry.script = Some(format!("/{}", built.file));
    // The styles of shared pieces come first, so that an entry's own can build on them.
    let mut seen = vec![source];
    let mut at = 0;
    while let Some(built) = seen.get(at).and_then(|name| manifest.get(*name)) {
        for import in &built.imports {
            if !seen.contains(&import.as_str()) {
                seen.push(import);
            }
        }
        at += 1;
    }
    for style in seen.iter().rev().filter_map(|name| manifest.get(*name)).flat_map(|built| &built.css) {
        let style = format!("/{style}");
        if !entry.styles.contains(&style) {
            entry.styles.push(style);
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_says_how_it_is_written() {
        for (of, kind_of_it) in [
            ("text/css", "text/css; charset=utf-8"),
            ("image/svg+xml", "image/svg+xml; charset=utf-8"),
            ("application/wasm", "application/wasm"),
        ] {
            assert_eq!(kind(of), kind_of_it);
        }
    }

    #[test]
    fn entries_of_a_manifest() {
        let manifest = serde_json::from_str(
            r#"{
                "_shared-1.js": {"file": "assets/shared-1.js", "css": ["assets/shared-1.css"]},
                "src/app/main.tsx": {"file": "assets/app-2.js", "isEntry": true,
                    "imports": ["_shared-1.js"], "css": ["assets/app-2.css"]},
                "src/styles/pages.css": {"file": "assets/pages-3.css", "isEntry": true}
            }"#,
        )
        .unwrap();
        let app = entry_of(&manifest, "src/app/main.tsx");
        assert_eq!(app.script.as_deref(), Some("/assets/app-2.js"));
        assert_eq!(app.styles, ["/assets/shared-1.css", "/assets/app-2.css"]);
        let pages = entry_of(&manifest, "src/styles/pages.css");
        assert_eq!((pages.script, pages.styles), (None, vec!["/assets/pages-3.css".to_owned()]));
        assert_eq!(entry_of(&manifest, "src/none.ts"), Entry::default());
    }
}
