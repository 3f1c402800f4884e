//! The network's own templates.

use super::{App, Error};
use crate::domain::{Action, PersonId, PhaseId, Refusal, Template};
use crate::http::templates::NotKept;

impl App {
    /// The program's, then the network's.
    pub fn templates(&self) -> Vec<Template> {
        self.templates.all()
    }

    /// Keeps one for the network, under a name that is free: that name.
    pub fn keep_template(&self, person: &PersonId, template: Template) -> Result<PhaseId, Error> {
        self.permits(person, Action::Process)?;
        self.templates.keep(template).map_err(|why| match why {
            NotKept::TooMany => Refusal::TooManyTemplates.into(),
            NotKept::Disk(error) => not_written(&error),
        })
    }

    pub fn remove_template(&self, person: &PersonId, template: &PhaseId) -> Result<(), Error> {
        self.permits(person, Action::Process)?;
        match self.templates.remove(template) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::TemplateUnknown.into()),
            Err(error) => Err(not_written(&error)),
        }
    }
}

fn not_written(error: &std::io::Error) -> Error {
    Error::Failed(format!("the folder of templates cannot be written: {error}"))
}
