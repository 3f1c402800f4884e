//! What people ask of each other in the demonstration, and what was done of it.

use super::diary::When;
use super::people::{Part, organisation};
use super::script::{id, plan};
use crate::domain::{Ask, Command, Of, SectionId, TaskId, Timestamp};

/// One task. Whoever looks a year later finds its date still to come.
struct Task {
    at: When,
    by: Part,
    of: Whom,
    section: &'static str,
    /// In days from the first day on.
    due: Option<i64>,
    text: &'static str,
    done: Option<(When, Part)>,
}

enum Whom {
    Person(Part),
    Organisation(&'static str),
}

const TASKS: [Task; 5] = [
    Task {
        at: When(8, 10, 2),
        by: Part::Secretariat,
        of: Whom::Organisation("sofia"),
        section: "achieved",
        due: None,
        text: "Could you send the figures of the last two years for this section? A table in a mail is enough.",
        done: Some((When(10, 16, 40), Part::Member2)),
    },
    Task {
        at: When(15, 9, 31),
        by: Part::Secretariat,
        of: Whom::Organisation("athens"),
        section: "concerns",
        due: Some(430),
        text: "Please check what this section says about complaints against your own annual report, and correct it in \
               the text where it is wrong.",
        done: None,
    },
    Task {
        at: When(15, 9, 38),
        by: Part::Secretariat,
        of: Whom::Person(Part::Member2),
        section: "means",
        due: None,
        text: "Who of your office could help with the budget? One name is enough.",
        done: None,
    },
    Task {
        at: When(15, 9, 44),
        by: Part::Secretariat,
        of: Whom::Person(Part::Consultant),
        section: "measuring",
        due: Some(440),
        text: "Please see that each goal has a measure that a member can take without help from outside.",
        done: None,
    },
    Task {
        at: When(15, 11, 12),
        by: Part::Consultant,
        of: Whom::Person(Part::Chair),
        section: "purpose",
        due: Some(450),
        text: "Can the board stand behind this sentence as it is? A yes or a comment beside it will do.",
        done: None,
    },
];

/// Who does what when, in milliseconds since the beginning of day 0.
pub(super) fn commands() -> Vec<(i64, Part, Command)> {
    const DAY: i64 = 24 * 3600 * 1000;
    let mut all = Vec::new();
    for (number, one) in TASKS.iter().enumerate() {
        let task = TaskId(id("task", number));
        let of = match one.of {
            Whom::Person(part) => Of::Person(part.person()),
            Whom::Organisation(name) => Of::Organisation(organisation(name)),
        };
        let section = SectionId::new(one.section).expect("the ids of sections are letters and -");
        let due = one.due.map(|days| Timestamp(days * DAY + 15 * 3600 * 1000));
        let ask = Ask { plan: Some(plan()), section: Some(section), of, due };
        let command = Command::TaskAsk { task, ask, text: one.text.to_owned() };
        all.push((one.at.seconds() * 1000 + 13_000, one.by, command));
        if let Some((at, by)) = one.done {
            all.push((at.seconds() * 1000 + 17_000, by, Command::TaskDone { task }));
        }
    }
    all
}
