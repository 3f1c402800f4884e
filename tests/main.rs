mod export;
mod golden;
mod session;
