//! One WebSocket of a client: masked frames out, whole messages in, nothing blocks.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Ipv4Addr;
use std::time::Duration;

use mio::net::TcpStream;

const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A connection that is open.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    /// What was read and is not a whole message yet.
    rest: Vec<u8>,
    /// What the socket did not take yet.
    unwritten: Vec<u8>,
}

impl Socket {
    /// Connects and upgrades, blocking.
    pub(crate) fn connect(port: u16, path: &str) -> Self {
        let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "no upgrade: {}", String::from_utf8_lossy(&head));
        stream.set_nonblocking(true).unwrap();
        Self { stream: TcpStream::from_std(stream), rest: Vec::new(), unwritten: Vec::new() }
    }

    /// Reads what there is and hands over each whole message.
    pub(crate) fn read(&mut self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) {
        loop {
            let count = match self.stream.read(buffer) {
                Ok(0) => panic!("the server closed a connection"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a connection broke: {error}"),
            };
            let mut pongs = Vec::new();
            let mut take = |bytes: &[u8]| {
                let mut at = 0;
                while let Some((opcode, start, end)) = frame(&bytes[at..]) {
                    let payload = &bytes[at + start..at + end];
                    match opcode {
                        CLOSE => panic!("closed: {}", String::from_utf8_lossy(payload)),
                        PING => pongs.push(payload.to_vec()),
                        _ => each(payload),
                    }
                    at += end;
                }
                at
            };
            if self.rest.is_empty() {
                let taken = take(&buffer[..count]);
                self.rest.extend_from_slice(&buffer[taken..count]);
            } else {
                self.rest.extend_from_slice(&buffer[..count]);
                let taken = take(&self.rest);
                self.rest.drain(..taken);
            }
            pongs.iter().for_each(|pong| self.write_frame(10, pong));
            if count < buffer.len() {
                return;
            }
        }
    }

    /// Sends one binary message.
    pub(crate) fn send(&mut self, message: &[u8]) {
        self.write_frame(2, message);
    }

    fn write_frame(&mut self, opcode: u8, payload: &[u8]) {
        let mut bytes = Vec::with_capacity(payload.len() + 14);
        bytes.push(0x80 | opcode);
        match payload.len() {
            len @ 0..126 => bytes.push(0x80 | len as u8),
            len @ 126..65_536 => {
                bytes.push(0x80 | 126);
                bytes.extend_from_slice(&(len as u16).to_be_bytes());
            }
            len => {
                bytes.push(0x80 | 127);
                bytes.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        // A mask of zeros is a mask: the server unmasks it like any other.
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(payload);
        if self.unwritten.is_empty() {
            let written = match self.stream.write(&bytes) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(error) => panic!("a connection broke: {error}"),
            };
            self.unwritten.extend_from_slice(&bytes[written..]);
        } else {
            self.unwritten.extend_from_slice(&bytes);
            self.flush();
        }
    }

    /// Writes what waits.
    pub(crate) fn flush(&mut self) {
        while !self.unwritten.is_empty() {
            match self.stream.write(&self.unwritten) {
                Ok(count) => drop(self.unwritten.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("a connection broke: {error}"),
            }
        }
    }
}

/// The first frame: its opcode, where its payload begins, and where it ends. None: it is not whole.
/// Servers neither mask nor, for messages of these sizes, cut into parts.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (start, len) = match *bytes.get(1)? {
        126 => (4, u16::from_be_bytes(bytes.get(2..4)?.try_into().unwrap()) as usize),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().unwrap()) as usize),
        len => (2, len as usize),
    };
    assert!(bytes[0] & 0x80 != 0, "a message in parts");
    (bytes.len() >= start + len).then_some((bytes[0] & 15, start, start + len))
}
