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
    assert!(erased.out.contains("is erased; its record still checks"), "{}", erased.out);
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
    assert!(refused.err.contains("still open") && refused.err.contains("Not an error"), "{}", refused.err);
}

/// Everything in the database file and beside it, as bytes.
fn stored(place: &Place) -> String {
    let files = std::fs::read_dir(place.folder()).unwrap().map(|entry| entry.unwrap().path());
    let ours = files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("erase.sqlite"));
    ours.map(|path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).to_lowercase()).collect()
}

/// What an administrator who has to honour an erasure expects: after it no byte of the file names the person.
#[tokio::test]
async fn an_erased_person_is_in_no_byte_of_the_database() {
    let tenant = Tenant::start("deleted-replaced").await;
    let place = Place::new(&tenant);
    let run = |args: &[&str], input: &str| place.run(&[args, &["--db", "sqlite://erase.sqlite"]].concat(), input, &[]);
    let script = "anna: @error\nwait\nanna: press Reassign\nwait\ncarla: press Deny: the moon-garden project pays\nwait\n\
                  anna: @error\nwait\nanna: press Reassign\nwait\nben: press Approve\nwait\n";
    let chat = run(&["chat"], script);
    assert_eq!(chat.code, 0, "{}", chat.err);
    assert_eq!(run(&["lookup", "sam.whitlock@northbridge.example"], "").code, 0);
    let list = run(&["case", "list", "--format", "json"], "").json();
    let states: Vec<&str> = list.iter().map(|row| row["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["declined", "closed"]);
    let ids: Vec<String> = list.iter().map(|row| row["case"].as_str().unwrap().to_owned()).collect();
    let words = ["whitlock", "moon-garden", "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5"];
    assert!(words.iter().all(|word| stored(&place).contains(word)));
    let first = run(&["case", "erase", &ids[0]], "");
    assert_eq!(first.code, 0, "{}", first.err);
    for part in ["1 plan", "1 entry about the person", &format!("were not touched: {}", ids[1]), "written anew"] {
        assert!(first.out.contains(part), "{part}\n{}", first.out);
    }
    assert!(!stored(&place).contains("moon-garden") && stored(&place).contains("whitlock"));
    let second = run(&["case", "erase", &ids[1], "--format", "json"], "").json();
    assert_eq!((&second[0]["runs"], &second[0]["file"]), (&Value::from(1), &Value::from("clean")));
    for word in words {
        assert!(!stored(&place).contains(word), "{word} is still in the file");
    }
    let verified = run(&["audit", "verify"], "");
    assert_eq!(verified.code, 0, "{}", verified.err);
    let again = run(&["case", "erase", &ids[1]], "");
    assert_eq!((again.code, again.out.contains("nothing was left to erase")), (0, true), "{}{}", again.out, again.err);
    let list = run(&["case", "list", "--format", "json"], "").json();
    assert!(list.iter().all(|row| row["subject"].is_null() && row["erased"].is_string()), "{list:?}");
    assert!(run(&["case", "list"], "").out.contains("(erased)"));
    let card = run(&["case", "show", &ids[1]], "");
    assert!(card.out.contains("Erased.") && !card.out.to_lowercase().contains("whitlock"), "{}", card.out);
    // The bot goes on with such a record: it replaces its cards and puts its checkpoint.
    let chat = run(&["chat"], "wait\nanna: /reanchor status\nwait\n");
    assert_eq!(chat.code, 0, "{}", chat.err);
    assert!(chat.out.contains("Erased.") && !stored(&place).contains("whitlock"), "{}", chat.out);
    assert_eq!(run(&["audit", "verify"], "").code, 0);
}

#[tokio::test]
async fn directories_and_a_broken_database_are_named_by_those_that_need_both() {
    let tenant = Tenant::start("healthy").await;
    let place = Place::new(&tenant);
    std::fs::write(place.folder().join("broken.sqlite"), "no database ".repeat(400)).unwrap();
    let ran = place.run(&["lookup", "sam.whitlock@northbridge.example", "--db", "sqlite://broken.sqlite"], "", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (1, ""));
    assert!(ran.err.contains("broken.sqlite"), "{}", ran.err);
    for (args, code) in [(&["serve"][..], 1), (&["doctor"], 1)] {
        let ran = place.run(args, "", &[("REANCHOR__STORE__URL", "sqlite://broken.sqlite")]);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains("broken.sqlite") || ran.out.contains("broken.sqlite"), "{args:?}: {}", ran.err);
    }
}
