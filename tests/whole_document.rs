//! A client that has much to say sends its whole document, with everybody's changes in it.

use automerge::transaction::Transactable as _;
use automerge::{ActorId, ReadDoc as _};
use serde_json::json;

use super::house::{acknowledged, house, writer};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_is_new_in_it_is_recorded_and_for_its_sender() {
    let house = house().await;
    let (mut other, mut pen) = writer(&house, "member-2", "part-1").await;
    let theirs = pen.write("theirs", other.heads.iter().copied());
    other.send(std::slice::from_ref(&theirs)).await;
    acknowledged(&mut other, theirs.hash()).await;
    let before = house.events().await.len();

    let (mut client, document) = house.enter("member-1", "sender").await;
    let mut document = document.with_actor(ActorId::random());
    let text = ["sections", "part-0", "text"]
        .into_iter()
        .fold(automerge::ROOT, |at, key| document.get(&at, key).unwrap().unwrap().1);
    for _ in 0..3 {
        document.transact::<_, _, automerge::AutomergeError>(|tx| tx.splice_text(&text, 0, 0, "z")).unwrap();
    }
    let head = document.get_heads()[0];
    client.heads = [head].into();
    client.send_raw(vec![document.save()]).await;
    acknowledged(&mut client, head).await;

    let events = house.events().await;
    let new: Vec<_> =
        events[before..].iter().map(|event| (event["type"].clone(), event["actor"].clone())).collect();
    let member = json!("member-1");
    let changed = (json!("document.changed"), member.clone());
    assert_eq!(new, [(json!("actor.bound"), member), changed.clone(), changed.clone(), changed]);
    let (_, there) = house.enter("chair", "reader").await;
    assert_eq!(there.get_heads(), document.get_heads());
}
