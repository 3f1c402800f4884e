//! `/plans/{plan}/guests`: who keeps the process invites organisations to a consultation, and sees who came.

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form,
    frame::{Frame, View},
    library::{Person, PlanCard},
    me::viewer,
    problem::Problem,
    time,
    words::{guest as say, network},
};
use crate::access::{Error, Invited};
use crate::domain::{
    Action, Command, Email, EventId, Invitation, InvitationId, Invite, OrganisationId, PersonId, PhaseId,
    PhaseKind, PlanId, Refusal, Request, Standing, Timestamp,
};
use crate::engine::fresh_id;
use crate::http::{Shared, api::session::name_of, auth::Visitor, library::card_of};
use crate::notify::words as tell;

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/plans/{plan}/guests", get(list).post(change))
}

/// A consultation to which guests can be invited still.
struct Consultation {
    phase: PhaseId,
    title: String,
    closes: Timestamp,
}

/// An invitation with what came of it.
struct Row {
    id: InvitationId,
    invitation: Invitation,
    guests: Vec<(PersonId, String)>,
    comments: usize,
}

struct Guests {
    viewer: Person,
    plan: PlanCard,
    now: Timestamp,
    consultations: Vec<Consultation>,
    /// The organisations that can be invited, by standing and name.
    organisations: Vec<(Standing, String, OrganisationId)>,
    rows: Vec<Row>,
}

/// All of it, for who may invite; a plan that one may not keep is not here.
fn guests(app: &Shared, person: Option<PersonId>, plan: &str) -> Result<Guests, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let id: PlanId = plan.parse().map_err(|_| Problem::NotFound)?;
    let viewer = viewer(app, &person);
    let card = card_of(&app.engine, &person, id).ok_or(Problem::NotFound)?;
    let views = app.engine.views();
    let may = |action| views.state.may(&person, id, action);
    let plan = views.state.plans.get(&id).filter(|_| may(Action::Read) && may(Action::Process));
    let plan = plan.ok_or(Problem::NotFound)?;
    let phases = plan.process.iter().flat_map(|process| &process.phases);
    let consultations = phases
        .filter(|phase| phase.plan.kind == PhaseKind::Consultation && phase.closed.is_none())
        .map(|phase| Consultation {
            phase: phase.plan.phase.clone(),
            title: phase.plan.title.clone(),
            closes: phase.plan.closes,
        })
        .collect();
    let state = &views.state.guests;
    let by = |invitation: InvitationId| {
        let came = state.people.iter().filter(move |(_, guest)| guest.invitation == invitation);
        came.map(|(id, _)| id).collect::<Vec<&PersonId>>()
    };
    let rows = state.invitations.iter().filter(|(_, invitation)| invitation.plan == id);
    let rows = rows.map(|(invitation_id, invitation)| {
        let came = by(*invitation_id);
        let threads = views.threads.of(id).iter();
        let comments = threads.filter(|one| one.opened_by().is_some_and(|by| came.contains(&by))).count();
        let guests = came.into_iter().map(|id| (id.clone(), name_of(app, id))).collect();
        Row { id: *invitation_id, invitation: invitation.clone(), guests, comments }
    });
    let organisations = views.state.organisations.iter();
    let organisations = organisations.filter(|(_, one)| one.profile.standing != Standing::Member);
    let mut organisations: Vec<_> =
        organisations.map(|(id, one)| (one.profile.standing, one.profile.name.clone(), id.clone())).collect();
    organisations.sort_by_cached_key(|(standing, name, _)| (*standing, name.to_lowercase()));
    Ok(Guests {
        organisations,
        plan: card,
        now: (app.engine.clock())(),
        consultations,
        rows: rows.collect(),
        viewer,
    })
}

async fn list(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Path(plan): Path<String>,
) -> Result<Response, Problem> {
    let guests = guests(&app, person, &plan)?;
    Ok(page(StatusCode::OK, &app, &guests, html! {}, &Typed::default()))
}

#[derive(Debug, Default, Deserialize)]
struct Typed {
    #[serde(default)]
    id: Option<EventId>,
    /// Of the invitation that is taken back; none where one is made.
    revoke: Option<InvitationId>,
    phase: Option<PhaseId>,
    /// Empty: another body, by its name.
    #[serde(default)]
    organisation: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    until: String,
    /// Where the link is sent to as well; empty where whoever made it does that.
    #[serde(default)]
    email: String,
}

async fn change(
    State(app): State<Shared>,
    Visitor(person): Visitor,
    Path(plan): Path<String>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let before = guests(&app, person.clone(), &plan)?;
    let person = person.ok_or(Problem::SignIn)?;
    let done = act(&app, &person, &before, &typed).await;
    let after = guests(&app, Some(person), &plan)?;
    match done {
        Ok(link) => Ok(page(StatusCode::OK, &app, &after, link, &Typed::default())),
        Err(Error::Ruled(refusal)) => {
            Ok(page(StatusCode::UNPROCESSABLE_ENTITY, &app, &after, form::refused(&refusal), &typed))
        }
        Err(error) => {
            tracing::error!("an invitation was not made: {error:?}");
            Err(Problem::Unavailable)
        }
    }
}

/// What is to be shown of what was done: the link, this once.
async fn act(app: &Shared, person: &PersonId, guests: &Guests, typed: &Typed) -> Result<Markup, Error> {
    let plan = guests.plan.id;
    let id = typed.id.unwrap_or_else(fresh_id);
    if let Some(invitation) = typed.revoke {
        let command = Command::GuestRevoke { plan, invitation };
        app.rooms.command(person.clone(), Request { id, command }, None).await?;
        return Ok(form::done(say::REVOKE_DONE));
    }
    let phase = typed.phase.clone().ok_or(Error::Ruled(Refusal::PhaseUnknown))?;
    let until = form::time(&typed.until).ok_or(Error::Ruled(Refusal::DateNotRead))?;
    let email = Some(typed.email.trim()).filter(|email| !email.is_empty());
    let email = email.map(Email::new).transpose()?;
    let invitation = InvitationId(id.0);
    let organisation = match typed.organisation.trim() {
        "" => None,
        id => Some(OrganisationId::new(id).map_err(|_| Error::Ruled(Refusal::OrganisationUnknown))?),
    };
    let invite = Invite { plan, phase, to: typed.to.clone(), organisation, until };
    app.rooms
        .command(person.clone(), Request { id, command: Command::GuestInvite { invitation, invite } }, None)
        .await?;
    let links = app.guests.clone();
    let made = tokio::task::spawn_blocking(move || links.link(invitation)).await;
    let link = made.unwrap_or_else(|stopped| Err(crate::log::Failure::Write(stopped.to_string())))?;
    Ok(html! {
        div.notice.notice-good role="group" aria-labelledby="made" tabindex="-1" autofocus {
            p #made { strong { (say::LINK_MADE) } }
            p { code.guest-address #made-link { (link) } }
            (form::copy("made-link", say::COPY))
            @if let Some(email) = email { p { (sent(app, person, guests, email, invitation, &link)) } }
        }
    })
}

/// Sends the link by mail: whether that was done, in words.
fn sent(
    app: &Shared,
    person: &PersonId,
    guests: &Guests,
    email: Email,
    invitation: InvitationId,
    link: &str,
) -> &'static str {
    let (made, organisation) = {
        let state = &app.engine.views().state;
        let office = state.people.get(person).and_then(|known| known.office.organisation.as_ref());
        let organisation = office.and_then(|id| state.organisations.get(id));
        (state.guests.invitations.get(&invitation).cloned(), organisation.map(|one| one.profile.name.clone()))
    };
    let access = app.access().filter(|_| app.bounds.mail(&email));
    let Some((access, made)) = access.zip(made) else { return say::NOT_MAILED };
    let name = name_of(app, person);
    let by = organisation.map_or(name.clone(), |organisation| format!("{name} ({organisation})"));
    let until = tell::moment(made.until);
    let invited = Invited { body: &made.to, plan: &guests.plan.title, by: &by, until: &until };
    access.send_invitation(email, &invited, link);
    say::MAILED
}

fn page(status: StatusCode, app: &Shared, guests: &Guests, said: Markup, typed: &Typed) -> Response {
    let mails = app.access().is_some();
    let title = format!("{}: {}", say::GUESTS, guests.plan.title);
    let plan = Some((&guests.plan, View::Guests));
    let frame = Frame { title: &title, viewer: Some(&guests.viewer), plan, script: None };
    let main = html! {
        h1 { (say::GUESTS) }
        (said)
        p.lead { (say::GUESTS_LEAD) }
        @if guests.consultations.is_empty() { p { (say::NO_CONSULTATION) } } @else { (invite(guests, typed, mails)) }
        @if !guests.rows.is_empty() { (table(guests)) }
    };
    (status, frame.page("calendar", main)).into_response()
}

/// `mails`: whether the link can be sent from here.
fn invite(guests: &Guests, typed: &Typed, mails: bool) -> Markup {
    let first = &guests.consultations[0];
    let until = if typed.until.is_empty() { form::stamp(first.closes) } else { typed.until.clone() };
    html! {
        form.form method="post" {
            (form::id(fresh_id()))
            (whom(guests, typed))
            p.field {
                label for="phase" { (say::PHASE) }
                select.input #phase name="phase" {
                    @for one in &guests.consultations {
                        option value=(one.phase) selected[typed.phase.as_ref() == Some(&one.phase)] { (one.title) }
                    }
                }
            }
            (form::moment("until", "until", say::UNTIL, &until))
            @if mails {
                p.field {
                    label for="email" { (say::MAIL_TO) }
                    span.field-hint #email-hint { (say::MAIL_TO_HINT) }
                    input.input #email name="email" type="email" value=(typed.email) autocomplete="off"
                        aria-describedby="email-hint";
                }
            }
            button.button.button-primary type="submit" { (say::INVITE) }
        }
    }
}

/// Who is invited: an organisation that the network knows, or a name.
fn whom(guests: &Guests, typed: &Typed) -> Markup {
    if guests.organisations.is_empty() {
        return html! {
            p.field {
                label for="to" { (say::INVITE_TO) }
                input.input #to name="to" value=(typed.to) required;
            }
        };
    }
    let of = |standing: Standing| guests.organisations.iter().filter(move |(one, ..)| *one == standing);
    html! {
        p.field {
            label for="organisation" { (say::INVITE_WHOM) }
            select.input #organisation name="organisation" {
                option value="" { (say::INVITE_ANOTHER) }
                @for standing in [Standing::Stakeholder, Standing::Observer] {
                    @if of(standing).next().is_some() {
                        optgroup label=(network::standings(standing).0) {
                            @for (_, name, id) in of(standing) {
                                option value=(id) selected[typed.organisation == id.as_str()] { (name) }
                            }
                        }
                    }
                }
            }
        }
        p.field {
            label for="to" { (say::INVITE_ANOTHER_NAME) }
            span.field-hint #to-hint { (say::INVITE_ANOTHER_HINT) }
            input.input #to name="to" value=(typed.to) aria-describedby="to-hint";
        }
    }
}

fn table(guests: &Guests) -> Markup {
    html! {
        h2 { (say::INVITED_ALL) }
        div.table-box tabindex="0" role="region" aria-label=(say::INVITED_ALL) {
            table.stacked {
                thead {
                    tr {
                        th scope="col" { (say::ORGANISATION) }
                        th scope="col" { (say::STATE) }
                        th scope="col" { (say::CAME) }
                        th scope="col" { (say::COMMENTS) }
                        td {}
                    }
                }
                tbody {
                    @for row in &guests.rows {
                        @let holds = !row.invitation.revoked && guests.now < row.invitation.until;
                        tr {
                            th scope="row" { (row.invitation.to) }
                            td data-head=(say::STATE) {
                                @if row.invitation.revoked { (say::REVOKED) }
                                @else if holds { (say::HOLDS) " – " (time::moment(row.invitation.until)) }
                                @else { (say::OVER) }
                            }
                            td data-head=(say::CAME) {
                                @if row.guests.is_empty() { "0" }
                                @for (at, (id, name)) in row.guests.iter().enumerate() {
                                    @if at > 0 { ", " }
                                    @if guests.viewer.keeps_people { a href={ "/network/guests/" (id) } { (name) } }
                                    @else { (name) }
                                }
                            }
                            td data-head=(say::COMMENTS) { (row.comments) }
                            td {
                                @if holds {
                                    @let of = html! { span.visually-hidden { ": " (row.invitation.to) } };
                                    (form::sure(&html! { (say::REVOKE) (of) }, say::REVOKE_WHAT, &html! {
                                        form method="post" {
                                            (form::id(fresh_id()))
                                            input type="hidden" name="revoke" value=(row.id);
                                            button.button.button-small.button-danger type="submit" {
                                                (say::REVOKE_SURE) (of)
                                            }
                                        }
                                    }))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
