//! Passkeys, through the doors that a browser's script goes through.

use reqwest::{Method, Response, header};
use serde_json::{Value, json};

use quorate::domain::limits;

use super::authenticator::Authenticator;
use super::network::{Browser, Mailbox, Network, text};

async fn by_nobody(network: &Network, path: &str, body: Value) -> Response {
    network.request(Method::POST, path).json(&body).send().await.unwrap()
}

async fn read(answer: Response) -> (u16, Value) {
    let (status, body) = text(answer).await;
    (status, serde_json::from_str(&body).unwrap())
}

/// The address under which people know it, where passkeys hold.
pub(super) fn origin(network: &Network) -> String {
    format!("http://localhost:{}", network.port())
}

async fn ask(browser: &Browser<'_>) -> Value {
    let request = browser.request(Method::POST, "/api/me/passkeys/begin").json(&json!({}));
    let (status, asked) = read(request.send().await.unwrap()).await;
    assert_eq!(status, 200, "{asked}");
    asked
}

async fn hand_in(browser: &Browser<'_>, asked: &Value, name: &str, made: &Value) -> (u16, Value) {
    let body = json!({ "request": asked["request"], "name": name, "credential": made });
    let request = browser.request(Method::POST, "/api/me/passkeys/finish").json(&body);
    read(request.send().await.unwrap()).await
}

/// Somebody adds a passkey.
pub(super) async fn add(network: &Network, browser: &Browser<'_>, seed: u8) -> Authenticator {
    let asked = ask(browser).await;
    let (device, made) = Authenticator::make(&asked, &origin(network), seed);
    let (status, answer) = hand_in(browser, &asked, "A phone", &made).await;
    assert_eq!(status, 200, "{answer}");
    device
}

/// Somebody signs in by one: the answer to the last step, whatever it is.
pub(super) async fn try_in(network: &Network, device: &mut Authenticator) -> Response {
    let (status, asked) = read(by_nobody(network, "/api/auth/passkey/begin", json!({})).await).await;
    assert_eq!(status, 200, "{asked}");
    let body = json!({ "request": asked["request"], "credential": device.answer(&asked) });
    by_nobody(network, "/api/auth/passkey/finish", body).await
}

pub(super) async fn refused(network: &Network, device: &mut Authenticator) -> (u16, Value) {
    let answer = try_in(network, device).await;
    assert!(!answer.headers().contains_key(header::SET_COOKIE));
    let (status, answer) = read(answer).await;
    assert!(answer["detail"].is_string() && answer["hint"].is_string(), "{answer}");
    (status, answer["code"].clone())
}

pub(super) fn let_in<'a>(network: &'a Network, answer: Response) -> Browser<'a> {
    assert_eq!(answer.status(), 200, "{answer:?}");
    network.with_cookie(&answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_keeps_much_is_asked_for_a_passkey_and_signs_in_by_it() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &[]).await;
    let path = format!("/first/{}", network.first_link());
    let answer = network.post(&path, &[("name", "Ada"), ("email", "ada@example.org")]).await;
    assert_eq!(answer.headers()[header::LOCATION], "/me/passkeys/offer");
    let ada = network.in_by(answer);
    let (status, page) = ada.get("/me/passkeys/offer").await;
    assert!(status == 200 && page.contains("A passkey is a key") && page.contains(">Later</a>"), "{page}");
    ada.add("grace", "representative", "grace@example.org").await;
    ada.add("eve", "teller", "eve@example.org").await;
    for (person, on) in [("grace", "/"), ("eve", "/me/passkeys/offer"), ("eve", "/me/passkeys/offer")] {
        network.ask(&format!("{person}@example.org")).await;
        let link = mailbox.next().await.link();
        let answer = network.post(&format!("/sign-in/{link}"), &[]).await;
        assert_eq!(answer.headers()[header::LOCATION], on, "{person}: later is at the next sign-in");
    }

    let mut device = add(&network, &ada, 1).await;
    let mail = mailbox.next().await;
    assert!(mail.to == ["ada@example.org"] && mail.text.contains("a passkey was added"), "{}", mail.text);
    assert_eq!(ada.get("/me/passkeys/offer").await.0, 303, "nothing is to be asked for any more");
    assert_eq!(ada.post("/api/session/end", &[]).await.0, 303);
    let again = let_in(&network, try_in(&network, &mut device).await);
    assert_eq!(again.person().await["name"], "Ada");
    assert_ne!(again.cookie, ada.cookie);
    let (_, page) = again.get("/me/passkeys").await;
    assert!(page.contains("A phone") && !page.contains(">never<"), "{page}");

    // An answer counts once, and only for what it is an answer to.
    let (_, asked) = read(by_nobody(&network, "/api/auth/passkey/begin", json!({})).await).await;
    let body = json!({ "request": asked["request"], "credential": device.answer(&asked) });
    let finish = async |body: &Value| {
        let (status, answer) =
            read(by_nobody(&network, "/api/auth/passkey/finish", body.clone()).await).await;
        (status, answer["code"].clone())
    };
    assert_eq!(by_nobody(&network, "/api/auth/passkey/finish", body.clone()).await.status(), 200);
    assert_eq!(finish(&body).await, (410, json!("passkey_too_late")));
    let (_, other) = read(by_nobody(&network, "/api/auth/passkey/begin", json!({})).await).await;
    let crossed = json!({ "request": other["request"], "credential": device.answer(&asked) });
    assert_eq!(finish(&crossed).await, (422, json!("passkey_not_valid")));
    assert_eq!(finish(&json!({ "request": "x", "credential": {} })).await, (410, json!("passkey_too_late")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_that_is_not_right_lets_nobody_in() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start_at("localhost", folder.path(), &mailbox.way(), &[]).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let mut device = add(&network, &ada, 1).await;

    let mut elsewhere = device.clone();
    elsewhere.origin = "https://evil.example".into();
    assert_eq!(refused(&network, &mut elsewhere).await, (403, json!("passkey_elsewhere")));
    let mut careless = device.clone();
    careless.verifies = false;
    assert_eq!(refused(&network, &mut careless).await, (422, json!("passkey_not_verified")));
    let mut copy = device.clone();
    for _ in 0..2 {
        let_in(&network, try_in(&network, &mut device).await);
    }
    assert_eq!(refused(&network, &mut copy).await, (403, json!("passkey_copied")));
    let_in(&network, try_in(&network, &mut device).await);

    // Nobody adds one in another's name, none is added twice, and a tool adds none.
    ada.add("eve", "board", "eve@example.org").await;
    let asked = ask(&ada).await;
    let (_, made) = Authenticator::make(&asked, &origin(&network), 2);
    let (status, answer) = hand_in(&ada, &asked, " ", &made).await;
    assert_eq!((status, &answer["code"]), (422, &json!("passkey_name_not_valid")));
    let (status, answer) = hand_in(&ada, &asked, "Once more", &made).await;
    assert_eq!((status, &answer["code"]), (410, &json!("passkey_too_late")), "a request is used up");
    let asked = ask(&ada).await;
    let (_, twin) = Authenticator::make(&asked, &origin(&network), 1);
    assert_eq!(hand_in(&ada, &asked, "Twin", &twin).await.0, 422);
    let tool = ada.make_token("write").await;
    let by_tool = network.request(Method::POST, "/api/me/passkeys/begin").bearer_auth(&tool);
    assert_eq!(by_tool.send().await.unwrap().status(), 401);
    let foreign = reqwest::Client::new().post(network.url("/api/me/passkeys/begin")).json(&json!({}));
    let foreign = foreign.header(header::COOKIE, &ada.cookie).header(header::ORIGIN, "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);

    assert_eq!(mailbox.next().await.to, ["ada@example.org"], "of the passkey");
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    for seed in 100..100 + u8::try_from(limits::PASSKEYS_PER_PERSON).unwrap() {
        add(&network, &eve, seed).await;
    }
    let one_more = eve.request(Method::POST, "/api/me/passkeys/begin").json(&json!({}));
    let (status, answer) = read(one_more.send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (409, &json!("too_many_passkeys")));

    // One that is removed, and those of somebody who has left.
    let (_, page) = ada.get("/me/passkeys").await;
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap()[..16].to_owned();
    let mut other = add(&network, &ada, 3).await;
    assert_eq!(ada.post("/me/passkeys/remove", &[("id", &id)]).await.0, 303);
    assert_eq!(ada.post("/me/passkeys/remove", &[("id", &id)]).await.0, 404);
    assert_eq!(refused(&network, &mut device).await, (403, json!("passkey_void")));
    let_in(&network, try_in(&network, &mut other).await);
    ada.add("root", "administrator", "root@example.org").await;
    let id = ada.person().await["id"].clone();
    let (status, answer) = ada.command("person.leave", json!({ "person": id, "version": 1 })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(refused(&network, &mut other).await, (403, json!("passkey_void")));
    assert!(!network.log().contains(asked["request"].as_str().unwrap()), "what lets people in is in no log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_can_be_no_passkeys_the_pages_say_so() {
    let (folder, mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let path = format!("/first/{}", network.first_link());
    let answer = network.post(&path, &[("name", "Ada"), ("email", "ada@example.org")]).await;
    assert_eq!(answer.headers()[header::LOCATION], "/", "nobody is asked for what cannot be");
    let ada = network.in_by(answer);
    for page in [network.get("/sign-in").await.1, ada.get("/me/passkeys").await.1] {
        assert!(page.contains("they need a name and https"), "{page}");
        assert!(!page.contains("data-passkey"), "{page}");
    }
    let mut tried = 0;
    loop {
        let (status, answer) = read(by_nobody(&network, "/api/auth/passkey/begin", json!({})).await).await;
        if status == 429 {
            break;
        }
        assert_eq!((status, &answer["code"]), (409, &json!("passkeys_not_here")));
        tried += 1;
        assert!(tried < 3 * limits::SIGN_INS.burst, "nobody ever said stop");
    }
}
