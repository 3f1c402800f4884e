//! The only place that asks what time it is, so that everything else can be given any time.

use std::sync::Arc;

use crate::domain::Timestamp;

/// A source of the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
#[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
pub fn system() -> Clock {
    Arc::new(|| Timestamp(jiff::Timestamp::now().as_millisecond()))
}
