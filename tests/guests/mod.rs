//! Guests through their doors: a link, a name, a comment that is begun, come back to, and handed in.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tokio::time::sleep;

use super::scan;
use super::wire::{Client, Server, Spawn, Writer, binary, form};

mod everywhere;
mod organisations;
mod outside;

/// A plan in consultation, and who keeps it.
struct Desk {
    server: Server,
    http: reqwest::Client,
    secretariat: String,
    plan: String,
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

fn time(millis: i64) -> String {
    quorate::domain::Timestamp(millis).to_string()
}

/// As a browser sends the moment of a form, in UTC.
fn typed_time(millis: i64) -> String {
    time(millis).trim_end_matches('Z').chars().take(19).collect()
}

const HOUR: i64 = 3_600_000;

impl Desk {
    /// The consultation closes after so many milliseconds.
    async fn open(data: &Path, closes_in: i64) -> Self {
        let desk = Self::begin(data, |now| {
            json!([{
                "phase": "consultation", "kind": "consultation", "title": "Consultation",
                "opens": time(now - 1_000), "closes": time(now + closes_in),
            }])
        })
        .await;
        desk.until("consultation").await;
        desk
    }

    /// A plan with these phases, by the time at which they are set.
    async fn begin(data: &Path, phases: impl Fn(i64) -> Value) -> Self {
        let server = Server::start(&Spawn { binary: binary(), data, through: &[] }).await;
        let secretariat = server.sign_in("secretariat").await;
        let (plan, _) = server.new_plan(2).await;
        let fields = json!({ "plan": plan, "template": "own", "phases": phases(now()) });
        let (status, answer) = server.command(&secretariat, "process.start", fields).await;
        assert_eq!(status, 200, "{answer}");
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { server, http, secretariat, plan }
    }

    /// Waits until this phase is the one that is open; empty: none is.
    async fn until(&self, phase: &str) {
        for _ in 0..500 {
            let (_, about) = self.server.get(&self.secretariat, &format!("/api/plans/{}", self.plan)).await;
            if about["phase"]["phase"].as_str().unwrap_or_default() == phase {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("{phase} does not come");
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.server.url(path)).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// Sends a form; where it leads, or what the page says.
    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        self.send(form(self.http.post(self.server.url(path)), fields)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (
            status,
            match to {
                Some(to) => to,
                None => answer.text().await.unwrap(),
            },
        )
    }

    /// Makes an invitation by the form, as who keeps the process does: the status, and the page.
    async fn invite(&self, token: &str, to: &str, until: i64) -> (u16, String) {
        let until = typed_time(until);
        let fields = [("phase", "consultation"), ("to", to), ("until", &until)];
        let page = self.server.url(&format!("/plans/{}/guests", self.plan));
        self.send(form(self.http.post(page).bearer_auth(token), &fields)).await
    }

    /// The path of a link that holds for an hour.
    async fn link(&self) -> String {
        let (status, page) = self.invite(&self.secretariat, "Forum of Associations", now() + HOUR).await;
        assert_eq!(status, 200, "{page}");
        path_in(&page)
    }

    async fn join(&self, link: &str) -> String {
        let (status, own) = self.post(link, &[("name", "Ada"), ("capacity", "personal")]).await;
        assert_eq!(status, 303, "{own}");
        own.split('?').next().unwrap().to_owned()
    }

    async fn threads(&self) -> Vec<Value> {
        let (status, answer) =
            self.server.get(&self.secretariat, &format!("/api/plans/{}/threads", self.plan)).await;
        assert_eq!(status, 200, "{answer}");
        answer["threads"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_presses_twice_comes_once() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    desk.until("consultation").await;
    let link = desk.link().await;
    let (_, page) = desk.get(&link).await;
    let secret = value(&page, "own");
    let fields = [("own", secret.as_str()), ("name", "Ada"), ("capacity", "personal")];
    let (first, second) = tokio::join!(desk.post(&link, &fields), desk.post(&link, &fields));
    assert_eq!(first, second);
    assert_eq!(first, (303, format!("/guest/own/{secret}?new=1")));
    let (_, page) = desk.get(&link).await;
    assert_ne!(value(&page, "own"), secret, "another form, another guest");
    let guests = format!("/plans/{}/guests", desk.plan);
    let request = desk.http.get(desk.server.url(&guests)).bearer_auth(&desk.secretariat);
    let (_, page) = desk.send(request).await;
    assert_eq!(page.matches("Ada").count(), 1, "{page}");
    let (status, _) = desk.post(&link, &[("own", "short"), ("name", "Eve")]).await;
    assert_eq!(status, 400);
}

/// The path of the guest's link that a page shows.
fn path_in(page: &str) -> String {
    let from = page.find("/guest/").unwrap_or_else(|| panic!("no link in {page}"));
    page[from..].chars().take_while(|c| c.is_ascii_alphanumeric() || "/-_".contains(*c)).collect()
}

/// The value of the first field of this name.
fn value(page: &str, name: &str) -> String {
    let at = page.find(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    let from = at + page[at..].find("value=\"").unwrap() + 7;
    page[from..from + page[from..].find('"').unwrap()].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_begins_a_comment_comes_back_and_hands_it_in() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let link = desk.link().await;
    let answer = desk.http.get(desk.server.url(&link)).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    // The address is told to nobody else, and forms say from where they come.
    assert_eq!(
        (header("referrer-policy"), header("cache-control")),
        ("same-origin".into(), "no-store".into())
    );
    let (status, page) = desk.get(&link).await;
    assert!(status == 200 && page.contains("Forum of Associations"), "{page}");
    let own = desk.join(&link).await;

    let (status, page) = desk.get(&format!("{own}?on=part-0")).await;
    assert!(status == 200 && page.contains("A plan to measure"), "{page}");
    let (id, provision) = (value(&page, "id"), value(&page, "provision"));
    let comment = |what: &'static str, text: &'static str| {
        [("id", id.clone()), ("what", what.into()), ("provision", provision.clone()), ("text", text.into())]
    };
    let form = comment("draft", "For whom is");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, to) = desk.post(&own, &form).await;
    assert_eq!((status, to), (303, format!("{own}?done=draft")));
    assert_eq!(desk.threads().await.len(), 0, "nobody sees what is only begun");

    // From another device, by the same link.
    let (_, page) = desk.get(&format!("{own}?on=part-0")).await;
    assert!(page.contains("For whom is</textarea>"), "{page}");
    let form = comment("comment", "For whom is this?");
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for _ in 0..2 {
        let (status, to) = desk.post(&own, &form).await;
        assert_eq!((status, to), (303, format!("{own}?done=comment")), "sent twice, handed in once");
    }
    let threads = desk.threads().await;
    assert_eq!(threads.len(), 1);
    assert_eq!(threads[0]["comments"][0]["text"], "For whom is this?");
    assert_eq!(threads[0]["anchor"]["quote"], "part-0");
    let (_, page) = desk.get(&own).await;
    assert!(page.contains("For whom is this?") && !page.contains("You have begun"), "{page}");

    let (_, people) = desk.server.get(&desk.secretariat, "/api/people").await;
    let guest = people.as_array().unwrap().iter().find(|one| one["id"] == threads[0]["comments"][0]["by"]);
    assert_eq!(guest.map(|guest| guest["name"].clone()), Some(json!("Ada")), "{people}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_no_further_than_the_consultation() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), 4_000).await;
    let link = desk.link().await;
    let own = desk.join(&link).await;
    // Their link lets nobody into anything else.
    let secret = own.rsplit('/').next().unwrap();
    for path in ["/api/plans", "/api/people", "/api/session/ticket"] {
        let answer = desk.http.get(desk.server.url(path)).bearer_auth(secret).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{path}");
    }
    let (status, _) = desk.get(&own).await;
    assert_eq!(status, 200);
    desk.until("").await;
    let (status, page) = desk.get(&own).await;
    assert!(status == 410 && page.contains("The consultation is not open"), "{status} {page}");
    let form = [
        ("id", "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f09"),
        ("what", "comment"),
        ("provision", "part-0"),
        ("text", "Too late"),
    ];
    let (status, page) = desk.post(&own, &form).await;
    assert!(status == 410, "{status} {page}");
    assert_eq!(desk.threads().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_open_nothing() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let link = desk.link().await;
    let own = desk.join(&link).await;
    let cut = &link[..link.len() - 3];
    let wrong_kind = link.replace("/guest/", "/guest/own/");
    for path in [cut, &wrong_kind, "/guest/own/AAAA", &format!("{link}A")] {
        let (status, page) = desk.get(path).await;
        assert!(status == 410 && page.contains("This link opens nothing"), "{path}: {status}");
        let (status, _) = desk.post(path, &[("name", "Eve"), ("capacity", "personal")]).await;
        assert!(status == 410 || status == 422, "{path}: {status}");
    }
    // Who does not keep the process cannot invite, nor see who was.
    let member = desk.server.sign_in("member-1").await;
    let (status, _) = desk.invite(&member, "Friends", now() + HOUR).await;
    assert_eq!(status, 404);
    let (status, page) = desk.invite(&desk.secretariat, "Forum", now() - HOUR).await;
    assert!(status == 422 && page.contains("lies in the past"), "{status} {page}");

    // Taken back: both links end, what was handed in stays.
    let page = desk.server.url(&format!("/plans/{}/guests", desk.plan));
    let list =
        desk.http.get(&page).bearer_auth(&desk.secretariat).send().await.unwrap().text().await.unwrap();
    let revoked = value(&list, "revoke");
    let (status, _) =
        desk.send(form(desk.http.post(&page).bearer_auth(&desk.secretariat), &[("revoke", &revoked)])).await;
    assert_eq!(status, 200);
    for path in [&link, &own] {
        assert_eq!(desk.get(path).await.0, 410, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_take_an_id_that_the_program_makes_later() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let own = desk.join(&desk.link().await).await;
    let (_, text) = desk.get(&format!("{own}?on=part-0")).await;
    let provision = value(&text, "provision");
    let fields = |id| [("id", id), ("what", "comment"), ("provision", &*provision), ("text", "A word.")];
    let made = "01935a3c-7d2e-8b14-9c1f-5a1d3e6b8f00";
    let (status, page) = desk.post(&own, &fields(made)).await;
    assert_eq!(status, 422, "{page}");
    assert!(desk.threads().await.is_empty());
    let (status, page) = desk.post(&own, &fields("01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00")).await;
    assert_eq!((status, desk.threads().await.len()), (303, 1), "{page}");
}
