//! What an event says: which message, by whom, in which class by the event's own signs. Pure.
//!
//! Never takes `user` for a person where a `bot_id` or an `app_id` stands beside it: Slack stamps them on what is posted with a
//! person's token, too. Never lets the bot hear itself. Begin with [`message`].

use super::payload::{Attachment, Before, Envelope, Event, File};
use crate::domain::inbound::Attached;
use crate::surface::slack::MARK;
use crate::surface::slack::ourselves::{Identity, Ourselves};
use crate::surface::slack::settings::Settings;
use std::borrow::Cow;

/// The most that is read of a file, in bytes.
pub const LARGEST: u64 = 256 * 1024;
/// Files of one message that are read: as many as people can send at once.
const FILES: usize = 10;
/// Files of one message that are looked at.
const FILES_SEEN: usize = 40;

/// Who wrote a message, as far as the event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author<'a> {
    /// Somebody with an account; whether it is a member is asked later.
    Person {
        /// The team of the account.
        team: &'a str,
        /// The account.
        user: &'a str,
    },
    /// Somebody of another organization.
    Stranger {
        /// The team of the account.
        team: &'a str,
        /// The account.
        user: &'a str,
    },
    /// A bridge of the configuration.
    Bridge {
        /// Its id.
        id: &'a str,
        /// Its name in the configuration.
        via: &'a str,
        /// The name that it claims for the author.
        claimed: &'a str,
    },
    /// A program, also where it posts in a person's name.
    Program {
        /// Bot or app.
        id: &'a str,
    },
}

/// A message worth a thought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// By whom.
    pub author: Author<'a>,
    /// Id of the channel.
    pub channel: &'a str,
    /// Time stamp of the message.
    pub ts: &'a str,
    /// Time stamp of the message that its thread hangs on.
    pub thread: &'a str,
    /// Time stamp of the change, when it was heard before.
    pub edited: Option<&'a str>,
    /// Its words; links and entities as Slack writes them.
    pub text: Cow<'a, str>,
    /// Whether they are meant for the bot (a mention, or a direct message).
    pub to_us: bool,
    /// Text files that must be fetched.
    pub files: Vec<Attached>,
}

/// What is known of the place and of us.
#[derive(Clone, Copy)]
pub struct Here<'a> {
    /// The installation that got the event.
    pub identity: &'a Identity,
    /// All of them.
    pub ourselves: &'a Ourselves,
    /// The configuration.
    pub settings: &'a Settings,
}

/// Reads a message, a mention or an edit; nothing when it is none of our business.
pub fn message<'a>(envelope: &'a Envelope<'a>, here: Here<'a>) -> Option<Said<'a>> {
    let event: &Event<'_> = &envelope.event;
    let (message, edited) = match &*event.subtype {
        "" | "file_share" | "thread_broadcast" | "bot_message" => (event, None),
        "message_changed" => {
            let message: &Event<'_> = event.message.as_ref()?;
            if !matches!(&*message.subtype, "" | "file_share" | "thread_broadcast" | "bot_message") {
                return None;
            }
            (message, Some(changed(event, message)?))
        }
        _ => return None,
    };
    let own_app = message.app_id.some().is_some_and(|app| app == &*envelope.api_app_id);
    let own_block = message.blocks.iter().any(|block| block.block_id.starts_with(MARK));
    if own_app || own_block || here.ourselves.is_us(&message.user, &message.bot_id) {
        return None;
    }
    let author = author(envelope, message, here)?;
    let (channel, ts) = (event.channel.some()?, message.ts.some()?);
    let person = matches!(author, Author::Person { .. } | Author::Stranger { .. });
    let mut text = words(message, here.ourselves);
    let files = files(message, &mut text);
    let direct = &*event.channel_type == "im";
    let mentioned =
        person && (direct || &*event.kind == "app_mention" || mention(&text, &here.identity.user).is_some());
    if mentioned {
        text = without_mention(text, &here.identity.user);
    }
    let thread = message.thread_ts.some().unwrap_or(ts);
    Some(Said { author, channel, ts, thread, edited, text, to_us: mentioned, files })
}

/// A message that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone<'a> {
    /// Who had written it.
    pub user: &'a str,
    /// Id of the channel.
    pub channel: &'a str,
    /// Its time stamp.
    pub ts: &'a str,
    /// Time stamp of the message that its thread hangs on.
    pub thread: &'a str,
    /// What it said.
    pub text: &'a str,
}

/// Reads that a message of somebody was deleted; nothing for what a program had posted.
pub fn gone<'a>(event: &'a Event<'a>) -> Option<Gone<'a>> {
    let before: &Before<'_> = event.previous_message.as_ref().filter(|_| &*event.subtype == "message_deleted")?;
    let (user, ts) = (before.user.some().filter(|_| before.bot_id.is_empty())?, event.deleted_ts.some()?);
    let thread = before.thread_ts.some().unwrap_or(ts);
    Some(Gone { user, channel: event.channel.some()?, ts, thread, text: &before.text })
}

/// The time stamp of a change of the words; nothing when only a preview of a link was added.
fn changed<'a>(event: &'a Event<'a>, message: &'a Event<'a>) -> Option<&'a str> {
    if event.previous_message.as_ref().is_some_and(|before| *before.text == *message.text) {
        return None;
    }
    message.edited.ts.some().or_else(|| if event.previous_message.is_some() { event.event_ts.some() } else { None })
}

fn author<'a>(envelope: &'a Envelope<'a>, message: &'a Event<'a>, here: Here<'a>) -> Option<Author<'a>> {
    let program = message.bot_id.some().or_else(|| message.app_id.some());
    if program.is_some() || &*message.subtype == "bot_message" {
        let ids = [&*message.bot_id, &*message.app_id];
        if let Some(relay) = here.settings.relays.iter().find(|relay| ids.contains(&&*relay.id)) {
            return Some(Author::Bridge { id: &relay.id, via: &relay.name, claimed: &message.username });
        }
        return here.settings.diagnose_bots.then_some(Author::Program { id: program.unwrap_or("unknown") });
    }
    let user = message.user.some().filter(|user| *user != "USLACKBOT")?;
    let teams = [&message.user_team, &message.source_team, &message.team, &envelope.team_id];
    let team = teams.into_iter().find_map(|team| team.some()).unwrap_or(&here.identity.team);
    if here.identity.may_be_member(team) {
        Some(Author::Person { team, user })
    } else {
        Some(Author::Stranger { team, user })
    }
}

/// The words of a message with those of its attachments; not what Slack itself adds under a link, and not what the bot said
/// and somebody passed on.
pub fn words<'a>(message: &'a Event<'a>, ourselves: &Ourselves) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(&*message.text);
    for attachment in message.attachments.iter().filter(|attachment| !is_ours(attachment, ourselves)) {
        let passed_on = attachment.is_share.0 || attachment.is_msg_unfurl.0;
        if attachment.from_url.is_empty() || passed_on {
            of_attachment(&mut text, attachment);
        }
    }
    text
}

fn is_ours(attachment: &Attachment<'_>, ourselves: &Ourselves) -> bool {
    let mut blocks = attachment.message_blocks.iter().flat_map(|passed| passed.message.blocks.iter());
    ourselves.is_us(&attachment.author_id, &attachment.bot_id) || blocks.any(|block| block.block_id.starts_with(MARK))
}

fn of_attachment(text: &mut Cow<'_, str>, attachment: &Attachment<'_>) {
    let said = [&attachment.pretext, &attachment.title, &attachment.text];
    let mut any = false;
    for part in said.into_iter().filter_map(|part| part.some()) {
        add(text, part);
        any = true;
    }
    for field in attachment.fields.iter() {
        for part in [&field.title, &field.value].into_iter().filter_map(|part| part.some()) {
            add(text, part);
            any = true;
        }
    }
    if let (false, Some(fallback)) = (any, attachment.fallback.some()) {
        add(text, fallback);
    }
}

fn add(text: &mut Cow<'_, str>, more: &str) {
    let text = text.to_mut();
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

/// The files of a message: a preview that is whole becomes part of the words, all others are to be fetched, or it is known
/// already why they cannot be read.
pub fn files(message: &Event<'_>, text: &mut Cow<'_, str>) -> Vec<Attached> {
    let (mut files, mut readable) = (Vec::new(), 0);
    for file in message.files.iter().filter(|file| file.id.some().is_some()).take(FILES_SEEN) {
        let mut problem = problem(file);
        readable += usize::from(problem.is_none());
        if problem.is_none() && readable > FILES {
            problem = Some("more files of one message are not read");
        }
        match whole_preview(file).filter(|_| problem.is_none() && &*file.file_access != HIDDEN) {
            Some(preview) => add(text, preview),
            None => files.push(attached(file, problem)),
        }
    }
    files
}

/// `file_access` of a file of which an event may not tell more.
const HIDDEN: &str = "check_file_info";

/// Why a file cannot be read; a file that hides what it is may be readable.
fn problem(file: &File<'_>) -> Option<&'static str> {
    let name = file.name.to_ascii_lowercase();
    let named = [".txt", ".log"].iter().any(|end| name.ends_with(end));
    let text = &*file.mode == "snippet" || file.mimetype.starts_with("text/") || named;
    match &*file.mode {
        "external" => Some("it does not lie at Slack"),
        "tombstone" | "hidden_by_limit" => Some("it is not there any more"),
        _ if text || &*file.file_access == HIDDEN => None,
        _ => Some("it is no text"),
    }
}

/// The preview, when it is all there is.
fn whole_preview<'a>(file: &'a File<'a>) -> Option<&'a str> {
    let more = file.preview_is_truncated.0 || !matches!(&*file.lines_more, "" | "0");
    if more { None } else { file.preview.some() }
}

/// The file as something to be fetched.
fn attached(file: &File<'_>, problem: Option<&str>) -> Attached {
    let address = file.url_private_download.some().or_else(|| file.url_private.some());
    let problem = problem.map(str::to_owned);
    Attached { id: (*file.id).to_owned(), address: address.map(str::to_owned), name: (*file.name).to_owned(), problem }
}

/// Where a mention of `user` stands in a text: `<@U123>` or `<@U123|name>`.
fn mention(text: &str, user: &str) -> Option<std::ops::Range<usize>> {
    if user.is_empty() {
        return None;
    }
    text.match_indices("<@").find_map(|(at, sign)| {
        let rest = text.get(at + sign.len()..)?.strip_prefix(user)?;
        let start = text.len() - rest.len();
        match rest.as_bytes().first()? {
            b'>' => Some(at..start + 1),
            b'|' => rest.find('>').map(|end| at..start + end + 1),
            _ => None,
        }
    })
}

fn without_mention<'a>(text: Cow<'a, str>, user: &str) -> Cow<'a, str> {
    let Some(range) = mention(&text, user) else { return text };
    let (before, after) = (text.get(..range.start).unwrap_or_default(), text.get(range.end..).unwrap_or_default());
    if before.trim().is_empty() {
        return Cow::Owned(after.trim_start().to_owned());
    }
    Cow::Owned([before.trim_end(), " ", after.trim_start()].concat())
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
