//! A client as people have them: a document of its own that outlives every connection, synced by the stock
//! `automerge::sync`, and a file in which it notes each edit that the server has acknowledged.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use automerge::sync::{Message, State, SyncDoc as _};
use automerge::transaction::{CommitOptions, Transactable as _};
use automerge::{ActorId, Automerge, ChangeHash, ObjId, ROOT, ReadDoc as _, TextEncoding};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Ws;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::frame::{Frame, envelope, join};

/// The connection is over; the client keeps what it has.
#[derive(Debug)]
pub(crate) struct Gone;

/// One person's device.
pub(crate) struct Stock {
    name: String,
    document: String,
    pub(crate) automerge: Automerge,
    state: State,
    link: Option<Link>,
    /// Own edits that the server has not acknowledged, oldest first.
    pub(crate) pending: VecDeque<ChangeHash>,
    /// All own edits, oldest first.
    pub(crate) written: Vec<ChangeHash>,
    notes: File,
    path: PathBuf,
    /// How long it waits for a word from the server before it takes the connection for broken.
    pub(crate) patience: Duration,
}

struct Link {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    server: String,
}

impl Stock {
    /// With an empty document. The notes are a file of this name in the folder.
    pub(crate) fn new(name: &str, document: &str, folder: &Path) -> Self {
        let path = folder.join(format!("{name}.acknowledged"));
        Self {
            name: name.to_owned(),
            document: document.to_owned(),
            automerge: Automerge::new_with_encoding(TextEncoding::Utf16CodeUnit)
                .with_actor(ActorId::random()),
            state: State::new(),
            link: None,
            pending: VecDeque::new(),
            written: Vec::new(),
            notes: OpenOptions::new().create(true).append(true).open(&path).unwrap(),
            path,
            patience: Duration::MAX,
        }
    }

    /// Connects and says what it has. `remembers` what was in common with the server before, as clients do
    /// that find a storage again which they know.
    pub(crate) async fn connect(&mut self, url: &str, remembers: bool) -> Result<(), Gone> {
        let connected = timeout(self.patience, tokio_tungstenite::connect_async(url)).await;
        let (mut socket, _) = connected.map_err(|_| Gone)?.map_err(|_| Gone)?;
        if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
            stream.set_nodelay(true).unwrap();
        }
        socket.send(Ws::Binary(join(&self.name).into())).await.map_err(|_| Gone)?;
        self.link = Some(Link { socket, server: String::new() });
        let frame = self.frame().await?;
        assert_eq!(frame.kind, "peer", "{}", frame.message);
        self.link.as_mut().ok_or(Gone)?.server = frame.sender;
        // The stock client keeps of a state what it writes to its own storage: the heads in common.
        self.state = if remembers { State::decode(&self.state.encode()).unwrap() } else { State::new() };
        let kind = if self.automerge.get_heads().is_empty() { "request" } else { "sync" };
        self.tell_as(kind).await
    }

    /// Types at the end of a section; nobody is told yet.
    pub(crate) fn write(&mut self, section: &str, words: &str) {
        let text = self.text_of(section);
        let end = self.automerge.length(&text);
        // As the browser's client does: by the device's clock, in seconds.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let when = |_: &()| CommitOptions::default().with_time(now as i64);
        let written = self.automerge.transact_with::<_, _, automerge::AutomergeError, _>(when, |tx| {
            tx.splice_text(&text, end, 0, words)
        });
        let hash = written.unwrap().hash.expect("something was written");
        self.pending.push_back(hash);
        self.written.push(hash);
    }

    /// Sends what the server does not have.
    pub(crate) async fn tell(&mut self) -> Result<(), Gone> {
        self.tell_as("sync").await
    }

    async fn tell_as(&mut self, kind: &str) -> Result<(), Gone> {
        let mut kind = kind;
        while let Some(message) = self.automerge.generate_sync_message(&mut self.state) {
            let link = self.link.as_mut().ok_or(Gone)?;
            let frame = envelope(kind, &self.name, &link.server, &self.document, &message.encode());
            link.socket.send(Ws::Binary(frame.into())).await.map_err(|_| Gone)?;
            kind = "sync";
        }
        Ok(())
    }

    /// Takes in the next frame and answers it. Can be given up and called again.
    pub(crate) async fn hear(&mut self) -> Result<(), Gone> {
        let frame = self.frame().await?;
        match frame.kind.as_str() {
            "sync" => {}
            "error" => panic!("the server refuses: {}", frame.message),
            _ => return Ok(()),
        }
        let message = Message::decode(&frame.data).expect("the server's messages can be read");
        let heads = message.heads.clone();
        self.automerge.receive_sync_message(&mut self.state, message).expect("and applied");
        self.note(&heads);
        self.tell().await
    }

    async fn frame(&mut self) -> Result<Frame, Gone> {
        loop {
            let link = self.link.as_mut().ok_or(Gone)?;
            match timeout(self.patience, link.socket.next()).await {
                Ok(Some(Ok(Ws::Binary(bytes)))) => return Ok(Frame::read(&bytes)),
                Ok(Some(Ok(Ws::Close(_)) | Err(_)) | None) | Err(_) => {
                    self.link = None;
                    return Err(Gone);
                }
                Ok(Some(Ok(_))) => {}
            }
        }
    }

    /// The server has these heads on disk, and with them all that lies before them.
    fn note(&mut self, heads: &[ChangeHash]) {
        if self.pending.is_empty() {
            return;
        }
        let known: Vec<ChangeHash> = heads
            .iter()
            .copied()
            .filter(|head| self.automerge.get_change_meta_by_hash(head).is_some())
            .collect();
        let beyond = self.automerge.get_changes_meta(&known);
        let beyond: Vec<ChangeHash> = beyond.into_iter().map(|change| change.hash).collect();
        while let Some(first) = self.pending.front()
            && !beyond.contains(first)
        {
            // On its way to the file before anything else is done.
            writeln!(self.notes, "{first}").and_then(|()| self.notes.flush()).unwrap();
            self.pending.pop_front();
        }
    }

    /// What the file says was acknowledged.
    pub(crate) fn acknowledged(&self) -> Vec<ChangeHash> {
        let notes = std::fs::read_to_string(&self.path).unwrap();
        notes.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// Whether the server will take no edits.
    pub(crate) fn may_only_read(&self) -> bool {
        self.state.is_peer_read_only()
    }

    /// Breaks the connection without a word.
    pub(crate) fn cut(&mut self) {
        self.link = None;
    }

    pub(crate) fn has(&self, section: &str) -> bool {
        self.find(section).is_some()
    }

    pub(crate) fn text(&self, section: &str) -> String {
        self.automerge.text(self.text_of(section)).unwrap()
    }

    fn text_of(&self, section: &str) -> ObjId {
        self.find(section).unwrap_or_else(|| panic!("there is no section {section}"))
    }

    fn find(&self, section: &str) -> Option<ObjId> {
        ["sections", section, "text"]
            .into_iter()
            .try_fold(ROOT, |at, key| Some(self.automerge.get(&at, key).ok()??.1))
    }
}
