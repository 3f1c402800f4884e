//! Tasks and notices through the users' doors: one's own page, the tasks of a plan, and mails by a real mail server.

mod world;

use quorate::domain::{Anchor, Command, Digest, EventId, PhaseKind, PlanId, Request, SectionId, ThreadId};
use serde_json::json;

use crate::sign_in::network::Mailbox;
use world::{PLAN, World, person};

fn plan() -> PlanId {
    PLAN.parse().unwrap()
}

const TASKS: &str = "/plans/01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00/tasks";

fn thread(n: u128) -> ThreadId {
    ThreadId(uuid::Uuid::from_u128(n))
}

fn opened(n: u128, words: &str) -> Command {
    let section = SectionId::new("s").unwrap();
    let anchor =
        Anchor { section, start: "1@aa".into(), end: "2@aa".into(), heads: vec![], quote: "words".into() };
    Command::ThreadOpen { plan: plan(), thread: thread(n), anchor, text: words.into() }
}

/// The first task that a page has a form for.
fn task_in(page: &str) -> String {
    let rest = page.split("name=\"task\" value=\"").nth(1).unwrap_or_else(|| panic!("no task in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

fn fresh() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_asked_stands_on_the_pages_of_an_organisation_and_is_done_by_one_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    for who in ["anna", "dora"] {
        assert_eq!(world.get(who, TASKS).await.0, 404, "who asks nothing sees nothing of it");
        let (status, page) = world.get(who, "/me").await;
        assert!(status == 200 && page.contains("Nothing is asked of you at present"), "{page}");
    }
    let (_, page) = world.get("secretariat", TASKS).await;
    assert!(page.contains("organisation/north") && page.contains("person/dora"), "{page}");
    let id = fresh();
    let typed = |of: &'static str, text: &'static str, due: &'static str| {
        [("id", id.clone()), ("of", of.into()), ("text", text.into()), ("due", due.into())]
    };
    for (form, why) in [
        (typed("organisation/nowhere", "Your figures", ""), "no such organisation"),
        (typed("organisation/north", " ", ""), "The task is empty"),
        (typed("organisation/north", "Your figures", "soon"), "not a date"),
        (typed("", "Your figures", ""), "choice of whom it is asked is empty"),
    ] {
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        let (status, page) = world.post("secretariat", TASKS, &form).await;
        assert!(status == 422 && page.contains(why), "{why}: {page}");
    }
    let form = typed("organisation/north", "Send us <your> figures", "1970-02-10T12:00");
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    for _ in 0..2 {
        let (status, to) = world.post("secretariat", TASKS, &form).await;
        assert_eq!((status, to), (303, format!("{TASKS}?done=asked")), "sent twice, asked once");
    }
    for who in ["anna", "ben"] {
        let (_, page) = world.get(who, "/me").await;
        for part in [
            "1 to do",
            "1 new",
            "Send us &lt;your&gt; figures",
            "By <time datetime=\"1970-02-10T12:00:00Z\">",
            "asked by Person secretariat",
            "asked of The north",
            "Person secretariat asks something of you.",
        ] {
            assert!(page.contains(part), "{part:?} is not in {page}");
        }
        let (_, home) = world.get(who, "/").await;
        assert!(home.contains("1 to do"), "in the head of each page: {home}");
    }
    let (_, page) = world.get("cleo", "/me").await;
    assert!(!page.contains("to do") && !page.contains("figures"), "not hers: {page}");
    let tasks = world.json("anna", "/api/me/tasks").await;
    assert_eq!((&tasks[0]["kind"], &tasks[0]["overdue"]), (&json!("task"), &json!(false)), "{tasks}");
    world.wait(24 * 30);
    let (_, page) = world.get("anna", "/me").await;
    assert!(page.contains("Overdue") && page.contains("it was due on"), "{page}");

    let (_, page) = world.get("ben", "/me").await;
    let (id, task) = (fresh(), task_in(&page));
    let form = [("id", &*id), ("task", &*task)];
    assert_eq!(world.post("cleo", "/me/done", &form).await.0, 422, "not hers");
    assert_eq!(world.post("ben", "/me/done", &form).await, (303, "/me?done=done".into()));
    let again = [("id", &*fresh()), ("task", &*task)].map(|(name, value)| (name, value.to_owned()));
    let again = again.each_ref().map(|(name, value)| (*name, value.as_str()));
    let (status, page) = world.post("anna", "/me/done", &again).await;
    assert!(status == 422 && page.contains("done or taken back already"), "{page}");
    assert_eq!(world.json("anna", "/api/me/tasks").await, json!([]));
    let notices = world.json("secretariat", "/api/me/notices").await;
    let first = &notices["notices"][0];
    assert_eq!(
        (&first["kind"], &first["words"]),
        (&json!("done"), &json!("Send us <your> figures")),
        "{notices}"
    );
    let (_, page) = world.get("secretariat", TASKS).await;
    assert!(page.contains("Done by Person ben") && page.contains("Nothing is open."), "{page}");

    // What was seen is not new any more.
    let upto = world.engine.views().head.to_string();
    assert_eq!(world.post("secretariat", "/me/seen", &[("upto", &upto)]).await.0, 303);
    assert_eq!(world.json("secretariat", "/api/me/notices").await["unseen"], 0);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_open_goes_to_who_follows() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    let form = [("id", &*fresh()), ("of", "person/anna"), ("text", "Write the aims"), ("due", "")]
        .map(|(name, value)| (name, value.to_owned()));
    let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(world.post("secretariat", TASKS, &form).await.0, 303);
    let leave = Command::PersonLeave { person: person("anna"), successor: Some(person("ben")), version: 1 };
    world.ask("secretariat", leave).await;
    let tasks = world.json("ben", "/api/me/tasks").await;
    assert_eq!(tasks[0]["sentence"], "Write the aims", "{tasks}");
    let (_, page) = world.get("ben", "/me").await;
    assert!(page.contains("Person anna has left, and what was open for them is yours now."), "{page}");
    let (_, page) = world.get("secretariat", TASKS).await;
    assert!(page.contains("Person ben") && !page.contains("has left the network"), "{page}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_to_write_a_section_is_told_once_by_name_or_by_organisation() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    let section = SectionId::new("aims").unwrap();
    let assign = async |people: &[&str], organisations: &[&str]| {
        let group = quorate::domain::Group {
            people: people.iter().map(|one| person(one)).collect(),
            organisations: organisations
                .iter()
                .map(|one| quorate::domain::OrganisationId::new(*one).unwrap())
                .collect(),
        };
        let command = Command::SectionAssign { plan: plan(), section: section.clone(), group };
        world.ask("secretariat", command).await;
    };
    let count = async |who: &str| {
        let notices = world.json(who, "/api/me/notices").await;
        let all = notices["notices"].as_array().unwrap();
        all.iter().filter(|one| one["kind"] == "assigned").count()
    };
    assign(&["anna"], &["north"]).await;
    assert_eq!((count("anna").await, count("ben").await, count("cleo").await), (1, 1, 0));
    assign(&["anna", "cleo"], &["north"]).await;
    assert_eq!((count("anna").await, count("ben").await, count("cleo").await), (1, 1, 1));
    assign(&[], &[]).await;
    assign(&["anna"], &[]).await;
    assert_eq!((count("anna").await, count("ben").await), (2, 1), "named anew");
    let (_, page) = world.get("anna", "/me").await;
    assert!(page.contains("Person secretariat asks you to write a section of the plan."), "{page}");
    assert!(page.contains("/read#s-aims"), "{page}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_somebody_is_told_and_what_they_may_not_read_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    let kinds = async |who: &str| {
        let notices = world.json(who, "/api/me/notices").await;
        let all = notices["notices"].as_array().unwrap().clone();
        all.iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
    };
    world.ask("cleo", opened(1, "Why so?")).await;
    let reply = |text: &str| Command::ThreadReply { plan: plan(), thread: thread(1), text: text.into() };
    world.ask("anna", reply("Because.")).await;
    world.ask("dora", reply("Let us wait.")).await;
    world.ask("anna", Command::ThreadResolve { plan: plan(), thread: thread(1) }).await;
    assert_eq!(kinds("cleo").await, "resolved replied replied");
    assert_eq!(kinds("anna").await, "replied", "not what she did herself");
    assert_eq!(kinds("dora").await, "resolved", "nor what was before she took part");
    assert_eq!(kinds("ben").await, "", "nor what is no concern of his");
    let (_, page) = world.get("cleo", "/me").await;
    assert!(page.contains("Let us wait.") && page.contains(&format!("#thread={}", thread(1))), "{page}");
    // Words that are withheld are quoted to nobody else.
    let comment = { world.engine.views().threads.of(plan())[0].comments[2].id };
    let place = quorate::domain::Place { plan: plan(), thread: thread(1), comment };
    let measure = quorate::domain::Measure::Hidden;
    world.ask("secretariat", Command::CommentWithhold { place, measure, reason: "Unkind".into() }).await;
    let (_, page) = world.get("cleo", "/me").await;
    assert!(!page.contains("Let us wait."), "{page}");
    assert_eq!(kinds("dora").await, "withheld resolved");

    world.phase(PhaseKind::Consultation, 10).await;
    assert_eq!(kinds("ben").await, "opened scheduled");
    assert!(
        world.json("ben", "/api/me/tasks").await[0]["sentence"].as_str().unwrap().contains("consultation")
    );
    world.ask("anna", opened(2, "Our answer")).await;
    assert_eq!(world.json("ben", "/api/me/tasks").await, json!([]), "his organisation has answered");
    let (_, page) = world.get("secretariat", TASKS).await;
    assert!(
        page.contains("1 of 2 organisations that can be asked have been heard.")
            && page.contains("<li>The south</li>"),
        "{page}"
    );
    let (status, page) = world.post("secretariat", &format!("{TASKS}/remind"), &[]).await;
    assert!(status == 200 && page.contains("2 mails are on their way."), "Cleo and the board: {page}");
    let (status, page) = world.post("secretariat", &format!("{TASKS}/remind"), &[]).await;
    assert!(status == 409 && page.contains("today already") && page.contains("tasks/remind\""), "{page}");
    for (who, number) in [("cleo", 3), ("dora", 4)] {
        world.ask(who, opened(number, "Ours")).await;
    }
    let (_, page) = world.get("secretariat", TASKS).await;
    assert!(!page.contains("tasks/remind\""), "there is nobody left to remind: {page}");
    world.end().await;

    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    world.ask("cleo", opened(1, "Why so?")).await;
    let reply = Command::ThreadReply { plan: plan(), thread: thread(1), text: "Because.".into() };
    world.ask("anna", reply).await;
    world.phase(PhaseKind::Confidential, 10).await;
    let notices = world.json("cleo", "/api/me/notices").await;
    assert_eq!((&notices["notices"], &notices["unseen"]), (&json!([]), &json!(0)), "{notices}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_says_what_is_new_and_ends_by_one_press() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    let world = World::new(folder.path(), &mailbox.way()).await;
    assert_eq!(world.post("anna", "/me/mail", &[("digest", "day"), ("reminders", "yes")]).await.0, 303);
    let (_, page) = world.get("anna", "/me/mail").await;
    assert!(page.contains("value=\"day\" checked"), "{page}");
    world
        .ask("secretariat", Command::PlanFreeze { plan: plan(), reason: "The board reads it.".into() })
        .await;
    world.wait(24);
    world.look().await;
    let mail = mailbox.next().await;
    assert_eq!(mail.to, ["anna@example.org"]);
    for part in [
        "Subject: 1 new thing at 127.0.0.1",
        "Auto-Submitted: auto-generated",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "A plan: Person secretariat closed the plan for writing.",
        "The board reads it.",
    ] {
        assert!(mail.text.contains(part), "{part:?} is not in {}", mail.text);
    }
    let unfolded = mail.text.replace("\r\n ", "");
    let address = unfolded.split("List-Unsubscribe: <").nth(1).unwrap().split('>').next().unwrap().to_owned();
    assert!(mail.text.contains(&format!("without signing in: {address}")), "{address} in {}", mail.text);
    world.wait(24);
    world.look().await;
    assert!(mailbox.is_quiet().await, "never the same thing twice");

    // Programs open links: only a press ends anything.
    let (status, page) = world.by_nobody(false, &address, "").await;
    assert!(status == 200 && page.contains("End these mails"), "{page}");
    let cut = &address[..address.len() - 2];
    assert_eq!(world.by_nobody(true, cut, "List-Unsubscribe=One-Click").await.0, 410);
    let told = |who: &str| world.engine.about(&person(who)).unwrap().told;
    assert_eq!((told("anna").digest, told("anna").unreminded), (Digest::Day, false));
    let (status, page) = world.by_nobody(true, &address, "List-Unsubscribe=One-Click").await;
    assert!(status == 200 && page.contains("These mails have ended"), "{page}");
    assert_eq!((told("anna").digest, told("anna").unreminded), (Digest::Off, true));
    world.ask("secretariat", Command::PlanUnfreeze { plan: plan(), reason: "It has.".into() }).await;
    world.wait(24);
    world.look().await;
    assert!(mailbox.is_quiet().await);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_waits_outlives_the_process_and_leaves_once() {
    let (folder, mut mailbox) = (tempfile::tempdir().unwrap(), Mailbox::start().await);
    // Nobody listens there.
    let world = World::new(folder.path(), "smtp://127.0.0.1:9").await;
    world.post("anna", "/me/mail", &[("digest", "day")]).await;
    world
        .ask("secretariat", Command::PlanFreeze { plan: plan(), reason: "The board reads it.".into() })
        .await;
    world.wait(24);
    world.look().await;
    let now = world.end().await;
    for expected in [true, false] {
        let world = World::open(folder.path(), &mailbox.way(), now.clone()).await;
        world.wait(1);
        world.look().await;
        if expected {
            assert_eq!(mailbox.next().await.to, ["anna@example.org"]);
        }
        assert!(mailbox.is_quiet().await);
        world.end().await;
    }
    // What waits is no mail: no words and no address lie there.
    let bytes = std::fs::read(folder.path().join("log.redb")).unwrap();
    let holds = |what: &str| bytes.windows(what.len()).any(|window| window == what.as_bytes());
    assert!(!holds("List-Unsubscribe") && !holds("new thing at"));
}

/// `cargo test --test main --release -- --ignored --nocapture my_page`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn my_page_with_ten_thousand_people() {
    use quorate::domain::{Office, OrganisationId, Profile, Role, Standing};
    let folder = tempfile::tempdir().unwrap();
    let world = World::new(folder.path(), "print").await;
    let id = || EventId(uuid::Uuid::now_v7());
    let mut requests = Vec::new();
    for n in 0..500 {
        let profile = Profile { name: format!("Body {n}"), standing: Standing::Member, weight: 1, seats: 0 };
        let organisation = OrganisationId::new(format!("body-{n}")).unwrap();
        requests.push(Request { id: id(), command: Command::OrganisationAdd { organisation, profile } });
    }
    for n in 0..10_000 {
        let organisation = Some(OrganisationId::new(format!("body-{}", n % 500)).unwrap());
        let office = Office { roles: vec![Role::Representative], organisation, seat: false };
        let (name, email) = (format!("Person {n}"), Some(format!("p{n}@example.org")));
        let command = Command::PersonAdd { person: person(&format!("p{n}")), office, name, email };
        requests.push(Request { id: id(), command });
    }
    world.engine.together(person("secretariat"), requests).await.unwrap();
    world.phase(PhaseKind::Consultation, 30).await;
    for n in 0..40 {
        world.ask("p7", opened(100 + n, "A question")).await;
        let reply = Command::ThreadReply { plan: plan(), thread: thread(100 + n), text: "An answer".into() };
        world.ask("p8", reply).await;
    }
    for n in 0..20u128 {
        let of = quorate::domain::Of::Person(person("p7"));
        let ask = quorate::domain::Ask { plan: Some(plan()), section: None, of, due: None };
        let task = quorate::domain::TaskId(uuid::Uuid::from_u128(900 + n));
        world.ask("secretariat", Command::TaskAsk { task, ask, text: "Do it".into() }).await;
    }
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = std::time::Instant::now();
        let (status, page) = world.get("p7", "/me").await;
        assert!(status == 200 && page.contains("20 to do"));
        times.push(began.elapsed());
    }
    times.sort();
    println!("my page: median {:?}, p95 {:?}, with the sign-in", times[100], times[190]);
    let began = std::time::Instant::now();
    world.wait(24 * 8);
    world.look().await;
    println!("a round over 10,000 people, and their mails onto the terminal: {:?}", began.elapsed());
    world.end().await;
}
