//! `/network`: who belongs to the network, and how that is changed. For those who may change people.
//!
//! Every page works without a script. A form that is refused comes back with all that was typed, the reason on top.

mod forget;
mod form;
mod import;
mod list;
mod organisation;
mod person;
mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::{
    Router,
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use maud::Markup;

use super::{
    frame::Frame,
    library::{Denied, Library, Person},
    people::People,
    problem::Problem,
    words::{self, network as say},
};
use crate::domain::{self, Action, Organisation, OrganisationId, PersonId, Refusal, Request};

/// Whether somebody is reached: they have signed in at least once.
fn is_reached(person: &domain::Person) -> bool {
    person.joined
}

#[derive(Clone)]
struct Desk(Arc<dyn Library>);

/// Somebody who may be here, and what they see.
struct Visit<'a> {
    desk: &'a dyn Library,
    viewer: Person,
    people: People,
    network: domain::State,
}

impl Desk {
    /// Answers off the async threads. First who asks, and only then what for.
    async fn visit<T: Send + 'static>(
        self,
        headers: HeaderMap,
        work: impl FnOnce(&Visit<'_>) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let answer = tokio::task::spawn_blocking(move || {
            let desk = self.0.as_ref();
            let viewer = desk.viewer(&headers).ok_or(Problem::SignIn)?;
            let people = People::of(desk.people(Some(&viewer)));
            let viewer = people.get(&viewer).cloned().ok_or(Problem::SignIn)?;
            let network = desk.network();
            if !network.may_always(&viewer.id, Action::People) {
                return Err(Problem::NotFound);
            }
            work(&Visit { desk, viewer, people, network })
        });
        // Only a panic in the work itself gets to the second, and its hook has told the operator.
        answer.await.unwrap_or(Err(Problem::Unavailable))
    }
}

impl Visit<'_> {
    fn page(&self, title: &str, main: Markup) -> Response {
        let frame = Frame { title, viewer: Some(&self.viewer), plan: None, script: None };
        frame.page("network", main).into_response()
    }

    fn command(&self, request: Request) -> Result<Result<(), Refusal>, Problem> {
        heard(self.desk.command(&self.viewer.id, request))
    }

    fn together(&self, requests: Vec<Request>) -> Result<Result<(), Refusal>, Problem> {
        heard(self.desk.together(&self.viewer.id, requests))
    }

    fn name(&self, person: &PersonId) -> &str {
        self.people.get(person).map_or(words::SOMEONE, |person| &person.name)
    }

    /// Whether somebody who came as a guest has said something for an organisation.
    fn is_heard(&self, organisation: &OrganisationId) -> bool {
        self.network.guests.heard.contains(organisation)
    }

    /// Organisations by standing, then by name.
    fn organisations(&self) -> Vec<(&OrganisationId, &Organisation)> {
        let mut all: Vec<_> = self.network.organisations.iter().collect();
        all.sort_by_cached_key(|(_, one)| (one.profile.standing, one.profile.name.to_lowercase()));
        all
    }

    /// People by name, as everywhere here.
    fn by_name<'a>(
        &'a self,
        of: impl Fn(&domain::Person) -> bool + 'a,
    ) -> Vec<(&'a PersonId, &'a domain::Person)> {
        let mut some: Vec<_> = self.network.people.iter().filter(|(_, one)| of(one)).collect();
        some.sort_by_cached_key(|(id, _)| (self.name(id).to_lowercase(), (*id).clone()));
        some
    }

    /// Everybody who is there, by name, by organisation.
    fn by_organisation(&self) -> Groups<'_> {
        let mut groups = Groups::default();
        for (id, person) in self.by_name(|person| !person.left) {
            groups.0.entry(person.office.organisation.as_ref()).or_default().push((id, person));
        }
        groups
    }
}

/// Somebody, with what the rules know of them.
type Member<'a> = (&'a PersonId, &'a domain::Person);

/// People by the organisation for which they act.
#[derive(Default)]
struct Groups<'a>(BTreeMap<Option<&'a OrganisationId>, Vec<Member<'a>>>);

impl Groups<'_> {
    fn of<'b>(&'b self, organisation: Option<&'b OrganisationId>) -> &'b [Member<'b>] {
        self.0.get(&organisation).map_or(&[], Vec::as_slice)
    }
}

/// A refusal is for whoever asked; that nothing can be recorded is a page of its own.
fn heard(answer: Result<(), Denied>) -> Result<Result<(), Refusal>, Problem> {
    match answer {
        Ok(()) => Ok(Ok(())),
        Err(Denied::Refused(refusal)) => Ok(Err(refusal)),
        Err(Denied::Unavailable) => Err(Problem::Unavailable),
    }
}

/// The way back to the list, above each of the other pages.
fn back() -> Markup {
    maud::html! { p.back { a href="/network" { (say::BACK) } } }
}

pub(super) fn router(library: Arc<dyn Library>) -> Router {
    Router::new()
        .route("/network", get(list::list))
        .route("/network/add-organisation", get(organisation::blank).post(organisation::add))
        .route("/network/organisations/{organisation}", get(organisation::one).post(organisation::change))
        .route("/network/add-person", get(person::blank).post(person::add))
        .route("/network/people/{person}", get(person::one).post(person::change))
        .route("/network/guests/{guest}", get(forget::guest).post(forget::erase_guest))
        .route("/network/policy", get(policy::policy))
        .merge(import::routes())
        .with_state(Desk(library))
}
