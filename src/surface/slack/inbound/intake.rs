//! Taking what came in, the same for both transports: read, decided in microseconds whether it matters, handed to the app,
//! which stores it; the outcome says what the transport may acknowledge.
//!
//! Never waits for a directory or for Slack: whoever wrote is looked up when the event is worked on, and windows are opened
//! beside the acknowledgement. Never lets a message carry authority; a click and a slash command do, once the transport
//! verified them. Begin with [`Intake::event`], [`Intake::interaction`] and [`Intake::command`].

use super::echo::{Echoes, quotes_us};
use super::home::{Homes, home_of};
use super::lenient::{Flag, Text};
use super::payload::{Action, Command, Envelope, Interaction};
use super::read::{self, Author, Gone, Here, Said};
use super::windows::{self, Desk};
use crate::app::{App, HearError, Heard};
use crate::domain::actor::{Actor, Standing};
use crate::domain::ids::{CaseId, hex};
use crate::domain::inbound::{Body, Inbound, More, Place, Verb};
use crate::domain::notice::Card;
use crate::ports::stop::Stop;
use crate::ports::surface::{VerifiedActor, verified};
use crate::surface::slack::manifest::SHORTCUT;
use crate::surface::slack::ourselves::{Identity, Links, Ourselves};
use crate::surface::slack::settings::Settings;
use crate::surface::slack::token::{Act, Ticket};
use crate::surface::slack::views::{self, Meta};
use crate::surface::slack::{MARK, NAME, account};
use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use std::borrow::Cow;
use std::sync::Arc;

/// The app as this folder hears into it.
#[async_trait]
pub trait Ear: Send + Sync {
    /// Whether pasted errors of a channel are answered.
    fn listens(&self, channel: &str) -> bool;
    /// Whether there is nothing of interest in a text; allocates nothing.
    fn is_chatter(&self, text: &str) -> bool;
    /// Takes an event; durable when it returns that it is stored.
    async fn hear(&self, inbound: Inbound, proof: Option<&VerifiedActor>) -> Result<Heard, HearError>;
    /// The card of a case as it is now.
    async fn card(&self, case: &CaseId) -> Result<Option<Card>, String>;
    /// What the home tab of somebody shows.
    async fn home(&self, actor: &Actor) -> Result<views::Home, String>;
    /// Another text whenever something changed of which a home tab may tell.
    async fn mark(&self) -> Result<String, String>;
}

#[async_trait]
impl Ear for App {
    fn listens(&self, channel: &str) -> bool {
        App::listens(self, NAME, channel)
    }

    fn is_chatter(&self, text: &str) -> bool {
        App::is_chatter(self, text)
    }

    async fn hear(&self, inbound: Inbound, proof: Option<&VerifiedActor>) -> Result<Heard, HearError> {
        App::hear(self, inbound, proof).await
    }

    async fn card(&self, case: &CaseId) -> Result<Option<Card>, String> {
        self.card_now(case).await.map_err(|error| error.to_string())
    }

    async fn home(&self, actor: &Actor) -> Result<views::Home, String> {
        home_of(self, actor).await.map_err(|error| error.to_string())
    }

    async fn mark(&self) -> Result<String, String> {
        self.desk_mark().await.map_err(|error| error.to_string())
    }
}

/// What the transport does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It acknowledges.
    Done,
    /// It acknowledges with this text.
    Answer(String),
    /// It must not acknowledge: what was to be stored is not.
    NotStored,
    /// It was no JSON.
    Malformed,
}

/// Takes what comes in.
pub struct Intake {
    /// The app.
    pub ear: Arc<dyn Ear>,
    /// What else is needed: buttons, answers, windows.
    pub desk: Arc<Desk>,
    /// The home tabs.
    pub homes: Arc<Homes>,
    /// Who we are.
    pub ourselves: Ourselves,
    /// Who is who.
    pub links: Links,
    /// The configuration.
    pub settings: Settings,
    /// Guards against answering programs for ever.
    pub echoes: Echoes,
    /// Whether the process is to end.
    pub stop: Stop,
}

/// A verified interaction: who did it, in which installation.
struct Deed<'a> {
    identity: &'a Identity,
    actor: Actor,
    response_url: &'a str,
    trigger_id: &'a str,
}

impl Intake {
    /// Takes a delivery of the Events API.
    pub async fn event(&self, json: &str) -> Outcome {
        let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(json) else { return Outcome::Malformed };
        match &*envelope.kind {
            "url_verification" => Outcome::Answer((*envelope.challenge).to_owned()),
            "event_callback" => match &*envelope.event.kind {
                "message" | "app_mention" => self.message(&envelope).await,
                "app_home_opened" => self.home(&envelope),
                "app_uninstalled" | "tokens_revoked" => {
                    let workspace =
                        envelope.team_id.some().or_else(|| envelope.enterprise_id.some()).unwrap_or_default();
                    tracing::error!(
                        workspace,
                        "the Slack app was uninstalled from a workspace, or its token revoked; run reanchor doctor"
                    );
                    Outcome::Done
                }
                _ => Outcome::Done,
            },
            "app_rate_limited" => {
                tracing::error!("Slack limits the events of this app: it sends too many, so some were not delivered");
                Outcome::Done
            }
            _ => Outcome::Done,
        }
    }

    fn identity<'a>(&'a self, envelope: &Envelope<'_>) -> Option<&'a Identity> {
        let installed = envelope.authorizations.iter().find_map(|at| self.ourselves.at(&at.team_id, &at.enterprise_id));
        installed.or_else(|| self.ourselves.at(&envelope.team_id, &envelope.enterprise_id))
    }

    /// The installation for which a message is heard. One that several of them see (a channel that their workspaces share) is
    /// heard for the first of them that listens there, whichever the delivery names: it stays one message.
    fn place_of<'a>(&'a self, envelope: &Envelope<'_>) -> Option<&'a Identity> {
        let named = self.identity(envelope)?;
        let id = envelope.event.channel.some().filter(|_| envelope.is_ext_shared_channel.is_some_and(|flag| flag.0));
        let listens = |identity: &&Identity| id.is_some_and(|id| self.ear.listens(&channel_key(identity, id)));
        self.ourselves.iter().find(listens).or(Some(named))
    }

    async fn message(&self, envelope: &Envelope<'_>) -> Outcome {
        let Some(identity) = self.place_of(envelope) else { return Outcome::Done };
        if let Some(gone) = read::gone(&envelope.event) {
            return self.gone(&gone, identity).await;
        }
        let here = Here { identity, ourselves: &self.ourselves, settings: &self.settings };
        let Some(mut said) = read::message(envelope, here) else { return Outcome::Done };
        let channel = channel_key(identity, said.channel);
        let by_program = matches!(said.author, Author::Bridge { .. } | Author::Program { .. });
        // Files that cannot be read are of interest where somebody asks: of the bot, or in a thread, which may be a case's.
        let asks = said.to_us || (said.thread != said.ts && !by_program);
        if !asks {
            said.files.retain(|file| file.problem.is_none());
        }
        let quiet = said.files.is_empty() && self.ear.is_chatter(&said.text);
        if !said.to_us && (quiet || !self.ear.listens(&channel)) {
            return Outcome::Done;
        }
        if by_program && (quotes_us(&said.text) || !self.echoes.may(&channel, self.desk.now())) {
            return Outcome::Done;
        }
        let shared = envelope.is_ext_shared_channel;
        if let Some(Flag(shared)) = shared {
            self.desk.who.told(&channel, shared);
        }
        let actor = self.author(&said.author, identity);
        self.store(self.said(said, &channel, actor, shared.is_some_and(|flag| flag.0)), None).await
    }

    /// A message that told of an error was deleted: whoever looks at its case is told so.
    async fn gone(&self, gone: &Gone<'_>, identity: &Identity) -> Outcome {
        let channel = channel_key(identity, gone.channel);
        if self.ear.is_chatter(gone.text) || !self.ear.listens(&channel) {
            return Outcome::Done;
        }
        let key = format!("m|{channel}|{}|deleted", gone.ts);
        let (thread, message) = (gone.thread.to_owned(), gone.ts.to_owned());
        let place = Place { channel: channel.into_owned(), thread, message };
        let team = &identity.team;
        let standing = Standing::Unlinked;
        let actor = Actor { key: account::key(team, gone.user), name: gone.user.to_owned(), standing };
        let more = More { deleted: true, ..More::default() };
        self.store(self.inbound(key, place, actor, (Body::Message { text: String::new() }, more)), None).await
    }

    fn said(&self, said: Said<'_>, channel: &str, actor: Actor, shared: bool) -> Inbound {
        let text = said.text.into_owned();
        let event_key = match said.edited {
            Some(edited) => format!("m|{channel}|{}|{edited}", said.ts),
            None => format!("m|{channel}|{}", said.ts),
        };
        let place = Place { channel: channel.to_owned(), thread: said.thread.to_owned(), message: said.ts.to_owned() };
        let body = if said.to_us { Body::Mention { text } } else { Body::Message { text } };
        let more = More { edited: said.edited.is_some(), shared, files: said.files, ..More::default() };
        self.inbound(event_key, place, actor, (body, more))
    }

    fn author(&self, author: &Author<'_>, identity: &Identity) -> Actor {
        match *author {
            Author::Person { team, user } => self.member(team, user, user, identity),
            Author::Stranger { team, user } => {
                Actor { key: account::key(team, user), name: user.to_owned(), standing: Standing::External }
            }
            Author::Bridge { id, via, claimed } => {
                let name = if claimed.is_empty() { via } else { claimed };
                let standing = Standing::Relayed { via: via.to_owned() };
                Actor { key: id.to_owned(), name: name.to_owned(), standing }
            }
            Author::Program { id } => Actor { key: id.to_owned(), name: id.to_owned(), standing: Standing::ApiPosted },
        }
    }

    /// Somebody with an account, as far as it can be told at once; the look-up that follows can only lower it.
    fn member(&self, team: &str, user: &str, name: &str, identity: &Identity) -> Actor {
        let organization = [Some(identity.enterprise.as_str()), identity.workspace.as_deref()];
        let organization = organization.into_iter().flatten().find(|id| id.starts_with('E')).unwrap_or_default();
        let standing = if identity.may_be_member(team) {
            self.links.standing(team, organization, user)
        } else {
            Standing::External
        };
        let name = if name.is_empty() { user } else { name };
        Actor { key: account::key(team, user), name: name.to_owned(), standing }
    }

    fn inbound(&self, event_key: String, place: Place, actor: Actor, (body, more): (Body, More)) -> Inbound {
        Inbound { v: 1, surface: NAME.to_owned(), event_key, place, actor, at: self.desk.now(), body, more }
    }

    async fn store(&self, inbound: Inbound, proof: Option<&VerifiedActor>) -> Outcome {
        match self.ear.hear(inbound, proof).await {
            Ok(Heard::Ignored | Heard::Stored | Heard::Repeated) => Outcome::Done,
            Err(_) if self.stop.is_wished() => {
                tracing::info!(
                    "an event of Slack came in while the process ends: it is not acknowledged, so it comes again"
                );
                Outcome::NotStored
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an event of Slack was not stored");
                Outcome::NotStored
            }
        }
    }

    fn home(&self, envelope: &Envelope<'_>) -> Outcome {
        let event = &envelope.event;
        if let (Some(identity), Some(user), true) =
            (self.identity(envelope), event.user.some(), &*event.tab != "messages")
        {
            let team = envelope.team_id.some().unwrap_or(&identity.team);
            let actor = self.member(team, user, user, identity);
            self.homes.opened(identity.workspace.clone(), actor);
        }
        Outcome::Done
    }

    /// Takes a button, a form or a shortcut. The transport verified it.
    pub async fn interaction(&self, json: &str) -> Outcome {
        let Ok(deed) = serde_json::from_str::<Interaction<'_>>(json) else { return Outcome::Malformed };
        let at = self.ourselves.at(&deed.team.id, &deed.enterprise.id).or_else(|| self.ourselves.home());
        let (Some(identity), Some(user)) = (at, deed.user.id.some()) else { return Outcome::Done };
        let team = [&deed.user.team_id, &deed.team.id].into_iter().find_map(|team| team.some());
        let name = deed.user.username.some().or_else(|| deed.user.name.some()).unwrap_or(user);
        let actor = self.member(team.unwrap_or(&identity.team), user, name, identity);
        let who = Deed { identity, actor, response_url: &deed.response_url, trigger_id: &deed.trigger_id };
        match &*deed.kind {
            "block_actions" => self.clicks(&deed, who).await,
            "view_submission" => self.submitted(&deed, who).await,
            "message_action" => self.shortcut(&deed, who).await,
            _ => Outcome::Done,
        }
    }

    async fn clicks(&self, deed: &Interaction<'_>, who: Deed<'_>) -> Outcome {
        // A click on something of ours is one action; anything else is none of our business.
        let Some(action) = deed.actions.iter().find(|action| action.action_id.starts_with(MARK)) else {
            return Outcome::Done;
        };
        let Some(value) = action.value.some().or_else(|| action.selected_option.value.some()) else {
            return Outcome::Done;
        };
        let Some(ticket) = self.desk.mint.check(value) else {
            tracing::warn!("a button was pressed that this bot did not make");
            let text =
                "This button was not made by this bot, or it belongs to another environment. Nothing was changed.";
            windows::answer(&self.desk, who.response_url, text);
            return Outcome::Done;
        };
        let place = click_place(deed, who.identity);
        self.desk.remember(&who.actor.key, &place, who.response_url);
        match ticket.act {
            Act::Details => {
                let ways = (who.trigger_id, who.response_url);
                windows::details(&self.desk, &self.ear, who.identity.workspace.clone(), ways, ticket.case);
                Outcome::Done
            }
            Act::Subject => {
                let view = views::subject(&Meta { token: value.to_owned(), place });
                windows::open(&self.desk, who.identity.workspace.clone(), who.trigger_id, who.response_url, view);
                Outcome::Done
            }
            Act::Press(Verb::Deny) => {
                let view = views::deny_reason(&Meta { token: value.to_owned(), place });
                windows::open(&self.desk, who.identity.workspace.clone(), who.trigger_id, who.response_url, view);
                Outcome::Done
            }
            Act::Press(verb) => {
                let key = click_key(deed, action, &place);
                self.press(key, place, who.actor, (verb, ticket, None)).await
            }
        }
    }

    async fn press(
        &self,
        key: String,
        place: Place,
        actor: Actor,
        (verb, ticket, note): (Verb, Ticket, Option<String>),
    ) -> Outcome {
        let proof = verified(actor.clone());
        let more = More { version: Some(ticket.version), ..More::default() };
        let body = Body::Press { verb, case: ticket.case, number: ticket.number, note };
        self.store(self.inbound(key, place, actor, (body, more)), Some(&proof)).await
    }

    async fn submitted(&self, deed: &Interaction<'_>, who: Deed<'_>) -> Outcome {
        let view = &deed.view;
        let (block, element) = match &*view.callback_id {
            views::DENY => views::REASON,
            views::SUBJECT => views::LOGIN,
            _ => return Outcome::Done,
        };
        let meta = Meta::read(&view.private_metadata);
        let found = meta.and_then(|meta| self.desk.mint.check(&meta.token).map(|ticket| (meta.place, ticket)));
        let Some((place, ticket)) = found else {
            tracing::warn!("a form was sent that this bot did not make");
            let text = "This form was not made by this bot. Nothing was changed.";
            return Outcome::Answer(windows::form_error(block, text));
        };
        let written = view.state.values.get(block).and_then(|block| block.get(element)?.get("value")?.as_str());
        let written = written.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let key = format!("v|{}|{}", &*view.id, who.actor.key);
        match (ticket.act, written) {
            (Act::Press(verb), note) => self.press(key, place, who.actor, (verb, ticket, note)).await,
            (Act::Subject, Some(login)) if !login.contains(char::is_whitespace) => {
                let text = format!("subject {} {login}", ticket.case);
                let proof = verified(who.actor.clone());
                let body = (Body::Command { text }, More::default());
                self.store(self.inbound(key, place, who.actor, body), Some(&proof)).await
            }
            (Act::Subject, _) => Outcome::Answer(windows::form_error(block, "Write one login, without spaces.")),
            (Act::Details, _) => Outcome::Done,
        }
    }

    async fn shortcut(&self, deed: &Interaction<'_>, who: Deed<'_>) -> Outcome {
        if &*deed.callback_id != SHORTCUT {
            windows::answer(&self.desk, who.response_url, "This bot does not know this shortcut. Nothing was changed.");
            return Outcome::Done;
        }
        let message = &deed.message;
        let (Some(channel), Some(ts)) = (deed.channel.id.some(), message.ts.some().or_else(|| deed.message_ts.some()))
        else {
            windows::answer(
                &self.desk,
                who.response_url,
                "Slack did not tell which message is meant. Nothing was changed.",
            );
            return Outcome::Done;
        };
        let mut words = read::words(message, &self.ourselves);
        let files = read::files(message, &mut words);
        if words.trim().is_empty() && files.is_empty() {
            windows::answer(&self.desk, who.response_url, "There is no text in this message that could be diagnosed.");
            return Outcome::Done;
        }
        let channel = channel_key(who.identity, channel).into_owned();
        let thread = message.thread_ts.some().unwrap_or(ts).to_owned();
        let place = Place { channel, thread, message: ts.to_owned() };
        self.desk.remember(&who.actor.key, &place, who.response_url);
        let key = format!("s|{}|{}|{}|{ts}", &*deed.action_ts, who.actor.key, place.channel);
        let body = Body::Command { text: format!("diagnose {words}") };
        let proof = verified(who.actor.clone());
        let more = More { files, ..More::default() };
        self.store(self.inbound(key, place, who.actor, (body, more)), Some(&proof)).await
    }

    /// Takes a slash command. The transport verified it.
    pub async fn command(&self, command: &Command<'_>) -> Outcome {
        let at = self.ourselves.at(&command.team_id, &command.enterprise_id).or_else(|| self.ourselves.home());
        let (Some(identity), Some(user)) = (at, command.user_id.some()) else { return Outcome::Done };
        let team = command.team_id.some().unwrap_or(&identity.team);
        let actor = self.member(team, user, &command.user_name, identity);
        // One use of the command has one trigger; without one, one address for answers.
        let one = command.trigger_id.some().or_else(|| command.response_url.some()).unwrap_or(&command.text);
        let seen = digest(&SHA256, [&*command.user_id, "|", &command.channel_id, "|", one].concat().as_bytes());
        let id = hex(seen.as_ref().get(..10).unwrap_or_default());
        let channel = channel_key(identity, &command.channel_id).into_owned();
        let place = Place { channel, thread: String::new(), message: format!("cmd-{id}") };
        self.desk.remember(&actor.key, &place, &command.response_url);
        let body = Body::Command { text: typed(&command.text).into_owned() };
        let proof = verified(actor.clone());
        self.store(self.inbound(format!("c|{id}"), place, actor, (body, More::default())), Some(&proof)).await
    }
}

fn channel_key<'a>(identity: &Identity, id: &'a str) -> Cow<'a, str> {
    match identity.workspace.as_deref() {
        None => Cow::Borrowed(id),
        workspace => Cow::Owned(account::channel(workspace, id)),
    }
}

fn click_place(deed: &Interaction<'_>, identity: &Identity) -> Place {
    let first = |all: [&Text<'_>; 3]| all.into_iter().find_map(|text| text.some()).unwrap_or_default().to_owned();
    let channel = first([&deed.container.channel_id, &deed.channel.id, &deed.message.channel]);
    let message = first([&deed.container.message_ts, &deed.message.ts, &deed.message_ts]);
    let thread = first([&deed.message.thread_ts, &deed.container.thread_ts, &deed.message.ts]);
    let thread = if thread.is_empty() { message.clone() } else { thread };
    Place { channel: channel_key(identity, &channel).into_owned(), thread, message }
}

fn click_key(deed: &Interaction<'_>, action: &Action<'_>, place: &Place) -> String {
    let at = action.action_ts.some().or_else(|| deed.action_ts.some()).unwrap_or(&deed.trigger_id);
    format!("k|{at}|{}|{}|{}|{}", &*deed.user.id, place.channel, place.message, &*action.action_id)
}

/// What was typed behind the command: an error to diagnose stays as it came, so that evidence can be found in it; in
/// everything else Slack's escapes are undone.
fn typed(text: &str) -> Cow<'_, str> {
    let word = text.split_whitespace().next().unwrap_or_default();
    if word.eq_ignore_ascii_case("diagnose") || !text.contains('&') {
        return Cow::Borrowed(text);
    }
    // Once, and the ampersand last, so that `&amp;lt;` becomes `&lt;` and no more.
    Cow::Owned(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
