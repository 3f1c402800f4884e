//! A network that people sign in to: the server as a process, and a mail server that it sends by.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response, header, redirect};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::ChildStdout;
use tokio::time::timeout;

use crate::house::SOON;
use crate::wire::{binary, form};

/// Starts a script of `tests/stock` around a server from a package: its process, what it says from then on, and its port.
pub(super) async fn packaged(
    package: &str,
    arguments: &[&str],
) -> (tokio::process::Child, Lines<BufReader<ChildStdout>>, u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stock");
    assert!(
        folder.join("node_modules").join(package).exists(),
        "{package} is not installed: make tests/stock/node_modules/.installed"
    );
    let mut server = tokio::process::Command::new("node")
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    (server, lines, first["port"].as_u64().unwrap())
}

/// A mail server from a package, and what it took.
pub(crate) struct Mailbox {
    _server: tokio::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(crate) port: u64,
}

/// What a mail server for tests shows to say that it is 127.0.0.1, and its key: made once for each run of the tests.
pub(super) fn identity() -> &'static Path {
    static MADE: LazyLock<tempfile::NamedTempFile> = LazyLock::new(|| {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "{}{}", made.signing_key.serialize_pem(), made.cert.pem()).unwrap();
        file
    });
    MADE.path()
}

/// A mail as it came.
pub(crate) struct Letter {
    /// It came by TLS.
    pub(crate) secure: bool,
    pub(crate) to: Vec<String>,
    pub(crate) text: String,
}

impl Letter {
    fn read(line: &str) -> Self {
        let mail: Value = serde_json::from_str(line).unwrap();
        // What a line is broken with in transit.
        let text = mail["raw"].as_str().unwrap().replace("=\r\n", "").replace("=3D", "=");
        let to = mail["to"].as_array().unwrap().iter().map(|to| to.as_str().unwrap().to_owned()).collect();
        Self { to, text, secure: mail["secure"].as_bool().unwrap() }
    }

    pub(crate) fn is_welcome(&self) -> bool {
        self.text.contains("Subject: You have been added")
    }

    /// The secret of the link in it.
    pub(crate) fn link(&self) -> String {
        let rest = self.text.split("/sign-in/").nth(1).unwrap_or_else(|| panic!("no link in {}", self.text));
        rest.split(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter))
            .next()
            .unwrap()
            .to_owned()
    }

    pub(crate) fn code(&self) -> String {
        let is_code = |line: &&str| {
            line.len() == 9 && line.chars().all(|letter| letter.is_ascii_digit() || letter == ' ')
        };
        self.text.lines().find(is_code).unwrap_or_else(|| panic!("no code in {}", self.text)).to_owned()
    }
}

impl Mailbox {
    /// It takes mail from the user `quorate` with the password `p@ss` alone.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// `tls`: from the first byte on. It offers STARTTLS otherwise.
    pub(crate) async fn start_with(arguments: &[&str]) -> Self {
        let identity = identity().display().to_string();
        let known = ["mailbox.mjs", "quorate", "p@ss", &identity];
        let arguments: Vec<&str> = known.iter().chain(arguments).copied().collect();
        let (server, lines, port) = packaged("smtp-server", &arguments).await;
        Self { _server: server, lines, port }
    }

    pub(crate) fn way(&self) -> String {
        self.way_by("smtp")
    }

    pub(crate) fn way_by(&self, scheme: &str) -> String {
        format!("{scheme}://quorate:p%40ss@127.0.0.1:{}", self.port)
    }

    /// The next one that is not about having been added: those come beside everything else.
    pub(crate) async fn next(&mut self) -> Letter {
        loop {
            let letter = self.any().await;
            if !letter.is_welcome() {
                return letter;
            }
        }
    }

    pub(crate) async fn any(&mut self) -> Letter {
        let line = timeout(SOON, self.lines.next_line()).await.expect("a mail comes").unwrap().unwrap();
        Letter::read(&line)
    }

    /// That nothing comes that was not waited for.
    pub(crate) async fn is_quiet(&mut self) -> bool {
        while let Ok(line) = timeout(Duration::from_secs(1), self.lines.next_line()).await {
            if !Letter::read(&line.unwrap().unwrap()).is_welcome() {
                return false;
            }
        }
        true
    }
}

/// A running server.
pub(crate) struct Network {
    child: Child,
    port: u16,
    pub(crate) data: PathBuf,
    said: PathBuf,
    log: PathBuf,
    http: reqwest::Client,
}

impl Network {
    pub(crate) async fn start(data: &Path, mail: &str) -> Self {
        Self::start_with(data, mail, &[]).await
    }

    /// With more in its environment.
    pub(crate) async fn start_with(data: &Path, mail: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_at("127.0.0.1", data, mail, environment).await
    }

    /// Under a name, as passkeys need one.
    pub(crate) async fn start_at(host: &str, data: &Path, mail: &str, environment: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let (said, log) = (data.join("said"), data.join("server.log"));
        std::fs::create_dir_all(data).unwrap();
        let open = |path: &Path| std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        let child = Command::new(binary())
            .args(["serve", "--mail", mail, "--data"])
            .arg(data)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--public-url", &format!("http://{host}:{port}")])
            // All that is ever said to an operator.
            .env("RUST_LOG", "trace")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(open(&said))
            .stderr(open(&log))
            .spawn()
            .unwrap();
        let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build().unwrap();
        let network = Self { child, port, data: data.to_owned(), said, log, http };
        let launched = Instant::now();
        while network.http.get(network.url("/readyz")).send().await.is_err() {
            assert!(launched.elapsed() < SOON, "the server does not start: {}", network.log());
            // A process that is not listening yet has no event to wait for.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        network
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address of `/sync`, with what lets somebody in.
    pub(crate) fn sync_url(&self, ticket: &str) -> String {
        format!("ws://127.0.0.1:{}/sync?access_token={ticket}", self.port)
    }

    /// All that it told its operator by the log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// The secret of the newest link for the first person.
    pub(crate) fn first_link(&self) -> String {
        let said = std::fs::read_to_string(&self.said).unwrap();
        let link = said
            .lines()
            .rev()
            .find_map(|line| line.split_once("/first/"))
            .map(|(_, link)| link.trim().to_owned());
        link.unwrap_or_else(|| panic!("no link in {said}"))
    }

    pub(crate) fn said_anything(&self) -> bool {
        !std::fs::read_to_string(&self.said).unwrap().is_empty()
    }

    pub(crate) fn stop(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    /// A request by nobody, from a page of this server.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path)).header(header::ORIGIN, self.url(""))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        text(self.request(Method::GET, path).send().await.unwrap()).await
    }

    /// A form, filled in by nobody.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        form(self.request(Method::POST, path), fields).send().await.unwrap()
    }

    /// The first person comes in.
    pub(crate) async fn first(&self, name: &str, email: &str) -> Browser<'_> {
        let path = format!("/first/{}", self.first_link());
        let (status, page) = self.get(&path).await;
        assert!(status == 200 && page.contains("<label for=\"email\">"), "{status} {page}");
        self.in_by(self.post(&path, &[("name", name), ("email", email)]).await)
    }

    /// Asks for a mail; what the page has by which a code counts.
    pub(crate) async fn ask(&self, email: &str) -> String {
        let (status, page) = text(self.post("/sign-in", &[("email", email)]).await).await;
        assert_eq!(status, 200, "{page}");
        let rest = page.split("name=\"page\" value=\"").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    /// Somebody asks for a mail and presses the link in it.
    pub(crate) async fn sign_in(&self, mailbox: &mut Mailbox, email: &str) -> Browser<'_> {
        self.ask(email).await;
        let link = mailbox.next().await.link();
        self.in_by(self.post(&format!("/sign-in/{link}"), &[]).await)
    }

    /// A browser that was let in by an answer.
    pub(crate) fn in_by(&self, answer: Response) -> Browser<'_> {
        assert_eq!(answer.status(), 303, "{answer:?}");
        self.with_cookie(&answer)
    }

    /// A browser that keeps the cookie of an answer.
    pub(super) fn with_cookie(&self, answer: &Response) -> Browser<'_> {
        let set = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
        assert!(set.contains("HttpOnly; SameSite=Lax"), "{set}");
        Browser { network: self, cookie: set.split(';').next().unwrap().to_owned() }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser with the cookie of a session.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    network: &'a Network,
    pub(crate) cookie: String,
}

impl Browser<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.network.request(method, path).header(header::COOKIE, &self.cookie)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        text(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        text(form(self.request(Method::POST, path), fields).send().await.unwrap()).await
    }

    /// Who is signed in.
    pub(crate) async fn person(&self) -> Value {
        let (_, about) = self.get("/api/session").await;
        serde_json::from_str::<Value>(&about).unwrap()["person"].clone()
    }

    /// Sends a command and gives the status and the answer.
    pub(crate) async fn command(&self, kind: &str, fields: Value) -> (u16, Value) {
        let request = self.request(Method::POST, "/api/commands").json(&command(kind, fields));
        let (status, answer) = text(request.send().await.unwrap()).await;
        (status, serde_json::from_str(&answer).unwrap())
    }

    pub(crate) async fn add(&self, person: &str, role: &str, email: &str) {
        let fields = json!({ "person": person, "name": person, "roles": [role], "email": email });
        let (status, answer) = self.command("person.add", fields).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// What is shown where one is signed in, an id each.
    pub(crate) async fn sessions(&self) -> Vec<String> {
        let (status, page) = self.get("/me/sessions").await;
        assert_eq!(status, 200, "{page}");
        // Below stand the tokens of tools.
        let sessions = page.split("/me/tokens/end").next().unwrap();
        sessions
            .split("name=\"id\" value=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    }

    pub(crate) async fn make_token(&self, scope: &str) -> String {
        let fields = [("name", "A tool"), ("scope", scope), ("days", "30")];
        let (status, page) = self.post("/me/tokens", &fields).await;
        assert_eq!(status, 200, "{page}");
        page.split("<code id=\"token\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    }

    pub(crate) async fn ticket(&self) -> String {
        let (status, answer) = self.post("/api/session/ticket", &[]).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str::<Value>(&answer).unwrap()["ticket"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn command(kind: &str, mut fields: Value) -> Value {
    fields["id"] = json!(uuid::Uuid::now_v7());
    fields["type"] = json!(kind);
    fields
}

pub(crate) async fn text(answer: Response) -> (u16, String) {
    (answer.status().as_u16(), answer.text().await.unwrap())
}
