//! What a reader sees where a page cannot be shown: what is wrong, and a way on.

use axum::{
    Extension,
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;

use super::{frame::Frame, library::Unavailable, words};
use crate::{domain::PlanId, http::aim::SignInFirst};

/// Why a page cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Nobody is signed in: off to the page where one does.
    SignIn,
    /// No such page or plan, or not for this reader.
    NotFound,
    /// The plan's history has no such position.
    NoMoment(PlanId),
    /// A form that is not one of these pages'.
    NotUnderstood,
    /// More was sent than is read.
    TooLarge,
    Unavailable,
    /// Too many attempts to sign in from one place: how many seconds to wait.
    TooManySignIns(u64),
}

impl From<Unavailable> for Problem {
    fn from(_: Unavailable) -> Self {
        Self::Unavailable
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, (title, text)) = match self {
            Self::SignIn => return (Extension(SignInFirst), Redirect::to("/")).into_response(),
            Self::NotFound => (StatusCode::NOT_FOUND, words::problem::NOT_FOUND),
            Self::NoMoment(_) => (StatusCode::NOT_FOUND, words::problem::NO_MOMENT),
            Self::NotUnderstood => (StatusCode::BAD_REQUEST, words::problem::NOT_UNDERSTOOD),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, words::problem::TOO_LARGE),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, words::problem::UNAVAILABLE),
            Self::TooManySignIns(_) => (StatusCode::TOO_MANY_REQUESTS, words::sign_in::TOO_OFTEN),
        };
        let frame = Frame { title, viewer: None, plan: None, script: None };
        let page = frame.page(
            "problem",
            html! {
                h1 { (title) }
                p.lead { (text) }
                p.actions {
                    @if let Self::NoMoment(plan) = self {
                        a.button.button-primary href={ "/plans/" (plan) "/replay" } { (words::problem::TO_NEWEST) }
                    }
                    a.button href="/" { (words::problem::TO_PLANS) }
                }
            },
        );
        let mut response = (status, page).into_response();
        if let Self::TooManySignIns(seconds) = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
