//! Reanchor diagnoses Okta -> Microsoft 365 provisioning errors in chat, and repairs them: an approval is a vote on the hash
//! of a diff, checked again against both live directories, executed by a journal that survives `kill -9` at any point.
//!
//! # The flow
//!
//! ```text
//!  surface/*  --Inbound-->  app::hear  --text-->  recognize  --Report-->  classify  --Diagnosis-->  domain::case
//!     ^                        |                                                                       |
//!     | Card                   v                                                                       v
//!  card::build <-- case <-- app::look_up --(ports)--> okta, graph            plan --Plan--> policy --> card with a digest
//!     ^                                                                                               | button
//!     | verify, audit      saga::run <-- Approved + LeaseHeld <-- policy::approval::resume <-- app::decide
//! ```
//! Every arrow is a plain value. Every state change is one [`ports::store::Change`]: the case row with its version check, the
//! audit rows, the outbox rows, committed together. Cards are written only by the outbox, so a card is a projection of the
//! store. The one exception is a whisper: the direct answer to a signed interaction carries no state and may be lost; where
//! Slack makes it wait, it goes through the outbox like everything else, for a few minutes.
//!
//! # The map
//!
//! P = pure (no async, clock, I/O, global), A = async through ports, E = edge (real I/O).
//!
//! | module | | what it is |
//! |---|---|---|
//! | [`domain`] | P | the words of the trade: facts, effects, guards, plans, cases |
//! | [`recognize`] | P | chat text in, structure out: mangling undone, fields, the grammar of commands, redaction |
//! | [`classify`] | P | the shared classifier over rules that are data (`config/rules/*.toml`); [`classify::talk`] tells talk from reports by learned weights (`config/talk.tsv`) |
//! | [`plan`] | P | facts and settings in, a plan or the rules that forbid it out; one file per remedy |
//! | [`policy`] | P | may this person ask, vote, run this now; `approval` holds the only constructors of `Approved` |
//! | [`card`] | P | what people see, once for all surfaces |
//! | [`saga`] | A | journal, next, look, perform, verify: runs an approved plan |
//! | [`ports`] | A | the traits towards the outside, and the proofs `LeaseHeld` and `VerifiedActor` |
//! | [`app`] | A | the use cases: hear, look up, decide, run, show |
//! | [`okta`], [`graph`] | E | the two directories; [`wire`] is the HTTP plumbing that both share |
//! | [`store`] | E | sqlx: SQLite by default, PostgreSQL for several replicas; the audit chain; leases |
//! | [`surface`] | E | places where people talk (Slack, the page, the terminal); a surface decides nothing; `Descriptor` is its contract |
//! | [`http`] | E | what the server answers besides: healthz, readyz, metrics, `/v1/diagnose` |
//! | [`config`] | E | file and environment merged into one table; errors name file, key and what is allowed |
//! | [`telemetry`] | E | the log on stderr |
//! | [`sandbox`] | E | a simulated Okta org and Entra tenant over HTTP; shipped; imports nothing of ours |
//! | [`boot`] | E | the only place that knows every concrete type |
//! | [`cli`] | E | one file a sub-command |
//!
//! `tests/it/tidy.rs` holds the table of who may import whom, and the callers of the proof constructors.
//!
//! # Invariants
//!
//! 1. Nothing pure reads a clock, a random source, the environment, a file or a socket.
//! 2. No effect runs without [`policy::approval::Approved`] and [`ports::lease::LeaseHeld`]: private fields, not cloneable,
//!    compared with the plan by `saga::perform` right before the call.
//! 3. An approval is bound to the digest of the plan shown. A later difference makes a new plan and a new question.
//! 4. Intent is journaled before a write; the target is read before and after it; the read decides.
//! 5. Every random value is chosen while planning; a resume never rolls again.
//! 6. A step that cannot be undone says so in the plan and on the card, and is never undone by machine.
//! 7. "Not sure" is an answer with its evidence. Unknown is not an error.
//! 8. Chat receives [`domain::notice::PublicText`] only. Logs carry ids, never pasted text, UPNs, tokens or request URLs.
//! 9. Deleting a surface folder and its lines in `surface/mod.rs` and `boot` leaves a program that builds.
//! 10. Stored formats have a version and a golden file that must load for ever (`tests/golden`).
//! 11. A safety look-up that could not be made counts as unsafe. An empty allow-list permits nobody.
//! 12. A guard is data: `plan` attaches it, the digest covers it, `saga` checks exactly it again.
//! 13. What was acknowledged, decided or is about to be done is on the disk first. Only a write that the stored event would
//!     bring about again may wait for the next one's ([`ports::store::Durability`]); each such place is named by a test.
//!
//! The safety rules that guards and refusals name (`A4`, `D4.5`, …) are written down in `docs/safety.md`.
//!
//! # Where do I add …
//!
//! * an error class: one file, `config/rules/<class>.toml`, with its own samples and near misses;
//! * a remedy made of existing effects: a file in [`plan`] and a line in `plan/mod.rs`;
//! * an effect: [`domain::effect`], `saga::perform`, the client, [`sandbox`]; the compiler lists the places;
//! * a chat surface: a folder in [`surface`] with its [`surface::Descriptor`], and its line in `surface::each`;
//! * a command: [`recognize::command`] and `app::decide`; the help text is an exhaustive match;
//! * a scenario: one file, `config/scenarios/<name>.toml`; the tests play it;
//! * a message that was judged wrong: a line in `tests/corpus/grown.jsonl`; `tests/it/talk.rs` says how the weights are learned again;
//! * a migration: one file in `migrations/`.

pub mod app;
pub mod boot;
pub mod card;
pub mod classify;
pub mod cli;
pub mod config;
pub mod domain;
pub mod graph;
pub mod http;
pub mod okta;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod recognize;
pub mod saga;
pub mod sandbox;
pub mod store;
pub mod surface;
pub mod telemetry;
pub mod wire;
