//! Chance: the only source of random bytes (`.clippy.toml` bans the others). Tests give a seeded one.

/// A source of random bytes.
pub trait Fresh: Send + Sync {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];

    /// A random (version 4) GUID in lower case.
    fn guid(&self) -> String {
        let mut b = self.bytes();
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        let h = crate::domain::ids::hex(&b);
        format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
    }

    /// `prefix` and `len` random base32 characters (at most 25).
    fn id(&self, prefix: &str, len: usize) -> String {
        format!("{prefix}{}", crate::domain::ids::base32(&self.bytes(), len))
    }
}
