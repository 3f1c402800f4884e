//! What a change of somebody's part does to what they came in by.

use std::time::{Duration, Instant};

use reqwest::{Method, header};
use serde_json::json;

use super::network::{Mailbox, Network};
use crate::house::closed;
use crate::wire::Client;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_part_gives_each_session_another_id() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    ada.add("eve", "consultant", "eve@example.org").await;
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    let tool = eve.make_token("write").await;
    let mut socket = Client::join(&network.sync_url(&eve.ticket().await), "eve").await;
    let answer = eve.request(Method::GET, "/api/plans").send().await.unwrap();
    assert!(!answer.headers().contains_key(header::SET_COOKIE), "nothing has changed");

    // On the page for people, as administrators do it.
    let began = Instant::now();
    let change = json!({ "person": "eve", "version": 1, "roles": ["board"] });
    let (status, answer) = ada.command("person.change", change).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(closed(&mut socket).await, "signed out");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let old = eve.cookie.clone();
    let answers =
        futures_util::future::join_all((0..8).map(|_| eve.request(Method::GET, "/api/plans").send())).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| answer.status() == 200), "tabs ask side by side");
    let renewed: Vec<_> =
        answers.iter().filter(|answer| answer.headers().contains_key(header::SET_COOKIE)).collect();
    assert_eq!(renewed.len(), 1, "one other id");
    let new = network.with_cookie(renewed[0]);
    assert_ne!(new.cookie, old);
    assert_eq!(new.person().await["roles"], json!(["board"]));
    assert_eq!(new.sessions().await.len(), 1);
    drop(Client::join(&network.sync_url(&new.ticket().await), "eve").await);
    let by_tool = network.request(Method::GET, "/api/plans").bearer_auth(&tool).send().await.unwrap();
    assert_eq!(by_tool.status(), 200, "a token outlives it");

    // Signed out is signed out, also under the id of before.
    assert_eq!(new.post("/api/session/end", &[]).await.0, 303);
    assert_eq!((new.get("/api/plans").await.0, eve.get("/api/plans").await.0), (401, 401));
}
