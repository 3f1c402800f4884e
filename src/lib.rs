//! Quorate: drafting a plan together, and standing by it. See `ARCHITECTURE.md`.

pub mod access;
pub mod cli;
pub mod demo;
pub mod document;
pub mod domain;
pub mod engine;
pub mod export;
pub mod http;
pub mod log;
pub mod mail;
pub mod notify;
pub mod projection;
pub mod replay;
pub mod room;
pub mod roster;
pub mod session;
