//! Signing in by a directory: one of a package that is certified to be one, and a browser that goes there and back.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::{Method, Response, header, redirect};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};

use super::network::{Mailbox, Network, packaged, text};
use crate::wire::form;

const SECRET: &str = "the secret of this server";

struct Directory {
    _server: tokio::process::Child,
    tell: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    port: u64,
}

impl Directory {
    async fn start() -> Self {
        let (mut server, lines, port) = packaged("oidc-provider", &["directory.mjs"]).await;
        let tell = server.stdin.take().unwrap();
        Self { _server: server, tell, lines, port }
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    async fn tell(&mut self, what: Value) {
        self.tell.write_all(format!("{what}\n").as_bytes()).await.unwrap();
        self.lines.next_line().await.unwrap().unwrap();
    }

    async fn account(&mut self, account: &str, email: &str, verified: bool) {
        self.tell(json!({ "account": account, "email": email, "verified": verified })).await;
    }
}

/// A network with a directory that knows it.
async fn network(folder: &Path, mailbox: &Mailbox) -> (Network, Directory) {
    let mut directory = Directory::start().await;
    let secret = folder.join("secret");
    std::fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let issuer = directory.issuer();
    let environment = [
        ("QUORATE_OIDC_ISSUER", &*issuer),
        ("QUORATE_OIDC_CLIENT_ID", "quorate"),
        ("QUORATE_OIDC_CLIENT_SECRET_FILE", secret.to_str().unwrap()),
        ("QUORATE_OIDC_NAME", "Our directory"),
    ];
    let network = Network::start_with(&folder.join("data"), &mailbox.way(), &environment).await;
    let redirect = network.url("/sign-in/directory/back");
    directory.tell(json!({ "client": "quorate", "secret": SECRET, "redirect": redirect })).await;
    (network, directory)
}

/// A browser that keeps cookies, by the server that set them.
struct Wanderer {
    http: reqwest::Client,
    cookies: BTreeMap<(String, String), String>,
}

impl Wanderer {
    fn new() -> Self {
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        Self { http, cookies: BTreeMap::new() }
    }

    async fn send(&mut self, method: Method, url: &str, fields: &[(&str, &str)]) -> Response {
        let host = url.split('/').nth(2).unwrap().to_owned();
        let own = self.cookies.iter().filter(|((of, _), _)| *of == host);
        let cookies: Vec<String> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, url).header(header::COOKIE, cookies.join("; "));
        let request = if fields.is_empty() { request } else { form(request, fields) };
        let answer = request.send().await.unwrap();
        for set in answer.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert((host.clone(), name.to_owned()), value.to_owned());
        }
        answer
    }

    /// Goes to the directory, shows there to be somebody, and is sent back: with what address, not yet opened.
    async fn as_somebody(&mut self, network: &Network, account: &str) -> String {
        let mut url = network.url("/sign-in/directory");
        let back = network.url("/sign-in/directory/back");
        for _ in 0..20 {
            if url.starts_with(&back) {
                return url;
            }
            let mut answer = self.send(Method::GET, &url, &[]).await;
            if answer.status() == 200 {
                let page = answer.text().await.unwrap();
                let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
                let prompt = if page.contains("value=\"login\"") { "login" } else { "consent" };
                let fields = [("prompt", prompt), ("login", account), ("password", "any")];
                answer = self.send(Method::POST, &action, &fields).await;
            }
            assert!(answer.status().is_redirection(), "{url}: {answer:?}");
            let next = answer.headers()[header::LOCATION].to_str().unwrap();
            url = reqwest::Url::parse(&url).unwrap().join(next).unwrap().into();
        }
        panic!("it goes round and round: {url}")
    }
}

/// Somebody goes there and comes back: the last answer.
async fn come(network: &Network, account: &str) -> Response {
    let mut browser = Wanderer::new();
    let back = browser.as_somebody(network, account).await;
    browser.send(Method::GET, &back, &[]).await
}

async fn refused(answer: Response, status: u16, sentence: &str) {
    assert!(!answer.headers().contains_key(header::SET_COOKIE), "{sentence}: {answer:?}");
    let (found, page) = text(answer).await;
    assert!(
        found == status && page.contains(sentence) && page.contains("href=\"/sign-in\""),
        "{found} {page}"
    );
}

const NOBODY: &str = "By what the directory says, nobody here is known.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_the_directory_vouches_for_comes_in_if_they_are_known() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let (network, mut directory) = network(folder.path(), &mailbox).await;
    let ada = network.first("Ada", "ada@example.org").await;
    ada.add("grace", "representative", "grace@example.org").await;
    ada.add("eve", "board", "eve@example.org").await;
    let (_, page) = network.get("/sign-in").await;
    assert!(
        page.contains("<a class=\"button\" href=\"/sign-in/directory\">Sign in with Our directory</a>"),
        "{page}"
    );

    // By the address, however it is written; the first time it is noted who they are.
    directory.account("g-1", "Grace@Example.org", true).await;
    let answer = come(&network, "g-1").await;
    assert_eq!((answer.status().as_u16(), &answer.headers()[header::LOCATION]), (303, &"/".parse().unwrap()));
    let grace = network.with_cookie(&answer);
    assert_eq!(grace.person().await["id"], "grace");

    // The account is bound: it stays hers with another address, and nobody else's has hers.
    directory.account("g-1", "eve@example.org", true).await;
    assert_eq!(network.with_cookie(&come(&network, "g-1").await).person().await["id"], "grace");
    directory.account("g-2", "grace@example.org", true).await;
    refused(come(&network, "g-2").await, 403, NOBODY).await;

    // Nobody is made known, and an address that is not vouched for is none.
    directory.account("m-1", "mallory@example.org", true).await;
    refused(come(&network, "m-1").await, 403, NOBODY).await;
    directory.account("e-1", "eve@example.org", false).await;
    refused(come(&network, "e-1").await, 403, NOBODY).await;
    directory.account("e-1", "eve@example.org", true).await;
    assert_eq!(network.with_cookie(&come(&network, "e-1").await).person().await["id"], "eve");

    // Who has left.
    let (status, answer) = ada.command("person.leave", json!({ "person": "grace", "version": 1 })).await;
    assert_eq!(status, 200, "{answer}");
    refused(come(&network, "g-1").await, 403, NOBODY).await;

    // The way back is for the browser that went, once.
    let mut browser = Wanderer::new();
    let back = browser.as_somebody(&network, "e-1").await;
    let late = "This took too long, or was begun in another browser.";
    refused(Wanderer::new().send(Method::GET, &back, &[]).await, 410, late).await;
    assert_eq!(browser.send(Method::GET, &back, &[]).await.status(), 303);
    refused(browser.send(Method::GET, &back, &[]).await, 410, late).await;
    let made_up = network.url("/sign-in/directory/back?state=x&code=y");
    refused(browser.send(Method::GET, &made_up, &[]).await, 410, late).await;
    let denied = network.url("/sign-in/directory/back?state=x&error=access_denied");
    refused(browser.send(Method::GET, &denied, &[]).await, 403, "The directory did not sign you in.").await;

    // Without the directory, mail goes on.
    drop(directory);
    let away = network.request(Method::GET, "/sign-in/directory").send().await.unwrap();
    refused(away, 503, "The directory does not answer just now.").await;
    network.sign_in(&mut mailbox, "eve@example.org").await;
    let log = network.log();
    for secret in [SECRET, "eve@example.org", "mallory@example.org"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_without_a_directory_has_no_such_way() {
    let (folder, mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let network = Network::start(folder.path(), &mailbox.way()).await;
    assert_eq!(network.get("/sign-in/directory").await.0, 404);
    assert_eq!(network.get("/sign-in/directory/back?state=x&code=y").await.0, 404);
    assert!(!network.get("/sign-in").await.1.contains("/sign-in/directory"));
}
