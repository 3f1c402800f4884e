//! HTTP: who are you, routes, pages, assets.

pub mod assets;
pub mod pages;
