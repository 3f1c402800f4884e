use super::*;
use crate::domain::{
    Action, Anchor, Capacity, Command, DocumentId, EventId, Fact, Freeze, InvitationId, Invite, Joining,
    Office, OrganisationId, PersonId, PlanId, Profile, SectionId, Standing, State, ThreadId, decide, limits,
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
    assert_eq!(play.may("member-1"), "rcse");
    assert_eq!(play.wait(19), Vec::<String>::new());
    assert_eq!((play.wait(20), play.may("member-1")), (vec!["drafting closes".into()], "r".into()));
    assert_eq!((play.wait(35), play.may("member-1")), (vec!["consultation opens".into()], "rcs".into()));
    assert_eq!(play.ask(36, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.ask(36, "chair", &approve("consultation", Role::Chair)), "ok");
    assert_eq!(play.wait(41), ["consultation closes", "adoption opens"]);
    assert_eq!((play.may("member-1"), play.may("chair")), ("r".into(), "rcsd".into()));
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
fn an_approval_is_taken_back_while_it_has_had_no_effect() {
    let withdraw =
        |role| Command::GateWithdraw { plan: PLAN, phase: PhaseId::new("consultation").unwrap(), role };
    let mut play = Play::running();
    for at in [10, 20, 30] {
        play.wait(at);
    }
    assert_eq!(play.ask(31, "board-1", &withdraw(Role::Board)), "not_approved");
    assert_eq!(play.ask(31, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.ask(32, "chair", &withdraw(Role::Board)), "not_at_this_gate");
    assert_eq!(play.ask(32, "secretariat", &withdraw(Role::Board)), "not_at_this_gate");
    assert_eq!(play.ask(33, "board-1", &withdraw(Role::Board)), "ok");
    assert_eq!(play.ask(34, "chair", &approve("consultation", Role::Chair)), "ok");
    assert_eq!(play.wait(42), ["consultation closes"], "the board has approved no more");
    assert_eq!(play.ask(43, "board-1", &approve("consultation", Role::Board)), "ok");
    assert_eq!(play.wait(43), ["adoption opens"]);
    assert_eq!(play.ask(44, "board-1", &withdraw(Role::Board)), "gate_is_passed");
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
    let too_far =
        PhasePlan { closes: limits::LATEST.plus_seconds(1), ..phase("a", PhaseKind::Drafting, 1, 5, &[]) };
    let mut fresh = Play::new();
    for (who, command, heard) in [
        ("member-1", start(phases()), "not_permitted"),
        ("nobody", start(phases()), "plan_unknown"),
        ("secretariat", start(vec![]), "field_empty"),
        ("secretariat", start(twice()), "phase_twice"),
        ("secretariat", start(many()), "too_many_phases"),
        ("secretariat", start(vec![untitled]), "field_empty"),
        ("secretariat", start(overlapping), "dates_not_in_order"),
        ("secretariat", start(vec![too_far]), "date_too_far"),
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

fn add(phase: PhasePlan) -> Command {
    Command::PhaseAdd { plan: PLAN, planned: phase }
}

fn change(phase: &str, title: &str, kind: PhaseKind, gate: &[Role]) -> Command {
    let phase = PhaseId::new(phase).unwrap();
    Command::PhaseChange { plan: PLAN, phase, title: title.into(), kind, gate: gate.to_vec() }
}

fn remove(phase: &str) -> Command {
    Command::PhaseRemove { plan: PLAN, phase: PhaseId::new(phase).unwrap() }
}

#[test]
fn what_is_still_to_come_can_be_planned_anew() {
    let (mut play, withdraw) = (Play::running(), Command::ProcessWithdraw { plan: PLAN });
    play.wait(15);
    let workshop = |opens, closes| phase("workshop", PhaseKind::Gathering, opens, closes, &[]);
    let long = "x".repeat(limits::TITLE + 1);
    for (who, command, heard) in [
        ("member-1", add(workshop(22, 25)), "not_in_this_phase"),
        ("secretariat", add(phase("drafting", PhaseKind::Gathering, 22, 25, &[])), "phase_twice"),
        ("secretariat", add(workshop(11, 12)), "date_is_past"),
        ("secretariat", add(workshop(5, 40)), "dates_not_in_order"),
        ("secretariat", add(workshop(22, 31)), "dates_not_in_order"),
        ("secretariat", add(workshop(25, 25)), "dates_not_in_order"),
        ("secretariat", add(PhasePlan { title: " ".into(), ..workshop(22, 25) }), "field_empty"),
        (
            "secretariat",
            add(PhasePlan { gate: vec![Role::Consultant], ..workshop(22, 25) }),
            "role_at_no_gate",
        ),
        ("secretariat", add(workshop(22, 25)), "ok"),
        ("secretariat", change("workshop", "workshop", PhaseKind::Gathering, &[]), "nothing_changed"),
        ("member-1", change("workshop", "A day", PhaseKind::Gathering, &[]), "not_in_this_phase"),
        ("secretariat", change("nothing", "A day", PhaseKind::Gathering, &[]), "phase_unknown"),
        ("secretariat", change("workshop", "", PhaseKind::Gathering, &[]), "field_empty"),
        ("secretariat", change("workshop", &long, PhaseKind::Gathering, &[]), "field_too_long"),
        ("secretariat", change("workshop", "A day", PhaseKind::Consultation, &[Role::Chair; 2]), "ok"),
        // What has begun keeps its rules and its gate; its title may be another.
        ("secretariat", change("drafting", "Writing", PhaseKind::Gathering, &[]), "phase_has_begun"),
        (
            "secretariat",
            change("drafting", "Writing", PhaseKind::Drafting, &[Role::Board]),
            "phase_has_begun",
        ),
        ("secretariat", change("drafting", "Writing", PhaseKind::Drafting, &[]), "ok"),
        ("member-1", remove("adoption"), "not_in_this_phase"),
        ("secretariat", remove("nothing"), "phase_unknown"),
        ("secretariat", remove("drafting"), "phase_has_begun"),
        ("secretariat", invite(1, "consultation", 40), "ok"),
        ("secretariat", remove("consultation"), "guests_invited"),
        ("secretariat", change("consultation", "C", PhaseKind::Decision, &[]), "guests_invited"),
        ("secretariat", change("consultation", "C", PhaseKind::Consultation, &[]), "ok"),
        ("secretariat", revoke(1), "ok"),
        ("secretariat", remove("consultation"), "ok"),
        ("secretariat", withdraw.clone(), "phase_has_begun"),
    ] {
        assert_eq!(play.ask(15, who, &command), heard, "{who}: {command:?}");
    }
    let process = play.state.plans[&PLAN].process.clone().unwrap();
    let plans: Vec<_> = process.phases.iter().map(|phase| &phase.plan).collect();
    let titles: Vec<_> = plans.iter().map(|plan| plan.title.as_str()).collect();
    assert_eq!(titles, ["Writing", "A day", "adoption"], "in the order of their dates");
    assert_eq!((plans[1].kind, &plans[1].gate[..]), (PhaseKind::Consultation, &[Role::Chair][..]));
    assert_eq!(play.wait(22), ["drafting closes", "workshop opens"]);
    assert_eq!(play.may("member-1"), "rcs");
    assert_eq!(
        play.ask(26, "secretariat", &change("drafting", "W", PhaseKind::Drafting, &[])),
        "phase_is_over"
    );
    assert_eq!(play.wait(45), ["workshop closes"], "its gate holds the next back");
    assert_eq!(play.ask(46, "chair", &approve("workshop", Role::Chair)), "ok");
    assert_eq!(play.wait(46), ["adoption opens"]);
    // A cycle goes on behind its last phase.
    assert_eq!(play.ask(46, "secretariat", &add(phase("review", PhaseKind::FollowUp, 60, 70, &[]))), "ok");
    assert_eq!(play.wait(61), ["adoption closes", "review opens"]);
}

#[test]
fn a_process_of_which_nothing_has_begun_is_taken_back() {
    let (mut play, withdraw) = (Play::running(), Command::ProcessWithdraw { plan: PLAN });
    for (who, command, heard) in [
        ("member-1", withdraw.clone(), "not_permitted"),
        ("secretariat", invite(1, "consultation", 40), "ok"),
        ("secretariat", withdraw.clone(), "guests_invited"),
        ("secretariat", revoke(1), "ok"),
        ("secretariat", remove("drafting"), "ok"),
        ("secretariat", remove("adoption"), "ok"),
        ("secretariat", remove("consultation"), "last_phase"),
        ("secretariat", withdraw.clone(), "ok"),
        ("secretariat", withdraw.clone(), "no_process"),
        ("secretariat", add(phase("a", PhaseKind::Drafting, 5, 6, &[])), "no_process"),
    ] {
        assert_eq!(play.ask(2, who, &command), heard, "{who}: {command:?}");
    }
    assert_eq!((play.may("member-1"), next_due(&play.state, minute(1_000))), ("rcse".into(), None));
    assert_eq!(play.ask(3, "secretariat", &start(phases())), "ok", "another in its place");
    let mut full: Vec<_> = Vec::new();
    for number in (1..).take(limits::PHASES) {
        full.push(phase(&format!("p{number}"), PhaseKind::Drafting, 10 * number, 10 * number + 5, &[]));
    }
    let mut play = Play::new();
    assert_eq!(play.ask(0, "secretariat", &start(full)), "ok");
    let more = add(phase("more", PhaseKind::Drafting, 6, 7, &[]));
    assert_eq!(play.ask(0, "secretariat", &more), "too_many_phases");
}

fn invitation(n: u128) -> InvitationId {
    InvitationId(Uuid::from_u128(n))
}

fn invite(n: u128, phase: &str, until: i64) -> Command {
    let phase = PhaseId::new(phase).unwrap();
    let invite = Invite {
        plan: PLAN,
        phase,
        to: "Forum of Associations".into(),
        organisation: None,
        until: minute(until),
    };
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
    assert_eq!(may(&play), ["rcs", "rcs", "rcs"]);
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
    assert_eq!(may(&play), ["rcs", "rcs", ""]);
    for number in 1..limits::GUESTS {
        assert_eq!(play.ask(33, &format!("h-{number}"), &join(1, "Em")), "ok");
    }
    assert_eq!(play.ask(33, "h-0", &join(1, "Em")), "too_many_guests");
    assert_eq!(play.ask(36, "g-4", &join(2, "Di")), "invitation_is_over");
    assert_eq!(may(&play), ["rcs", "", ""], "an invitation ends at its time");
    play.wait(40);
    assert_eq!(may(&play), ["", "", ""], "all end with the consultation");
    assert_eq!(play.ask(41, "secretariat", &invite(5, "consultation", 90)), "phase_is_over");
}

fn organisation(id: &str, standing: Standing) -> Event {
    let profile = Profile {
        name: format!("The {id}"),
        standing,
        weight: u32::from(standing == Standing::Member),
        seats: 0,
    };
    Event::OrganisationAdded { organisation: OrganisationId::new(id).unwrap(), profile }
}

fn invite_one(n: u128, id: &str) -> Command {
    let Command::GuestInvite { invitation, invite } = invite(n, "consultation", 40) else { unreachable!() };
    let organisation = Some(OrganisationId::new(id).unwrap());
    Command::GuestInvite { invitation, invite: Invite { to: String::new(), organisation, ..invite } }
}

fn comment(thread: u128) -> Command {
    let section = SectionId::new("s1").unwrap();
    let anchor =
        Anchor { section, start: "1@aa".into(), end: "2@aa".into(), heads: vec![], quote: "words".into() };
    Command::ThreadOpen { plan: PLAN, thread: ThreadId(Uuid::from_u128(thread)), anchor, text: "Why?".into() }
}

#[test]
fn a_guest_speaks_for_the_organisation_that_was_invited() {
    let mut play = Play::running();
    for (id, standing) in
        [("forum", Standing::Stakeholder), ("watch", Standing::Observer), ("union", Standing::Member)]
    {
        play.apply(1, None, organisation(id, standing));
    }
    for (command, heard) in [
        (invite_one(1, "nothing"), "organisation_unknown"),
        (invite_one(1, "union"), "invited_is_member"),
        (invite_one(1, "forum"), "ok"),
        (invite_one(2, "watch"), "ok"),
        (invite(3, "consultation", 40), "ok"),
    ] {
        assert_eq!(play.ask(1, "secretariat", &command), heard, "{command:?}");
    }
    assert_eq!(play.state.guests.invitations[&invitation(1)].to, "The forum", "its name, typed by nobody");
    let personal = |n| match join(n, "Bo") {
        Command::GuestJoin { invitation, joining, name } => {
            let joining = Joining { capacity: Capacity::Personal, ..joining };
            Command::GuestJoin { invitation, joining, name }
        }
        other => other,
    };
    for (who, command) in
        [("g-1", join(1, "Ada")), ("p-1", personal(1)), ("g-2", join(2, "Cy")), ("g-3", join(3, "Di"))]
    {
        assert_eq!(play.ask(1, who, &command), "ok");
    }
    play.wait(15);
    play.wait(20);
    play.wait(31);
    let heard = |play: &Play| {
        let answers = play.state.plans[&PLAN].answers.values().flat_map(|answers| &answers.organisations);
        let heard: Vec<String> = answers.map(ToString::to_string).collect();
        let told: Vec<String> = play.state.guests.heard.iter().map(ToString::to_string).collect();
        assert_eq!(heard, told);
        heard.join(" ")
    };
    for (number, who, all) in [(1, "p-1", ""), (2, "g-3", ""), (3, "g-1", "forum"), (4, "g-1", "forum")] {
        assert_eq!((play.ask(32, who, &comment(number)), heard(&play)), ("ok", all.into()), "{who}");
    }
    // A member speaks by those who act for it, also where it was none when it was invited.
    let Event::OrganisationAdded { organisation, profile } = organisation("watch", Standing::Member) else {
        unreachable!()
    };
    play.apply(32, None, Event::OrganisationChanged { organisation, profile });
    assert_eq!((play.ask(33, "g-2", &comment(5)), heard(&play)), ("ok", "forum".into()));
}

#[test]
fn outside_bodies_are_shown_what_was_since_they_were_asked() {
    let mut play = Play::new();
    play.apply(1, None, organisation("forum", Standing::Stakeholder));
    for (id, roles) in
        [("outside", vec![Role::Representative]), ("both", vec![Role::Representative, Role::Teller])]
    {
        let organisation = Some(OrganisationId::new("forum").unwrap());
        let office = Office { roles, organisation, ..Office::default() };
        play.apply(1, None, Event::PersonAdded { person: person(id), office });
    }
    assert_eq!(play.ask(1, "secretariat", &start(phases())), "ok");
    play.wait(15);
    assert_eq!(play.ask(15, "member-1", &comment(1)), "ok");
    play.wait(20);
    play.wait(31);
    let opened = play.position;
    assert_eq!(play.ask(31, "member-1", &comment(2)), "ok");
    let shown = |play: &Play, who: &str| {
        let reads = |n: &u128| play.state.reads_thread(&person(who), PLAN, ThreadId(Uuid::from_u128(*n)));
        ([1, 2, 3].iter().filter(|n| reads(n)).count(), play.state.reads_from(&person(who), PLAN))
    };
    let first = play.state.plans[&PLAN].first;
    for (who, expected) in [
        ("member-1", (2, first)),
        ("chair", (2, first)),
        ("both", (2, first)),
        ("outside", (1, opened)),
        ("nobody", (1, opened)),
    ] {
        assert_eq!(shown(&play, who), expected, "{who}");
    }
    let reply =
        |n| Command::ThreadReply { plan: PLAN, thread: ThreadId(Uuid::from_u128(n)), text: "So.".into() };
    assert_eq!(play.ask(31, "outside", &reply(1)), "thread_unknown");
    assert_eq!(play.ask(31, "outside", &reply(2)), "ok");
    // What somebody has said something in stays theirs to read, whatever they were then.
    play.apply(
        31,
        Some("outside"),
        Event::ThreadReplied {
            plan: PLAN,
            thread: ThreadId(Uuid::from_u128(1)),
            reply: EventId(Uuid::from_u128(77)),
            text: "As a member then.".into(),
        },
    );
    assert_eq!(shown(&play, "outside"), (2, opened));
}

#[test]
fn what_was_begun_in_confidence_stays_there() {
    let mut play = Play::new();
    let phases = vec![
        phase("interviews", PhaseKind::Confidential, 10, 20, &[]),
        phase("drafting", PhaseKind::Drafting, 20, 30, &[]),
    ];
    assert_eq!(play.ask(1, "secretariat", &start(phases)), "ok");
    play.wait(10);
    assert_eq!(play.ask(11, "secretariat", &comment(1)), "ok");
    play.wait(20);
    assert_eq!(play.ask(21, "member-1", &comment(2)), "ok");
    let shown = |who: &str| {
        let reads = |n: &u128| play.state.reads_thread(&person(who), PLAN, ThreadId(Uuid::from_u128(*n)));
        let all = play.state.reads_all_threads(&person(who), PLAN);
        ([1, 2].into_iter().filter(reads).collect::<Vec<_>>(), all)
    };
    for (who, threads, all) in [
        ("secretariat", vec![1, 2], true),
        ("chair", vec![1, 2], true),
        ("member-1", vec![2], false),
        ("board-1", vec![2], false),
    ] {
        assert_eq!(shown(who), (threads, all), "{who}");
    }
}

#[test]
fn nothing_is_forgotten_by_taking_out_the_last_phase() {
    let mut play = Play::new();
    let phases = vec![
        phase("drafting", PhaseKind::Drafting, 10, 20, &[]),
        phase("adoption", PhaseKind::Decision, 9_000, 9_010, &[]),
    ];
    let Command::ProcessStart { plan, template, phases, .. } = start(phases) else { unreachable!() };
    let started = Command::ProcessStart { plan, template, phases, keep_days: Some(1) };
    assert_eq!(play.ask(1, "secretariat", &started), "ok");
    play.wait(10);
    play.wait(20);
    assert_eq!(play.ask(1_500, "secretariat", &remove("adoption")), "would_forget");
    let keep = Command::RetentionSet { plan: PLAN, days: Some(900) };
    assert_eq!(play.ask(1_500, "secretariat", &keep), "ok");
    assert_eq!(play.ask(1_500, "secretariat", &remove("adoption")), "ok");
}
