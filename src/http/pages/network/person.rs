//! A person: added, looked at, given another office, gone.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Desk, Problem, Visit, back, forget,
    form::{self, Fields, NONCE, Sent, VERSION, Wrong},
    heard,
    list::{self, Came},
    say,
};
use crate::domain::{self, Command, Office, OrganisationId, PersonId, Refusal, Request, Role, Standing};

const NAME: &str = "name";
const EMAIL: &str = "email";
const ROLES: &str = "roles";
const ORGANISATION: &str = "organisation";
const SEAT: &str = "seat";
/// Which of the forms of a person was sent.
const DO: &str = "do";
const LEAVE: &str = "leave";
const RETURN: &str = "return";
const SUCCESSOR: &str = "successor";
const SURE: &str = "sure";
const YES: &str = "yes";

/// The first checkbox of the roles: where one comes from the summary.
const FIRST_ROLE: &str = "role-secretariat";

#[derive(Debug, Default, Deserialize)]
pub(super) struct Wanted {
    organisation: Option<String>,
}

pub(super) async fn blank(
    State(desk): State<Desk>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let wanted = wanted.map(|Query(wanted)| wanted).unwrap_or_default();
    desk.visit(headers, move |visit| {
        let mut fields = Fields::of([
            (NONCE, visit.desk.fresh_id().to_string()),
            (ROLES, Role::Representative.word().to_owned()),
        ]);
        fields.put(ORGANISATION, wanted.organisation.unwrap_or_default());
        Ok(adding(visit, &fields, &[]))
    })
    .await
}

pub(super) async fn add(
    State(desk): State<Desk>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    desk.visit(headers, |visit| {
        let fields = Fields::sent(sent)?;
        let id = fields.id();
        let person = PersonId::new(id.to_string()).map_err(|_| Problem::NotUnderstood)?;
        let wrong = match office(&fields) {
            Ok(office) => {
                let command = Command::PersonAdd {
                    person,
                    office,
                    name: fields.get(NAME).to_owned(),
                    email: address(&fields),
                };
                match visit.command(Request { id, command })? {
                    Ok(()) => return Ok(form::on_to(&came("", say::Done::PersonAdded))),
                    Err(refusal) => vec![Wrong::refused(field(&refusal), &refusal)],
                }
            }
            Err(wrong) => wrong,
        };
        Ok(form::refused(adding(visit, &fields, &wrong)))
    })
    .await
}

pub(super) async fn one(
    State(desk): State<Desk>,
    Path(person): Path<String>,
    came: Result<Query<Came>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let came = came.map(|Query(came)| came).unwrap_or_default();
    desk.visit(headers, move |visit| {
        let known = Known::find(visit, &person)?;
        let fields = known.fields();
        Ok(known.page(&fields, &[], &came.said()))
    })
    .await
}

pub(super) async fn change(
    State(desk): State<Desk>,
    Path(person): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    let fresh = desk.0.is_fresh(&headers);
    desk.visit(headers, move |visit| {
        let mut fields = Fields::sent(sent)?;
        let known = Known::find(visit, &person)?;
        if forget::is_asked(&fields) {
            let wrong = forget::erase(visit, &known.id, &fields)?;
            if wrong.is_empty() {
                return Ok(form::on_to(&came(&format!("/people/{}", known.id), say::Done::PersonErased)));
            }
            return Ok(form::refused(known.page(&known.fields(), &wrong, &html! {})));
        }
        let version = fields.get(VERSION).parse().map_err(|_| Problem::NotUnderstood)?;
        if fields.get(DO) == EMAIL {
            return known.reaching(&fields, fresh);
        }
        let leaves = fields.get(DO) == LEAVE;
        let renames = fields.get(DO) == NAME;
        let returns = fields.get(DO) == RETURN;
        let read = if leaves {
            known.leaving(&fields, version)
        } else if returns {
            known.returning(&fields, version)
        } else if renames {
            Ok(known.renaming(&fields))
        } else {
            known.changing(&fields, version)
        };
        let wrong = match read {
            Ok(command) => match visit.command(Request { id: fields.id(), command })? {
                Ok(()) if leaves => return Ok(form::on_to(&came("", say::Done::PersonLeft))),
                Ok(()) => {
                    let path = format!("/people/{}", known.id);
                    let done = match () {
                        () if renames => say::Done::PersonRenamed,
                        () if returns => say::Done::PersonReturned,
                        () => say::Done::PersonChanged,
                    };
                    return Ok(form::on_to(&came(&path, done)));
                }
                Err(refusal) => {
                    if refusal == Refusal::PersonChanged {
                        // Whoever saves again has been told what they replace.
                        fields = fields.at(VERSION, &known.person.version.to_string());
                    }
                    vec![Wrong::refused(field(&refusal), &refusal)]
                }
            },
            Err(wrong) => wrong,
        };
        // Of the two forms, the one that was not sent shows what stands.
        let fields = if leaves {
            known.fields().with(&fields, &[NONCE, VERSION, SUCCESSOR, SURE])
        } else if renames {
            known.fields().with(&fields, &[NAME])
        } else {
            let stands = known.fields();
            fields.with(&stands, &[NAME, EMAIL])
        };
        Ok(form::refused(known.page(&fields, &wrong, &html! {})))
    })
    .await
}

fn came(path: &str, done: say::Done) -> String {
    format!("/network{path}?done={}", done.code())
}

/// What was typed of an office, or all that cannot be read in it. The rules say the rest.
fn office(fields: &Fields) -> Result<Office, Vec<Wrong>> {
    let roles = Role::ALL.into_iter().filter(|role| fields.has(ROLES, role.word())).collect();
    let organisation = match fields.get(ORGANISATION) {
        "" => None,
        id => Some(
            OrganisationId::new(id)
                .map_err(|_| vec![Wrong::refused(ORGANISATION, &Refusal::OrganisationUnknown)])?,
        ),
    };
    Ok(Office { roles, organisation, seat: fields.get(SEAT) == YES })
}

/// How to reach the person; none where nothing was typed.
fn address(fields: &Fields) -> Option<String> {
    let typed = fields.get(EMAIL).trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

/// Which field a refusal is about.
fn field(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Empty { field: "list of roles" } | Refusal::LastAdministrator => FIRST_ROLE,
        Refusal::Empty { .. } | Refusal::TooLong { .. } => NAME,
        Refusal::OrganisationMissing | Refusal::OrganisationUnknown => ORGANISATION,
        Refusal::SeatsTaken => SEAT,
        Refusal::EmailNotValid | Refusal::EmailTaken => EMAIL,
        Refusal::SuccessorOfAnother => SUCCESSOR,
        _ => "",
    }
}

/// Somebody of the network.
struct Known<'a> {
    visit: &'a Visit<'a>,
    id: PersonId,
    person: &'a domain::Person,
}

impl<'a> Known<'a> {
    fn find(visit: &'a Visit<'a>, person: &str) -> Result<Self, Problem> {
        let id: PersonId = person.parse().map_err(|_| Problem::NotFound)?;
        let person = visit.network.people.get(&id).ok_or(Problem::NotFound)?;
        Ok(Self { visit, id, person })
    }

    /// As the forms show them first.
    fn fields(&self) -> Fields {
        let office = &self.person.office;
        let mut fields = Fields::of([
            (NONCE, self.visit.desk.fresh_id().to_string()),
            (VERSION, self.person.version.to_string()),
            (NAME, self.visit.name(&self.id).to_owned()),
            (ORGANISATION, office.organisation.as_ref().map(ToString::to_string).unwrap_or_default()),
            (
                EMAIL,
                self.visit.desk.address(&self.id).map(|email| email.as_str().to_owned()).unwrap_or_default(),
            ),
            (SEAT, if office.seat { YES.into() } else { String::new() }),
        ]);
        office.roles.iter().for_each(|role| fields.put(ROLES, role.word().to_owned()));
        fields
    }

    fn changing(&self, fields: &Fields, version: u64) -> Result<Command, Vec<Wrong>> {
        Ok(Command::PersonChange { person: self.id.clone(), office: office(fields)?, version })
    }

    fn returning(&self, fields: &Fields, version: u64) -> Result<Command, Vec<Wrong>> {
        Ok(Command::PersonReturn { person: self.id.clone(), office: office(fields)?, version })
    }

    fn renaming(&self, fields: &Fields) -> Command {
        Command::PersonRename { person: self.id.clone(), name: fields.get(NAME).to_owned() }
    }

    /// Another address for them; it is none of the record's, and bears no version.
    fn reaching(&self, fields: &Fields, fresh: bool) -> Result<Response, Problem> {
        // Who can send the links elsewhere can come in: it takes as much as to change how oneself comes in.
        if !fresh {
            let anew = crate::access::Refused::SignInAnew;
            let wrong = Wrong { field: EMAIL, sentence: anew.sentence(), hint: anew.hint().to_owned() };
            let fields = self.fields().with(fields, &[EMAIL]);
            return Ok(form::refused(self.page(&fields, &[wrong], &html! {})));
        }
        match heard(self.visit.desk.set_address(&self.visit.viewer.id, &self.id, fields.get(EMAIL)))? {
            Ok(()) => {
                let path = format!("/people/{}", self.id);
                Ok(form::on_to(&came(&path, say::Done::AddressSet)))
            }
            Err(refusal) => {
                let fields = self.fields().with(fields, &[EMAIL]);
                let wrong = [Wrong::refused(EMAIL, &refusal)];
                Ok(form::refused(self.page(&fields, &wrong, &html! {})))
            }
        }
    }

    fn leaving(&self, fields: &Fields, version: u64) -> Result<Command, Vec<Wrong>> {
        if fields.get(SURE) != YES {
            return Err(vec![Wrong::at(SURE, say::SURE_MISSING)]);
        }
        let successor = match fields.get(SUCCESSOR) {
            "" => None,
            id => Some(
                PersonId::new(id).map_err(|_| vec![Wrong::refused(SUCCESSOR, &Refusal::PersonUnknown)])?,
            ),
        };
        Ok(Command::PersonLeave { person: self.id.clone(), successor, version })
    }

    /// What the person does, in a line.
    fn said(&self) -> Markup {
        let office = &self.person.office;
        let organisations = &self.visit.network.organisations;
        let organisation = office.organisation.as_ref().and_then(|id| Some((id, organisations.get(id)?)));
        html! {
            (list::roles(&office.roles))
            @if let Some((id, organisation)) = organisation {
                @if !office.roles.is_empty() { " · " }
                a href={ "/network/organisations/" (id) } { (organisation.profile.name) }
                @if !self.person.left { ", " (if office.seat { say::SEAT } else { say::NO_SEAT }) }
            }
        }
    }

    fn page(&self, fields: &Fields, wrong: &[Wrong], came: &Markup) -> Response {
        let name = self.visit.name(&self.id);
        let now = html! { p { (say::STANDS_NOW) " " @if self.person.left { (say::HAS_LEFT) } @else { (self.said()) } } };
        self.visit.page(
            &form::title(name, wrong),
            html! {
                (back())
                (came)
                (form::summary(wrong, &now))
                h1 { (name) }
                p.lead { (self.said()) }
                @if self.person.left {
                    p.notice { (say::HAS_LEFT) }
                    @if !self.person.erased { (self.come_back(fields, wrong)) }
                } @else {
                    section {
                        h2 { (say::CHANGE_PERSON) }
                        form.entry.sheet method="post" {
                            (form::hidden(fields, &[NONCE, VERSION]))
                            (inputs(self.visit, fields, wrong))
                            p.actions { button.button.button-primary type="submit" { (say::SAVE) } }
                        }
                    }
                    section {
                        h2 { (say::RENAME) }
                        form.entry.sheet method="post" {
                            (form::hidden(fields, &[NONCE, VERSION]))
                            input type="hidden" name=(DO) value=(NAME);
                            (form::line(NAME, "text", say::NAME, say::RENAME_HINT, fields, wrong))
                            p.actions { button.button type="submit" { (say::SAVE_NAME) } }
                        }
                    }
                    section {
                        h2 { (say::ADDRESS) }
                        form.entry.sheet method="post" {
                            (form::hidden(fields, &[NONCE, VERSION]))
                            input type="hidden" name=(DO) value=(EMAIL);
                            (form::line(EMAIL, "email", say::EMAIL, say::ADDRESS_HINT, fields, wrong))
                            p.actions { button.button type="submit" { (say::SET_ADDRESS) } }
                        }
                    }
                    section {
                        h2 { (say::LEAVE) }
                        (self.leave(fields, wrong))
                    }
                }
                (forget::section(self.visit, &self.id, self.person.left, wrong))
            },
        )
    }

    fn come_back(&self, fields: &Fields, wrong: &[Wrong]) -> Markup {
        html! {
            section {
                h2 { (say::RETURN) }
                form.entry.sheet method="post" {
                    p { (say::RETURN_LEAD) }
                    (form::hidden(fields, &[NONCE, VERSION]))
                    input type="hidden" name=(DO) value=(RETURN);
                    (inputs(self.visit, fields, wrong))
                    p.actions { button.button type="submit" { (say::RETURN) } }
                }
            }
        }
    }

    fn leave(&self, fields: &Fields, wrong: &[Wrong]) -> Markup {
        let organisation = self.person.office.organisation.clone();
        let others = self.visit.by_name(move |other| {
            !other.left && organisation.is_some() && other.office.organisation == organisation
        });
        let others: Vec<_> = others.into_iter().filter(|(id, _)| **id != self.id).collect();
        let successor = form::beneath(SUCCESSOR, say::SUCCESSOR_HINT, wrong);
        let sure = form::beneath(SURE, "", wrong);
        html! {
            form.entry.sheet method="post" {
                p { (say::LEAVE_LEAD) }
                @if let Some(open) = say::in_hand(self.visit.desk.in_hand(&self.id)) { p { (open) } }
                (form::hidden(fields, &[NONCE, VERSION]))
                input type="hidden" name=(DO) value=(LEAVE);
                @if !others.is_empty() {
                    div.field {
                        label for=(SUCCESSOR) { (say::SUCCESSOR) }
                        select id=(SUCCESSOR) name=(SUCCESSOR) aria-describedby=[successor.described_by]
                            aria-invalid=[successor.invalid] {
                            option value="" { (say::NO_SUCCESSOR) }
                            @for (id, _) in others {
                                option value=(id) selected[fields.get(SUCCESSOR) == id.as_str()] {
                                    (self.visit.name(id))
                                }
                            }
                        }
                        (successor.words)
                    }
                }
                div.field {
                    label.check {
                        input id=(SURE) type="checkbox" name=(SURE) value=(YES) checked[fields.get(SURE) == YES]
                            aria-describedby=[sure.described_by] aria-invalid=[sure.invalid];
                        span { (say::SURE) }
                    }
                    (sure.words)
                }
                p.actions { button.button.button-danger type="submit" { (say::LEAVE) } }
            }
        }
    }
}

fn adding(visit: &Visit<'_>, fields: &Fields, wrong: &[Wrong]) -> Response {
    visit.page(
        &form::title(say::ADD_PERSON, wrong),
        html! {
            (back())
            (form::summary(wrong, &html! {}))
            h1 { (say::ADD_PERSON) }
            form.entry.sheet method="post" {
                (form::hidden(fields, &[NONCE]))
                (form::line(NAME, "text", say::NAME, say::PERSON_NAME_HINT, fields, wrong))
                (form::line(EMAIL, "email", say::EMAIL, say::EMAIL_HINT, fields, wrong))
                (inputs(visit, fields, wrong))
                p.actions { button.button.button-primary type="submit" { (say::ADD_PERSON) } }
            }
        },
    )
}

/// Roles, organisation and seat.
fn inputs(visit: &Visit<'_>, fields: &Fields, wrong: &[Wrong]) -> Markup {
    let roles = form::beneath(FIRST_ROLE, say::ROLES_HINT, wrong);
    let organisation = form::beneath(ORGANISATION, say::ORGANISATION_HINT, wrong);
    let seat = form::beneath(SEAT, "", wrong);
    let all = visit.organisations();
    html! {
        fieldset aria-describedby=[roles.described_by] {
            legend { (say::ROLES) }
            (roles.words)
            @for role in Role::ALL {
                @let (name, what) = say::role(role);
                @let code = role.word();
                (form::tick("checkbox", &format!("role-{code}"), ROLES, (code, fields.has(ROLES, code)), (name, what)))
            }
        }
        @if !all.is_empty() {
            div.field {
                label for=(ORGANISATION) { (say::ORGANISATION) }
                select id=(ORGANISATION) name=(ORGANISATION) aria-describedby=[organisation.described_by]
                    aria-invalid=[organisation.invalid] {
                    option value="" { (say::NO_ORGANISATION) }
                    @for standing in Standing::ALL {
                        @let of_it: Vec<_> = all.iter().filter(|(_, one)| one.profile.standing == standing).collect();
                        @if !of_it.is_empty() {
                            optgroup label=(say::standings(standing).0) {
                                @for (id, one) in of_it {
                                    option value=(id) selected[fields.get(ORGANISATION) == id.as_str()] {
                                        (one.profile.name)
                                    }
                                }
                            }
                        }
                    }
                }
                (organisation.words)
            }
            div.field {
                label.check {
                    input id=(SEAT) type="checkbox" name=(SEAT) value=(YES) checked[fields.get(SEAT) == YES]
                        aria-describedby=[seat.described_by] aria-invalid=[seat.invalid];
                    span { (say::HOLDS_SEAT) }
                }
                (seat.words)
            }
        }
    }
}
