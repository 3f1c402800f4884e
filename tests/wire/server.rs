//! One server process of its own, with its data in a folder of its own.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// The binary that is tested: the one of this build, or the one that `QUORATE_BIN` names.
pub(crate) fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let given = std::env::var_os("QUORATE_BIN");
        given.map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_quorate")), PathBuf::from)
    });
    &BINARY
}

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
    launched: Instant,
}

const START: Duration = Duration::from_secs(120);

impl Server {
    /// Starts it and waits until it can be met. An empty folder is filled with the demonstration first.
    pub(crate) async fn start(spawn: &Spawn<'_>) -> Self {
        if !spawn.data.join("log.redb").exists() {
            demonstration(spawn.binary, spawn.data);
        }
        let mut server = Self::launch(spawn, &spawn.data.join("server.log"));
        server.ready().await;
        server
    }

    /// Starts it, and does not wait. What it says to the operator goes to the file `log`.
    pub(crate) fn launch(spawn: &Spawn<'_>, log: &Path) -> Self {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let out = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        let mut words = spawn.through.iter().map(|word| word.as_ref()).chain([spawn.binary.as_os_str()]);
        let launched = Instant::now();
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
        Self { child, port, http: reqwest::Client::new(), log: log.to_owned(), launched }
    }

    /// Waits until it can be met, and tells how long it took from its start.
    pub(crate) async fn ready(&mut self) -> Duration {
        while !self.answers().await {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the server ended: {}", self.said());
            assert!(self.launched.elapsed() < START, "the server did not start: {}", self.said());
            // A process that is not listening yet has no event to wait for.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.launched.elapsed()
    }

    /// Waits until it can be met, or has ended.
    pub(crate) async fn settled(&mut self) {
        while !self.answers().await && self.child.try_wait().unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
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

    /// Sends it a signal, for example `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
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

/// Fills a folder with the demonstration: built once a day by each binary, then copied.
pub(crate) fn demonstration(binary: &Path, data: &Path) {
    let built = std::fs::metadata(binary).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
    let day = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / (24 * 3600);
    let ready =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("demonstration-{}-{day}", built.as_nanos()));
    if !ready.exists() {
        let new = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let done = Command::new(binary).args(["demo", "--reset", "--data"]).arg(new.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        // Another process may have been faster: then its folder stands, and this one goes.
        let _ = std::fs::rename(new.path(), &ready);
    }
    copy(&ready, data);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), &to).unwrap()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
