//! Those who write while the server is killed: each with a document, a section and a file of its own.

use std::collections::HashSet;
use std::path::Path;

use automerge::{Automerge, ChangeHash, ReadDoc as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::LONG;
use super::table::Dice;
use crate::wire::{Client, Gone, Server, Stock};

/// Who they are, in their order.
pub(crate) const PEOPLE: [&str; 4] = ["member-1", "member-1", "member-2", "secretariat"];
/// Where the first of them writes.
pub(crate) const FIRST: &str = "part-0";
/// How many edits of each are always under way, so that a kill meets some.
const UNDER_WAY: usize = 3;

pub(crate) struct Crew {
    plan: String,
    document: String,
    stocks: Vec<Stock>,
}

/// The crew at work, until its connections break.
pub(crate) struct Work {
    tasks: Vec<JoinHandle<Stock>>,
    acknowledged: watch::Receiver<usize>,
    cut: watch::Sender<bool>,
}

impl Crew {
    /// In a new plan.
    pub(crate) async fn new(server: &Server, notes: &Path) -> Self {
        let (plan, document) = server.new_plan(PEOPLE.len()).await;
        let mut stocks = Vec::new();
        for (number, person) in PEOPLE.iter().enumerate() {
            let mut stock = Stock::new(&format!("{person}-{number}"), &document, notes);
            stock.connect(&server.sync_url(&server.sign_in(person).await), false).await.unwrap();
            while !stock.has(&section(number)) {
                timeout(LONG, stock.hear()).await.unwrap().unwrap();
            }
            stock.cut();
            stocks.push(stock);
        }
        Self { plan, document, stocks }
    }

    pub(crate) fn first(&mut self) -> &mut Stock {
        &mut self.stocks[0]
    }

    pub(crate) fn stocks(&self) -> &[Stock] {
        &self.stocks
    }

    pub(crate) fn plan(&self) -> &str {
        &self.plan
    }

    pub(crate) fn stocks_mut(&mut self) -> &mut Vec<Stock> {
        &mut self.stocks
    }

    /// All write until the server is gone. The first of them begins with so many edits at once.
    pub(crate) async fn begin(&mut self, server: &Server, at_once: usize, dice: &mut Dice) -> Work {
        let (count, acknowledged) = watch::channel(0);
        let (cut, is_cut) = watch::channel(false);
        let mut tasks = Vec::new();
        for (number, stock) in self.stocks.drain(..).enumerate() {
            let url = server.sync_url(&server.sign_in(PEOPLE[number]).await);
            let at_once = if number == 0 { at_once } else { 0 };
            let remembers = dice.roll(2) == 0;
            tasks.push(tokio::spawn(work(
                stock,
                section(number),
                url,
                remembers,
                at_once,
                count.clone(),
                is_cut.clone(),
            )));
        }
        Work { tasks, acknowledged, cut }
    }

    /// The server is gone: everybody comes back with what they have.
    pub(crate) async fn back_from(&mut self, work: Work) {
        for task in work.tasks {
            self.stocks.push(timeout(LONG, task).await.unwrap().unwrap());
        }
    }

    /// Everybody reconnects and waits until all that they wrote is acknowledged.
    pub(crate) async fn settle(&mut self, server: &Server) {
        for (number, stock) in self.stocks.iter_mut().enumerate() {
            stock.connect(&server.sync_url(&server.sign_in(PEOPLE[number]).await), true).await.unwrap();
            while !stock.pending.is_empty() {
                timeout(LONG, stock.hear()).await.unwrap().unwrap();
            }
            stock.cut();
        }
    }

    /// Everything that the files call acknowledged is there; each edit that is there stands once in the text.
    pub(crate) async fn check(&self, server: &Server, round: usize) {
        let there = self.read(server).await;
        for stock in &self.stocks {
            for hash in stock.acknowledged() {
                assert!(there.get_change_meta_by_hash(&hash).is_some(), "round {round}: {hash} was lost");
            }
        }
        let written = self.stocks.iter().flat_map(|stock| &stock.written);
        let kept = written.filter(|hash| there.get_change_meta_by_hash(hash).is_some()).count();
        let typed: usize =
            (0..PEOPLE.len()).map(|number| text(&there, &section(number)).matches('x').count()).sum();
        assert_eq!(typed, kept, "round {round}: each edit that is there stands in the text once");
    }

    async fn read(&self, server: &Server) -> Automerge {
        let mut reader = Client::join(&server.sync_url(&server.sign_in("chair").await), "reader").await;
        let there = timeout(LONG, reader.open(&self.document)).await.unwrap();
        reader.leave().await;
        there
    }

    /// The record has every edit that was written and acknowledged as one event.
    pub(crate) async fn check_record(&self, server: &Server) {
        let recorded = recorded(server, &self.plan).await;
        let once: HashSet<&str> = recorded.iter().map(String::as_str).collect();
        assert_eq!(once.len(), recorded.len(), "a change is recorded twice");
        for stock in &self.stocks {
            assert_eq!(stock.acknowledged(), stock.written, "everything was acknowledged, in order, once");
            for hash in &stock.written {
                assert!(once.contains(hash.to_string().as_str()), "{hash} is not in the record");
            }
        }
    }
}

impl Work {
    /// Waits until the crew was given so many acknowledgements.
    pub(crate) async fn acknowledged(&mut self, count: usize) {
        timeout(LONG, self.acknowledged.wait_for(|acknowledged| *acknowledged >= count))
            .await
            .unwrap()
            .unwrap();
    }

    /// Everybody goes offline.
    pub(crate) fn cut_off(&self) {
        self.cut.send_replace(true);
    }
}

/// Where each of them writes.
pub(crate) fn section(number: usize) -> String {
    format!("part-{number}")
}

async fn work(
    mut stock: Stock,
    section: String,
    url: String,
    remembers: bool,
    at_once: usize,
    acknowledged: watch::Sender<usize>,
    mut cut: watch::Receiver<bool>,
) -> Stock {
    for _ in 0..at_once {
        stock.write(&section, "x");
    }
    tokio::select! {
        // It ends with the server.
        Err(Gone) = write(&mut stock, &section, &url, remembers, &acknowledged) => {}
        _ = cut.changed() => {}
    }
    stock.cut();
    stock
}

async fn write(
    stock: &mut Stock,
    section: &str,
    url: &str,
    remembers: bool,
    acknowledged: &watch::Sender<usize>,
) -> Result<std::convert::Infallible, Gone> {
    stock.connect(url, remembers).await?;
    loop {
        while stock.pending.len() < UNDER_WAY {
            stock.write(section, "x");
        }
        stock.tell().await?;
        let before = stock.pending.len();
        stock.hear().await?;
        acknowledged.send_modify(|count| *count += before - stock.pending.len());
    }
}

fn text(document: &Automerge, section: &str) -> String {
    let mut at = automerge::ROOT;
    for key in ["sections", section, "text"] {
        at = document.get(&at, key).unwrap().unwrap_or_else(|| panic!("{key} is missing")).1;
    }
    document.text(&at).unwrap()
}

/// The hashes of all changes of a plan, in the order of the record.
async fn recorded(server: &Server, plan: &str) -> Vec<String> {
    let token = server.sign_in("secretariat").await;
    let (mut hashes, mut after) = (Vec::new(), 0);
    loop {
        let (_, page) = server.get(&token, &format!("/api/plans/{plan}/events?after={after}")).await;
        let page = page["events"].as_array().unwrap();
        let Some(last) = page.last() else { return hashes };
        after = last["position"].as_u64().unwrap();
        let changed = page.iter().filter(|event| event["type"] == "document.changed");
        hashes.extend(changed.map(|event| event["payload"]["hash"].as_str().unwrap().to_owned()));
    }
}

/// What was acknowledged to all of them.
pub(crate) fn acknowledged(crew: &Crew) -> Vec<ChangeHash> {
    crew.stocks.iter().flat_map(Stock::acknowledged).collect()
}
