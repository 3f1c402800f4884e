//! The yardstick of the machine: a server that hands bytes on, does nothing else, and waits for no disk.
//! What its clients measure is the kernel and the driver.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};

use super::Protocol;

const EDIT: u8 = 1;
const ACKNOWLEDGEMENT: u8 = 0;
/// About what a keystroke takes on the wire.
const BYTES: usize = 400;

/// Clients that send the key and padding, and acknowledge what they hear.
#[derive(Default)]
pub(crate) struct Plain {
    next: u64,
}

impl Protocol for Plain {
    fn path(&self, _client: usize) -> String {
        "/".into()
    }

    fn greet(&mut self, _client: usize, _out: &mut Vec<Vec<u8>>) {}

    fn hear(&mut self, _client: usize, message: &[u8], out: &mut Vec<Vec<u8>>, seen: &mut Vec<u64>) {
        seen.push(u64::from_le_bytes(message[1..9].try_into().unwrap()));
        out.push(vec![ACKNOWLEDGEMENT; BYTES / 2]);
    }

    fn is_ready(&self, _client: usize) -> bool {
        true
    }

    fn edit(&mut self, _client: usize) -> (u64, Vec<u8>) {
        self.next += 1;
        let mut message = vec![EDIT; BYTES];
        message[1..9].copy_from_slice(&self.next.to_le_bytes());
        (self.next, message)
    }
}

/// Serves for ever: says its port on standard output, then hands each edit to all others.
pub(crate) fn serve() -> ! {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    listener.set_nonblocking(true).unwrap();
    let mut listener = mio::net::TcpListener::from_std(listener);
    let mut poll = Poll::new().unwrap();
    const LISTENER: Token = Token(usize::MAX);
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    let mut events = Events::with_capacity(1024);
    let mut peers: Vec<Option<Peer>> = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        poll.poll(&mut events, Some(Duration::from_secs(1))).unwrap();
        for event in &events {
            if event.token() == LISTENER {
                while let Ok((mut stream, _)) = listener.accept() {
                    stream.set_nodelay(true).unwrap();
                    let token = Token(peers.len());
                    poll.registry().register(&mut stream, token, Interest::READABLE).unwrap();
                    peers.push(Some(Peer { stream, rest: Vec::new(), upgraded: false }));
                }
                continue;
            }
            let from = event.token().0;
            let Some(peer) = &mut peers[from] else { continue };
            let mut edits = Vec::new();
            if !peer.read(&mut buffer, &mut edits) {
                peers[from] = None;
                continue;
            }
            for edit in edits {
                let mut frame = vec![0x82, 126];
                frame.extend_from_slice(&(edit.len() as u16).to_be_bytes());
                frame.extend_from_slice(&edit);
                for (number, peer) in peers.iter_mut().enumerate() {
                    if number != from
                        && let Some(peer) = peer
                    {
                        peer.write(&frame);
                    }
                }
            }
        }
    }
}

struct Peer {
    stream: mio::net::TcpStream,
    rest: Vec<u8>,
    upgraded: bool,
}

impl Peer {
    /// False when the connection is over.
    fn read(&mut self, buffer: &mut [u8], edits: &mut Vec<Vec<u8>>) -> bool {
        use std::io::Read as _;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(count) => self.rest.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        if !self.upgraded {
            if !self.rest.ends_with(b"\r\n\r\n") {
                return true;
            }
            self.rest.clear();
            self.upgraded = true;
            self.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            );
        }
        // The driver sends nothing shorter than 126 and nothing longer than 65,535 bytes.
        let mut at = 0;
        while self.rest.len() >= at + 8 {
            let len = usize::from(u16::from_be_bytes([self.rest[at + 2], self.rest[at + 3]]));
            let Some(payload) = self.rest.get(at + 8..at + 8 + len) else { break };
            if payload[0] == EDIT {
                edits.push(payload.to_vec());
            }
            at += 8 + len;
        }
        self.rest.drain(..at);
        true
    }

    fn write(&mut self, bytes: &[u8]) {
        use std::io::Write as _;
        // A yardstick that cannot keep up is none: its clients would miss an edit, and the run say so.
        let _ = self.stream.write(bytes);
    }
}
