//! What is kept about somebody who has left, or came as a guest: a copy of it, and the form that erases it.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};

use super::super::words::{access, conduct as say, guest as guests};
use super::form::{self, Fields, NONCE, Sent, Wrong};
use super::{Desk, Problem, Visit, back};
use crate::domain::{Capacity, Command, Guest, PersonId, Request};

/// What the form asks for, beside others of the same page.
pub(super) const ERASE: &str = "erase";
const DO: &str = "do";
const SURE: &str = "sure-erase";
const YES: &str = "yes";

/// Whether the form that was sent is this one.
pub(super) fn is_asked(fields: &Fields) -> bool {
    fields.get(DO) == ERASE
}

/// Erases what the form is about; what is wrong otherwise.
pub(super) fn erase(visit: &Visit<'_>, person: &PersonId, fields: &Fields) -> Result<Vec<Wrong>, Problem> {
    if fields.get(SURE) != YES {
        return Ok(vec![Wrong::at(SURE, say::FORGET_SURE_MISSING)]);
    }
    let command = Command::PersonErase { person: person.clone() };
    Ok(match visit.command(Request { id: fields.id(), command })? {
        Ok(()) => Vec::new(),
        Err(refusal) => vec![Wrong::refused("", &refusal)],
    })
}

/// The copy, for anybody; the form, for who can be erased and is not yet.
pub(super) fn section(visit: &Visit<'_>, person: &PersonId, may_erase: bool, wrong: &[Wrong]) -> Markup {
    let sure = form::beneath(SURE, "", wrong);
    let nonce = Fields::of([(NONCE, visit.desk.fresh_id().to_string())]);
    let is_erased = visit.network.is_erased(person);
    html! {
        section {
            h2 { (say::ABOUT_PERSON) }
            p { a href={ "/api/people/" (person) "/data" } download { (say::ABOUT_COPY) } }
            p { a href={ "/network/access?person=" (person) } { (access::SEE) } }
            @if is_erased { p.notice { (say::FORGOTTEN) } }
            @if may_erase && !is_erased {
                form.entry.sheet method="post" {
                    h3 { (say::FORGET) }
                    p { (say::FORGET_LEAD) }
                    (form::hidden(&nonce, &[NONCE]))
                    input type="hidden" name=(DO) value=(ERASE);
                    div.field {
                        label.check {
                            input id=(SURE) type="checkbox" name=(SURE) value=(YES)
                                aria-describedby=[sure.described_by] aria-invalid=[sure.invalid];
                            span { (say::FORGET_SURE) }
                        }
                        (sure.words)
                    }
                    p.actions { button.button.button-danger type="submit" { (say::FORGET) } }
                }
            }
        }
    }
}

pub(super) async fn guest(
    State(desk): State<Desk>,
    Path(guest): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    desk.visit(headers, move |visit| {
        let (id, known) = find(visit, &guest)?;
        Ok(page(visit, &id, known, &[]))
    })
    .await
}

pub(super) async fn erase_guest(
    State(desk): State<Desk>,
    Path(guest): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Response, Problem> {
    desk.visit(headers, move |visit| {
        let (id, known) = find(visit, &guest)?;
        let wrong = erase(visit, &id, &Fields::sent(sent)?)?;
        if wrong.is_empty() {
            return Ok(form::on_to(&format!("/network/guests/{id}")));
        }
        Ok(form::refused(page(visit, &id, known, &wrong)))
    })
    .await
}

fn find<'a>(visit: &'a Visit<'_>, guest: &str) -> Result<(PersonId, &'a Guest), Problem> {
    let id: PersonId = guest.parse().map_err(|_| Problem::NotFound)?;
    let known = visit.network.guests.people.get(&id).ok_or(Problem::NotFound)?;
    Ok((id, known))
}

fn page(visit: &Visit<'_>, id: &PersonId, guest: &Guest, wrong: &[Wrong]) -> Response {
    let name = visit.name(id);
    let body = visit.network.guests.invitations.get(&guest.invitation);
    let main = html! {
        (back())
        (form::summary(wrong, &html! {}))
        h1 { (name) }
        @if let Some(body) = body {
            p.lead {
                (guests::CAME_AS) " "
                @match guest.capacity {
                    Capacity::ForOrganisation => { (guests::FOR) " " (body.to) }
                    Capacity::Personal => (guests::PERSONAL),
                }
            }
        }
        ul {
            li { (if guest.named { guests::NAME_PUBLIC } else { guests::NAME_PRIVATE }) }
            li { (if guest.published { guests::WORDS_PUBLIC } else { guests::WORDS_PRIVATE }) }
        }
        (section(visit, id, true, wrong))
    };
    visit.page(&form::title(name, wrong), main)
}
