//! The event loop of a crowd: some write at their rate, all listen.

use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use super::socket::Socket;
use super::{Protocol, Sent};
use crate::report::cpu;

/// How long after the last edit all must have it.
const SETTLE: Duration = Duration::from_secs(20);
/// Nothing has come for this long: all is said.
const QUIET: Duration = Duration::from_millis(500);
/// How long the opening of all connections may take.
const OPEN: Duration = Duration::from_secs(60);

pub(crate) struct Shape {
    pub(crate) clients: usize,
    pub(crate) writers: usize,
    /// Edits a second, of all writers together.
    pub(crate) rate: f64,
    pub(crate) window: Duration,
}

/// What was measured.
pub(crate) struct Run {
    pub(crate) latencies: Vec<Duration>,
    pub(crate) written: usize,
    /// Whether each client has seen every edit of the others.
    pub(crate) complete: bool,
    /// From the first edit until the last was seen by the last.
    pub(crate) took: Duration,
    /// Of the server, from the first edit until the last was seen.
    pub(crate) server_cpu: Duration,
    /// Of the driver, in the same time.
    pub(crate) driver_cpu: Duration,
}

/// All clients of one run.
pub(crate) struct Crowd<P> {
    pub(crate) protocol: P,
    sockets: Vec<Socket>,
    seen: Vec<usize>,
    own: Vec<usize>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
    sent: Sent,
    latencies: Vec<Duration>,
    last: Instant,
}

impl<P: Protocol> Crowd<P> {
    /// Connects all clients; each has the document before the next one comes.
    pub(crate) fn open(mut protocol: P, port: u16, clients: usize) -> Self {
        let poll = Poll::new().unwrap();
        let mut sockets = Vec::with_capacity(clients);
        for client in 0..clients {
            let mut socket = Socket::connect(port, &protocol.path(client));
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket.stream, Token(client), interest).unwrap();
            let mut out = Vec::new();
            protocol.greet(client, &mut out);
            out.iter().for_each(|message| socket.send(message));
            sockets.push(socket);
        }
        let mut crowd = Self {
            protocol,
            sockets,
            seen: vec![0; clients],
            own: vec![0; clients],
            poll,
            events: Events::with_capacity(1024),
            buffer: vec![0; 1 << 18],
            sent: Sent::default(),
            latencies: Vec::new(),
            last: Instant::now(),
        };
        let until = Instant::now() + OPEN;
        while !(0..clients).all(|client| crowd.protocol.is_ready(client)) {
            assert!(Instant::now() < until, "a client did not get the document");
            crowd.turn(Some(Duration::from_millis(100)));
        }
        // What follows from opening (acknowledgements, who is here) belongs to nobody's edit.
        crowd.rest(Duration::from_secs(5));
        crowd
    }

    /// Waits until nothing more comes.
    pub(crate) fn rest(&mut self, longest: Duration) {
        let until = Instant::now() + longest;
        self.last = Instant::now();
        while self.last.elapsed() < QUIET && Instant::now() < until {
            self.turn(Some(Duration::from_millis(50)));
        }
    }

    /// Writes and listens as the shape says.
    pub(crate) fn run(&mut self, server: u32, shape: &Shape) -> Run {
        assert!(shape.writers <= self.sockets.len() && shape.clients == self.sockets.len());
        let (server_before, driver_before) = (cpu(server), cpu(std::process::id()));
        let began = Instant::now();
        let until = began + shape.window;
        let every = Duration::from_secs_f64(1.0 / shape.rate);
        let mut next = began + every;
        let mut written = 0;
        // Writers take turns, so that the edits of a second are spread over it.
        while Instant::now() < until {
            while next <= Instant::now() && next < until {
                self.write(written % shape.writers);
                written += 1;
                next += every;
            }
            self.turn(Some(next.saturating_duration_since(Instant::now())));
        }
        let settled = Instant::now() + SETTLE;
        while !self.is_complete(written) && Instant::now() < settled {
            self.turn(Some(Duration::from_millis(20)));
        }
        Run {
            complete: self.is_complete(written),
            latencies: std::mem::take(&mut self.latencies),
            written,
            took: self.last - began,
            server_cpu: cpu(server) - server_before,
            driver_cpu: cpu(std::process::id()) - driver_before,
        }
    }

    fn is_complete(&self, written: usize) -> bool {
        self.seen.iter().zip(&self.own).all(|(seen, own)| seen + own >= written)
    }

    fn write(&mut self, client: usize) {
        let (key, message) = self.protocol.edit(client);
        self.sent.note(key);
        self.own[client] += 1;
        self.sockets[client].send(&message);
    }

    /// One wait for whatever comes.
    fn turn(&mut self, longest: Option<Duration>) {
        self.poll.poll(&mut self.events, longest).unwrap();
        let mut keys = Vec::new();
        let mut out = Vec::new();
        for event in &self.events {
            let client = event.token().0;
            let socket = &mut self.sockets[client];
            if event.is_writable() {
                socket.flush();
            }
            if !event.is_readable() {
                continue;
            }
            let protocol = &mut self.protocol;
            socket.read(&mut self.buffer, |message| protocol.hear(client, message, &mut out, &mut keys));
            let now = Instant::now();
            self.last = now;
            for key in keys.drain(..) {
                if let Some(latency) = self.sent.since(key, now) {
                    self.latencies.push(latency);
                    self.seen[client] += 1;
                }
            }
            out.drain(..).for_each(|message| socket.send(&message));
        }
    }
}
