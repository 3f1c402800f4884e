//! Quorate: drafting a plan together, and standing by it. See `ARCHITECTURE.md`.

pub mod demo;
pub mod document;
pub mod domain;
pub mod export;
pub mod http;
pub mod log;
pub mod replay;
pub mod session;
