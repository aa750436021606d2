//! What the build script listed: rule files, scenarios, migrations and examples, as text in the binary.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
