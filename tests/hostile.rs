//! What bad input gets, over the real socket: whoever sent it learns why, it is counted, nobody else notices.

use std::collections::{HashSet, VecDeque};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::Transactable as _;
use automerge::{ActorId, Automerge, AutomergeError, Change, ChangeHash, ExpandedChange, ReadDoc as _};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::house::{House, SOON, acknowledged, binary, closed, house, writer};
use super::wire::{Client, Heard, Server, Spawn, Writer};

/// Somebody else writes, and a third reads it: the room works.
async fn others_go_on(house: &House, other: &mut (Client, Writer)) {
    let (client, writer) = other;
    let change = writer.write("y", client.heads.iter().copied());
    client.send(std::slice::from_ref(&change)).await;
    acknowledged(client, change.hash()).await;
    let (_, document) = house.enter("chair", "reader").await;
    assert!(document.get_change_by_hash(&change.hash()).is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_change_is_refused_and_named_to_its_author_alone() {
    let house = house().await;
    let mut other = writer(&house, "member-2", "part-1").await;
    let mut notices = house.notices("member-1").await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let refused = house.server.metric("quorate_submissions_refused_total").await;

    // Its second character stands after an element that nobody made.
    let good = pen.write("ab", client.heads.iter().copied());
    let mut bad: ExpandedChange = good.decode();
    bad.operations[1].key = automerge::legacy::Key::Seq(automerge::legacy::ElementId::Id(
        automerge::legacy::OpId::new(1, &automerge::ActorId::from(&[9_u8; 16][..])),
    ));
    let bad = Change::from(bad);
    client.send(std::slice::from_ref(&bad)).await;
    let notice = notices.next("refused").await;
    assert_eq!(notice["code"], "element_unknown", "{notice}");
    assert!(notice["sentence"].as_str().is_some_and(|sentence| !sentence.is_empty()), "{notice}");
    house.counts("quorate_submissions_refused_total", refused + 1).await;
    assert!(!house.recorded(bad.hash()).await);
    others_go_on(&house, &mut other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_sections_hang_on_is_not_replaced() {
    let house = house().await;
    let mut other = writer(&house, "member-2", "part-1").await;
    let mut notices = house.notices("member-1").await;
    for root in [true, false] {
        let (mut client, mut document) = house.enter("member-1", &format!("vandal-{root}")).await;
        document.set_actor(automerge::ActorId::random());
        let (_, sections) = document.get(automerge::ROOT, "sections").unwrap().unwrap();
        let mut change = document.transaction();
        match root {
            true => drop(change.put_object(automerge::ROOT, "sections", automerge::ObjType::Map).unwrap()),
            false => change.delete(&sections, "part-1").unwrap(),
        }
        change.commit();
        let bad = document.get_last_local_change().unwrap().clone();
        client.send(std::slice::from_ref(&bad)).await;
        let notice = notices.next("refused").await;
        assert_eq!(notice["code"], "frame_fixed", "{notice}");
        assert!(!house.recorded(bad.hash()).await);
    }
    others_go_on(&house, &mut other).await;
}

/// An id that the program is going to make for a change may not be taken before: the change would be held for
/// one that was recorded, and what builds on it would stand in the record without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_stand_for_one_thing_and_one_person() {
    let house = house().await;
    let post = async |person: &str, id: &str, kind: &str, mut fields: Value| {
        let token = house.server.sign_in(person).await;
        fields["id"] = json!(id);
        fields["type"] = json!(kind);
        let url = house.server.url("/api/commands");
        let answer = reqwest::Client::new().post(url).bearer_auth(token).json(&fields).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let freeze = json!({ "plan": house.plan, "reason": "The board reads it." });
    let (status, answer) =
        post("secretariat", "00000000-0000-8000-8000-000000000001", "plan.freeze", freeze.clone()).await;
    assert_eq!((status, answer["code"].as_str()), (422, Some("id_reserved")), "{answer}");

    let id = "01935a3c-7d2e-7b14-9c1f-5a1d3e6b8f00";
    let (status, first) = post("secretariat", id, "plan.freeze", freeze.clone()).await;
    assert_eq!(status, 200, "{first}");
    assert_eq!(post("secretariat", id, "plan.freeze", freeze.clone()).await, (200, first), "repeated");
    for (person, kind) in [("member-1", "plan.freeze"), ("secretariat", "plan.unfreeze")] {
        let (status, answer) = post(person, id, kind, freeze.clone()).await;
        assert_eq!((status, answer["code"].as_str()), (409, Some("id_taken")), "{person} {kind}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn frames_that_cannot_be_read_close_their_connection_only() {
    let house = house().await;
    let mut other = writer(&house, "member-2", "part-1").await;
    let before = house.server.metric("quorate_connections_refused_total").await;
    let token = house.server.sign_in("member-1").await;
    let url = house.server.sync_url(&token);

    let mut client = Client::join(&url, "no-map").await;
    client.send_frame(b"not a map of CBOR".to_vec()).await;
    assert!(!closed(&mut client).await.is_empty(), "the reason is said");

    let (mut client, _) = house.enter("member-1", "no-message").await;
    client.send_raw(vec![b"no chunk".to_vec()]).await;
    assert!(!closed(&mut client).await.is_empty(), "the reason is said");

    house.counts("quorate_connections_refused_total", before + 2).await;

    let mut client = Client::join(&url, "too-large").await;
    client.send_frame(vec![0; 17 << 20]).await;
    closed(&mut client).await;
    others_go_on(&house, &mut other).await;
}

/// 69 bytes that declare millions of operations, and a change that does not fit its checksum.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_that_are_not_what_they_say_do_not_reach_the_document() {
    let house = house().await;
    let mut other = writer(&house, "member-2", "part-1").await;
    let mut notices = house.notices("member-1").await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    client.send_raw(vec![bomb()]).await;
    assert_eq!(notices.next("refused").await["code"], "change_too_large");

    let (mut client, _) = house.enter("member-1", "damaged").await;
    let change = pen.write("x", client.heads.iter().copied());
    let mut damaged = change.raw_bytes().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    client.send_raw(vec![damaged]).await;
    assert_eq!(notices.next("refused").await["code"], "change_checksum");
    others_go_on(&house, &mut other).await;
}

fn bomb() -> Vec<u8> {
    let run = [0x80, 0x80, 0x80, 0x10, 0x01];
    let mut body = vec![0, 1, 0xaa, 1, 1, 1, 0, 0, 1, 0x42, run.len() as u8];
    body.extend(run);
    chunk(1, &body, &body)
}

/// A chunk of a change, compressed (2) or not (1); its checksum is that of the change `body`.
fn chunk(kind: u8, data: &[u8], body: &[u8]) -> Vec<u8> {
    let length = |mut length: usize| {
        let mut bytes = Vec::new();
        while length >= 0x80 {
            bytes.push(length as u8 | 0x80);
            length >>= 7;
        }
        bytes.push(length as u8);
        bytes
    };
    let hash = Sha256::new().chain_update([1]).chain_update(length(body.len())).chain_update(body).finalize();
    [&[0x85, 0x6f, 0x4a, 0x83][..], &hash[..4], &[kind], &length(data.len()), data].concat()
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// What somebody new would honestly do with the document, with a byte of it made wrong before or behind compression.
fn mutant(document: &Automerge, dice: &mut Dice) -> Vec<u8> {
    let actor: Vec<u8> = (0..16).map(|_| dice.roll(256) as u8).collect();
    let mut theirs = document.fork().with_actor(ActorId::from(actor));
    let text = ["sections", "part-0", "text"]
        .into_iter()
        .fold(automerge::ROOT, |at, key| document.get(&at, key).unwrap().unwrap().1);
    theirs
        .transact::<_, _, AutomergeError>(|tx| match dice.roll(4) {
            0 => tx.splice_text(&text, 3, 0, "z"),
            1 => tx.splice_text(&text, 2, 2, "other words"),
            2 => tx.mark(&text, Mark::new("strong".into(), true, 1, 4), ExpandMark::After),
            _ => tx.put(automerge::ROOT, "title", "Another title"),
        })
        .unwrap();
    let change = theirs.get_last_local_change().unwrap();
    let length = change.raw_bytes()[9..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let mut body = change.raw_bytes()[9 + length..].to_vec();
    let deflated = |body: &[u8]| {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    };
    let form = dice.roll(4);
    let mut wrong = |data: &mut Vec<u8>| {
        let at = dice.roll(data.len());
        match dice.roll(4) {
            0 => data[at] = dice.roll(256) as u8,
            1 => data[at] ^= 1 << dice.roll(8),
            2 => drop(data.remove(at)),
            _ => data.insert(at, dice.roll(256) as u8),
        }
    };
    if form < 3 {
        wrong(&mut body);
        return if form < 2 { chunk(1, &body, &body) } else { chunk(2, &deflated(&body), &body) };
    }
    let mut stored = deflated(&body);
    wrong(&mut stored);
    let mut inflated = Vec::new();
    // Where it breaks off, the checksum is that of what came before.
    let _ = flate2::bufread::DeflateDecoder::new(&stored[..]).take(1 << 20).read_to_end(&mut inflated);
    chunk(2, &stored, &inflated)
}

/// Somebody honest writes on until told to stop. Answers what was acknowledged: all of it.
async fn write_on(mut client: Client, mut pen: Writer, stop: Arc<AtomicBool>) -> Vec<ChangeHash> {
    let mut kept = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let change = pen.write("y", client.heads.iter().copied());
        client.send(std::slice::from_ref(&change)).await;
        let wait = async {
            loop {
                match client.next().await {
                    Heard::Sync { heads, changes } => {
                        pen.heard(&changes);
                        if heads.contains(&change.hash()) {
                            return;
                        }
                    }
                    Heard::Closed(reason) => panic!("an honest connection was closed: {reason}"),
                    _ => {}
                }
            }
        };
        timeout(SOON, wait).await.expect("an honest edit is acknowledged");
        kept.push(change.hash());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    kept
}

/// Somebody reads on until all of this has come.
async fn read_on(mut client: Client, mut wanted: tokio::sync::oneshot::Receiver<Vec<ChangeHash>>) {
    let mut heard: HashSet<ChangeHash> = HashSet::new();
    let mut missing = None;
    loop {
        if missing.as_ref().is_some_and(|all: &Vec<ChangeHash>| all.iter().all(|hash| heard.contains(hash))) {
            return;
        }
        tokio::select! {
            all = &mut wanted, if missing.is_none() => missing = Some(all.unwrap()),
            message = client.next() => match message {
                Heard::Sync { changes, .. } => heard.extend(changes.iter().map(Change::hash)),
                Heard::Closed(reason) => panic!("a reader's connection was closed: {reason}"),
                _ => {}
            }
        }
    }
}

/// Waits for the next message. False: there is none, the connection was closed.
async fn heard(client: &mut Client) -> bool {
    let next = async {
        loop {
            match client.next().await {
                Heard::Closed(_) => return false,
                Heard::Sync { .. } | Heard::Document { .. } => return true,
                _ => {}
            }
        }
    };
    timeout(SOON, next).await.expect("an answer, or an end")
}

/// A few hundred mutants of changes; in a campaign ten thousand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_changes_by_the_hundred_disturb_nobody() {
    let campaign = std::env::var_os("QUORATE_CAMPAIGN").is_some();
    let mutants = if campaign { 10_000 } else { 400 };
    let house = house().await;
    let (client, pen) = writer(&house, "member-2", "part-1").await;
    let (reader, _) = house.enter("chair", "reader").await;
    let (_, document) = house.enter("member-1", "first").await;
    let refused = house.server.metric("quorate_submissions_refused_total").await;
    let before = house.events().await.len();
    let stop = Arc::new(AtomicBool::new(false));
    let honest = tokio::spawn(write_on(client, pen, stop.clone()));
    let (wanted, all) = tokio::sync::oneshot::channel();
    let reading = tokio::spawn(read_on(reader, all));

    let url = house.server.sync_url(&house.server.sign_in("member-1").await);
    let mut dice = Dice(5);
    let (mut sent, mut closed) = (0, 0);
    let mut before_them = VecDeque::new();
    while sent < mutants {
        // Once one was refused, its connection is only read to: so each begins anew, with two at most.
        let mut client = Client::join(&url, &format!("vandal-{sent}")).await;
        client.request(&house.document).await;
        heard(&mut client).await;
        let some = 1 + dice.roll(2);
        client.send_raw((0..some).map(|_| mutant(&document, &mut dice)).collect()).await;
        sent += some;
        closed += usize::from(!heard(&mut client).await);
        // What was heard may have been of others: what it has sent itself has time to be judged.
        before_them.push_back(client);
        if before_them.len() > 16 {
            before_them.pop_front().unwrap().leave().await;
        }
        if sent % 50 < some {
            let ready = reqwest::get(house.server.url("/readyz")).await.unwrap();
            assert!(ready.status().is_success(), "{}", house.server.said());
            assert!(!honest.is_finished() && !reading.is_finished(), "others go on");
        }
        if campaign {
            // So many connections in a second are one person's share of requests.
            tokio::time::sleep(Duration::from_millis(12)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let kept = honest.await.unwrap();
    wanted.send(kept.clone()).unwrap();
    timeout(SOON, reading).await.expect("a reader has heard of all").unwrap();
    let (_, document) = house.enter("chair", "newcomer").await;
    for hash in &kept {
        assert!(document.get_change_by_hash(hash).is_some(), "an acknowledged edit was lost");
    }
    let again = Automerge::load(&document.save()).unwrap();
    assert_eq!(again.get_heads(), document.get_heads());
    let refused = house.server.metric("quorate_submissions_refused_total").await - refused;
    let changed = house.events().await[before..].iter().filter(|it| it["type"] == "document.changed").count();
    let taken = changed - kept.len();
    println!(
        "{sent} mutants: {refused} submissions refused, {taken} changes taken, {closed} connections closed; \
         {} honest edits acknowledged",
        kept.len()
    );
    assert!(refused as usize > mutants / 4 && taken > 0, "they came to where changes are judged");
    assert!(kept.len() > mutants / 20, "{}", kept.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anothers_actor_is_refused() {
    let house = house().await;
    let (mut owner, mut pen) = writer(&house, "member-1", "part-0").await;
    let first = pen.write("x", owner.heads.iter().copied());
    owner.send(std::slice::from_ref(&first)).await;
    acknowledged(&mut owner, first.hash()).await;

    let mut notices = house.notices("member-2").await;
    let (mut thief, _) = house.enter("member-2", "thief").await;
    let second = pen.write("x", thief.heads.iter().copied());
    thief.send(std::slice::from_ref(&second)).await;
    let notice = notices.next("refused").await;
    assert!(notice["code"].as_str().is_some_and(|code| code.starts_with("actor")), "{notice}");
    assert!(!house.recorded(second.hash()).await);

    // Its owner may use it still, and the same change at that.
    owner.send(std::slice::from_ref(&second)).await;
    acknowledged(&mut owner, second.hash()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_edit_slips_in_behind_a_freeze() {
    let house = house().await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let secretariat = house.server.sign_in("secretariat").await;
    for number in 0..60 {
        let change = pen.write("x", client.heads.iter().copied());
        client.send(std::slice::from_ref(&change)).await;
        if number == 30 {
            let fields = json!({ "plan": house.plan, "reason": "It is agreed." });
            let (status, answer) = house.server.command(&secretariat, "plan.freeze", fields).await;
            assert_eq!(status, 200, "{answer}");
        }
    }
    let mut notices = house.notices("member-1").await;
    client.send(&[pen.write("x", client.heads.iter().copied())]).await;
    // Whether told again or long since: nothing behind the freeze is in the record.
    let _ = timeout(Duration::from_secs(2), notices.next("refused")).await;
    let events = house.events().await;
    let frozen = events.iter().position(|event| event["type"] == "plan.frozen").expect("it is frozen");
    let behind: Vec<_> =
        events[frozen..].iter().filter(|event| event["type"] == "document.changed").collect();
    assert!(behind.is_empty(), "{behind:?}");
    let typed = events.iter().filter(|event| event["type"] == "document.changed").count();
    assert!(typed > 0, "what came before the freeze stands");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_acknowledges_nothing_and_loses_nothing() {
    let mut house = house().await;
    house.server.stop();
    let size = std::fs::metadata(house.folder.path().join("log.redb")).unwrap().len();
    // The limit stands for a full disk. Its signal is ignored, so that writing fails instead.
    let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", size / 512 + 64);
    let through = ["sh", "-c", &limit, "sh"];
    house.server =
        Server::start(&Spawn { binary: binary(), data: house.folder.path(), through: &through }).await;
    let (mut client, mut pen) = writer(&house, "member-1", "part-0").await;
    let mut kept = Vec::new();
    let mut word = 1_u64;
    let unsaved = loop {
        let noise = std::iter::repeat_with(|| {
            word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b'!' + (word >> 33) as u8 % 90)
        });
        let text: String = noise.take(8_000).collect();
        let change = pen.write(&text, client.heads.iter().copied());
        client.send(std::slice::from_ref(&change)).await;
        let wait = async {
            loop {
                if let Heard::Sync { heads, .. } = client.next().await
                    && heads.contains(&change.hash())
                {
                    return;
                }
            }
        };
        match timeout(Duration::from_secs(5), wait).await {
            Ok(()) => kept.push(change.hash()),
            Err(_) => break change.hash(),
        }
        assert!(kept.len() < 2_000, "the disk never filled");
    };
    // Reading goes on.
    let token = house.server.sign_in("chair").await;
    let (status, plans) = house.server.get(&token, "/api/plans").await;
    assert_eq!(status, 200, "{plans}");
    let (_, document) = house.enter("chair", "reader").await;
    for hash in &kept {
        assert!(document.get_change_by_hash(hash).is_some());
    }
    assert!(document.get_change_by_hash(&unsaved).is_none());
    // What is smaller may still find room, so that it may well be ready: but the operator is told.
    assert!(house.server.metric("quorate_submissions_failed_total").await > 0);
    let said = house.server.said();
    assert!(said.contains("nothing of this commit is acknowledged"), "the operator is told: {said}");

    // The cause is gone and the program is back.
    house.server.kill();
    house.server = Server::start(&Spawn { binary: binary(), data: house.folder.path(), through: &[] }).await;
    let (_, document) = house.enter("chair", "again").await;
    for hash in &kept {
        assert!(document.get_change_by_hash(hash).is_some(), "an acknowledged edit was lost");
    }
    let (mut client, mut pen) = writer(&house, "member-1", "part-1").await;
    let change = pen.write("x", client.heads.iter().copied());
    client.send(std::slice::from_ref(&change)).await;
    acknowledged(&mut client, change.hash()).await;
}
