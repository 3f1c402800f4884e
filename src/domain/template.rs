//! Templates of processes: phases with how long they last, without dates. Files in JSON: those that come with the
//! program stand in `templates/`, a network has its own in its data folder.

use serde::{Deserialize, Serialize};

use super::decide::text;
use super::forgetting;
use super::{
    Command, Phase, PhaseId, PhaseKind, PhasePlan, PlanId, Process, Refusal, Role, Timestamp, limits,
};

const DAY: i64 = 24 * 3600;

/// A process to be dated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name in the record and in addresses.
    pub template: PhaseId,
    pub title: String,
    /// For how many days after the last phase what people said is kept; none: for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// In their order.
    pub phases: Vec<TemplatePhase>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplatePhase {
    pub phase: PhaseId,
    pub kind: PhaseKind,
    pub title: String,
    /// How many days after the end of the phase before it begins.
    #[serde(default, skip_serializing_if = "is_none")]
    pub pause: u16,
    /// How many days it lasts, at least one.
    pub days: u16,
    /// The roles of which each has to approve before the next phase opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gate: Vec<Role>,
}

fn is_none(days: &u16) -> bool {
    *days == 0
}

/// Why a file is no template.
#[derive(Debug, thiserror::Error)]
pub enum BadTemplate {
    #[error("not a template: {0}")]
    NotRead(#[from] serde_json::Error),
    #[error("a template has 1 to {} phases", limits::PHASES)]
    Phases,
    #[error("two phases have the id {0}")]
    Twice(PhaseId),
    #[error("the gate of the phase {0} asks for a role that approves nothing")]
    Gate(PhaseId),
    #[error("the phase {0} lasts no day")]
    Empty(PhaseId),
    #[error("a title has 1 to {} letters", limits::TITLE)]
    Title,
    #[error("comments are kept for 1 to {} days", limits::RETENTION_DAYS)]
    Keep,
}

impl Template {
    /// Reads one from JSON.
    pub fn read(json: &str) -> Result<Self, BadTemplate> {
        let template: Self = serde_json::from_str(json)?;
        if !(1..=limits::PHASES).contains(&template.phases.len()) {
            return Err(BadTemplate::Phases);
        }
        if forgetting::checked(template.keep_days).is_err() {
            return Err(BadTemplate::Keep);
        }
        let titles = template.phases.iter().map(|phase| &phase.title).chain([&template.title]);
        if titles.into_iter().any(|title| text("title", title, limits::TITLE).is_err()) {
            return Err(BadTemplate::Title);
        }
        for (at, phase) in template.phases.iter().enumerate() {
            if template.phases[..at].iter().any(|other| other.phase == phase.phase) {
                return Err(BadTemplate::Twice(phase.phase.clone()));
            }
            if !phase.gate.iter().all(|role| role.approves()) {
                return Err(BadTemplate::Gate(phase.phase.clone()));
            }
            if phase.days == 0 {
                return Err(BadTemplate::Empty(phase.phase.clone()));
            }
        }
        Ok(template)
    }

    /// Those that come with the program.
    pub fn built_in() -> Vec<Self> {
        let files =
            [include_str!("templates/strategic-plan.json"), include_str!("templates/equality-audit.json")];
        files.map(|file| Self::read(file).expect("a test reads them")).into()
    }

    /// The phases of a process without their dates, in whole days; under a name that comes of the title.
    pub fn of(process: &Process, title: &str) -> Result<Self, Refusal> {
        let title = text("title of the template", title, limits::TITLE)?;
        let days = |from: Timestamp, to: Timestamp| {
            let days = (to.0 - from.0 + DAY * 500).div_euclid(DAY * 1000);
            u16::try_from(days.max(0)).unwrap_or(u16::MAX)
        };
        let mut before = None;
        let phases = process.phases.iter().map(|Phase { plan, .. }| TemplatePhase {
            phase: plan.phase.clone(),
            kind: plan.kind,
            title: plan.title.clone(),
            pause: before.replace(plan.closes).map_or(0, |closed| days(closed, plan.opens)),
            days: days(plan.opens, plan.closes).max(1),
            gate: plan.gate.clone(),
        });
        Ok(Self { template: name(&title), keep_days: process.keep_days, phases: phases.collect(), title })
    }

    /// Asks that a plan's process begins with it at a time, from its first phase on, or from a later one.
    pub fn start(&self, plan: PlanId, from: &str, begins: Timestamp) -> Result<Command, Refusal> {
        if !from.is_empty() && !self.phases.iter().any(|phase| phase.phase.as_str() == from) {
            return Err(Refusal::PhaseOfAnother);
        }
        Ok(Command::ProcessStart {
            plan,
            template: self.template.to_string(),
            phases: self.from_phase(from).dated(begins),
            keep_days: self.keep_days,
        })
    }

    /// Without the phases before this one, for a plan that is on its way already; whole where there is no such phase.
    pub fn from_phase(&self, phase: &str) -> Self {
        let at = self.phases.iter().position(|known| known.phase.as_str() == phase).unwrap_or(0);
        let mut rest = self.clone();
        rest.phases.drain(..at);
        if let Some(first) = rest.phases.first_mut().filter(|_| at > 0) {
            first.pause = 0;
        }
        rest
    }

    /// The phases with dates, the first from `begins` on; days have 24 hours.
    pub fn dated(&self, begins: Timestamp) -> Vec<PhasePlan> {
        let mut at = begins;
        let dated = |phase: &TemplatePhase| {
            let opens = at.plus_seconds(i64::from(phase.pause) * DAY);
            at = opens.plus_seconds(i64::from(phase.days) * DAY);
            PhasePlan {
                phase: phase.phase.clone(),
                kind: phase.kind,
                title: phase.title.clone(),
                opens,
                closes: at,
                gate: phase.gate.clone(),
            }
        };
        self.phases.iter().map(dated).collect()
    }
}

/// The letters and digits of a title, as ids have them.
fn name(title: &str) -> PhaseId {
    let words = title.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    // Room for a number, where another has the name.
    name.truncate(limits::ID_BYTES - 8);
    PhaseId::new(name).unwrap_or_else(|_| PhaseId::new("own").expect("letters"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_is_on_its_way_begins_with_a_later_phase() {
        let whole = &Template::built_in()[0];
        let rest = whole.from_phase("board-adoption");
        let titles: Vec<_> = rest.phases.iter().map(|phase| phase.phase.as_str()).collect();
        assert_eq!(titles[..2], ["board-adoption", "sign-off"]);
        assert_eq!(rest.dated(Timestamp(7))[0].opens, Timestamp(7), "at once, without the pause before it");
        for all in ["", "reflection", "nothing"] {
            assert_eq!(whole.from_phase(all), *whole, "{all}");
        }
    }

    #[test]
    fn the_phases_of_a_process_are_kept_without_their_dates() {
        let whole = &Template::built_in()[1];
        // Off by hours, as when a phase closes in the evening.
        let mut dated = whole.dated(Timestamp(7_000));
        dated[2].closes = dated[2].closes.plus_seconds(-3 * 3600);
        let phases = dated.into_iter().map(|plan| Phase::new(plan, Timestamp(0))).collect();
        let process = Process { template: "any".into(), phases, keep_days: whole.keep_days, forgotten: None };
        let kept = Template::of(&process, " Equality audit\u{2028}").unwrap();
        assert_eq!(kept, *whole);
        for (title, id) in [("Ενότητα", "own"), ("A -- (plan)", "a-plan"), ("Plan 2.0: été", "plan-2-0-t")]
        {
            assert_eq!(Template::of(&process, title).unwrap().template.as_str(), id);
        }
        assert!(Template::of(&process, &"x".repeat(limits::TITLE)).is_ok());
        assert_eq!(Template::of(&process, " ").unwrap_err().code(), "field_empty");
    }

    #[test]
    fn those_that_come_with_the_program_are_read_and_follow_each_other() {
        let titles: Vec<String> = Template::built_in().into_iter().map(|template| template.title).collect();
        assert_eq!(titles, ["Strategic plan", "Equality audit"]);
        for template in Template::built_in() {
            let dated = template.dated(Timestamp(0));
            assert_eq!(dated[0].opens, Timestamp(0));
            assert!(dated.iter().all(|phase| phase.opens < phase.closes));
            assert!(dated.windows(2).all(|two| two[0].closes <= two[1].opens));
            let text = serde_json::to_string(&template).unwrap();
            assert_eq!(Template::read(&text).unwrap(), template);
        }
    }

    #[test]
    fn the_example_is_one() {
        let example = Template::read(include_str!("../../docs/template.json")).unwrap();
        assert_eq!(example.template.as_str(), "two-rounds");
    }

    #[test]
    fn what_is_no_template_is_refused_with_the_reason() {
        let phase = |id: &str, days: u16| {
            format!(r#"{{"phase": "{id}", "kind": "drafting", "title": "{id}", "days": {days}}}"#)
        };
        let file = |phases: &[String]| {
            format!(r#"{{"template": "own", "title": "Own", "phases": [{}]}}"#, phases.join(","))
        };
        assert!(Template::read(&file(&[phase("a", 1)])).is_ok());
        let many: Vec<String> = (0..=limits::PHASES).map(|n| phase(&format!("p{n}"), 1)).collect();
        for (json, why) in [
            (String::new(), "not a template: EOF"),
            (file(&[]), "a template has 1 to 40 phases"),
            (file(&many), "a template has 1 to 40 phases"),
            (file(&[phase("a", 1), phase("a", 2)]), "two phases have the id a"),
            (file(&[phase("a", 0)]), "the phase a lasts no day"),
            (
                file(&[phase("a", 1).replace("\"days\"", "\"gate\": [\"teller\"], \"days\"")]),
                "the gate of the phase a",
            ),
            (file(&[phase("a", 1)]).replace("Own", " "), "a title has 1 to"),
            (file(&[phase("a", 1)]).replace("Own", &"x".repeat(limits::TITLE + 1)), "a title has 1 to"),
            (file(&[phase("a", 1).replace("drafting", "dreaming")]), "not a template: unknown variant"),
            (file(&[phase("a", 1).replace("days", "weeks")]), "not a template: unknown field"),
        ] {
            let heard = Template::read(&json).unwrap_err().to_string();
            assert!(heard.starts_with(why), "{heard}");
        }
    }
}
