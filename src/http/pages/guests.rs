//! `/plans/{plan}/guests`: who keeps the process invites bodies to a consultation, and sees who came.

use axum::{
    Form, Router,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{form, frame::Frame, library::Person, me::viewer, problem::Problem, time, words::guest as say};
use crate::access::Error;
use crate::domain::{
    Action, Command, Email, EventId, Invitation, InvitationId, Invite, PersonId, PhaseId, PhaseKind, PlanId,
    Refusal, Request, Timestamp,
};
use crate::engine::fresh_id;
use crate::http::{Shared, api::session::name_of, auth::Visitor};

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
    plan: PlanId,
    title: String,
    now: Timestamp,
    consultations: Vec<Consultation>,
    rows: Vec<Row>,
}

/// All of it, for who may invite; a plan that one may not keep is not here.
fn guests(app: &Shared, person: Option<PersonId>, plan: &str) -> Result<Guests, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let id: PlanId = plan.parse().map_err(|_| Problem::NotFound)?;
    let viewer = viewer(app, &person);
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
    Ok(Guests {
        plan: id,
        title: plan.title.clone(),
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
    let done = act(&app, &person, before.plan, &typed).await;
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
async fn act(app: &Shared, person: &PersonId, plan: PlanId, typed: &Typed) -> Result<Markup, Error> {
    let id = typed.id.unwrap_or_else(fresh_id);
    if let Some(invitation) = typed.revoke {
        let command = Command::GuestRevoke { plan, invitation };
        app.rooms.command(person.clone(), Request { id, command }, None).await?;
        return Ok(html! {});
    }
    let phase = typed.phase.clone().ok_or(Error::Ruled(Refusal::PhaseUnknown))?;
    let until = form::time(&typed.until).ok_or(Error::Ruled(Refusal::DateNotRead))?;
    let email = Some(typed.email.trim()).filter(|email| !email.is_empty());
    let email = email.map(Email::new).transpose()?;
    let invitation = InvitationId(id.0);
    let invite = Invite { plan, phase, to: typed.to.clone(), until };
    app.rooms
        .command(person.clone(), Request { id, command: Command::GuestInvite { invitation, invite } }, None)
        .await?;
    let guests = app.guests.clone();
    let made = tokio::task::spawn_blocking(move || guests.link(invitation)).await;
    let link = made.unwrap_or_else(|stopped| Err(crate::log::Failure::Write(stopped.to_string())))?;
    Ok(html! {
        div.notice role="status" {
            p { strong { (say::LINK_MADE) } }
            p { code.guest-address { (link) } }
            @if let Some(email) = email { p { (sent(app, email, &typed.to, &link)) } }
        }
    })
}

/// Sends the link by mail: whether that was done, in words.
fn sent(app: &Shared, email: Email, to: &str, link: &str) -> &'static str {
    match app.access().filter(|_| app.bounds.mail(&email)) {
        Some(access) => {
            access.send_invitation(email, to, link);
            say::MAILED
        }
        None => say::NOT_MAILED,
    }
}

fn page(status: StatusCode, app: &Shared, guests: &Guests, said: Markup, typed: &Typed) -> Response {
    let mails = app.access().is_some();
    let title = format!("{}: {}", say::GUESTS, guests.title);
    let frame = Frame { title: &title, viewer: Some(&guests.viewer), plan: None, script: None };
    let calendar = format!("/plans/{}/calendar", guests.plan);
    let main = html! {
        p.small { a href=(calendar) { "← " (guests.title) } }
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
            p.field {
                label for="to" { (say::INVITE_TO) }
                input.input #to name="to" value=(typed.to) required;
            }
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

fn table(guests: &Guests) -> Markup {
    html! {
        h2 { (say::INVITED_BODIES) }
        div.table-box tabindex="0" role="region" aria-label=(say::INVITED_BODIES) {
            table {
                thead {
                    tr {
                        th scope="col" { (say::BODY) }
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
                            td {
                                @if row.invitation.revoked { (say::REVOKED) }
                                @else if holds { (say::HOLDS) " – " (time::moment(row.invitation.until)) }
                                @else { (say::OVER) }
                            }
                            td {
                                @if row.guests.is_empty() { "0" }
                                @for (at, (id, name)) in row.guests.iter().enumerate() {
                                    @if at > 0 { ", " }
                                    @if guests.viewer.keeps_people { a href={ "/network/guests/" (id) } { (name) } }
                                    @else { (name) }
                                }
                            }
                            td { (row.comments) }
                            td {
                                @if holds {
                                    form method="post" {
                                        (form::id(fresh_id()))
                                        input type="hidden" name="revoke" value=(row.id);
                                        button.button.button-small type="submit" {
                                            (say::REVOKE) span.visually-hidden { ": " (row.invitation.to) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
