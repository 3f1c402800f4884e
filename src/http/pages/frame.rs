//! What every page has around its own content: head, skip link, header, main.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    library::{Person, PlanCard},
    words,
};
use crate::http::assets;

/// The page's place among the views of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Write,
    Read,
    Replay,
}

pub(super) struct Frame<'a> {
    /// What the page is about; the product's name is put behind it in the window's title.
    pub(super) title: &'a str,
    pub(super) viewer: Option<&'a Person>,
    /// The plan the page is of, and which view of it.
    pub(super) plan: Option<(&'a PlanCard, View)>,
    /// The client's entry that the page loads, by its source file.
    pub(super) script: Option<&'a str>,
}

impl Frame<'_> {
    /// A page of text: `main` becomes the content of the main landmark.
    pub(super) fn page(&self, kind: &str, main: Markup) -> Markup {
        let script = self.script.map(assets::entry).unwrap_or_default();
        let mut styles = assets::entry("src/styles/pages.css").styles;
        styles.extend(script.styles);
        let body = html! {
            a.skip-link href="#main" { (words::SKIP) }
            (self.header())
            main #main class={ "page page-" (kind) } tabindex="-1" { (main) }
        };
        document(self.title, &styles, script.script.as_deref(), body)
    }

    /// A page whose whole body is the script's, with what stands there until it runs.
    pub(super) fn shell(&self, source: &str, body: Markup) -> Markup {
        let entry = assets::entry(source);
        let styles =
            if entry.styles.is_empty() { assets::entry("src/styles/pages.css").styles } else { entry.styles };
        document(self.title, &styles, entry.script.as_deref(), body)
    }

    fn header(&self) -> Markup {
        html! {
            header.site-header {
                a.site-name href="/" { (MARK) (words::PRODUCT) }
                @if let Some((plan, view)) = self.plan {
                    span.site-header-title { (plan.title) }
                    nav aria-label=(words::VIEWS) { (views(plan, Some(view))) }
                }
                @if let Some(viewer) = self.viewer {
                    div.site-header-end {
                        span.site-viewer {
                            (words::SIGNED_IN_AS) " " strong { (viewer.name) }
                            @if let Some(role) = viewer.roles.first() {
                                span.viewer-part { ", " (words::home::role(*role).0) }
                            }
                        }
                        form method="post" action="/api/session/end" {
                            button.button.button-small type="submit" { (words::SIGN_OUT) }
                        }
                    }
                }
            }
        }
    }
}

/// Write · Read · Replay. `current` is none on pages that are not of one plan.
pub(super) fn views(plan: &PlanCard, current: Option<View>) -> Markup {
    let here = |view| (current == Some(view)).then_some("page");
    let write = if plan.may_edit { words::WRITE } else { words::WORKSPACE };
    // In a list of plans the same three words stand many times: for ears, each says of which plan.
    let of =
        |view: &str| html! { (view) @if current.is_none() { span.visually-hidden { ": " (plan.title) } } };
    html! {
        ul.views {
            li { a href={ "/plans/" (plan.id) } aria-current=[here(View::Write)] { (of(write)) } }
            li { a href={ "/plans/" (plan.id) "/read" } aria-current=[here(View::Read)] { (of(words::READ)) } }
            li { a href={ "/plans/" (plan.id) "/replay" } aria-current=[here(View::Replay)] { (of(words::REPLAY)) } }
        }
    }
}

fn document(title: &str, styles: &[String], script: Option<&str>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (words::PRODUCT) }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                @for style in styles { link rel="stylesheet" href=(style); }
                @if let Some(script) = script { script type="module" src=(script) {} }
            }
            body { (body) }
        }
    }
}

/// Enough members present: a ring of seats, most of them taken.
const MARK: PreEscaped<&str> = PreEscaped(
    r#"<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><g fill="currentColor"><circle cx="12" cy="3.5" r="2.6"/><circle cx="19.4" cy="7.75" r="2.6"/><circle cx="19.4" cy="16.25" r="2.6"/><circle cx="12" cy="20.5" r="2.6"/><circle cx="4.6" cy="16.25" r="2.6"/></g><circle cx="4.6" cy="7.75" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/></svg>"#,
);
