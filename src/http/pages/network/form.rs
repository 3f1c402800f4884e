//! What the forms of the network share: what was typed, what is wrong with it, and its name for repeating it.

use axum::{
    extract::{Form, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use sha2::{Digest, Sha256};

use super::super::{problem::Problem, words::network as say};
use crate::domain::{EventId, Refusal};

/// The hidden field that names the form as it was handed out.
pub(super) const NONCE: &str = "form";
/// The hidden field with the version that its reader has seen.
pub(super) const VERSION: &str = "version";

pub(super) type Sent = Result<Form<Vec<(String, String)>>, FormRejection>;

/// The fields of a form, as they were sent or as they are to be shown first.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn sent(sent: Sent) -> Result<Self, Problem> {
        sent.map(|Form(fields)| Self(fields)).map_err(|_| Problem::NotUnderstood)
    }

    pub(super) fn of<const N: usize>(fields: [(&str, String); N]) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn put(&mut self, name: &str, value: String) {
        self.0.push((name.to_owned(), value));
    }

    /// The first of that name; empty where there is none.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(field, one)| field == name && one == value)
    }

    /// With another value for a field.
    pub(super) fn at(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(field, _)| field != name);
        self.put(name, value.to_owned());
        self
    }

    /// With the values that others have for some fields.
    pub(super) fn with(self, others: &Self, names: &[&str]) -> Self {
        names.iter().fold(self, |fields, name| fields.at(name, others.get(name)))
    }

    /// The id of the command that these fields ask for: the same for the same form sent twice, another for another
    /// form and for other words.
    pub(super) fn id(&self) -> EventId {
        let mut digest = Sha256::new();
        for (name, value) in &self.0 {
            for text in [name, value] {
                digest.update((text.len() as u64).to_be_bytes());
                digest.update(text);
            }
        }
        EventId::of_digest(&digest.finalize().into())
    }
}

/// One thing that is wrong with a form.
#[derive(Debug, Clone)]
pub(super) struct Wrong {
    /// The id of the field's input; empty where it is about the whole.
    pub(super) field: &'static str,
    pub(super) sentence: String,
    pub(super) hint: String,
}

impl Wrong {
    pub(super) fn at(field: &'static str, sentence: &str) -> Self {
        Self { field, sentence: sentence.to_owned(), hint: String::new() }
    }

    /// `field`: which input the refusal is about.
    pub(super) fn refused(field: &'static str, refusal: &Refusal) -> Self {
        let hint = match refusal {
            Refusal::PersonChanged | Refusal::OrganisationChanged => say::CHANGED_MEANWHILE_HINT,
            other => other.hint(),
        };
        Self { field, sentence: refusal.sentence(), hint: hint.to_owned() }
    }
}

/// What is wrong, where one starts to read: the summary takes the focus, and leads to the fields.
pub(super) fn summary(wrong: &[Wrong], beside: &Markup) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div #wrong.notice.notice-bad role="alert" tabindex="-1" autofocus {
                h2 { (say::NOT_SAVED) }
                ul {
                    @for one in wrong {
                        li {
                            @if one.field.is_empty() { (one.sentence) }
                            @else { a href={ "#" (one.field) } { (one.sentence) } }
                            @if !one.hint.is_empty() { " " (one.hint) }
                        }
                    }
                }
                (beside)
            }
        }
    }
}

/// The title of a page with a form: the first that is heard of it is whether something is wrong.
pub(super) fn title(about: &str, wrong: &[Wrong]) -> String {
    if wrong.is_empty() { about.to_owned() } else { format!("{}: {about}", say::NOT_SAVED) }
}

/// What was done, at the top of the page that follows.
pub(super) use super::super::form::done;

/// The attributes and the words beneath an input.
pub(super) struct Beneath {
    pub(super) described_by: Option<String>,
    pub(super) invalid: Option<&'static str>,
    pub(super) words: Markup,
}

/// The hint of a field, and what is wrong with it.
pub(super) fn beneath(field: &str, hint: &str, wrong: &[Wrong]) -> Beneath {
    let found: Vec<&Wrong> = wrong.iter().filter(|one| one.field == field).collect();
    let hint_id = (!hint.is_empty()).then(|| format!("{field}-hint"));
    let wrong_id = (!found.is_empty()).then(|| format!("{field}-wrong"));
    let ids: Vec<String> = hint_id.iter().chain(&wrong_id).cloned().collect();
    Beneath {
        described_by: (!ids.is_empty()).then(|| ids.join(" ")),
        invalid: (!found.is_empty()).then_some("true"),
        words: html! {
            @if let Some(id) = &hint_id { span.field-hint id=(id) { (hint) } }
            @if let Some(id) = &wrong_id {
                span.field-error id=(id) { @for one in &found { (one.sentence) " " } }
            }
        },
    }
}

/// A line to be typed into. `kind`: the input's type.
pub(super) fn line(
    field: &str,
    kind: &str,
    label: &str,
    hint: &str,
    fields: &Fields,
    wrong: &[Wrong],
) -> Markup {
    let Beneath { described_by, invalid, words } = beneath(field, hint, wrong);
    let (mode, complete) = match kind {
        "number" => (Some("numeric"), None),
        _ => (None, Some("off")),
    };
    // A number is taken as text: what is typed comes back as it was typed, whatever it is.
    let kind = if kind == "number" { "text" } else { kind };
    html! {
        div.field {
            label for=(field) { (label) }
            input id=(field) name=(field) type=(kind) value=(fields.get(field)) inputmode=[mode] autocomplete=[complete]
                aria-describedby=[described_by] aria-invalid=[invalid];
            (words)
        }
    }
}

/// One of several to be ticked: its value and whether it is, its name and what that means.
pub(super) fn tick(
    kind: &str,
    id: &str,
    field: &str,
    (value, ticked): (&str, bool),
    (name, what): (&str, &str),
) -> Markup {
    html! {
        div.check {
            input id=(id) type=(kind) name=(field) value=(value) checked[ticked] aria-describedby={ (id) "-what" };
            span { label for=(id) { (name) } " " span.field-hint id={ (id) "-what" } { (what) } }
        }
    }
}

pub(super) fn hidden(fields: &Fields, names: &[&str]) -> Markup {
    html! { @for name in names { input type="hidden" name=(name) value=(fields.get(name)); } }
}

/// On to a page by GET, so that reloading it sends nothing again.
pub(super) fn on_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// A page with the status of what was refused in it.
pub(super) fn refused(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}
