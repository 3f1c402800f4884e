//! The bytes of an upgraded connection: the socket itself where there is one, so that no buffer is kept for a
//! connection that is quiet.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frame::{Broken, Header, Heard, Reader};
use crate::domain::limits;
use crate::session::Frame;

/// What is read at once. One buffer a thread serves all its connections.
const READ: usize = 64 * 1024;
/// Frames that go out in one write at most.
pub(super) const TOGETHER: usize = 16;

thread_local! {
    static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ].into());
}

pub(super) struct Wire {
    io: Io,
    reader: Reader,
}

enum Io {
    Tcp(TcpStream),
    /// Whatever else was upgraded, for example TLS that ends in this process.
    Other(Box<TokioIo<Upgraded>>),
}

/// Why nothing more comes.
pub(super) enum End {
    /// The connection is gone.
    Gone,
    /// The peer does not keep to the protocol.
    Broken(Broken),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl Wire {
    /// Takes over an upgraded connection, with what the peer has said already.
    pub(super) fn new(upgraded: Upgraded, most: usize, heard: &mut Vec<Heard>) -> Result<Self, Broken> {
        let mut reader = Reader::new(most);
        let io = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => {
                reader.take(&parts.read_buf, heard)?;
                Io::Tcp(parts.io.into_inner())
            }
            Err(upgraded) => Io::Other(Box::new(TokioIo::new(upgraded))),
        };
        Ok(Self { io, reader })
    }

    /// Waits for something to read, and puts what it makes whole into `heard`. Can be given up and called
    /// again.
    pub(super) async fn read(&mut self, heard: &mut Vec<Heard>) -> Result<(), End> {
        let Self { io, reader } = self;
        poll_fn(|context| {
            BUFFER.with_borrow_mut(|buffer| {
                let mut buffer = ReadBuf::new(buffer);
                ready!(io.poll_read(context, &mut buffer))?;
                Poll::Ready(match buffer.filled() {
                    [] => Err(End::Gone),
                    bytes => reader.take(bytes, heard).map_err(End::Broken),
                })
            })
        })
        .await
    }

    /// Writes frames of the protocol, each as one binary message.
    pub(super) async fn send(&mut self, frames: &[Frame]) -> Result<(), End> {
        let mut left = frames;
        while !left.is_empty() {
            let (now, later) = left.split_at(left.len().min(TOGETHER));
            left = later;
            let headers: Vec<Header> = now.iter().map(|frame| Header::binary(frame.len())).collect();
            let mut parts = Vec::with_capacity(3 * now.len());
            for (frame, header) in now.iter().zip(&headers) {
                parts.extend([header.as_slice(), frame.address(), frame.rest()]);
            }
            self.write(&mut parts).await?;
        }
        Ok(())
    }

    /// Writes a control frame.
    pub(super) async fn control(&mut self, frame: Bytes) -> Result<(), End> {
        self.write(&mut [&frame]).await
    }

    async fn write(&mut self, parts: &mut [&[u8]]) -> Result<(), End> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let longest = limits::SLOW + Duration::from_secs((len / limits::SLOWEST) as u64);
        let io = &mut self.io;
        let mut done = 0;
        let written = poll_fn(|context| {
            while done < len {
                let mut slices = [IoSlice::new(&[]); 3 * TOGETHER];
                let mut before = done;
                let mut count = 0;
                for part in parts.iter() {
                    if before >= part.len() {
                        before -= part.len();
                        continue;
                    }
                    slices[count] = IoSlice::new(&part[before..]);
                    before = 0;
                    count += 1;
                }
                match ready!(io.poll_write(context, &slices[..count])) {
                    Ok(0) => return Poll::Ready(Err(End::Gone)),
                    Ok(count) => done += count,
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
            }
            Poll::Ready(Ok(()))
        });
        timeout(longest, written).await.unwrap_or(Err(End::Gone))?;
        self.flush().await
    }

    /// A socket has nothing to flush; what lies between may.
    async fn flush(&mut self) -> Result<(), End> {
        match &mut self.io {
            Io::Tcp(_) => Ok(()),
            Io::Other(other) => {
                let flushed = poll_fn(|context| Pin::new(&mut *other).poll_flush(context));
                Ok(timeout(limits::SLOW, flushed).await.map_err(|_| End::Gone)??)
            }
        }
    }
}

impl Io {
    fn poll_read(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Other(other) => Pin::new(other).poll_read(context, buffer),
        }
    }

    fn poll_write(&mut self, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Self::Other(other) => Pin::new(other).poll_write_vectored(context, slices),
        }
    }
}
