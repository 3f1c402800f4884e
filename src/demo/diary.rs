//! Three weeks in one table: who worked on what, and when.
//!
//! Day 0 is the Monday of the first week; times are Brussels time in winter. How long a session takes follows
//! from what is written in it.

use super::people::Part;
use super::text::Revision;

/// A section's id and its file.
pub(super) const SECTIONS: [(&str, &str); 18] = [
    ("about", include_str!("texts/about.md")),
    ("where-we-stand", include_str!("texts/stand.md")),
    ("achieved", include_str!("texts/achieved.md")),
    ("concerns", include_str!("texts/concerns.md")),
    ("purpose", include_str!("texts/purpose.md")),
    ("neighbours", include_str!("texts/position.md")),
    ("goals", include_str!("texts/goals.md")),
    ("capacity", include_str!("texts/capacity.md")),
    ("standards", include_str!("texts/standards.md")),
    ("voice", include_str!("texts/voice.md")),
    ("knowledge", include_str!("texts/knowledge.md")),
    ("label", include_str!("texts/label.md")),
    ("working-together", include_str!("texts/working.md")),
    ("means", include_str!("texts/means.md")),
    ("measuring", include_str!("texts/measuring.md")),
    ("risks", include_str!("texts/risks.md")),
    ("calendar", include_str!("texts/calendar.md")),
    ("words", include_str!("texts/words.md")),
];

pub const TITLE: &str = "Strategic plan of the Network: working draft";

/// The sections as they stand at the end, in reading order, each with the section above it.
pub(super) const OUTLINE: [(&str, &str); 17] = [
    ("about", ""),
    ("where-we-stand", ""),
    ("achieved", "where-we-stand"),
    ("concerns", "where-we-stand"),
    ("purpose", ""),
    ("neighbours", ""),
    ("goals", ""),
    ("capacity", "goals"),
    ("standards", "goals"),
    ("voice", "goals"),
    ("knowledge", "goals"),
    ("working-together", ""),
    ("means", ""),
    ("measuring", ""),
    ("risks", ""),
    ("calendar", ""),
    ("words", ""),
];

/// A day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct When(pub(super) u8, pub(super) u8, pub(super) u8);

impl When {
    /// Seconds since the beginning of day 0, in UTC.
    pub(super) fn seconds(self) -> i64 {
        let Self(day, hour, minute) = self;
        (i64::from(day) * 24 + i64::from(hour) - 1) * 3600 + i64::from(minute) * 60
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    /// A new section with its heading: below, and after. Empty: at the top level, first.
    Lay(&'static str, &'static str, &'static str),
    /// The section's text is brought to this revision.
    Write(&'static str, Revision),
    /// The section is moved: below, and after.
    Place(&'static str, &'static str, &'static str),
    Remove(&'static str),
}

/// One stretch of work of one person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Session {
    pub(super) at: When,
    pub(super) by: Part,
    pub(super) tasks: &'static [Task],
}

const fn work(day: u8, hour: u8, minute: u8, by: Part, tasks: &'static [Task]) -> Session {
    Session { at: When(day, hour, minute), by, tasks }
}

use Part::{Chair, Consultant, Member1, Member2, Secretariat};
use Task::{Lay, Place, Remove, Write};

pub(super) const SESSIONS: &[Session] = &[
    // First week: the skeleton, and a first text for every section.
    work(
        0,
        9,
        30,
        Secretariat,
        &[
            Lay("about", "", ""),
            Lay("where-we-stand", "", "about"),
            Lay("achieved", "where-we-stand", ""),
            Lay("concerns", "where-we-stand", "achieved"),
            Lay("purpose", "", "where-we-stand"),
            Lay("goals", "", "purpose"),
            Lay("capacity", "goals", ""),
            Lay("standards", "goals", "capacity"),
            Lay("voice", "goals", "standards"),
            Lay("means", "", "goals"),
            Lay("working-together", "", "means"),
            Lay("measuring", "", "working-together"),
            Lay("calendar", "", "measuring"),
        ],
    ),
    work(0, 10, 15, Secretariat, &[Write("about", 1)]),
    work(0, 14, 5, Secretariat, &[Write("where-we-stand", 1)]),
    work(0, 15, 20, Consultant, &[Write("achieved", 1)]),
    work(1, 9, 40, Consultant, &[Write("concerns", 1)]),
    work(1, 9, 44, Member1, &[Write("purpose", 1)]),
    work(1, 14, 10, Secretariat, &[Write("calendar", 1)]),
    work(2, 10, 5, Consultant, &[Write("goals", 1), Lay("label", "goals", "voice"), Write("label", 1)]),
    work(2, 13, 50, Member2, &[Write("standards", 1)]),
    work(2, 14, 2, Member1, &[Write("capacity", 1)]),
    work(3, 9, 15, Member2, &[Lay("knowledge", "goals", "voice"), Write("knowledge", 1)]),
    work(3, 11, 0, Consultant, &[Write("voice", 1)]),
    work(3, 15, 30, Secretariat, &[Write("working-together", 1)]),
    work(4, 9, 50, Member1, &[Lay("neighbours", "where-we-stand", "concerns"), Write("neighbours", 1)]),
    work(4, 13, 30, Secretariat, &[Write("means", 1)]),
    work(4, 14, 25, Consultant, &[Write("where-we-stand", 2)]),
    // A Sunday evening, once.
    work(6, 20, 10, Member2, &[Write("achieved", 2)]),
    // Second week: rewriting, reordering, and one section less.
    work(7, 9, 30, Secretariat, &[Write("about", 2)]),
    work(7, 10, 0, Consultant, &[Write("concerns", 2)]),
    work(7, 10, 3, Member1, &[Lay("words", "", "about"), Write("words", 1)]),
    work(8, 9, 30, Member1, &[Write("capacity", 2)]),
    work(8, 9, 32, Consultant, &[Write("capacity", 3)]),
    work(8, 13, 40, Member2, &[Write("standards", 2)]),
    work(8, 13, 42, Secretariat, &[Write("standards", 3)]),
    work(8, 15, 0, Consultant, &[Lay("risks", "", "measuring"), Write("risks", 1)]),
    work(9, 10, 0, Consultant, &[Write("purpose", 2)]),
    work(9, 11, 10, Secretariat, &[Place("neighbours", "", "purpose")]),
    work(9, 11, 16, Member1, &[Write("neighbours", 2)]),
    work(9, 14, 0, Member2, &[Write("voice", 2), Write("knowledge", 2)]),
    work(10, 9, 20, Secretariat, &[Write("working-together", 2), Place("working-together", "", "goals")]),
    work(10, 10, 40, Consultant, &[Write("goals", 2)]),
    work(10, 14, 0, Secretariat, &[Write("means", 2)]),
    work(10, 14, 4, Consultant, &[Write("measuring", 1)]),
    work(11, 10, 30, Consultant, &[Remove("label")]),
    work(11, 11, 0, Member1, &[Write("words", 2)]),
    work(11, 14, 0, Secretariat, &[Write("calendar", 2)]),
    // Third week, after the freeze: the board's remarks, and the last open places.
    work(14, 9, 30, Consultant, &[Write("concerns", 3)]),
    work(14, 9, 58, Member1, &[Write("purpose", 3)]),
    work(14, 10, 0, Secretariat, &[Write("purpose", 4)]),
    work(14, 14, 0, Consultant, &[Write("where-we-stand", 3)]),
    work(14, 14, 10, Secretariat, &[Write("about", 3)]),
    work(15, 9, 40, Secretariat, &[Place("words", "", "calendar")]),
    work(15, 10, 0, Member2, &[Write("voice", 3)]),
    work(15, 10, 2, Member1, &[Write("neighbours", 3)]),
    work(15, 11, 30, Consultant, &[Write("achieved", 3)]),
    work(15, 14, 30, Consultant, &[Write("measuring", 2)]),
    work(16, 10, 0, Member2, &[Write("knowledge", 3)]),
    work(16, 10, 3, Consultant, &[Write("risks", 2)]),
    work(16, 11, 0, Secretariat, &[Write("measuring", 3)]),
    work(16, 14, 0, Secretariat, &[Write("calendar", 3)]),
    work(17, 9, 45, Secretariat, &[Write("working-together", 3)]),
    work(17, 11, 20, Consultant, &[Write("goals", 3)]),
    work(18, 14, 10, Secretariat, &[Write("means", 3)]),
];

/// What is said about words, and what the secretariat decides about the whole text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Say {
    /// A thread on these words of a section, which stand there once at that time.
    Open(&'static str, &'static str, &'static str),
    Reply(&'static str),
    Resolve,
    Reopen,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Remark {
    pub(super) at: When,
    pub(super) by: Part,
    /// Which thread, from 1.
    pub(super) thread: u8,
    pub(super) say: Say,
}

const fn say(day: u8, hour: u8, minute: u8, by: Part, thread: u8, say: Say) -> Remark {
    Remark { at: When(day, hour, minute), by, thread, say }
}

use Say::{Open, Reopen, Reply, Resolve};

pub(super) const REMARKS: &[Remark] = &[
    // 1: the words were changed because of it.
    say(
        1,
        9,
        12,
        Member1,
        1,
        Open(
            "where-we-stand",
            "has become worse",
            "Worse for whom? In Athens it is easier than four years ago to find a journalist who listens, and harder to find a minister. I would say what became harder.",
        ),
    ),
    say(
        1,
        9,
        31,
        Consultant,
        1,
        Reply(
            "Fair. It is the subject that has become difficult, not politics in general. I will reword it when I come to the section.",
        ),
    ),
    say(4, 15, 2, Member1, 1, Reply("Better, thank you.")),
    say(4, 15, 3, Member1, 1, Resolve),
    // 2: the words are gone.
    say(
        3,
        17,
        5,
        Chair,
        2,
        Open(
            "where-we-stand",
            "The draft tries to do both.",
            "With this office it cannot do both. Please choose, and let the board see that a choice was made.",
        ),
    ),
    say(
        4,
        9,
        20,
        Consultant,
        2,
        Reply(
            "I hesitated to choose for the members. If the drafting group agrees, the second view should win wherever the two collide.",
        ),
    ),
    say(4, 11, 48, Secretariat, 2, Reply("Agreed here. It is also what the room said: members first.")),
    say(
        14,
        14,
        55,
        Consultant,
        2,
        Reply(
            "The sentence is out and a clear one stands in its place. I leave the thread open until the board has seen it.",
        ),
    ),
    // 3
    say(
        2,
        9,
        25,
        Member2,
        3,
        Open(
            "achieved",
            "a voice that is recognisably an expert's",
            "Is this praise or a complaint? On our flipchart it was praise.",
        ),
    ),
    say(2, 9, 41, Consultant, 3, Reply("Praise. The complaint about readers is under concerns.")),
    say(2, 16, 30, Member2, 3, Resolve),
    // 4: resolved, and opened again.
    say(
        2,
        17,
        10,
        Chair,
        4,
        Open(
            "concerns",
            "One European programme pays for nearly everything.",
            "Is this the sentence that we want the funder to read first?",
        ),
    ),
    say(
        3,
        8,
        55,
        Secretariat,
        4,
        Reply("They wrote something close to it in their own evaluation. I think it reads as candour."),
    ),
    say(
        3,
        9,
        50,
        Member1,
        4,
        Reply("Keep it. If we cannot say it in our own plan, it is truer than we thought."),
    ),
    say(4, 16, 20, Chair, 4, Resolve),
    say(15, 16, 45, Chair, 4, Reopen),
    say(
        15,
        16,
        47,
        Chair,
        4,
        Reply(
            "The treasurer asks for the figure here as well, as under means. I open this again so that it is not forgotten.",
        ),
    ),
    say(
        16,
        9,
        5,
        Secretariat,
        4,
        Reply("The audited figure comes on Friday. Until then I would rather have no number than two."),
    ),
    // 5
    say(
        9,
        9,
        14,
        Member2,
        5,
        Open(
            "capacity",
            "gives that person half a day a month",
            "We are eleven people. Half a day a month is a tenth of what our legal department has for training, so it has to come with something in return.",
        ),
    ),
    say(9, 9, 40, Member1, 5, Reply("What would be enough? A place kept in the practice training?")),
    say(9, 13, 15, Member2, 5, Reply("A place kept, and the right to send whoever is new.")),
    say(
        17,
        14,
        30,
        Consultant,
        5,
        Reply(
            "I leave the wording as it is until the consultation; the question to members stands at the end of the section.",
        ),
    ),
    // 6 and 7: two threads on the same words.
    say(
        3,
        10,
        35,
        Member1,
        6,
        Open(
            "standards",
            "A decision on accreditation",
            "Several of us would read this as decided already. Can it say that a decision *not* to accredit is possible?",
        ),
    ),
    say(
        3,
        11,
        20,
        Member2,
        6,
        Reply(
            "It is possible, of course. Perhaps the introduction to the list should say so rather than this line.",
        ),
    ),
    say(
        4,
        16,
        5,
        Chair,
        7,
        Open(
            "standards",
            "A decision on accreditation",
            "Who decides? The board can propose, but standing in the network is a matter for the general assembly.",
        ),
    ),
    say(
        7,
        9,
        20,
        Secretariat,
        7,
        Reply("The assembly, under the statutes. Petar is going through this section tomorrow."),
    ),
    say(8, 16, 10, Chair, 7, Reply("Good as it stands now.")),
    say(8, 16, 11, Chair, 7, Resolve),
    // 8
    say(
        7,
        14,
        40,
        Chair,
        8,
        Open("standards", "We shall not rank.", "I should like this sentence on the wall of the office."),
    ),
    say(7, 15, 2, Secretariat, 8, Resolve),
    // 9: on the section that was removed afterwards.
    say(
        4,
        10,
        55,
        Member2,
        9,
        Open(
            "label",
            "It would make equality visible in a positive way",
            "It would also make us visible on the day when a labelled ministry loses a case against us.",
        ),
    ),
    say(
        4,
        11,
        30,
        Consultant,
        9,
        Reply(
            "The margin note says the same in French. I see no way around it for bodies that decide cases.",
        ),
    ),
    say(
        7,
        9,
        5,
        Member1,
        9,
        Reply(
            "Nor for those that bring them. We have had it in another field, with accessible buildings, and withdrew after two years.",
        ),
    ),
    say(
        10,
        16,
        40,
        Chair,
        9,
        Reply(
            "Then let it go, with a line under the goals so that the group which proposed it can see what became of it.",
        ),
    ),
    say(11, 10, 20, Consultant, 9, Resolve),
    // 10
    say(
        10,
        9,
        10,
        Member1,
        10,
        Open(
            "voice",
            "at most two a year",
            "We count five pending cases in which somebody should intervene. Why two?",
        ),
    ),
    say(
        10,
        11,
        50,
        Member2,
        10,
        Reply(
            "Because each took one lawyer six weeks last time. Two that are read are better than five that are filed.",
        ),
    ),
    say(
        10,
        13,
        20,
        Member1,
        10,
        Reply("Then say so in the annual programme, with the names of the lawyers."),
    ),
    // 11
    say(
        7,
        16,
        0,
        Member2,
        11,
        Open("working-together", "with its own answer beside the others", "This alone would make me answer."),
    ),
    say(
        7,
        16,
        25,
        Secretariat,
        11,
        Reply("It costs us a day a survey. We have tried it once, and it is worth the day."),
    ),
    say(8, 8, 50, Member2, 11, Resolve),
    // 12
    say(
        17,
        16,
        15,
        Member1,
        12,
        Open(
            "working-together",
            "a friendly telephone call",
            "Who calls? If it is the secretariat, it will be felt as a reminder. If it is another member, it will be a conversation.",
        ),
    ),
    say(
        18,
        9,
        10,
        Secretariat,
        12,
        Reply("Another member, then, by turns. I will propose it in the consultation as a question."),
    ),
    // 13
    say(
        8,
        17,
        0,
        Chair,
        13,
        Open(
            "means",
            "a quarter of the budget comes from elsewhere",
            "Can we stand behind a quarter? The treasurer thinks of fifteen per cent, and of the reserve first.",
        ),
    ),
    say(
        9,
        9,
        30,
        Secretariat,
        13,
        Reply(
            "A quarter counts secondments and lent experts. In money alone it would be nearer to the treasurer's figure.",
        ),
    ),
    say(
        11,
        9,
        15,
        Chair,
        13,
        Reply(
            "Then the text should say what is counted. I shall raise it when the board reads on the weekend.",
        ),
    ),
    // 14
    say(
        7,
        11,
        40,
        Member2,
        14,
        Open(
            "neighbours",
            "In der Sache einig, in der Rolle verschieden",
            "May we have the source, or is it from the cards of the day?",
        ),
    ),
    say(7, 13, 30, Member1, 14, Reply("From the cards, fourth group, in very small letters.")),
    say(7, 13, 45, Member2, 14, Resolve),
    // 15: the figure in it was changed afterwards.
    say(
        4,
        17,
        10,
        Secretariat,
        15,
        Open(
            "knowledge",
            "A common minimum of twenty fields",
            "Twenty is what the last attempt had, and eleven members gave up at the eighth. What is the smallest number that still tells us something?",
        ),
    ),
    say(
        6,
        20,
        55,
        Member2,
        15,
        Reply("I went through our own system tonight. Nine, if the outcome counts as one."),
    ),
    say(9, 16, 20, Secretariat, 15, Reply("Nine it is.")),
    // 16
    say(
        2,
        16,
        50,
        Chair,
        16,
        Open(
            "calendar",
            "Members vote on the text the board adopted",
            "Please keep this sentence. Four years ago nobody could say which version had been voted on.",
        ),
    ),
    say(3, 8, 40, Secretariat, 16, Reply("It stays, and this time we shall be able to show it.")),
    // 17
    say(
        10,
        15,
        30,
        Secretariat,
        17,
        Open(
            "purpose",
            "لكل إنسان الحق في معاملة متساوية",
            "The full stop jumps to the other side when I print this from my machine. Does it look right to others?",
        ),
    ),
    say(10, 15, 42, Member1, 17, Reply("On mine it stands where it should, at the left.")),
    say(
        11,
        9,
        40,
        Member2,
        17,
        Reply(
            "Here as well. Our leaflet has the same sentence, by the way, and nobody remembers who wrote it.",
        ),
    ),
    // 18
    say(11, 13, 10, Consultant, 18, Open("words", "made one translator book a hotel", "Did this happen?")),
    say(11, 13, 25, Member1, 18, Reply("Twice. The second time with breakfast.")),
    say(11, 13, 28, Consultant, 18, Resolve),
    // 19: the newest.
    say(
        18,
        15,
        20,
        Chair,
        19,
        Open("about", "in the corridor", "They hang there still. Shall we keep them for the assembly?"),
    ),
    say(18, 16, 35, Secretariat, 19, Reply("Yes. They are rolled up behind the printer from tonight.")),
];

pub(super) const FROZEN: (When, &str) = (
    When(11, 15, 30),
    "The board reads this text over the weekend. What it reads should not move under its eyes; comments stay open.",
);
pub(super) const UNFROZEN: (When, &str) =
    (When(14, 9, 5), "The board has read the draft and sent its remarks. Drafting goes on.");

/// When the people are entered and the plan is begun.
pub(super) const PEOPLE_ADDED: When = When(0, 9, 2);
pub(super) const PLAN_BEGUN: When = When(0, 9, 24);
/// When the plan's phases get their dates.
pub(super) const DATES_SET: When = When(0, 9, 26);
