//! A new network's whole way in, through its doors: from the link that the first start prints to a consultation in which
//! members and a guest have commented, and a record that proves itself.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use automerge::ReadDoc as _;
use reqwest::Method;
use serde_json::{Value, json};

use super::house::acknowledged;
use super::sign_in::network::{Browser, Letter, Mailbox, Network, text};
use super::wire::{Client, Writer, binary, form};

const LIST: &str = "organisation,standing,seats,name,e-mail,roles\n\
                    Equality Athens,member,1,Ann,ann@athens.example,representative\n\
                    Equality Sofia,member,1,Boyana,boyana@sofia.example,representative\n";

/// As a browser sends the moment of a form, in UTC.
fn typed_time(seconds: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let at = quorate::domain::Timestamp(i64::try_from(now).unwrap() + seconds * 1000).to_string();
    at.trim_end_matches('Z').chars().take(19).collect()
}

/// The value of the first field of this name.
fn value(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let from = at + page[at..].find("value=\"").unwrap() + 7;
    page[from..from + page[from..].find('"').unwrap()].replace("&amp;", "&")
}

/// A page with its form: sends it, filled in, and answers the status with where it leads or what it says.
async fn fill_in(browser: &Browser<'_>, page: &str, to: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let (status, html) = browser.get(page).await;
    assert_eq!(status, 200, "{page}: {html}");
    let id = value(&html, "id");
    let fields: Vec<(&str, &str)> = fields.iter().copied().chain([("id", &*id)]).collect();
    let answer = form(browser.request(Method::POST, to), &fields).send().await.unwrap();
    match answer.headers().get("location") {
        Some(to) => (answer.status().as_u16(), to.to_str().unwrap().to_owned()),
        None => text(answer).await,
    }
}

/// Sends the form for lists, which may hold a file.
async fn upload(browser: &Browser<'_>, fields: &[(&str, &str)]) -> (u16, String) {
    let part = |(name, value): &(&str, &str)| {
        let file = if *name == "file" { "; filename=\"list.csv\"\r\nContent-Type: text/csv" } else { "" };
        format!("--boundary\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n")
    };
    let body = fields.iter().map(part).collect::<String>() + "--boundary--\r\n";
    let request = browser.request(Method::POST, "/network/import").body(body);
    let request = request.header("content-type", "multipart/form-data; boundary=boundary");
    text(request.send().await.unwrap()).await
}

async fn ok(browser: &Browser<'_>, kind: &str, fields: Value) {
    let (status, answer) = browser.command(kind, fields).await;
    assert_eq!(status, 200, "{kind}: {answer}");
}

/// Whoever is invited does what the mail says: opens the page that it names, and asks for a link there.
async fn follow<'a>(network: &'a Network, mailbox: &mut Mailbox, letter: &Letter, name: &str) -> Browser<'a> {
    let said = letter.text.replace("\r\n", "\n");
    for words in [format!("Hello {name},"), "Ada has added you to the network at".into()] {
        assert!(said.contains(&words), "{words:?} is not in {said}");
    }
    assert!(said.contains("There is no password; each time a link comes to you by mail"), "{said}");
    assert!(said.contains(&format!("\n{}\n", network.url("/sign-in"))), "{said}");
    assert!(network.get("/sign-in").await.1.contains("Send me a mail"));
    network.sign_in(mailbox, &letter.to[0]).await
}

async fn comment(network: &Network, browser: &Browser<'_>, plan: &str, document: &str, words: &str) {
    let mut client = Client::join(&network.sync_url(&browser.ticket().await), words).await;
    let text = client.open(document).await;
    let id = Writer::new(&text, "aims").text();
    let at = text.text(&id).unwrap().find("Aims").unwrap();
    let at = text.text(&id).unwrap()[..at].encode_utf16().count();
    let cursor = |at| text.get_cursor(&id, at, None).unwrap().to_string();
    let heads: Vec<String> = text.get_heads().iter().map(ToString::to_string).collect();
    let anchor = json!({ "section": "aims", "start": cursor(at), "end": cursor(at + 3), "heads": heads, "quote": "Aims" });
    let thread = uuid::Uuid::now_v7();
    let open = json!({ "plan": plan, "thread": thread, "anchor": anchor, "text": words });
    ok(browser, "thread.open", open).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_network_walks_from_its_first_link_to_an_open_consultation() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start(folder.path(), &mailbox.way()).await;

    // The first person, by the link that the server printed: administrator and secretariat.
    let ada = network.first("Ada", "ada@example.org").await;
    assert_eq!(ada.person().await["roles"], json!(["secretariat", "administrator"]));

    // Two organisations with a person each, from a file: looked at first, then taken.
    let (_, blank) = ada.get("/network/import").await;
    let nonce = value(&blank, "form");
    let (status, report) = upload(&ada, &[("form", &nonce), ("do", "check"), ("file", LIST)]).await;
    assert!(status == 200 && report.contains("2 lines are right, 0 lines are wrong."), "{status} {report}");
    let (_, people) = ada.get("/api/people").await;
    assert!(!people.contains("Boyana"), "looking takes nothing in");
    let (seen, list) = (value(&report, "seen"), value(&report, "text"));
    let take = [("form", &*nonce), ("do", "take"), ("seen", &*seen), ("text", &*list)];
    assert_eq!(upload(&ada, &take).await.0, 303);

    // Each is told.
    let mut letters = [mailbox.any().await, mailbox.any().await];
    letters.sort_by(|a, b| a.to.cmp(&b.to));
    assert_eq!(
        letters.each_ref().map(|letter| &*letter.to[0]),
        ["ann@athens.example", "boyana@sofia.example"]
    );

    // A plan, by its form, with a section and words in it.
    let (status, calendar) = fill_in(&ada, "/", "/plans", &[("title", "Our plan")]).await;
    assert_eq!(status, 303, "{calendar}");
    let plan = calendar.split('/').nth(2).unwrap().to_owned();
    ok(&ada, "section.create", json!({ "plan": plan, "section": "aims", "heading": "Aims" })).await;
    let (_, about) = ada.get(&format!("/api/plans/{plan}")).await;
    let document = serde_json::from_str::<Value>(&about).unwrap()["document"].as_str().unwrap().to_owned();
    let mut client = Client::join(&network.sync_url(&ada.ticket().await), "ada").await;
    let opened = client.open(&document).await;
    let change = Writer::new(&opened, "aims").write("What we want. ", client.heads.clone());
    client.send(std::slice::from_ref(&change)).await;
    acknowledged(&mut client, change.hash()).await;

    // The process begins where the plan is: in the consultation, which is open from a minute ago.
    let begins = typed_time(-60);
    let start =
        [("what", "start"), ("template", "strategic-plan"), ("from", "consultation"), ("begins", &*begins)];
    let (status, to) = fill_in(&ada, &calendar, &calendar, &start).await;
    assert_eq!((status, &*to), (303, &*format!("{calendar}?done=started")));

    // A guest of a body outside, by mail.
    let (guests, until) = (format!("/plans/{plan}/guests"), typed_time(86_400));
    let invite =
        [("phase", "consultation"), ("to", "Equinet"), ("until", &*until), ("email", "desk@equinet.example")];
    let (status, page) = fill_in(&ada, &guests, &guests, &invite).await;
    assert!(status == 200 && page.contains("It is on its way by mail too."), "{status} {page}");
    let invitation = mailbox.next().await;
    assert_eq!(invitation.to, ["desk@equinet.example"]);
    let said = invitation.text.replace("\r\n", "\n");
    let link = said.lines().find_map(|line| line.strip_prefix(&network.url(""))).unwrap().to_owned();

    // One of each member follows the welcome, and comments.
    for (letter, name) in letters.iter().zip(["Ann", "Boyana"]) {
        let member = follow(&network, &mut mailbox, letter, name).await;
        assert_eq!(member.person().await["name"], name);
        let (_, list) = member.get("/").await;
        assert!(list.contains("Our plan"), "{list}");
        comment(&network, &member, &plan, &document, &format!("A comment by {name}.")).await;
    }

    // The guest joins without an account, begins a comment, and comes back to it by the link of their own.
    let (status, page) = network.get(&link).await;
    assert!(status == 200 && page.contains("Equinet"), "{status} {page}");
    let answer = network.post(&link, &[("name", "Grace"), ("capacity", "for-organisation")]).await;
    let own = answer.headers()["location"].to_str().unwrap().split('?').next().unwrap().to_owned();
    let (_, page) = network.get(&format!("{own}?on=aims")).await;
    let (id, provision) = (value(&page, "id"), value(&page, "provision"));
    let fields = |what, words| [("id", &*id), ("what", what), ("provision", &*provision), ("text", words)];
    assert_eq!(network.post(&own, &fields("draft", "A comment")).await.status(), 303);
    let (_, page) = network.get(&format!("{own}?on=aims")).await;
    assert!(page.contains("A comment</textarea>"), "{page}");
    assert_eq!(network.post(&own, &fields("comment", "A comment by Grace.")).await.status(), 303);

    // All of it is in the record, each word once, and the record proves itself.
    let (_, threads) = ada.get(&format!("/api/plans/{plan}/threads")).await;
    let threads: Value = serde_json::from_str(&threads).unwrap();
    let said: Vec<_> =
        threads["threads"].as_array().unwrap().iter().map(|one| &one["comments"][0]["text"]).collect();
    assert_eq!(said, ["A comment by Ann.", "A comment by Boyana.", "A comment by Grace."]);
    let (_, events) = ada.get(&format!("/api/plans/{plan}/events?after=0")).await;
    for name in ["Ann", "Boyana", "Grace"] {
        assert_eq!(events.matches(&format!("A comment by {name}.")).count(), 1, "{events}");
    }
    let verify = || Command::new(binary()).args(["verify", "--data"]).arg(folder.path()).output().unwrap();
    let beside = verify();
    assert!(beside.status.success(), "{beside:?}");
    network.stop();
    let alone = verify();
    assert!(alone.status.success(), "{alone:?}");
}
