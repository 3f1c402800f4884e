//! The mail that says to people that they were added.

use std::process::Command;

use serde_json::json;

use super::network::{Mailbox, Network, text};
use crate::wire::binary;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_added_is_told_by_whom_and_where_to_sign_in_and_once() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    // The first person is there already: the next mail is another one's.
    let ada = network.first("Ada Lovelace", "ada@example.org").await;
    let eve = json!({ "person": "eve", "name": "Eve", "roles": ["board"], "email": "eve@example.org" });
    let id = uuid::Uuid::now_v7();
    for _ in 0..2 {
        let mut same = eve.clone();
        same["id"] = json!(id);
        same["type"] = json!("person.add");
        let answer = ada.request(reqwest::Method::POST, "/api/commands").json(&same).send().await.unwrap();
        assert_eq!(answer.status(), 200, "given twice, done once");
    }
    let mail = mailbox.any().await;
    assert!(mail.is_welcome() && mail.to == ["eve@example.org"], "{}", mail.text);
    let said = mail.text.replace("\r\n", "\n");
    for words in [
        "Hello Eve,",
        "Ada Lovelace has added you to the network at",
        &network.url("").replace("http://", ""),
        "type this e-mail address to sign in",
        "There is no password",
        &format!("\n{}\n", network.url("/sign-in")),
    ] {
        assert!(said.contains(words), "{words:?} is not in {said}");
    }
    assert!(!said.contains("/sign-in/"), "nothing in it lets anybody in: {said}");

    // None to who has no address, nor for anything else that changes somebody; then to each of a list, once.
    let (status, answer) =
        ada.command("person.add", json!({ "person": "mute", "name": "Mute", "roles": ["teller"] })).await;
    assert_eq!(status, 200, "{answer}");
    let change = json!({ "person": "eve", "version": 1, "roles": ["chair"] });
    assert_eq!(ada.command("person.change", change).await.0, 200);
    let list = folder.path().join("list.csv");
    std::fs::write(&list, "name,e-mail,roles\nAnn,ann@example.org,board\nBob,bob@example.org,board\n")
        .unwrap();
    for taken in [true, false] {
        let mut verb = Command::new(binary());
        verb.args(["people", "import"])
            .arg(&list)
            .args(["--as", "Ada@example.org", "--data"])
            .arg(folder.path());
        let done = verb.output().unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && said.contains("Taken in") == taken, "{done:?}");
    }
    let mut told = [mailbox.any().await, mailbox.any().await].map(|mail| {
        assert!(mail.is_welcome() && mail.text.contains("Ada Lovelace has added you"), "{}", mail.text);
        mail.to.join(" ")
    });
    told.sort();
    assert_eq!(told, ["ann@example.org", "bob@example.org"]);

    // The page says the same of a known and of an unknown address, and the next mail is the one that was asked for.
    let asked = text(network.post("/sign-in", &[("email", "nobody@example.org")]).await).await;
    assert!(asked.0 == 200 && asked.1.contains("If this address is known here"), "{}", asked.1);
    // It repeats the address as it was typed, and so does the page that follows a wrong code.
    assert!(asked.1.contains("<strong>nobody@example.org</strong>"), "{}", asked.1);
    let known = text(network.post("/sign-in", &[("email", "eve@example.org")]).await).await;
    let page = |html: &str| {
        html.split_once(r#"name="page" value=""#).unwrap().1.split_once('"').unwrap().0.to_owned()
    };
    let without = |html: &str, email: &str| html.replace(&page(html), "").replace(email, "");
    assert_eq!(without(&known.1, "eve@example.org"), without(&asked.1, "nobody@example.org"));
    let mail = mailbox.any().await;
    assert!(!mail.is_welcome() && mail.to == ["eve@example.org"], "{}", mail.text);
    let typed = [("page", &*page(&known.1)), ("email", "eve@example.org"), ("code", "1234 5678")];
    let again = text(network.post("/sign-in/code", &typed).await).await;
    assert!(again.0 == 422 && again.1.contains("<strong>eve@example.org</strong>"), "{}", again.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_tells_nobody_once_more() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    ada.add("eve", "board", "eve@example.org").await;
    assert!(mailbox.any().await.is_welcome());
    network.stop();
    let network = Network::start(folder.path(), &mailbox.way()).await;
    network.ask("eve@example.org").await;
    assert!(!mailbox.any().await.is_welcome());
}
