//! Plays the script of a scenario file and compares the end with its `[expect]`, read from the tenant's own APIs.

use super::{APP, ELSEWHERE, SAM, World};
use reanchor::config::embedded;
use reanchor::domain::case::Case;
use reanchor::domain::ids::CaseId;
use reanchor::domain::inbound::{Body, Place, Verb};
use reanchor::domain::notice::{Card, Notice};
use reanchor::domain::settings::{Deactivation, ProvisioningType};
use serde_json::Value;
use toml::Table;

fn file(name: &str) -> Table {
    let text = embedded::SCENARIOS.iter().find(|(known, _)| *known == name).expect("a scenario").1;
    text.parse().expect("a scenario file is TOML")
}

/// `[tenant.declare]` of a scenario file.
#[derive(Default, serde::Deserialize)]
pub(super) struct Declared {
    pub(super) deactivation: Option<Deactivation>,
    pub(super) allow_pause: Option<bool>,
    #[serde(default)]
    pub(super) provisioning_type: ProvisioningType,
}

pub(super) fn declared(name: &str) -> Declared {
    let declare = file(name)["tenant"].get("declare").cloned();
    declare.map(|table| table.try_into().expect("[tenant.declare]")).unwrap_or_default()
}

impl World {
    /// The card of a message that became no case: the newest post of a list.
    pub(crate) fn list_card(&self) -> Option<Card> {
        let shown = self.screen.shown.lock().unwrap();
        shown.iter().rev().find_map(|(notice, _)| match notice {
            Notice::Card(card) if card.case.is_none() => Some((**card).clone()),
            _ => None,
        })
    }

    /// The newest card as people read it.
    pub(crate) async fn read(&self) -> String {
        reanchor::card::plain::text(&self.card().await)
    }

    /// Somebody pastes a text in the other channel that the bot listens to.
    pub(crate) async fn paste_elsewhere(&self, who: &str, text: &str) {
        let place = Place { channel: ELSEWHERE.to_owned(), ..Self::place() };
        self.hear(who, place, Body::Message { text: text.to_owned() }).await;
        self.wait().await;
    }

    /// Somebody mentions the bot.
    pub(crate) async fn mention(&self, who: &str, text: &str) {
        self.hear(who, Self::place(), Body::Mention { text: text.to_owned() }).await;
        self.wait().await;
    }

    /// A press with everything given, for cards that are gone.
    pub(crate) async fn press_raw(&self, who: &str, verb: Verb, number: Option<i64>) {
        let case = self.case().await;
        self.hear(who, case.place.clone(), Body::Press { verb, case: case.id, number, note: None }).await;
        self.wait().await;
    }

    /// One case.
    pub(crate) async fn case_of(&self, id: &CaseId) -> Case {
        self.cases().await.into_iter().find(|case| case.id == *id).expect("the case")
    }

    /// Somebody presses a button on the card of this case.
    pub(crate) async fn press_on(&self, who: &str, id: &CaseId, label: &str) {
        self.press_on_now(who, id, label).await;
        self.wait().await;
    }

    /// As [`World::press_on`], without waiting.
    pub(crate) async fn press_on_now(&self, who: &str, id: &CaseId, label: &str) {
        let card = reanchor::card::build::card(&self.case_of(id).await);
        let verb = Verb::by_label(label).unwrap();
        let button = card.buttons.iter().find(|button| button.verb == verb).expect("the button");
        let body = Body::Press { verb, case: id.clone(), number: button.number, note: None };
        self.hear(who, card.place.clone(), body).await;
    }

    /// A token of the client that may read Graph.
    pub(crate) async fn graph_token(&self) -> String {
        let access = self.tenant.access();
        self.token_of(&access.graph_read_client_id, &access.graph_read_client_secret).await
    }

    /// A token of the client that may write to it.
    pub(crate) async fn write_token(&self) -> String {
        let access = self.tenant.access();
        self.token_of(&access.graph_write_client_id, &access.graph_write_client_secret).await
    }

    async fn token_of(&self, id: &str, secret: &str) -> String {
        let form = format!(
            "client_id={id}&client_secret={secret}&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"
        );
        let url = &self.tenant.access().token_url;
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        let token: Value = request.body(form).send().await.unwrap().json().await.unwrap();
        token["access_token"].as_str().unwrap().to_owned()
    }

    /// Plays the script of the scenario file.
    pub(crate) async fn play(&self, name: &str) {
        let file = file(name);
        for line in file["script"]["lines"].as_array().expect("lines") {
            self.line(line.as_str().expect("a line")).await;
        }
        self.wait().await;
    }

    async fn line(&self, line: &str) {
        if line == "wait" {
            return self.wait().await;
        }
        if let Some(length) = line.strip_prefix("advance ") {
            let minutes: i64 = length.strip_suffix('m').expect("minutes").parse().expect("a number");
            return self.advance(minutes * 60_000).await;
        }
        let (who, said) = line.split_once(": ").unwrap_or_else(|| panic!("unknown line {line}"));
        if said == "@error" {
            self.paste_error(who).await;
        } else if let Some(label) = said.strip_prefix("press ") {
            self.press(who, label).await;
        } else if let Some(text) = said.strip_prefix("/reanchor ") {
            let mut text = text.replace("@subject", &self.subject_login);
            if text.contains("@case") {
                text = text.replace("@case", self.case().await.id.as_str());
            }
            self.command(who, &text).await;
        } else {
            self.paste(who, said).await;
        }
    }

    /// Compares class, state, buttons and the tenant with the file.
    pub(crate) async fn expect_end(&self, name: &str) {
        let file = file(name);
        let expect = file["expect"].as_table().expect("[expect]");
        let case = self.case().await;
        let card = reanchor::card::plain::text(&self.card().await);
        assert_eq!(case.diagnosis.class.as_str(), expect["class"].as_str().unwrap(), "class of {name}");
        assert_eq!(case.state.name(), expect["state"].as_str().unwrap(), "state of {name}\n{card}");
        if let Some(buttons) = expect.get("buttons") {
            let wanted: Vec<&str> = buttons.as_array().unwrap().iter().map(|b| b.as_str().unwrap()).collect();
            let shown: Vec<&str> = self.card().await.buttons.iter().map(|b| b.verb.label()).collect();
            assert_eq!(shown, wanted, "buttons of {name}\n{card}");
        }
        for check in expect.get("tenant").and_then(toml::Value::as_array).into_iter().flatten() {
            self.check(name, check.as_table().expect("a table")).await;
        }
    }

    async fn check(&self, name: &str, check: &Table) {
        let get = check["get"].as_str().unwrap();
        let get =
            get.replace("{app}", APP).replace("{subject}", SAM).replace("{tenant}", &self.tenant.access().tenant_id);
        let answer = match check["api"].as_str().unwrap() {
            "okta" => self.okta(&get).await,
            _ => self.graph(&get).await,
        };
        let pointer = check["pointer"].as_str().unwrap();
        let found = answer.pointer(pointer);
        let json = |value: &toml::Value| serde_json::to_value(value).unwrap();
        let told = format!("{name}: {get} {pointer} is {found:?} in {answer}");
        if let Some(value) = check.get("equals") {
            assert_eq!(found.unwrap_or(&Value::Null), &json(value), "{told}");
        } else if let Some(value) = check.get("not_equals") {
            assert_ne!(found.unwrap_or(&Value::Null), &json(value), "{told}");
        } else {
            let present = found.is_some_and(|value| !value.is_null());
            assert_eq!(present, check["present"].as_bool().unwrap(), "{told}");
        }
    }
}

/// The text of a scenario.
pub(super) fn scenario(name: &str) -> String {
    embedded::SCENARIOS
        .iter()
        .find(|(known, _)| *known == name)
        .unwrap_or_else(|| panic!("no scenario {name}"))
        .1
        .to_owned()
}
