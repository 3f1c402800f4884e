//! WebSocket frames (RFC 6455, section 5), as a server reads and writes them: pure, and bounded whatever comes.
//!
//! A [`Reader`] holds nothing while no frame is half read: a connection that is quiet costs no buffer.

use bytes::Bytes;

/// Close codes (RFC 6455, section 7.4.1).
pub mod code {
    pub const NORMAL: u16 = 1000;
    pub const PROTOCOL_ERROR: u16 = 1002;
    pub const NOT_UTF8: u16 = 1007;
    pub const POLICY: u16 = 1008;
    pub const TOO_LARGE: u16 = 1009;
}

mod opcode {
    pub(super) const CONTINUATION: u8 = 0;
    pub(super) const TEXT: u8 = 1;
    pub(super) const BINARY: u8 = 2;
    pub(super) const CLOSE: u8 = 8;
    pub(super) const PING: u8 = 9;
    pub(super) const PONG: u8 = 10;
}

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
const CONTROL: u8 = 8;
/// The longest payload of a control frame.
const CONTROL_BYTES: u64 = 125;
/// The longest header from a client: two bytes, eight of length, four of mask.
const HEADER: usize = 14;
/// What a frame that only announces itself is given at first, at most.
const AT_FIRST: usize = 64 * 1024;

/// What a client has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A whole message, text or binary.
    Message(Bytes),
    Ping(Bytes),
    Pong,
    /// The last that is read; with the code that it gave.
    Close(Option<u16>),
}

/// Why a connection cannot go on. The sentence goes to the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Broken {
    pub code: u16,
    pub reason: &'static str,
}

const fn protocol(reason: &'static str) -> Broken {
    Broken { code: code::PROTOCOL_ERROR, reason }
}

/// Puts messages together out of what is read, in whatever pieces it comes.
#[derive(Debug)]
pub struct Reader {
    /// The longest message, in bytes, all its frames together.
    most: u64,
    header: [u8; HEADER],
    header_len: u8,
    frame: Option<Frame>,
    /// A message whose last frame has not come, and whether it is text.
    message: Option<(Vec<u8>, bool)>,
    closed: bool,
}

/// A frame whose payload is coming.
#[derive(Debug)]
struct Frame {
    last: bool,
    opcode: u8,
    mask: [u8; 4],
    len: usize,
    payload: Vec<u8>,
}

impl Reader {
    pub fn new(most: usize) -> Self {
        Self {
            most: most as u64,
            header: [0; HEADER],
            header_len: 0,
            frame: None,
            message: None,
            closed: false,
        }
    }

    /// Takes what was read; what it makes whole is added to `heard`, in order. After an error or a close,
    /// nothing more is taken.
    pub fn take(&mut self, mut bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), Broken> {
        while !bytes.is_empty() && !self.closed {
            if self.frame.is_none() {
                bytes = self.read_header(bytes)?;
            }
            let Some(frame) = &mut self.frame else { continue };
            let missing = frame.len - frame.payload.len();
            let (now, later) = bytes.split_at(missing.min(bytes.len()));
            frame.payload.extend_from_slice(now);
            bytes = later;
            if frame.payload.len() == frame.len
                && let Some(frame) = self.frame.take()
            {
                heard.extend(self.finish(frame)?);
            }
        }
        Ok(())
    }

    /// Reads on in the header, and opens its frame when it is whole.
    fn read_header<'b>(&mut self, bytes: &'b [u8]) -> Result<&'b [u8], Broken> {
        let have = usize::from(self.header_len);
        let added = (HEADER - have).min(bytes.len());
        self.header[have..have + added].copy_from_slice(&bytes[..added]);
        match self.open(&self.header[..have + added])? {
            Some((used, frame)) => {
                self.header_len = 0;
                self.frame = Some(frame);
                Ok(&bytes[used - have..])
            }
            None => {
                self.header_len += added as u8;
                Ok(&bytes[added..])
            }
        }
    }

    /// The frame that a header announces, and the header's length; none while it is not whole.
    fn open(&self, header: &[u8]) -> Result<Option<(usize, Frame)>, Broken> {
        let &[first, second, ref rest @ ..] = header else { return Ok(None) };
        if first & RESERVED != 0 {
            return Err(protocol("a frame has reserved bits: no extension was agreed on"));
        }
        if second & MASKED == 0 {
            return Err(protocol("a frame of a client must be masked"));
        }
        let (last, opcode) = (first & FINAL != 0, first & 0x0f);
        let (len, at) = match second & !MASKED {
            126 => match rest {
                [a, b, ..] => (u64::from(u16::from_be_bytes([*a, *b])), 4),
                _ => return Ok(None),
            },
            127 => match rest {
                [a, b, c, d, e, f, g, h, ..] => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 10),
                _ => return Ok(None),
            },
            len => (u64::from(len), 2),
        };
        let shortest = match at {
            2 => 0,
            4 => 126,
            _ => 65_536,
        };
        if len < shortest || len >> 63 != 0 {
            return Err(protocol("a frame's length is not written as it must be"));
        }
        self.check(opcode, last, len)?;
        let Some(mask) = header.get(at..at + 4) else { return Ok(None) };
        let len = usize::try_from(len).map_err(|_| TOO_LARGE)?;
        let frame = Frame {
            last,
            opcode,
            mask: mask.try_into().expect("four bytes"),
            len,
            payload: Vec::with_capacity(len.min(AT_FIRST)),
        };
        Ok(Some((at + 4, frame)))
    }

    /// Whether this frame may come now, and be so long.
    fn check(&self, opcode: u8, last: bool, len: u64) -> Result<(), Broken> {
        match opcode {
            opcode::CONTINUATION if self.message.is_none() => Err(protocol("nothing is to be continued")),
            opcode::TEXT | opcode::BINARY if self.message.is_some() => {
                Err(protocol("a message begins within another"))
            }
            opcode::CONTINUATION | opcode::TEXT | opcode::BINARY => {
                let before = self.message.as_ref().map_or(0, |(bytes, _)| bytes.len() as u64);
                if before.saturating_add(len) > self.most { Err(TOO_LARGE) } else { Ok(()) }
            }
            opcode::CLOSE | opcode::PING | opcode::PONG if last && len <= CONTROL_BYTES => Ok(()),
            opcode::CLOSE | opcode::PING | opcode::PONG => {
                Err(protocol("a control frame is in parts, or longer than 125 bytes"))
            }
            _ => Err(protocol("a frame of unknown kind")),
        }
    }

    fn finish(&mut self, frame: Frame) -> Result<Option<Heard>, Broken> {
        let Frame { last, opcode, mask, mut payload, .. } = frame;
        unmask(&mut payload, mask);
        if opcode >= CONTROL {
            return Ok(Some(match opcode {
                opcode::PING => Heard::Ping(payload.into()),
                opcode::PONG => Heard::Pong,
                _ => {
                    self.closed = true;
                    Heard::Close(close_code(&payload)?)
                }
            }));
        }
        let (bytes, is_text) = match self.message.take() {
            None => (payload, opcode == opcode::TEXT),
            Some((mut bytes, is_text)) => {
                bytes.append(&mut payload);
                (bytes, is_text)
            }
        };
        if !last {
            self.message = Some((bytes, is_text));
            return Ok(None);
        }
        if is_text && std::str::from_utf8(&bytes).is_err() {
            return Err(Broken { code: code::NOT_UTF8, reason: "a text message is not UTF-8" });
        }
        Ok(Some(Heard::Message(bytes.into())))
    }
}

const TOO_LARGE: Broken = Broken { code: code::TOO_LARGE, reason: "the message is larger than is taken" };

fn close_code(payload: &[u8]) -> Result<Option<u16>, Broken> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => return Err(protocol("a close frame with half a code")),
        [a, b, reason @ ..] => (u16::from_be_bytes([*a, *b]), reason),
    };
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(protocol("a close frame with a code that nobody may send"));
    }
    if std::str::from_utf8(reason).is_err() {
        return Err(Broken { code: code::NOT_UTF8, reason: "a close frame's reason is not UTF-8" });
    }
    Ok(Some(code))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// A header that a server writes: at most ten bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    bytes: [u8; 10],
    len: u8,
}

impl Header {
    pub(super) fn binary(payload: usize) -> Self {
        Self::new(opcode::BINARY, payload)
    }

    fn new(opcode: u8, payload: usize) -> Self {
        let mut bytes = [0; 10];
        bytes[0] = FINAL | opcode;
        let len = match payload {
            0..126 => {
                bytes[1] = payload as u8;
                2
            }
            126..65_536 => {
                bytes[1] = 126;
                bytes[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
                4
            }
            _ => {
                bytes[1] = 127;
                bytes[2..10].copy_from_slice(&(payload as u64).to_be_bytes());
                10
            }
        };
        Self { bytes, len }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

/// A whole control frame.
fn control(opcode: u8, payload: &[u8]) -> Bytes {
    let payload = &payload[..payload.len().min(CONTROL_BYTES as usize)];
    [Header::new(opcode, payload.len()).as_slice(), payload].concat().into()
}

pub(super) fn ping() -> Bytes {
    control(opcode::PING, &[])
}

pub(super) fn pong(payload: &[u8]) -> Bytes {
    control(opcode::PONG, payload)
}

/// The reason is cut where it is too long, between characters.
pub(super) fn close(code: u16, reason: &str) -> Bytes {
    let room = CONTROL_BYTES as usize - 2;
    let end = reason.floor_char_boundary(room);
    control(opcode::CLOSE, &[&code.to_be_bytes()[..], &reason.as_bytes()[..end]].concat())
}

#[cfg(test)]
mod tests;
