mod export;
mod golden;
mod kill;
mod session;
mod wire;
