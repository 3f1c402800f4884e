//! The words of the pages on which phases are planned and templates kept.

use crate::domain::PhaseKind;

type Text = &'static str;

pub(in crate::http::pages) const TITLE: Text = "Change the plan's phases";
pub(in crate::http::pages) const LEAD: Text = "A phase that has not begun can be changed as you like. One that is open keeps its rules and who approves; only its \
     title can change. What is over stays as it was.";
/// A link to the calendar follows.
pub(in crate::http::pages) const DATES: Text = "The dates of all phases are set in the";
pub(in crate::http::pages) const PLAN_TITLE: Text = "The plan's title";
pub(in crate::http::pages) const NOT_NOW: Text =
    "In this phase nobody changes the text, and its title is part of it.";
pub(in crate::http::pages) const RENAME: Text = "Save the title";
pub(in crate::http::pages) const PHASE_TITLE: Text = "Title";
pub(in crate::http::pages) const KIND: Text = "What is done in it";
pub(in crate::http::pages) const GATE: Text = "Who approves before the next phase opens";
pub(in crate::http::pages) const GATE_HINT: Text =
    "One person of each. With none ticked, the next phase opens on its date.";
pub(in crate::http::pages) const CHANGE: Text = "Change this phase";
pub(in crate::http::pages) const ADD_OPEN: Text = "Say what it is";
pub(in crate::http::pages) const SAVE: Text = "Save this phase";
pub(in crate::http::pages) const REMOVE: Text = "Take this phase out";
pub(in crate::http::pages) const ADD: Text = "Add a phase";
pub(in crate::http::pages) const ADD_LEAD: Text =
    "It takes its place by its dates, between the others or behind them.";
pub(in crate::http::pages) const WITHDRAW_TITLE: Text = "Begin again";
pub(in crate::http::pages) const WITHDRAW_LEAD: Text = "No phase has begun yet. You can take all of them back, and choose another template. The plan is then open for \
     writing until you do.";
pub(in crate::http::pages) const WITHDRAW: Text = "Take all phases back";
pub(in crate::http::pages) const KEEP_TITLE: Text = "Use these phases again";
pub(in crate::http::pages) const KEEP_LEAD: Text = "Keeps the phases, how long they last and who approves, without their dates, as a template for other plans.";
pub(in crate::http::pages) const KEEP_NAME: Text = "Title of the template";
pub(in crate::http::pages) const KEEP: Text = "Keep as a template";
pub(in crate::http::pages) const TEMPLATES: Text = "Templates";
pub(in crate::http::pages) const TEMPLATES_LEAD: Text = "A template says which phases a plan goes through, how long each lasts, and who approves. It is chosen when the dates \
     of a plan are set; plans that have their dates stay as they are.";
pub(in crate::http::pages) const BUILT_IN: Text = "Comes with the program";
pub(in crate::http::pages) const REMOVE_TEMPLATE: Text = "Remove this template";
pub(in crate::http::pages) const FILE: Text = "As a file, to copy";
pub(in crate::http::pages) const ADD_TEMPLATE: Text = "Add a template";
pub(in crate::http::pages) const ADD_TEMPLATE_LEAD: Text = "The easiest way: set the phases of a plan as you want them, and keep them as a template there. Or copy the file \
     of a template above, change it, and put it here.";
pub(in crate::http::pages) const JSON: Text = "The template (JSON)";

/// After something was done.
pub(in crate::http::pages) fn done(what: &str) -> Option<Text> {
    match what {
        "renamed" => Some("The title is saved."),
        "changed" => Some("The phase is saved."),
        "removed" => Some("The phase is taken out."),
        "added" => Some("The phase is added."),
        "template" => Some("The template is kept."),
        "template-removed" => Some("The template is removed."),
        "withdrawn" => Some("All phases are taken back."),
        _ => None,
    }
}

/// What a kind of phase is called.
pub(in crate::http::pages) fn kind(kind: PhaseKind) -> Text {
    match kind {
        PhaseKind::Gathering => "Gathering",
        PhaseKind::Drafting => "Drafting",
        PhaseKind::Consultation => "Consultation",
        PhaseKind::Confidential => "In confidence",
        PhaseKind::Decision => "Decision",
        PhaseKind::FollowUp => "Follow-up",
    }
}

/// `3 days`, `1 day`; whole years as years, with their leap days or without: `3 years`.
pub(in crate::http::pages) fn days(days: u32) -> String {
    let years = days / 365;
    let is_whole = years > 0 && (0..=years / 4).contains(&(days % 365));
    let (count, one) = if is_whole { (years, "year") } else { (days, "day") };
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #[test]
    fn whole_years_are_said_in_years() {
        for (days, said) in [
            (0, "0 days"),
            (1, "1 day"),
            (30, "30 days"),
            (365, "1 year"),
            (1095, "3 years"),
            (1096, "1096 days"),
            (1825, "5 years"),
            (1826, "5 years"),
            (1827, "1827 days"),
        ] {
            assert_eq!(super::days(days), said);
        }
    }
}
