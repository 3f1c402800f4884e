mod golden;
mod session;
