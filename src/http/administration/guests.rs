//! The links of guests: made, sent, looked at. An invitation is taken back by the command `guest.revoke`.

use serde::Serialize;

use super::{App, Error};
use crate::access;
use crate::domain::{
    Action, Command, Email, EventId, Invitation, InvitationId, Invite, PersonId, PhaseId, PhaseKind, PlanId,
    Refusal, Request, Timestamp,
};
use crate::http::api::session::name_of;
use crate::notify::words as tell;

/// A consultation to which guests can be invited still.
#[derive(Debug, Clone)]
pub struct Consultation {
    pub phase: PhaseId,
    pub title: String,
    pub closes: Timestamp,
}

/// An invitation with what came of it.
#[derive(Debug, Clone)]
pub struct Invited {
    pub id: InvitationId,
    pub invitation: Invitation,
    /// Whether its link lets anybody in now.
    pub holds: bool,
    /// Who came by it, by name.
    pub guests: Vec<(PersonId, String)>,
    /// How many threads they opened.
    pub comments: usize,
}

/// Who can be invited to what in a plan, and who was.
#[derive(Debug, Clone)]
pub struct Invitations {
    pub consultations: Vec<Consultation>,
    pub invited: Vec<Invited>,
}

/// A link that was made. Nothing tells it a second time.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    pub invitation: InvitationId,
    pub link: String,
    /// Whether it is on its way by mail; none where that was not asked for.
    pub mailed: Option<bool>,
}

impl App {
    /// For who keeps the plan's process.
    pub fn invitations(&self, person: &PersonId, id: PlanId) -> Result<Invitations, Refusal> {
        self.permits_in(person, id, Action::Process)?;
        let views = self.engine.views();
        let now = (self.engine.clock())();
        let plan = views.state.plans.get(&id).ok_or(Refusal::PlanUnknown)?;
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
        let invited = state.invitations.iter().filter(|(_, invitation)| invitation.plan == id);
        let invited = invited.map(|(invitation_id, invitation)| {
            let came = by(*invitation_id);
            let threads = views.threads.of(id).iter();
            let comments = threads.filter(|one| one.opened_by().is_some_and(|by| came.contains(&by))).count();
            Invited {
                id: *invitation_id,
                invitation: invitation.clone(),
                holds: !invitation.revoked && now < invitation.until,
                guests: came.into_iter().map(|id| (id.clone(), name_of(self, id))).collect(),
                comments,
            }
        });
        Ok(Invitations { consultations, invited: invited.collect() })
    }

    /// Records an invitation, and makes its link; the rules of the command say who may. Sends it where an address is named.
    pub async fn invite(
        &self,
        person: &PersonId,
        id: EventId,
        invite: Invite,
        email: Option<Email>,
    ) -> Result<Link, Error> {
        let invitation = InvitationId(id.0);
        let command = Command::GuestInvite { invitation, invite };
        self.rooms.command(person.clone(), Request { id, command }, None).await?;
        let links = self.guests.clone();
        let made = tokio::task::spawn_blocking(move || links.link(invitation)).await;
        let link = made.unwrap_or_else(|stopped| Err(crate::log::Failure::Write(stopped.to_string())))?;
        let mailed = email.map(|email| self.mail_invitation(person, email, invitation, &link));
        Ok(Link { invitation, link, mailed })
    }

    /// Whether it was handed to the post.
    fn mail_invitation(&self, person: &PersonId, email: Email, id: InvitationId, link: &str) -> bool {
        let (made, plan, organisation) = {
            let state = &self.engine.views().state;
            let office = state.people.get(person).and_then(|known| known.office.organisation.as_ref());
            let organisation = office.and_then(|id| state.organisations.get(id));
            let Some(made) = state.guests.invitations.get(&id).cloned() else { return false };
            let plan = state.plans.get(&made.plan).map(|plan| plan.title.clone()).unwrap_or_default();
            (made, plan, organisation.map(|one| one.profile.name.clone()))
        };
        let Some(access) = self.access().filter(|_| self.bounds.mail(&email)) else { return false };
        let name = name_of(self, person);
        let by = organisation.map_or(name.clone(), |organisation| format!("{name} ({organisation})"));
        let until = tell::moment(made.until);
        let invited = access::Invited { body: &made.to, plan: &plan, by: &by, until: &until };
        access.send_invitation(email, &invited, link);
        true
    }
}
