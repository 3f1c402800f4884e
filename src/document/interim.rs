//! Server-made changes, until the module that makes them all stands.

use automerge::{
    ActorId as Id, Automerge, ObjType, ROOT,
    transaction::{CommitOptions, Transactable},
};

use super::{Reading, text_encoding};
use crate::domain::{ActorId, Refusal, Write};
use crate::engine::Error;

pub fn create(actor: &ActorId, time: i64, title: &str) -> Vec<u8> {
    let mut document = Automerge::new_with_encoding(text_encoding());
    document.set_actor(Id::from(actor.as_bytes()));
    let mut change = document.transaction();
    let _ = change.put(ROOT, "schema", 1);
    let _ = change.put(ROOT, "title", title);
    let _ = change.put_object(ROOT, "sections", ObjType::Map);
    let _ = change.put_object(ROOT, "tables", ObjType::Map);
    let _ = change.commit_with(CommitOptions::default().with_time(time));
    document.get_last_local_change().map(|change| change.raw_bytes().to_vec()).unwrap_or_default()
}

pub fn write(_: &Reading, _: &ActorId, _: i64, _: &Write) -> Result<Vec<u8>, Error> {
    Err(Refusal::SectionUnknown.into())
}
