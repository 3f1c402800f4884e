use super::*;
use crate::domain::{
    Action, Capacity, Command, DocumentId, EventId, Fact, Freeze, InvitationId, Invite, Joining, Office,
    PersonId, PlanId, State, decide,
};
use uuid::Uuid;

const PLAN: PlanId = PlanId(Uuid::from_u128(1));

/// A plan whose people play by the hour: time is in minutes.
struct Play {
    state: State,
    position: u64,
}

fn person(id: &str) -> PersonId {
    PersonId::new(id).unwrap()
}

fn minute(minute: i64) -> Timestamp {
    Timestamp(0).plus_seconds(60 * minute)
}

fn phase(id: &str, kind: PhaseKind, opens: i64, closes: i64, gate: &[Role]) -> PhasePlan {
    PhasePlan {
        phase: PhaseId::new(id).unwrap(),
        kind,
        title: id.into(),
        opens: minute(opens),
        closes: minute(closes),
        gate: gate.to_vec(),
    }
}

/// Drafting, a pause, consultation, and the board.
fn phases() -> Vec<PhasePlan> {
    vec![
        phase("drafting", PhaseKind::Drafting, 10, 20, &[]),
        phase("consultation", PhaseKind::Consultation, 30, 40, &[Role::Board, Role::Chair]),
        phase("adoption", PhaseKind::Decision, 40, 50, &[]),
    ]
}

fn start(phases: Vec<PhasePlan>) -> Command {
    Command::ProcessStart { plan: PLAN, template: "strategic-plan".into(), phases, keep_days: None }
}

fn move_to(phase: &str, opens: i64, closes: i64) -> Command {
    let phase = PhaseId::new(phase).unwrap();
    Command::PhaseReschedule { plan: PLAN, phase, opens: minute(opens), closes: minute(closes) }
}

fn approve(phase: &str, role: Role) -> Command {
    Command::GateApprove { plan: PLAN, phase: PhaseId::new(phase).unwrap(), role }
}

impl Play {
    fn new() -> Self {
        let mut play = Self { state: State::default(), position: 0 };
        let people = [
            ("secretariat", Role::Secretariat),
            ("member-1", Role::Representative),
            ("board-1", Role::Board),
            ("chair", Role::Chair),
        ];
        for (id, role) in people {
            let office = Office { roles: vec![role], ..Office::default() };
            play.apply(0, None, Event::PersonAdded { person: person(id), office });
        }
        let document = DocumentId([1; 16]);
        play.apply(0, None, Event::PlanCreated { plan: PLAN, title: "A plan".into(), document });
        play
    }

    fn running() -> Self {
        let mut play = Self::new();
        assert_eq!(play.ask(1, "secretariat", &start(phases())), "ok");
        play
    }

    fn apply(&mut self, at: i64, actor: Option<&str>, event: Event) {
        self.position += 1;
        let fact = Fact { position: self.position, at: minute(at), actor: actor.map(person), event };
        self.state.apply(&fact);
    }

    /// What the program records by then, in its words.
    fn wait(&mut self, until: i64) -> Vec<String> {
        let mut happened = Vec::new();
        while let Some((_, plan)) = next_due(&self.state, minute(until)) {
            let Some(event) = due(&self.state, plan, minute(until)) else { break };
            happened.push(match &event {
                Event::PhaseOpened { phase, .. } => format!("{phase} opens"),
                Event::PhaseClosed { phase, .. } => format!("{phase} closes"),
                other => panic!("{other:?}"),
            });
            self.apply(until, None, event);
        }
        happened
    }

    /// What one who asks hears; a granted command is applied.
    fn ask(&mut self, at: i64, who: &str, command: &Command) -> &'static str {
        self.state.now = self.state.now.max(minute(at));
        let actor = Actor { person: person(who) };
        match decide(&self.state, &actor, EventId(Uuid::from_u128(9)), command) {
            Ok(decision) => {
                decision.events.into_iter().for_each(|event| self.apply(at, Some(who), event));
                "ok"
            }
            Err(refusal) => refusal.code(),
        }
    }

    fn may(&self, who: &str) -> String {
        let may = |action: &&Action| self.state.may(&person(who), PLAN, **action);
        Action::IN_A_PLAN.iter().filter(may).map(|action| &action.word()[..1]).collect()
    }
}

#[test]
fn phases_open_and_close_by_their_dates() {
    let mut play = Play::running();
    assert_eq!((play.wait(9), play.may("member-1")), (vec![], "r".into()), "before the first");
    assert_eq!(play.wait(10), ["drafting opens"], "to the second");
    assert_eq!(play.may("member-1"), "rce");
    assert_eq!(play.wait(19), Vec::<String>::new());
    assert_eq!((play.wait(20), play.may("member-1")), (vec!["drafting closes".into()], "r".into()));
    assert_eq!((play.wait(35), play.may("member-1")), (vec!["consultation opens".into()], "rc".into()));
    assert_eq!(play.ask(36, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.ask(36, "chair", &approve("consultation", Role::Chair)), "ok");
    assert_eq!(play.wait(41), ["consultation closes", "adoption opens"]);
    assert_eq!((play.may("member-1"), play.may("chair")), ("r".into(), "rcd".into()));
    assert_eq!(play.wait(1_000), ["adoption closes"]);
    assert_eq!(next_due(&play.state, minute(1_000)), None);
    let versions = &play.state.plans[&PLAN];
    assert_eq!(versions.governance, 1 + 6 + 2, "an edit decided before any of these is decided anew");
    assert_eq!(versions.frozen, None::<Freeze>);
}

#[test]
fn a_gate_holds_the_next_phase_back() {
    let mut play = Play::running();
    play.wait(10);
    play.wait(20);
    play.wait(30);
    assert_eq!(play.wait(42), ["consultation closes"], "nobody has approved");
    assert_eq!(next_due(&play.state, minute(42)), None, "nothing happens by itself until somebody does");
    assert_eq!(play.ask(43, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.wait(44), Vec::<String>::new(), "the chair is still missing");
    assert_eq!(play.ask(45, "chair", &approve("consultation", Role::Chair)), "ok");
    assert_eq!(play.wait(45), ["adoption opens"]);
}

#[test]
fn a_phase_whose_time_went_by_waits_for_new_dates() {
    let mut play = Play::running();
    for at in [10, 20, 30, 40] {
        play.wait(at);
    }
    for (who, role) in [("board-1", Role::Board), ("chair", Role::Chair)] {
        assert_eq!(play.ask(60, who, &approve("consultation", role)), "ok");
    }
    assert_eq!(play.wait(61), Vec::<String>::new(), "it should have ended at 50");
    assert_eq!(play.ask(62, "secretariat", &move_to("adoption", 40, 50)), "date_is_past");
    assert_eq!(play.ask(62, "secretariat", &move_to("adoption", 63, 70)), "ok");
    assert_eq!(play.wait(63), ["adoption opens"]);
}

#[test]
fn what_was_over_when_the_dates_were_set_has_been() {
    let mut play = Play::new();
    assert_eq!(play.ask(41, "secretariat", &start(phases())), "ok");
    let passed = ["drafting opens", "drafting closes", "consultation opens", "consultation closes"];
    assert_eq!(play.wait(41), passed, "a network that begins in the middle of its way");
    for (who, role) in [("board-1", Role::Board), ("chair", Role::Chair)] {
        assert_eq!(play.ask(42, who, &approve("consultation", role)), "ok");
    }
    assert_eq!(play.wait(42), ["adoption opens"]);
}

#[test]
fn who_may_do_what_to_a_process() {
    let twice = || {
        let mut phases = phases();
        phases[1].phase = phases[0].phase.clone();
        phases
    };
    let many = || {
        let at = |n: usize| phase(&format!("p{n}"), PhaseKind::Drafting, n as i64, n as i64 + 1, &[]);
        (0..=limits::PHASES).map(at).collect::<Vec<_>>()
    };
    let untitled = PhasePlan { title: " ".into(), ..phase("a", PhaseKind::Drafting, 1, 2, &[]) };
    let overlapping =
        vec![phase("a", PhaseKind::Drafting, 1, 5, &[]), phase("b", PhaseKind::Consultation, 4, 6, &[])];
    let mut fresh = Play::new();
    for (who, command, heard) in [
        ("member-1", start(phases()), "not_permitted"),
        ("nobody", start(phases()), "plan_unknown"),
        ("secretariat", start(vec![]), "field_empty"),
        ("secretariat", start(twice()), "phase_twice"),
        ("secretariat", start(many()), "too_many_phases"),
        ("secretariat", start(vec![untitled]), "field_empty"),
        ("secretariat", start(overlapping), "dates_not_in_order"),
        ("secretariat", start(vec![phase("a", PhaseKind::Drafting, 5, 5, &[])]), "dates_not_in_order"),
        ("secretariat", move_to("drafting", 1, 2), "no_process"),
        ("secretariat", start(many()[1..].to_vec()), "ok"),
        ("secretariat", start(phases()), "process_runs"),
    ] {
        assert_eq!(fresh.ask(0, who, &command), heard, "{who}: {command:?}");
    }
    let mut play = Play::running();
    play.wait(15);
    for (who, command, heard) in [
        ("member-1", move_to("drafting", 10, 25), "not_in_this_phase"),
        ("secretariat", move_to("nothing", 10, 25), "phase_unknown"),
        ("secretariat", move_to("drafting", 10, 14), "date_is_past"),
        ("secretariat", move_to("drafting", 10, 31), "dates_not_in_order"),
        ("secretariat", move_to("drafting", 3, 25), "ok"),
        ("board-1", approve("drafting", Role::Board), "not_at_this_gate"),
        ("member-1", approve("consultation", Role::Board), "not_at_this_gate"),
        ("board-1", approve("consultation", Role::Chair), "not_at_this_gate"),
        ("board-1", approve("consultation", Role::Board), "phase_has_not_begun"),
    ] {
        assert_eq!(play.ask(15, who, &command), heard, "{who}: {command:?}");
    }
    let phases = &play.state.plans[&PLAN].process.as_ref().unwrap().phases;
    assert_eq!(phases[0].plan.opens, minute(10), "what has opened keeps its beginning");
    assert_eq!(play.wait(31), ["drafting closes", "consultation opens"]);
    assert_eq!(play.ask(31, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.ask(31, "board-1", &approve("consultation", Role::Board)), "approved_already");
    assert_eq!(play.ask(31, "secretariat", &move_to("drafting", 10, 60)), "phase_is_over");
    assert_eq!(
        play.ask(31, "member-1", &Command::PlanRename { plan: PLAN, title: "B".into() }),
        "not_in_this_phase"
    );
}

fn invitation(n: u128) -> InvitationId {
    InvitationId(Uuid::from_u128(n))
}

fn invite(n: u128, phase: &str, until: i64) -> Command {
    let phase = PhaseId::new(phase).unwrap();
    let invite = Invite { plan: PLAN, phase, to: "Forum of Associations".into(), until: minute(until) };
    Command::GuestInvite { invitation: invitation(n), invite }
}

fn join(n: u128, name: &str) -> Command {
    let joining = Joining { capacity: Capacity::ForOrganisation, named: true, published: true };
    Command::GuestJoin { invitation: invitation(n), joining, name: name.into() }
}

fn revoke(n: u128) -> Command {
    Command::GuestRevoke { plan: PLAN, invitation: invitation(n) }
}

#[test]
fn guests_come_by_invitation_and_go_with_it() {
    let mut play = Play::running();
    for (who, command, heard) in [
        ("member-1", invite(1, "consultation", 40), "not_permitted"),
        ("secretariat", invite(1, "nothing", 40), "phase_unknown"),
        ("secretariat", invite(1, "drafting", 40), "no_consultation"),
        ("secretariat", invite(1, "consultation", 1), "date_is_past"),
        ("secretariat", invite(1, "consultation", 40), "ok"),
        ("secretariat", invite(1, "consultation", 40), "invitation_exists"),
        ("secretariat", invite(2, "consultation", 35), "ok"),
        ("secretariat", invite(3, "consultation", 40), "ok"),
        ("g-1", join(9, "Ada"), "invitation_unknown"),
        ("g-1", join(1, " "), "field_empty"),
        ("secretariat", join(1, "Ada"), "person_exists"),
        ("g-1", join(1, "Ada"), "ok"),
        ("g-1", join(2, "Ada"), "person_exists"),
        ("g-2", join(2, "Bo"), "ok"),
        ("g-3", join(3, "Cy"), "ok"),
    ] {
        assert_eq!(play.ask(1, who, &command), heard, "{who}: {command:?}");
    }
    let may = |play: &Play| ["g-1", "g-2", "g-3"].map(|guest| play.may(guest));
    assert_eq!(may(&play), ["", "", ""], "before the consultation");
    play.wait(15);
    assert_eq!(may(&play), ["", "", ""], "while members write");
    play.wait(20);
    play.wait(31);
    assert_eq!(may(&play), ["rc", "rc", "rc"]);
    for (who, command, heard) in [
        ("member-1", revoke(3), "not_in_this_phase"),
        ("g-1", revoke(3), "not_in_this_phase"),
        ("secretariat", revoke(9), "invitation_unknown"),
        ("secretariat", revoke(3), "ok"),
        ("secretariat", revoke(3), "invitation_revoked"),
        ("g-4", join(3, "Di"), "invitation_revoked"),
    ] {
        assert_eq!(play.ask(32, who, &command), heard, "{who}: {command:?}");
    }
    assert_eq!(may(&play), ["rc", "rc", ""]);
    for number in 1..limits::GUESTS {
        assert_eq!(play.ask(33, &format!("h-{number}"), &join(1, "Em")), "ok");
    }
    assert_eq!(play.ask(33, "h-0", &join(1, "Em")), "too_many_guests");
    assert_eq!(play.ask(36, "g-4", &join(2, "Di")), "invitation_is_over");
    assert_eq!(may(&play), ["rc", "", ""], "an invitation ends at its time");
    play.wait(40);
    assert_eq!(may(&play), ["", "", ""], "all end with the consultation");
    assert_eq!(play.ask(41, "secretariat", &invite(5, "consultation", 90)), "phase_is_over");
}
