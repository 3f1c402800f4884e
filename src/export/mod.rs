//! The plan as a file: one format a module.
