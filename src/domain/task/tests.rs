use uuid::Uuid;

use super::super::ladder::{hears, person};
use super::super::{
    Command, DocumentId, EventId, Office, PhaseId, PhaseKind, PhasePlan, Profile, Role, Standing, ThreadId,
    Wanted, asked,
};
use super::*;

const PLAN: PlanId = PlanId(Uuid::from_u128(1));
const TASK: TaskId = TaskId(Uuid::from_u128(5));

fn north() -> OrganisationId {
    OrganisationId::new("north").unwrap()
}

fn joins(id: &str, role: Role, organisation: Option<OrganisationId>) -> Event {
    let office = Office { roles: vec![role], organisation, seat: false };
    Event::PersonAdded { person: person(id), office }
}

/// A network with a plan: an organisation of two, and who keeps the process.
fn state(more: &[(&str, Event)]) -> State {
    let profile = Profile { name: "North".into(), standing: Standing::Member, weight: 1, seats: 0 };
    let events = [
        joins("secretariat", Role::Secretariat, None),
        joins("consultant", Role::Consultant, None),
        joins("board", Role::Board, None),
        Event::OrganisationAdded { organisation: north(), profile },
        joins("anna", Role::Representative, Some(north())),
        joins("ben", Role::Representative, Some(north())),
        joins("gone", Role::Board, None),
        Event::PersonLeft { person: person("gone"), successor: None },
        Event::PlanCreated { plan: PLAN, title: "A plan".into(), document: DocumentId([1; 16]) },
    ];
    let mut state = State::default();
    let all = events.into_iter().map(|event| ("secretariat", event)).chain(more.iter().cloned());
    for (position, (who, event)) in (1..).zip(all) {
        let at = Timestamp(i64::try_from(position).unwrap());
        state.apply(&Fact { position, at, actor: Some(person(who)), event });
    }
    state
}

fn of(id: &str) -> Ask {
    Ask { plan: Some(PLAN), section: None, of: Of::Person(person(id)), due: None }
}

fn of_north(due: i64) -> Ask {
    Ask { of: Of::Organisation(north()), due: Some(Timestamp(due)), ..of("anna") }
}

fn was_asked(ask: Ask) -> (&'static str, Event) {
    ("secretariat", Event::TaskAsked { task: TASK, ask })
}

#[test]
fn who_asks_what_of_whom() {
    let command = |ask: Ask, text: &str| Command::TaskAsk { task: TASK, ask, text: text.into() };
    let (done, withdraw) = (Command::TaskDone { task: TASK }, Command::TaskWithdraw { task: TASK });
    let none = state(&[]);
    let open = state(&[was_asked(of_north(100))]);
    let over = state(&[was_asked(of_north(100)), ("ben", Event::TaskDone { task: TASK })]);
    let many: Vec<_> = (0..limits::TASKS as u128)
        .map(|n| {
            ("secretariat", Event::TaskAsked { task: TaskId(Uuid::from_u128(100 + n)), ask: of("anna") })
        })
        .collect();
    let [full, almost] = [&many[..], &many[1..]].map(state);
    let elsewhere = Ask { plan: Some(PlanId(Uuid::from_u128(2))), ..of("anna") };
    let section = SectionId::new("s").unwrap();
    let nowhere = Ask { plan: None, section: Some(section), ..of("anna") };
    let nobody = Ask { of: Of::Organisation(OrganisationId::new("south").unwrap()), ..of("anna") };
    for (state, who, command, heard) in [
        (&none, "anna", command(of("ben"), "Write"), "not_permitted"),
        (&none, "board", command(of("ben"), "Write"), "not_permitted"),
        (&none, "secretariat", command(elsewhere, "Write"), "plan_unknown"),
        (&open, "secretariat", command(of("ben"), "Write"), "task_exists"),
        (&none, "secretariat", command(of("nobody"), "Write"), "person_unknown"),
        (&none, "secretariat", command(of("gone"), "Write"), "person_has_left"),
        (&none, "secretariat", command(nobody, "Write"), "organisation_unknown"),
        (&none, "secretariat", command(nowhere, "Write"), "section_unknown"),
        (&none, "secretariat", command(of("anna"), " "), "field_empty"),
        (&none, "secretariat", command(of("anna"), &"é".repeat(limits::TEXT + 1)), "field_too_long"),
        (&full, "secretariat", command(of("anna"), "Write"), "too_many_tasks"),
        (&almost, "secretariat", command(of("anna"), "Write"), "ok"),
        (&full, "secretariat", command(of("ben"), "Write"), "ok"),
        (&none, "consultant", command(of("anna"), "Write"), "ok"),
        (&none, "secretariat", command(of_north(100), "Write"), "ok"),
        (&none, "anna", done.clone(), "task_unknown"),
        (&open, "board", done.clone(), "task_unknown"),
        (&open, "gone", done.clone(), "task_unknown"),
        (&over, "anna", done.clone(), "task_is_over"),
        (&open, "anna", done.clone(), "ok"),
        (&open, "ben", done.clone(), "ok"),
        (&open, "secretariat", done, "ok"),
        (&open, "anna", withdraw.clone(), "not_permitted"),
        (&open, "board", withdraw.clone(), "task_unknown"),
        (&over, "secretariat", withdraw.clone(), "task_is_over"),
        (&open, "consultant", withdraw.clone(), "ok"),
        (&open, "secretariat", withdraw, "ok"),
    ] {
        assert_eq!(hears(state, who, &command), heard, "{who}: {command:?}");
    }
}

/// What is asked of somebody, in short.
fn wanted(state: &State, who: &str, now: i64) -> Vec<String> {
    let all = asked(state, &person(who), Timestamp(now)).into_iter();
    all.map(|due| match due.wanted {
        Wanted::Approve { phase, role } => format!("approve {phase} as {}", role.word()),
        Wanted::Answer { phase } => format!("answer {phase}"),
        Wanted::Decide { phase } => format!("decide {phase}"),
        Wanted::Settle { provision, .. } => format!("settle {provision}"),
        Wanted::Judge { .. } => "judge".into(),
        Wanted::Unblock { phase, missing } => format!("unblock {phase} of {}", missing.len()),
        Wanted::Task { .. } => "task".to_owned(),
    })
    .collect()
}

#[test]
fn a_task_stands_until_somebody_does_it_and_goes_to_who_follows() {
    let asked = [was_asked(of_north(100))];
    let open = state(&asked);
    for (who, expected) in [("anna", 1), ("ben", 1), ("board", 0), ("secretariat", 0)] {
        assert_eq!(wanted(&open, who, 50).len(), expected, "{who}");
    }
    let done = state(&[asked[0].clone(), ("ben", Event::TaskDone { task: TASK })]);
    assert!(wanted(&done, "anna", 50).is_empty());
    let left = ("secretariat", Event::PersonLeft { person: person("anna"), successor: Some(person("ben")) });
    let handed = state(&[was_asked(of("anna")), left]);
    assert_eq!((wanted(&handed, "anna", 50).len(), wanted(&handed, "ben", 50).len()), (0, 1));
    assert_eq!(hears(&handed, "ben", &Command::TaskDone { task: TASK }), "ok");
    assert_eq!(hears(&handed, "anna", &Command::TaskDone { task: TASK }), "task_unknown");
    // Nobody follows: it stays with the plan, for those who ask to see.
    let alone = ("secretariat", Event::PersonLeft { person: person("anna"), successor: None });
    let stays = state(&[was_asked(of("anna")), alone]);
    assert!(stays.tasks.of_plan(PLAN).next().is_some_and(|(_, task)| task.over.is_none()));
}

fn phase(kind: PhaseKind, opens: i64, closes: i64, gate: &[Role]) -> PhasePlan {
    let id = serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned();
    let (opens, closes) = (Timestamp(opens), Timestamp(closes));
    PhasePlan {
        phase: PhaseId::new(id.clone()).unwrap(),
        kind,
        title: id,
        opens,
        closes,
        gate: gate.to_vec(),
    }
}

#[test]
fn what_the_process_asks_of_whom() {
    let phases = vec![
        phase(PhaseKind::Consultation, 20, 40, &[Role::Secretariat]),
        phase(PhaseKind::Decision, 60, 80, &[Role::Board]),
    ];
    let id = |n: usize| phases[n].phase.clone();
    let started = (
        "secretariat",
        Event::ProcessStarted { plan: PLAN, template: "own".into(), phases: phases.clone(), keep_days: None },
    );
    let opened = |n| ("secretariat", Event::PhaseOpened { plan: PLAN, phase: id(n) });
    let closed = |n| ("secretariat", Event::PhaseClosed { plan: PLAN, phase: id(n) });
    let approved = |n, who, role| (who, Event::GateApproved { plan: PLAN, phase: id(n), role });
    let said = |who| {
        let thread = ThreadId(Uuid::from_u128(7));
        (who, Event::ThreadReplied { plan: PLAN, thread, reply: EventId(thread.0), text: "Yes.".into() })
    };
    let all = |events: &[(&'static str, Event)]| {
        let state = state(events);
        ["secretariat", "consultant", "board", "anna", "ben"].map(|who| wanted(&state, who, 70).join(", "))
    };
    let none = String::new;
    let answer = || "answer consultation".to_owned();
    let gate = || "approve consultation as secretariat".to_owned();
    let asked = [started.clone(), opened(0)];
    assert_eq!(all(&asked), [gate(), none(), answer(), answer(), answer()]);
    // One of an organisation speaks for it; the board's members speak for themselves.
    let heard = [started.clone(), opened(0), said("anna"), said("board")];
    assert_eq!(all(&heard), [gate(), none(), none(), none(), none()]);
    let over = [started.clone(), opened(0), closed(0)];
    let blocked = "approve consultation as secretariat, unblock decision of 1".to_owned();
    assert_eq!(all(&over), [blocked, none(), none(), none(), none()]);
    let passed = [started, opened(0), closed(0), approved(0, "secretariat", Role::Secretariat), opened(1)];
    let decide = "approve decision as board".to_owned();
    assert_eq!(all(&passed), [none(), none(), decide, none(), none()]);
    let decided = [&passed[..], &[approved(1, "board", Role::Board)]].concat();
    assert_eq!(all(&decided), [none(), none(), none(), none(), none()]);
}
