//! The templates of processes: those of the program, and the network's own as files in its data folder.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use parking_lot::Mutex;

use crate::domain::{PhaseId, Template, limits};

/// `templates/*.json` in the data folder. Read anew each time: whoever puts a file there need not start anything.
pub(super) struct Templates(
    PathBuf,
    /// Held while one is written or removed.
    Mutex<()>,
);

/// Why a template was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKept {
    #[error("there are {} templates already", limits::TEMPLATES)]
    TooMany,
    #[error(transparent)]
    Disk(#[from] io::Error),
}

impl Templates {
    /// Of a data folder. A file there that is no template is told to the operator, and stops nothing.
    pub(super) fn open(data: &Path) -> Self {
        let templates = Self(data.join("templates"), Mutex::default());
        templates.held();
        templates
    }

    /// The program's, then the network's; of two with one id the first counts.
    pub(super) fn all(&self) -> Vec<Template> {
        let mut all = Template::built_in();
        all.extend(self.own());
        all
    }

    /// The network's own. What is none, or has the id of another, is told to the operator and left out.
    fn own(&self) -> Vec<Template> {
        self.held().into_iter().map(|(_, template)| template).collect()
    }

    fn held(&self) -> Vec<(PathBuf, Template)> {
        let files = self.files().unwrap_or_else(|error| {
            tracing::error!("{}: {error}", self.0.display());
            Vec::new()
        });
        let mut taken: Vec<PhaseId> = Template::built_in().into_iter().map(|one| one.template).collect();
        let mut own = Vec::new();
        for path in files {
            match read(&path) {
                Ok(template) if taken.contains(&template.template) => {
                    tracing::warn!("{}: another template is called {}", path.display(), template.template);
                }
                Ok(template) => {
                    taken.push(template.template.clone());
                    own.push((path, template));
                }
                Err(error) => tracing::warn!("{error}"),
            }
        }
        own
    }

    /// Writes one, under a name that no other has, and answers with it: its own, with a number where that is taken.
    pub(super) fn keep(&self, template: Template) -> Result<PhaseId, NotKept> {
        let _alone = self.1.lock();
        let all = self.all();
        if self.files()?.len() >= limits::TEMPLATES {
            return Err(NotKept::TooMany);
        }
        // Room for a number, where another has the name.
        let wanted =
            &template.template.as_str()[..template.template.as_str().len().min(limits::ID_BYTES - 8)];
        let names = std::iter::once(wanted.to_owned())
            .chain((2..=2 * limits::TEMPLATES + 2).map(|n| format!("{wanted}-{n}")));
        let is_free =
            |name: &PhaseId| all.iter().all(|other| other.template != *name) && !self.path(name).exists();
        let name = names.filter_map(|name| PhaseId::new(name).ok()).find(is_free);
        let name = name.ok_or_else(|| io::Error::other("no name is free"))?;
        fs::create_dir_all(&self.0)?;
        let text = serde_json::to_string_pretty(&Template { template: name.clone(), ..template })
            .map_err(io::Error::other)?;
        // Under another ending first: what is cut short is read by nobody.
        let written = self.path(&name).with_extension("new");
        let mut file = fs::File::create(&written)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&written, self.path(&name))?;
        fs::File::open(&self.0)?.sync_all()?;
        Ok(name)
    }

    /// Removes one of the network's own; the answer is whether there was one.
    pub(super) fn remove(&self, template: &PhaseId) -> io::Result<bool> {
        let _alone = self.1.lock();
        let Some((path, _)) = self.held().into_iter().find(|(_, own)| own.template == *template) else {
            return Ok(false);
        };
        fs::remove_file(path)?;
        Ok(true)
    }

    fn path(&self, name: &PhaseId) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut paths: Vec<_> =
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
        paths.sort();
        Ok(paths)
    }
}

fn read(path: &Path) -> io::Result<Template> {
    let wrong = |why: &dyn std::fmt::Display| io::Error::other(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(&error))?;
    Template::read(&text).map_err(|error| wrong(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(title: &str) -> Template {
        Template { title: title.into(), ..Template::built_in().remove(0) }
    }

    fn names(templates: &Templates) -> Vec<String> {
        templates.own().iter().map(|one| one.template.to_string()).collect()
    }

    #[test]
    fn a_network_keeps_templates_of_its_own() {
        let data = tempfile::tempdir().unwrap();
        let templates = Templates::open(data.path());
        assert_eq!((templates.all().len(), names(&templates).len()), (2, 0));
        // The program's keep their names.
        templates.keep(own("Ours")).unwrap();
        templates.keep(own("Ours too")).unwrap();
        assert_eq!(names(&templates), ["strategic-plan-2", "strategic-plan-3"]);
        let reopened = Templates::open(data.path());
        assert_eq!(reopened.own()[0].title, "Ours");
        assert!(reopened.remove(&own("").template).is_ok_and(|was| !was), "the program's own stay");
        assert!(reopened.remove(&PhaseId::new("strategic-plan-2").unwrap()).unwrap());
        assert_eq!(names(&templates), ["strategic-plan-3"]);
        for _ in 1..limits::TEMPLATES {
            templates.keep(own("More")).unwrap();
        }
        assert!(matches!(templates.keep(own("One more")), Err(NotKept::TooMany)));
    }

    #[test]
    fn long_names_have_room_for_a_number_and_several_at_once_are_all_kept() {
        let data = tempfile::tempdir().unwrap();
        let templates = Templates::open(data.path());
        let long = Template { template: PhaseId::new("x".repeat(limits::ID_BYTES)).unwrap(), ..own("Long") };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| templates.keep(long.clone()).unwrap());
            }
        });
        assert_eq!(names(&templates).len(), 8);
    }

    #[test]
    fn a_file_that_is_no_template_is_left_out() {
        let data = tempfile::tempdir().unwrap();
        let templates = Templates::open(data.path());
        templates.keep(own("Ours")).unwrap();
        fs::write(data.path().join("templates/bad.json"), "{}").unwrap();
        fs::copy(
            data.path().join("templates/strategic-plan-2.json"),
            data.path().join("templates/twice.json"),
        )
        .unwrap();
        assert_eq!(names(&templates), ["strategic-plan-2"]);
        // As a power cut leaves one that was put there by hand.
        fs::write(data.path().join("templates/empty.json"), "").unwrap();
        assert_eq!(names(&Templates::open(data.path())), ["strategic-plan-2"]);
    }
}
