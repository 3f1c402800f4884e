//! Where nothing but a passkey lets somebody in: by their own choice, or by the network's.

use std::path::Path;
use std::process::Command;

use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::network::{Browser, Mailbox, Network, text};
use super::passkeys::{add, let_in, refused, try_in};
use crate::house::SOON;
use crate::wire::binary;

const CHOOSE: &str = "/me/passkeys/alone";

/// The id of the first passkey on its page.
async fn first_of(browser: &Browser<'_>) -> String {
    let (_, page) = browser.get("/me/passkeys").await;
    page.split("name=\"id\" value=\"").nth(1).unwrap()[..16].to_owned()
}

/// A link from whoever runs the server.
fn handed(network: &Network, data: &Path, whose: &str) -> String {
    let verb = Command::new(binary()).args(["people", "link", whose, "--data"]).arg(data).output().unwrap();
    let said = String::from_utf8(verb.stdout.clone()).unwrap();
    let at = said.find("/sign-in/").unwrap_or_else(|| panic!("{verb:?} {}", network.log()));
    said[at..].trim().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_chooses_so_is_let_in_by_a_passkey_alone() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &[]).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let (_, page) = ada.get("/me/passkeys").await;
    assert!(page.contains("To choose this, add a passkey first.") && !page.contains(CHOOSE), "{page}");
    let (status, page) = ada.post(CHOOSE, &[("alone", "yes")]).await;
    assert!(status == 409 && page.contains("You have no passkey yet."), "{status} {page}");
    let mut device = add(&network, &ada, 1).await;
    assert_eq!(mailbox.next().await.to, ["ada@example.org"], "of the passkey");

    // What was mailed before lets nobody in afterwards.
    network.ask("ada@example.org").await;
    let mailed = mailbox.next().await;
    assert_eq!(ada.post(CHOOSE, &[("alone", "yes")]).await.0, 303);
    let (_, page) = ada.get("/me/passkeys").await;
    assert!(page.contains("Only your passkey lets you in; a mail alone does not."), "{page}");
    let link = format!("/sign-in/{}", mailed.link());
    assert_eq!(network.get(&link).await.0, 410);
    assert_eq!(network.post(&link, &[]).await.status(), 410);

    // The answer is the same as ever, and the mail has no link and no code.
    let asked = text(network.post("/sign-in", &[("email", "ada@example.org")]).await).await;
    let unknown = text(network.post("/sign-in", &[("email", "nobody@example.org")]).await).await;
    // All but the page's secret and what the visitor typed.
    let the_same = |(status, page): (u16, String), typed: &str| {
        let (before, after) = page.split_once("name=\"page\" value=\"").unwrap();
        let page = format!("{before}{}", after.split_once('"').unwrap().1);
        (status, page.replace(typed, "the address"))
    };
    assert_eq!(the_same(asked, "ada@example.org"), the_same(unknown, "nobody@example.org"));
    let mail = mailbox.next().await;
    assert!(
        mail.to == ["ada@example.org"] && mail.text.contains("Only your passkey lets you in"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("/sign-in\r\n") && !mail.text.contains("/sign-in/"), "{}", mail.text);
    assert!(!mail.text.lines().any(|line| line.len() == 9 && line.as_bytes()[4] == b' '), "{}", mail.text);

    // It stays across a stop, the last passkey stays with it, and passkeys let in.
    let id = first_of(&ada).await;
    let (status, page) = ada.post("/me/passkeys/remove", &[("id", &id)]).await;
    assert!(status == 409 && page.contains("This is your last passkey"), "{status} {page}");
    let mut network = network;
    network.stop();
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &[]).await;
    network.ask("ada@example.org").await;
    assert!(!mailbox.next().await.text.contains("/sign-in/"));
    // The address has changed with the start, and with it where the device finds its passkey.
    device.origin = super::passkeys::origin(&network);
    let ada = let_in(&network, try_in(&network, &mut device).await);
    let mut other = add(&network, &ada, 2).await;
    assert_eq!(mailbox.next().await.to, ["ada@example.org"], "of the passkey");
    assert_eq!(ada.post("/me/passkeys/remove", &[("id", &id)]).await.0, 303, "one of two");
    assert_eq!(refused(&network, &mut device).await.0, 403);

    // A lost passkey: whoever runs the server hands out a link, and mails let in again.
    let path = handed(&network, folder.path(), "ada@example.org");
    let back = network.in_by(network.post(&path, &[]).await);
    assert!(!back.get("/me/passkeys").await.1.contains("a mail alone does not."));
    let by_mail = network.sign_in(&mut mailbox, "ada@example.org").await;
    assert_eq!(by_mail.person().await["name"], "Ada");

    // Back and forth by hand; the log of access has all of it.
    assert_eq!(by_mail.post(CHOOSE, &[("alone", "yes")]).await.0, 303);
    let ada = let_in(&network, try_in(&network, &mut other).await);
    assert_eq!(ada.post(CHOOSE, &[("alone", "no")]).await.0, 303);
    network.sign_in(&mut mailbox, "ada@example.org").await;
    let (_, page) = ada.get("/network/access").await;
    for said in ["a mail alone lets them in no more", "a mail lets them in again"] {
        assert_eq!(page.matches(said).count(), 2, "{said}: {page}");
    }
    let tool = ada.make_token("write").await;
    let by_tool = network.request(Method::POST, CHOOSE).bearer_auth(&tool).send().await.unwrap();
    assert_eq!(by_tool.headers()[header::LOCATION], "/", "a tool chooses nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_can_require_passkeys_of_those_who_can_do_much() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let required = [("QUORATE_PASSKEYS", "required")];
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &required).await;
    let ada = network.first("Ada", "ada@example.org").await;

    // Nothing but adding one.
    for path in ["/", "/me", "/me/sessions", "/network", "/me/data", "/conduct"] {
        let answer = ada.request(Method::GET, path).send().await.unwrap();
        let to = answer.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        assert_eq!((answer.status().as_u16(), to), (303, Some("/me/passkeys/offer")), "{path}");
    }
    let (status, page) = ada.get("/me/passkeys/offer").await;
    assert!(status == 200 && page.contains("Add a passkey to go on") && !page.contains(">Later<"), "{page}");
    let (status, answer) = ada.get("/api/plans").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((status, &answer["code"]), (403, &json!("passkey_needed")));
    let add_eve = json!({ "person": "eve", "name": "Eve", "roles": ["board"], "email": "eve@example.org" });
    let (status, answer) = ada.command("person.add", add_eve).await;
    assert_eq!((status, &answer["code"]), (403, &json!("passkey_needed")));
    assert_eq!(ada.post("/api/session/ticket", &[]).await.0, 403, "and no connection");
    assert_eq!(ada.person().await["name"], "Ada", "who one is, one learns");

    let mut device = add(&network, &ada, 1).await;
    assert_eq!(mailbox.next().await.to, ["ada@example.org"], "of the passkey");
    assert_eq!(ada.get("/api/plans").await.0, 200);
    ada.add("eve", "board", "eve@example.org").await;
    ada.add("grace", "representative", "grace@example.org").await;

    // From then on a mail alone is not enough, and the last one stays.
    network.ask("ada@example.org").await;
    assert!(!mailbox.next().await.text.contains("/sign-in/"));
    let_in(&network, try_in(&network, &mut device).await);
    let (_, page) = ada.get("/me/passkeys").await;
    assert!(page.contains("only a passkey lets in whoever holds your part"), "{page}");
    let id = first_of(&ada).await;
    assert_eq!(ada.post("/me/passkeys/remove", &[("id", &id)]).await.0, 409);

    // Others come in as ever; a part that brings it asks at once, also of tools.
    let grace = network.sign_in(&mut mailbox, "grace@example.org").await;
    assert_eq!(grace.get("/api/plans").await.0, 200);
    let tool = grace.make_token("read").await;
    let change = json!({ "person": "grace", "version": 1, "roles": ["chair"] });
    let (status, answer) = ada.command("person.change", change).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(grace.get("/api/plans").await.0, 403);
    let by_tool = network.request(Method::GET, "/api/plans").bearer_auth(&tool).send().await.unwrap();
    assert_eq!(by_tool.status(), 403);
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    assert_eq!(eve.get("/").await.0, 303);
    add(&network, &eve, 2).await;
    assert_eq!(eve.get("/").await.0, 200);
    assert_eq!(mailbox.next().await.to, ["eve@example.org"], "of the passkey");

    // Hers is lost: the operator's link lets her in all the same, to add another one.
    let path = handed(&network, folder.path(), "eve");
    let back = network.in_by(network.post(&path, &[]).await);
    add(&network, &back, 3).await;
    assert_eq!(mailbox.next().await.to, ["eve@example.org"], "of the passkey");
    let id = first_of(&back).await;
    assert_eq!(back.post("/me/passkeys/remove", &[("id", &id)]).await.0, 303);
    network.ask("eve@example.org").await;
    assert!(!mailbox.next().await.text.contains("/sign-in/"), "and the rule goes on");
}

#[tokio::test]
async fn where_there_can_be_no_passkeys_they_are_not_required() {
    let folder = tempfile::tempdir().unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--passkeys", "required", "--public-url"];
    for url in ["http://127.0.0.1:8400", "http://plan.example.org"] {
        let mut verb = tokio::process::Command::new(binary());
        verb.args(serve).arg(url).arg("--data").arg(folder.path()).kill_on_drop(true);
        let done = timeout(SOON, verb.output()).await.expect("it does not serve").unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && said.contains("passkeys cannot be required"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_by_mail_does_not_regain_the_part() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let required = [("QUORATE_PASSKEYS", "required")];
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &required).await;
    let ada = network.first("Ada", "ada@example.org").await;
    add(&network, &ada, 1).await;
    mailbox.next().await;
    ada.add("eve", "board", "eve@example.org").await;
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    add(&network, &eve, 2).await;
    mailbox.next().await;
    network.ask("eve@example.org").await;
    assert!(!mailbox.next().await.text.contains("/sign-in/"), "a passkey alone");
    // The administrator takes the part away, signs in by a mail that goes to an address of theirs, and gives it back.
    let change = |version: u64, role: &str| json!({ "person": "eve", "version": version, "roles": [role] });
    let (status, answer) = ada.command("person.change", change(1, "representative")).await;
    assert_eq!(status, 200, "{answer}");
    let thief = network.sign_in(&mut mailbox, "eve@example.org").await;
    let (status, answer) = ada.command("person.change", change(2, "board")).await;
    assert_eq!(status, 200, "{answer}");
    let (status, page) = thief.get("/api/plans").await;
    assert_eq!(status, 401, "a session by mail alone has the board's part: {page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_passkey_can_be_used_a_mail_lets_in() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start_at("localhost", folder.path(), &mailbox.way(), &[]).await;
    let ada = network.first("Ada", "ada@example.org").await;
    add(&network, &ada, 1).await;
    mailbox.next().await;
    assert_eq!(ada.post(CHOOSE, &[("alone", "yes")]).await.0, 303);
    network.stop();
    // The operator serves at an address at which browsers keep no passkeys.
    let network = Network::start_at("127.0.0.1", folder.path(), &mailbox.way(), &[]).await;
    let (_, page) = network.get("/sign-in").await;
    assert!(!page.contains("data-passkey=\"sign-in\""), "no passkey can be used here");
    network.ask("ada@example.org").await;
    let mail = mailbox.next().await;
    assert!(mail.text.contains("/sign-in/"), "and no mail lets in: {}", mail.text);
}
