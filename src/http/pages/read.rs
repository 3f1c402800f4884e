//! `/plans/{plan}/read`: the plan to be read and printed, as it stands or as it stood (`?at=`).

use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Shared, asked,
    frame::{Frame, View},
    problem::Problem,
    time,
    words::read as say,
};
use crate::{domain::Position, export::html as set};

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    at: Option<String>,
}

pub(super) async fn read(
    State(library): State<Shared>,
    Path(plan): Path<String>,
    Query(query): Query<Asked>,
    headers: HeaderMap,
) -> Result<Markup, Problem> {
    library
        .read(move |library| {
            let asked = asked(library, &headers, &plan)?;
            let plan = &asked.plan;
            let at: Position = match &query.at {
                None => plan.head,
                Some(text) => text.parse().map_err(|_| Problem::NoMoment(plan.id))?,
            };
            if !(plan.first..=plan.head).contains(&at) {
                return Err(Problem::NoMoment(plan.id));
            }
            let state = library.state_at(plan.id, at)?;
            let line = library.timeline(&asked.viewer.id, plan.id)?;
            let look = set::Look { names: &asked.people, authors: false };
            let path = format!("/plans/{}", plan.id);
            let frame = Frame {
                title: &state.title,
                viewer: Some(&asked.viewer),
                plan: Some((plan, View::Read)),
                script: None,
            };
            Ok(frame.page(
                "read",
                html! {
                    @if !state.sections.is_empty() {
                        nav.outline aria-labelledby="contents" {
                            h2 #contents { (say::CONTENTS) }
                            (set::outline(&state))
                        }
                    }
                    article.reading {
                        header.reading-head {
                            h1 { (state.title) }
                            p.soft.small { (say::AS_IT_STOOD) " " (time::moment(line.time_at(at))) }
                            p.small.no-print {
                                a href={ (path) "/replay?at=" (at) } { (say::HOW_IT_CAME) }
                                " · "
                                a href={ "/api/plans/" (plan.id) "/at/" (at) ".md" } { (say::DOWNLOAD) }
                            }
                        }
                        @if state.sections.is_empty() { p.soft { (say::EMPTY) } }
                        (set::plan(&state, &look))
                    }
                },
            ))
        })
        .await
}
