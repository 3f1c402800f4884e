//! `/plans/{plan}`: where people write and discuss. The page is the script's; without it, ways to read.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
};
use maud::{Markup, html};

use super::{Shared, asked, frame::Frame, problem::Problem, words::shell as say};

/// Where the script puts itself, and what it is told: which plan.
const ENTRY: &str = "src/app/main.tsx";

pub(super) async fn workspace(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asked = asked(library, &headers, &plan)?;
            let frame =
                Frame { title: &asked.plan.title, viewer: Some(&asked.viewer), plan: None, script: None };
            let path = format!("/plans/{}", asked.plan.id);
            Ok(frame.shell(
                ENTRY,
                html! {
                    div #workspace data-plan=(asked.plan.id) {
                        main .page.page-shell {
                            h1 { (asked.plan.title) }
                            p.soft.only-script { (say::LOADING) }
                            noscript { p.notice { (say::NO_SCRIPT) } }
                            p.actions {
                                a.button href={ (path) "/read" } { (say::READ_INSTEAD) }
                                a.button href={ (path) "/replay" } { (say::REPLAY_INSTEAD) }
                            }
                        }
                    }
                },
            ))
        })
        .await
}
