//! People at work: some write, all watch.

use std::time::Duration;

use automerge::transaction::CommitOptions;
use automerge::{
    ActorId, Automerge, AutomergeError, ChangeHash, ROOT, ReadDoc as _, transaction::Transactable as _,
};
use tokio::time::timeout;

use super::driver::{Crowd, Plain, Protocol, Repo, Run, Shape, Yjs};
use super::report::{Report, milliseconds, percentile, resident};
use super::wire::{Client, Heard, Server};
use super::yardsticks::{Kind, Yardstick};

const WINDOW: Duration = Duration::from_secs(10);

/// What is measured, and what is asked of it.
pub(crate) struct Case {
    pub(crate) clients: usize,
    pub(crate) writers: usize,
    pub(crate) rate: f64,
    /// The p95 is to be at most this many times `fdatasync` and so many ms more.
    pub(crate) latency: (f64, f64),
    /// CPU ms of the server per 1,000 deliveries, at most.
    pub(crate) cpu: Option<f64>,
}

pub(crate) const FEW: Case =
    Case { clients: 50, writers: 10, rate: 50.0, latency: (1.0, 3.0), cpu: Some(13.0) };
pub(crate) const MANY: Case = Case { clients: 200, writers: 10, rate: 50.0, latency: (1.0, 5.0), cpu: None };
pub(crate) const FULL: Case =
    Case { clients: 50, writers: 4, rate: 3_200.0, latency: (2.0, 5.0), cpu: Some(4.0) };

impl Case {
    fn name(&self) -> String {
        format!("{} clients, {} edits/s", self.clients, self.rate)
    }

    fn shape(&self) -> Shape {
        Shape { clients: self.clients, writers: self.writers, rate: self.rate, window: WINDOW }
    }
}

/// The figures of one run.
pub(crate) struct Figures {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    /// CPU ms of the server per 1,000 deliveries.
    pub(crate) cpu: f64,
    /// Of a core, in percent.
    server: f64,
    driver: f64,
    rate: f64,
    complete: bool,
}

impl Figures {
    fn of(mut run: Run, shape: &Shape) -> Self {
        let took = run.took.max(shape.window).as_secs_f64();
        let deliveries = (run.written * (shape.clients - 1)) as f64;
        Self {
            p50: milliseconds(percentile(&mut run.latencies, 0.5)),
            p95: milliseconds(percentile(&mut run.latencies, 0.95)),
            cpu: milliseconds(run.server_cpu) / deliveries * 1_000.0,
            server: run.server_cpu.as_secs_f64() / took * 100.0,
            driver: run.driver_cpu.as_secs_f64() / took * 100.0,
            rate: run.written as f64 / took,
            complete: run.complete,
        }
    }

    fn short(&self) -> String {
        let lost = if self.complete { "" } else { ", EDITS MISSING" };
        format!("{:.1} / {:.1} ms, {:.1}{lost}", self.p50, self.p95, self.cpu)
    }
}

fn measure<P: Protocol>(protocol: P, port: u16, server: u32, case: &Case) -> (Figures, Crowd<P>) {
    let shape = case.shape();
    let mut crowd = Crowd::open(protocol, port, shape.clients);
    let run = crowd.run(server, &shape);
    crowd.rest(Duration::from_secs(5));
    (Figures::of(run, &shape), crowd)
}

/// A case on a document of its own. All have the same in the end, and a client that comes anew has it too.
async fn on_plan(server: &Server, document: &str, sections: usize, case: &Case) -> Figures {
    let token = server.sign_in("member-1").await;
    let opened = open(server, &token, document).await;
    let before = opened.get_changes(&[]).len();
    let repo =
        Repo::new(std::slice::from_ref(&token), document, &opened, case.clients, case.writers, sections);
    let (_, port) = server.address();
    let (mut figures, crowd) = tokio::task::block_in_place(|| measure(repo, port, server.process(), case));
    let after = open(server, &token, document).await;
    let written = after.get_changes(&[]).len() - before;
    let heads = after.get_heads();
    figures.complete &= written > 0 && (0..case.clients).all(|client| crowd.protocol.heads(client) == heads);
    figures
}

async fn open(server: &Server, token: &str, document: &str) -> Automerge {
    let mut client = Client::join(&server.sync_url(token), "reader").await;
    let opened = client.open(document).await;
    client.leave().await;
    opened
}

/// A case in an empty plan, beside what else there is.
pub(crate) async fn case(
    server: &Server,
    case: &Case,
    sync: Duration,
    yardsticks: &mut [Yardstick],
    report: &mut Report,
) -> Figures {
    const SECTIONS: usize = 20;
    let (_, document) = server.new_plan(SECTIONS).await;
    let figures = on_plan(server, &document, SECTIONS, case).await;
    let name = case.name();
    let beside = tokio::task::block_in_place(|| {
        let shown = yardsticks.iter_mut().map(|yardstick| {
            let (port, process) = (yardstick.port(), yardstick.process());
            let plan = format!("plan-{}", case.clients * case.writers);
            let figures = match yardstick.kind() {
                Kind::Plain => measure(Plain::default(), port, process, case).0,
                Kind::YWebsocket => measure(Yjs::y_websocket(plan, case.clients), port, process, case).0,
                Kind::Hocuspocus => measure(Yjs::hocuspocus(plan, case.clients), port, process, case).0,
            };
            format!("{}: {}", yardstick.name(), figures.short())
        });
        shown.collect::<Vec<_>>().join("; ")
    });
    let (factor, more) = case.latency;
    report.row(format!("{name}: seen, p50"), "ms", figures.p50, None, beside);
    let goal = factor * milliseconds(sync) + more;
    report.row(format!("{name}: seen, p95"), "ms", figures.p95, Some(goal), "");
    report.row(format!("{name}: CPU of 1,000 deliveries"), "ms", figures.cpu, case.cpu, "");
    report.row(
        format!("{name}: server"),
        "% core",
        figures.server,
        None,
        format!("driver: {:.0}", figures.driver),
    );
    if case.rate > 1_000.0 {
        report.row(format!("{name}: sustained"), "edits/s", figures.rate, Some(case.rate * 0.999), "");
    }
    let complete = f64::from(u8::from(figures.complete));
    report.row(format!("{name}: all converged"), "yes=1", complete, Some(1.0), "");
    figures
}

/// The same in plans with a long history, in many sections and in one.
pub(crate) async fn long_history(server: &Server, cases: &[(&Case, Figures)], report: &mut Report) {
    for sections in [40, 1] {
        let (_, document) = server.new_plan(sections).await;
        fill(server, &document, sections, 250_000).await;
        for (case, empty) in cases {
            let figures = on_plan(server, &document, sections, case).await;
            let name = format!("{} after 250,000 in {sections} section(s)", case.name());
            let goal = 1.3 * empty.p95;
            let beside = format!("in an empty plan: {:.1}", empty.p95);
            report.row(format!("{name}: seen, p95"), "ms", figures.p95, Some(goal), beside);
            let beside = format!("in an empty plan: {:.1}", empty.cpu);
            let goal = 1.3 * empty.cpu;
            report.row(format!("{name}: CPU of 1,000"), "ms", figures.cpu, Some(goal), beside);
            let complete = f64::from(u8::from(figures.complete));
            report.row(format!("{name}: all converged"), "yes=1", complete, Some(1.0), "");
        }
    }
}

/// Types into all sections in turn, a change for each character, and sends it as one document.
async fn fill(server: &Server, document: &str, sections: usize, edits: usize) {
    const BURST: usize = 50;
    let token = server.sign_in("member-1").await;
    let mut client = Client::join(&server.sync_url(&token), "filler").await;
    let mut typed = client.open(document).await.with_actor(ActorId::random());
    for burst in 0..edits / BURST {
        let section = format!("part-{}", burst % sections);
        let text = ["sections", &section, "text"]
            .into_iter()
            .fold(ROOT, |at, key| typed.get(&at, key).unwrap().expect("the section is there").1);
        for _ in 0..BURST {
            let end = typed.length(&text);
            typed
                .transact_with::<_, _, AutomergeError, _>(
                    |()| CommitOptions::default().with_time(1_700_000_000),
                    |tx| tx.splice_text(&text, end, 0, "x"),
                )
                .unwrap();
        }
    }
    let head = typed.get_heads()[0];
    client.heads = [head].into();
    client.send_raw(vec![typed.save()]).await;
    acknowledged(&mut client, head).await;
    client.leave().await;
    // What is made beside the work (the snapshot) does not belong to what is measured next.
    tokio::time::sleep(Duration::from_secs(3)).await;
}

/// Waits until the server has said that it has a change on disk.
pub(crate) async fn acknowledged(client: &mut Client, change: ChangeHash) {
    const LONGEST: Duration = Duration::from_secs(120);
    timeout(LONGEST, heard_of(client, change)).await.expect("the server takes what it is sent");
}

async fn heard_of(client: &mut Client, change: ChangeHash) {
    loop {
        match client.next().await {
            Heard::Sync { heads, .. } | Heard::Document { heads, .. } if heads.contains(&change) => return,
            Heard::Closed(reason) => panic!("a connection was lost: {reason}"),
            Heard::Error(message) => panic!("the server refuses: {message}"),
            _ => {}
        }
    }
}

/// 1,000 connections at once: what each costs in memory.
pub(crate) async fn connections(server: &Server, report: &mut Report) {
    const COUNT: usize = 1_000;
    /// One person has a few hundred at most.
    const PEOPLE: [&str; 5] = ["secretariat", "member-1", "member-2", "consultant", "chair"];
    let (_, document) = server.new_plan(1).await;
    let mut tokens = Vec::new();
    for person in PEOPLE {
        tokens.push(server.sign_in(person).await);
    }
    let opened = open(server, &tokens[0], &document).await;
    let (_, port) = server.address();
    for (what, opens, goal) in [("joined", false, 4.0), ("with one document open", true, 13.0)] {
        let before = settled(server).await;
        let mut repo = Repo::new(&tokens, &document, &opened, COUNT, 0, 1);
        repo.opens = opens;
        let crowd = tokio::task::block_in_place(|| Crowd::open(repo, port, COUNT));
        let more = resident(server.process()) - before;
        report.row(format!("1,000 connections {what}: memory"), "MiB", more, Some(goal), "");
        drop(crowd);
    }
}

/// What the server holds in memory once it has given back what it no longer needs.
async fn settled(server: &Server) -> f64 {
    const STEADY: Duration = Duration::from_secs(3);
    let mut before = resident(server.process());
    for _ in 0..8 {
        tokio::time::sleep(STEADY).await;
        let now = resident(server.process());
        if before - now < 0.2 {
            return now;
        }
        before = now;
    }
    before
}
