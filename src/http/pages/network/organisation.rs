//! An organisation: added, looked at, changed.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};

use super::{
    Desk, Problem, Visit, back,
    form::{self, Fields, NONCE, Sent, VERSION, Wrong},
    list::{self, Came},
    say,
};
use crate::domain::{Command, OrganisationId, Profile, Refusal, Request, Standing};

const NAME: &str = "name";
const STANDING: &str = "standing";
const WEIGHT: &str = "weight";
const SEATS: &str = "seats";
/// Which of the forms of an organisation was sent.
const DO: &str = "do";
const REMOVE: &str = "remove";

pub(super) async fn blank(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, Problem> {
    desk.visit(headers, |visit| {
        let fields = Fields::of([
            (NONCE, visit.desk.fresh_id().to_string()),
            (STANDING, code(Standing::Member)),
            (WEIGHT, "1".into()),
            (SEATS, "1".into()),
        ]);
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
        let organisation = OrganisationId::new(id.to_string()).map_err(|_| Problem::NotUnderstood)?;
        let wrong = match profile(&fields) {
            Ok(profile) => {
                let command = Command::OrganisationAdd { organisation, profile };
                match visit.command(Request { id, command })? {
                    Ok(()) => return Ok(done("", say::Done::OrganisationAdded)),
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
    Path(organisation): Path<String>,
    came: Result<Query<Came>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let came = came.map(|Query(came)| came).unwrap_or_default();
    desk.visit(headers, move |visit| {
        let (id, fields) = known(visit, &organisation)?;
        Ok(changing(visit, &id, &fields, &[], &came.said()))
    })
    .await
}

pub(super) async fn change(
    State(desk): State<Desk>,
    Path(organisation): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    desk.visit(headers, move |visit| {
        let mut fields = Fields::sent(sent)?;
        let (organisation, now) = known(visit, &organisation)?;
        let version = fields.get(VERSION).parse().map_err(|_| Problem::NotUnderstood)?;
        let removes = fields.get(DO) == REMOVE;
        let command = match removes {
            true => Ok(Command::OrganisationRemove { organisation: organisation.clone(), version }),
            false => profile(&fields).map(|profile| Command::OrganisationChange {
                organisation: organisation.clone(),
                profile,
                version,
            }),
        };
        let wrong = match command {
            Ok(command) => {
                match visit.command(Request { id: fields.id(), command })? {
                    Ok(()) if removes => return Ok(done("", say::Done::OrganisationRemoved)),
                    Ok(()) => return Ok(done("", say::Done::OrganisationChanged)),
                    Err(refusal) => {
                        if refusal == Refusal::OrganisationChanged {
                            // Whoever saves again has been told what they replace.
                            fields = fields.at(VERSION, now.get(VERSION));
                        }
                        vec![Wrong::refused(field(&refusal), &refusal)]
                    }
                }
            }
            Err(wrong) => wrong,
        };
        // Of the two forms, the one that was not sent shows what stands.
        let fields = if removes { now } else { fields };
        Ok(form::refused(changing(visit, &organisation, &fields, &wrong, &html! {})))
    })
    .await
}

fn done(path: &str, done: say::Done) -> Response {
    form::on_to(&format!("/network{path}?done={}", done.code()))
}

/// The organisation that a path names, as a form shows it.
fn known(visit: &Visit<'_>, organisation: &str) -> Result<(OrganisationId, Fields), Problem> {
    let id: OrganisationId = organisation.parse().map_err(|_| Problem::NotFound)?;
    let one = visit.network.organisations.get(&id).ok_or(Problem::NotFound)?;
    let profile = &one.profile;
    let fields = Fields::of([
        (NONCE, visit.desk.fresh_id().to_string()),
        (VERSION, one.version.to_string()),
        (NAME, profile.name.clone()),
        (STANDING, code(profile.standing)),
        (WEIGHT, profile.weight.to_string()),
        (SEATS, profile.seats.to_string()),
    ]);
    Ok((id, fields))
}

/// What was typed, or all that cannot be read in it. The rules say the rest.
fn profile(fields: &Fields) -> Result<Profile, Vec<Wrong>> {
    let mut wrong = Vec::new();
    let standing = Standing::ALL.into_iter().find(|standing| code(*standing) == fields.get(STANDING));
    if standing.is_none() {
        wrong.push(Wrong::at("standing-member", say::STANDING_MISSING));
    }
    let mut number = |field: &'static str| {
        let text = fields.get(field).trim();
        let read = if text.is_empty() { Some(0) } else { text.parse().ok() };
        if read.is_none() {
            wrong.push(Wrong::at(field, say::WHOLE_NUMBER));
        }
        read
    };
    let numbers = (number(WEIGHT), number(SEATS));
    match (standing, numbers) {
        (Some(standing), (Some(weight), Some(seats))) => {
            // The votes that stand there from the start are a member's.
            let weight = if standing == Standing::Member { weight } else { 0 };
            Ok(Profile { name: fields.get(NAME).to_owned(), standing, weight, seats })
        }
        _ => Err(wrong),
    }
}

/// Which field a refusal is about.
fn field(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::WeightNotValid => WEIGHT,
        Refusal::SeatsNotValid | Refusal::SeatsTaken => SEATS,
        Refusal::OrganisationNameTaken | Refusal::Empty { .. } | Refusal::TooLong { .. } => NAME,
        _ => "",
    }
}

fn code(standing: Standing) -> String {
    format!("{standing:?}").to_lowercase()
}

fn adding(visit: &Visit<'_>, fields: &Fields, wrong: &[Wrong]) -> Response {
    visit.page(
        &form::title(say::ADD_ORGANISATION, wrong),
        html! {
            (back())
            (form::summary(wrong, &html! {}))
            h1 { (say::ADD_ORGANISATION) }
            form.entry.sheet method="post" {
                (form::hidden(fields, &[NONCE]))
                (inputs(fields, wrong))
                p.actions { button.button.button-primary type="submit" { (say::ADD_ORGANISATION) } }
            }
        },
    )
}

fn changing(
    visit: &Visit<'_>,
    id: &OrganisationId,
    fields: &Fields,
    wrong: &[Wrong],
    came: &Markup,
) -> Response {
    let Some(one) = visit.network.organisations.get(id) else {
        return axum::response::IntoResponse::into_response(Problem::NotFound);
    };
    let profile = &one.profile;
    let groups = visit.by_organisation();
    let people = groups.of(Some(id));
    let taken = people.iter().filter(|(_, person)| person.office.seat).count();
    let standing = say::standing(profile.standing).0;
    let now = html! {
        p { (say::STANDS_NOW) " " strong { (profile.name) } ", " (standing) ", " (say::votes(profile.weight)) ", "
            (say::seats(taken, profile.seats)) "." }
    };
    visit.page(
        &form::title(&profile.name, wrong),
        html! {
            (back())
            (came)
            (form::summary(wrong, &now))
            h1 { (profile.name) }
            p.lead { (standing) ", " (say::votes(profile.weight)) ", " (say::seats(taken, profile.seats)) }
            section {
                h2 { (say::ITS_PEOPLE) }
                (list::heard(visit, id, people))
                @if !people.is_empty() { (list::members(visit, people)) }
                p.actions { a.button href={ "/network/add-person?organisation=" (id) } { (say::ADD_PERSON_HERE) } }
            }
            section {
                h2 { (say::CHANGE_ORGANISATION) }
                form.entry.sheet method="post" {
                    (form::hidden(fields, &[NONCE, VERSION]))
                    (inputs(fields, wrong))
                    p.actions { button.button.button-primary type="submit" { (say::SAVE) } }
                }
            }
            @if !visit.network.speaks_of(id) {
                section {
                    h2 { (say::REMOVE_ORGANISATION) }
                    form.entry.sheet method="post" {
                        p { (say::REMOVE_ORGANISATION_LEAD) }
                        (form::hidden(fields, &[NONCE, VERSION]))
                        input type="hidden" name=(DO) value=(REMOVE);
                        p.actions { button.button.button-danger type="submit" { (say::REMOVE_ORGANISATION) } }
                    }
                }
            }
        },
    )
}

fn inputs(fields: &Fields, wrong: &[Wrong]) -> Markup {
    let standings = form::beneath("standing-member", "", wrong);
    html! {
        (form::line(NAME, "text", say::NAME, "", fields, wrong))
        fieldset aria-describedby=[standings.described_by] {
            legend { (say::STANDING) }
            @for standing in Standing::ALL {
                @let (name, what) = say::standing(standing);
                @let code = code(standing);
                (form::tick("radio", &format!("standing-{code}"), STANDING, (&code, fields.get(STANDING) == code), (name, what)))
            }
            (standings.words)
        }
        (form::line(WEIGHT, "number", say::WEIGHT, say::WEIGHT_HINT, fields, wrong))
        (form::line(SEATS, "number", say::SEATS, say::SEATS_HINT, fields, wrong))
    }
}
