//! All that somebody can be shown: every reading operation of the interface, and every page.

use std::time::Duration;

use automerge::ReadDoc as _;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{Client, Desk, Server, Writer, scan};

/// An anchor to words of a section, as a browser makes it.
pub(super) async fn anchor(server: &Server, token: &str, plan: &str, section: &str) -> Value {
    let (_, about) = server.get(token, &format!("/api/plans/{plan}")).await;
    let document = about["document"].as_str().unwrap();
    let text = Client::join(&server.sync_url(token), "reader").await.open(document).await;
    let id = Writer::new(&text, section).text();
    let cursor = |at| text.get_cursor(&id, at, None).unwrap().to_string();
    let heads: Vec<String> = text.get_heads().iter().map(ToString::to_string).collect();
    json!({ "section": section, "start": cursor(1), "end": cursor(4), "heads": heads, "quote": "part" })
}

/// What paths name, beside the plan.
pub(super) struct About<'a> {
    pub(super) person: &'a str,
    pub(super) organisation: &'a str,
    pub(super) position: u64,
    pub(super) from: u64,
}

impl Desk {
    /// What somebody reads at every path, with the path. Streams are read until they have said what they say first.
    pub(super) async fn everything(&self, token: &str, about: &About<'_>) -> Vec<(String, String)> {
        let reads = scan::INTERFACE.iter().filter(|(method, ..)| *method == "get").map(|(_, path, _)| *path);
        let pages = scan::PAGES.iter().map(|(path, _)| *path);
        let more = [
            "/api/plans/{plan}/at/{position}.html",
            "/api/plans/{plan}/at/{position}.md",
            "/api/plans/{plan}/at/{position}/since/{from}.html",
            "/plans/{plan}/read?at={from}",
            "/plans/{plan}/replay?at={from}&step=event&authors=1",
            "/plans/{plan}/replay?at={position}&step=event&authors=1",
        ];
        let mut all = Vec::new();
        for path in reads.chain(pages).chain(more).filter(|path| *path != "/sync") {
            let path = path
                .replace("{plan}", &self.plan)
                .replace("{person}", about.person)
                .replace("{guest}", about.person)
                .replace("{organisation}", about.organisation)
                .replace("{position}", &about.position.to_string())
                .replace("{from}", &about.from.to_string());
            let text = self.read_as(token, &path, None).await;
            all.push((path, text));
        }
        let path = format!("/api/plans/{}/events", self.plan);
        all.push((
            format!("{path} as a stream"),
            self.read_as(token, &path, Some("text/event-stream")).await,
        ));
        all
    }

    /// What is answered at a path; of a stream, what comes until it is quiet.
    async fn read_as(&self, token: &str, path: &str, accept: Option<&str>) -> String {
        let mut request = self.http.get(self.server.url(path)).bearer_auth(token);
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let mut answer = request.send().await.unwrap();
        let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
        if !kind.is_some_and(|kind| kind.contains("event-stream")) {
            return answer.text().await.unwrap();
        }
        let mut said = String::new();
        while let Ok(Ok(Some(chunk))) = timeout(Duration::from_millis(300), answer.chunk()).await {
            said.push_str(&String::from_utf8_lossy(&chunk));
        }
        said
    }
}

/// Where a text is found among all that was read.
pub(super) fn found<'a>(all: &'a [(String, String)], text: &str) -> Vec<&'a str> {
    all.iter().filter(|(_, read)| read.contains(text)).map(|(path, _)| path.as_str()).collect()
}
