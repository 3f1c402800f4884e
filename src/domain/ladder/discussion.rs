//! Comments that are withheld, shown and disputed; people and words that are forgotten.

use super::*;
use crate::domain::{Measure, PhaseId, PhaseKind, PhasePlan, Place, process};

const REPLY: EventId = EventId(Uuid::from_u128(4));

fn by(state: &mut State, who: Option<&str>, at: i64, event: Event) {
    state.apply(&Fact { position: 90, at: Timestamp(at), actor: who.map(person), event });
}

fn first() -> Place {
    Place { plan: PLAN, thread: THREAD, comment: EventId(THREAD.0) }
}

fn answered() -> Place {
    Place { comment: REPLY, ..first() }
}

/// `member-1` asked, and the chair answered.
fn discussed() -> State {
    let mut state = state(&[]);
    by(&mut state, Some("member-1"), 0, opened());
    let replied = Event::ThreadReplied { plan: PLAN, thread: THREAD, reply: REPLY, text: "So.".into() };
    by(&mut state, Some("chair"), 0, replied);
    state
}

fn withheld(measure: Measure) -> Event {
    Event::CommentWithheld { place: first(), measure, reason: "It names somebody.".into() }
}

#[test]
fn comments_are_withheld_and_shown_by_those_who_moderate() {
    let shown = discussed();
    let mut hidden = discussed();
    by(&mut hidden, Some("secretariat"), 1, withheld(Measure::Hidden));
    let withhold = |place: Place, measure, reason: &str| Command::CommentWithhold {
        place,
        measure,
        reason: reason.into(),
    };
    let show = |place: Place, reason: &str| Command::CommentShow { place, reason: reason.into() };
    let [fits, long] = at_and_above(limits::REASON);
    let nowhere = Place { plan: ELSEWHERE, ..first() };
    let unknown = Place { comment: EventId(Uuid::from_u128(77)), ..first() };
    for (state, who, command, heard) in [
        (&shown, "member-1", withhold(answered(), Measure::Hidden, "No."), "not_permitted"),
        (&shown, "chair", withhold(first(), Measure::Hidden, "No."), "not_permitted"),
        (&shown, "nobody", withhold(first(), Measure::Hidden, "No."), "plan_unknown"),
        (&shown, "secretariat", withhold(nowhere, Measure::Hidden, "No."), "plan_unknown"),
        (&shown, "secretariat", withhold(unknown, Measure::Hidden, "No."), "comment_unknown"),
        (&shown, "secretariat", withhold(first(), Measure::Hidden, " "), "field_empty"),
        (&shown, "secretariat", withhold(first(), Measure::Hidden, &long), "field_too_long"),
        (&shown, "secretariat", withhold(first(), Measure::Hidden, &fits), "ok"),
        (&shown, "secretariat", withhold(answered(), Measure::HeldBack, "First to be read."), "ok"),
        (&hidden, "secretariat", withhold(first(), Measure::Hidden, "No."), "withheld_already"),
        (&hidden, "secretariat", withhold(first(), Measure::HeldBack, "To be asked."), "ok"),
        (&shown, "secretariat", show(first(), "Fine."), "not_withheld"),
        (&hidden, "secretariat", show(first(), ""), "field_empty"),
        (&hidden, "chair", show(first(), "Fine."), "not_permitted"),
        (&hidden, "secretariat", show(first(), "Fine."), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn a_dispute_is_for_the_author_and_decided_by_the_one_who_is_named() {
    let mut hidden = discussed();
    by(&mut hidden, Some("secretariat"), 1, withheld(Measure::Hidden));
    let dispute = |text: &str| Command::CommentDispute { place: first(), text: text.into() };
    let mut disputed = hidden.clone();
    let event = Event::CommentDisputed { place: first(), text: "It is true.".into() };
    by(&mut disputed, Some("member-1"), 2, event);
    let mut named = disputed.clone();
    by(&mut named, Some("secretariat"), 0, Event::ConductSet { rules: None, contact: Some(person("chair")) });
    let mut gone = named.clone();
    by(&mut gone, None, 0, Event::PersonLeft { person: person("chair"), successor: None });
    let show = Command::CommentShow { place: first(), reason: "It is.".into() };
    let again =
        Command::CommentWithhold { place: first(), measure: Measure::Hidden, reason: "It is not.".into() };
    for (state, who, command, heard) in [
        (&discussed(), "member-1", dispute("Why?"), "not_withheld"),
        (&hidden, "chair", dispute("Why?"), "comment_of_another"),
        (&hidden, "secretariat", dispute("Why?"), "comment_of_another"),
        (&hidden, "member-1", dispute(""), "field_empty"),
        (&hidden, "member-1", dispute("Why?"), "ok"),
        (&disputed, "member-1", dispute("Why?"), "disputed_already"),
        // Nobody is named: whoever moderates decides.
        (&disputed, "secretariat", show.clone(), "ok"),
        (&disputed, "secretariat", again.clone(), "ok"),
        (&named, "secretariat", show.clone(), "dispute_of_another"),
        (&named, "secretariat", again.clone(), "dispute_of_another"),
        (&named, "chair", show.clone(), "ok"),
        (&named, "chair", again, "ok"),
        (&gone, "secretariat", show.clone(), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
    let asked = |state: &State, who: &str| {
        let all = crate::domain::asked(state, &person(who), Timestamp(9));
        all.iter().any(|due| matches!(due.wanted, crate::domain::Wanted::Judge { .. }))
    };
    assert!(asked(&disputed, "secretariat") && !asked(&disputed, "chair"), "where nobody is named");
    assert!(asked(&named, "chair") && !asked(&named, "secretariat"));
    // Whoever is named does not decide over what they withheld themselves.
    let mut own = hidden.clone();
    for (who, event) in [
        ("chair", Event::CommentWithheld { place: first(), measure: Measure::Hidden, reason: "No.".into() }),
        ("member-1", Event::CommentDisputed { place: first(), text: "Why?".into() }),
        ("secretariat", Event::ConductSet { rules: None, contact: Some(person("chair")) }),
    ] {
        by(&mut own, Some(who), 3, event);
    }
    assert_eq!(hears(&own, "secretariat", &show), "ok");
    assert!(asked(&own, "secretariat"));

    // Decided either way, it can be disputed once more.
    by(&mut named, Some("chair"), 3, withheld(Measure::Hidden));
    assert_eq!(hears(&named, "member-1", &dispute("Still.")), "ok");
    assert!(!asked(&named, "chair"), "it is decided");
}

#[test]
fn what_is_withheld_is_read_by_its_author_and_those_who_moderate() {
    let mut hidden = discussed();
    by(&mut hidden, Some("secretariat"), 1, withheld(Measure::HeldBack));
    let everybody = ["secretariat", "member-1", "chair", "administrator"];
    let readers = |state: &State, place: Place| {
        everybody.into_iter().filter(|who| state.reads_comment(&person(who), &place)).collect::<Vec<_>>()
    };
    assert_eq!(readers(&hidden, first()), ["secretariat", "member-1"]);
    assert_eq!(readers(&hidden, answered()), everybody);
    by(&mut hidden, None, 0, Event::ConductSet { rules: None, contact: Some(person("chair")) });
    assert_eq!(readers(&hidden, first()), ["secretariat", "member-1", "chair"]);
    by(&mut hidden, None, 2, Event::CommentShown { place: first(), reason: "Fine.".into() });
    assert_eq!(readers(&hidden, first()), everybody);
}

#[test]
fn conduct() {
    let mut second = state(&[]);
    by(&mut second, None, 0, Event::ConductSet { rules: Some("Be kind.".into()), contact: None });
    let set = |rules: Option<&str>, contact: Option<&str>, version| Command::ConductSet {
        rules: rules.map(str::to_owned),
        contact: contact.map(person),
        version,
    };
    for (state, who, command, heard) in [
        (&state(&[]), "member-1", set(None, None, 0), "not_permitted"),
        (&state(&[]), "secretariat", set(Some(""), None, 0), "field_empty"),
        (&state(&[]), "secretariat", set(None, Some("stranger"), 0), "person_unknown"),
        (&state(&[]), "secretariat", set(Some("Be kind."), Some("chair"), 0), "ok"),
        (&second, "secretariat", set(None, None, 0), "conduct_changed"),
        (&second, "secretariat", set(None, None, 1), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

#[test]
fn who_has_left_is_forgotten_once() {
    let here = state(&[]);
    let mut left = state(&[]);
    by(&mut left, None, 0, Event::PersonLeft { person: person("member-1"), successor: None });
    let mut erased = left.clone();
    by(&mut erased, None, 0, Event::PersonErased { person: person("member-1") });
    let erase = |who: &str| Command::PersonErase { person: person(who) };
    for (state, who, command, heard) in [
        (&left, "chair", erase("member-1"), "not_permitted"),
        (&left, "secretariat", erase("stranger"), "person_unknown"),
        (&here, "secretariat", erase("member-1"), "still_in_network"),
        (&left, "administrator", erase("member-1"), "ok"),
        (&erased, "secretariat", erase("member-1"), "erased_already"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
    assert!(erased.is_erased(&person("member-1")) && !left.is_erased(&person("member-1")));
}

const DAY: i64 = 86_400_000;

fn in_process(keep_days: Option<u32>) -> State {
    let mut state = state(&[]);
    let phase = PhasePlan {
        phase: PhaseId::new("review").unwrap(),
        kind: PhaseKind::FollowUp,
        title: "Review".into(),
        opens: Timestamp(DAY),
        closes: Timestamp(2 * DAY),
        gate: Vec::new(),
    };
    let event = Event::ProcessStarted { plan: PLAN, template: "own".into(), phases: vec![phase], keep_days };
    by(&mut state, None, 0, event);
    state
}

#[test]
fn what_was_said_is_forgotten_so_many_days_after_the_last_phase() {
    let mut state = in_process(Some(10));
    for (day, kind) in [(1, "opens"), (2, "closes"), (12, "forgets")] {
        let before = Timestamp(day * DAY - 1);
        assert_eq!(process::due(&state, PLAN, before), None, "{kind}");
        let event = process::due(&state, PLAN, Timestamp(day * DAY)).expect(kind);
        assert_eq!(matches!(event, Event::RetentionPassed { .. }), kind == "forgets", "{event:?}");
        by(&mut state, None, day * DAY, event);
    }
    assert_eq!(process::next_due(&state, Timestamp(100 * DAY)), None, "once");

    let mut for_ever = in_process(None);
    for day in [1, 2] {
        let event = process::due(&for_ever, PLAN, Timestamp(day * DAY)).unwrap();
        by(&mut for_ever, None, day * DAY, event);
    }
    assert_eq!(process::next_due(&for_ever, Timestamp(100 * DAY)), None);
    let set = |days| Command::RetentionSet { plan: PLAN, days };
    for (state, who, command, heard) in [
        (&super::state(&[]), "secretariat", set(Some(10)), "no_process"),
        (&for_ever, "member-1", set(Some(10)), "not_permitted"),
        (&for_ever, "secretariat", set(Some(0)), "retention_not_valid"),
        (&for_ever, "secretariat", set(Some(limits::RETENTION_DAYS + 1)), "retention_not_valid"),
        (&for_ever, "secretariat", set(Some(limits::RETENTION_DAYS)), "ok"),
        (&for_ever, "secretariat", set(None), "ok"),
        (&state, "secretariat", set(None), "retention_is_over"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
    by(&mut for_ever, None, 0, Event::RetentionSet { plan: PLAN, days: Some(10) });
    assert_eq!(process::next_due(&for_ever, Timestamp(0)).unwrap().0, Timestamp(12 * DAY));
}

#[test]
fn who_writes_a_section() {
    let none = state(&[]);
    let of = |people: Vec<PersonId>| crate::domain::Group { people, ..Default::default() };
    let assign = |name: &str, group| Command::SectionAssign { plan: PLAN, section: section(name), group };
    let many = |count: usize| of(vec![person("member-1"); count]);
    let mut full = state(&[]);
    for number in 0..limits::ASSIGNED {
        let (section, group) = (section(&format!("s{number}")), many(1));
        by(&mut full, None, 0, Event::SectionAssigned { plan: PLAN, section, group });
    }
    for (state, who, command, heard) in [
        (&none, "member-1", assign("s1", many(1)), "not_permitted"),
        (&none, "secretariat", assign("s1", of(vec![person("stranger")])), "person_unknown"),
        (&none, "secretariat", assign("s1", many(limits::GROUP)), "ok"),
        (&none, "secretariat", assign("s1", many(limits::GROUP + 1)), "group_too_large"),
        (&full, "secretariat", assign("another", many(1)), "group_too_large"),
        (&full, "secretariat", assign("s1", many(2)), "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}");
    }
    let writers = |section_id: &str| {
        let everybody = ["secretariat", "member-1", "chair"];
        everybody.into_iter().filter(|who| full.writes(&person(who), PLAN, &section(section_id))).count()
    };
    assert_eq!((writers("s1"), writers("another")), (2, 3));
}

#[test]
fn no_reply_takes_the_place_of_a_comment() {
    let state = discussed();
    let reply = Command::ThreadReply { plan: PLAN, thread: THREAD, text: "Mine.".into() };
    for (id, heard) in
        [(EventId(THREAD.0), "id_taken"), (REPLY, "id_taken"), (EventId(Uuid::from_u128(5)), "ok")]
    {
        let actor = Actor { person: person("member-1") };
        let decided = decide(&state, &actor, id, &reply);
        assert_eq!(decided.map_or_else(|refusal| refusal.code(), |_| "ok"), heard, "{id}");
    }
    // Where a record has such a reply, the comment stays whose it is.
    let mut state = discussed();
    let text = "Mine.".into();
    let taken = Event::ThreadReplied { plan: PLAN, thread: THREAD, reply: EventId(THREAD.0), text };
    by(&mut state, Some("chair"), 1, taken);
    assert_eq!(state.comment(&first()).unwrap().by, Some(person("member-1")));
}

#[test]
fn who_is_heard_from_outside_does_not_settle_what_others_began() {
    let mut state = discussed();
    let organisation = OrganisationId::new("forum").unwrap();
    let profile = Profile { name: "Forum".into(), standing: Standing::Observer, weight: 0, seats: 0 };
    by(&mut state, None, 0, Event::OrganisationAdded { organisation: organisation.clone(), profile });
    let office = Office { organisation: Some(organisation), ..office(&[Role::Representative]) };
    by(&mut state, None, 0, Event::PersonAdded { person: person("observer"), office });
    let resolve = Command::ThreadResolve { plan: PLAN, thread: THREAD };
    assert_eq!(hears(&state, "observer", &resolve), "not_permitted");
    assert_eq!(hears(&state, "member-1", &resolve), "ok");
    let own = ThreadId(Uuid::from_u128(31));
    let opened =
        Event::ThreadOpened { plan: PLAN, thread: own, anchor: anchor("words"), text: "Why?".into() };
    by(&mut state, Some("observer"), 0, opened);
    let resolve = Command::ThreadResolve { plan: PLAN, thread: own };
    assert_eq!(hears(&state, "observer", &resolve), "ok");
}
