//! A connection to `/sync` with one document open, that follows the heads without applying any change.

use std::collections::BTreeSet;

use automerge::sync::{State, SyncDoc as _};
use automerge::{Automerge, Change, ChangeHash};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message as Ws;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::frame::{Frame, decode, envelope, join, message};

/// What came from the server.
#[derive(Debug)]
pub(crate) enum Heard {
    /// What the server has on disk, and single changes in their order.
    Sync {
        heads: Vec<ChangeHash>,
        changes: Vec<Change>,
    },
    /// A whole document, as bytes.
    Document {
        heads: Vec<ChangeHash>,
        chunk: Vec<u8>,
    },
    Unavailable,
    Error(String),
    /// The connection is over; the reason that was given, if any.
    Closed(String),
    /// Presence, and what else there is.
    Other,
}

/// One connection.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) name: String,
    server: String,
    document: String,
    /// The newest changes that this client has heard of or made.
    pub(crate) heads: BTreeSet<ChangeHash>,
    /// Answer every message, as stock clients do.
    pub(crate) answers: bool,
}

impl Client {
    /// Connects and introduces itself.
    pub(crate) async fn join(url: &str, name: &str) -> Self {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        if let MaybeTlsStream::Plain(stream) = socket.get_mut() {
            stream.set_nodelay(true).unwrap();
        }
        socket.send(Ws::Binary(join(name).into())).await.unwrap();
        let mut client = Self {
            socket,
            name: name.to_owned(),
            server: String::new(),
            document: String::new(),
            heads: BTreeSet::new(),
            answers: true,
        };
        let frame = client.frame().await.unwrap();
        assert_eq!(frame.kind, "peer", "{}", frame.message);
        client.server = frame.sender;
        client
    }

    /// Opens a document and reads it whole.
    pub(crate) async fn open(&mut self, document: &str) -> Automerge {
        self.request(document).await;
        let mut automerge = Automerge::new_with_encoding(automerge::TextEncoding::Utf16CodeUnit);
        loop {
            let heads = match self.next().await {
                Heard::Sync { heads, changes } => {
                    automerge.apply_changes(changes).unwrap();
                    heads
                }
                Heard::Document { heads, chunk } => {
                    automerge.load_incremental(&chunk).unwrap();
                    self.know(&heads).await;
                    heads
                }
                Heard::Other => continue,
                other => panic!("the document is not given: {other:?}"),
            };
            if automerge.get_heads() == heads && !heads.is_empty() {
                return automerge;
            }
        }
    }

    /// Asks for a document of which nothing is here.
    pub(crate) async fn request(&mut self, document: &str) {
        self.document = document.to_owned();
        // What anyone says who knows nothing yet.
        let first = Automerge::new().generate_sync_message(&mut State::new());
        self.say("request", &first.expect("the first message is always sent").encode()).await;
    }

    async fn know(&mut self, heads: &[ChangeHash]) {
        self.heads.extend(heads);
        self.answer().await;
    }

    /// Says that everything up to the heads has been read.
    pub(crate) async fn answer(&mut self) {
        if self.answers {
            let data = message(self.heads.iter().copied().collect(), Vec::new());
            self.say("sync", &data).await;
        }
    }

    /// Sends changes that build on what is here.
    pub(crate) async fn send(&mut self, changes: &[Change]) {
        for change in changes {
            self.advance(change);
        }
        let raw = changes.iter().map(|change| change.raw_bytes().to_vec()).collect();
        self.send_raw(raw).await;
    }

    /// Sends chunks as they are, be they changes or not.
    pub(crate) async fn send_raw(&mut self, chunks: Vec<Vec<u8>>) {
        let data = message(self.heads.iter().copied().collect(), chunks);
        self.say("sync", &data).await;
    }

    async fn say(&mut self, kind: &str, data: &[u8]) {
        let frame = envelope(kind, &self.name, &self.server, &self.document, data);
        self.send_frame(frame).await;
    }

    /// Sends any bytes as one frame. A connection that is gone is noticed when it is read from.
    pub(crate) async fn send_frame(&mut self, frame: Vec<u8>) {
        let _ = self.socket.send(Ws::Binary(frame.into())).await;
    }

    fn advance(&mut self, change: &Change) {
        for dep in change.deps() {
            self.heads.remove(dep);
        }
        self.heads.insert(change.hash());
    }

    async fn frame(&mut self) -> Result<Frame, String> {
        loop {
            match self.socket.next().await {
                Some(Ok(Ws::Binary(bytes))) => return Ok(Frame::read(&bytes)),
                Some(Ok(Ws::Close(frame))) => {
                    return Err(frame.map(|frame| frame.reason.to_string()).unwrap_or_default());
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err(String::new()),
            }
        }
    }

    /// Waits for the next frame, takes note of it and answers it. Can be given up and called again.
    pub(crate) async fn next(&mut self) -> Heard {
        let frame = match self.frame().await {
            Ok(frame) => frame,
            Err(reason) => return Heard::Closed(reason),
        };
        match frame.kind.as_str() {
            "sync" => {}
            "doc-unavailable" => return Heard::Unavailable,
            "error" => return Heard::Error(frame.message),
            _ => return Heard::Other,
        }
        let message = decode(&frame.data);
        let chunks: Vec<&[u8]> = message.changes.iter().collect();
        // A whole document: one entry that begins with a chunk of type 0.
        if let [chunk] = chunks[..]
            && chunk.get(8) == Some(&0)
        {
            return Heard::Document { heads: message.heads, chunk: chunk.to_vec() };
        }
        let changes: Vec<Change> =
            chunks.iter().map(|chunk| Change::from_bytes(chunk.to_vec()).unwrap()).collect();
        for change in &changes {
            self.advance(change);
        }
        if !changes.is_empty() {
            self.answer().await;
        }
        Heard::Sync { heads: message.heads, changes }
    }

    /// Closes the connection properly.
    pub(crate) async fn leave(mut self) {
        // Gone is gone.
        let _ = self.socket.close(None).await;
    }
}
