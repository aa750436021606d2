//! The Graph port: tokens, shapes, filters, pages, restore, patch.
use reqwest::Method;
use serde_json::{Value, json};

use super::{ANCHOR, LENA_OBJECT, NEW, OLD, World, body};

const LENA_ANCHOR: &str = "Jm4pV8sRt0uWc1xYh6zGaQ==";
const PREFIXED: &str = "9d2e4f106a3b4c588f712b60c9d4e7a5sam.whitlock@northbridge.example";

fn is_error(body: &Value, code: &str) {
    assert_eq!(body["error"]["code"], code, "{body}");
    assert!(body["error"]["message"].is_string());
    for key in ["date", "request-id", "client-request-id"] {
        assert!(body["error"]["innerError"][key].is_string(), "{key}");
    }
}

#[tokio::test]
async fn tokens_are_given_for_the_right_secret_only() {
    let world = World::load("deleted-replaced").await;
    let a = world.tenant.access();
    let ask = |id: &str, secret: &str, grant: &str, scope: &str| {
        let form = [("client_id", id), ("client_secret", secret), ("grant_type", grant), ("scope", scope)];
        world.http.post(&a.token_url).form(&form).send()
    };
    let scope = "https://graph.microsoft.com/.default";
    let (id, secret) = (a.graph_read_client_id.as_str(), a.graph_read_client_secret.as_str());
    for (id, secret, grant, scope, error, number) in [
        (id, "wrong", "client_credentials", scope, "invalid_client", 7_000_215),
        (id, a.graph_write_client_secret.as_str(), "client_credentials", scope, "invalid_client", 7_000_215),
        ("nobody", secret, "client_credentials", scope, "unauthorized_client", 700_016),
        (id, secret, "password", scope, "unsupported_grant_type", 70_003),
        (id, secret, "client_credentials", "openid", "invalid_scope", 70_011),
    ] {
        let answer = ask(id, secret, grant, scope).await.unwrap();
        assert!(answer.status().is_client_error());
        assert_eq!(answer.headers()["x-reanchor-sandbox"], a.proof.as_str());
        let answer = body(answer).await;
        assert_eq!((&answer["error"], &answer["error_codes"][0]), (&json!(error), &json!(number)));
        assert!(answer["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")));
        assert!(answer["trace_id"].is_string() && answer["correlation_id"].is_string());
    }
    let good = body(ask(id, secret, "client_credentials", scope).await.unwrap()).await;
    assert_eq!((&good["token_type"], &good["expires_in"]), (&json!("Bearer"), &json!(3_599)));
}

#[tokio::test]
async fn a_read_token_only_reads_and_every_token_expires() {
    let world = World::load("deleted-restorable").await;
    let a = world.tenant.access();
    let token = world.token(false).await;
    let url = format!("{}/directory/deletedItems/{OLD}/restore", a.graph_url);
    let answer = world.http.post(&url).bearer_auth(&token).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    is_error(&body(answer).await, "Authorization_RequestDenied");
    assert_eq!(world.graph(&format!("/directory/deletedItems/{OLD}")).await["id"], OLD);
    let users = format!("{}/users", a.graph_url);
    assert_eq!(world.http.get(&users).bearer_auth(&token).send().await.unwrap().status(), 200);
    world.advance(3_599_000).await;
    for token in [token.as_str(), "nonsense"] {
        let answer = world.http.get(&users).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        is_error(&body(answer).await, "InvalidAuthenticationToken");
    }
}

#[tokio::test]
async fn every_answer_carries_proof_and_ids_and_echoes_ours() {
    let world = World::load("deleted-replaced").await;
    let ours = "7d9f6a10-0000-4000-8000-000000000001";
    for path in ["/users", "/nowhere", "/users/none", "/domains"] {
        let answer = world.graph_call(Method::GET, path).header("client-request-id", ours).send().await.unwrap();
        assert_eq!(answer.headers()["client-request-id"], ours, "{path}");
        assert_eq!(answer.headers()["request-id"].len(), 36);
        assert_eq!(answer.headers()["x-reanchor-sandbox"], world.tenant.access().proof.as_str());
        assert_eq!(answer.headers()["date"], "Mon, 21 Sep 2026 14:13:20 GMT");
    }
    let gone = world.graph_call(Method::GET, &format!("/users/{OLD}")).header("client-request-id", ours);
    let gone = body(gone.send().await.unwrap()).await;
    is_error(&gone, "Request_ResourceNotFound");
    assert_eq!(gone["error"]["innerError"]["client-request-id"], ours);
    assert!(gone["error"]["message"].as_str().unwrap().starts_with(&format!("Resource '{OLD}' does not exist")));
}

#[tokio::test]
async fn eleven_properties_come_unasked_and_the_rest_by_select() {
    let world = World::load("deleted-replaced").await;
    let user = world.graph("/users/LENA.fournier@northbridge.example").await;
    let names = user.as_object().unwrap().keys().filter(|k| !k.starts_with('@')).count();
    assert_eq!(names, 11);
    let user = world.graph(&format!("/users/{LENA_OBJECT}?$select=onPremisesImmutableId,accountEnabled")).await;
    assert_eq!(user["onPremisesImmutableId"], LENA_ANCHOR);
    assert_eq!(user.as_object().unwrap().len(), 4, "{user}");
    is_error(&world.graph(&format!("/users/{LENA_OBJECT}?$select=shoeSize")).await, "BadRequest");
    let long = "id,displayName,userPrincipalName,mail,accountEnabled,userType,creationType,createdDateTime,deletedDateTime,\
        onPremisesImmutableId,onPremisesSyncEnabled,onPremisesLastSyncDateTime,onPremisesProvisioningErrors,\
        serviceProvisioningErrors,proxyAddresses,identities,assignedLicenses,licenseAssignmentStates,usageLocation,\
        isManagementRestricted";
    assert_eq!(world.graph(&format!("/users/{LENA_OBJECT}?$select={long}")).await["id"], LENA_OBJECT);
}

#[tokio::test]
async fn filters_find_and_unknown_ones_are_refused() {
    let world = World::load("deleted-replaced").await;
    let encode = |text: &str| text.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F");
    let count = async |filter: &str| {
        let answer = world.graph(&format!("/users?$filter={}", encode(filter))).await;
        answer["value"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    };
    assert_eq!(count(&format!("onPremisesImmutableId eq '{ANCHOR}'")).await, 1);
    assert_eq!(count(&format!("onPremisesImmutableId eq '{}'", ANCHOR.to_lowercase())).await, 0);
    assert_eq!(count("userPrincipalName eq 'SAM.whitlock@northbridge.example'").await, 1);
    assert_eq!(count("proxyAddresses/any(p:p eq 'smtp:sam.whitlock@northbridge.example')").await, 1);
    assert_eq!(count("mail eq 'sam.whitlock@northbridge.example' or displayName eq 'Lena Fournier'").await, 2);
    assert_eq!(count("startswith(displayName,'Sam') and userType eq 'Member'").await, 1);
    assert_eq!(count(&format!("id eq '{NEW}'")).await, 1);
    for wrong in ["jobTitle eq 'x'", "displayName ne 'x'", "proxyAddresses/any(p:startswith(p,'smtp:s'))"] {
        let answer = world.graph_call(Method::GET, &format!("/users?$filter={wrong}")).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
        let answer = body(answer).await;
        assert!(
            ["Request_UnsupportedQuery", "BadRequest"].contains(&answer["error"]["code"].as_str().unwrap()),
            "{answer}"
        );
    }
    let advanced = world.graph_call(Method::GET, "/users?$filter=displayName ne 'Lena Fournier'&$count=true");
    let found = body(advanced.header("ConsistencyLevel", "eventual").send().await.unwrap()).await;
    assert_eq!((found["value"].as_array().unwrap().len(), &found["@odata.count"]), (3, &json!(3)));
}

#[tokio::test]
async fn pages_follow_a_link_with_the_host_of_the_request() {
    let world = World::load("deleted-replaced").await;
    let first = world.graph_call(Method::GET, "/users?$top=3&$select=id").header("host", "127.0.0.1:9");
    let first = body(first.send().await.unwrap()).await;
    let next = first["@odata.nextLink"].as_str().unwrap();
    let second = world.graph(next.strip_prefix("http://127.0.0.1:9/v1.0").unwrap()).await;
    let ids = |page: &Value| page["value"].as_array().unwrap().iter().map(|u| u["id"].clone()).collect::<Vec<_>>();
    assert_eq!((ids(&first).len(), ids(&second).len()), (3, 1));
    assert!(ids(&second).iter().all(|id| !ids(&first).contains(id)));
    assert!(second.get("@odata.nextLink").is_none());
}

#[tokio::test]
async fn a_deleted_user_has_a_prefixed_name_and_comes_back_as_it_was() {
    let world = World::load("deleted-restorable").await;
    let select = "$select=id,userPrincipalName,deletedDateTime,onPremisesImmutableId,assignedLicenses";
    let kept = world.graph(&format!("/directory/deletedItems/microsoft.graph.user?{select}")).await;
    assert_eq!(kept["value"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&kept["value"][0]["userPrincipalName"], &kept["value"][0]["onPremisesImmutableId"]),
        (&json!(PREFIXED), &json!(ANCHOR))
    );
    assert_eq!(kept["value"][0]["deletedDateTime"], "2026-09-19T14:13:20Z");
    let by_name = format!("/directory/deletedItems/microsoft.graph.user?$filter=userPrincipalName eq '{PREFIXED}'");
    assert_eq!(world.graph(&by_name).await["value"][0]["id"], OLD);
    let path = format!("/directory/deletedItems/{OLD}/restore");
    let wrong = world.graph_call(Method::POST, &path).json(&json!({"autoReconcileProxyConflict": true})).send().await;
    assert_eq!(wrong.unwrap().status(), 400);
    let restored = world.graph_call(Method::POST, &path).send().await.unwrap();
    assert_eq!(restored.status(), 200);
    assert_eq!(body(restored).await["userPrincipalName"], "sam.whitlock@northbridge.example");
    assert_eq!(
        world.graph(&format!("/users/{OLD}?$select=onPremisesImmutableId")).await["onPremisesImmutableId"],
        ANCHOR
    );
    is_error(&world.graph(&format!("/directory/deletedItems/{OLD}")).await, "Request_ResourceNotFound");
    let again = world.graph_call(Method::POST, &path).send().await.unwrap();
    assert_eq!(again.status(), 404);
    let writes = world.writes().await;
    let seen: Vec<_> =
        writes.iter().map(|w| (w["status"].as_u64().unwrap(), w["effective"].as_bool().unwrap())).collect();
    assert_eq!(seen, [(400, false), (200, true), (404, false)]);
    assert_eq!((&writes[1]["op"], &writes[1]["target"]), (&json!("graph.deleted.restore"), &json!(OLD)));
}

#[tokio::test]
async fn a_restore_is_refused_on_conflicts_and_without_a_seat() {
    let path = format!("/directory/deletedItems/{OLD}/restore");
    let world = World::load("deleted-replaced-restorable").await;
    let answer = world.graph_call(Method::POST, &path).send().await.unwrap();
    assert_eq!(answer.status(), 409);
    let answer = body(answer).await;
    is_error(&answer, "Request_MultipleObjectsWithSameKeyValue");
    assert!(answer["error"]["message"].as_str().unwrap().contains("property userPrincipalName"));

    let world = World::custom("free_seats = 0\n[tenant.subject]\nobject = \"deleted\"\n").await;
    let answer = body(world.graph_call(Method::POST, &path).send().await.unwrap()).await;
    is_error(&answer, "Request_BadRequest");
    assert!(answer["error"]["message"].as_str().unwrap().contains("available licenses"));

    let world = World::custom("[tenant.subject]\nobject = \"deleted\"\ndeleted_age = \"43199m\"\n").await;
    assert_eq!(world.graph(&format!("/directory/deletedItems/{OLD}")).await["id"], OLD);
    world.advance(60_000).await;
    assert_eq!(world.graph_call(Method::POST, &path).send().await.unwrap().status(), 404, "thirty days are over");
}

#[tokio::test]
async fn an_object_is_invisible_until_its_time() {
    let world = World::load("replication-delay").await;
    for path in [format!("/users/{OLD}"), "/users/sam.whitlock@northbridge.example".to_owned()] {
        is_error(&world.graph(&path).await, "Request_ResourceNotFound");
    }
    let listed = format!("/users?$filter=onPremisesImmutableId eq '{}'", ANCHOR.replace('=', "%3D"));
    assert_eq!(world.graph(&listed).await["value"], json!([]));
    world.advance(44_999).await;
    is_error(&world.graph(&format!("/users/{OLD}")).await, "Request_ResourceNotFound");
    world.advance(1).await;
    assert_eq!(world.graph(&format!("/users/{OLD}")).await["id"], OLD);
    assert_eq!(world.graph(&listed).await["value"][0]["id"], OLD);
}

#[tokio::test]
async fn domains_licences_roles_and_the_organization() {
    let world = World::load("privileged").await;
    let domains = world.graph("/domains?$select=id,authenticationType,isInitial").await;
    assert_eq!(
        domains["value"][0],
        json!({"id": "northbridge.example", "authenticationType": "Federated", "isInitial": false})
    );
    assert_eq!(
        domains["value"][1],
        json!({"id": "northbridge.onmicrosoft.com", "authenticationType": "Managed", "isInitial": true})
    );
    let sku = &world.graph("/subscribedSkus").await["value"][0];
    let free = sku["prepaidUnits"]["enabled"].as_u64().unwrap() - sku["consumedUnits"].as_u64().unwrap();
    assert_eq!(free, 5);
    assert_eq!(world.graph("/organization").await["value"][0]["id"], world.tenant.access().tenant_id);
    let roles = world.graph(&format!("/users/{NEW}/transitiveMemberOf/microsoft.graph.directoryRole")).await;
    assert_eq!(roles["value"][0]["displayName"], "User Administrator");
    let held = |kind: &str, who: &str| format!("/roleManagement/directory/{kind}?$filter=principalId eq '{who}'");
    assert_eq!(world.graph(&held("roleAssignments", NEW)).await["value"].as_array().unwrap().len(), 1);
    assert_eq!(world.graph(&held("roleAssignments", LENA_OBJECT)).await["value"], json!([]));
    let world = World::load("privileged--eligible").await;
    for kind in ["roleEligibilitySchedules", "roleEligibilityScheduleInstances"] {
        assert_eq!(world.graph(&held(kind, NEW)).await["value"][0]["principalId"], NEW);
    }
    assert_eq!(world.graph(&held("roleAssignments", NEW)).await["value"], json!([]));
}

#[tokio::test]
async fn a_patch_is_refused_where_the_vendor_refuses() {
    let live = "[tenant.subject]\nobject = \"live\"\n";
    let world = World::custom(live).await;
    let patch = async |world: &World, body: Value| {
        let answer = world.graph_call(Method::PATCH, &format!("/users/{OLD}")).json(&body).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    };
    let federated = patch(&world, json!({"onPremisesImmutableId": "newValue=="})).await;
    assert!(federated.0 == 400 && federated.1.contains("federated domain"), "{federated:?}");
    assert_eq!(patch(&world, json!({"userPrincipalName": "sam@elsewhere.example"})).await.0, 400);
    assert_eq!(patch(&world, json!({"userPrincipalName": "lena.fournier@northbridge.example"})).await.0, 400);
    assert_eq!(patch(&world, json!({"accountEnabled": false})).await.0, 400);
    assert_eq!(patch(&world, json!({"onPremisesImmutableId": null})).await.0, 400);
    // The hop over the managed domain.
    assert_eq!(
        patch(&world, json!({"userPrincipalName": "sam.whitlock@northbridge.onmicrosoft.com"})).await,
        (204, String::new())
    );
    assert_eq!(patch(&world, json!({"onPremisesImmutableId": LENA_ANCHOR})).await.0, 400, "taken");
    assert_eq!(patch(&world, json!({"onPremisesImmutableId": "with space"})).await.0, 400);
    assert_eq!(patch(&world, json!({"onPremisesImmutableId": "newValue=="})).await.0, 204);
    assert_eq!(patch(&world, json!({"userPrincipalName": "sam.whitlock@northbridge.example"})).await.0, 204);
    let sam = world.graph(&format!("/users/{OLD}?$select=userPrincipalName,onPremisesImmutableId")).await;
    assert_eq!(
        (&sam["userPrincipalName"], &sam["onPremisesImmutableId"]),
        (&json!("sam.whitlock@northbridge.example"), &json!("newValue=="))
    );

    let world = World::custom(&format!("sync = \"entra_connect\"\n{live}")).await;
    assert!(
        patch(&world, json!({"userPrincipalName": "x@northbridge.onmicrosoft.com"}))
            .await
            .1
            .contains("on-premises mastered")
    );
    let world = World::custom(&format!("anchor_write = \"forbidden\"\n{live}")).await;
    assert_eq!(patch(&world, json!({"onPremisesImmutableId": "newValue=="})).await.0, 403);
    assert_eq!(patch(&world, json!({"userPrincipalName": "x@northbridge.onmicrosoft.com"})).await.0, 204);
    let world = World::custom(&format!("{live}[tenant.anchor]\nentra = \"\"\n")).await;
    assert_eq!(patch(&world, json!({"userPrincipalName": "x@northbridge.onmicrosoft.com"})).await.0, 204);
    let parked = patch(&world, json!({"userPrincipalName": "sam.whitlock@northbridge.example"})).await;
    assert!(parked.0 == 400 && parked.1.contains("SourceAnchor"), "a federated name needs an anchor: {parked:?}");
}

#[tokio::test]
async fn collections_of_other_teams_are_empty_or_missing() {
    let world = World::load("healthy").await;
    assert_eq!(world.graph("/auditLogs/provisioning?$filter=jobid eq 'x'").await["value"], json!([]));
    assert_eq!(world.graph("/servicePrincipals/x/synchronization/jobs").await["value"], json!([]));
    is_error(&world.graph("/servicePrincipals/x/synchronization/jobs/y").await, "ItemNotFound");
    assert_eq!(world.graph("/admin/serviceAnnouncement/issues?$filter=isResolved eq false").await["value"], json!([]));
    let batch = world.graph_call(Method::POST, "/$batch").json(&json!({"requests": []})).send().await.unwrap();
    assert_eq!(batch.status(), 501);
    assert_eq!(world.graph(&format!("/users/{OLD}/onPremisesSyncBehavior")).await["isCloudManaged"], true);
    assert_eq!(
        world.graph(&format!("/users/{OLD}/licenseDetails")).await["value"][0]["skuPartNumber"],
        "ENTERPRISEPACK"
    );
}
