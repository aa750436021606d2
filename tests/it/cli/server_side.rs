//! The commands of an operator against a real tenant and a real record: look up, freeze and thaw, erase.

use super::{Ran, reanchor};
use crate::serve::house::Tenant;
use serde_json::Value;
use std::path::Path;

/// A folder with the configuration of a tenant that runs.
struct Place {
    config: String,
}

impl Place {
    fn new(tenant: &Tenant) -> Self {
        let config = tenant.config_with("").display().to_string();
        Self { config }
    }

    fn folder(&self) -> &Path {
        Path::new(&self.config).parent().unwrap()
    }

    fn run(&self, args: &[&str], input: &str, env: &[(&str, &str)]) -> Ran {
        reanchor(self.folder(), &[args, &["--config", &self.config]].concat(), input, env)
    }

    /// What the record says about the bot itself, oldest first.
    fn record(&self) -> Vec<(String, String, Value)> {
        let rows = self.run(&["audit", "export", "bot"], "", &[]).json();
        let row = |row: &Value| {
            let payload = row["payload"].as_str().map_or(Value::Null, |text| serde_json::from_str(text).unwrap());
            (
                row["kind"].as_str().unwrap_or_default().to_owned(),
                row["actor"].as_str().unwrap_or_default().to_owned(),
                payload,
            )
        };
        rows.iter().map(row).collect()
    }
}

#[tokio::test]
async fn a_look_up_shows_both_sides_and_stands_in_the_record() {
    let tenant = Tenant::start("deleted-replaced").await;
    let place = Place::new(&tenant);
    let login = tenant.call("scenario", None).await["subject"]["login"].as_str().unwrap().to_owned();
    let text = place.run(&["lookup", &login], "", &[]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains(&login) && text.out.contains("Okta and Entra"), "{}", text.out);
    let json = place.run(&["lookup", &login, "--format", "json"], "", &[]).json();
    assert_eq!(json[0]["login"], login.as_str());
    let sides = json[0]["sides"].as_array().unwrap();
    assert!(sides.iter().any(|row| row["label"] == "Object id" && row["differs"] == true), "{sides:?}");
    let nobody = place.run(&["lookup", "nobody@northbridge.example"], "", &[]);
    assert_eq!((nobody.code, nobody.out.as_str()), (1, ""));
    assert!(nobody.err.contains("nobody@northbridge.example"), "{}", nobody.err);
    let looked: Vec<_> = place.record().into_iter().filter(|(kind, ..)| kind == "lookup").collect();
    assert_eq!(looked.len(), 3);
    assert!(looked.iter().all(|(_, actor, _)| actor.starts_with("cli:") && actor.len() > 4), "{looked:?}");
    assert_eq!(looked[2].2["user"], "nobody@northbridge.example");
}

#[tokio::test]
async fn whoever_froze_at_the_server_cannot_thaw_there_and_nobody_can_without_the_code() {
    let tenant = Tenant::start("healthy").await;
    let place = Place::new(&tenant);
    let thaw = ["thaw", "--reason", "over"];
    let idle = place.run(&thaw, "right\n", &[("OPERATOR_CODE", "right")]);
    assert_eq!(idle.out, "it is not frozen; nothing was changed\n");
    let frozen = place.run(&["freeze", "--reason", "an incident"], "", &[]);
    assert_eq!(frozen.code, 0, "{}", frozen.err);
    assert!(place.run(&["freeze", "--reason", "again"], "", &[]).out.contains("already"));
    let none = place.run(&thaw, "", &[]);
    assert_eq!(none.code, 1);
    assert!(none.err.contains("no operator code is configured"), "{}", none.err);
    let wrong = place.run(&thaw, "wrong\n", &[("OPERATOR_CODE", "right")]);
    assert!(wrong.code == 1 && wrong.err.contains("not the operator code"), "{}", wrong.err);
    let same = place.run(&thaw, "right\n", &[("OPERATOR_CODE", "right")]);
    assert!(same.code == 1 && same.err.contains("A8: you froze the bot"), "{}", same.err);
    let kinds: Vec<String> = place.record().into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "freeze").count(), 1);
    assert!(kinds.contains(&"refused".to_owned()) && !kinds.contains(&"thaw".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn a_closed_case_can_be_erased_and_an_open_one_not() {
    let tenant = Tenant::start("healthy").await;
    let place = Place::new(&tenant);
    let chat = place.run(&["chat"], "anna: @error\nwait\n", &[]);
    assert_eq!(chat.code, 0, "{}", chat.err);
    let list = place.run(&["case", "list", "--format", "json"], "", &[]).json();
    let (id, state) = (list[0]["case"].as_str().unwrap().to_owned(), list[0]["state"].clone());
    assert_eq!(state, "closed");
    let erased = place.run(&["case", "erase", &id], "", &[]);
    assert_eq!(erased.code, 0, "{}", erased.err);
    let rows = place.run(&["audit", "export", &id], "", &[]).json();
    let gone = rows.iter().filter(|row| row["payload"].is_null()).count();
    assert!(gone >= 2, "{rows:?}");
    assert_eq!(place.run(&["audit", "verify"], "", &[]).code, 0, "the chain still checks");
    let open = Tenant::start("deleted-replaced").await;
    let place = Place::new(&open);
    place.run(&["chat"], "anna: @error\nwait\n", &[]);
    let list = place.run(&["case", "list", "--format", "json"], "", &[]).json();
    let id = list[0]["case"].as_str().unwrap().to_owned();
    let refused = place.run(&["case", "erase", &id], "", &[]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("still open"), "{}", refused.err);
}
