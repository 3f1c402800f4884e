//! The words around who writes which section.

pub(in crate::http::pages) const TITLE: &str = "Who writes what";
pub(in crate::http::pages) const LEAD: &str = "A section can be for one working group to write. Everybody else goes on reading it and commenting on it; the \
     secretariat and the consultant write everywhere.";
pub(in crate::http::pages) const NO_SECTIONS: &str = "The plan has no sections yet.";
pub(in crate::http::pages) const UNTITLED: &str = "Untitled section";
pub(in crate::http::pages) const ALL: &str = "Everybody who may write in the plan.";
/// Behind a name.
pub(in crate::http::pages) const HAS_LEFT: &str = " (has left the network)";
pub(in crate::http::pages) const CHANGE: &str = "Change who writes it";
pub(in crate::http::pages) const HINT: &str =
    "Choose organisations, people or both. Nobody chosen: everybody who may write in the plan.";
pub(in crate::http::pages) const ORGANISATIONS: &str = "Members: all who act for them";
pub(in crate::http::pages) const PEOPLE: &str = "People";
pub(in crate::http::pages) const SAVE: &str = "Save";
pub(in crate::http::pages) const DONE: &str = "Who writes it is set.";

pub(in crate::http::pages) fn by(names: &str) -> String {
    format!("Written by {names}.")
}
