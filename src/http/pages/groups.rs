//! `/plans/{plan}/sections`: who writes which section, for those who keep the process.

use axum::{
    Form,
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use maud::{Markup, html};

use super::{
    Asked, Shared, form,
    frame::{Frame, View},
    keeper,
    library::Library,
    people::People,
    problem::Problem,
    words::groups as say,
};
use crate::domain::{
    Command, EventId, Group, OrganisationId, PersonId, Request, SectionId, Standing, State as Rules,
};
use crate::export::Names as _;

/// What the form of one section says: a field for each of its group, `to` beginning with `o/` or `p/`.
struct Typed {
    id: EventId,
    section: SectionId,
    group: Group,
}

impl Typed {
    fn read(fields: &[(String, String)]) -> Option<Self> {
        let of = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let mut group = Group::default();
        for (_, to) in fields.iter().filter(|(field, _)| field == "to") {
            match to.split_once('/')? {
                ("o", id) => group.organisations.push(OrganisationId::new(id).ok()?),
                ("p", id) => group.people.push(PersonId::new(id).ok()?),
                _ => return None,
            }
        }
        Some(Self { id: of("id")?.parse().ok()?, section: SectionId::new(of("section")?).ok()?, group })
    }
}

pub(super) async fn groups(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(done): Query<form::Done>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asked = keeper(library, &headers, &plan)?;
            page(library, &asked, &done.said(|_| Some(say::DONE)))
        })
        .await
}

pub(super) async fn change(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    library
        .read(move |library| {
            let asked = keeper(library, &headers, &plan)?;
            let Typed { id, section, group } = Typed::read(&fields).ok_or(Problem::NotUnderstood)?;
            let command = Command::SectionAssign { plan: asked.plan.id, section, group };
            let done = library.command(&asked.viewer.id, Request { id, command });
            let done = done.map(|()| format!("/plans/{}/sections?done=saved", asked.plan.id));
            form::answered(done, |refusal| page(library, &asked, &form::refused(refusal)))
        })
        .await
}

fn page(library: &dyn Library, asked: &Asked, said: &Markup) -> Result<Markup, Problem> {
    let plan = &asked.plan;
    let state = library.state_at(plan.id, plan.head)?;
    let network = library.network();
    let frame = Frame {
        title: &format!("{}: {}", say::TITLE, plan.title),
        viewer: Some(&asked.viewer),
        plan: Some((plan, View::Sections)),
        script: None,
    };
    Ok(frame.page(
        "calendar",
        html! {
            h1 { (say::TITLE) }
            (said)
            p.lead { (say::LEAD) }
            @if state.sections.is_empty() { p { (say::NO_SECTIONS) } }
            @for section in &state.sections {
                @let group = plan.assigned.get(&section.id);
                section.sheet.phase-card aria-labelledby={ "section-" (section.id) } {
                    h2 id={ "section-" (section.id) } {
                        @if section.heading().is_empty() { (say::UNTITLED) } @else { (section.heading()) }
                    }
                    p { @match group { None => (say::ALL), Some(group) => (written(&asked.people, &network, group)) } }
                    (choose(library, asked, &network, &section.id, group, section.heading()))
                }
            }
        },
    ))
}

/// Who writes a section that is for some alone.
pub(super) fn written(people: &People, network: &Rules, group: &Group) -> String {
    let organisations = group.organisations.iter().filter_map(|id| network.organisations.get(id));
    let organisations = organisations.map(|organisation| organisation.profile.name.clone());
    let has_left = |person: &PersonId| network.people.get(person).is_none_or(|person| person.left);
    let people = group.people.iter().map(|person| {
        let left = if has_left(person) { say::HAS_LEFT } else { "" };
        format!("{}{left}", people.name(Some(person)))
    });
    say::by(&organisations.chain(people).collect::<Vec<_>>().join(", "))
}

fn choose(
    library: &dyn Library,
    asked: &Asked,
    network: &Rules,
    section: &SectionId,
    group: Option<&Group>,
    heading: &str,
) -> Markup {
    let in_group = |id: &OrganisationId| group.is_some_and(|group| group.organisations.contains(id));
    let mut organisations: Vec<_> = network.organisations.iter().collect();
    organisations.retain(|(id, one)| one.profile.standing == Standing::Member || in_group(id));
    organisations.sort_by_cached_key(|(_, one)| one.profile.name.to_lowercase());
    let is_chosen = |id: &PersonId| group.is_some_and(|group| group.people.contains(id));
    let mut people: Vec<_> = network.people.iter().filter(|(_, person)| !person.left).collect();
    people.sort_by_cached_key(|(id, _)| asked.people.name(Some(id)).to_lowercase());
    html! {
        details {
            summary { (say::CHANGE) span.visually-hidden { ": " (heading) } }
            form.form method="post" action={ "/plans/" (asked.plan.id) "/sections" } {
                (form::id(library.fresh_id()))
                input type="hidden" name="section" value=(section);
                p.soft.small { (say::HINT) }
                @if !organisations.is_empty() {
                    fieldset {
                        legend { (say::ORGANISATIONS) }
                        div.choices {
                            @for (id, one) in &organisations {
                                label.choice {
                                    input type="checkbox" name="to" value={ "o/" (id) } checked[in_group(id)];
                                    span { (one.profile.name) }
                                }
                            }
                        }
                    }
                }
                fieldset {
                    legend { (say::PEOPLE) }
                    div.choices {
                        @for (id, _) in &people {
                            label.choice {
                                input type="checkbox" name="to" value={ "p/" (id) } checked[is_chosen(id)];
                                span { (asked.people.name(Some(id))) }
                            }
                        }
                    }
                }
                button.button type="submit" { (say::SAVE) }
            }
        }
    }
}
