//! Commands by script: `quorate command`, beside the running server and without one.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::wire::{Server, Spawn, binary};

fn give(data: &Path, asker: &str, lines: &str) -> Output {
    let mut child = Command::new(binary())
        .args(["command", "--as", asker, "--data"])
        .arg(data)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_gives_commands_in_somebodys_name() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(&Spawn { binary: binary(), data: data.path(), through: &[] }).await;
    let plan = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f0a";
    let create = format!(r#"{{"type":"plan.create","plan":"{plan}","title":"By script"}}"#);
    let section = format!(r#"{{"type":"section.create","plan":"{plan}","section":"one","heading":"One"}}"#);
    let done = give(data.path(), "secretariat", &format!("{create}\n\n{section}\n"));
    assert!(done.status.success(), "{}", said(&done.stderr));
    assert_eq!(said(&done.stdout).lines().count(), 2);

    let token = server.sign_in("secretariat").await;
    let (status, about) = server.get(&token, &format!("/api/plans/{plan}")).await;
    assert_eq!((status, about["title"].as_str()), (200, Some("By script")));

    for (asker, line, wrong) in [
        ("member-1", &*create.replace("8f0a", "8f0b"), "(not_permitted)"),
        ("nobody", &*create.replace("8f0a", "8f0b"), "(not_permitted)"),
        ("secretariat", &*create, "(plan_exists)"),
        ("secretariat", r#"{"type":"plan.adorn"}"#, "unknown variant"),
        ("secretariat", r#"{"type":"guest.join"}"#, "unknown variant"),
        ("secretariat", "[]", "a command is a JSON object"),
        ("secretariat", "{", "line 1: EOF"),
    ] {
        let done = give(data.path(), asker, line);
        assert!(!done.status.success() && said(&done.stderr).contains(wrong), "{}", said(&done.stderr));
    }
    // What is before a wrong line is done.
    let rename = format!(r#"{{"type":"plan.rename","plan":"{plan}","title":"Renamed"}}"#);
    let done = give(data.path(), "secretariat", &format!("{rename}\nnonsense\n"));
    assert!(!done.status.success() && said(&done.stderr).contains("line 2"), "{}", said(&done.stderr));
    assert_eq!(server.get(&token, &format!("/api/plans/{plan}")).await.1["title"], "Renamed");

    server.stop();
    let done = give(data.path(), "secretariat", &rename.replace("Renamed", "Without a server"));
    assert!(done.status.success(), "{}", said(&done.stderr));
    let server = Server::start(&Spawn { binary: binary(), data: data.path(), through: &[] }).await;
    let token = server.sign_in("secretariat").await;
    assert_eq!(server.get(&token, &format!("/api/plans/{plan}")).await.1["title"], "Without a server");
}
