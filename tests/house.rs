//! A server with a plan, and how one enters it: what most tests over the real socket begin with.

use std::path::Path;
use std::time::Duration;

use automerge::{Automerge, ChangeHash};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::wire::{Client, Heard, Server, Spawn, Writer};

/// What must happen, happens within this.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A server with a plan, and the folder that it lives in.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) plan: String,
    pub(crate) document: String,
    pub(crate) folder: TempDir,
}

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_quorate"))
}

pub(crate) async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&Spawn { binary: binary(), data: folder.path(), through: &[] }).await;
    let (plan, document) = server.new_plan(2).await;
    House { server, plan, document, folder }
}

impl House {
    pub(crate) async fn enter(&self, person: &str, name: &str) -> (Client, Automerge) {
        let token = self.server.sign_in(person).await;
        let mut client = Client::join(&self.server.sync_url(&token), name).await;
        let document = client.open(&self.document).await;
        (client, document)
    }

    /// The messages that a person gets beside the sync channel.
    pub(crate) async fn notices(&self, person: &str) -> Notices {
        let token = self.server.sign_in(person).await;
        let url = self.server.url(&format!("/api/plans/{}/live", self.plan));
        let answer = reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap();
        let mut notices = Notices { answer, text: String::new() };
        // The first message says what one may do: from here on nothing is missed.
        notices.next("access").await;
        notices
    }

    /// All events of the plan.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let token = self.server.sign_in("chair").await;
        let mut events: Vec<Value> = Vec::new();
        loop {
            let after = events.last().map_or(0, |event| event["position"].as_u64().unwrap());
            let (_, page) =
                self.server.get(&token, &format!("/api/plans/{}/events?after={after}", self.plan)).await;
            let page = page["events"].as_array().unwrap().clone();
            if page.is_empty() {
                return events;
            }
            events.extend(page);
        }
    }

    /// Waits until a counter stands at a value: the person is told first, then it is counted.
    pub(crate) async fn counts(&self, name: &str, value: u64) {
        let wait = async {
            while self.server.metric(name).await != value {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, wait).await.unwrap_or_else(|_| panic!("{name} does not come to {value}"));
    }

    pub(crate) async fn recorded(&self, hash: ChangeHash) -> bool {
        self.events().await.iter().any(|event| event["payload"]["hash"] == json!(hash.to_string()))
    }
}

pub(crate) struct Notices {
    answer: reqwest::Response,
    text: String,
}

impl Notices {
    /// The data of the next message of a kind.
    pub(crate) async fn next(&mut self, kind: &str) -> Value {
        let read = async {
            loop {
                while let Some((message, rest)) = self.text.split_once("\n\n") {
                    let field = |name: &str| {
                        let line = message.lines().find_map(|line| line.strip_prefix(name));
                        line.unwrap_or_default().trim().to_owned()
                    };
                    let (event, data) = (field("event:"), field("data:"));
                    self.text = rest.to_owned();
                    if event == kind {
                        return serde_json::from_str(&data).unwrap();
                    }
                }
                let more = self.answer.chunk().await.unwrap().expect("the stream goes on");
                self.text.push_str(&String::from_utf8_lossy(&more));
            }
        };
        timeout(SOON, read).await.unwrap_or_else(|_| panic!("no message {kind:?} came"))
    }
}

/// Waits until the server says that it has the change on disk.
pub(crate) async fn acknowledged(client: &mut Client, hash: ChangeHash) {
    let wait = async {
        loop {
            match client.next().await {
                Heard::Sync { heads, .. } if heads.contains(&hash) => return,
                Heard::Closed(reason) => panic!("the connection was closed: {reason}"),
                _ => {}
            }
        }
    };
    timeout(SOON, wait).await.expect("the change is acknowledged");
}

/// Waits until the connection is closed, and gives the reason.
pub(crate) async fn closed(client: &mut Client) -> String {
    let wait = async {
        loop {
            if let Heard::Closed(reason) = client.next().await {
                return reason;
            }
        }
    };
    timeout(SOON, wait).await.expect("the connection is closed")
}

pub(crate) async fn writer(house: &House, person: &str, section: &str) -> (Client, Writer) {
    let (client, document) = house.enter(person, &format!("{person}-{section}")).await;
    (client, Writer::new(&document, section))
}
