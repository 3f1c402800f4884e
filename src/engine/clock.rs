//! The only place that asks what time it is and draws ids, so that everything else can be given any.

use std::sync::Arc;

use crate::domain::{EventId, Timestamp};

/// A source of the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
pub fn system() -> Clock {
    Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
}

/// An id for a command that begins here.
pub fn fresh_id() -> EventId {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    EventId(uuid::Builder::from_random_bytes(bytes).into_uuid())
}
