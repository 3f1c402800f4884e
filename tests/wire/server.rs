//! One server process of its own, with its data in a folder of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How to start it.
pub(crate) struct Spawn<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) data: &'a Path,
    /// A program and its arguments that start the server's own, for example `taskset -c 0`.
    pub(crate) through: &'a [&'a str],
}

/// A running demonstration server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    port: u16,
    http: reqwest::Client,
    log: PathBuf,
}

const START: Duration = Duration::from_secs(120);

impl Server {
    /// Starts it and waits until it can be met. The first start in a folder builds the demonstration.
    pub(crate) async fn start(spawn: &Spawn<'_>) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let log = spawn.data.join("server.log");
        let out = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut words = spawn.through.iter().map(|word| word.as_ref()).chain([spawn.binary.as_os_str()]);
        let child = Command::new(words.next().unwrap())
            .args(words)
            .arg("demo")
            .arg("--data")
            .arg(spawn.data)
            .arg("--listen")
            .arg(format!("127.0.0.1:{port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(out)
            .spawn()
            .unwrap();
        let mut server = Self { child, port, http: reqwest::Client::new(), log };
        let began = Instant::now();
        while !server.answers().await {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", server.said());
            assert!(began.elapsed() < START, "the server did not start: {}", server.said());
            // A process that is not listening yet has no event to wait for.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server
    }

    async fn answers(&self) -> bool {
        self.http.get(self.url("/readyz")).send().await.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn sync_url(&self, token: &str) -> String {
        format!("ws://127.0.0.1:{}/sync?access_token={token}", self.port)
    }

    pub(crate) fn address(&self) -> (Ipv4Addr, u16) {
        (Ipv4Addr::LOCALHOST, self.port)
    }

    /// The last of what it wrote for the operator.
    pub(crate) fn said(&self) -> String {
        let said = std::fs::read_to_string(&self.log).unwrap_or_default();
        said[said.len().saturating_sub(4_000)..].to_owned()
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash does: at once, in the middle of whatever it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap();
    }

    pub(crate) async fn sign_in(&self, person: &str) -> String {
        let answer = self.http.post(self.url("/api/demo/sign-in")).json(&json!({ "person": person }));
        let answer: Value = answer.send().await.unwrap().json().await.unwrap();
        answer["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let answer = self.http.get(self.url(path)).bearer_auth(token).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Sends a command and gives the status and the answer.
    pub(crate) async fn command(&self, token: &str, kind: &str, mut fields: Value) -> (u16, Value) {
        fields["id"] = json!(uuid::Uuid::now_v7());
        fields["type"] = json!(kind);
        let request = self.http.post(self.url("/api/commands")).bearer_auth(token).json(&fields);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A new plan with sections, made by the secretariat: its id and its document.
    pub(crate) async fn new_plan(&self, sections: usize) -> (String, String) {
        let token = self.sign_in("secretariat").await;
        let plan = uuid::Uuid::now_v7().to_string();
        let (status, answer) =
            self.command(&token, "plan.create", json!({ "plan": plan, "title": "A plan to measure" })).await;
        assert_eq!(status, 200, "{answer}");
        for number in 0..sections {
            let section = format!("part-{number}");
            let fields = json!({ "plan": plan, "section": section, "heading": section });
            let (status, answer) = self.command(&token, "section.create", fields).await;
            assert_eq!(status, 200, "{answer}");
        }
        let (_, about) = self.get(&token, &format!("/api/plans/{plan}")).await;
        (plan, about["document"].as_str().unwrap().to_owned())
    }

    /// The counters that the operator sees, as one text.
    pub(crate) async fn metrics(&self) -> String {
        self.http.get(self.url("/metrics")).send().await.unwrap().text().await.unwrap()
    }

    /// One counter; 0 when it has never counted.
    pub(crate) async fn metric(&self, name: &str) -> u64 {
        let text = self.metrics().await;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
