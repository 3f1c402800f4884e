use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::super::proof::tests::campaign;
use super::super::testing::{actor, insert, plan, section, texts};
use super::super::{Attrs, Author, BlockType, Edit, scan};
use super::*;

/// A server, and people with copies of their own.
struct Desk {
    history: History,
    program: Author,
    raws: Vec<Bytes>,
    earlier: Vec<Earlier>,
    /// In which provision the words of each were typed that were set apart.
    apart: Vec<(ProvisionId, Option<ProvisionId>)>,
    looked: u32,
    people: Vec<Author>,
    /// How much of the server's changes each of them has heard of, and what they have not handed in.
    heard: Vec<usize>,
    kept: Vec<Vec<Bytes>>,
}

impl Desk {
    fn new(people: u8) -> Self {
        let first = plan();
        let mut desk = Self {
            history: History::new(),
            program: Author::new(first.reading().clone(), &actor(100)),
            raws: Vec::new(),
            earlier: Vec::new(),
            apart: Vec::new(),
            looked: 0,
            people: (2..2 + people).map(|n| Author::new(first.reading().clone(), &actor(n))).collect(),
            heard: Vec::new(),
            kept: vec![Vec::new(); people.into()],
        };
        for change in first.reading().automerge().get_changes(&[]) {
            desk.record(Bytes::copy_from_slice(change.raw_bytes()));
        }
        desk.heard = vec![desk.raws.len(); people.into()];
        desk.looked = desk.history.len();
        desk
    }

    fn record(&mut self, raw: Bytes) {
        let position = u64::from(self.history.len()) + 1;
        self.history.append(&scan(&raw).unwrap(), position).unwrap();
        self.raws.push(raw);
    }

    /// False: it cannot be done.
    fn edit(&mut self, person: usize, edits: &[Edit]) -> bool {
        match self.people[person].change(1, edits) {
            Ok(raw) => self.kept[person].extend(raw),
            Err(_) => return false,
        }
        true
    }

    /// One hands in what they have, hears what is new, and the program sets apart what is stray.
    fn meet(&mut self, person: usize) {
        for raw in std::mem::take(&mut self.kept[person]) {
            self.program.hear([&raw]).unwrap();
            self.record(raw);
        }
        self.look();
        let news = self.raws[self.heard[person]..].to_vec();
        self.people[person].hear(news).unwrap();
        self.heard[person] = self.raws.len();
    }

    fn look(&mut self) {
        for round in 0.. {
            assert!(round < 50, "the program does not come to an end");
            let Some(found) = self.found().into_iter().next() else { break };
            let rest = found
                .runs_on
                .then(|| (found.to, ProvisionId::new(format!("{}-rest", found.provision)).unwrap()));
            let Found { section, provision, was, from, removed, .. } = found;
            self.apart.push((provision.clone(), was));
            let edit = Edit::SetApart { section, at: from, id: provision.clone(), rest };
            let raw = self.program.change(1, &[edit]).unwrap().unwrap();
            self.record(raw);
            self.earlier.push(Earlier { provision, by: self.history.len() - 1, removed });
        }
        self.looked = self.history.len();
    }

    fn found(&self) -> Vec<Found> {
        let Some(lowest) = beside(&self.history, self.looked, &self.earlier) else { return Vec::new() };
        let changes = (lowest..).zip(self.raws[lowest as usize..].iter().cloned());
        let reading = self.program.reading();
        let traces = Traces::of(changes, |counter, actor| reading.is_block(counter, actor));
        let suspects = suspects(&self.history, self.looked, &traces, &self.earlier);
        strays(reading, &self.history, &suspects, &self.earlier)
    }

    fn text(&self) -> String {
        texts(self.program.reading())["aims"].clone()
    }

    fn read_by(&self, person: usize) -> String {
        texts(self.people[person].reading())["aims"].clone()
    }

    /// All have all.
    fn settle(&mut self) {
        for _ in 0..2 {
            (0..self.people.len()).for_each(|person| self.meet(person));
        }
        for person in &self.people {
            assert_eq!(person.reading().heads(), self.program.reading().heads());
        }
    }
}

fn id(id: &str) -> ProvisionId {
    ProvisionId::new(id).unwrap()
}

fn add(after: &str, new: &str, text: &str) -> Edit {
    Edit::AddBlock {
        section: section("aims"),
        after: Some(after.into()),
        id: id(new),
        kind: BlockType::Paragraph,
        attrs: Attrs::default(),
        text: text.into(),
    }
}

fn remove(block: &str) -> Edit {
    Edit::RemoveBlock { section: section("aims"), block: block.into() }
}

fn join(block: &str) -> Edit {
    Edit::JoinBlock { section: section("aims"), block: block.into() }
}

fn delete(block: &str, from: usize, to: usize) -> Edit {
    Edit::DeleteText { section: section("aims"), block: block.into(), from, to }
}

/// Two people who both know `p1` and `p2`.
fn two() -> Desk {
    let mut desk = Desk::new(2);
    desk.edit(0, &[add("p1", "p2", "Each body names a contact.")]);
    desk.settle();
    desk
}

#[test]
fn words_of_a_deleted_paragraph_stand_by_themselves() {
    for deleter_first in [true, false] {
        let mut desk = two();
        desk.edit(0, &[remove("p2")]);
        desk.edit(1, &[insert("aims", "p2", 16, "two ")]);
        let order = if deleter_first { [0, 1] } else { [1, 0] };
        order.iter().for_each(|person| desk.meet(*person));
        desk.settle();
        assert_eq!(desk.text(), "Aims|Equal treatment for all.|two ");
        assert_eq!(desk.earlier.len(), 1, "and are set apart once");
    }
}

#[test]
fn what_is_told_of_them() {
    let mut desk = two();
    desk.edit(0, &[remove("p2")]);
    desk.edit(1, &[insert("aims", "p2", 16, "two ")]);
    for person in [0, 1] {
        let raws = std::mem::take(&mut desk.kept[person]);
        desk.program.hear(&raws).unwrap();
        raws.into_iter().for_each(|raw| desk.record(raw));
    }
    let found = desk.found();
    assert_eq!(found.len(), 1);
    let Found { was, actors, removed, from, to, runs_on, .. } = &found[0];
    assert_eq!(was.as_ref(), Some(&id("p2")));
    assert_eq!((actors.as_slice(), *removed), ([actor(3)].as_slice(), desk.history.len() - 2));
    assert_eq!((to - from, *runs_on), (4, false));
}

#[test]
fn what_is_no_deletion_beside_somebody_leaves_words_where_they_are() {
    let all = "Equal treatment for all.";
    let p2 = "Each body names a contact.".len();
    for (what, deleter, typist, text) in [
        (
            "joined",
            vec![join("p2")],
            vec![insert("aims", "p2", 0, "And ")],
            "Aims|Equal treatment for all.And Each body names a contact.",
        ),
        (
            "joined after cutting",
            vec![delete("p2", 4, p2), join("p2")],
            vec![insert("aims", "p2", 26, " X")],
            "Aims|Equal treatment for all.Each X",
        ),
        (
            "emptied, not removed",
            vec![delete("p2", 0, p2)],
            vec![insert("aims", "p2", 4, "where")],
            "Aims|Equal treatment for all.|where",
        ),
        (
            "elsewhere",
            vec![remove("p2")],
            vec![insert("aims", "p1", all.len(), " Always.")],
            "Aims|Equal treatment for all. Always.",
        ),
        ("a space", vec![remove("p2")], vec![insert("aims", "p2", 4, " ")], "Aims|Equal treatment for all. "),
        (
            "typed and deleted again",
            vec![remove("p2")],
            vec![insert("aims", "p2", 4, "x"), delete("p2", 4, 5)],
            "Aims|Equal treatment for all.",
        ),
        (
            "split by the typist",
            vec![remove("p2")],
            vec![
                Edit::SplitBlock { section: section("aims"), block: "p2".into(), at: 0, id: id("p3") },
                insert("aims", "p3", 0, "X"),
            ],
            "Aims|Equal treatment for all.|X",
        ),
    ] {
        let mut desk = two();
        assert!(desk.edit(0, &deleter) && desk.edit(1, &typist), "{what}");
        desk.settle();
        assert_eq!((desk.text().as_str(), desk.earlier.len()), (text, 0), "{what}");
    }
}

#[test]
fn a_paragraph_may_be_deleted_in_steps_and_by_several() {
    let p2 = "Each body names a contact.".len();
    let mut desk = two();
    desk.edit(0, &[delete("p2", 0, p2)]);
    desk.edit(0, &[join("p2")]);
    desk.edit(1, &[insert("aims", "p2", 4, "X")]);
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|X", "emptied, then removed");

    let mut desk = Desk::new(3);
    desk.edit(0, &[add("p1", "p2", "Second."), add("p2", "p3", "Third.")]);
    desk.settle();
    desk.edit(0, &[remove("p3"), remove("p2")]);
    desk.edit(1, &[remove("p2")]);
    desk.edit(2, &[insert("aims", "p2", 0, "X"), insert("aims", "p3", 6, "Y")]);
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|X|Y", "two paragraphs, one of them twice");
}

#[test]
fn what_comes_later_joins_them_and_what_was_decided_stands() {
    let mut desk = Desk::new(3);
    desk.edit(0, &[add("p1", "p2", "Second.")]);
    desk.settle();
    desk.edit(0, &[remove("p2")]);
    desk.edit(1, &[insert("aims", "p2", 0, "One ")]);
    desk.edit(2, &[insert("aims", "p2", 7, " two")]);
    desk.meet(0);
    desk.meet(1);
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|One ");
    desk.meet(2);
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|One  two");
    assert_eq!(desk.earlier.len(), 1);
    // Somebody puts them behind the first paragraph after all. All is looked at again, as after a restart.
    desk.meet(1);
    let stray = desk.earlier[0].provision.to_string();
    assert!(desk.edit(1, &[join(&stray)]));
    desk.settle();
    desk.looked = 0;
    desk.look();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.One  two");
}

#[test]
fn a_new_paragraph_in_the_same_place_is_not_theirs() {
    let mut desk = two();
    desk.edit(0, &[remove("p2"), add("p1", "p9", "New.")]);
    desk.edit(1, &[insert("aims", "p2", 0, "X")]);
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|New.|X");
}

/// Whoever deletes a paragraph and begins another in its place has not heard yet that words were set apart there: the
/// new one comes between these words and their marker.
#[test]
fn a_new_paragraph_between_the_words_and_their_marker_is_not_theirs() {
    let mut desk = two();
    desk.edit(0, &[remove("p2")]);
    let removed = std::mem::take(&mut desk.kept[0]);
    desk.edit(0, &[add("p1", "p9", "New.")]);
    let begun = std::mem::replace(&mut desk.kept[0], removed);
    desk.edit(1, &[insert("aims", "p2", 0, "X")]);
    desk.meet(1);
    // The deletion comes, and words are set apart, before the new paragraph does.
    for raw in std::mem::take(&mut desk.kept[0]) {
        desk.program.hear([&raw]).unwrap();
        desk.record(raw);
    }
    desk.look();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|X");
    desk.kept[0] = begun;
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.||New.|X");
    let again = desk.earlier.len();
    desk.looked = 0;
    desk.look();
    assert_eq!((again, desk.earlier.len()), (2, 2), "and are set apart once again, not more");
}

/// Whoever knows of words that were set apart, but not of the last that joined them, and begins a paragraph behind them,
/// divides them without knowing.
#[test]
fn a_new_paragraph_does_not_take_along_late_words_that_its_author_has_not_seen() {
    let mut desk = two();
    desk.edit(0, &[remove("p2")]);
    desk.edit(1, &[insert("aims", "p2", 0, "One")]);
    desk.meet(1);
    desk.edit(1, &[insert("aims", "p2", 0, "Two")]);
    desk.meet(0);
    let stray = desk.earlier[0].provision.to_string();
    // In place of its words, so that the new paragraph begins before what the late ones stand behind.
    desk.edit(0, &[insert("aims", &stray, 0, "x")]);
    desk.edit(0, &[delete(&stray, 1, 4)]);
    desk.edit(0, &[add(&stray, "p9", "New.")]);
    desk.meet(1);
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|x|New.|Two");
}

/// Who has removed the words that were set apart has not decided over those that come after all, where another
/// paragraph stands by then.
#[test]
fn words_that_come_after_others_were_removed_are_set_apart() {
    let mut desk = Desk::new(3);
    desk.edit(0, &[add("p1", "p2", "Second.")]);
    desk.settle();
    desk.edit(0, &[remove("p2")]);
    desk.edit(1, &[insert("aims", "p2", 0, "One")]);
    desk.edit(2, &[insert("aims", "p2", 7, "Two")]);
    desk.meet(1);
    desk.edit(1, &[add("p1", "p9", "New.")]);
    desk.meet(0);
    let stray = desk.earlier[0].provision.to_string();
    assert!(desk.edit(0, &[remove(&stray)]));
    desk.meet(0);
    assert_eq!(desk.text(), "Aims|Equal treatment for all.");
    desk.settle();
    assert_eq!(desk.text(), "Aims|Equal treatment for all.|New.|Two");
    desk.looked = 0;
    desk.look();
    assert_eq!(desk.earlier.len(), 2, "once each");
}

#[derive(Debug, Clone)]
enum Act {
    /// At the beginning: of a word at the end nobody can say whether it was meant for the next paragraph, where
    /// another begins one just there.
    Type {
        person: usize,
        block: usize,
    },
    Add {
        person: usize,
        block: usize,
    },
    Remove {
        person: usize,
        block: usize,
    },
    Cut {
        person: usize,
        block: usize,
        at: usize,
    },
    Join {
        person: usize,
        block: usize,
    },
    Meet {
        person: usize,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let person = 0..3usize;
    prop_oneof![
        6 => (person.clone(), any::<usize>()).prop_map(|(person, block)| Act::Type { person, block }),
        2 => (person.clone(), any::<usize>()).prop_map(|(person, block)| Act::Add { person, block }),
        3 => (person.clone(), any::<usize>()).prop_map(|(person, block)| Act::Remove { person, block }),
        2 => (person.clone(), any::<usize>(), any::<usize>()).prop_map(|(person, block, at)| Act::Cut { person, block, at }),
        1 => (person.clone(), any::<usize>()).prop_map(|(person, block)| Act::Join { person, block }),
        4 => person.prop_map(|person| Act::Meet { person }),
    ]
}

/// Plays the acts. No word may be lost that nobody has deleted; and each must end where it was typed, or in a provision
/// of stray words (asked where `in_place`), unless somebody has joined its paragraph to another.
fn play(acts: &[Act], in_place: bool) {
    let mut desk = Desk::new(3);
    let (mut words, mut joined, mut number) = (HashMap::new(), HashSet::new(), 0);
    let mut deleted: HashSet<String> = HashSet::new();
    for act in acts {
        number += 1;
        // What somebody has before them, and has no more after what they do, they have deleted.
        let before = match *act {
            Act::Remove { person, .. } | Act::Cut { person, .. } | Act::Join { person, .. } => {
                Some((person, desk.read_by(person)))
            }
            _ => None,
        };
        let blocks = |desk: &Desk, person: usize| -> Vec<(String, usize)> {
            let reading = desk.people[person].reading();
            let state = super::super::state_at(reading, &reading.heads(), &|_| None).unwrap();
            state.sections[0].blocks[1..].iter().map(|one| (one.block.id.clone(), one.block.len)).collect()
        };
        match *act {
            Act::Type { person, block } => {
                let blocks = blocks(&desk, person);
                let Some((id, _)) = blocks.get(block % blocks.len().max(1)) else { continue };
                let word = format!("<{number}>");
                if desk.edit(person, &[insert("aims", id, 0, &word)]) {
                    words.insert(word, id.clone());
                }
            }
            Act::Add { person, block } => {
                let blocks = blocks(&desk, person);
                let Some((after, _)) = blocks.get(block % blocks.len().max(1)) else { continue };
                let after = after.clone();
                desk.edit(person, &[add(&after, &format!("b{number}"), "xy")]);
            }
            Act::Remove { person, block } => {
                let blocks = blocks(&desk, person);
                let Some((id, _)) = blocks.get(block % blocks.len().max(1)) else { continue };
                let id = id.clone();
                desk.edit(person, &[remove(&id)]);
            }
            Act::Cut { person, block, at } => {
                let blocks = blocks(&desk, person);
                let Some((id, len)) = blocks.get(block % blocks.len().max(1)) else { continue };
                let (id, from) = (id.clone(), 1 + at % len.max(&1));
                desk.edit(person, &[delete(&id, from.min(*len), *len)]);
            }
            Act::Join { person, block } => {
                let blocks = blocks(&desk, person);
                let Some((id, _)) = blocks.get(block % blocks.len().max(1)) else { continue };
                let id = id.clone();
                if desk.edit(person, &[join(&id)]) {
                    joined.insert(id);
                }
            }
            Act::Meet { person } => desk.meet(person),
        }
        if let Some((person, before)) = before {
            let after = desk.read_by(person);
            let gone = words.keys().filter(|word: &&String| before.contains(*word) && !after.contains(*word));
            deleted.extend(gone.cloned());
        }
    }
    desk.settle();
    let reading = desk.program.reading();
    let state = super::super::state_at(reading, &reading.heads(), &|_| None).unwrap();
    for (word, home) in &words {
        let stands = state.sections[0].blocks.iter().find(|one| one.block.text.contains(word.as_str()));
        let Some(stands) = stands else {
            assert!(deleted.contains(word), "{word} was typed in {home} and is lost: {}", desk.text());
            continue;
        };
        let there = &stands.block.id;
        // Where their own is still there, or what was set apart of it, somebody has begun a new one among its letters:
        // who has not seen the last that came to a paragraph, and begins another behind it, divides them.
        let own = |id: &str| {
            let mut at = Some(ProvisionId::new(id).unwrap());
            while let Some(id) = at {
                // What was set apart may have been deleted, and what came late to it set apart of it in its turn.
                at = desk.apart.iter().find(|(apart, _)| *apart == id).and_then(|(_, was)| was.clone());
                if at.as_ref().is_some_and(|was| was.as_str() == home) {
                    return true;
                }
            }
            false
        };
        let blocks = &state.sections[0].blocks;
        let split = blocks.iter().any(|one| one.block.id == *home || own(&one.block.id) && one.block.len > 0);
        let fine = !in_place || split || there.starts_with("stray-") || !joined.is_empty();
        assert!(fine, "{word} was typed in {home} and stands in {there}: {}", desk.text());
    }
    // Looked at again from the beginning, as after a restart, nothing more is found. Where paragraphs were joined
    // beside their deletion, what was left for a joined one may yet be found to have none.
    if !in_place || !joined.is_empty() {
        return;
    }
    let before = desk.history.len();
    desk.looked = 0;
    desk.look();
    assert_eq!(desk.history.len(), before, "set apart again: {}", desk.text());
}

fn histories(cases: usize, rng_seed: RngSeed) -> ProptestConfig {
    ProptestConfig { cases: cases as u32, failure_persistence: None, rng_seed, ..ProptestConfig::default() }
}

proptest! {
    // Always other histories; thousands in a campaign.
    #![proptest_config(histories(campaign(256, 5_000), RngSeed::Random))]
    #[test]
    fn no_word_ends_in_another_paragraph_than_its_own(acts in prop::collection::vec(act(), 0..60)) {
        play(&acts, true);
    }
}

proptest! {
    // Always other histories; thousands in a campaign.
    #![proptest_config(histories(campaign(256, 5_000), RngSeed::Random))]
    #[test]
    fn no_word_is_lost(acts in prop::collection::vec(act(), 0..60)) {
        play(&acts, false);
    }
}
