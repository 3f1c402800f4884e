mod architecture;
mod export;
mod golden;
mod kill;
mod schema;
mod session;
mod sync_samod;
mod wire;
