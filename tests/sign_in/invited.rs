//! Guests' links that are sent by mail.

use serde_json::json;

use super::network::{Mailbox, Network, text};

fn moment(seconds: i64) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let millis = i64::try_from(now.as_millis()).unwrap() + seconds * 1000;
    quorate::domain::Timestamp(millis).to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_is_sent_by_mail_and_its_address_is_kept_nowhere() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let mut network = Network::start(folder.path(), &mailbox.way()).await;
    let ada = network.first("Ada", "ada@example.org").await;
    let plan = uuid::Uuid::now_v7().to_string();
    let (status, answer) = ada.command("plan.create", json!({ "plan": plan, "title": "A plan" })).await;
    assert_eq!(status, 200, "{answer}");
    let phases = json!([{
        "phase": "consultation", "kind": "consultation", "title": "Consultation",
        "opens": moment(-1), "closes": moment(3600),
    }]);
    let process = json!({ "plan": plan, "template": "own", "phases": phases });
    let (status, answer) = ada.command("process.start", process).await;
    assert_eq!(status, 200, "{answer}");
    let path = format!("/plans/{plan}/guests");
    let until = moment(1800).trim_end_matches('Z').chars().take(19).collect::<String>();
    let invite = async |email: &str| {
        let fields = [("to", "Equinet"), ("phase", "consultation"), ("until", &*until), ("email", email)];
        ada.post(&path, &fields).await
    };
    let (status, page) = invite("no address").await;
    assert!(status == 422 && page.contains("value=\"no address\""), "{status} {page}");
    assert!(!page.contains("guest-address"), "nothing is half done: {page}");
    let (status, page) = invite("desk@equinet.example").await;
    assert!(status == 200 && page.contains("It is on its way by mail too."), "{page}");
    let link = page.split("/guest/").nth(1).unwrap()[..43].to_owned();
    let mail = mailbox.next().await;
    assert_eq!(mail.to, ["desk@equinet.example"]);
    let until = quorate::notify::words::moment(serde_json::from_value(format!("{until}Z").into()).unwrap());
    for part in [&*format!("/guest/{link}"), "Ada invites Equinet", "A plan", &until] {
        assert!(mail.text.contains(part), "{part}: {}", mail.text);
    }
    assert_eq!(network.get(&format!("/guest/{link}")).await.0, 200);
    let (status, page) = invite("").await;
    assert!(status == 200 && page.contains("/guest/") && !page.contains("by mail too"), "{page}");
    assert!(mailbox.is_quiet().await);

    // A guest has their own link sent to them, and none where they name no address.
    let invited = format!("/guest/{link}");
    let (_, page) = network.get(&invited).await;
    assert!(page.contains("Have you been here before?") && page.contains("name=\"email\""), "{page}");
    let join = async |email: &str| {
        let fields = [("name", "Gwen"), ("capacity", "personal"), ("email", email)];
        let answer = network.post(&invited, &fields).await;
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        match to {
            Some(to) => (answer.status().as_u16(), to),
            None => text(answer).await,
        }
    };
    let (status, page) = join("no address").await;
    assert!(status == 422 && page.contains("value=\"no address\""), "{status} {page}");
    let (status, own) = join("").await;
    assert!(status == 303 && own.ends_with("?new=1"), "{status} {own}");
    let (status, own) = join("gwen@equinet.example").await;
    assert!(status == 303 && own.ends_with("?new=1&mailed=yes"), "{status} {own}");
    let (_, page) = network.get(&own).await;
    assert!(page.contains("It is on its way to you by mail too."), "{page}");
    let mail = mailbox.next().await;
    assert_eq!(mail.to, ["gwen@equinet.example"]);
    let own = own.split('?').next().unwrap().to_owned();
    assert!(
        mail.text.contains(&own) && mail.text.contains("A plan") && !mail.text.contains("Gwen"),
        "{}",
        mail.text
    );
    let (_, guests) = ada.get(&path).await;
    assert_eq!(guests.matches("Gwen").count(), 2, "who mistyped their address did not come: {guests}");
    network.stop();
    let secret = own.rsplit('/').next().unwrap();
    let log = std::fs::read_to_string(folder.path().join("server.log")).unwrap();
    assert!(!log.contains(secret) && !log.contains(&link), "links are in no log");
    for file in ["log.redb", "server.log"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        for address in ["desk@equinet.example", "gwen@equinet.example"] {
            let address = address.as_bytes();
            assert!(!bytes.windows(address.len()).any(|window| window == address), "{file}");
        }
    }
}
