//! Where somebody is reached: changed by themselves, by a link that goes there, and by who keeps people.

use serde_json::json;

use super::network::{Mailbox, Network, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_reached_at_another_address_once_they_have_shown_that_it_is_theirs() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    ada.add("eve", "consultant", "eve@example.org").await;
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    let (status, page) = eve.get("/me/address").await;
    assert!(status == 200 && page.contains("<strong>eve@example.org</strong>"), "{page}");
    assert_eq!(eve.post("/me/address", &[("email", "no address")]).await.0, 422);
    // Nobody learns by it who is known.
    let taken = eve.post("/me/address", &[("email", "ADA@example.org")]).await;
    let free = eve.post("/me/address", &[("email", "eve@new.example")]).await;
    assert_eq!(taken, free);
    let mail = mailbox.next().await;
    assert_eq!(mail.to, ["eve@new.example"]);
    let rest = mail.text.split("/me/address/").nth(1).unwrap();
    let path = format!("/me/address/{}", &rest[..43]);
    assert!(
        eve.get("/me/address").await.1.contains("<strong>eve@example.org</strong>"),
        "nothing has changed yet"
    );

    // Whoever else has the link cannot use it, and looking does not.
    assert_eq!(network.post(&path, &[]).await.status(), 303);
    assert_eq!(ada.post(&path, &[]).await.0, 410);
    let (status, page) = eve.get(&path).await;
    assert!(status == 200 && page.contains("<strong>eve@new.example</strong>"), "{page}");
    network.ask("eve@example.org").await;
    let older = mailbox.next().await.link();
    assert_eq!(eve.post(&path, &[]).await.0, 303);
    assert_eq!(eve.post(&path, &[]).await.0, 410, "once");
    assert_eq!(mailbox.next().await.to, ["eve@example.org"], "the old one hears of it");
    assert_eq!(network.get(&format!("/sign-in/{older}")).await.0, 410, "what was mailed there is void");
    network.ask("eve@example.org").await;
    assert!(mailbox.is_quiet().await, "nobody is known by it any more");
    network.sign_in(&mut mailbox, "eve@new.example").await;

    // Who keeps people sets it; others do not.
    let fields = |email| [("form", "1"), ("version", "1"), ("do", "email"), ("email", email)];
    let page = "/network/people/eve";
    assert_eq!(eve.post(page, &fields("x@example.org")).await.0, 404);
    for wrong in ["ada@example.org", "x"] {
        let (status, answer) = ada.post(page, &fields(wrong)).await;
        assert!(status == 422 && answer.contains(&format!("value=\"{wrong}\"")), "{status} {answer}");
    }
    assert_eq!(ada.post(page, &fields("eve@third.example")).await.0, 303);
    assert_eq!(mailbox.next().await.to, ["eve@new.example"]);
    network.sign_in(&mut mailbox, "eve@third.example").await;
    let (_, shown) = ada.get(page).await;
    assert!(shown.contains("value=\"eve@third.example\""), "{shown}");

    // It outlives a restart, is free again for others, and stands in no event.
    let kinds = super::events(&mut network);
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("person.")).count(), 4, "{kinds:?}");
    let network = Network::start(folder.path(), &mailbox.way()).await;
    network.sign_in(&mut mailbox, "eve@third.example").await;
    let fields =
        json!({ "person": "mia", "name": "Mia", "roles": ["consultant"], "email": "eve@example.org" });
    let ada = network.sign_in(&mut mailbox, "ada@example.org").await;
    assert_eq!(ada.command("person.add", fields).await.0, 200);
    let (status, _) = text(network.post("/me/address", &[("email", "x@example.org")]).await).await;
    assert_eq!(status, 303, "who is not signed in is shown where to");
}
