//! One person's copy of the document. (Interim: on the crate itself, until the document module writes.)
use automerge::marks::{ExpandMark, Mark as AmMark};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use bytes::Bytes;

use super::script::Edit;
use super::text::Mark;
use crate::domain::{ActorId, ChangeHash, Heads, SectionId, Timestamp};

#[derive(Clone)]
pub(super) struct Pen(Automerge);

impl Default for Pen {
    fn default() -> Self {
        Self(Automerge::new_with_encoding(crate::document::text_encoding()))
    }
}

impl Pen {
    pub(super) fn take_in<'a>(&mut self, raw: impl Iterator<Item = &'a Bytes>) {
        let changes: Vec<automerge::Change> =
            raw.map(|raw| automerge::Change::from_bytes(raw.to_vec()).expect("ours")).collect();
        self.0.apply_changes(changes).expect("ours");
    }
    pub(super) fn write_as(&mut self, actor: &ActorId) {
        self.0.set_actor(actor.as_bytes().into());
    }
    pub(super) fn heads(&self) -> Heads {
        let mut heads: Heads = self.0.get_heads().iter().map(|hash| ChangeHash(hash.0)).collect();
        heads.sort();
        heads
    }
    fn text(&self, section: &SectionId) -> ObjId {
        let sections = self.0.get(ROOT, "sections").unwrap().unwrap().1;
        let section = self.0.get(&sections, section.as_str()).unwrap().unwrap().1;
        self.0.get(&section, "text").unwrap().unwrap().1
    }
    pub(super) fn cursor(&self, section: &SectionId, at: usize) -> String {
        self.0.get_cursor(self.text(section), at, None).unwrap().to_string()
    }
    #[cfg(test)]
    pub(super) fn doc(&self) -> &Automerge {
        &self.0
    }
    fn order(&self, sections: &ObjId, moved: &str, parent: &str, after: Option<&SectionId>) -> String {
        let mut keys: Vec<(String, String)> = Vec::new();
        for id in self.0.keys(sections) {
            let s = self.0.get(sections, &id).unwrap().unwrap().1;
            let str = |k| self.0.get(&s, k).unwrap().unwrap().0.to_str().unwrap().to_owned();
            if str("parent") == parent && id != moved {
                keys.push((str("order"), id.clone()));
            }
        }
        keys.sort();
        let at = after.map_or(0, |a| keys.iter().position(|(_, id)| id == a.as_str()).unwrap() + 1);
        let low = if at == 0 { "" } else { &keys[at - 1].0 };
        let high = keys.get(at).map(|k| k.0.as_str());
        // interim keys
        match high {
            None => format!("{low}V"),
            Some(high) => {
                let mut k = low.to_owned() + "G";
                while k.as_str() >= high {
                    k.pop();
                    k.push_str("1G");
                }
                k
            }
        }
    }
    pub(super) fn write(&mut self, at: Timestamp, section: &SectionId, edit: Edit) -> Bytes {
        let sections = self.0.get(ROOT, "sections").unwrap().unwrap().1;
        let order = match &edit {
            Edit::Lay { parent, after } | Edit::Place { parent, after } => self.order(
                &sections,
                section.as_str(),
                parent.as_ref().map_or("", |p| p.as_str()),
                after.as_ref(),
            ),
            _ => String::new(),
        };
        let text = (!matches!(edit, Edit::Lay { .. })).then(|| self.text(section));
        let mut tx = self.0.transaction();
        match edit {
            Edit::Lay { parent, .. } => {
                let s = tx.put_object(&sections, section.as_str(), ObjType::Map).unwrap();
                tx.put(&s, "parent", parent.as_ref().map_or("", |p| p.as_str())).unwrap();
                tx.put(&s, "order", order).unwrap();
                tx.put_object(&s, "text", ObjType::Text).unwrap();
            }
            Edit::Place { parent, .. } => {
                let s = tx.get(&sections, section.as_str()).unwrap().unwrap().1;
                tx.put(&s, "parent", parent.as_ref().map_or("", |p| p.as_str())).unwrap();
                tx.put(&s, "order", order).unwrap();
            }
            Edit::Remove => {
                let s = tx.get(&sections, section.as_str()).unwrap().unwrap().1;
                tx.put(&s, "removed", true).unwrap();
            }
            Edit::Block { at, block } => {
                let m = tx.split_block(text.as_ref().unwrap(), at).unwrap();
                tx.put(&m, "type", block.kind).unwrap();
                tx.put_object(&m, "parents", ObjType::List).unwrap();
                let a = tx.put_object(&m, "attrs", ObjType::Map).unwrap();
                tx.put(&a, "id", block.id).unwrap();
                if let Some(level) = block.level {
                    tx.put(&a, "level", i64::from(level)).unwrap();
                }
                if let Some(indent) = block.indent {
                    tx.put(&a, "indent", i64::from(indent)).unwrap();
                }
                tx.put(&m, "isEmbed", false).unwrap();
            }
            Edit::Insert { at, text: words } => {
                tx.splice_text(text.as_ref().unwrap(), at, 0, &words).unwrap();
            }
            Edit::Delete { at, count } => {
                tx.splice_text(text.as_ref().unwrap(), at, count as isize, "").unwrap();
            }
            Edit::Mark { start, end, mark } => {
                let (name, value, expand): (&str, ScalarValue, _) = match mark {
                    Mark::Strong => ("strong", true.into(), ExpandMark::After),
                    Mark::Emphasis => ("em", true.into(), ExpandMark::After),
                    Mark::Link(href) => {
                        ("link", serde_json::json!({ "href": href }).to_string().into(), ExpandMark::None)
                    }
                };
                tx.mark(text.as_ref().unwrap(), AmMark::new(name.into(), value, start, end), expand).unwrap();
            }
        }
        tx.commit_with(CommitOptions::default().with_time(at.0 / 1000));
        let b = Bytes::copy_from_slice(self.0.get_last_local_change().expect("just written").raw_bytes());
        b
    }
}
