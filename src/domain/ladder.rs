//! The ladders as a table: a line a rung. State, who asks, what for, and what they hear.

use super::{
    Action, Actor, Anchor, Command, DocumentId, Event, EventId, Fact, Office, OrganisationId, PersonId,
    PlanId, Profile, ProvisionId, Refusal, Request, Role, SectionId, Settled, Standing, State, Stray,
    ThreadId, Timestamp, decide, limits, plan,
};
use uuid::Uuid;

mod discussion;

const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const ELSEWHERE: PlanId = PlanId(Uuid::from_u128(2));
const THREAD: ThreadId = ThreadId(Uuid::from_u128(3));

pub(super) fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn office(roles: &[Role]) -> Office {
    Office { roles: roles.to_vec(), ..Office::default() }
}

fn section(id: &str) -> SectionId {
    SectionId::new(id).unwrap()
}

/// A network with one plan and, on demand, a frozen text and a thread.
fn state(events: &[Event]) -> State {
    let people = [
        ("secretariat", Role::Secretariat),
        ("member-1", Role::Representative),
        ("chair", Role::Chair),
        ("administrator", Role::Administrator),
    ];
    let people = people.map(|(id, role)| Event::PersonAdded { person: person(id), office: office(&[role]) });
    let created = Event::PlanCreated { plan: PLAN, title: "A plan".into(), document: DocumentId([1; 16]) };
    let mut state = State::default();
    for (at, event) in (1..).zip(people.into_iter().chain([created]).chain(events.iter().cloned())) {
        let fact = Fact { position: at, at: Timestamp(0), actor: Some(person("secretariat")), event };
        state.apply(&fact);
    }
    state
}

fn frozen() -> Event {
    Event::PlanFrozen { plan: PLAN, reason: "The board reads it.".into() }
}

fn anchor(quote: &str) -> Anchor {
    Anchor {
        section: section("s1"),
        start: "1@aa".into(),
        end: "2@aa".into(),
        heads: vec![],
        quote: quote.into(),
    }
}

fn opened() -> Event {
    Event::ThreadOpened { plan: PLAN, thread: THREAD, anchor: anchor("words"), text: "Why?".into() }
}

fn resolved() -> Event {
    Event::ThreadResolved { plan: PLAN, thread: THREAD }
}

/// Texts of as many characters as there may be, and of one more; each character takes two bytes.
fn at_and_above(limit: usize) -> [String; 2] {
    [limit, limit + 1].map(|count| "é".repeat(count))
}

/// What the person hears: `ok`, or the refusal's code.
pub(super) fn hears(state: &State, who: &str, command: &Command) -> &'static str {
    let actor = Actor { person: person(who) };
    match decide(state, &actor, EventId(Uuid::from_u128(9)), command) {
        Ok(_) => "ok",
        Err(refusal) => refusal.code(),
    }
}

#[test]
fn plans() {
    let (open, shut) = (state(&[]), state(&[frozen()]));
    let create = |plan, title: &str| Command::PlanCreate { plan, title: title.into() };
    let rename = |plan, title: &str| Command::PlanRename { plan, title: title.into() };
    let freeze = |plan, reason: &str| Command::PlanFreeze { plan, reason: reason.into() };
    let unfreeze = |plan, reason: &str| Command::PlanUnfreeze { plan, reason: reason.into() };
    let [fits, long] = at_and_above(limits::TITLE);
    let [enough, too_much] = at_and_above(limits::TEXT);
    for (state, who, command, heard) in [
        (&open, "member-1", create(None, "New"), "not_permitted"),
        (&open, "nobody", create(None, "New"), "not_permitted"),
        (&open, "secretariat", create(Some(PLAN), "New"), "plan_exists"),
        (&open, "secretariat", create(None, " \n "), "field_empty"),
        (&open, "secretariat", create(None, &long), "field_too_long"),
        (&open, "secretariat", create(None, &fits), "ok"),
        (&open, "secretariat", create(None, "New"), "ok"),
        (&open, "nobody", rename(PLAN, "New"), "plan_unknown"),
        (&open, "member-1", rename(ELSEWHERE, "New"), "plan_unknown"),
        (&open, "chair", rename(PLAN, "New"), "not_permitted"),
        (&shut, "member-1", rename(PLAN, "New"), "plan_is_frozen"),
        (&open, "member-1", rename(PLAN, ""), "field_empty"),
        (&open, "member-1", rename(PLAN, &long), "field_too_long"),
        (&open, "member-1", rename(PLAN, &fits), "ok"),
        (&open, "member-1", rename(PLAN, "New"), "ok"),
        (&open, "nobody", freeze(PLAN, "Why"), "plan_unknown"),
        (&open, "chair", freeze(PLAN, "Why"), "not_permitted"),
        (&open, "member-1", freeze(PLAN, "Why"), "not_permitted"),
        (&shut, "secretariat", freeze(PLAN, "Why"), "already_frozen"),
        (&open, "secretariat", freeze(PLAN, ""), "field_empty"),
        (&open, "secretariat", freeze(PLAN, &too_much), "field_too_long"),
        (&open, "secretariat", freeze(PLAN, &enough), "ok"),
        (&open, "secretariat", freeze(PLAN, "Why"), "ok"),
        (&shut, "member-1", unfreeze(PLAN, "Why"), "not_permitted"),
        (&open, "secretariat", unfreeze(PLAN, "Why"), "not_frozen"),
        (&shut, "secretariat", unfreeze(PLAN, ""), "field_empty"),
        (&shut, "secretariat", unfreeze(PLAN, &too_much), "field_too_long"),
        (&shut, "secretariat", unfreeze(PLAN, "Why"), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn sections() {
    let (open, shut) = (state(&[]), state(&[frozen()]));
    let create = |plan, heading: &str| Command::SectionCreate {
        plan,
        section: None,
        heading: heading.into(),
        parent: None,
        after: None,
    };
    let [fits, long] = at_and_above(limits::TITLE);
    let moved = |parent: Option<&str>, after: Option<&str>| Command::SectionMove {
        plan: PLAN,
        section: section("s1"),
        parent: parent.map(section),
        after: after.map(section),
    };
    for (state, who, command, heard) in [
        (&open, "member-1", create(ELSEWHERE, "Purpose"), "plan_unknown"),
        (&open, "chair", create(PLAN, "Purpose"), "not_permitted"),
        (&shut, "member-1", create(PLAN, "Purpose"), "plan_is_frozen"),
        (&open, "member-1", create(PLAN, ""), "field_empty"),
        (&open, "member-1", create(PLAN, &long), "field_too_long"),
        (&open, "member-1", create(PLAN, &fits), "ok"),
        (&open, "member-1", create(PLAN, "Purpose"), "ok"),
        (&open, "member-1", moved(Some("s1"), None), "section_inside_itself"),
        (&open, "member-1", moved(None, Some("s1")), "section_inside_itself"),
        (&shut, "member-1", moved(None, None), "plan_is_frozen"),
        (&open, "member-1", moved(Some("s2"), None), "ok"),
        (&shut, "member-1", Command::SectionRemove { plan: PLAN, section: section("s1") }, "plan_is_frozen"),
        (&open, "chair", Command::SectionRestore { plan: PLAN, section: section("s1") }, "not_permitted"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn stray_words() {
    let provision = || ProvisionId::new("stray-1").unwrap();
    let found = || Event::StrayFound {
        plan: PLAN,
        section: section("s1"),
        provision: provision(),
        was: None,
        people: vec![person("member-1")],
        removed: 7,
    };
    let settled = Event::StraySettled { plan: PLAN, provision: provision(), settled: Settled::Kept };
    let (none, open, closed) = (state(&[]), state(&[found()]), state(&[found(), settled]));
    let (shut, again) = (state(&[found(), frozen()]), state(&[found(), found()]));
    let settle = |settled| Command::StraySettle { plan: PLAN, provision: provision(), settled };
    let find = |plan| Command::StrayFind {
        plan,
        stray: Stray {
            section: section("s1"),
            provision: provision(),
            was: None,
            people: vec![person("member-1")],
            removed: 7,
            at: 12,
            rest: None,
        },
    };
    for (state, who, command, heard) in [
        (&none, "nobody", settle(Settled::Kept), "plan_unknown"),
        (&open, "chair", settle(Settled::Kept), "not_permitted"),
        (&shut, "member-1", settle(Settled::Kept), "plan_is_frozen"),
        (&none, "member-1", settle(Settled::Removed), "stray_unknown"),
        (&closed, "member-1", settle(Settled::Removed), "stray_is_settled"),
        (&open, "member-1", settle(Settled::Removed), "ok"),
        (&again, "member-1", settle(Settled::Kept), "ok"),
        (&none, "member-1", find(ELSEWHERE), "plan_unknown"),
        (&shut, "member-1", find(PLAN), "plan_is_frozen"),
        // Whoever typed them could edit then, and need not be able to now.
        (&none, "chair", find(PLAN), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
    let asked = r#"{ "id": "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00", "type": "stray.find" }"#;
    assert!(serde_json::from_str::<Request>(asked).is_err(), "the program alone finds stray words");
}

#[test]
fn threads() {
    let (none, open, closed) = (state(&[]), state(&[opened()]), state(&[opened(), resolved()]));
    let shut = state(&[opened(), frozen()]);
    let begin = |quote: &str, text: &str| Command::ThreadOpen {
        plan: PLAN,
        thread: THREAD,
        anchor: anchor(quote),
        text: text.into(),
    };
    let reply = |text: &str| Command::ThreadReply { plan: PLAN, thread: THREAD, text: text.into() };
    let resolve = Command::ThreadResolve { plan: PLAN, thread: THREAD };
    let reopen = Command::ThreadReopen { plan: PLAN, thread: THREAD };
    let [fits, long] = at_and_above(limits::TEXT);
    for (state, who, command, heard) in [
        (&none, "nobody", begin("words", "Why?"), "plan_unknown"),
        (&none, "administrator", begin("words", "Why?"), "not_permitted"),
        (&open, "member-1", begin("words", "Why?"), "thread_exists"),
        (&none, "member-1", begin("words", " "), "field_empty"),
        (&none, "member-1", begin("", "Why?"), "field_empty"),
        (&none, "member-1", begin("words", &long), "field_too_long"),
        (&none, "member-1", begin(&long, "Why?"), "field_too_long"),
        (&none, "member-1", begin(&fits, &fits), "ok"),
        (&none, "chair", begin("words", "Why?"), "ok"),
        (&none, "member-1", reply("So."), "thread_unknown"),
        (&closed, "member-1", reply("So."), "thread_is_resolved"),
        (&open, "member-1", reply(""), "field_empty"),
        (&open, "member-1", reply(&long), "field_too_long"),
        (&open, "member-1", reply(&fits), "ok"),
        (&shut, "member-1", reply("Comments go on while the text is frozen."), "ok"),
        (&none, "member-1", resolve.clone(), "thread_unknown"),
        (&closed, "member-1", resolve.clone(), "thread_is_resolved"),
        (&open, "administrator", resolve.clone(), "not_permitted"),
        (&open, "chair", resolve, "ok"),
        (&open, "member-1", reopen.clone(), "thread_is_open"),
        (&closed, "member-1", reopen, "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn people() {
    let add = |id: &str, roles: &[Role], name: &str| Command::PersonAdd {
        person: person(id),
        office: office(roles),
        name: name.into(),
        email: None,
    };
    let reached = |email: String| Command::PersonAdd {
        person: person("new"),
        office: Office { roles: vec![Role::Board], ..Office::default() },
        name: "New".into(),
        email: Some(email),
    };
    let longest = |more: usize| {
        let domain = format!("{}.example", ["d".repeat(60), "e".repeat(60), "f".repeat(60)].join("."));
        format!("{}@{domain}", "a".repeat(limits::EMAIL_BYTES - domain.len() - 1 + more))
    };
    let join = |id: &str| Command::PersonJoin { person: person(id) };
    let rename = |id: &str, name: &str| Command::PersonRename { person: person(id), name: name.into() };
    let gone = Event::PersonLeft { person: person("chair"), successor: None };
    let left = state(std::slice::from_ref(&gone));
    let erased = state(&[gone, Event::PersonErased { person: person("chair") }]);
    let joined = state(&[Event::PersonJoined { person: person("member-1") }]);
    let board = [Role::Board];
    let some = state(&[]);
    for (state, who, command, heard) in [
        (&State::default(), "first", add("first", &[Role::Administrator], "First"), "ok"),
        (&some, "member-1", add("new", &board, "New"), "not_permitted"),
        (&some, "member-1", rename("chair", "New"), "not_permitted"),
        (&some, "nobody", rename("nobody", "New"), "person_unknown"),
        (&some, "administrator", rename("nobody", "New"), "person_unknown"),
        (&some, "administrator", rename("chair", "\u{200b}"), "field_empty"),
        (&some, "administrator", rename("chair", &at_and_above(limits::TITLE)[1]), "field_too_long"),
        (&some, "administrator", rename("chair", &at_and_above(limits::TITLE)[0]), "ok"),
        (&some, "member-1", rename("member-1", "New"), "ok"),
        (&left, "administrator", rename("chair", "New"), "ok"),
        (&erased, "administrator", rename("chair", "New"), "erased_already"),
        (&some, "administrator", add("chair", &board, "New"), "person_exists"),
        (&some, "administrator", add("new", &[], "New"), "field_empty"),
        (&some, "administrator", add("new", &board, ""), "field_empty"),
        (&some, "administrator", add("new", &board, "New"), "ok"),
        (&some, "administrator", reached("Ada@Example.org ".into()), "ok"),
        (&some, "administrator", reached(longest(0)), "ok"),
        (&some, "administrator", reached(longest(1)), "email_not_valid"),
        (&some, "administrator", reached("".into()), "email_not_valid"),
        (&some, "administrator", reached("ada".into()), "email_not_valid"),
        (&some, "administrator", reached("Ada <ada@example.org>".into()), "email_not_valid"),
        (
            &some,
            "administrator",
            reached("ada@example.org\r\nBcc: eve@example.org".into()),
            "email_not_valid",
        ),
        (&some, "secretariat", join("member-1"), "not_permitted"),
        (&some, "nobody", join("nobody"), "person_unknown"),
        (&joined, "member-1", join("member-1"), "already_joined"),
        (&some, "member-1", join("member-1"), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn parts_in_the_network() {
    let body = |id: &str| OrganisationId::new(id).unwrap();
    let profile =
        |name: &str, standing, weight, seats| Profile { name: name.into(), standing, weight, seats };
    let added = |id: &str, standing, weight, seats| Event::OrganisationAdded {
        organisation: body(id),
        profile: profile(id, standing, weight, seats),
    };
    let sits = |organisation: &str, seat| Office {
        roles: vec![Role::Representative],
        organisation: Some(body(organisation)),
        seat,
    };
    let joined = |id: &str, office| Event::PersonAdded { person: person(id), office };
    let some = state(&[
        added("north", Standing::Member, 2, 1),
        added("south", Standing::Observer, 0, 0),
        joined("anna", sits("north", true)),
        joined("ben", sits("north", false)),
        joined("cleo", sits("south", false)),
        joined("gone", sits("north", false)),
        Event::PersonLeft { person: person("gone"), successor: None },
        added("west", Standing::Member, 1, 1),
        joined("away", sits("west", false)),
        Event::PersonLeft { person: person("away"), successor: None },
        Event::PersonErased { person: person("away") },
        added("mistake", Standing::Observer, 0, 0),
    ]);
    let alone = {
        let mut alone = State::default();
        let event = joined("first", office(&[Role::Administrator]));
        alone.apply(&Fact { position: 1, at: Timestamp(0), actor: None, event });
        alone
    };
    let add = |id: &str, profile: Profile| Command::OrganisationAdd { organisation: body(id), profile };
    let change =
        |id: &str, version, profile| Command::OrganisationChange { organisation: body(id), profile, version };
    let move_to = |id: &str, version, office| Command::PersonChange { person: person(id), office, version };
    let leave = |id: &str, version, successor: Option<&str>| Command::PersonLeave {
        person: person(id),
        successor: successor.map(person),
        version,
    };
    let come_back = |id: &str, version, office| Command::PersonReturn { person: person(id), office, version };
    let remove = |id: &str, version| Command::OrganisationRemove { organisation: body(id), version };
    let invite =
        |office| Command::PersonAdd { person: person("new"), office, name: "New".into(), email: None };
    let member = |weight| profile("East", Standing::Member, weight, 2);
    for (state, who, command, heard) in [
        (&some, "member-1", add("east", member(1)), "not_permitted"),
        (&some, "anna", add("east", member(1)), "not_permitted"),
        (&some, "gone", add("east", member(1)), "not_permitted"),
        (&some, "administrator", invite(office(&[Role::Consultant, Role::Board])), "consultant_has_no_vote"),
        (&some, "administrator", invite(office(&[Role::Consultant, Role::Secretariat])), "ok"),
        (&some, "administrator", add("north", member(1)), "organisation_exists"),
        (&some, "administrator", add("east", profile("", Standing::Member, 1, 0)), "field_empty"),
        (
            &some,
            "administrator",
            add("east", profile("NORTH ", Standing::Member, 1, 0)),
            "organisation_name_taken",
        ),
        (&some, "administrator", add("east", member(0)), "weight_not_valid"),
        (&some, "administrator", add("east", member(limits::WEIGHT + 1)), "weight_not_valid"),
        (&some, "administrator", add("east", profile("E", Standing::Observer, 1, 0)), "weight_not_valid"),
        (&some, "administrator", add("east", profile("E", Standing::Stakeholder, 1, 0)), "weight_not_valid"),
        (
            &some,
            "administrator",
            add("east", profile("E", Standing::Member, 1, limits::SEATS + 1)),
            "seats_not_valid",
        ),
        (
            &some,
            "administrator",
            add("east", profile("E", Standing::Member, limits::WEIGHT, limits::SEATS)),
            "ok",
        ),
        (&some, "secretariat", change("east", 1, member(1)), "organisation_unknown"),
        (&some, "secretariat", change("north", 2, member(1)), "organisation_changed"),
        (&some, "secretariat", change("north", 1, profile("north", Standing::Member, 1, 0)), "seats_taken"),
        (&some, "secretariat", change("north", 1, profile("North", Standing::Member, 3, 1)), "ok"),
        (&some, "administrator", invite(sits("east", false)), "organisation_unknown"),
        (&some, "administrator", invite(office(&[Role::Representative])), "organisation_missing"),
        (
            &some,
            "administrator",
            invite(Office { seat: true, ..office(&[Role::Board]) }),
            "organisation_missing",
        ),
        (&some, "administrator", invite(sits("north", true)), "seats_taken"),
        (&some, "administrator", invite(sits("north", false)), "ok"),
        (&some, "member-1", move_to("anna", 1, sits("north", false)), "not_permitted"),
        (&some, "administrator", move_to("nobody", 1, sits("north", false)), "person_unknown"),
        (&some, "administrator", move_to("gone", 2, sits("north", false)), "person_has_left"),
        (&some, "administrator", move_to("anna", 2, sits("north", false)), "person_changed"),
        (&some, "administrator", move_to("ben", 1, sits("north", true)), "seats_taken"),
        (&some, "administrator", move_to("anna", 1, sits("north", true)), "ok"),
        (&some, "administrator", move_to("administrator", 1, office(&[Role::Board])), "ok"),
        (&alone, "first", move_to("first", 1, office(&[Role::Board])), "last_administrator"),
        (&alone, "first", leave("first", 1, None), "last_administrator"),
        (&some, "administrator", leave("gone", 2, None), "person_has_left"),
        (&some, "administrator", leave("anna", 1, Some("nobody")), "person_unknown"),
        (&some, "administrator", leave("anna", 1, Some("gone")), "person_unknown"),
        (&some, "administrator", leave("anna", 1, Some("cleo")), "successor_of_another"),
        (&some, "administrator", leave("anna", 1, Some("anna")), "successor_of_another"),
        (&some, "administrator", leave("anna", 1, Some("ben")), "ok"),
        (&some, "administrator", leave("anna", 1, None), "ok"),
        (&some, "anna", come_back("gone", 2, sits("north", false)), "not_permitted"),
        (&some, "administrator", come_back("nobody", 1, sits("north", false)), "person_unknown"),
        (&some, "administrator", come_back("anna", 1, sits("north", false)), "has_not_left"),
        (&some, "administrator", come_back("away", 3, sits("west", false)), "erased_already"),
        (&some, "administrator", come_back("gone", 1, sits("north", false)), "person_changed"),
        (&some, "administrator", come_back("gone", 2, sits("north", true)), "seats_taken"),
        (&some, "administrator", come_back("gone", 2, office(&[])), "field_empty"),
        (&some, "administrator", come_back("gone", 2, sits("south", false)), "ok"),
        (&some, "anna", remove("mistake", 1), "not_permitted"),
        (&some, "administrator", remove("east", 1), "organisation_unknown"),
        (&some, "administrator", remove("mistake", 2), "organisation_changed"),
        (&some, "administrator", remove("north", 1), "organisation_in_use"),
        // Whoever has left acted for it.
        (&some, "administrator", remove("west", 1), "organisation_in_use"),
        (&some, "administrator", remove("mistake", 1), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
    let actor = Actor { person: person("administrator") };
    let decided = decide(&some, &actor, EventId(Uuid::from_u128(9)), &leave("anna", 1, Some("ben"))).unwrap();
    let handed_over = Event::PersonChanged { person: person("ben"), office: sits("north", true) };
    assert_eq!(decided.events[1..], [handed_over], "the seat goes to the successor");
}

#[test]
fn edits_are_made_in_ones_own_name_while_the_text_is_open() {
    let [mine, theirs, new]: [super::ActorId; 3] = ["aa", "bb", "cc"].map(|id| id.parse().unwrap());
    let bound = |actor: &super::ActorId, plan, who: &str| Event::ActorBound {
        plan,
        actor_id: actor.clone(),
        person: person(who),
    };
    let binding = [bound(&mine, PLAN, "member-1"), bound(&theirs, PLAN, "chair")];
    let open = state(&binding);
    let by = |who: &str, actor: &super::ActorId| plan::edit(&open, &person(who), PLAN, [actor, actor]);
    assert_eq!(by("member-1", &mine), Ok(vec![]));
    assert_eq!(by("member-1", &new), Ok(vec![bound(&new, PLAN, "member-1")]));
    assert_eq!(by("member-1", &theirs), Err(Refusal::ActorOfAnother));
    assert_eq!(by("chair", &theirs).map_err(|refusal| refusal.code()), Err("not_permitted"));
    let elsewhere = state(&[bound(&mine, ELSEWHERE, "member-1")]);
    assert_eq!(plan::edit(&elsewhere, &person("member-1"), PLAN, [&mine]), Err(Refusal::ActorOfAnother));
    let shut = state(&[frozen()]);
    let refused = plan::edit(&shut, &person("member-1"), PLAN, [&new]).map_err(|refusal| refusal.code());
    assert_eq!(refused, Err("plan_is_frozen"));
}

#[test]
fn a_freeze_moves_the_governance_on_and_a_thread_its_version() {
    let state = state(&[opened(), resolved(), frozen()]);
    let plan = &state.plans[&PLAN];
    assert_eq!((plan.governance, plan.threads[&THREAD].version), (1, 2));
    assert!(plan.frozen.is_some() && plan.threads[&THREAD].resolved);
    assert!(state.may(&person("chair"), PLAN, Action::Read));
}
