//! Clients of y-websocket and of hocuspocus: Yjs updates made by hand, one character an edit. Their servers
//! wait for no disk, and keep no history.

use super::Protocol;

/// The two speak alike; hocuspocus says before each message which document it is about.
pub(crate) struct Yjs {
    /// A document of this run's own.
    document: String,
    /// Whether each message begins with the document's name; otherwise the path names it.
    named: bool,
    ready: Vec<bool>,
    clock: Vec<u64>,
}

const SYNC: u64 = 0;
const STEP_1: u64 = 0;
const STEP_2: u64 = 1;
const UPDATE: u64 = 2;
const AUTHENTICATE: u64 = 2;
/// The first client's Yjs id; the others follow.
const FIRST_ID: u64 = 1 << 20;

impl Yjs {
    pub(crate) fn y_websocket(document: String, clients: usize) -> Self {
        Self { document, named: false, ready: vec![false; clients], clock: vec![0; clients] }
    }

    pub(crate) fn hocuspocus(document: String, clients: usize) -> Self {
        Self { named: true, ..Self::y_websocket(document, clients) }
    }

    fn begin(&self) -> Vec<u8> {
        let mut to = Vec::new();
        if self.named {
            string(&mut to, &self.document);
        }
        to
    }
}

impl Protocol for Yjs {
    fn path(&self, _client: usize) -> String {
        if self.named { "/".into() } else { format!("/{}", self.document) }
    }

    fn greet(&mut self, _client: usize, out: &mut Vec<Vec<u8>>) {
        if self.named {
            let mut token = self.begin();
            [AUTHENTICATE, 0].into_iter().for_each(|n| number(&mut token, n));
            string(&mut token, "any");
            out.push(token);
        }
        let mut ask = self.begin();
        // A state vector of nobody.
        [SYNC, STEP_1, 1, 0].into_iter().for_each(|n| number(&mut ask, n));
        out.push(ask);
    }

    fn hear(&mut self, client: usize, message: &[u8], out: &mut Vec<Vec<u8>>, seen: &mut Vec<u64>) {
        let mut from = Cursor(message);
        if self.named {
            from.bytes();
        }
        // Sync, and hocuspocus' answer in sync.
        if !matches!(from.number(), SYNC | 4) {
            return;
        }
        match from.number() {
            STEP_1 => {
                let mut nothing = self.begin();
                [SYNC, STEP_2, 2, 0, 0].into_iter().for_each(|n| number(&mut nothing, n));
                out.push(nothing);
            }
            STEP_2 => self.ready[client] = true,
            _ => {
                // One struct of one client, as `edit` makes them; the server may have put several together.
                let mut update = Cursor(from.bytes());
                for _ in 0..update.number() {
                    let count = update.number();
                    let id = update.number();
                    let mut clock = update.number();
                    for _ in 0..count {
                        let len = update.item();
                        (clock..clock + len).for_each(|clock| seen.push(key(id, clock)));
                        clock += len;
                    }
                }
            }
        }
    }

    fn is_ready(&self, client: usize) -> bool {
        self.ready[client]
    }

    fn edit(&mut self, client: usize) -> (u64, Vec<u8>) {
        let id = FIRST_ID + client as u64;
        let clock = self.clock[client];
        self.clock[client] += 1;
        let mut update = Vec::new();
        [1, 1, id, clock].into_iter().for_each(|n| number(&mut update, n));
        if clock == 0 {
            // A string in the text named "t".
            update.push(4);
            number(&mut update, 1);
            string(&mut update, "t");
        } else {
            // A string behind the one that it typed before.
            update.push(0x84);
            [id, clock - 1].into_iter().for_each(|n| number(&mut update, n));
        }
        string(&mut update, "x");
        // Nothing deleted.
        number(&mut update, 0);
        let mut message = self.begin();
        [SYNC, UPDATE, update.len() as u64].into_iter().for_each(|n| number(&mut message, n));
        message.extend_from_slice(&update);
        (key(id, clock), message)
    }
}

fn key(id: u64, clock: u64) -> u64 {
    id << 40 | clock
}

fn number(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn string(to: &mut Vec<u8>, text: &str) {
    number(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

struct Cursor<'b>(&'b [u8]);

impl<'b> Cursor<'b> {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().unwrap();
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        number
    }

    fn bytes(&mut self) -> &'b [u8] {
        let len = self.number() as usize;
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    /// One item: how many characters it has.
    fn item(&mut self) -> u64 {
        let info = self.0[0];
        self.0 = &self.0[1..];
        assert_eq!(info & 31, 4, "only strings are written here");
        if info & 0x80 != 0 {
            self.number();
            self.number();
        }
        if info & 0x40 != 0 {
            self.number();
            self.number();
        }
        if info & 0xc0 == 0 {
            match self.number() {
                1 => drop(self.bytes()),
                _ => {
                    self.number();
                    self.number();
                }
            }
        }
        self.bytes().len() as u64
    }
}
