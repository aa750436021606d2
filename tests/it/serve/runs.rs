//! Runs that other processes left: taken up at the start, finished after `kill -9`, and left in good order by a stop.

use super::house::{BIN, Bot, PATIENCE, Tenant};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// Terms under which a dead holder is noticed soon.
const TERMS: [(&str, &str); 2] = [("REANCHOR__RUN__CALL_TIMEOUT", "3s"), ("REANCHOR__RUN__LEASE", "20s")];

async fn state(config: &Path) -> String {
    let mut command = tokio::process::Command::new(BIN);
    let output = command.args(["case", "list", "--format", "json", "--config"]).arg(config).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 1, "{text}{}", String::from_utf8_lossy(&output.stderr));
    rows[0]["state"].as_str().unwrap().to_owned()
}

async fn until_state(config: &Path, wanted: &str) {
    let wait = async {
        while state(config).await != wanted {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("it never becomes {wanted}"));
}

async fn until_held(tenant: &Tenant) {
    let wait = async {
        while tenant.call("holds", None).await.as_array().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("a call is held");
}

/// A tenant with a proposed case, and the configuration of the bot.
async fn proposed(scenario: &str, ask: &str) -> (Tenant, std::path::PathBuf) {
    let tenant = Tenant::start(scenario).await;
    let config = tenant.config_with("");
    let script = format!("anna: @error\nwait\nanna: press {ask}\nwait\n");
    tenant.chat(&config, &script).await;
    assert_eq!(state(&config).await, "proposed");
    (tenant, config)
}

async fn hold(tenant: &Tenant, op: &str, how: &str) {
    tenant.call("faults", Some(json!({ "op": op, "nth": 1, "how": how }))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_twice_is_finished_by_the_third_process() {
    let (tenant, config) = proposed("deleted-replaced", "Reassign").await;
    // The chat dies with the first write on its way, the first bot with the second.
    hold(&tenant, "okta.app_user.unassign", "hold_after").await;
    let mut chat = tenant.chat_child(&config, "ben: press Approve\n").await;
    until_held(&tenant).await;
    chat.kill().await.unwrap();
    tenant.call("release", Some(json!({}))).await;
    hold(&tenant, "okta.app_user.assign", "hold_before").await;
    let mut first = Bot::start_with(&config, &TERMS).await;
    until_held(&tenant).await;
    first.kill().await;
    tenant.call("release", Some(json!({}))).await;
    let mut second = Bot::start_with(&config, &TERMS).await;
    until_state(&config, "closed").await;
    let mut effects = tenant.effective().await;
    effects.sort();
    assert_eq!(effects, ["okta.app_user.assign", "okta.app_user.unassign"], "each effect took place once");
    second.signal("TERM");
    assert_eq!(second.ended().await.code(), Some(0), "{}", second.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_the_effect_finish_and_begins_no_other() {
    let (tenant, config) = proposed("deleted-replaced", "Reassign").await;
    hold(&tenant, "okta.app_user.unassign", "hold_before").await;
    let mut chat = tenant.chat_child(&config, "ben: press Approve\n").await;
    until_held(&tenant).await;
    chat.kill().await.unwrap();
    tenant.call("release", Some(json!({}))).await;
    hold(&tenant, "okta.app_user.assign", "hold_after").await;
    let mut bot = Bot::start_with(&config, &TERMS).await;
    until_held(&tenant).await;
    bot.signal("TERM");
    bot.until_logged("stopping").await;
    tenant.call("release", Some(json!({}))).await;
    assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.log());
    // The write was seen to its end and recorded; what follows is for the next process.
    assert!(bot.log().contains("the run is left to the next one"), "{}", bot.log());
    assert!(bot.log().contains(" stopped"), "{}", bot.log());
    let next = Bot::start_with(&config, &TERMS).await;
    until_state(&config, "closed").await;
    let mut effects = tenant.effective().await;
    effects.sort();
    assert_eq!(effects, ["okta.app_user.assign", "okta.app_user.unassign"]);
    drop(next);
}
