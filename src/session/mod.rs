//! One sync connection as a machine without I/O: bytes in, actions out.
