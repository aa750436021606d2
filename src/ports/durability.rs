//! What a power failure may take, and what never. The end of a process, however it comes, takes nothing: what was committed
//! belongs to the operating system then.
//!
//! When in doubt a write is [`Durability::Now`]. Begin with [`Durability`]; `tests/it/tidy.rs` lists who asks for less.

use crate::ports::store::Change;

/// What a power failure may do to a transaction whose call has returned. The end of a process, however it comes, takes
/// nothing of either kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// It is on the disk, and so is everything that was committed before it.
    #[default]
    Now,
    /// A power failure may take it, together with everything that was committed after it and never anything before it. Only
    /// for what is then done again from something that is on the disk (the inbox row, the case as it was), and on which
    /// nobody outside can act before it is on the disk: a post is shown, and a press is acknowledged, only after a write of
    /// its own that is [`Durability::Now`] and takes everything before it along.
    Replayed,
}

impl Change {
    /// What is asked for, where the change holds nothing that was decided, given away or done: a proposal, a vote, a run, a
    /// journal row, a setting, and whatever is written under a lease, are always [`Durability::Now`].
    pub fn durability(&self) -> Durability {
        // Every field is named here, so that a new one has to be thought of.
        let Self {
            at: _,
            durability,
            cases: _,
            audit: _,
            outbox: _,
            inbox_done: _,
            proposal,
            vote,
            unvote,
            run,
            run_ended,
            journal,
            fence,
            setting,
        } = self;
        let decided = proposal.is_some() || vote.is_some() || unvote.is_some() || setting.is_some();
        let done = run.is_some() || run_ended.is_some() || journal.is_some() || fence.is_some();
        if decided || done { Durability::Now } else { *durability }
    }
}
