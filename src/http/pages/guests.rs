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
use crate::domain::{
    Command, Email, EventId, InvitationId, Invite, OrganisationId, PersonId, PhaseId, PlanId, Refusal,
    Request, Standing,
};
use crate::engine::fresh_id;
use crate::http::administration::{Consultation, Error, Invitations, Invited};
use crate::http::{Shared, auth::Visitor, library::card_of};

pub(super) fn routes() -> Router<Shared> {
    Router::new().route("/plans/{plan}/guests", get(list).post(change))
}

struct Guests {
    viewer: Person,
    plan: PlanCard,
    consultations: Vec<Consultation>,
    /// The organisations that can be invited, by standing and name.
    organisations: Vec<(Standing, String, OrganisationId)>,
    rows: Vec<Invited>,
}

/// All of it, for who may invite; a plan that one may not keep is not here.
fn guests(app: &Shared, person: Option<PersonId>, plan: &str) -> Result<Guests, Problem> {
    let person = person.ok_or(Problem::SignIn)?;
    let id: PlanId = plan.parse().map_err(|_| Problem::NotFound)?;
    let Invitations { consultations, invited } =
        app.invitations(&person, id).map_err(|_| Problem::NotFound)?;
    let viewer = viewer(app, &person);
    let card = card_of(&app.engine, &person, id).ok_or(Problem::NotFound)?;
    let views = app.engine.views();
    let organisations = views.state.organisations.iter();
    let organisations = organisations.filter(|(_, one)| one.profile.standing != Standing::Member);
    let mut organisations: Vec<_> =
        organisations.map(|(id, one)| (one.profile.standing, one.profile.name.clone(), id.clone())).collect();
    organisations.sort_by_cached_key(|(standing, name, _)| (*standing, name.to_lowercase()));
    Ok(Guests { organisations, plan: card, consultations, rows: invited, viewer })
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
    let organisation = match typed.organisation.trim() {
        "" => None,
        id => Some(OrganisationId::new(id).map_err(|_| Error::Ruled(Refusal::OrganisationUnknown))?),
    };
    let invite = Invite { plan, phase, to: typed.to.clone(), organisation, until };
    let made = app.invite(person, id, invite, email).await?;
    Ok(html! {
        div.notice.notice-good role="group" aria-labelledby="made" tabindex="-1" autofocus {
            p #made { strong { (say::LINK_MADE) } }
            p { code.guest-address #made-link { (made.link) } }
            (form::copy("made-link", say::COPY))
            @if let Some(mailed) = made.mailed { p { (if mailed { say::MAILED } else { say::NOT_MAILED }) } }
        }
    })
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
                        tr {
                            th scope="row" { (row.invitation.to) }
                            td data-head=(say::STATE) {
                                @if row.invitation.revoked { (say::REVOKED) }
                                @else if row.holds { (say::HOLDS) " – " (time::moment(row.invitation.until)) }
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
                                @if row.holds {
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
