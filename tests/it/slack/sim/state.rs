//! What the workspace holds: people, channels, messages, views, files, sockets, and a record of every call and delivery.

use super::deliver::{Outcome, Route};
use super::socket::Link;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot::Sender;

/// The workspace.
pub(crate) const TEAM: &str = "T0NORTH0001";
/// Another workspace, for strangers.
pub(crate) const OTHER_TEAM: &str = "T0OTHER0001";
/// The organization, where the app is installed for all of it.
pub(crate) const ENTERPRISE: &str = "E0NORTH0001";
/// The app, its bot user and its bot id.
pub(crate) const APP: &str = "A0REANCHOR1";
pub(crate) const BOT: &str = "U0REANCHOR1";
pub(crate) const BOT_ID: &str = "B0REANCHOR1";
/// A second workspace, and an organization with a workspace of its own, where the app is installed for all of it.
pub(crate) const SOUTH: &str = "T0SOUTH0001";
pub(crate) const SOUTH_TOKEN: &str = "xoxb-simulated-token-of-south";
pub(crate) const WEST: &str = "E0WEST00001";
pub(crate) const WEST_TEAM: &str = "T0WEST00001";
pub(crate) const WEST_TOKEN: &str = "xoxb-simulated-token-of-west";
/// Tokens and the signing secret.
pub(crate) const BOT_TOKEN: &str = "xoxb-simulated-bot-token";
pub(crate) const APP_TOKEN: &str = "xapp-1-simulated-app-token";
pub(crate) const SIGNING_SECRET: &str = "simulated-signing-secret-0123456789";
/// Channels: listened to; the bot is in, not configured; the bot is not in; shared with another organization.
pub(crate) const PROVISIONING: &str = "C0PROVISION";
pub(crate) const LUNCH: &str = "C0LUNCH0001";
pub(crate) const DOWNSTAIRS: &str = "C0DOWNSTAIR";
pub(crate) const SHARED: &str = "C0SHARED001";
/// Channels of the other two.
pub(crate) const SOUTHERN: &str = "C0SOUTHERN1";
pub(crate) const WESTERN: &str = "C0WESTERN01";

/// An installation of the app.
#[derive(Clone, Debug)]
pub(crate) struct Install {
    /// The workspace whose people and channels it knows.
    pub(crate) team: &'static str,
    /// The organization, where it is installed for all of it.
    pub(crate) enterprise: Option<&'static str>,
    pub(crate) token: &'static str,
    pub(crate) bot: &'static str,
    pub(crate) bot_id: &'static str,
    /// The token is good for nothing any more, with this code.
    pub(crate) revoked: Option<&'static str>,
}

const HOME: Install =
    Install { team: TEAM, enterprise: None, token: BOT_TOKEN, bot: BOT, bot_id: BOT_ID, revoked: None };
const INSTALLS: [Install; 3] = [
    HOME,
    Install { team: SOUTH, token: SOUTH_TOKEN, bot: "U0REANCHOR2", bot_id: "B0REANCHOR2", ..HOME },
    Install {
        team: WEST_TEAM,
        enterprise: Some(WEST),
        token: WEST_TOKEN,
        bot: "U0REANCHOR3",
        bot_id: "B0REANCHOR3",
        revoked: None,
    },
];

/// Scopes of the bot token, as the manifest asks for them.
pub(crate) const SCOPES: &[&str] = &[
    "app_mentions:read",
    "channels:history",
    "groups:history",
    "im:history",
    "channels:read",
    "groups:read",
    "im:read",
    "chat:write",
    "commands",
    "files:read",
    "im:write",
    "users:read",
    "users:read.email",
    "reactions:write",
];

/// In which standing somebody is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Member,
    Guest,
    SingleChannelGuest,
    Stranger,
    Bot,
}

/// Somebody.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) team: String,
    pub(crate) standing: Standing,
    pub(crate) bot_id: Option<String>,
    pub(crate) deleted: bool,
}

/// A channel.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    /// Its workspace.
    pub(crate) team: String,
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) im: bool,
    pub(crate) shared: bool,
    pub(crate) archived: bool,
}

/// A message, as it stands now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) channel: String,
    pub(crate) ts: String,
    pub(crate) thread: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) bot_id: Option<String>,
    pub(crate) app_id: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) text: String,
    pub(crate) blocks: Value,
    pub(crate) files: Vec<Value>,
    pub(crate) metadata: Value,
    pub(crate) client_msg_id: Option<String>,
    pub(crate) edited: Option<String>,
    /// How often it was edited, and what it said before.
    pub(crate) before: Vec<(String, Value)>,
    pub(crate) deleted: bool,
    /// The one person who sees it.
    pub(crate) only_for: Option<String>,
}

/// A modal.
#[derive(Clone, Debug)]
pub(crate) struct Modal {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) view: Value,
    pub(crate) hash: String,
    pub(crate) open: bool,
    /// What the person wrote: block id -> action id -> value.
    pub(crate) filled: BTreeMap<String, Map<String, Value>>,
    pub(crate) errors: Value,
    /// How often the app changed it.
    pub(crate) updates: usize,
}

/// A trigger id.
#[derive(Clone, Debug)]
pub(crate) struct Trigger {
    pub(crate) user: String,
    pub(crate) made: Instant,
    pub(crate) used: bool,
}

/// A response_url.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) thread: Option<String>,
    /// The message that was clicked.
    pub(crate) of: Option<String>,
    pub(crate) made: Instant,
    pub(crate) uses: usize,
}

/// A call of the Web API, of a response_url or of the file host.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// The workspace of the token.
    pub(crate) team: &'static str,
    pub(crate) args: Map<String, Value>,
    pub(crate) error: Option<String>,
    pub(crate) at: Instant,
}

/// What goes wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// 429 with this Retry-After.
    RateLimited(u64),
    /// 503, nothing done.
    Unavailable,
    /// 200 with `ok:false` and this code, nothing done.
    Error(&'static str),
    /// Done, but the answer is a 504 of something in between.
    AnswerLost,
    /// Answered after this many milliseconds.
    Slow(u64),
    /// Done at once, and answered after this many milliseconds.
    Late(u64),
}

/// Knobs of the simulation.
pub(crate) struct Knobs {
    pub(crate) route: Route,
    /// How long Slack waits for an acknowledgement.
    pub(crate) patience: Duration,
    /// Pauses before the repeated deliveries of an event.
    pub(crate) retries: Vec<Duration>,
    /// Acknowledgements that get lost on the way.
    pub(crate) drop_acks: usize,
    /// The app is installed for a whole organization: `team` is null in interactions.
    pub(crate) org_install: bool,
    /// The bot's own posts come back as events; `Some(false)`: without its bot_id.
    pub(crate) echo: Option<bool>,
    /// (method or `*`, what, how often)
    pub(crate) faults: Vec<(String, Fault, usize)>,
    /// The host of files gives parts of a file.
    pub(crate) ranges: bool,
    /// Everything answers 503, no socket can be opened.
    pub(crate) down: bool,
    /// Scopes of the bot token.
    pub(crate) scopes: Vec<String>,
}

/// Everything.
pub(crate) struct State {
    pub(crate) knobs: Knobs,
    pub(crate) installs: [Install; 3],
    /// The installation whose token is used in the call that is answered now.
    pub(crate) acting: usize,
    pub(crate) people: BTreeMap<String, Person>,
    pub(crate) channels: BTreeMap<String, Channel>,
    pub(crate) messages: Vec<Message>,
    pub(crate) modals: Vec<Modal>,
    /// What each home tab shows, the state that it has, and how often it was published.
    pub(crate) homes: BTreeMap<String, (Value, String, usize)>,
    pub(crate) triggers: BTreeMap<String, Trigger>,
    pub(crate) hooks: BTreeMap<String, Hook>,
    pub(crate) files: BTreeMap<String, (Value, Vec<u8>)>,
    pub(crate) links: Vec<Link>,
    pub(crate) tickets: Vec<String>,
    /// Envelopes that wait for their acknowledgement.
    pub(crate) waiting: BTreeMap<String, Sender<Value>>,
    /// Acknowledgements of envelopes that nobody waits for any more.
    pub(crate) late_acks: usize,
    /// Posts of the bot on their way back to it.
    pub(super) echoes: Vec<Value>,
    /// Sockets that were opened so far.
    pub(crate) opened: usize,
    pub(crate) calls: Vec<Call>,
    pub(crate) outcomes: Vec<Outcome>,
    /// What a careful app never does, though Slack may let it pass.
    pub(crate) blunders: Vec<String>,
    last_ts: u128,
    counter: u64,
}

impl State {
    pub(super) fn new() -> Self {
        let mut state = Self {
            knobs: Knobs {
                route: Route::Socket,
                patience: Duration::from_secs(3),
                retries: [50, 500, 2_000].map(Duration::from_millis).to_vec(),
                drop_acks: 0,
                org_install: false,
                echo: Some(true),
                faults: Vec::new(),
                ranges: true,
                down: false,
                scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
            },
            installs: INSTALLS,
            acting: 0,
            people: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: Vec::new(),
            modals: Vec::new(),
            homes: BTreeMap::new(),
            triggers: BTreeMap::new(),
            hooks: BTreeMap::new(),
            files: BTreeMap::new(),
            links: Vec::new(),
            tickets: Vec::new(),
            waiting: BTreeMap::new(),
            late_acks: 0,
            echoes: Vec::new(),
            opened: 0,
            calls: Vec::new(),
            outcomes: Vec::new(),
            blunders: Vec::new(),
            last_ts: 0,
            counter: 0,
        };
        state.populate();
        state
    }

    fn populate(&mut self) {
        let members = ["anna", "ben", "carla", "dave", "sam", "nora"];
        for name in members {
            self.join(name, TEAM, Standing::Member);
        }
        self.join("gus", TEAM, Standing::Guest);
        self.join("una", TEAM, Standing::SingleChannelGuest);
        self.join("xenia", OTHER_TEAM, Standing::Stranger);
        for (id, name, bot_id) in [
            (BOT, "reanchor", BOT_ID),
            ("U0BRIDGE001", "bridge", "B0BRIDGE001"),
            ("U0OTHERBOT1", "paging", "B0OTHERBOT1"),
        ] {
            let person = Person {
                id: id.to_owned(),
                name: name.to_owned(),
                team: TEAM.to_owned(),
                standing: Standing::Bot,
                bot_id: Some(bot_id.to_owned()),
                deleted: false,
            };
            self.people.insert(id.to_owned(), person);
        }
        let all: Vec<String> = self.people.keys().cloned().collect();
        let mut channel = |id: &str, name: &str, with_bot: bool, shared: bool| {
            let members = all.iter().filter(|id| with_bot || *id != BOT).cloned().collect();
            let (id, name, team) = (id.to_owned(), name.to_owned(), TEAM.to_owned());
            let channel = Channel { id, team, name, members, im: false, shared, archived: false };
            self.channels.insert(channel.id.clone(), channel);
        };
        channel(PROVISIONING, "provisioning", true, false);
        channel(LUNCH, "lunch", true, false);
        channel(DOWNSTAIRS, "downstairs", false, false);
        channel(SHARED, "with-contoso", true, true);
        self.further(1, SOUTHERN, ["annasouth", "bensouth", "carlasouth"]);
        self.further(2, WESTERN, ["annawest", "benwest", "carlawest"]);
    }

    /// The people of a further workspace with the channel where the bot is in.
    fn further(&mut self, at: usize, channel: &str, names: [&str; 3]) {
        let install = self.installs[at].clone();
        let mut members = vec![install.bot.to_owned()];
        for name in names {
            self.join(name, install.team, Standing::Member);
            members.push(user_id(name));
        }
        let bot = Person {
            id: install.bot.to_owned(),
            name: format!("reanchor-{at}"),
            team: install.team.to_owned(),
            standing: Standing::Bot,
            bot_id: Some(install.bot_id.to_owned()),
            deleted: false,
        };
        self.people.insert(bot.id.clone(), bot);
        let (id, name, team) = (channel.to_owned(), "provisioning".to_owned(), install.team.to_owned());
        let channel = Channel { id, team, name, members, im: false, shared: false, archived: false };
        self.channels.insert(channel.id.clone(), channel);
    }

    /// The installation in a workspace; strangers have none of their own.
    pub(crate) fn install_of(&self, team: &str) -> &Install {
        self.installs.iter().find(|install| install.team == team).unwrap_or(&self.installs[0])
    }

    /// The installation that asks.
    pub(crate) fn me(&self) -> Install {
        self.installs[self.acting].clone()
    }

    /// A channel as the installation that asks sees it: not those of other workspaces.
    pub(crate) fn seen_channel(&self, id: &str) -> Option<&Channel> {
        self.channels.get(id).filter(|channel| self.install_of(&channel.team).token == self.me().token)
    }

    /// A person as the installation that asks sees them.
    pub(crate) fn seen_person(&self, id: &str) -> Option<&Person> {
        self.people.get(id).filter(|person| self.install_of(&person.team).token == self.me().token)
    }

    fn join(&mut self, name: &str, team: &str, standing: Standing) {
        let id = user_id(name);
        let person = Person {
            id: id.clone(),
            name: name.to_owned(),
            team: team.to_owned(),
            standing,
            bot_id: None,
            deleted: false,
        };
        self.people.insert(id, person);
    }

    /// Somebody by name.
    pub(crate) fn person(&self, name: &str) -> Person {
        let found = self.people.values().find(|person| person.name == name);
        found.unwrap_or_else(|| panic!("nobody is called {name}")).clone()
    }

    /// A timestamp that no message has yet.
    pub(crate) fn ts(&mut self) -> String {
        let now = unix_micros();
        self.last_ts = now.max(self.last_ts + 1);
        format!("{}.{:06}", self.last_ts / 1_000_000, self.last_ts % 1_000_000)
    }

    /// An id that was not given before.
    pub(crate) fn fresh(&mut self, prefix: &str) -> String {
        self.counter += 1;
        format!("{prefix}0SIM{:06}", self.counter)
    }

    /// The direct channel of the bot and somebody, opened when it is not there.
    pub(crate) fn direct(&mut self, user: &str) -> String {
        let found = self.channels.values().find(|channel| channel.im && channel.members.iter().any(|m| m == user));
        if let Some(channel) = found {
            return channel.id.clone();
        }
        let id = self.fresh("D");
        let team = self.people.get(user).map_or(TEAM, |person| person.team.as_str()).to_owned();
        let bot = self.install_of(&team).bot.to_owned();
        let channel = Channel {
            id: id.clone(),
            team,
            name: String::new(),
            members: vec![user.to_owned(), bot],
            im: true,
            shared: false,
            archived: false,
        };
        self.channels.insert(id.clone(), channel);
        id
    }

    /// A message by its place.
    pub(crate) fn message(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.messages.iter().find(|m| m.channel == channel && m.ts == ts && !m.deleted)
    }

    /// Takes the fault that is set for this method, if there is one left.
    pub(crate) fn fault(&mut self, method: &str) -> Option<Fault> {
        let at = self.knobs.faults.iter().position(|(of, _, left)| (of == method || of == "*") && *left > 0)?;
        self.knobs.faults[at].2 -= 1;
        Some(self.knobs.faults[at].1)
    }

    /// How often a method was called with success.
    pub(crate) fn done(&self, method: &str) -> usize {
        self.calls.iter().filter(|call| call.method == method && call.error.is_none()).count()
    }

    /// A trigger id for somebody.
    pub(crate) fn trigger(&mut self, user: &str) -> String {
        let id = self.fresh("trigger.");
        self.triggers.insert(id.clone(), Trigger { user: user.to_owned(), made: instant(), used: false });
        id
    }
}

/// The id of the account of somebody.
pub(crate) fn user_id(name: &str) -> String {
    format!("U0{:0<9}", name.to_uppercase())
}

/// Now, for measuring.
#[expect(clippy::disallowed_methods, reason = "the simulated Slack has the real time, as Slack has")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Microseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the simulated Slack has the real time, as Slack has")]
fn unix_micros() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()
}

/// Seconds since 1970.
pub(crate) fn unix() -> i64 {
    i64::try_from(unix_micros() / 1_000_000).unwrap()
}
