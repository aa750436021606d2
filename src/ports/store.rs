//! The durable record. Every state change is one [`Change`]: the new case row with its version check, the audit rows, the
//! outbox rows, and whatever else belongs to it, committed together or not at all.
//!
//! The store never decides and never reads a body: bodies are JSON texts made and read by `app` and `saga`. "Not found" is
//! `None`, not an error.

use crate::domain::ids::{CaseId, RunId};
use crate::domain::time::At;
pub use crate::ports::durability::Durability;
use async_trait::async_trait;

/// Why the store did not do it. Nothing of the change was applied.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the row first: load it again and decide again.
    #[error("{what} was changed by somebody else in the meantime")]
    Stale {
        /// What was to be changed (`case c-…`).
        what: String,
    },
    /// A row with this unique key exists (a vote given twice, an event delivered twice).
    #[error("{what} is recorded already")]
    Duplicate {
        /// What exists already.
        what: String,
    },
    /// The lease under which the change was to be made is not held any more.
    #[error("the lease {key} is not held any more")]
    Fenced {
        /// The key of the lease.
        key: String,
    },
    /// The database holds something that it should not hold.
    #[error("the database is inconsistent: {table} {id}: {what}")]
    Inconsistent {
        /// Table.
        table: &'static str,
        /// Row.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// The audit chain does not check: no new proposal, vote or run may be recorded.
    #[error("the audit chain is broken at {row}")]
    ChainBroken {
        /// The first row that does not check.
        row: String,
    },
    /// The database itself failed.
    #[error("the database did not do it: {0}")]
    Driver(String),
}

/// Result of a store call.
pub type Stored<T> = Result<T, StoreError>;

/// A case as stored. The columns are what the store searches by; the truth is `body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// `c-…`
    pub id: CaseId,
    /// 1 for a new case; a change carries the version it was made from plus one.
    pub version: i64,
    /// snake_case name of the state.
    pub state: String,
    /// Not final and not parked: counts as open for "a case about the same subject is open".
    pub open: bool,
    /// `tenant|app|okta user id`, where the subject is known.
    pub subject_key: Option<String>,
    /// Surface on which it lives.
    pub surface: String,
    /// Channel on that surface.
    pub channel: String,
    /// Message and class it was opened for: `surface|channel|message|class|n`; unique.
    pub origin_key: String,
    /// When something falls due.
    pub due_at: Option<At>,
    /// Whether what falls due is work (a second look) or only a timer of people (a reminder, an expiry).
    pub due_is_work: bool,
    /// When it was opened.
    pub created_at: At,
    /// JSON.
    pub body: String,
}

/// One row for the audit chain of a case (SAFETY E1). `case` is empty for rows about the bot itself (freeze, thaw).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// The chain it belongs to (a case id, or `bot`).
    pub chain: String,
    /// Who did it (`okta:00u…`, `bot`, `cli:<os user>`).
    pub actor: String,
    /// What kind of thing happened (`proposed`, `vote`, `effect_intent`, …).
    pub kind: String,
    /// JSON of what happened. Erasable; the chain holds only its keyed commitment.
    pub payload: String,
}

/// Something to show. `key` makes it idempotent: a later row with the same key replaces an unsent earlier one. What stands
/// before a `#` in the key names the thing that is posted once and then edited; what follows tells its states apart, so that
/// the last post of each state is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxRow {
    /// What is shown (`card:c-…`, `note:<id>`).
    pub key: String,
    /// On which surface.
    pub surface: String,
    /// When to send (later than now for a pause).
    pub due_at: At,
    /// JSON for `app`.
    pub body: String,
}

/// An outbox row that this process is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Row number.
    pub id: i64,
    /// As stored.
    pub row: OutboxRow,
    /// How often it was tried before.
    pub attempts: i64,
    /// Where the thing of this key was posted last (a message reference of the surface), to edit it in place.
    pub posted: Option<String>,
    /// The thing was claimed before and nothing tells what became of it: it may have been posted.
    pub uncertain: bool,
}

/// How an attempt to send an outbox row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It was not made: nothing was posted, and it does not count.
    NotMade,
    /// It was made and failed, or its end is not known.
    Made,
}

/// A vote. Unique in (case, proposal number, voter).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRow {
    /// Case.
    pub case: CaseId,
    /// Number of the proposal within the case.
    pub number: i64,
    /// Okta user id of the voter.
    pub voter: String,
    /// Digest voted on (hex).
    pub digest: String,
    /// When.
    pub at: At,
}

/// A proposal: a plan put to the vote. Unique in (case, number) and in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalRow {
    /// Case.
    pub case: CaseId,
    /// Number within the case, from 1.
    pub number: i64,
    /// Digest of the plan (hex).
    pub digest: String,
    /// Ten base32 characters that people type.
    pub code: String,
    /// JSON of the plan.
    pub plan: String,
    /// When it was put.
    pub at: At,
}

/// A run: written in the transaction that judged votes, expiry and kill switch; it keeps the votes and that instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// `r-…`
    pub id: RunId,
    /// Case.
    pub case: CaseId,
    /// Proposal number.
    pub number: i64,
    /// Digest of the plan (hex).
    pub digest: String,
    /// JSON of the grant (votes, instant, policy version).
    pub grant: String,
    /// When it was granted.
    pub at: At,
    /// Ended.
    pub ended: bool,
}

/// A journal row. (run, seq) is unique; seq counts from 1 without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// The run.
    pub run: RunId,
    /// Position.
    pub seq: i64,
    /// When.
    pub at: At,
    /// JSON of the event (`saga::journal`).
    pub body: String,
}

/// The lease under which a change is made; it stands in the WHERE of the journal and case write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Key of the lease (`subject:00u…`).
    pub key: String,
    /// Who holds it.
    pub holder: String,
    /// Its number; grows with every new holder.
    pub number: i64,
}

/// A conditional write of one setting: applied only when the stored value still is `expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    /// Name (`freeze`).
    pub key: String,
    /// The value it must have now (`None` = not set).
    pub expect: Option<String>,
    /// The new value (`None` = remove).
    pub value: Option<String>,
}

/// One transaction.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The time of the change.
    pub at: At,
    /// What a power failure may do to it. Not every change may be replayed: see [`Change::durability`].
    pub durability: Durability,
    /// New or changed cases, each with its version check.
    pub cases: Vec<CaseRow>,
    /// Audit rows, in this order.
    pub audit: Vec<AuditRow>,
    /// Things to show.
    pub outbox: Vec<OutboxRow>,
    /// Inbox row that this change finishes.
    pub inbox_done: Option<i64>,
    /// A proposal.
    pub proposal: Option<ProposalRow>,
    /// A vote.
    pub vote: Option<VoteRow>,
    /// A vote taken back: (case, number, voter).
    pub unvote: Option<(CaseId, i64, String)>,
    /// A new run.
    pub run: Option<RunRow>,
    /// A run that ends here.
    pub run_ended: Option<RunId>,
    /// A journal row.
    pub journal: Option<JournalRow>,
    /// The lease under which all this happens.
    pub fence: Option<Fence>,
    /// A setting.
    pub setting: Option<SettingChange>,
}

/// A channel of a surface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel<'a> {
    /// Name of the surface.
    pub surface: &'a str,
    /// The surface's own id of the channel.
    pub id: &'a str,
}

/// Which of the open cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open<'a> {
    /// Of one surface only.
    pub surface: Option<&'a str>,
    /// In one state only, by its name.
    pub state: Option<&'a str>,
    /// At most so many, the newest.
    pub limit: i64,
}

/// A stored inbox row that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxRow {
    /// Row number.
    pub id: i64,
    /// `surface|event key`; unique.
    pub key: String,
    /// When it came.
    pub at: At,
    /// JSON of the redacted `Inbound`.
    pub body: String,
}

/// Rows that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub count: i64,
    /// When the oldest of them fell due.
    pub oldest: Option<At>,
}

/// How much there is of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredFigures {
    /// Cases by the name of their state, sorted.
    pub cases: Vec<(String, i64)>,
    /// Inbox rows that are not done.
    pub inbox: i64,
    /// Runs that have not ended.
    pub runs: i64,
}

/// The store.
#[async_trait]
pub trait Store: Send + Sync {
    /// Commits all of `change` or nothing. When it returns a power failure does no more than [`Change::durability`] says.
    async fn commit(&self, change: Change) -> Stored<()>;

    /// Stores an inbound event once. `None`: an event of this key was stored before. Durable when it returns. May be called
    /// concurrently; waiting rows are committed together.
    async fn inbox_put(&self, key: &str, at: At, body: &str) -> Stored<Option<i64>>;
    /// Claims up to `limit` inbox rows that are not done for `owner` until `now + hold_ms`, oldest first. Rows put by another
    /// live process are left to it until that claim runs out. A power failure may take the claim: nobody it held off is left.
    async fn inbox_claim(&self, owner: &str, now: At, hold_ms: i64, limit: i64) -> Stored<Vec<InboxRow>>;
    /// Whether an event with a key between these two (neither of them counts) was stored.
    async fn inbox_has(&self, after: &str, before: &str) -> Stored<bool>;
    /// Finishes a row that led to no change.
    async fn inbox_done(&self, id: i64, at: At, durability: Durability) -> Stored<()>;

    /// One case.
    async fn case(&self, id: &CaseId) -> Stored<Option<CaseRow>>;
    /// The open case about `subject_key`, the oldest if there are several.
    async fn open_case_about(&self, subject_key: &str) -> Stored<Option<CaseRow>>;
    /// The case about `subject_key` that was closed last.
    async fn closed_case_about(&self, subject_key: &str) -> Stored<Option<CaseRow>>;
    /// Cases of one origin message (`surface|channel|message|` prefix), oldest first.
    async fn cases_of_message(&self, origin_prefix: &str) -> Stored<Vec<CaseRow>>;
    /// The newest `limit` of all cases, or of the open ones, oldest first.
    async fn cases(&self, open_only: bool, limit: i64) -> Stored<Vec<CaseRow>>;
    /// These open cases, oldest first, and how many there are without the limit.
    async fn open_cases(&self, open: Open<'_>) -> Stored<(Vec<CaseRow>, i64)>;
    /// A text that is another one whenever an open case was opened, changed or closed. Reads no body.
    async fn open_mark(&self) -> Stored<String>;
    /// The newest `limit` cases of a class in a channel that were opened at `since` or later, oldest first.
    async fn cases_of_class(&self, channel: Channel<'_>, class: &str, since: At, limit: i64) -> Stored<Vec<CaseRow>>;
    /// Cases whose `due_at` has come, with their versions, oldest due first, at most `limit`.
    async fn cases_due(&self, now: At, limit: i64) -> Stored<Vec<(CaseId, i64)>>;
    /// The earliest `due_at` of all cases whose due thing is work.
    async fn next_due_work(&self) -> Stored<Option<At>>;

    /// The proposal with this code.
    async fn proposal_by_code(&self, code: &str) -> Stored<Option<ProposalRow>>;
    /// A proposal.
    async fn proposal(&self, case: &CaseId, number: i64) -> Stored<Option<ProposalRow>>;
    /// Votes of a proposal, oldest first.
    async fn votes(&self, case: &CaseId, number: i64) -> Stored<Vec<VoteRow>>;

    /// Runs that have not ended, oldest first.
    async fn open_runs(&self) -> Stored<Vec<RunRow>>;
    /// One run.
    async fn run(&self, id: &RunId) -> Stored<Option<RunRow>>;
    /// Journal of a run, in order.
    async fn journal(&self, run: &RunId) -> Stored<Vec<JournalRow>>;

    /// Claims due outbox rows of `surface` for `owner` until `now + hold_ms`. A row made by another live process is left to
    /// it for `hold_ms` after it fell due. Durable when it returns, with everything that was committed before: the row, its
    /// case, and the mark by which a post that was begun is known.
    async fn outbox_claim(&self, surface: &str, owner: &str, now: At, hold_ms: i64) -> Stored<Vec<Claimed>>;
    /// The row was sent; `posted` is where. Durable when it returns.
    async fn outbox_sent(&self, id: i64, posted: &str, at: At) -> Stored<()>;
    /// The row could not be sent; try again at `due_at`.
    async fn outbox_retry(&self, id: i64, due_at: At, why: &str, attempt: Attempt) -> Stored<()>;
    /// Where the thing of this name stands on a surface: its message reference.
    async fn posted(&self, surface: &str, thing: &str) -> Stored<Option<String>>;
    /// Number of rows not sent whose time has come.
    async fn outbox_waiting(&self, now: At) -> Stored<i64>;
    /// The same, of one surface.
    async fn outbox_waiting_on(&self, surface: &str, now: At) -> Stored<Waiting>;
    /// How much there is of everything. Reads no body.
    async fn figures(&self) -> Stored<StoredFigures>;

    /// A setting.
    async fn setting(&self, key: &str) -> Stored<Option<String>>;
}

/// Answer to the wish for a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// It is ours. The holder before, if any, died or let it run out; `wait_until` is when its last call must have ended.
    Ours {
        /// Number of the fence.
        number: i64,
        /// Until when it is held.
        until: At,
        /// Wait until then before the first look (SAFETY B5).
        wait_until: Option<At>,
    },
    /// Somebody else holds it until then.
    Taken {
        /// End of that lease.
        until: At,
    },
}

/// Rows of the lease table, and the lock files beside a database file.
#[async_trait]
pub trait LeaseTable: Send + Sync {
    /// Takes the lease `key` for `holder` until `now + lease_ms`, when it is free, ran out, or its holder on this host is
    /// dead (its OS lock is free). `call_timeout_ms` and the run's last intent row decide `wait_until`.
    async fn take(&self, key: &str, holder: &str, now: At, terms: LeaseTerms) -> Stored<LeaseAnswer>;
    /// Makes the lease longer; the new end, or [`StoreError::Fenced`].
    async fn renew(&self, fence: &Fence, now: At, lease_ms: i64) -> Stored<At>;
    /// Gives it back. Not an error when it is gone.
    async fn release(&self, fence: &Fence) -> Stored<()>;
}

/// Terms of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseTerms {
    /// Length of the lease.
    pub lease_ms: i64,
    /// Longest time that one vendor call may take.
    pub call_timeout_ms: i64,
    /// When the last intent of the run was journaled, if any.
    pub last_intent: Option<At>,
}

/// Reading and proving the record (SAFETY E1).
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Checks every chain and checkpoint. The number of rows checked, or [`StoreError::ChainBroken`] naming the first bad row.
    async fn verify(&self) -> Stored<i64>;
    /// Writes a checkpoint that chains all heads, when something changed since the last; its short code.
    async fn checkpoint(&self, at: At) -> Stored<Option<String>>;
    /// The code of the last checkpoint, if there is one.
    async fn last_checkpoint(&self) -> Stored<Option<String>>;
    /// Rows of one chain as JSON lines, or of all chains and the last checkpoint.
    async fn export(&self, chain: Option<&str>) -> Stored<Vec<String>>;
    /// Deletes what is stored of a case beside the proof that it was there, in one transaction; its chain and the bot's own
    /// still check. May run again: what is gone is not counted twice.
    async fn erase(&self, erasure: &Erasure) -> Stored<Erased>;
    /// Makes what was deleted unreadable where it was stored, as far as this process can. May run again.
    async fn scrub(&self) -> Stored<Scrub>;
}

/// What is to be erased of a case that is not open (SAFETY E4).
#[derive(Clone, Debug)]
pub struct Erasure {
    /// The case.
    pub case: CaseId,
    /// Who erases, as the record names them.
    pub actor: String,
    /// What the people of the case are called: contents that speak of them elsewhere are found by it.
    pub names: Vec<String>,
    /// Key of the lease of its subject, which names them too.
    pub lease: Option<String>,
    /// The case without its content, and its card; empty when that was done before.
    pub change: Change,
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Contents of rows of the case's record.
    pub payloads: i64,
    /// Contents of rows of the bot's own record that spoke of its people (look-ups, refusals).
    pub mentions: i64,
    /// Plans.
    pub plans: i64,
    /// Votes.
    pub votes: i64,
    /// Runs with their journals.
    pub runs: i64,
    /// Posts that waited to be sent.
    pub posts: i64,
    /// Events that name them and were not worked on yet: they stay, and lose their content when they are.
    pub waiting: i64,
    /// Other cases that name the same people, oldest first.
    pub elsewhere: Vec<CaseId>,
}

impl Erased {
    /// Whether there was nothing left to erase.
    pub fn is_nothing(&self) -> bool {
        [self.payloads, self.mentions, self.plans, self.votes, self.runs, self.posts] == [0; 6]
    }
}

/// Whether what was deleted can still be read from where it was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scrub {
    /// The database file was written anew without it.
    Clean,
    /// Another process uses the file, so that it could not be written anew.
    InUse,
    /// A database server keeps its own files.
    Server,
}
