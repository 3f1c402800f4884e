//! Guests' links that are sent by mail.

use serde_json::json;

use super::network::{Mailbox, Network};

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
    assert!(mail.text.contains(&format!("/guest/{link}")), "{}", mail.text);
    assert_eq!(network.get(&format!("/guest/{link}")).await.0, 200);
    let (status, page) = invite("").await;
    assert!(status == 200 && page.contains("/guest/") && !page.contains("by mail too"), "{page}");
    assert!(mailbox.is_quiet().await);
    network.stop();
    for file in ["log.redb", "server.log"] {
        let bytes = std::fs::read(folder.path().join(file)).unwrap();
        let address = b"desk@equinet.example";
        assert!(!bytes.windows(address.len()).any(|window| window == address), "{file}");
    }
}
