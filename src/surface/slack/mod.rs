//! Slack: Socket Mode or HTTP in, cards as Block Kit out.
//!
//! Never decides anything: what comes in is verified, given the class of its author by the event's own signs, and handed to
//! the app; what goes out is what the outbox gives. Only a signed interaction carries authority (SAFETY A1); everything from
//! outside is parsed leniently by ourselves, because types that are strict lose clicks when Slack adds a field.
//!
//! | file | what it is |
//! |---|---|
//! | [`settings`] | `[slack]` and `[[link]]` |
//! | [`account`] | keys: of an account (`T…/U…`), of a channel (`C…`, or `T…/C…` of a further workspace) |
//! | [`token`] | the sealed value of a button |
//! | [`api`] | the Web API: one call, its time limit, its errors |
//! | [`show`], [`pace`], [`replies`], `tell` | what the outbox gives, shown: turns, edits, direct answers |
//! | [`doctor`], [`manifest`] | the set-up looked at, the app described |
//! | [`views`] | modals and the home tab |
//! | [`render`] | cards, lines and answers as Block Kit |
//! | [`signature`] | whether a request was signed by Slack |
//! | [`ourselves`] | who we are in each workspace, and the links |
//! | [`links`] | addresses of messages |
//! | [`who`] | what Slack says of accounts and channels, kept for a minute |
//! | [`files`] | text files that came with a message |
//! | [`inbound`] | the way in, the same for both transports |
//!
//! Begin with [`settings::Settings`].

pub mod account;
pub mod api;
pub mod calls;
mod descriptor;
pub mod doctor;
pub mod files;
pub mod inbound;
pub mod links;
pub mod manifest;
pub mod ourselves;
pub mod pace;
pub mod render;
pub mod replies;
pub mod settings;
pub mod show;
pub mod signature;
mod tell;
pub mod token;
pub mod views;
pub mod who;

pub use descriptor::Descriptor;

/// Name of this surface in the store and in the configuration.
pub const NAME: &str = "slack";

/// The beginning of every `block_id` and `action_id` of ours. A message that carries it was posted by this program, whoever
/// seems to have sent it, so it is never answered.
pub const MARK: &str = "ra.";
