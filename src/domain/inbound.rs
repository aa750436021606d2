//! (inbound)
