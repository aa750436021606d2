//! (guards)
