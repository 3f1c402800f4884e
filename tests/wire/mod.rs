//! The server as a process, and clients that speak its wire format without an editor behind them.
//!
//! Shared by the integration tests and the benchmark, hence what one of them leaves unused is allowed.
#![allow(dead_code, unused_imports, reason = "the tests and the benchmark each use a part")]

mod client;
mod form;
pub(crate) mod frame;
mod server;
mod stock;
mod writer;

pub(crate) use client::{Client, Heard};
pub(crate) use form::form;
pub(crate) use server::{Server, Spawn, binary, demonstration};
pub(crate) use stock::{Gone, Stock};
pub(crate) use writer::Writer;
