//! Signing in, through the doors of a network that people sign in to: pages, mail, sessions, tokens.

mod address;
mod aim;
mod alone;
mod authenticator;
mod by_hand;
mod directory;
mod invited;
pub(crate) mod network;
mod passkeys;
mod roles;
mod welcome;

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use quorate::domain::limits;
use quorate::log::{Log as _, Options, RedbLog};
use reqwest::{Method, header};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::house::{SOON, closed};
use crate::wire::{self, Client, Writer, binary};
use network::{Mailbox, Network, command, identity, text};

/// The kinds of all events of a network that has stopped.
fn events(network: &mut Network) -> Vec<String> {
    network.stop();
    let log = RedbLog::open(&network.data, &Options::default()).unwrap();
    log.read(0, usize::MAX).unwrap().iter().map(|event| event.kind.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_person_adds_another_who_signs_in_by_a_link() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start(folder.path(), &mailbox.way()).await;
    let first = network.first_link();
    let path = format!("/first/{first}");
    let (status, page) = network.get("/").await;
    assert!(status == 200 && page.contains("href=\"/sign-in\""), "{page}");
    let (status, page) = text(network.post(&path, &[("name", "Ada"), ("email", "no address")]).await).await;
    assert!(status == 422 && page.contains("aria-invalid") && page.contains("value=\"Ada\""), "{page}");
    let ada = network.first("Ada", "Ada@Example.org").await;
    let about = ada.person().await;
    assert_eq!((&about["name"], &about["roles"]), (&json!("Ada"), &json!(["secretariat", "administrator"])));
    for answer in [
        network.get(&path).await,
        text(network.post(&path, &[("name", "Eve"), ("email", "e@e.org")]).await).await,
    ] {
        assert!(answer.0 == 410 && answer.1.contains("href=\"/sign-in\""), "{answer:?}");
    }

    ada.add("grace", "representative", "grace@example.org").await;
    for (email, code) in [("GRACE@example.org", "email_taken"), ("grace", "email_not_valid")] {
        let fields = json!({ "person": "eve", "name": "Eve", "roles": ["board"], "email": email });
        let (_, answer) = ada.command("person.add", fields).await;
        assert_eq!(answer["code"], code, "{answer}");
    }
    network.ask("Grace@example.ORG").await;
    let mail = mailbox.next().await;
    assert_eq!(mail.to, ["grace@example.org"]);
    assert!(mail.text.contains("Hello grace,") && mail.text.contains("text/html"), "{}", mail.text);
    let path = format!("/sign-in/{}", mail.link());
    for _ in 0..2 {
        let (status, page) = network.get(&path).await;
        assert!(status == 200 && page.contains("Sign in as grace"), "looking uses nothing up: {page}");
    }
    let grace = network.in_by(network.post(&path, &[]).await);
    assert_eq!(grace.person().await["id"], "grace");
    assert_eq!(grace.get("/api/plans").await.0, 200);
    let (status, page) = text(network.post(&path, &[]).await).await;
    assert!(status == 410 && page.contains("href=\"/sign-in\""), "a used link: {status} {page}");
    assert_eq!(network.get(&path).await.0, 410);

    // Once more: the second sign-in is none that the record need know of.
    network.sign_in(&mut mailbox, "grace@example.org").await;
    let session = grace.cookie[16..].to_owned();
    let kinds = events(&mut network);
    assert_eq!(kinds, ["epoch.began", "person.added", "person.joined", "person.added", "person.joined"]);
    let bytes = std::fs::read(folder.path().join("log.redb")).unwrap();
    let holds = |what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(holds("grace@example.org"), "beside the record");
    let secrets = [first, mail.link(), mail.code(), mail.code().replace(' ', ""), session];
    assert!(!secrets.iter().any(|secret| holds(secret)), "only digests are kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_counts_on_the_page_on_which_it_was_asked_for() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    network.first("Ada", "ada@example.org").await;
    let typed =
        async |page: &str, code: &str| network.post("/sign-in/code", &[("page", page), ("code", code)]).await;
    let page = network.ask("ada@example.org").await;
    let code = mailbox.next().await.code();
    assert_eq!(typed(&network.ask("nobody@example.org").await, &code).await.status(), 410, "another page");
    assert_eq!(typed("", &code).await.status(), 410);
    let (status, again) = text(typed(&page, "1").await).await;
    assert!(status == 422 && again.contains(&page) && again.contains("role=\"alert\""), "{again}");
    let ada = network.in_by(typed(&page, &code).await);
    assert_eq!(ada.person().await["name"], "Ada");
    assert_eq!(typed(&page, &code).await.status(), 410, "once");

    let page = network.ask("ada@example.org").await;
    let mail = mailbox.next().await;
    for _ in 0..limits::CODE_TRIES {
        assert_eq!(typed(&page, "0000 000x").await.status(), 422);
    }
    assert_eq!(typed(&page, &mail.code()).await.status(), 410, "guessed too often");
    assert_eq!(network.get(&format!("/sign-in/{}", mail.link())).await.0, 410, "and so is its link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_are_over_say_so_and_nobody_learns_who_is_known() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    network.first("Ada", "ada@example.org").await;
    let asked = async |email: &str| {
        let (status, page) = text(network.post("/sign-in", &[("email", email)]).await).await;
        let secret =
            page.split("name=\"page\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        // All but what the visitor typed.
        (status, page.replace(&secret, "").replace(email, "the address"))
    };
    assert_eq!(asked("ada@example.org").await, asked("nobody@example.org").await);
    let older = mailbox.next().await.link();
    asked("ada@example.org").await;
    let newer = mailbox.next().await.link();
    assert!(mailbox.is_quiet().await, "nobody has no mail");
    let secret = "A".repeat(43);
    for link in [&older, &newer[..20], &secret, "x", "%00"] {
        let answer = network.get(&format!("/sign-in/{link}")).await;
        assert!(answer.0 == 410 && answer.1.contains("<h1>This link is over</h1>"), "{link}: {answer:?}");
        assert_eq!(network.post(&format!("/sign-in/{link}"), &[]).await.status(), 410);
    }
    // So many mails to one address, and then none for a while; the answer stays.
    for _ in 0..limits::SIGN_IN_MAILS {
        assert_eq!(asked("ada@example.org").await, asked("nobody@example.org").await);
    }
    let mut more = 0;
    while !mailbox.is_quiet().await {
        more += 1;
    }
    assert_eq!(more, limits::SIGN_IN_MAILS - 2);
    // So many attempts from one place.
    let mut tried = 0;
    let answer = loop {
        let answer = network.post("/sign-in", &[("email", "x")]).await;
        tried += 1;
        if answer.status() == 429 {
            break answer;
        }
        assert!(tried < 3 * limits::SIGN_INS.burst, "nobody ever said stop");
    };
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
    let (_, page) = text(answer).await;
    assert!(page.contains("Too many attempts"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_ended_ends_its_connections() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let desk = network.first("Ada", "ada@example.org").await;
    let (status, answer) = desk.command("plan.create", json!({ "title": "A plan" })).await;
    assert_eq!(status, 200, "{answer}");
    let (_, plans) = desk.get("/api/plans").await;
    let plan = serde_json::from_str::<Value>(&plans).unwrap()[0]["id"].as_str().unwrap().to_owned();

    let train = network.sign_in(&mut mailbox, "ada@example.org").await;
    let ids = desk.sessions().await;
    assert_eq!(ids.len(), 2);
    let mut socket = Client::join(&network.sync_url(&train.ticket().await), "train").await;
    let mut streams = Vec::new();
    for path in [format!("/api/plans/{plan}/live"), format!("/api/plans/{plan}/events?after=0")] {
        let request = train.request(Method::GET, &path).header(header::ACCEPT, "text/event-stream");
        let mut stream = request.send().await.unwrap();
        assert!(stream.chunk().await.unwrap().is_some(), "{path}");
        streams.push(stream);
    }
    let began = Instant::now();
    assert_eq!(desk.post("/me/sessions/end-others", &[]).await.0, 303);
    assert_eq!(closed(&mut socket).await, "signed out");
    for stream in &mut streams {
        let end = async { while let Ok(Some(_)) = stream.chunk().await {} };
        timeout(SOON, end).await.expect("the stream ends");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(train.get("/api/plans").await.0, 401);
    assert_eq!(desk.sessions().await.len(), 1);

    // Tokens go on, and are listed there with a way to end all of them.
    let tools = [desk.make_token("read").await, desk.make_token("write").await];
    let (_, page) = desk.get("/me/sessions").await;
    assert_eq!(page.matches("action=\"/me/tokens/end\"").count(), 2, "{page}");
    let plans = |tool: &str| network.request(Method::GET, "/api/plans").bearer_auth(tool).send();
    assert_eq!(plans(&tools[0]).await.unwrap().status(), 200);
    assert_eq!(desk.post("/me/sessions/end-others", &[]).await.0, 303);
    assert_eq!(plans(&tools[0]).await.unwrap().status(), 200);
    // A copy of all that is held about somebody is not for tools.
    for (tool, whose) in tools.iter().zip(["me", "people/eve"]) {
        let copy = network.request(Method::GET, &format!("/api/{whose}/data")).bearer_auth(tool);
        assert_eq!(copy.send().await.unwrap().status(), 401, "{whose}");
    }
    assert_eq!(desk.get("/api/me/data").await.0, 200);
    assert_eq!(desk.post("/me/tokens/end-all", &[]).await.0, 303);
    for tool in &tools {
        assert_eq!(plans(tool).await.unwrap().status(), 401);
    }
    assert!(!desk.get("/me/sessions").await.1.contains("/me/tokens/end-all"));

    // Who leaves the network is let in no more, by nothing.
    desk.add("eve", "board", "eve@example.org").await;
    let eve = network.sign_in(&mut mailbox, "eve@example.org").await;
    let tool = eve.make_token("read").await;
    let mut socket = Client::join(&network.sync_url(&eve.ticket().await), "eve").await;
    let began = Instant::now();
    let (status, answer) = desk.command("person.leave", json!({ "person": "eve", "version": 1 })).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(closed(&mut socket).await, "signed out");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(eve.get("/api/plans").await.0, 401);
    let by_tool = network.request(Method::GET, "/api/plans").bearer_auth(&tool).send().await.unwrap();
    assert_eq!(by_tool.status(), 401);
    network.ask("eve@example.org").await;
    assert!(mailbox.is_quiet().await);

    // Signing out ends the session, not the cookie alone; and nobody ends another's.
    desk.add("grace", "board", "grace@example.org").await;
    let grace = network.sign_in(&mut mailbox, "grace@example.org").await;
    let foreign = desk.sessions().await.remove(0);
    assert_eq!(grace.post("/me/sessions/end", &[("id", &foreign)]).await.0, 404);
    let own = grace.sessions().await.remove(0);
    assert_eq!(grace.post("/me/sessions/end", &[("id", &own)]).await.0, 303);
    assert_eq!(grace.get("/api/plans").await.0, 401);
    assert_eq!(desk.post("/api/session/end", &[]).await.0, 303);
    assert_eq!(desk.get("/api/plans").await.0, 401);
    let (status, _) = desk.get("/me/sessions").await;
    assert_eq!(status, 303, "who is not signed in is shown where to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_comes_in_by_its_token_and_does_what_it_may() {
    let (folder, mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let (reads, writes) = (ada.make_token("read").await, ada.make_token("write").await);
    let http = reqwest::Client::new();
    let get = async |token: &str, path: &str| {
        http.get(network.url(path)).bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    let send = async |token: &str, body: Value| {
        let request = http.post(network.url("/api/commands")).bearer_auth(token).json(&body);
        let (status, answer) = text(request.send().await.unwrap()).await;
        (status, serde_json::from_str::<Value>(&answer).unwrap())
    };
    assert_eq!((get(&reads, "/api/plans").await, get(&writes, "/api/plans").await), (200, 200));
    let (status, answer) = send(&reads, command("plan.create", json!({ "title": "A plan" }))).await;
    assert_eq!((status, &answer["code"]), (403, &json!("scope_read")), "{answer}");
    let plan = uuid::Uuid::now_v7().to_string();
    let (status, answer) =
        send(&writes, command("plan.create", json!({ "plan": plan, "title": "A plan" }))).await;
    assert_eq!(status, 200, "{answer}");
    let section = json!({ "plan": plan, "section": "part-0", "heading": "Part" });
    assert_eq!(send(&writes, command("section.create", section)).await.0, 200);
    let own = network.request(Method::GET, "/me/tokens").bearer_auth(&writes).send().await.unwrap();
    assert_eq!(own.status(), 303, "a tool looks after no tokens");
    let (_, page) = ada.get("/me/tokens").await;
    assert!(page.contains("A tool") && !page.contains(&reads[8..]), "a token is shown once");

    // In the address a token opens nothing; a ticket opens one connection, once.
    let knock = async |what: &str| tokio_tungstenite::connect_async(network.sync_url(what)).await.is_ok();
    assert!(!knock(&writes).await && !knock("x").await);
    let ticket = async |token: &str| {
        let request = http.post(network.url("/api/session/ticket")).bearer_auth(token);
        let (status, answer) = text(request.send().await.unwrap()).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["ticket"].as_str().unwrap().to_owned()
    };
    let once = ticket(&writes).await;
    assert!(knock(&once).await && !knock(&once).await);

    // Who may only read is told so on the wire, and what it sends is not recorded.
    let (_, about) = ada.get(&format!("/api/plans/{plan}")).await;
    let document = serde_json::from_str::<Value>(&about).unwrap()["document"].as_str().unwrap().to_owned();
    let heads = async || {
        let (_, page) = ada.get(&format!("/api/plans/{plan}/events?after=0")).await;
        let page: Value = serde_json::from_str(&page).unwrap();
        page["events"].as_array().unwrap().iter().filter(|event| event["type"] == "document.changed").count()
    };
    let before = heads().await;
    for (token, taken) in [(&reads, 0), (&writes, 1)] {
        let mut client = Client::join(&network.sync_url(&ticket(token).await), "tool").await;
        let text = client.open(&document).await;
        let mut writer = Writer::new(&text, "part-0");
        let change = writer.write("words", text.get_heads());
        client.send(&[change]).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(heads().await, before + taken, "{token}");
    }

    let ids: Vec<String> =
        page.split("name=\"id\" value=\"").skip(1).map(|rest| rest[..16].to_owned()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 2);
    let mut socket = Client::join(&network.sync_url(&ticket(&writes).await), "tool").await;
    for id in &ids {
        assert_eq!(ada.post("/me/tokens/end", &[("id", id)]).await.0, 303);
    }
    assert_eq!(closed(&mut socket).await, "signed out");
    assert_eq!((get(&reads, "/api/plans").await, get(&writes, "/api/plans").await), (401, 401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_do_nothing_in_ones_name() {
    let (folder, mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let send = async |path: &str, said: &[(&str, &str)]| {
        let mut request = http.post(network.url(path));
        for (name, value) in said {
            request = request.header(*name, *value);
        }
        let (status, answer) = text(request.send().await.unwrap()).await;
        (status, answer.contains("cross_site"))
    };
    let cookie = ("cookie", &*ada.cookie);
    let own = network.url("");
    for (path, said, refused) in [
        ("/api/session/ticket", vec![cookie], true),
        ("/api/session/ticket", vec![cookie, ("origin", "https://evil.example")], true),
        ("/api/session/ticket", vec![cookie, ("origin", "null")], true),
        ("/api/session/ticket", vec![cookie, ("sec-fetch-site", "cross-site")], true),
        ("/api/session/ticket", vec![cookie, ("sec-fetch-site", "same-site")], true),
        ("/api/session/ticket", vec![cookie, ("sec-fetch-site", "same-origin")], false),
        ("/api/session/ticket", vec![cookie, ("origin", &*own)], false),
        ("/me/sessions/end-others", vec![cookie, ("origin", "https://evil.example")], true),
        // Nobody is signed in by a page of another as somebody else either.
        ("/sign-in/code", vec![("origin", "https://evil.example")], true),
        ("/sign-in/code", vec![], false),
    ] {
        let (status, is_cross_site) = send(path, &said).await;
        assert_eq!((status == 403, is_cross_site), (refused, refused), "{path} {said:?}: {status}");
    }
    let upgrade = async |origin: Option<&str>| {
        use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
        let mut request = network.sync_url("").into_client_request().unwrap();
        request.headers_mut().insert("cookie", ada.cookie.parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok(_) => 101,
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(upgrade(Some("https://evil.example")).await, 403);
    assert_eq!(upgrade(None).await, 403, "a cookie without a page is no browser's doing");
    assert_eq!(upgrade(Some(&own)).await, 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lets_people_in_is_in_no_log() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    let first = network.first_link();
    let ada = network.first("Ada Lovelace", "ada@example.org").await;
    let page = network.ask("ada@example.org").await;
    let mail = mailbox.next().await;
    network.get(&format!("/sign-in/{}", mail.link())).await;
    network.post("/sign-in/code", &[("page", &page), ("code", "12345678")]).await;
    let again = network.in_by(network.post(&format!("/sign-in/{}", mail.link()), &[]).await);
    let (token, ticket) = (ada.make_token("write").await, ada.ticket().await);
    Client::join(&network.sync_url(&ticket), "tool").await.leave().await;
    let told = async {
        // The end of a connection is of the kind that nobody asks for: when that is told, all is.
        while !(network.log().contains("DEBUG") && network.log().contains("a mail was sent")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, told).await.unwrap_or_else(|_| panic!("not all is told: {}", network.log()));
    let log = network.log();
    let code = mail.code();
    for secret in [
        &*first,
        &page,
        &mail.link(),
        &code,
        &code.replace(' ', ""),
        &ada.cookie[16..],
        &again.cookie[16..],
        &token,
        &ticket,
        "ada@example.org",
        "Lovelace",
        "p@ss",
        "p%40ss",
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_log_knows_people_and_signs_nobody_in() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let data = folder.path().join("data");
    let mut network = Network::start(&data, &mailbox.way()).await;
    let unused = network.first_link();
    network.stop();
    let mut network = Network::start(&data, &mailbox.way()).await;
    assert_eq!(network.get(&format!("/first/{unused}")).await.0, 410, "each start makes a new one");
    let cookie = network.first("Ada", "ada@example.org").await.cookie;
    network.stop();
    let mut network = Network::start(&data, &mailbox.way()).await;
    let kept =
        network.request(Method::GET, "/api/plans").header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(kept.status(), 200, "a restart signs nobody out");

    let (backup, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    let run = |words: &[&std::ffi::OsStr]| {
        let done = Command::new(binary()).args(words).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    run(&["backup".as_ref(), "--data".as_ref(), data.as_ref(), backup.as_ref()]);
    network.stop();
    run(&["verify".as_ref(), "--data".as_ref(), data.as_ref()]);
    run(&["restore".as_ref(), "--data".as_ref(), restored.as_ref(), backup.as_ref()]);
    let mut network = Network::start(&restored, &mailbox.way()).await;
    assert!(!network.said_anything(), "somebody is there");
    let again =
        network.request(Method::GET, "/api/plans").header(header::COOKIE, &cookie).send().await.unwrap();
    assert_eq!(again.status(), 401);
    assert_eq!(network.sign_in(&mut mailbox, "ada@example.org").await.person().await["name"], "Ada");
    network.stop();
    run(&["verify".as_ref(), "--data".as_ref(), restored.as_ref()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_s_tokens_open_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut demonstration =
        wire::Server::start(&wire::Spawn { binary: binary(), data: folder.path(), through: &[] }).await;
    let token = demonstration.sign_in("secretariat").await;
    assert_eq!(demonstration.get(&token, "/api/plans").await.0, 200);
    assert_eq!(reqwest::get(demonstration.url("/sign-in")).await.unwrap().status(), 404);
    // There, a program that keeps cookies is asked for no page; a page of another server gets nothing done.
    let pick = |said: &'static str| {
        let request = reqwest::Client::new().post(demonstration.url("/api/demo/sign-in"));
        let cookie = format!("quorate_session={token}");
        let request = request.header(header::COOKIE, cookie).json(&json!({ "person": "chair" }));
        if said.is_empty() { request.send() } else { request.header(header::ORIGIN, said).send() }
    };
    assert_eq!(pick("").await.unwrap().status(), 200);
    assert_eq!(pick("https://evil.example").await.unwrap().status(), 403);
    demonstration.stop();
    let network = Network::start(folder.path(), "print").await;
    assert!(!network.said_anything(), "people are there");
    assert!(network.log().contains("--mail"), "the operator is told where the mails go");
    let request = || network.request(Method::GET, "/api/plans");
    assert_eq!(request().bearer_auth(&token).send().await.unwrap().status(), 401);
    let cookie = request().header(header::COOKIE, format!("quorate_session={token}"));
    assert_eq!(cookie.send().await.unwrap().status(), 401);
    assert!(tokio_tungstenite::connect_async(network.sync_url(&token)).await.is_err());
    let picked = network.request(Method::POST, "/api/demo/sign-in").json(&json!({ "person": "chair" }));
    assert_eq!(picked.send().await.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_goes_by_tls_to_a_server_that_shows_who_it_is() {
    let trusting = [("SSL_CERT_FILE", identity().to_str().unwrap())];
    for (scheme, arguments) in [("smtps", &["tls"][..]), ("smtp+starttls", &[])] {
        let folder = tempfile::tempdir().unwrap();
        let mut mailbox = Mailbox::start_with(arguments).await;
        let way = mailbox.way_by(scheme);
        let mut network = Network::start_with(folder.path(), &way, &trusting).await;
        network.first("Ada", "ada@example.org").await;
        network.ask("ada@example.org").await;
        let mail = mailbox.next().await;
        assert!(mail.secure && mail.to == ["ada@example.org"], "{scheme}");
        network.stop();

        let network = Network::start(folder.path(), &way).await;
        network.ask("ada@example.org").await;
        let told = async {
            while !network.log().contains("a mail was not sent, and is tried again in 5 s") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(SOON, told).await.unwrap_or_else(|_| panic!("{scheme}: {}", network.log()));
        assert!(mailbox.is_quiet().await, "{scheme}: nothing goes to who cannot be trusted");
        assert!(!network.log().contains("ada@example.org") && !network.log().contains("p%40ss"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_hears_that_mail_goes_in_the_clear() {
    for (way, is_told) in [("smtp://mail.example.org", true), ("smtps://mail.example.org", false)] {
        let folder = tempfile::tempdir().unwrap();
        let network = Network::start(folder.path(), way).await;
        assert_eq!(network.log().contains("travel in the clear to mail.example.org"), is_told, "{way}");
    }
}
