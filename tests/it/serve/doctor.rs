//! `reanchor doctor` against a tenant: a set-up in order, and every failure with the way to mend it.

use super::house::{BIN, PATIENCE, Tenant};
use serde_json::{Value, json};
use std::path::Path;

/// Looks; (exit code, findings).
async fn look(config: &Path, env: &[(&str, &str)]) -> (i32, Vec<Value>) {
    let mut command = tokio::process::Command::new(BIN);
    command.args(["doctor", "--format", "json", "--config"]).arg(config).envs(env.iter().copied());
    let output = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await.expect("it ends").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let findings: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!findings.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    for finding in &findings {
        let mended = !finding["mend"].as_str().unwrap().is_empty();
        assert_eq!(mended, finding["verdict"] != "ok", "each thing to mend says how: {finding}");
    }
    (output.status.code().unwrap_or(-1), findings)
}

/// The findings of a check that are not as they should be: verdict and all its words.
fn bad(findings: &[Value], check: &str) -> Vec<(String, String)> {
    let told = findings.iter().filter(|finding| finding["check"] == check && finding["verdict"] != "ok");
    told.map(|f| (f["verdict"].as_str().unwrap().to_owned(), format!("{} -> {}", f["seen"], f["mend"]))).collect()
}

/// Expects exactly one thing to mend in `check`.
fn one(findings: &[Value], check: &str, verdict: &str, parts: &[&str]) {
    let found = bad(findings, check);
    assert_eq!(found.len(), 1, "{check}: {findings:#?}");
    assert_eq!(found[0].0, verdict, "{found:?}");
    for part in parts {
        assert!(found[0].1.contains(part), "{part}: {found:?}");
    }
}

const SURFACES: &str = "surfaces";

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_in_order_has_nothing_to_mend_but_the_missing_surface() {
    let tenant = Tenant::start("healthy").await;
    let config = tenant.config_with("");
    let (code, findings) = look(&config, &[]).await;
    let told: Vec<&Value> = findings.iter().filter(|f| f["verdict"] != "ok" && f["check"] != SURFACES).collect();
    assert!(told.is_empty() || told.iter().all(|f| f["check"] == "deactivation setting"), "{told:#?}");
    assert_eq!(code, 0);
    one(&findings, SURFACES, "warn", &["none is on", "[slack]"]);
    let checks: Vec<&str> = findings.iter().map(|f| f["check"].as_str().unwrap()).collect();
    for check in [
        "configuration",
        "secrets",
        "database",
        "clock against Okta",
        "clock against Graph",
        "Okta read token",
        "Okta write token",
        "Graph read credentials",
        "Graph write credentials",
        "app",
        "app domain",
        "app schema",
        "deactivation setting",
        "policy groups",
    ] {
        assert!(checks.contains(&check), "{check}: {checks:?}");
    }
    // It made nothing: no database, no key.
    let names: Vec<String> = std::fs::read_dir(tenant.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("sqlite"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    assert!(tenant.call("writes", None).await.as_array().unwrap().is_empty());
    // For people: words, and a last line.
    let output = tokio::process::Command::new(BIN).args(["doctor", "--config"]).arg(&config).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("ok    database: ") && text.contains("      -> ") && text.ends_with("to mend\n"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_and_secrets_are_told_one_by_one() {
    let tenant = Tenant::start("healthy").await;
    let missing = tenant.folder.path().join("no-such.toml");
    let (code, findings) = look(&missing, &[]).await;
    assert_eq!((code, findings.len()), (2, 1));
    one(&findings, "configuration", "fail", &["there is no such file"]);
    let (code, findings) = look(&tenant.config_with("[slak]\nmode = \"http\""), &[]).await;
    assert_eq!(code, 1);
    one(&findings, "configuration", "fail", &["[slak]"]);
    let config = tenant.config_with("");
    let env = std::fs::read_to_string(tenant.folder.path().join("reanchor.env")).unwrap();
    let secret = |name: &str| env.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned();
    let read = secret("OKTA_READ_TOKEN");
    let (code, findings) = look(&config, &[("OKTA_WRITE_TOKEN", &read)]).await;
    assert_eq!(code, 1);
    one(&findings, "secrets", "fail", &["OKTA_WRITE_TOKEN", "equals OKTA_READ_TOKEN", "for writing"]);
    assert!(!json!(findings).to_string().contains(&read));
    // The rest was looked at all the same, with the read credentials.
    assert!(findings.iter().any(|f| f["check"] == "Okta read token" && f["verdict"] == "ok"), "{findings:#?}");
    // Two are missing: both are told.
    let lost = |line: &&str| line.starts_with("OKTA_READ") || line.starts_with("GRAPH_WRITE_CLIENT_SECRET");
    let kept = env.lines().filter(|line| !lost(line)).collect::<Vec<_>>().join("\n");
    std::fs::write(tenant.folder.path().join("reanchor.env"), kept).unwrap();
    let (code, findings) = look(&config, &[]).await;
    assert_eq!((code, bad(&findings, "secrets").len()), (1, 2), "{findings:#?}");
    // In mode observe those for writing are not looked at.
    let (_, findings) = look(&config, &[("REANCHOR__MODE__DEFAULT", "observe")]).await;
    one(&findings, "secrets", "fail", &["OKTA_READ_TOKEN"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_looked_at_and_left_alone() {
    let tenant = Tenant::start("healthy").await;
    let config = tenant.config_with("");
    let at = |path: &Path| format!("sqlite://{}", path.display());
    let folder = tenant.folder.path();
    for (path, parts) in [
        (folder.join("no/such/folder/x.sqlite"), ["does not exist", "[store] url"]),
        (folder.to_owned(), ["is a directory", "[store] url"]),
        (config.clone(), ["is not an SQLite database", "[store] url"]),
    ] {
        let (code, findings) = look(&config, &[("REANCHOR__STORE__URL", &at(&path))]).await;
        assert_eq!(code, 1);
        one(&findings, "database", "fail", &parts);
    }
    // One of an earlier version: told, and not migrated.
    let empty = folder.join("early.sqlite");
    std::fs::write(&empty, "").unwrap();
    let (_, findings) = look(&config, &[("REANCHOR__STORE__URL", &at(&empty))]).await;
    one(&findings, "database", "warn", &["migrations are waiting"]);
    assert_eq!(std::fs::metadata(&empty).unwrap().len(), 0);
    // One that is in use.
    tenant.chat(&config, "anna: hello\n").await;
    let (_, findings) = look(&config, &[]).await;
    assert!(bad(&findings, "database").is_empty(), "{findings:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_beyond_what_is_needed_are_told() {
    let tenant = Tenant::start("healthy").await;
    let config = tenant.config_with("");
    let usual = tenant.call("rights", None).await;
    let with = |key: &str, held: Value| {
        let mut rights = usual.clone();
        rights[key] = held;
        rights
    };
    let read = usual["graph_read"].as_array().unwrap().clone();
    let more = |one: &str| Value::Array([&read[..], &[json!(one)]].concat());
    let less =
        |one: &str| Value::Array(read.iter().filter(|p| *p != one && *p != "Directory.Read.All").cloned().collect());
    for (rights, check, verdict, parts) in [
        (
            with("okta_read", json!(["READ_ONLY_ADMIN", "APP_ADMIN"])),
            "Okta read token",
            "warn",
            vec!["APP_ADMIN", "A10"],
        ),
        (with("okta_read", json!(["Help people"])), "Okta read token", "warn", vec!["Help people"]),
        (with("okta_read", json!([])), "Okta read token", "fail", vec!["no admin role"]),
        (
            with("okta_write", json!(["SUPER_ADMIN"])),
            "Okta write token",
            "warn",
            vec!["groups of the approvers", "A10"],
        ),
        (with("okta_write", json!(["APP_ADMIN", "USER_ADMIN"])), "Okta write token", "warn", vec!["USER_ADMIN"]),
        (with("okta_write", json!(["GROUP_MEMBERSHIP_ADMIN"])), "Okta write token", "warn", vec!["approvers"]),
        (with("okta_write", json!(["Fixers"])), "Okta write token", "warn", vec!["Fixers", "neither groups nor users"]),
        (with("okta_write", json!(["READ_ONLY_ADMIN"])), "Okta write token", "fail", vec!["cannot assign apps"]),
        (
            with("graph_read", more("User.ReadWrite.All")),
            "Graph read credentials",
            "warn",
            vec!["User.ReadWrite.All", "A10"],
        ),
        (
            with("graph_read", less("Domain.Read.All")),
            "Graph read credentials",
            "fail",
            vec!["Domain.Read.All is missing"],
        ),
        (
            with("graph_read", less("RoleManagement.Read.Directory")),
            "Graph read credentials",
            "fail",
            vec!["RoleManagement"],
        ),
        (with("graph_write", json!(["User.Read.All"])), "Graph write credentials", "fail", vec!["User.ReadWrite.All"]),
        (
            with("graph_write", json!(["User.ReadWrite.All", "RoleManagement.ReadWrite.Directory"])),
            "Graph write credentials",
            "warn",
            vec!["RoleManagement.ReadWrite.Directory", "A10"],
        ),
    ] {
        tenant.call("rights", Some(rights)).await;
        let (code, findings) = look(&config, &[]).await;
        one(&findings, check, verdict, &parts);
        assert_eq!(code, i32::from(verdict == "fail"), "{findings:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_that_are_refused_and_ends_that_do_not_answer_are_told() {
    let tenant = Tenant::start("healthy").await;
    let config = tenant.config_with("");
    for (name, check) in [
        ("OKTA_READ_TOKEN", "Okta read token"),
        ("OKTA_WRITE_TOKEN", "Okta write token"),
        ("GRAPH_READ_CLIENT_SECRET", "Graph read credentials"),
        ("GRAPH_WRITE_CLIENT_SECRET", "Graph write credentials"),
    ] {
        let (code, findings) = look(&config, &[(name, "wrong-wrong-wrong")]).await;
        assert_eq!(code, 1);
        one(&findings, check, "fail", &[name.rsplit_once('_').unwrap().0]);
        assert!(!json!(findings).to_string().contains("wrong-wrong"), "{findings:#?}");
    }
    let (_, findings) = look(&config, &[("REANCHOR__OKTA__ORG_URL", "http://127.0.0.1:9")]).await;
    one(&findings, "Okta read token", "fail", &["[okta] org_url", "reached"]);
    let (_, findings) =
        look(&config, &[("REANCHOR__GRAPH__TOKEN_URL", "http://127.0.0.1:9/x/oauth2/v2.0/token")]).await;
    one(&findings, "Graph read credentials", "fail", &["[graph]", "reached"]);
    for (op, check, part) in [
        ("okta.app.get", "app", "OKTA_READ_TOKEN"),
        ("okta.features.get", "deactivation setting", "OKTA_READ_TOKEN"),
        ("okta.group.get", "policy groups", "OKTA_READ_TOKEN"),
        ("graph.domain.list", "app domain", "Domain.Read.All"),
    ] {
        // Whoever asks first is refused, and the ones after it, too.
        for nth in 1..=8 {
            tenant.call("faults", Some(json!({ "op": op, "nth": nth, "how": "refuse" }))).await;
        }
        let (code, findings) = look(&config, &[]).await;
        let found = bad(&findings, check);
        assert!(
            code == 1 && found.iter().any(|(verdict, text)| verdict == "fail" && text.contains(part)),
            "{op}: {findings:#?}"
        );
        let url = format!("{}/faults", tenant.line["control_url"].as_str().unwrap());
        let token = tenant.line["control_token"].as_str().unwrap();
        reqwest::Client::builder().no_proxy().build().unwrap().delete(url).bearer_auth(token).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_off_is_told() {
    let tenant = Tenant::start("healthy").await;
    tenant.call("clock", Some(json!({ "advance_ms": 300_000 }))).await;
    let (code, findings) = look(&tenant.config_with(""), &[]).await;
    assert_eq!(code, 0);
    one(&findings, "clock against Okta", "warn", &["behind", "NTP"]);
    one(&findings, "clock against Graph", "warn", &["behind", "NTP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_app_and_wrong_groups_are_told() {
    let tenant = Tenant::start("healthy").await;
    let config = tenant.config_with("");
    let (code, findings) = look(&config, &[("REANCHOR__OKTA__APP_ID", "0oa0nosuchapp")]).await;
    assert_eq!(code, 1);
    one(&findings, "app", "fail", &["no app 0oa0nosuchapp", tenant.line["app_id"].as_str().unwrap()]);
    let other = Tenant::start("wrong-tenant").await;
    let (_, findings) = look(&other.config_with(""), &[]).await;
    let (domain, app) = (bad(&findings, "app domain"), bad(&findings, "app"));
    assert!(domain.len() == 1 && domain[0].1.contains("[graph] tenant_id") && app.is_empty(), "{findings:#?}");
    let policy = |ids: &str| format!("[{{name = \"p\", askers = [{ids}], approvers = [{ids}], operators = [{ids}]}}]");
    let (code, findings) = look(&config, &[("REANCHOR__POLICY", &policy("\"00g0nosuchgroup\""))]).await;
    assert_eq!(code, 1);
    one(&findings, "policy groups", "fail", &["no group 00g0nosuchgroup", "askers, approvers, operators"]);
    // Everyone is a group of the kind BUILT_IN: Okta itself decides who is in it.
    let (code, findings) = look(&config, &[("REANCHOR__POLICY", &policy("\"00g8everyoneA1zPq87d\""))]).await;
    assert_eq!(code, 1);
    one(&findings, "policy groups", "fail", &["of the kind BUILT_IN", "OKTA_GROUP"]);
    let (_, findings) = look(&config, &[("REANCHOR__POLICY", "[{name = \"p\"}]")]).await;
    assert_eq!(bad(&findings, "policy groups").len(), 3, "{findings:#?}");
    // A name is refused with the ids that match (A3), by the doctor and by whoever would serve.
    let url = format!("{}/api/v1/groups", tenant.line["okta_url"].as_str().unwrap());
    let env = std::fs::read_to_string(tenant.folder.path().join("reanchor.env")).unwrap();
    let token = env.lines().find_map(|line| line.strip_prefix("OKTA_READ_TOKEN=")).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let all: Vec<Value> =
        http.get(url).header("authorization", format!("SSWS {token}")).send().await.unwrap().json().await.unwrap();
    let group = all.iter().find(|group| group["type"] == "OKTA_GROUP").unwrap();
    let (id, name) = (group["id"].as_str().unwrap(), group["profile"]["name"].as_str().unwrap());
    let by_name = policy(&format!("{name:?}"));
    let (code, findings) = look(&config, &[("REANCHOR__POLICY", &by_name)]).await;
    assert_eq!(code, 1);
    one(&findings, "policy groups", "fail", &[name, id]);
    let (code, said) = super::house::refused(&config, &[("REANCHOR__POLICY", &by_name)]).await;
    assert!(code == 2 && said.contains(id), "{code} {said}");
}
