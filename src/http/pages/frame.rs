//! What every page has around its own content: head, skip link, header, main.

use maud::{Markup, PreEscaped, html};

use super::{
    library::{Person, PlanCard},
    words,
};
use crate::notify::Waiting;
use crate::{
    export::html as set,
    http::assets::{self, Entry},
};

const STYLES: &str = "src/styles/pages.css";
/// Shows times as the reader's clock does; pages with a script of their own do it there.
const TIMES: &str = "src/pages/main.ts";

/// The page's place among the views of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Write,
    Read,
    Replay,
    Calendar,
    /// The pages around the calendar, for those who keep a plan's process.
    Phases,
    Guests,
    Sections,
    Tasks,
}

impl View {
    fn is_around_the_calendar(self) -> bool {
        matches!(self, Self::Calendar | Self::Phases | Self::Guests | Self::Sections | Self::Tasks)
    }
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
        let Entry { script, styles } = assets::entry(self.script.unwrap_or(TIMES));
        let styles = [assets::entry(STYLES).styles, styles].concat();
        let body = html! {
            a.skip-link href="#main" { (words::SKIP) }
            (self.header())
            main #main class={ "page page-" (kind) } tabindex="-1" {
                @if let Some((plan, view)) = self.plan {
                    @if view.is_around_the_calendar() { (around(plan, view)) }
                }
                (main)
            }
        };
        document(self.title, &Entry { script, styles }, &body)
    }

    /// A page whose whole body is the script's, with what stands there until it runs.
    pub(super) fn shell(&self, source: &str, body: Markup) -> Markup {
        let mut entry = assets::entry(source);
        if entry.styles.is_empty() {
            entry.styles = assets::entry(STYLES).styles;
        }
        document(self.title, &entry, &body)
    }

    fn header(&self) -> Markup {
        html! {
            header.site-header.of-person[self.viewer.is_some()] {
                a.site-name href="/" { (MARK) span.site-name-text { (words::PRODUCT) } }
                @if let Some((plan, view)) = self.plan {
                    span.site-header-title { (plan.title) }
                    nav aria-label=(words::VIEWS) { (views(plan, Some(view))) }
                }
                @if let Some(viewer) = self.viewer {
                    div.site-header-end {
                        a.site-plans href="/" { (words::PLANS) }
                        a.site-mine href="/me" { (words::mine::TITLE) (waiting(viewer)) }
                        @if viewer.keeps_people { a.site-network href="/network" { (words::NETWORK) } }
                        button.account type="button" popovertarget="account" {
                            span.avatar aria-hidden="true" { (initials(&viewer.name)) }
                            span.account-name {
                                span.visually-hidden { (words::SIGNED_IN_AS) " " } (viewer.name)
                            }
                        }
                        (account(viewer))
                    }
                }
            }
        }
    }
}

/// What opens below one's name; browsers that know no popovers show it where it stands.
fn account(viewer: &Person) -> Markup {
    html! {
        div.account-menu #account popover {
            p { strong { (viewer.name) } }
            p.soft.small { (viewer.part) }
            ul {
                li { a href="/" { (words::PLANS) } }
                @if viewer.keeps_people { li { a href="/network" { (words::NETWORK) } } }
                li { a href="/me#account-settings" { (words::ACCOUNT) } }
            }
            form method="post" action="/api/session/end" {
                button.button type="submit" {
                    (if viewer.picked { words::CHANGE_PERSON } else { words::SIGN_OUT })
                }
            }
        }
    }
}

/// Of the first and the last word of a name.
fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().next());
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

/// The calendar and what is kept beside it: who is invited, who writes what, what is asked of whom.
fn around(plan: &PlanCard, here: View) -> Markup {
    let pages = [
        (View::Calendar, "calendar", words::CALENDAR, true),
        (View::Phases, "phases", words::PHASES, plan.may_process),
        (View::Guests, "guests", words::guest::GUESTS, plan.may_process),
        (View::Sections, "sections", words::SECTIONS, plan.may_process),
        (View::Tasks, "tasks", words::mine::TASKS_OF, plan.may_ask),
    ];
    html! {
        p.of-plan.small.soft { (plan.title) }
        @if plan.may_process || plan.may_ask {
            nav aria-label=(words::AROUND) {
                ul.views.around {
                    @for (view, path, name, _) in pages.into_iter().filter(|(.., is_open)| *is_open) {
                        li {
                            a href={ "/plans/" (plan.id) "/" (path) }
                                aria-current=[(view == here).then_some("page")] { (name) }
                        }
                    }
                }
            }
        }
    }
}

/// How much waits, behind the link to one's own page: in words for ears, as figures for eyes.
fn waiting(viewer: &Person) -> Markup {
    let Waiting { todos, unseen } = viewer.waiting;
    html! {
        @if todos > 0 {
            " " span.badge.badge-waiting { (todos) " " (words::mine::TO_DO) }
        }
        @if unseen > 0 {
            " " span.badge { (unseen) " " (words::mine::NEW) }
        }
    }
}

/// Write · Read · Calendar · Replay. `current` is none on pages that are not of one plan.
pub(super) fn views(plan: &PlanCard, current: Option<View>) -> Markup {
    let here = |view| match current {
        Some(here) if here == view => Some("page"),
        // The pages around the calendar are a part of it.
        Some(here) if view == View::Calendar && here.is_around_the_calendar() => Some("true"),
        _ => None,
    };
    let write = if plan.may_edit { words::WRITE } else { words::WORKSPACE };
    // In a list of plans the same three words stand many times: for ears, each says of which plan.
    let of =
        |view: &str| html! { (view) @if current.is_none() { span.visually-hidden { ": " (plan.title) } } };
    html! {
        ul.views {
            li { a href={ "/plans/" (plan.id) } aria-current=[here(View::Write)] { (of(write)) } }
            li { a href={ "/plans/" (plan.id) "/read" } aria-current=[here(View::Read)] { (of(words::READ)) } }
            li { a href={ "/plans/" (plan.id) "/calendar" } aria-current=[here(View::Calendar)] { (of(words::CALENDAR)) } }
            li { a href={ "/plans/" (plan.id) "/replay" } aria-current=[here(View::Replay)] { (of(words::REPLAY)) } }
        }
    }
}

/// The product's name behind the page's in the window's title.
fn document(title: &str, entry: &Entry, body: &Markup) -> Markup {
    let title = format!("{title} · {}", words::PRODUCT);
    set::page(&title, &entry.styles, entry.script.as_deref(), body)
}

/// Enough members present: a ring of seats, most of them taken.
const MARK: PreEscaped<&str> = PreEscaped(
    r#"<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><g fill="currentColor"><circle cx="12" cy="3.5" r="2.6"/><circle cx="19.4" cy="7.75" r="2.6"/><circle cx="19.4" cy="16.25" r="2.6"/><circle cx="12" cy="20.5" r="2.6"/><circle cx="4.6" cy="16.25" r="2.6"/></g><circle cx="4.6" cy="7.75" r="1.9" fill="none" stroke="currentColor" stroke-width="1.4"/></svg>"#,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_of_names() {
        for (name, letters) in [("Ilse", "I"), ("Ana de Souza", "AS"), ("łukasz żak", "ŁŻ"), ("", "")] {
            assert_eq!(initials(name), letters);
        }
    }
}
