//! Links that whoever runs the server hands to people.

use std::path::Path;
use std::process::{Command, Output};

use super::network::{Mailbox, Network, text};
use crate::wire::binary;

fn link(data: &Path, whose: &str, more: &[&str]) -> Output {
    Command::new(binary()).args(["people", "link", whose, "--data"]).arg(data).args(more).output().unwrap()
}

/// The path of the link that was printed, alone on its line.
fn path(network: &Network, output: &Output) -> String {
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let path = said.trim().strip_prefix(&network.url("")).unwrap_or_else(|| panic!("{output:?}"));
    path.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_without_a_mail_box_is_handed_a_link() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let data = folder.path().join("data");
    let mut network = Network::start(&data, &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    ada.add("eve", "board", "eve@example.org").await;
    network.ask("ada@example.org").await;
    let mailed = mailbox.next().await.link();
    for whose in ["Ada@Example.org", ada.person().await["id"].as_str().unwrap()] {
        let made = path(&network, &link(&data, whose, &[]));
        assert_eq!(network.in_by(network.post(&made, &[]).await).person().await["name"], "Ada");
        assert_eq!(network.post(&made, &[]).await.status(), 410, "once");
    }
    assert_eq!(network.get(&format!("/sign-in/{mailed}")).await.0, 410, "it voids what was mailed");
    let log = network.log();
    assert!(
        log.contains("a link to sign in as") && !log.contains("Ada@Example.org"),
        "the operator's log has the act"
    );
    let (status, answer) =
        ada.command("person.leave", serde_json::json!({ "person": "eve", "version": 1 })).await;
    assert_eq!(status, 200, "{answer}");
    for whose in ["eve", "nobody", "nobody@example.org", "no body"] {
        let refused = link(&data, whose, &[]);
        assert!(!refused.status.success() && refused.stdout.is_empty(), "{whose}: {refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains("no link was made"), "{refused:?}");
    }

    // Also where no server runs: it holds as soon as one does.
    network.stop();
    let made = link(&data, "ada@example.org", &["--public-url", &network.url("")]);
    let path = path(&network, &made);
    let network = Network::start(&data, &mailbox.way()).await;
    let (status, page) = text(network.post(&path, &[]).await).await;
    assert_eq!(status, 303, "{page}");
    assert!(!link(&folder.path().join("none"), "ada@example.org", &[]).status.success());
}
