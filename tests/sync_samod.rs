//! The crate `samod`, an independent implementation of the protocol in Rust, against the running server.

use std::convert::Infallible;
use std::future::ready;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use automerge::{ReadDoc as _, transaction::Transactable as _};
use futures_util::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use samod::{BackoffConfig, DialError, Dialer, DocHandle, DocumentId, Repo, Transport, Url};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::wire::{Server, Spawn};

/// Dials a WebSocket with the version of tungstenite that is used here; each cut ends the connection.
struct Socket {
    url: Url,
    cuts: watch::Receiver<u32>,
}

impl Dialer for Socket {
    type Error = Infallible;

    fn url(&self) -> Url {
        self.url.clone()
    }

    fn connect(&self) -> BoxFuture<'static, Result<Transport, DialError<Infallible>>> {
        let (url, mut cuts) = (self.url.clone(), self.cuts.clone());
        cuts.borrow_and_update();
        Box::pin(async move {
            let (socket, _) =
                tokio_tungstenite::connect_async(url.as_str()).await.map_err(DialError::transient)?;
            let (to, from) = socket.split();
            let from = from
                .filter_map(async |message| match message {
                    Ok(Message::Binary(bytes)) => Some(Ok(bytes.to_vec())),
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                })
                .take_until(Box::pin(async move { cuts.changed().await }))
                .boxed();
            let to = Box::pin(to.with(|bytes: Vec<u8>| ready(Ok::<_, Error>(Message::Binary(bytes.into())))));
            Ok(Transport::new(from, to))
        })
    }
}

struct Peer {
    repo: Repo,
    cut: watch::Sender<u32>,
}

impl Peer {
    async fn join(server: &Server, person: &str) -> Self {
        let token = server.sign_in(person).await;
        let (cut, cuts) = watch::channel(0);
        let repo = Repo::build_tokio().load().await;
        let socket = Socket { url: server.sync_url(&token).parse().unwrap(), cuts };
        let millisecond = Duration::from_millis(1);
        let backoff = BackoffConfig {
            initial_delay: 10 * millisecond,
            max_delay: 100 * millisecond,
            max_retries: None,
        };
        repo.dial(backoff, Arc::new(socket)).unwrap().established().await.unwrap();
        Self { repo, cut }
    }

    async fn find(&self, document: &str) -> Option<DocHandle> {
        let document: DocumentId = document.trim_start_matches("automerge:").parse().unwrap();
        self.repo.find(document).await.unwrap()
    }
}

/// Types at the end of the first section.
fn write(handle: &DocHandle, words: &str) {
    handle.with_document(|doc| {
        let text = text_of(doc);
        let end = doc.length(&text);
        doc.transact::<_, _, automerge::AutomergeError>(|tx| tx.splice_text(&text, end, 0, words)).unwrap();
    });
}

fn text_of(doc: &automerge::Automerge) -> automerge::ObjId {
    let sections = doc.get(automerge::ROOT, "sections").unwrap().unwrap().1;
    let first = doc.keys(&sections).next().unwrap();
    let section = doc.get(&sections, first).unwrap().unwrap().1;
    doc.get(&section, "text").unwrap().unwrap().1
}

/// Waits until the document holds these words.
async fn reads(handle: &DocHandle, words: &str) {
    let mut changes = handle.changes();
    let holds = || handle.with_document(|doc| doc.text(text_of(doc)).unwrap().contains(words));
    while !holds() {
        let change = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
        assert!(matches!(change, Ok(Some(_))) || holds(), "{words:?} did not arrive");
    }
}

/// One server for all that samod does: building the demonstration takes longer than the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn samod_joins_finds_edits_reconnects_misses_and_is_present() {
    let data = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_quorate"));
    let server = Server::start(&Spawn { binary, data: data.path(), through: &[] }).await;
    let (_, document) = server.new_plan(1).await;
    let one = Peer::join(&server, "member-1").await;
    let other = Peer::join(&server, "member-2").await;
    let (ones, others) = (one.find(&document).await.unwrap(), other.find(&document).await.unwrap());

    write(&ones, " from one");
    reads(&others, " from one").await;
    write(&others, " from the other");
    reads(&ones, " from the other").await;

    for number in 0..3 {
        one.cut.send_modify(|cuts| *cuts += 1);
        write(&ones, &format!(" offline {number}"));
        write(&others, &format!(" online {number}"));
        reads(&others, &format!(" offline {number}")).await;
        reads(&ones, &format!(" online {number}")).await;
    }

    let mut heard = Box::pin(others.ephemera());
    ones.broadcast(vec![1, 2, 3]);
    let presence = tokio::time::timeout(Duration::from_secs(20), heard.next()).await.unwrap();
    assert_eq!(presence, Some(vec![1, 2, 3]));

    let unknown = quorate::domain::DocumentId([7; 16]).url();
    let found = tokio::time::timeout(Duration::from_secs(20), one.find(&unknown)).await.unwrap();
    assert!(found.is_none());
    one.repo.stop().await;
    other.repo.stop().await;
}
