//! (recognize)
