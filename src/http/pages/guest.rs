//! `/guest`: how somebody who has no account reads a text that is in consultation, and comments on it.

use axum::{
    Form, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    form,
    frame::Frame,
    problem::Problem,
    sign_in::{From, attempt},
    time,
    words::{guest as say, withheld},
};
use crate::access::{Draft, Error, Refused, Returned, Secret};
use crate::document::{BlockState, PlanState, SectionState};
use crate::domain::{
    Action, Capacity, Command, Email, EventId, Joining, PersonId, Place, ProvisionId, Refusal, Request,
    SectionId, ThreadId, Timestamp,
};
use crate::engine::fresh_id;
use crate::export::{Names, html as set};
use crate::http::{App, Shared};
use crate::notify::words as tell;
use crate::projection::{Comment, Thread};

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/guest/{link}", get(invited).post(join))
        .route("/guest/own/{own}", get(consultation).post(say_something))
}

/// A link that opens nothing: what is wrong, and what to do.
fn void(refused: Refused) -> Response {
    void_for(refused, None)
}

/// The same for somebody who was writing, with what they wrote.
fn void_for(refused: Refused, said: Option<&Said>) -> Response {
    let main = html! {
        h1 { (say::VOID) }
        p.lead { (refused.sentence()) }
        p { (refused.hint()) }
        (not_handed_in(said))
    };
    page(StatusCode::GONE, say::VOID, "guest", main)
}

/// Words that came too late are given back.
fn not_handed_in(said: Option<&Said>) -> Markup {
    html! {
        @if let Some(said) = said.filter(|said| !said.text.trim().is_empty()) {
            p.field {
                label for="text" { (say::NOT_HANDED_IN) }
                textarea.input #text rows="6" readonly { (said.text) }
            }
        }
    }
}

/// The link is in the address, which is told to no other server, as that of no page here is. (Told to none at all,
/// browsers would send forms without saying from where, and these are refused.)
fn page(status: StatusCode, title: &str, kind: &str, main: Markup) -> Response {
    let frame = Frame { title, viewer: None, plan: None, script: None };
    (status, frame.page(kind, main)).into_response()
}

/// What the person is invited to.
struct Invited {
    title: String,
    to: String,
    until: Timestamp,
}

fn invitation(app: &App, link: &str) -> Result<Invited, Refused> {
    let id = app.guests.invitation(link)?;
    let views = app.engine.views();
    let found = views.state.guests.invitations.get(&id).ok_or(Refused::GuestLinkVoid)?;
    let plan = views.state.plans.get(&found.plan).ok_or(Refused::GuestLinkVoid)?;
    Ok(Invited { title: plan.title.clone(), to: found.to.clone(), until: found.until })
}

#[derive(Debug, Default, Deserialize)]
struct Joins {
    /// The secret of the link that will be theirs: it was drawn for the form, so that it makes one guest when it is sent
    /// twice.
    #[serde(default)]
    own: String,
    #[serde(default)]
    name: String,
    capacity: Option<Capacity>,
    /// Boxes that are not ticked are not sent.
    named: Option<String>,
    published: Option<String>,
    /// Where their own link is sent to as well; empty: nowhere.
    #[serde(default)]
    email: String,
}

async fn invited(State(app): State<Shared>, Path(link): Path<String>) -> Result<Response, Problem> {
    Ok(match invitation(&app, &link) {
        Ok(invited) => {
            let own = Secret::draw().map_err(|failure| failed(&failure))?.text();
            let blank = Joins { own, ..Joins::default() };
            invited_page(&app, StatusCode::OK, &invited, &blank, None)
        }
        Err(refused) => void(refused),
    })
}

fn invited_page(
    app: &App,
    status: StatusCode,
    invited: &Invited,
    typed: &Joins,
    wrong: Option<Markup>,
) -> Response {
    let mails = app.access().is_some();
    let organisation = typed.capacity != Some(Capacity::Personal);
    let main = html! {
        h1 { (say::INVITED) }
        p.lead { (say::TO) " " strong { (invited.to) } ": " (invited.title) }
        p { (say::OPEN_UNTIL) " " (time::moment(invited.until)) }
        p.notice { (say::BEFORE) }
        @if let Some(wrong) = wrong { (wrong) }
        form.form method="post" {
            input type="hidden" name="own" value=(typed.own);
            p.field {
                label for="name" { (say::NAME) }
                input.input #name name="name" value=(typed.name) autocomplete="name" required;
            }
            fieldset {
                legend { (say::CAPACITY) }
                label.choice {
                    input type="radio" name="capacity" value="for-organisation" checked[organisation];
                    span { (say::FOR) " " (invited.to) }
                }
                label.choice {
                    input type="radio" name="capacity" value="personal" checked[!organisation];
                    span { (say::PERSONAL) }
                }
            }
            fieldset {
                legend { (say::CONSENT) }
                label.choice {
                    input type="checkbox" name="published" value="yes" checked[typed.published.is_some()];
                    span { (say::PUBLISHED) }
                }
                label.choice {
                    input type="checkbox" name="named" value="yes" checked[typed.named.is_some()];
                    span { (say::NAMED) }
                }
            }
            @if mails {
                p.field {
                    label for="email" { (say::OWN_MAIL) }
                    span.field-hint #email-hint { (say::OWN_MAIL_HINT) }
                    input.input #email name="email" type="email" value=(typed.email) autocomplete="email"
                        aria-describedby="email-hint";
                }
            }
            p.soft { (say::KEPT) }
            button.button.button-primary type="submit" { (say::BEGIN) }
        }
    };
    page(status, say::INVITED, "guest", main)
}

async fn join(
    State(app): State<Shared>,
    from: From,
    Path(link): Path<String>,
    Form(typed): Form<Joins>,
) -> Result<Response, Problem> {
    attempt(&app, from)?;
    let invited = match invitation(&app, &link) {
        Ok(invited) => invited,
        Err(refused) => return Ok(void(refused)),
    };
    let again = |refusal: &Refusal| {
        let wrong = form::refused(refusal);
        invited_page(&app, StatusCode::UNPROCESSABLE_ENTITY, &invited, &typed, Some(wrong))
    };
    let email = Some(typed.email.trim()).filter(|email| !email.is_empty());
    // Before anything is done: who is in would come in a second time.
    let email = match email.map(Email::new).transpose() {
        Ok(email) => email,
        Err(refusal) => return Ok(again(&refusal)),
    };
    let joining = Joining {
        capacity: typed.capacity.unwrap_or(Capacity::ForOrganisation),
        named: typed.named.is_some(),
        published: typed.published.is_some(),
    };
    let own = match &*typed.own {
        "" => Secret::draw().map_err(|failure| failed(&failure))?,
        own => Secret::read(own).ok_or(Problem::NotUnderstood)?,
    };
    match app.guests.join(&link, &own, joining, typed.name.clone()).await {
        Ok(is_new) => {
            let own = own.text();
            let email = email.filter(|_| is_new);
            let mailed = email.map_or("", |email| match mail(&app, email, &invited, &own) {
                true => "&mailed=yes",
                false => "&mailed=no",
            });
            Ok(Redirect::to(&format!("/guest/own/{own}?new=1{mailed}")).into_response())
        }
        Err(error) => refused_by(error, again),
    }
}

/// Sends a guest their own link: whether that was done.
fn mail(app: &App, email: Email, invited: &Invited, own: &str) -> bool {
    let Some(access) = app.access().filter(|_| app.bounds.mail(&email)) else { return false };
    let (until, link) = (tell::moment(invited.until), app.guests.address(own));
    access.send_guest_link(email, &invited.title, &until, &link);
    true
}

/// A page that says why not, or the operator's business.
fn refused_by(error: Error, page: impl FnOnce(&Refusal) -> Response) -> Result<Response, Problem> {
    match error {
        Error::Refused(refused) => Ok(void(refused)),
        Error::Ruled(refusal) => Ok(page(&refusal)),
        Error::Failed(failure) => Err(failed(&failure)),
    }
}

#[derive(Debug, Default, Deserialize)]
struct View {
    /// The section that is being commented on.
    on: Option<SectionId>,
    new: Option<String>,
    /// Whether their link was sent to them too.
    mailed: Option<String>,
    done: Option<String>,
}

async fn consultation(
    State(app): State<Shared>,
    Path(own): Path<String>,
    Query(view): Query<View>,
) -> Result<Response, Problem> {
    match app.guests.returned(&own) {
        Ok(returned) => text_page(&app, &own, &returned, &view, None).await,
        Err(refused) => Ok(void(refused)),
    }
}

/// What a guest reads: the text as it stands, and their own comments.
struct Reading {
    state: PlanState,
    own: Vec<Thread>,
}

async fn read(app: &Shared, returned: &Returned) -> Result<Option<Reading>, Problem> {
    let (plan, guest) = (returned.plan, returned.guest.clone());
    let (head, own) = {
        let views = app.engine.views();
        if !views.state.may(&guest, plan, Action::Read) {
            return Ok(None);
        }
        let own = views.threads.of(plan).iter().filter(|thread| thread.opened_by() == Some(&guest));
        (views.head, own.map(|thread| thread.for_reader(&views.state, plan, &guest)).collect())
    };
    let state = app.rooms.blocking(move |rooms| rooms.state_at(plan, head)).await;
    let state = state.map_err(|error| failed(&error))?;
    Ok(Some(Reading { state, own }))
}

fn failed(failure: &dyn std::fmt::Debug) -> Problem {
    tracing::error!("a guest's page cannot be made: {failure:?}");
    Problem::Unavailable
}

/// Nobody's name is shown to guests.
struct Nobody;

impl Names for Nobody {
    fn name(&self, _: Option<&PersonId>) -> &str {
        say::SOMEBODY
    }
    fn number(&self, _: &PersonId) -> usize {
        0
    }
}

async fn text_page(
    app: &Shared,
    own: &str,
    returned: &Returned,
    view: &View,
    wrong: Option<(&Refusal, &Said)>,
) -> Result<Response, Problem> {
    let Some(reading) = read(app, returned).await? else {
        let said = wrong.map(|(_, said)| said);
        let main = html! { h1 { (say::CLOSED) } p.lead { (say::CLOSED_LEAD) } (not_handed_in(said)) };
        return Ok(page(StatusCode::GONE, say::CLOSED, "guest", main));
    };
    let may_comment = app.engine.views().state.may(&returned.guest, returned.plan, Action::Comment);
    let state = &reading.state;
    let main = html! {
        h1 { (state.title) }
        @if let Some((refusal, _)) = wrong { (form::refused(refusal)) }
        @match view.done.as_deref() {
            Some("comment") => (form::done(say::SENT)),
            Some("draft") => (form::done(say::DRAFT_KEPT)),
            Some("dispute") => (form::done(say::DISPUTE_SENT)),
            _ => {}
        }
        aside.notice.guest-link aria-labelledby="own-link" {
            h2 #own-link { @if view.new.is_some() { (say::WELCOME) } @else { (say::YOUR_LINK) } }
            p { (say::LINK_LEAD) }
            p { a #own-address href={ "/guest/own/" (own) } { (app.guests.address(own)) } }
            (form::copy("own-address", say::COPY))
            @match view.mailed.as_deref() {
                Some("yes") => p { (say::OWN_MAILED) },
                Some("no") => p { (say::OWN_NOT_MAILED) },
                _ => {}
            }
        }
        @if let Some(draft) = &returned.draft {
            p.notice { (say::DRAFT_WAITS) " "
                @if let Some(section) = section_of(state, &draft.provision) {
                    a href={ "?on=" (section.id) "#comment" } { (say::GO_ON) }
                }
            }
        }
        p.small { a href="/conduct" { (say::CONDUCT) } }
        (own_comments(&returned.guest, &reading.own))
        @for section in &state.sections {
            div.reading { (one_section(state, section)) }
            @if may_comment {
                @if view.on.as_ref() == Some(&section.id) {
                    (comment_form(section, returned.draft.as_ref(), wrong.map(|(_, said)| said)))
                } @else {
                    p.guest-comment { a.button.button-small href={ "?on=" (section.id) "#comment" } {
                        (say::COMMENT_ON) span.visually-hidden { ": " (section.heading()) }
                    } }
                }
            }
        }
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(page(status, &state.title, "guest", main))
}

/// One section by itself, with its heading at its depth.
fn one_section(state: &PlanState, section: &SectionState) -> Markup {
    let alone = PlanState { sections: vec![section.clone()], removed: Vec::new(), ..state.clone() };
    set::plan(&alone, &set::Look { names: &Nobody, authors: false })
}

fn section_of<'a>(state: &'a PlanState, provision: &ProvisionId) -> Option<&'a SectionState> {
    let has = |section: &&SectionState| section.blocks.iter().any(|one| one.block.id == provision.as_str());
    state.sections.iter().find(has)
}

fn own_comments(guest: &PersonId, own: &[Thread]) -> Markup {
    if own.is_empty() {
        return html! {};
    }
    html! {
        section aria-labelledby="own-comments" {
            h2 #own-comments { (say::OWN) }
            ul.guest-comments {
                @for thread in own {
                    li.sheet {
                        blockquote.small { (thread.anchor.quote) }
                        @for comment in &thread.comments { (one_comment(guest, thread, comment)) }
                        @if let Some(resolution) = thread.resolved() {
                            p.soft { (say::RESOLVED) " " (time::moment(resolution.at)) }
                        }
                    }
                }
            }
        }
    }
}

/// A comment in a thread of one's own. Where it is withheld, why; and the way to have it looked at again.
fn one_comment(guest: &PersonId, thread: &Thread, comment: &Comment) -> Markup {
    let is_own = comment.by.as_ref() == Some(guest);
    html! {
        p.small {
            strong { (if is_own { say::YOU } else { say::ANSWER }) } ", " (time::moment(comment.at))
        }
        @if let Some(ruling) = &comment.withheld {
            p.soft {
                (withheld(ruling.measure)) " " (say::MODERATORS) ": " (ruling.reason)
            }
        }
        @if !comment.text.is_empty() { p { (comment.text) } }
        @if let Some(ruling) = comment.withheld.as_ref().filter(|_| is_own) {
            @if ruling.disputed { p.soft { (say::DISPUTED) } }
            @else {
                details {
                    summary { (say::DISPUTE) }
                    form.form method="post" {
                        (form::id(fresh_id()))
                        input type="hidden" name="what" value="dispute";
                        input type="hidden" name="thread" value=(thread.id);
                        input type="hidden" name="comment" value=(comment.id);
                        p.field {
                            label for={ "why-" (comment.id) } { (say::DISPUTE_WHY) }
                            textarea.input id={ "why-" (comment.id) } name="text" rows="3" required {}
                        }
                        button.button type="submit" { (say::DISPUTE) }
                    }
                }
            }
        }
    }
}

/// Which paragraph, and what there is to say of it.
fn comment_form(section: &SectionState, draft: Option<&Draft>, said: Option<&Said>) -> Markup {
    // Of two with the same id the second cannot be named: nearly never.
    let is_named = |one: &&BlockState| !one.block.text.trim().is_empty() && !one.block.derived;
    let blocks: Vec<&BlockState> = section.blocks.iter().filter(is_named).collect();
    let chosen = said
        .and_then(|said| said.provision.as_ref())
        .map(ProvisionId::as_str)
        .or(draft.map(|draft| draft.provision.as_str()));
    let here = blocks.iter().any(|one| Some(one.block.id.as_str()) == chosen);
    let words =
        said.map(|said| said.text.as_str()).or(draft.filter(|_| here).map(|draft| draft.text.as_str()));
    html! {
        form.form.sheet #comment method="post" {
            (form::id(fresh_id()))
            fieldset {
                legend { (say::ABOUT) }
                @for (at, one) in blocks.iter().enumerate() {
                    @let is_chosen = if here { Some(one.block.id.as_str()) == chosen } else { at == 0 };
                    label.choice {
                        input type="radio" name="provision" value=(one.block.id) checked[is_chosen];
                        span.small { (one.block.text) }
                    }
                }
            }
            p.field {
                label for="text" { (say::YOUR_COMMENT) }
                textarea.input #text name="text" rows="6" required { (words.unwrap_or_default()) }
            }
            p.actions {
                button.button.button-primary type="submit" name="what" value="comment" { (say::SEND) }
                button.button type="submit" name="what" value="draft" { (say::KEEP) }
            }
        }
    }
}

/// A comment, or the beginning of one; or a comment that is to be looked at again.
#[derive(Debug, Deserialize)]
struct Said {
    id: EventId,
    what: What,
    provision: Option<ProvisionId>,
    /// Of the comment that is disputed.
    thread: Option<ThreadId>,
    comment: Option<EventId>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Comment,
    Draft,
    Dispute,
}

async fn say_something(
    State(app): State<Shared>,
    from: From,
    Path(own): Path<String>,
    Form(said): Form<Said>,
) -> Result<Response, Problem> {
    attempt(&app, from)?;
    let returned = match app.guests.returned(&own) {
        Ok(returned) => returned,
        Err(refused) => return Ok(void_for(refused, Some(&said))),
    };
    let done = match said.what {
        What::Draft => match said.provision.clone() {
            Some(provision) => {
                let draft = Draft { provision, text: said.text.clone() };
                keep(&app, &own, Some(draft)).await.map(|()| "draft")
            }
            None => Err(Refusal::AnchorUnknown.into()),
        },
        What::Comment => comment(&app, &returned, &said).await.map(|()| "comment"),
        What::Dispute => dispute(&app, &returned, &said).await.map(|()| "dispute"),
    };
    match done {
        Ok(done) => {
            // What is sent need not be kept any more; where that fails, it is offered once more.
            // What was begun elsewhere in the text, in another window perhaps, is not what was sent.
            let is_sent = |draft: &Draft| Some(&draft.provision) == said.provision.as_ref();
            if done == "comment" && returned.draft.as_ref().is_some_and(is_sent) {
                let _ = keep(&app, &own, None).await;
            }
            Ok(Redirect::to(&format!("/guest/own/{own}?done={done}")).into_response())
        }
        Err(Error::Ruled(refusal)) => {
            let reading = read(&app, &returned).await?;
            let section = reading
                .and_then(|reading| Some(section_of(&reading.state, said.provision.as_ref()?)?.id.clone()));
            let view = View { on: section, ..View::default() };
            text_page(&app, &own, &returned, &view, Some((&refusal, &said))).await
        }
        Err(Error::Refused(refused)) => Ok(void_for(refused, Some(&said))),
        Err(Error::Failed(failure)) => Err(failed(&failure)),
    }
}

async fn keep(app: &Shared, own: &str, draft: Option<Draft>) -> Result<(), Error> {
    let (app, own) = (app.clone(), own.to_owned());
    let kept = tokio::task::spawn_blocking(move || app.guests.keep_draft(&own, draft)).await;
    kept.unwrap_or_else(|stopped| Err(Error::Failed(stopped.to_string())))
}

/// A comment is about a whole provision, as it stands in the guest's page or has become since.
async fn comment(app: &Shared, returned: &Returned, said: &Said) -> Result<(), Error> {
    let plan = returned.plan;
    let provision = said.provision.clone().ok_or(Error::Ruled(Refusal::AnchorUnknown))?;
    let anchor = app.rooms.blocking(move |rooms| rooms.anchor_of(plan, &provision)).await?;
    let thread = ThreadId(said.id.0);
    let command = Command::ThreadOpen { plan, thread, anchor, text: said.text.clone() };
    let request = Request { id: said.id, command };
    Ok(app.rooms.command(returned.guest.clone(), request, None).await.map(drop)?)
}

/// A comment of the guest's own is to be looked at again.
async fn dispute(app: &Shared, returned: &Returned, said: &Said) -> Result<(), Error> {
    let named = said.thread.zip(said.comment).ok_or(Error::Ruled(Refusal::CommentUnknown))?;
    let place = Place { plan: returned.plan, thread: named.0, comment: named.1 };
    let command = Command::CommentDispute { place, text: said.text.clone() };
    let request = Request { id: said.id, command };
    Ok(app.rooms.command(returned.guest.clone(), request, None).await.map(drop)?)
}
