//! Every method of the directory ports against the sandbox: what the clients ask, the sandbox answers, and the facts agree
//! with the scenario. Where the two disagree, the vendors' documents decide which one is wrong.

use crate::clients::fake::{Counted, Hand, START};
use reanchor::config::embedded::SCENARIOS;
use reanchor::domain::ids::{AppId, EntraId, GroupId, OktaUserId};
use reanchor::domain::tenant::Scope;
use reanchor::domain::time::{At, DAY, HOUR};
use reanchor::ports::directory::{Assignment, EntraRead, EntraWrite, Find, OktaRead, OktaWrite};
use reanchor::ports::error::Kind;
use reanchor::ports::secret::Secret;
use reanchor::sandbox::{SandboxTime, Tenant, TenantOptions};
use reanchor::{graph, okta};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const SAM: &str = "00u8samWQ5nHc2Je91d7";
const OLD: &str = "9d2e4f10-6a3b-4c58-8f71-2b60c9d4e7a5";
const NEW: &str = "c4a7d3b8-1f25-4e96-b0d8-57e3f9126a4c";
const ANCHOR: &str = "q3Zt0c5mYkKx7vE2nB9dLw==";
const UPN: &str = "sam.whitlock@northbridge.example";
const TIMEOUT: Duration = Duration::from_secs(10);

/// A tenant and four clients, on one still clock that the test moves on both sides.
struct Side {
    tenant: Tenant,
    clock: Arc<Hand>,
    okta: okta::Reader,
    okta_write: okta::Writer,
    entra: graph::Reader,
    entra_write: graph::Writer,
    app: AppId,
    sam: OktaUserId,
}

impl Side {
    async fn start(scenario: &str) -> Self {
        let text = SCENARIOS.iter().find(|(name, _)| *name == scenario).unwrap().1;
        let clock = Hand::jumping();
        let tenant = Tenant::start(TenantOptions {
            scenario: text.to_owned(),
            scenarios: Vec::new(),
            okta_port: 0,
            graph_port: 0,
            control_port: 0,
            state_file: None,
            time: SandboxTime::Fixed(At::parse(START).unwrap().0),
            seed: Some(7),
        })
        .await
        .unwrap();
        let access = tenant.access().clone();
        let org = |token: &str| okta::Access {
            org_url: access.okta_url.clone(),
            token: Secret::new(token),
            call_timeout: TIMEOUT,
        };
        let graph = |id: &str, secret: &str| graph::Access {
            base_url: access.graph_url.clone(),
            token_url: access.token_url.clone(),
            client_id: id.to_owned(),
            client_secret: Secret::new(secret),
            call_timeout: TIMEOUT,
        };
        let chance = Arc::new(Counted::default());
        let read = graph(&access.graph_read_client_id, &access.graph_read_client_secret);
        let write = graph(&access.graph_write_client_id, &access.graph_write_client_secret);
        Self {
            okta: okta::Reader::new(org(&access.okta_read_token), clock.clone()).unwrap(),
            okta_write: okta::Writer::new(org(&access.okta_write_token), clock.clone()).unwrap(),
            entra: graph::Reader::new(read, clock.clone(), chance.clone()).unwrap(),
            entra_write: graph::Writer::new(write, clock.clone(), chance).unwrap(),
            app: AppId::new(access.app_id.clone()),
            sam: OktaUserId::new(SAM),
            clock,
            tenant,
        }
    }

    async fn control(&self, path: &str, body: Value) {
        let access = self.tenant.access();
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(format!("{}/{path}", access.control_url))
            .bearer_auth(&access.control_token)
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    async fn advance(&self, ms: i64) {
        self.control("clock", json!({"advance_ms": ms})).await;
        self.clock.advance(ms);
    }
}

#[tokio::test]
async fn every_okta_read_is_answered() {
    let side = Side::start("deleted-replaced").await;
    let (okta, app, sam) = (&side.okta, &side.app, &side.sam);
    let user = okta.user(sam).await.unwrap().unwrap();
    assert_eq!((user.login.as_str(), user.status.as_str()), (UPN, "ACTIVE"));
    assert!(okta.user(&OktaUserId::new("00u8nobody0000000000")).await.unwrap().is_none());
    assert_eq!(okta.users_by_address(&UPN.to_uppercase()).await.unwrap(), std::slice::from_ref(&user));
    assert!(okta.users_by_address("o'nobody+\"x\"@northbridge.example").await.unwrap().is_empty());
    assert_eq!(okta.users_by_name(&user.name.to_lowercase()).await.unwrap(), [user]);
    let read = okta.app(app).await.unwrap().unwrap();
    assert_eq!(okta.office365_apps().await.unwrap(), std::slice::from_ref(&read));
    assert_eq!((read.name.as_str(), read.domain.as_deref()), ("office365", Some("northbridge.example")));
    assert_eq!(read.attributes.anchor.as_deref(), Some("immutableId"));
    assert_eq!(read.attributes.licenses.as_deref(), Some("licenses"));
    assert_eq!(read.attributes.roles.as_deref(), Some("roles"));
    assert_eq!(read.attributes.usage_location.as_deref(), Some("usageLocation"));
    assert!(!read.mapped.contains(&"immutableId".to_owned()));
    assert!(okta.app(&AppId::new("0oa8nobody")).await.unwrap().is_none());
    let row = okta.app_user(app, sam).await.unwrap().unwrap();
    assert_eq!((row.scope, row.user_name.as_str(), row.sync_state.as_deref()), (Scope::User, UPN, Some("ERROR")));
    assert_eq!(row.external_id, EntraId::parse(OLD));
    assert_eq!(row.anchor(&read.attributes), Some(ANCHOR));
    assert!(okta.app_user(app, &OktaUserId::new("00u8nobody0000000000")).await.unwrap().is_none());
    let rows = okta.app_users(app, 500).await.unwrap();
    assert!(rows.len() >= 3 && rows.contains(&row));
    assert_eq!(okta.app_users(app, 1).await.unwrap().len(), 1);
    let switches = okta.switches(app).await.unwrap();
    assert!(switches.create && !switches.deactivate);
    assert!(okta.groups_of(sam).await.unwrap().iter().any(|group| group.kind == "BUILT_IN"));
    assert!(okta.admin_roles(sam).await.unwrap().is_empty());
    assert!(okta.app_groups(app).await.unwrap().iter().all(|group| group.as_str().starts_with("00g")));
    let approvers = GroupId::new("00g8approvF6mZt2Rs7d");
    let ben = okta.groups_of(&OktaUserId::new("00u8benXw6Vp1Cs58d71")).await.unwrap();
    let group = ben.iter().find(|group| group.id == approvers).unwrap();
    assert_eq!(okta.groups_by_name(&group.name).await.unwrap(), std::slice::from_ref(group));
    let events = okta.events(app, sam, At::parse(START).unwrap().plus(-30 * DAY)).await.unwrap();
    assert!(events.iter().any(|event| !event.success && event.reason.is_some()), "{events:?}");
    assert!(events.is_sorted_by_key(|event| event.at));
    assert!(okta.events(app, sam, At::parse(START).unwrap().plus(HOUR)).await.unwrap().is_empty());
    assert!(okta.clock().await.unwrap().is_some());
    assert_eq!(okta.proof().await.unwrap().as_ref(), Some(&side.tenant.access().proof));
}

#[tokio::test]
async fn every_entra_read_is_answered() {
    let side = Side::start("deleted-replaced").await;
    let entra = &side.entra;
    let (old, new) = (EntraId::new(OLD), EntraId::new(NEW));
    assert!(entra.user(&old).await.unwrap().is_none());
    assert!(entra.deleted_user(&old).await.unwrap().is_none());
    let user = entra.user(&new).await.unwrap().unwrap();
    assert_eq!((user.upn.as_str(), user.anchor.as_deref(), user.enabled), (UPN, Some(ANCHOR), Some(true)));
    assert_eq!(user.user_type.as_deref(), Some("Member"));
    assert!(!user.proxies.is_empty());
    for address in [UPN.to_owned(), UPN.to_uppercase()] {
        assert_eq!(entra.find(&Find::Address(address)).await.unwrap(), std::slice::from_ref(&user));
    }
    assert!(entra.find(&Find::Address("$o'brien+x/y=#EXT#@northbridge.example".to_owned())).await.unwrap().is_empty());
    assert_eq!(entra.find(&Find::Anchor(ANCHOR.to_owned())).await.unwrap(), [user]);
    assert!(entra.find(&Find::Anchor(ANCHOR.to_lowercase())).await.unwrap().is_empty());
    assert!(entra.find_deleted(&Find::Address(UPN.to_owned())).await.unwrap().is_empty());
    assert!(entra.find_deleted(&Find::Anchor(ANCHOR.to_owned())).await.unwrap().is_empty());
    let domains = entra.domains().await.unwrap();
    assert!(domains.iter().any(|domain| domain.name == "northbridge.example" && domain.verified));
    assert!(domains.iter().any(|domain| domain.initial && !domain.federated));
    assert!(!entra.tenant_synced().await.unwrap());
    assert!(entra.roles(&new).await.unwrap().is_empty());
    assert!(entra.assignments(&old).await.unwrap().is_empty());
    assert_eq!(entra.roles(&old).await.unwrap_err().kind, Kind::Gone);
    let skus = entra.skus().await.unwrap();
    assert!(skus.iter().any(|sku| sku.enabled > sku.consumed));
    assert!(entra.deletion(&new).await.unwrap().is_none());
    assert_eq!(entra.proof().await.unwrap().as_ref(), Some(&side.tenant.access().proof));
}

#[tokio::test]
async fn a_deleted_user_is_found_read_and_restored() {
    let side = Side::start("deleted-restorable").await;
    let (entra, old) = (&side.entra, EntraId::new(OLD));
    assert!(entra.user(&old).await.unwrap().is_none());
    let deleted = entra.deleted_user(&old).await.unwrap().unwrap();
    assert_eq!((deleted.upn.as_str(), deleted.anchor.as_deref()), (UPN, Some(ANCHOR)));
    assert!(deleted.deleted.is_some());
    for what in [Find::Address(UPN.to_owned()), Find::Anchor(ANCHOR.to_owned())] {
        assert_eq!(entra.find_deleted(&what).await.unwrap(), std::slice::from_ref(&deleted), "{what:?}");
        assert!(entra.find(&what).await.unwrap().is_empty());
    }
    let deletion = entra.deletion(&old).await.unwrap().unwrap();
    assert!(!deletion.by_provisioning, "{deletion:?}");
    assert!(entra.assignments(&old).await.unwrap().is_empty());
    side.entra_write.restore(&old).await.unwrap();
    side.advance(60_000).await;
    let back = entra.user(&old).await.unwrap().unwrap();
    assert_eq!((back.upn, back.anchor, back.direct_licences), (deleted.upn, deleted.anchor, deleted.direct_licences));
    assert_eq!(side.entra_write.restore(&old).await.unwrap_err().kind, Kind::Gone);
}

#[tokio::test]
async fn a_deletion_by_provisioning_is_known_as_such() {
    let side = Side::start("deleted-by-okta").await;
    let deletion = side.entra.deletion(&EntraId::new(OLD)).await.unwrap().unwrap();
    assert!(deletion.by_provisioning, "{deletion:?}");
}

#[tokio::test]
async fn roles_held_and_eligible_are_seen() {
    for (scenario, held) in [("privileged", true), ("privileged--eligible", false)] {
        let side = Side::start(scenario).await;
        let found = side.entra.find(&Find::Address(UPN.to_owned())).await.unwrap();
        let roles = side.entra.roles(&found[0].id).await.unwrap();
        assert_eq!(
            (roles.held.is_empty(), roles.assigned_or_eligible.is_empty()),
            (!held, false),
            "{scenario}: {roles:?}"
        );
        assert!(!side.entra.assignments(&found[0].id).await.unwrap().is_empty());
    }
    let side = Side::start("privileged--okta-admin").await;
    assert!(!side.okta.admin_roles(&side.sam).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_assignment_is_converted_removed_and_made_anew() {
    let side = Side::start("deleted-group").await;
    let (app, sam) = (&side.app, &side.sam);
    let mapped = side.okta.app(app).await.unwrap().unwrap().mapped;
    let row = side.okta.app_user(app, sam).await.unwrap().unwrap();
    assert_eq!(row.scope, Scope::Group);
    let error = side.okta_write.unassign(app, sam).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (Kind::Conflict, Some("E0000046")));
    side.okta_write.convert(app, sam, Scope::User).await.unwrap();
    let saved = side.okta.app_user(app, sam).await.unwrap().unwrap();
    assert_eq!(saved.scope, Scope::User);
    side.okta_write.unassign(app, sam).await.unwrap();
    side.okta_write.unassign(app, sam).await.unwrap();
    assert!(side.okta.app_user(app, sam).await.unwrap().is_none());
    side.advance(1_000).await;
    let what = Assignment { user_name: saved.user_name.clone(), profile: saved.sendable(&mapped) };
    side.okta_write.assign(app, sam, &what).await.unwrap();
    side.advance(60_000).await;
    let linked = side.okta.app_user(app, sam).await.unwrap().unwrap();
    assert_eq!((linked.external_id, linked.status.as_str()), (EntraId::parse(NEW), "PROVISIONED"));
    assert!(linked.created > saved.created);
}

#[tokio::test]
async fn the_read_credentials_may_not_write() {
    let side = Side::start("deleted-restorable").await;
    let access = side.tenant.access();
    let token = Secret::new(&access.okta_read_token);
    let org = okta::Access { org_url: access.okta_url.clone(), token, call_timeout: TIMEOUT };
    let okta = okta::Writer::new(org, side.clock.clone()).unwrap();
    assert_eq!(okta.convert(&side.app, &side.sam, Scope::User).await.unwrap_err().kind, Kind::Denied);
    let graph = graph::Access {
        base_url: access.graph_url.clone(),
        token_url: access.token_url.clone(),
        client_id: access.graph_read_client_id.clone(),
        client_secret: Secret::new(&access.graph_read_client_secret),
        call_timeout: TIMEOUT,
    };
    let entra = graph::Writer::new(graph.clone(), side.clock.clone(), Arc::new(Counted::default())).unwrap();
    assert_eq!(entra.restore(&EntraId::new(OLD)).await.unwrap_err().kind, Kind::Denied);
    let wrong = graph::Access { client_secret: Secret::new("wrong"), ..graph };
    let entra = graph::Reader::new(wrong, side.clock.clone(), Arc::new(Counted::default())).unwrap();
    let error = entra.skus().await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (Kind::Denied, Some("AADSTS7000215")));
}

#[tokio::test]
async fn a_token_outlived_by_the_tenants_clock_is_renewed() {
    let side = Side::start("healthy").await;
    side.entra.skus().await.unwrap();
    // only the tenant's clock moves: the client still believes in its token and is refused once
    side.control("clock", json!({"advance_ms": 2 * HOUR})).await;
    side.entra.skus().await.unwrap();
}

#[tokio::test]
async fn faults_are_met_as_the_wire_promises() {
    let side = Side::start("healthy").await;
    for (op, how) in [("okta.user.get", "throttle"), ("okta.user.get", "e5xx")] {
        side.control("faults", json!({"op": op, "nth": 1, "how": how})).await;
        assert!(side.okta.user(&side.sam).await.unwrap().is_some(), "{op} {how}");
    }
    for how in ["throttle", "e5xx"] {
        side.control("faults", json!({"op": "graph.sku.list", "nth": 1, "how": how})).await;
        assert!(!side.entra.skus().await.unwrap().is_empty(), "{how}");
    }
    side.control("faults", json!({"op": "okta.app_user.convert", "nth": 1, "how": "throttle"})).await;
    side.okta_write.convert(&side.app, &side.sam, Scope::User).await.unwrap();
    side.control("faults", json!({"op": "okta.app_user.convert", "nth": 1, "how": "e5xx"})).await;
    assert!(side.okta_write.convert(&side.app, &side.sam, Scope::User).await.unwrap_err().may_have_landed());
}

#[tokio::test]
async fn every_scenario_can_be_read_and_its_configuration_is_accepted() {
    #[derive(serde::Deserialize)]
    struct Sections {
        okta: okta::settings::Settings,
        graph: graph::settings::Settings,
    }
    for (name, _) in SCENARIOS {
        let side = Side::start(name).await;
        let (okta, entra, app, sam) = (&side.okta, &side.entra, &side.app, &side.sam);
        let row = okta.app_user(app, sam).await.unwrap();
        okta.app(app).await.unwrap().unwrap();
        okta.switches(app).await.unwrap();
        okta.admin_roles(sam).await.unwrap();
        okta.groups_of(sam).await.unwrap();
        okta.app_groups(app).await.unwrap();
        okta.app_users(app, 500).await.unwrap();
        okta.events(app, sam, At::parse(START).unwrap().plus(-30 * DAY)).await.unwrap();
        if let Some(id) = row.and_then(|row| row.external_id) {
            entra.user(&id).await.unwrap();
            entra.deleted_user(&id).await.unwrap();
            entra.deletion(&id).await.unwrap();
            entra.assignments(&id).await.unwrap();
        }
        for user in entra.find(&Find::Address(UPN.to_owned())).await.unwrap() {
            entra.roles(&user.id).await.unwrap();
        }
        entra.find_deleted(&Find::Address(UPN.to_owned())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(side.tenant.write_config(folder.path()).unwrap()).unwrap();
        let sections: Sections = toml::from_str(&text).unwrap();
        sections.okta.check().unwrap();
        sections.graph.check().unwrap();
        side.tenant.stop().await;
    }
}
