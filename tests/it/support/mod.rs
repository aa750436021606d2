//! The world of a flow test: the real app, the real clients and the shipped sandbox, with simulated time and a database of
//! its own. It speaks in chat, and after the closure it fails on anything left behind.

mod log;
mod play;
mod screen;

pub(crate) use log::Log;
use reanchor::app::diagnose::Diagnoser;
use reanchor::app::{Channel, RunTerms};
use reanchor::boot::build::{Beside, Built, Directories, Keys, Options, build};
use reanchor::boot::chance::SystemChance;
use reanchor::boot::control::Control;
use reanchor::boot::driver::{Driver, TenantClock};
use reanchor::boot::time::OffsetClock;
use reanchor::config::embedded;
use reanchor::domain::actor::{Actor, Standing};
use reanchor::domain::case::Case;
use reanchor::domain::ids::{AppId, GroupId, OktaUserId, TenantId};
use reanchor::domain::inbound::{Body, Inbound, More, Place, Verb};
use reanchor::domain::job::JobRef;
use reanchor::domain::notice::{Card, Notice};
use reanchor::domain::settings::{Deactivation, Mode, Policy, ProvisioningType, Settings, Sharing};
use reanchor::ports::clock::Clock;
use reanchor::ports::fresh::Fresh;
use reanchor::ports::secret::Secret;
use reanchor::ports::store::{Ledger, Store};
use reanchor::ports::surface::{Surface, verified};
use reanchor::sandbox::{SandboxTime, Tenant, TenantOptions};
pub(crate) use screen::Screen;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;

/// Ids of the base world that the tests name.
pub(crate) const APP: &str = "0oa8o365vK3pTz6Yw1d7";
pub(crate) const SAM: &str = "00u8samWQ5nHc2Je91d7";
pub(crate) const CHANNEL: &str = "#provisioning";
/// Another channel that the bot listens to.
pub(crate) const ELSEWHERE: &str = "#provisioning-emea";

/// What a test may set before the world begins.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) mode: Mode,
    /// What the operator declares; what the scenario's file says without it.
    pub(crate) deactivation: Option<Deactivation>,
    /// As `deactivation`.
    pub(crate) allow_pause: Option<bool>,
    /// What the scenario's file declares.
    pub(crate) provisioning_type: ProvisioningType,
    pub(crate) facts: Sharing,
    pub(crate) run: RunTerms,
    pub(crate) approvers: Option<Vec<GroupId>>,
    /// Whether the inbound job is configured.
    pub(crate) job: bool,
    /// Where what the bot logs is kept.
    pub(crate) log: Option<Log>,
    /// Further tables of the scenario.
    pub(crate) more: &'static str,
    /// An open incident of Okta, for a scenario that has none of its own.
    pub(crate) incident: Option<&'static str>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            mode: Mode::Fix,
            deactivation: None,
            allow_pause: None,
            provisioning_type: ProvisioningType::default(),
            facts: Sharing::Full,
            run: RunTerms { lease_ms: 60_000, call_timeout_ms: 2_000, poll_deadline_ms: 120_000 },
            approvers: None,
            job: true,
            log: None,
            more: "",
            incident: None,
        }
    }
}

pub(crate) struct World {
    pub(crate) tenant: Tenant,
    pub(crate) control: Arc<Control>,
    pub(crate) http: reqwest::Client,
    pub(crate) screen: Arc<Screen>,
    pub(crate) built: Built,
    pub(crate) driver: Driver,
    setup: Setup,
    folder: TempDir,
    people: BTreeMap<String, Actor>,
    pub(crate) subject_login: String,
}

impl World {
    /// Runs `story` in a fresh world of `scenario`.
    pub(crate) fn run<F>(name: &str, story: F)
    where
        F: AsyncFnOnce(&mut World),
    {
        Self::run_with(name, Setup::default(), story);
    }

    /// As [`World::run`], with another set-up.
    pub(crate) fn run_with<F>(name: &str, setup: Setup, story: F)
    where
        F: AsyncFnOnce(&mut World),
    {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        if let Some(log) = setup.log.clone() {
            runtime.on_thread_start(move || log.listen());
        }
        let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::open(name, setup).await;
            story(&mut world).await;
            world.close().await;
        });
    }

    async fn open(name: &str, mut setup: Setup) -> World {
        let declared = play::declared(name);
        setup.deactivation = setup.deactivation.or(declared.deactivation);
        setup.allow_pause = setup.allow_pause.or(declared.allow_pause);
        setup.provisioning_type = declared.provisioning_type;
        let all = embedded::SCENARIOS.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let incident = setup.incident.map(|title| format!("\n[tenant.incident]\nokta = \"{title}\"\n"));
        let tenant = Tenant::start(TenantOptions {
            scenario: play::scenario(name) + incident.as_deref().unwrap_or_default() + setup.more,
            scenarios: all,
            okta_port: 0,
            graph_port: 0,
            control_port: 0,
            state_file: None,
            time: SandboxTime::Real,
            seed: Some(7),
        })
        .await
        .unwrap();
        let access = tenant.access();
        let control = Arc::new(Control::new(&access.control_url, Secret::new(&access.control_token)).unwrap());
        let scene = control.scene().await.unwrap();
        let linked = |name: &str, okta: &str| Actor {
            key: name.to_owned(),
            name: name.to_owned(),
            standing: Standing::Linked { okta: OktaUserId::new(okta) },
        };
        let mut people: BTreeMap<String, Actor> = scene
            .people
            .iter()
            .map(|(name, speaker)| (name.clone(), linked(name, speaker.okta.as_deref().unwrap())))
            .collect();
        people.insert("sam".to_owned(), linked("sam", scene.subject.okta.as_deref().unwrap()));
        people.insert(
            "guest".to_owned(),
            Actor { key: "guest".to_owned(), name: "guest".to_owned(), standing: Standing::Guest },
        );
        let folder = TempDir::new().unwrap();
        let screen = Arc::new(Screen::default());
        let (built, driver) = assemble(&tenant, &control, &screen, &folder, (&setup, &people)).await;
        World {
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            tenant,
            control,
            screen,
            built,
            driver,
            setup,
            folder,
            people,
            subject_login: scene.subject.login,
        }
    }

    /// Drops everything in memory and starts again on the same database, as after a crash.
    pub(crate) async fn restart(&mut self) {
        let (built, driver) =
            assemble(&self.tenant, &self.control, &self.screen, &self.folder, (&self.setup, &self.people)).await;
        self.built = built;
        self.driver = driver;
    }

    pub(crate) async fn error_text(&self) -> String {
        self.control.error_text().await.unwrap()
    }

    pub(crate) fn place() -> Place {
        let id = SystemChance::new().unwrap().id("m", 10);
        Place { channel: CHANNEL.to_owned(), thread: id.clone(), message: id }
    }

    async fn hear(&self, who: &str, place: Place, body: Body) {
        self.hear_with(who, place, (body, More::default())).await;
    }

    /// Somebody of the scenario.
    pub(crate) fn actor(&self, who: &str) -> Actor {
        self.people[who].clone()
    }

    /// An event with everything that a surface may tell of it.
    pub(crate) async fn hear_with(&self, who: &str, place: Place, (body, more): (Body, More)) {
        let actor = self.people.get(who).unwrap_or_else(|| panic!("nobody is called {who}")).clone();
        let proof = verified(actor.clone());
        let inbound = Inbound {
            v: 1,
            surface: "console".to_owned(),
            event_key: SystemChance::new().unwrap().id("e", 12),
            place,
            actor,
            at: self.driver.clock.now(),
            body,
            more,
        };
        self.driver.app.hear(inbound, Some(&proof)).await.unwrap();
    }

    /// Somebody pastes a text; then everything that can be done is done.
    pub(crate) async fn paste(&self, who: &str, text: &str) {
        self.say(who, text).await;
        self.wait().await;
    }

    /// As [`World::paste`], without waiting.
    pub(crate) async fn say(&self, who: &str, text: &str) {
        self.hear(who, Self::place(), Body::Message { text: text.to_owned() }).await;
    }

    /// Somebody pastes the error text of the scenario.
    pub(crate) async fn paste_error(&self, who: &str) {
        let text = self.error_text().await;
        self.paste(who, &text).await;
    }

    /// Somebody types `/reanchor …`.
    pub(crate) async fn command(&self, who: &str, text: &str) {
        self.say_command(who, text).await;
        self.wait().await;
    }

    /// As [`World::command`], without waiting.
    pub(crate) async fn say_command(&self, who: &str, text: &str) {
        self.hear(who, Self::place(), Body::Command { text: text.to_owned() }).await;
    }

    /// Somebody presses a button of the newest case.
    pub(crate) async fn press(&self, who: &str, label: &str) {
        self.press_now(who, label).await;
        self.wait().await;
    }

    /// As [`World::press`], without waiting.
    pub(crate) async fn press_now(&self, who: &str, label: &str) {
        let card = self.card().await;
        let verb = Verb::by_label(label).unwrap();
        let button =
            card.buttons.iter().find(|button| button.verb == verb).unwrap_or_else(|| {
                panic!("no button {label}: {:?}\n{}", card.buttons, reanchor::card::plain::text(&card))
            });
        let (case, number) = (card.case.clone().unwrap(), button.number);
        self.hear(who, card.place.clone(), Body::Press { verb, case, number, note: None }).await;
    }

    pub(crate) async fn wait(&self) {
        self.driver.wait().await.unwrap();
    }

    pub(crate) async fn advance(&self, ms: i64) {
        self.driver.advance(ms).await.unwrap();
    }

    /// The newest case.
    pub(crate) async fn case(&self) -> Case {
        self.driver.app.cases().await.unwrap().pop().expect("no case")
    }

    pub(crate) async fn cases(&self) -> Vec<Case> {
        self.driver.app.cases().await.unwrap()
    }

    /// The card of the newest case.
    pub(crate) async fn card(&self) -> Card {
        reanchor::card::build::card(&self.case().await)
    }

    /// The state of the newest case.
    pub(crate) async fn state(&self) -> String {
        self.case().await.state.name().to_owned()
    }

    /// What only `who` was told, newest last.
    pub(crate) fn whispers(&self, who: &str) -> Vec<String> {
        let shown = self.screen.shown.lock().unwrap();
        shown
            .iter()
            .filter_map(|(notice, _)| match notice {
                Notice::Whisper { to, text, .. } if to == who => Some(text.plain()),
                _ => None,
            })
            .collect()
    }

    /// Notes in the channel.
    pub(crate) fn notes(&self) -> Vec<String> {
        let shown = self.screen.shown.lock().unwrap();
        shown
            .iter()
            .filter_map(|(notice, _)| match notice {
                Notice::Note { text, .. } => Some(text.plain()),
                _ => None,
            })
            .collect()
    }

    /// The calls of any kind that the tenant answered last.
    pub(crate) async fn calls(&self) -> Vec<Value> {
        serde_json::from_str(&self.control_call("calls", None).await).unwrap()
    }

    pub(crate) async fn control_call(&self, path: &str, body: Option<Value>) -> String {
        let access = self.tenant.access();
        let url = format!("{}/{path}", access.control_url);
        let request = match body {
            Some(body) => self.http.post(url).json(&body),
            None => self.http.get(url),
        };
        let answer = request.bearer_auth(&access.control_token).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.text().await.unwrap()
    }

    /// Our writes so far, as the tenant counts them.
    pub(crate) async fn writes(&self) -> Vec<Value> {
        let all: Vec<Value> = serde_json::from_str(&self.control_call("writes", None).await).unwrap();
        all.into_iter().filter(|write| write["by"] != "okta").collect()
    }

    /// Our writes that changed something, by op.
    pub(crate) async fn effective(&self) -> Vec<String> {
        let writes = self.writes().await;
        writes.iter().filter(|w| w["effective"] == true).map(|w| w["op"].as_str().unwrap().to_owned()).collect()
    }

    /// Sets a fault.
    pub(crate) async fn fault(&self, op: &str, nth: u64, how: &str) {
        self.control_call("faults", Some(serde_json::json!({ "op": op, "nth": nth, "how": how }))).await;
    }

    /// Removes all faults.
    pub(crate) async fn clear_faults(&self) {
        let access = self.tenant.access();
        let url = format!("{}/faults", access.control_url);
        let answer = self.http.delete(url).bearer_auth(&access.control_token).send().await.unwrap();
        assert!(answer.status().is_success());
    }

    /// How many calls are held now.
    pub(crate) async fn holds(&self) -> usize {
        serde_json::from_str::<Value>(&self.control_call("holds", None).await).unwrap().as_array().unwrap().len()
    }

    /// Releases all holds.
    pub(crate) async fn release(&self) {
        self.control_call("release", Some(serde_json::json!({}))).await;
    }

    /// Presses Retry in the tenant's console.
    pub(crate) async fn retry(&self) {
        self.control_call("retry", Some(serde_json::json!({}))).await;
    }

    /// Reads from the tenant's own Okta API.
    pub(crate) async fn okta(&self, path: &str) -> Value {
        let access = self.tenant.access();
        let url = format!("{}{path}", access.okta_url);
        let request = self.http.get(url).header("authorization", format!("SSWS {}", access.okta_read_token));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Writes to the tenant's own Okta API, as an administrator would in the console.
    pub(crate) async fn okta_admin(&self, method: reqwest::Method, path: &str, body: Value) -> u16 {
        let access = self.tenant.access();
        let url = format!("{}{path}", access.okta_url);
        let request = self.http.request(method, url).json(&body);
        let request = request.header("authorization", format!("SSWS {}", access.okta_write_token));
        request.send().await.unwrap().status().as_u16()
    }

    /// Reads from the tenant's own Graph.
    pub(crate) async fn graph(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.tenant.access().graph_url);
        let request = self.http.get(url).bearer_auth(self.graph_token().await);
        request.send().await.unwrap().json().await.unwrap()
    }

    /// The app user of the subject.
    pub(crate) async fn app_user(&self) -> Value {
        self.okta(&format!("/api/v1/apps/{APP}/users/{SAM}")).await
    }

    async fn close(&mut self) {
        self.wait().await;
        assert_eq!(self.driver.crew.panics(), 0, "a unit panicked in the background");
        assert!(self.built.database.open_runs().await.unwrap().is_empty(), "an unfinished run is left");
        let now = self.driver.clock.now();
        assert_eq!(self.built.database.outbox_waiting(now).await.unwrap(), 0, "an unsent post is left");

        self.built.database.verify().await.expect("the audit chain checks");
    }
}

async fn assemble(
    tenant: &Tenant,
    control: &Arc<Control>,
    screen: &Arc<Screen>,
    folder: &TempDir,
    (setup, people): (&Setup, &BTreeMap<String, Actor>),
) -> (Built, Driver) {
    let access = tenant.access();
    let keys = |okta: &str, id: &str, secret: &str| Keys {
        okta_token: Secret::new(okta),
        graph_client_id: id.to_owned(),
        graph_client_secret: Secret::new(secret),
    };
    let group = |id: &str| vec![GroupId::new(id)];
    let options = Options {
        diagnoser: Diagnoser::new(embedded::RULES).unwrap(),
        directories: Directories {
            org_url: access.okta_url.clone(),
            app: Some(AppId::new(access.app_id.clone())),
            base_url: access.graph_url.clone(),
            token_url: access.token_url.clone(),
            tenant_id: TenantId::new(access.tenant_id.clone()),
            read: keys(&access.okta_read_token, &access.graph_read_client_id, &access.graph_read_client_secret),
            write: Some(keys(
                &access.okta_write_token,
                &access.graph_write_client_id,
                &access.graph_write_client_secret,
            )),
            beside: Beside {
                okta_rss: Some(access.okta_rss.clone()),
                graph_health: true,
                job: if setup.job { JobRef::parse(&access.inbound_service_principal, None) } else { None },
            },
        },
        settings: Settings {
            mode: setup.mode,
            deactivation: setup.deactivation.unwrap_or_default(),
            allow_pause: setup.allow_pause.unwrap_or_default(),
            provisioning_type: setup.provisioning_type,
            policy: Policy {
                name: "default".to_owned(),
                askers: group("00g8askersB4xVn3Ku7d"),
                approvers: setup.approvers.clone().unwrap_or_else(|| group("00g8approvF6mZt2Rs7d")),
                operators: group("00g8operatH9cLw5Yp7d"),
                protected: Vec::new(),
            },
        },
        channels: [CHANNEL, ELSEWHERE]
            .map(|id| Channel { surface: "console".to_owned(), id: id.to_owned(), listen: true, facts: setup.facts })
            .to_vec(),
        run: setup.run,
        store_url: format!("sqlite://{}", folder.path().join("reanchor.sqlite").display()),
        audit_key: None,
        surfaces: vec![Arc::<Screen>::clone(screen) as Arc<dyn Surface>],
        roster: BTreeMap::from([("console".to_owned(), people.values().cloned().collect())]),
    };
    let clock = Arc::new(OffsetClock::default());
    let tenant_clock: Arc<dyn TenantClock> = Arc::<Control>::clone(control);
    clock.adopt(tenant_clock.now().await.unwrap());
    let fresh: Arc<dyn Fresh> = Arc::new(SystemChance::new().unwrap());
    let built = build(options, Arc::clone(&clock), fresh).await.unwrap();
    let driver =
        Driver { app: Arc::clone(&built.app), crew: Arc::clone(&built.crew), clock, tenant: Some(tenant_clock) };
    (built, driver)
}
