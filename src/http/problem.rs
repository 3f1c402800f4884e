//! Errors as problem documents (RFC 9457), each with a stable code.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use tracing::error;

use crate::access::{self, Refused};
use crate::domain::{Refusal, limits};
use crate::engine;
use crate::log::Failure;

/// What went wrong, for programs (`code`) and for people (`detail`, `hint`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    pub code: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub hint: &'static str,
}

impl Problem {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        detail: impl Into<String>,
        hint: &'static str,
    ) -> Self {
        Self {
            kind: format!("urn:quorate:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            code,
            detail: detail.into(),
            hint,
        }
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "sign_in_needed",
            "This needs somebody who is signed in.",
            "Sign in, then try again.",
        )
    }

    pub(super) fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "A page of another server may not ask for this in your name.",
            "Open Quorate's own page and do it there. A program signs in with a token, without a cookie.",
        )
    }

    pub(super) fn scope_read() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "scope_read",
            "This token lets a tool read, and nothing else.",
            "Make a token that may write, if the tool is to write.",
        )
    }

    pub(super) fn passkey_needed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "passkey_needed",
            "In this network, whoever holds your part needs a passkey, and you have none yet.",
            "Add one at /me/passkeys in a browser, then try again.",
        )
    }

    pub(super) fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "A page of another server may not open this connection.",
            "Open Quorate's own page.",
        )
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "There were too many requests at once.",
            "Wait as long as `Retry-After` says, then go on more slowly.",
        )
    }

    pub(super) fn too_many_connections() -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_connections",
            format!("One person has {} connections open at most.", limits::CONNECTIONS_PER_PERSON),
            "Close windows that you do not need, then reload this one.",
        )
    }

    /// For answers that a library gave in its own words.
    pub(super) fn of_status(status: StatusCode, detail: String) -> Self {
        let (code, hint) = match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "See /api/openapi.json for what is there.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "Send less at once."),
            StatusCode::NOT_FOUND => ("path_unknown", "Check the address."),
            _ => ("request_not_understood", "Compare the request with /api/openapi.json."),
        };
        let detail = if detail.is_empty() { "The request cannot be answered.".into() } else { detail };
        Self::new(status, code, detail, hint)
    }

    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "path_unknown",
            "There is nothing at this address.",
            "Check the address.",
        )
    }

    pub(super) fn position_unknown(position: &str, first: u64, head: u64) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "position_unknown",
            format!("The plan has no state at position {position}: its history runs from {first} to {head}."),
            "Choose a position of the plan's history.",
        )
    }

    pub(super) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail, "Compare the request with /api/openapi.json.")
    }

    /// The log or a cache could not do its work. The reader hears that much, the operator hears it all.
    pub(super) fn failure(what: &dyn std::fmt::Display) -> Self {
        error!("{what}");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "log_unavailable",
            "The record cannot be read or written at present. Nothing of this request was recorded.",
            "What you typed stays on your device. Try again later.",
        )
    }
}

/// Which status a refusal has: the one table.
fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::PersonUnknown
        | Refusal::PlanUnknown
        | Refusal::ThreadUnknown
        | Refusal::SectionUnknown
        | Refusal::StrayUnknown
        | Refusal::OrganisationUnknown
        | Refusal::NoProcess
        | Refusal::TemplateUnknown
        | Refusal::TaskUnknown
        | Refusal::InvitationUnknown
        | Refusal::CommentUnknown
        | Refusal::PhaseUnknown => StatusCode::NOT_FOUND,
        Refusal::NotPermitted { .. }
        | Refusal::ActorOfAnother
        | Refusal::NotAtThisGate
        | Refusal::CommentOfAnother
        | Refusal::SectionOfOthers
        | Refusal::DisputeOfAnother => StatusCode::FORBIDDEN,
        Refusal::Empty { .. }
        | Refusal::TooLong { .. }
        | Refusal::SectionInsideItself
        | Refusal::AnchorUnknown
        | Refusal::EmailNotValid
        | Refusal::IdReserved
        | Refusal::OrganisationMissing
        | Refusal::WeightNotValid
        | Refusal::SeatsNotValid
        | Refusal::SuccessorOfAnother
        | Refusal::TooManyPhases
        | Refusal::RoleAtNoGate
        | Refusal::ConsultantHasNoVote
        | Refusal::ContactOutside
        | Refusal::TemplateNotRead { .. }
        | Refusal::PhaseTwice
        | Refusal::PhaseOfAnother
        | Refusal::DatesNotInOrder
        | Refusal::DateIsPast
        | Refusal::DateTooFar
        | Refusal::NoConsultation
        | Refusal::InvitedIsMember
        | Refusal::RetentionNotValid
        | Refusal::GroupTooLarge
        | Refusal::DateNotRead => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Frozen { .. }
        | Refusal::NotInThisPhase { .. }
        | Refusal::OrganisationExists
        | Refusal::OrganisationNameTaken
        | Refusal::OrganisationChanged
        | Refusal::OrganisationInUse
        | Refusal::SeatsTaken
        | Refusal::PersonHasLeft
        | Refusal::HasNotLeft
        | Refusal::PersonChanged
        | Refusal::LastAdministrator
        | Refusal::ProcessRuns
        | Refusal::InvitationExists
        | Refusal::InvitationRevoked
        | Refusal::InvitationIsOver
        | Refusal::TooManyGuests
        | Refusal::TooManyTemplates
        | Refusal::PhaseIsOver
        | Refusal::PhaseHasBegun
        | Refusal::LastPhase
        | Refusal::WouldForget
        | Refusal::NothingChanged
        | Refusal::NameTaken
        | Refusal::GuestsInvited
        | Refusal::PhaseHasNotBegun
        | Refusal::ApprovedAlready
        | Refusal::NotApproved
        | Refusal::GateIsPassed
        | Refusal::WithheldAlready
        | Refusal::NotWithheld
        | Refusal::DisputedAlready
        | Refusal::ConductChanged
        | Refusal::StillInNetwork
        | Refusal::ErasedAlready
        | Refusal::RetentionIsOver
        | Refusal::TaskExists
        | Refusal::TaskIsOver
        | Refusal::TooManyTasks
        | Refusal::PersonExists
        | Refusal::EmailTaken
        | Refusal::AlreadyJoined
        | Refusal::PlanExists
        | Refusal::AlreadyFrozen
        | Refusal::NotFrozen
        | Refusal::ThreadExists
        | Refusal::ThreadResolved
        | Refusal::ThreadOpen
        | Refusal::StraySettled
        | Refusal::SectionExists
        | Refusal::NotRemoved
        | Refusal::IdTaken
        | Refusal::TooManyHeads
        | Refusal::ChangedMeanwhile => StatusCode::CONFLICT,
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(status_of(&refusal), refusal.code(), refusal.sentence(), refusal.hint())
    }
}

impl From<access::Error> for Problem {
    fn from(error: access::Error) -> Self {
        match error {
            access::Error::Refused(refused) => {
                let status = match refused {
                    Refused::LinkVoid | Refused::CodeVoid | Refused::FirstVoid | Refused::GuestLinkVoid => {
                        StatusCode::GONE
                    }
                    Refused::PasskeyTooLate | Refused::DirectoryTooLate => StatusCode::GONE,
                    Refused::DirectoryAway => StatusCode::SERVICE_UNAVAILABLE,
                    Refused::EntryUnknown => StatusCode::NOT_FOUND,
                    Refused::TooManyTokens
                    | Refused::TooManyPasskeys
                    | Refused::PasskeysNotHere
                    | Refused::LastPasskey
                    | Refused::NoPasskey => StatusCode::CONFLICT,
                    Refused::SignInAnew | Refused::DirectoryUnknown | Refused::DirectoryDenied => {
                        StatusCode::FORBIDDEN
                    }
                    Refused::PasskeyVoid
                    | Refused::PasskeyElsewhere
                    | Refused::PasskeyCopied
                    | Refused::PasskeyAlone => StatusCode::FORBIDDEN,
                    Refused::CodeWrong
                    | Refused::TokenNameNotValid
                    | Refused::TokenLifeNotValid
                    | Refused::PasskeyNotVerified
                    | Refused::PasskeyNotValid
                    | Refused::PasskeyNotFound
                    | Refused::PasskeyNameNotValid => StatusCode::UNPROCESSABLE_ENTITY,
                };
                Self::new(status, refused.code(), refused.sentence(), refused.hint())
            }
            access::Error::Ruled(refusal) => refusal.into(),
            access::Error::Failed(failure) => Self::failure(&failure),
        }
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Refused(refusal) => refusal.into(),
            engine::Error::Failed(failure) => Self::failure(&failure),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::failure(&failure)
    }
}

/// The code of a problem, beside the answer that says it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code(pub &'static str);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let code = Extension(Code(self.code));
        (self.status(), kind, code, Json(self).into_response().into_body()).into_response()
    }
}
