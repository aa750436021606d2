//! (saga)
