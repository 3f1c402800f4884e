//! `/network`: everybody, by organisation.

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Desk, Groups, Member, Problem, Visit, form, is_reached, say};
use crate::domain::{Organisation, OrganisationId, Role, Standing};

/// Where a network knows so few people of an organisation, it loses touch when they go.
const THIN: usize = 3;

/// What the page before has done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Came {
    pub(super) done: Option<say::Done>,
    /// How many, where it is about several.
    people: Option<usize>,
    organisations: Option<usize>,
}

impl Came {
    /// What was done, in words.
    pub(super) fn said(&self) -> Markup {
        let (people, organisations) = (self.people.unwrap_or(0), self.organisations.unwrap_or(0));
        html! { @if let Some(done) = self.done { (form::done(&say::done(done, people, organisations))) } }
    }
}

pub(super) async fn list(
    State(desk): State<Desk>,
    came: Result<Query<Came>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let came = came.map(|Query(came)| came).unwrap_or_default();
    desk.visit(headers, move |visit| Ok(visit.page(say::TITLE, page(visit, &came)))).await
}

fn page(visit: &Visit<'_>, came: &Came) -> Markup {
    let groups = visit.by_organisation();
    let organisations = visit.organisations();
    let left = visit.by_name(|person| person.left);
    html! {
        (came.said())
        h1 { (say::TITLE) }
        p.lead { (say::LEAD) }
        (counts(visit, &organisations, &groups))
        p.actions {
            a.button.button-primary href="/network/add-person" { (say::ADD_PERSON) }
            a.button href="/network/add-organisation" { (say::ADD_ORGANISATION) }
            a.button href="/network/import" { (say::IMPORT) }
            a.button href="/network/policy" { (say::POLICY) }
            a.button href="/network/access" { (super::super::words::access::TITLE) }
        }
        @for standing in Standing::ALL {
            @let of_it: Vec<_> =
                organisations.iter().filter(|(_, one)| one.profile.standing == standing).collect();
            @if !of_it.is_empty() {
                @let (title, lead) = say::standings(standing);
                section {
                    h2 { (title) }
                    p.soft { (lead) }
                    ul.organisations {
                        @for (id, one) in of_it { li.sheet.organisation { (card(visit, id, one, groups.of(Some(id)))) } }
                    }
                }
            }
        }
        @if organisations.is_empty() { p.notice { (say::NO_ORGANISATIONS) } }
        @let alone = groups.of(None);
        @if !alone.is_empty() {
            section {
                h2 { (say::WITHOUT_ORGANISATION) }
                p.soft { (say::WITHOUT_ORGANISATION_LEAD) }
                (members(visit, alone))
            }
        }
        @if !left.is_empty() {
            details.left {
                summary { (say::left(left.len())) }
                (members(visit, &left))
            }
        }
    }
}

/// The figures at the top.
fn counts(
    visit: &Visit<'_>,
    organisations: &[(&OrganisationId, &Organisation)],
    groups: &Groups<'_>,
) -> Markup {
    let of = |standing| organisations.iter().filter(|(_, one)| one.profile.standing == standing).count();
    let there: Vec<_> = visit.network.people.values().filter(|person| !person.left).collect();
    let is_thin = |id: &OrganisationId| (1..=THIN).contains(&groups.of(Some(id)).len());
    let thin = organisations.iter().filter(|(id, _)| is_thin(id)).count();
    let empty = organisations.iter().filter(|(id, _)| groups.of(Some(id)).is_empty()).count();
    let is_silent = |id: &OrganisationId| {
        !groups.of(Some(id)).iter().any(|(_, person)| is_reached(person)) && !visit.is_heard(id)
    };
    let silent_organisations = organisations.iter().filter(|(id, _)| is_silent(id)).count();
    let counts = [
        (say::COUNT_MEMBERS, of(Standing::Member)),
        (say::COUNT_OBSERVERS, of(Standing::Observer)),
        (say::COUNT_STAKEHOLDERS, of(Standing::Stakeholder)),
        (say::COUNT_PEOPLE, there.len()),
        (say::COUNT_THIN, thin),
        (say::COUNT_EMPTY, empty),
        (say::COUNT_SILENT, silent_organisations),
    ];
    html! {
        dl.counts { @for (name, count) in counts { div { dt { (name) } dd { (count) } } } }
    }
}

fn card(visit: &Visit<'_>, id: &OrganisationId, one: &Organisation, people: &[Member<'_>]) -> Markup {
    let profile = &one.profile;
    let taken = people.iter().filter(|(_, person)| person.office.seat).count();
    html! {
        h3 id={ "organisation-" (id) } { a href={ "/network/organisations/" (id) } { (profile.name) } }
        p.soft.small {
            @if profile.standing == Standing::Member { (say::votes(profile.weight)) " · " }
            (say::seats(taken, profile.seats))
            @if !people.is_empty() {
                " · " (say::reached(people.iter().filter(|(_, person)| is_reached(person)).count(), people.len()))
            }
        }
        (heard(visit, id, people))
        @if !people.is_empty() { (members(visit, people)) }
        p.small {
            a href={ "/network/add-person?organisation=" (id) } {
                (say::ADD_PERSON_HERE) span.visually-hidden { ": " (profile.name) }
            }
        }
    }
}

/// Whether nobody acts for an organisation, and whether guests have spoken for it.
pub(super) fn heard(visit: &Visit<'_>, id: &OrganisationId, people: &[Member<'_>]) -> Markup {
    let is_heard = visit.is_heard(id);
    html! {
        @if people.is_empty() || is_heard {
            p {
                @if people.is_empty() { span.badge.badge-waiting { (say::NOBODY) } }
                @if people.is_empty() && is_heard { " " }
                @if is_heard { span.badge.badge-good { (say::HEARD) } }
            }
        }
    }
}

/// Roles in a line.
pub(super) fn roles(roles: &[Role]) -> String {
    roles.iter().map(|role| say::role(*role).0).collect::<Vec<_>>().join(", ")
}

pub(super) fn members(visit: &Visit<'_>, people: &[Member<'_>]) -> Markup {
    html! {
        ul.members {
            @for (id, person) in people {
                li {
                    a href={ "/network/people/" (id) } { (visit.name(id)) }
                    " " span.soft.small { (roles(&person.office.roles)) }
                    @if person.office.seat { " " span.badge { (say::SEAT) } }
                    @if !person.left {
                        " "
                        @if is_reached(person) { span.badge.badge-good { (say::REACHED) } }
                        @else { span.badge.badge-waiting { (say::SILENT) } }
                    }
                }
            }
        }
    }
}
