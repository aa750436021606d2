//! (okta)
