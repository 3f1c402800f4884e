//! Guests of bodies that the network knows, and what happens to links while somebody writes.

use serde_json::json;

use super::{Desk, HOUR, form, now, path_in, typed_time, value};

impl Desk {
    async fn read(&self, path: &str) -> String {
        let request = self.http.get(self.server.url(path)).bearer_auth(&self.secretariat);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn organisation(&self, id: &str, standing: &str) {
        let weight = u32::from(standing == "member");
        let fields = json!({
            "organisation": id, "name": format!("The {id}"), "standing": standing, "weight": weight, "seats": 0,
        });
        let (status, answer) = self.server.command(&self.secretariat, "organisation.add", fields).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// Invites an organisation by the form: the status, and the page.
    async fn invite_one(&self, organisation: &str, to: &str) -> (u16, String) {
        let until = typed_time(now() + HOUR);
        let fields =
            [("phase", "consultation"), ("organisation", organisation), ("to", to), ("until", &until)];
        let page = self.server.url(&format!("/plans/{}/guests", self.plan));
        self.send(form(self.http.post(page).bearer_auth(&self.secretariat), &fields)).await
    }

    async fn comment(&self, own: &str, text: &str) -> (u16, String) {
        let (_, page) = self.get(&format!("{own}?on=part-0")).await;
        let (id, provision) = (value(&page, "id"), value(&page, "provision"));
        self.post(own, &[("id", &id), ("what", "comment"), ("provision", &provision), ("text", text)]).await
    }

    async fn join_as(&self, link: &str, capacity: &str) -> String {
        let (status, own) = self.post(link, &[("name", "Ada"), ("capacity", capacity)]).await;
        assert_eq!(status, 303, "{own}");
        own.split('?').next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_came_for_an_organisation_has_it_heard() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    desk.organisation("a-forum", "stakeholder").await;
    desk.organisation("a-watch", "observer").await;
    desk.organisation("a-union", "member").await;
    let page = desk.read(&format!("/plans/{}/guests", desk.plan)).await;
    for (id, is_offered) in [("a-forum", true), ("a-watch", true), ("a-union", false)] {
        assert_eq!(page.contains(&format!("<option value=\"{id}\"")), is_offered, "{id}: {page}");
    }
    for (id, to, why) in [
        ("a-union", "", "This organisation is a member"),
        ("nothing", "", "There is no such organisation"),
        ("", " ", "name of who is invited is empty"),
    ] {
        let (status, page) = desk.invite_one(id, to).await;
        assert!(status == 422 && page.contains(why), "{id}: {status} {page}");
    }
    let (status, page) = desk.invite_one("a-forum", "").await;
    assert_eq!(status, 200, "{page}");
    let link = path_in(&page);
    assert!(desk.get(&link).await.1.contains("The a-forum"), "it need not be typed");

    let tasks = format!("/plans/{}/tasks", desk.plan);
    let heard = "Heard by guests";
    let silent = async || {
        let page = desk.read(&tasks).await;
        page.contains("<li>The a-forum</li>")
    };
    assert!(silent().await, "who is invited and has said nothing is silent");
    let personal = desk.join_as(&link, "personal").await;
    assert_eq!(desk.comment(&personal, "For myself.").await.0, 303);
    assert!(silent().await && !desk.read("/network").await.contains(heard), "one for themselves is not it");
    let own = desk.join_as(&link, "for-organisation").await;
    assert!(silent().await, "who came has not spoken yet");
    assert_eq!(desk.comment(&own, "For all of us.").await.0, 303);
    assert!(!silent().await);
    assert!(desk.read("/network").await.contains(heard));
    assert!(desk.read("/network/organisations/a-forum").await.contains(heard));
    assert!(!desk.read("/network/organisations/a-watch").await.contains(heard));
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_come_after_the_link_was_taken_back_are_given_back() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let link = desk.link().await;
    let own = desk.join(&link).await;
    let (_, page) = desk.get(&format!("{own}?on=part-0")).await;
    let (id, provision) = (value(&page, "id"), value(&page, "provision"));
    let list = desk.read(&format!("/plans/{}/guests", desk.plan)).await;
    let revoke = [("revoke", value(&list, "revoke"))];
    let revoke = revoke.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = desk.server.url(&format!("/plans/{}/guests", desk.plan));
    let request = desk.http.post(page).bearer_auth(&desk.secretariat);
    assert_eq!(desk.send(form(request, &revoke)).await.0, 200);
    for what in ["comment", "draft"] {
        let said = [("id", &*id), ("what", what), ("provision", &*provision), ("text", "An <hour> of work")];
        let (status, page) = desk.post(&own, &said).await;
        assert!(status == 410 && page.contains("An &lt;hour&gt; of work"), "{status} {page}");
    }
    assert_eq!(desk.threads().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_in_one_window_outlives_what_is_sent_from_another() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let own = desk.join(&desk.link().await).await;
    let (_, first) = desk.get(&format!("{own}?on=part-0")).await;
    let (_, second) = desk.get(&format!("{own}?on=part-1")).await;
    let send = async |page: &str, what: &str, text: &str| {
        let (id, provision) = (value(page, "id"), value(page, "provision"));
        let said = [("id", &*id), ("what", what), ("provision", &*provision), ("text", text)];
        assert_eq!(desk.post(&own, &said).await.0, 303);
    };
    send(&first, "draft", "Half a thought").await;
    send(&second, "comment", "A whole one").await;
    let (_, page) = desk.get(&format!("{own}?on=part-0")).await;
    assert!(page.contains("Half a thought</textarea>"), "{page}");
    send(&first, "comment", "Half a thought, and its end").await;
    let (_, page) = desk.get(&format!("{own}?on=part-0")).await;
    assert!(!page.contains("You have begun"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_the_network_does_not_know_is_asked_too() {
    let data = tempfile::tempdir().unwrap();
    let desk = Desk::open(data.path(), HOUR).await;
    let tasks = format!("/plans/{}/tasks", desk.plan);
    let is_silent = async || desk.read(&tasks).await.contains("<li>The housing association</li>");
    assert!(!is_silent().await);
    let (status, page) = desk.invite_one("", "The housing association").await;
    assert_eq!(status, 200, "{page}");
    assert!(is_silent().await);
    let link = path_in(&page);
    let personal = desk.join_as(&link, "personal").await;
    assert_eq!(desk.comment(&personal, "For myself.").await.0, 303);
    assert!(is_silent().await, "one for themselves is not it");
    let own = desk.join_as(&link, "for-organisation").await;
    assert_eq!(desk.comment(&own, "For all of us.").await.0, 303);
    assert!(!is_silent().await);
}
