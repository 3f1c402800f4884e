//! Administration by script: `quorate command`, beside the running server and without one, and the verbs that ask the running
//! server.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::sign_in::network::{Mailbox, Network};
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

/// A verb in somebody's name.
fn verb(data: &Path, asker: &str, words: &[&str]) -> Output {
    Command::new(binary()).args(words).args(["--as", asker, "--data"]).arg(data).output().unwrap()
}

/// What it printed, an entry a line.
fn printed(done: &Output) -> Vec<Value> {
    assert!(done.status.success(), "{}", said(&done.stderr));
    said(&done.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// That it was refused, with these words, and printed nothing.
fn refused(done: &Output, words: &str) {
    assert!(done.status.code() == Some(1) && done.stdout.is_empty(), "{done:?}");
    assert!(said(&done.stderr).contains(words), "{} has no {words}", said(&done.stderr));
}

/// The script of the manual, with the folder and the address of this test.
fn documented(data: &Path) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let manual = std::fs::read_to_string(folder.join("network.md")).unwrap();
    let section = manual.split("\n## By script\n").nth(1).unwrap();
    let script = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let script = script
        .replace("/var/lib/quorate", data.to_str().unwrap())
        .replace("you@example.org", "Ada@example.org");
    // It writes a file beside those that it reads.
    let here = tempfile::tempdir().unwrap();
    for name in ["people.csv", "template.json"] {
        std::fs::copy(folder.join(name), here.path().join(name)).unwrap();
    }
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let done =
        Command::new("sh").args(["-exc", &script]).env("PATH", path).current_dir(&here).output().unwrap();
    let copy = std::fs::read_to_string(here.path().join("emil.json")).unwrap_or_default();
    assert!(copy.contains("Emil Ernst"), "{copy} {}", said(&done.stderr));
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_of_the_manual_sets_up_a_network() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let data = folder.path().join("data");
    let mut network = Network::start(&data, &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let done = documented(&data);
    assert!(done.status.success(), "{}", said(&done.stderr));
    let lines: Vec<Value> =
        said(&done.stdout).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let find = |field: &str| lines.iter().find(|line| line.get(field).is_some()).unwrap_or(&Value::Null);

    assert!(
        lines.iter().any(|line| line["email"] == "ann@athens.example" && line["seat"] == true),
        "{lines:?}"
    );
    let silent = find("silent")["silent"].as_array().unwrap();
    assert!(silent.len() == 4 && silent.contains(&"Housing association".into()), "{lines:?}");
    assert_eq!(find("mails")["mails"], 5, "{lines:?}");
    let journal: Vec<_> = lines.iter().filter_map(|line| line["what"].as_str()).collect();
    assert_eq!(journal, ["all-ended", "address-changed", "signed-in"], "{lines:?}");
    let invited = find("guests");
    assert_eq!(
        (&invited["to"], &invited["holds"]),
        (&"Housing association".into(), &true.into()),
        "{lines:?}"
    );
    assert_eq!(find("mailed")["mailed"], true, "{lines:?}");

    // What it made is there: the link lets a guest in, mail came, and somebody signs in at the new address.
    let link = find("link")["link"].as_str().unwrap();
    let (status, page) = network.get(link.strip_prefix(&network.url("")).unwrap()).await;
    assert!(status == 200 && page.contains("Housing association"), "{status} {page}");
    let mut to = Vec::new();
    while to.len() < 7 {
        to.extend(mailbox.next().await.to);
    }
    for who in ["office@example.net", "boyana@sofia.example", "emil@example.org"] {
        assert!(to.iter().any(|to| to == who), "{to:?}");
    }
    let emil = network.sign_in(&mut mailbox, "emil@example.net").await;
    assert_eq!(emil.person().await["name"], "Emil Ernst");
    let held = printed(&verb(&data, "ada@example.org", &["access", "list", "emil@example.net"]));
    assert_eq!((held.len(), &held[0]["kind"]), (1, &"sign-in".into()), "{held:?}");
    let ended = printed(&verb(&data, "ada@example.org", &["access", "end", "emil@example.net"]));
    assert_eq!(ended[0]["sessions"], 1, "{ended:?}");
    assert_eq!(emil.person().await, Value::Null, "he is out");
    let (_, page) = ada.get("/network/access").await;
    assert!(
        page.contains("Emil Ernst") && page.contains("Ada"),
        "the page has what was done by a verb: {page}"
    );

    // A link that is taken back holds no more.
    let plans: Value = serde_json::from_str(&ada.get("/api/plans").await.1).unwrap();
    let plan = plans[0]["id"].as_str().unwrap().to_owned();
    let invitation = invited["invitation"].as_str().unwrap();
    printed(&verb(&data, "ada@example.org", &["guests", "revoke", &plan, invitation]));
    assert_eq!(network.get(link.strip_prefix(&network.url("")).unwrap()).await.0, 410);
    refused(&verb(&data, "ada@example.org", &["tasks", "remind", &plan]), "reminded today already");

    // The right is the page's, and the rule says what is missing.
    for words in [
        &["access", "log"] as &[&str],
        &["access", "list", "ada@example.org"],
        &["access", "end", "ada@example.org"],
        &["people", "list"],
        &["people", "address", "ada@example.org", "mine@example.org"],
        &["people", "copy", "ada@example.org"],
        &["templates", "keep", concat!(env!("CARGO_MANIFEST_DIR"), "/docs/template.json")],
        &["templates", "remove", "two-rounds"],
    ] {
        refused(&verb(&data, "boyana@sofia.example", words), "(not_permitted)");
    }
    for words in [
        &["guests", "list", &plan] as &[&str],
        &["guests", "invite", &plan, "Mine"],
        &["tasks", "silent", &plan],
        &["tasks", "remind", &plan],
    ] {
        refused(&verb(&data, "boyana@sofia.example", words), "(plan_unknown)");
    }
    assert_eq!(ada.person().await["name"], "Ada", "she is still in");
    // One's own copy is one's own.
    assert_eq!(
        printed(&verb(&data, "boyana@sofia.example", &["people", "copy", "boyana@sofia.example"])).len(),
        1
    );

    for (words, wrong) in [
        (&["people", "address", "ada@example.org", "boyana@sofia.example"] as &[&str], "(email_taken)"),
        (&["people", "address", "ada@example.org", "nowhere"], "(email_not_valid)"),
        (&["people", "copy", "nobody"], "(person_unknown)"),
        (&["access", "end", "nobody"], "(person_unknown)"),
        (&["templates", "show", "none"], "quorate templates list prints them"),
        (&["templates", "keep", "none.json"], "none.json"),
        (&["templates", "remove", "strategic-plan"], "(template_unknown)"),
        (&["guests", "invite", &plan, "X", "--phase", "drafting"], "not over: first-round"),
        (&["guests", "invite", &plan, "X", "--until", "2020-01-01T00:00"], "(date_is_past)"),
        (&["guests", "invite", "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f0a", "X"], "(plan_unknown)"),
    ] {
        refused(&verb(&data, "ada@example.org", words), wrong);
    }
    let twice = verb(&data, "ada@example.org", &["guests", "invite", &plan]);
    assert_eq!(twice.status.code(), Some(2), "{twice:?}");

    // Nobody answers where nobody runs.
    network.stop();
    refused(&verb(&data, "ada@example.org", &["people", "list"]), "start it with quorate serve --data");
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_go_out_and_come_back_and_the_demonstration_says_what_it_has_not() {
    let data = tempfile::tempdir().unwrap();
    let _server = Server::start(&Spawn { binary: binary(), data: data.path(), through: &[] }).await;
    let run = |words: &[&str]| verb(data.path(), "secretariat", words);
    let shown = run(&["templates", "show", "strategic-plan"]);
    let file = data.path().join("own.json");
    std::fs::write(&file, said(&shown.stdout).replace("Strategic plan", "Ours")).unwrap();
    let kept = printed(&run(&["templates", "keep", file.to_str().unwrap()]));
    assert_eq!(kept[0]["template"], "strategic-plan-2");
    let own = |run: &dyn Fn(&[&str]) -> Output| {
        let all = printed(&run(&["templates", "list"]));
        all.into_iter().filter(|one| one["own"] == true).map(|one| one["title"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(own(&run), ["Ours"]);
    printed(&run(&["templates", "remove", "strategic-plan-2"]));
    assert!(own(&run).is_empty());
    std::fs::write(&file, "{}").unwrap();
    refused(&run(&["templates", "keep", file.to_str().unwrap()]), "(template_not_read)");

    refused(&run(&["access", "log"]), "in the demonstration nobody signs in");
    assert!(printed(&run(&["people", "list"])).iter().any(|one| one["id"] == "member-1"));
}
