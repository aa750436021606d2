//! Slack as a surface of the production bot: built from its section, its secrets and what `auth.test` says of us.
//!
//! Never begins to hear before the app stands, and never starts with a token that Slack does not take. Begin with [`Descriptor`].

use super::api::{Api, ApiError, Tokens};
use super::calls::Calls;
use super::doctor::{self, Bench};
use super::files::Files;
use super::inbound::echo::Echoes;
use super::inbound::home::Homes;
use super::inbound::http::{Door, router};
use super::inbound::intake::{Ear, Intake};
use super::inbound::socket::Sockets;
use super::inbound::windows::Desk;
use super::ourselves::{Identity, Links, Ourselves};
use super::settings::{self, Mode, Settings};
use super::show::Slack;
use super::signature::Verifier;
use super::token::Mint;
use super::who::Who;
use super::{NAME, manifest};
use crate::app::App;
use crate::domain::actor::{Actor, Standing};
use crate::domain::finding::Finding;
use crate::domain::inbound::{Attached, FileText, Place};
use crate::domain::notice::{Notice, PublicText};
use crate::ports::secret::Secrets;
use crate::ports::stop::Stop;
use crate::ports::surface::{Earlier, Surface, SurfaceError};
use crate::surface::{self, Flaw, Ground, Open, Ready, Work};
use anyhow::Context;
use async_trait::async_trait;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

/// Slack.
pub struct Descriptor;

/// Slack, which can show and does not hear yet.
struct Built {
    settings: Settings,
    ground: Ground,
    api: Arc<Api>,
    whole: Arc<Whole>,
    ourselves: Ourselves,
    way: Way,
}

/// How Slack reaches us, with the secret for it.
enum Way {
    Socket(crate::ports::secret::Secret),
    Http(Verifier),
}

/// The surface: what shows, and what knows.
struct Whole {
    slack: Slack,
    who: Arc<Who>,
    files: Files,
}

#[async_trait]
impl Surface for Whole {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn show(&self, notice: &Notice, earlier: Earlier<'_>) -> Result<String, SurfaceError> {
        self.slack.show(notice, earlier).await
    }

    fn nudges(&self) -> bool {
        self.slack.nudges()
    }

    async fn nudge(&self, place: &Place, to: &Actor, text: &PublicText) -> Result<(), SurfaceError> {
        self.slack.nudge(place, to, text).await
    }

    async fn know(&self, actor: &Actor) -> Actor {
        self.who.know(actor).await
    }

    async fn shared(&self, place: &Place) -> bool {
        self.who.shared(place).await
    }

    async fn fetch(&self, place: &Place, file: &Attached) -> Result<FileText, SurfaceError> {
        self.files.fetch(place, file).await
    }
}

fn tokens(settings: &Settings, secrets: &dyn Secrets) -> anyhow::Result<Tokens> {
    let home = secrets.needed("SLACK_BOT_TOKEN", "for the section [slack]")?;
    let mut further = BTreeMap::new();
    for (workspace, name) in settings.token_names() {
        if let Some(workspace) = workspace {
            further.insert(workspace, secrets.needed(&name, "for an entry of [slack] workspaces")?);
        }
    }
    Ok(Tokens { home, further })
}

/// Who we are everywhere. One workspace that took its token back stops no other; it is left alone.
async fn ourselves(settings: &Settings, api: &Api) -> anyhow::Result<Ourselves> {
    let (mut all, mut refused, mut taken) = (Vec::new(), Vec::new(), false);
    for (workspace, name) in settings.token_names() {
        match api.call(workspace.as_deref(), "auth.test", &json!({})).await {
            Ok(answer) => {
                taken = true;
                all.push(Identity::of_auth_test(workspace.as_deref(), &answer));
            }
            Err(error @ (ApiError::Code(_) | ApiError::NoToken(_))) => {
                all.push(Identity::silent(workspace.as_deref()));
                refused.push((name, error));
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("Slack gave no answer about {name}; reanchor doctor tells more"));
            }
        }
    }
    for (name, error) in refused {
        if !taken {
            return Err(error).with_context(|| format!("Slack does not take {name}; reanchor doctor tells more"));
        }
        tracing::error!(
            name,
            %error,
            "Slack does not take the token of a workspace, which is left alone; the others go on. Replace it and start anew; \
             reanchor doctor tells more"
        );
    }
    Ok(Ourselves::new(all))
}

#[async_trait]
impl surface::Descriptor for Descriptor {
    const NAME: &'static str = NAME;
    const EXAMPLE: &'static str = settings::EXAMPLE;
    type Settings = Settings;

    fn check(settings: &Settings) -> Result<(), Flaw> {
        settings.check().map_err(|flaw| Flaw { keys: vec![flaw.key.to_owned()], problem: flaw.problem })
    }

    fn check_account(account: &str) -> Result<(), &'static str> {
        settings::check_account(account)
    }

    async fn build(settings: Settings, ground: Ground) -> anyhow::Result<Box<dyn surface::Built>> {
        let tokens = tokens(&settings, ground.secrets.as_ref())?;
        let way = match settings.mode {
            Mode::Socket => Way::Socket(ground.secrets.needed("SLACK_APP_TOKEN", "with [slack] mode = \"socket\"")?),
            Mode::Http => {
                let secret = ground.secrets.needed("SLACK_SIGNING_SECRET", "with [slack] mode = \"http\"")?;
                Way::Http(Verifier::new(secret.expose()))
            }
        };
        let api = Arc::new(Api::new(&settings.api_url, tokens.clone()));
        let ourselves = ourselves(&settings, &api).await?;
        let calls: Arc<dyn Calls> = Arc::<Api>::clone(&api);
        let who = Arc::new(Who::new(Arc::clone(&calls), ourselves.clone(), Arc::clone(&ground.clock)));
        let mint = Mint::new(ground.signing_key.expose().as_bytes());
        let whole = Arc::new(Whole {
            slack: Slack::new(Arc::clone(&api), mint, Arc::clone(&ground.clock), ourselves.clone()),
            who,
            files: Files::new(calls, tokens, settings.is_local())
                .context("the HTTP client for files cannot be built")?,
        });
        Ok(Box::new(Built { settings, ground, api, whole, ourselves, way }))
    }

    async fn examine(settings: &Settings, ground: &Ground) -> Vec<Finding> {
        let bench = Bench {
            settings,
            secrets: ground.secrets.as_ref(),
            channels: &ground.channels,
            clock: ground.clock.as_ref(),
        };
        doctor::examine(&bench).await
    }

    fn command() -> Option<clap::Command> {
        let http = clap::Arg::new("http")
            .long("http")
            .value_name("URL")
            .help("The public address of the bot, for the mode http; without it the manifest asks for Socket Mode");
        let manifest = clap::Command::new("manifest").about("Prints the manifest of the Slack app").arg(http);
        let about = "What the set-up of the Slack app needs";
        Some(
            clap::Command::new(NAME)
                .about(about)
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(manifest),
        )
    }

    fn run(matches: &clap::ArgMatches, out: &mut dyn Write) -> anyhow::Result<u8> {
        let Some(("manifest", matches)) = matches.subcommand() else { return Ok(2) };
        let http = matches.get_one::<String>("http").map(String::as_str);
        match manifest::manifest(http) {
            Ok(text) => {
                out.write_all(text.as_bytes())?;
                Ok(0)
            }
            Err(problem) => Err(anyhow::anyhow!("--http {problem}")),
        }
    }
}

/// Keeping the home tabs current.
fn keeping(homes: Arc<Homes>, stop: Stop) -> Work {
    let begin = move || -> crate::ports::tasks::Unit {
        let (homes, stop) = (Arc::clone(&homes), stop.clone());
        Box::pin(async move { homes.keep(stop).await })
    };
    Work { name: "slack home tabs", begin: Box::new(begin) }
}

#[async_trait]
impl surface::Built for Built {
    fn surface(&self) -> Arc<dyn Surface> {
        Arc::<Whole>::clone(&self.whole) as Arc<dyn Surface>
    }

    fn roster(&self) -> Vec<Actor> {
        let actor = |(key, okta): (&String, &crate::domain::ids::OktaUserId)| Actor {
            key: key.clone(),
            name: key.clone(),
            standing: Standing::Linked { okta: okta.clone() },
        };
        self.ground.links.iter().map(actor).collect()
    }

    async fn open(self: Box<Self>, app: Arc<App>) -> anyhow::Result<Open> {
        let Self { settings, ground, api, whole, ourselves, way } = *self;
        let shown = Arc::clone(&whole);
        let clock = Arc::clone(&ground.clock);
        let remember = Box::new(move |actor: &str, place: &Place, url: &str| {
            shown.slack.replies().remember(actor, place, url, clock.now());
        });
        let desk = Arc::new(Desk {
            calls: Arc::<Api>::clone(&api),
            mint: Mint::new(ground.signing_key.expose().as_bytes()),
            remember,
            who: Arc::clone(&whole.who),
            clock: Arc::clone(&ground.clock),
            tasks: Arc::clone(&ground.tasks),
        });
        let ear: Arc<dyn Ear> = app;
        let terms = (settings.sockets, settings.silence());
        let links = Links::of(&ground.links);
        let (echoes, stop) = (Echoes::default(), ground.stop.clone());
        let addresses = Arc::clone(whole.slack.links());
        let homes = Arc::new(Homes::new(Arc::clone(&desk), Arc::clone(&ear), addresses));
        let kept = keeping(Arc::clone(&homes), ground.stop.clone());
        let intake = Arc::new(Intake { ear, desk, homes, ourselves, links, settings, echoes, stop });
        Ok(match way {
            Way::Http(verifier) => {
                let routes = router(Door { verifier: Arc::new(verifier), intake });
                Open { routes, work: vec![kept], ..Open::default() }
            }
            Way::Socket(app_token) => {
                let sockets = Arc::new(Sockets::new(intake, api.client().clone(), app_token, terms));
                let (held, stop) = (Arc::clone(&sockets), ground.stop.clone());
                let begin = move || -> crate::ports::tasks::Unit {
                    let (sockets, stop) = (Arc::clone(&held), stop.clone());
                    Box::pin(async move { sockets.keep(stop).await })
                };
                Open {
                    work: vec![Work { name: "slack sockets", begin: Box::new(begin) }, kept],
                    ready: Some(sockets as Arc<dyn Ready>),
                    ..Open::default()
                }
            }
        })
    }
}
