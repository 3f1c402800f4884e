mod export;
mod golden;
mod kill;
mod schema;
mod session;
mod wire;
