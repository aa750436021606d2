//! Starting, stopping, the state file and the written configuration.
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use reanchor::sandbox::{SandboxTime, Tenant, TenantOptions};
use serde_json::json;

use super::{NEW, START, World, options};

#[tokio::test]
async fn a_tenant_continues_from_its_state_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    let with = || TenantOptions { state_file: Some(file.clone()), ..options("deleted-replaced") };
    let world = World::start(with()).await;
    world.advance(1_000).await;
    world.reassign().await;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let access = world.tenant.access().clone();
    world.tenant.stop().await;
    let text = std::fs::read_to_string(&file).unwrap();
    for secret in [&access.okta_write_token, &access.graph_write_client_secret, &access.control_token, &access.proof] {
        assert!(!text.contains(secret.as_str()));
    }

    let world = World::start(with()).await;
    assert_ne!(world.tenant.access().proof, access.proof, "secrets are new at each start");
    assert_eq!(world.control("clock").await["now_ms"], START + 1_000);
    assert_eq!(world.row().await["status"], "STAGED");
    world.advance(2_000).await;
    assert_eq!(world.row().await["externalId"], NEW, "what was queued goes on");
    world.tenant.stop().await;

    let other = TenantOptions { scenario: super::text_of("healthy"), ..with() };
    let world = World::start(other).await;
    assert_eq!(world.control("scenario").await["name"], "deleted-replaced", "the file wins over the scenario");
    world.tenant.stop().await;

    std::fs::write(&file, "{\"version\":1").unwrap();
    let error = Tenant::start(with()).await.unwrap_err().to_string();
    assert!(error.contains("tenant.json") && error.contains("remove it"), "{error}");
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "{\"version\":1",
        "a file that is not understood stays as it is"
    );
}

#[tokio::test]
async fn real_time_runs() {
    let world = World::start(TenantOptions { time: SandboxTime::Real, ..options("deleted-replaced") }).await;
    let before = world.control("clock").await["now_ms"].as_i64().unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let after = world.control("clock").await["now_ms"].as_i64().unwrap();
    assert!(after >= before + 20 && after < before + 60_000);
    world.advance(3_600_000).await;
    assert!(world.control("clock").await["now_ms"].as_i64().unwrap() >= after + 3_600_000);
}

#[tokio::test]
async fn a_wrong_start_says_what_is_wrong() {
    let first = Tenant::start(options("healthy")).await.unwrap();
    let port = first.access().okta_url.rsplit(':').next().unwrap().parse().unwrap();
    let error = Tenant::start(TenantOptions { okta_port: port, ..options("healthy") }).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("port {port} is in use; choose another with --okta-port, or 0 for any free one")
    );
    first.stop().await;
    let again = Tenant::start(TenantOptions { okta_port: port, ..options("healthy") }).await.unwrap();
    again.stop().await;

    let bad = ("broken".to_owned(), "[tenant]\ntitle = \"t\"\nfree_seat = 1\n".to_owned());
    let error =
        Tenant::start(TenantOptions { scenarios: vec![bad], ..options("healthy") }).await.unwrap_err().to_string();
    assert!(error.contains("broken") && error.contains("free_seat") && error.contains("free_seats"), "{error}");
}

#[tokio::test]
async fn the_configuration_holds_addresses_and_the_env_file_the_secrets() {
    let world = World::load("deactivation-deletes").await;
    let folder = tempfile::tempdir().unwrap();
    let path = world.tenant.write_config(&folder.path().join("made")).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let a = world.tenant.access();
    assert_eq!(table["mode"]["default"].as_str(), Some("fix"));
    assert_eq!(table["okta"]["org_url"].as_str(), Some(a.okta_url.as_str()));
    assert_eq!(table["okta"]["deactivation"].as_str(), Some("unknown"));
    assert_eq!(table["okta"]["allow_pause"].as_bool(), Some(false));
    assert_eq!(table["graph"]["base_url"].as_str(), Some(a.graph_url.as_str()));
    assert_eq!(table["graph"]["token_url"].as_str(), Some(a.token_url.as_str()));
    assert_eq!(table["sandbox"]["proof"].as_str(), Some(a.proof.as_str()));
    assert_eq!(table["channel"][0]["id"].as_str(), Some("#provisioning"));
    assert!(table["store"]["url"].as_str().unwrap().starts_with("sqlite:///"));
    for group in ["askers", "approvers", "operators"] {
        let id = table["policy"][0][group][0].as_str().unwrap();
        assert_eq!(world.okta(&format!("/groups/{id}")).await["type"], "OKTA_GROUP", "{group}");
    }
    let env_path = path.with_file_name("reanchor.env");
    let env = std::fs::read_to_string(&env_path).unwrap();
    let pairs: Vec<(&str, &str)> = env.lines().filter_map(|l| l.split_once('=')).collect();
    assert_eq!(pairs.len(), 6);
    assert!(pairs.contains(&("OKTA_WRITE_TOKEN", a.okta_write_token.as_str())));
    assert!(pairs.contains(&("GRAPH_READ_CLIENT_SECRET", a.graph_read_client_secret.as_str())));
    for (_, secret) in pairs {
        assert!(!text.contains(secret), "no vendor secret in reanchor.toml");
    }
    for file in [path, env_path] {
        assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn debug_shows_no_secret() {
    let world = World::load("healthy").await;
    let a = world.tenant.access();
    let shown = format!("{a:?} {:?}", world.tenant);
    for secret in [&a.okta_read_token, &a.okta_write_token, &a.graph_read_client_secret, &a.control_token, &a.proof] {
        assert!(!shown.contains(secret.as_str()));
    }
    let token = world.token(true).await;
    assert!(!format!("{:?}", world.tenant).contains(&token));
}

#[tokio::test]
async fn a_stop_ends_held_calls_without_applying_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tenant.json");
    let with = || TenantOptions { state_file: Some(file.clone()), ..options("deleted-replaced") };
    let world = World::start(with()).await;
    world.order("faults", json!({"op": "okta.app_user.unassign", "how": "hold_before"})).await;
    let mut call = world.unassigning();
    world.held(1).await;
    world.tenant.stop().await;
    let answer = call.join_next().await.unwrap().unwrap();
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status() == 503));
    let world = World::start(with()).await;
    assert_eq!(world.row().await["externalId"], super::OLD);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_new_object() {
    let mut made = Vec::new();
    for polls in [1, 5] {
        let world = World::load("deleted-expired").await;
        for _ in 0..polls {
            world.row().await;
        }
        world.reassign().await;
        world.advance(2_000).await;
        made.push(world.row().await["externalId"].clone());
    }
    assert_eq!(made[0], made[1], "how often somebody reads does not matter");
}
