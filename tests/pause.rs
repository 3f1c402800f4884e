//! The server stops for a while and goes on, as a machine does that sleeps or is moved: nothing is lost or
//! doubled, and everybody who went away comes back.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::kill::crew::{Crew, PEOPLE, section};
use crate::kill::{LONG, is_campaign, spawn, verifies};
use crate::wire::{Server, Stock};

/// In the campaign longer than the server bears silence (65 s) or a peer that takes nothing (30 s).
fn pause() -> Duration {
    Duration::from_secs(if is_campaign() { 75 } else { 3 })
}
/// After this long without a word some clients take their connection for broken.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spawn = spawn(folder.path());
    let mut server = Server::start(&spawn).await;
    let mut crew = Crew::new(&server, folder.path()).await;
    let (over, is_over) = watch::channel(false);
    let (count, mut acknowledged) = watch::channel(0);
    let mut tasks = Vec::new();
    for (number, mut stock) in crew.stocks_mut().drain(..).enumerate() {
        // Half of them wait however long it takes, half try again and again.
        stock.patience = if number % 2 == 0 { LONG } else { PATIENCE };
        let url = server.sync_url(&server.sign_in(PEOPLE[number]).await);
        tasks.push(tokio::spawn(keep_writing(stock, section(number), url, is_over.clone(), count.clone())));
    }
    let at_least = async |acknowledged: &mut watch::Receiver<usize>, more: usize| {
        let wanted = *acknowledged.borrow() + more;
        timeout(LONG, acknowledged.wait_for(|count| *count >= wanted)).await.unwrap().unwrap();
    };
    at_least(&mut acknowledged, 20).await;
    server.signal("STOP");
    sleep(pause()).await;
    server.signal("CONT");
    at_least(&mut acknowledged, 20).await;
    over.send_replace(true);
    let mut connected = Vec::new();
    for task in tasks {
        let (stock, times) = timeout(LONG, task).await.unwrap().unwrap();
        connected.push(times);
        crew.stocks_mut().push(stock);
    }
    assert!(connected[1] > 1 && connected[3] > 1, "who took it for broken came back: {connected:?}");
    crew.check(&server, 0).await;
    crew.check_record(&server).await;
    server.stop();
    verifies(folder.path());
    let written: usize = crew.stocks().iter().map(|stock| stock.written.len()).sum();
    println!("| paused for {} s | |\n| --- | --- |", pause().as_secs());
    println!("| edits written and acknowledged | {written} |\n| lost, recorded twice | 0, 0 |");
    println!("| connections of each client | {connected:?} |");
}

/// Writes until it is over and all is acknowledged; connects again whenever the connection breaks. Answers
/// how often it was connected.
async fn keep_writing(
    mut stock: Stock,
    section: String,
    url: String,
    mut over: watch::Receiver<bool>,
    acknowledged: watch::Sender<usize>,
) -> (Stock, usize) {
    let mut connected = 0;
    loop {
        if stock.connect(&url, connected % 2 == 0).await.is_ok() {
            connected += 1;
            loop {
                let is_over = *over.borrow_and_update();
                if is_over && stock.pending.is_empty() {
                    stock.cut();
                    return (stock, connected);
                }
                while !is_over && stock.pending.len() < 3 {
                    stock.write(&section, "x");
                }
                let before = stock.pending.len();
                if stock.tell().await.is_err() {
                    break;
                }
                tokio::select! {
                    heard = stock.hear() => if heard.is_err() { break },
                    _ = over.changed() => {}
                }
                acknowledged.send_modify(|count| *count += before - stock.pending.len());
            }
        }
        // As clients do, it does not knock without pause.
        sleep(Duration::from_millis(100)).await;
    }
}
