//! The interface for programs: JSON over HTTP, one file a noun.

mod commands;
mod events;
mod live;
mod mine;
mod network;
mod openapi;
mod passkeys;
pub(super) mod past;
mod personal;
pub(super) mod plans;
pub(super) mod session;

use axum::Router;

use super::Shared;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .merge(commands::routes())
        .merge(events::routes())
        .merge(live::routes())
        .merge(mine::routes())
        .merge(network::routes())
        .merge(openapi::routes())
        .merge(passkeys::routes())
        .merge(past::routes())
        .merge(personal::routes())
        .merge(plans::routes())
        .merge(session::routes())
}
