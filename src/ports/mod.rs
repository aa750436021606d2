//! (ports)
