//! Chance from the operating system: the one place that asks for it.

use crate::ports::fresh::Fresh;
use ring::rand::{SecureRandom, SystemRandom};

/// Random bytes of the operating system.
pub struct SystemChance(SystemRandom);

impl SystemChance {
    /// Checks that the operating system gives random bytes: without them nothing here may start.
    #[expect(clippy::disallowed_methods, reason = "the one place where the operating system is asked for chance")]
    pub fn new() -> anyhow::Result<Self> {
        let source = SystemRandom::new();
        let mut probe = [0_u8; 16];
        source.fill(&mut probe).map_err(|_| anyhow::anyhow!("the operating system gives no random bytes"))?;
        Ok(Self(source))
    }
}

impl Fresh for SystemChance {
    fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0_u8; 16];
        assert!(self.0.fill(&mut bytes).is_ok(), "the operating system gives no random bytes any more");
        bytes
    }
}
