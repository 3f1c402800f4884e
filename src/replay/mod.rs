//! The plan after any event, and the walk between two events.
