//! What the figures are held against, measured in the same run, by the same driver, on the same cores: a server
//! that only hands bytes on, and two Yjs servers from npm where they can be had.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    YWebsocket,
    Hocuspocus,
}

/// A server that runs; killed when dropped.
pub(crate) struct Yardstick {
    kind: Kind,
    child: Child,
    port: u16,
    _says: BufReader<ChildStdout>,
}

/// The argument with which this program is the plain server.
pub(crate) const SERVE_PLAIN: &str = "--serve-plain";

const FOLDER: &str = "benches/yardsticks";

impl Yardstick {
    /// All that can be had. What cannot is named.
    pub(crate) fn start_all(core: &str) -> Vec<Self> {
        let own = std::env::current_exe().unwrap();
        let mut all = vec![Self::start(Kind::Plain, core, own.to_str().unwrap(), SERVE_PLAIN)];
        if !Path::new(FOLDER).join("node_modules").exists() {
            let install = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
            let done = Command::new("npm").args(install).current_dir(FOLDER).stdout(Stdio::null()).status();
            if !done.is_ok_and(|status| status.success()) {
                println!("the Yjs servers are left out: `npm install` in {FOLDER} did not succeed");
                return all;
            }
        }
        for (kind, script) in [(Kind::YWebsocket, "y-websocket.mjs"), (Kind::Hocuspocus, "hocuspocus.mjs")] {
            all.push(Self::start(kind, core, "node", &format!("{FOLDER}/{script}")));
        }
        all
    }

    /// Starts it on its core; it says its port in its first line.
    fn start(kind: Kind, core: &str, program: &str, argument: &str) -> Self {
        let mut command = Command::new("taskset");
        command.args(["-c", core, program, argument]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        says.read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("{argument} says no port: {line:?}"));
        Self { kind, child, port, _says: says }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn name(&self) -> &'static str {
        match self.kind {
            Kind::Plain => "bytes handed on",
            Kind::YWebsocket => "y-websocket",
            Kind::Hocuspocus => "hocuspocus",
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Yardstick {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
