//! The Okta port: powers, shapes of errors, lists, filters, switches.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{APP_GROUP, LENA, OMAR, SAM, World, body};

fn is_error(body: &Value, code: &str) {
    assert_eq!(body["errorCode"], code, "{body}");
    assert_eq!(body["errorLink"], code);
    assert!(body["errorSummary"].is_string() && body["errorCauses"].is_array());
    assert!(body["errorId"].as_str().unwrap().starts_with("oae"));
}

#[tokio::test]
async fn a_read_token_reads_a_write_token_does_both_and_nobody_else_anything() {
    let world = World::load("deleted-replaced").await;
    let a = world.tenant.access();
    let url = format!("{}/api/v1{}", a.okta_url, world.row_path());
    let ask = |method: Method, token: String| world.http.request(method, &url).header("authorization", token).send();
    for wrong in [String::new(), "SSWS".to_owned(), "SSWS nonsense".to_owned(), format!("Bearer {}", a.okta_read_token)]
    {
        let answer = ask(Method::GET, wrong).await.unwrap();
        assert_eq!(answer.status(), 401);
        is_error(&body(answer).await, "E0000011");
    }
    let answer = ask(Method::DELETE, format!("SSWS {}", a.okta_read_token)).await.unwrap();
    assert_eq!(answer.status(), 403);
    is_error(&body(answer).await, "E0000006");
    assert_eq!(ask(Method::GET, format!("SSWS {}", a.okta_read_token)).await.unwrap().status(), 200);
    assert_eq!(ask(Method::GET, format!("SSWS {}", a.okta_write_token)).await.unwrap().status(), 200);
    assert_eq!(ask(Method::DELETE, format!("SSWS {}", a.okta_write_token)).await.unwrap().status(), 204);
    let writes = world.writes().await;
    assert_eq!((writes[0]["status"].as_u64(), writes[0]["effective"].as_bool()), (Some(403), Some(false)));
    assert_eq!((writes[1]["status"].as_u64(), writes[1]["effective"].as_bool()), (Some(204), Some(true)));
}

#[tokio::test]
async fn every_answer_carries_proof_request_id_limits_and_the_tenants_date() {
    let world = World::load("deleted-replaced").await;
    let a = world.tenant.access();
    let mut ids = Vec::new();
    for (path, status) in [("/api/v1/users", 401), ("/nowhere", 404), ("/api/v1/groups/00gX", 404)] {
        let answer = world.http.get(format!("{}{path}", a.okta_url));
        let answer =
            if status == 401 { answer } else { answer.header("authorization", format!("SSWS {}", a.okta_read_token)) };
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("x-reanchor-sandbox"), a.proof);
        assert_eq!(header("date"), "Mon, 21 Sep 2026 14:13:20 GMT");
        assert_eq!(header("x-rate-limit-limit"), "600");
        assert_eq!(header("x-rate-limit-reset"), "1790000040");
        ids.push(header("x-okta-request-id"));
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn unknown_paths_methods_and_ids_answer_as_the_vendor_does() {
    let world = World::load("deleted-replaced").await;
    is_error(&world.okta("/apps/0oaX/users").await, "E0000007");
    is_error(&world.okta("/users/nobody").await, "E0000007");
    is_error(&world.okta(&format!("/apps/{}/users/00uX", world.tenant.access().app_id)).await, "E0000007");
    let answer = world.okta_call(Method::PUT, &world.row_path()).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
    is_error(&body(answer).await, "E0000022");
}

#[tokio::test]
async fn people_are_found_by_id_login_short_login_filter_search_and_start() {
    let world = World::load("deleted-replaced").await;
    for key in [SAM, "sam.whitlock@northbridge.example", "sam.whitlock"] {
        assert_eq!(world.okta(&format!("/users/{key}")).await["id"], SAM, "{key}");
    }
    let count = |answer: Value| answer.as_array().map(Vec::len);
    let filter = |text: &str| format!("/users?filter={text}");
    assert_eq!(count(world.okta(&filter("profile.login eq \"sam.whitlock@northbridge.example\"")).await), Some(1));
    assert_eq!(count(world.okta(&filter("profile.login eq \"SAM.whitlock@northbridge.example\"")).await), Some(0));
    assert_eq!(count(world.okta("/users?search=profile.lastName sw \"WHIT\"").await), Some(1));
    assert_eq!(count(world.okta("/users?q=Sam").await), Some(1));
    for wrong in ["profile.login sw \"a\"", "profile.nickName eq \"a\"", "profile.login eq"] {
        is_error(&world.okta(&filter(wrong)).await, "E0000031");
    }
}

#[tokio::test]
async fn lists_are_paged_by_links_that_use_the_host_of_the_request() {
    let world = World::load("deleted-replaced").await;
    let path = format!("/apps/{}/users?limit=2", world.tenant.access().app_id);
    let answer = world.okta_call(Method::GET, &path).header("host", "127.0.0.1:9").send().await.unwrap();
    let links: Vec<String> = answer.headers().get_all("link").iter().map(|l| l.to_str().unwrap().to_owned()).collect();
    assert_eq!(links.len(), 2);
    assert!(links[0].ends_with("rel=\"self\"") && links[1].ends_with("rel=\"next\""), "{links:?}");
    let next = links[1].strip_prefix("<http://127.0.0.1:9/api/v1").unwrap().split('>').next().unwrap();
    assert_eq!(body(answer).await.as_array().unwrap().len(), 2);
    let answer = world.okta_call(Method::GET, next).send().await.unwrap();
    assert_eq!(answer.headers().get_all("link").iter().count(), 1, "no next behind the last page");
    assert_eq!(body(answer).await[0]["id"], SAM);
    is_error(&world.okta(&format!("/apps/{}/users?after=wrong", world.tenant.access().app_id)).await, "E0000001");
}

#[tokio::test]
async fn the_app_its_schema_groups_and_connection() {
    let world = World::load("deleted-group--at-once").await;
    let id = world.tenant.access().app_id.clone();
    let apps = world.okta("/apps?filter=name eq \"office365\"&limit=200").await;
    assert_eq!((&apps[0]["id"], &apps[0]["settings"]["app"]["domain"]), (&json!(id), &json!("northbridge.example")));
    let schema = world.okta(&format!("/meta/schemas/apps/{id}/default")).await;
    let properties = schema["definitions"]["base"]["properties"].as_object().unwrap();
    let named = |title: &str| properties.iter().find(|(_, p)| p["title"] == title).map(|(name, _)| name.as_str());
    assert_eq!(named("Immutable ID"), Some("immutableId"));
    assert_eq!(
        (named("Licenses"), named("Roles"), named("Usage location")),
        (Some("licenses"), Some("roles"), Some("usageLocation"))
    );
    let groups = world.okta(&format!("/apps/{id}/groups?expand=group")).await;
    assert_eq!((&groups[0]["id"], &groups[0]["_embedded"]["group"]["type"]), (&json!(APP_GROUP), &json!("OKTA_GROUP")));
    assert_eq!(world.okta(&format!("/apps/{id}/connections/default")).await["status"], "ENABLED");
    assert_eq!(world.okta(&format!("/users/{SAM}/appLinks")).await[0]["appInstanceId"], id);
    assert_eq!(world.row().await["_links"]["group"]["name"], "Microsoft 365 users");
}

#[tokio::test]
async fn groups_and_members() {
    let world = World::load("privileged--okta-admin").await;
    let groups = world.okta("/groups?q=Reanchor appr").await;
    let id = groups[0]["id"].as_str().unwrap();
    assert_eq!(groups[0]["type"], "OKTA_GROUP");
    assert_eq!(world.okta(&format!("/groups/{id}/users")).await.as_array().unwrap().len(), 2);
    assert_eq!(world.okta(&format!("/users/{OMAR}/groups")).await.as_array().unwrap().len(), 2);
    assert_eq!(world.okta(&format!("/users/{SAM}/roles")).await[0]["type"], "HELP_DESK_ADMIN");
    assert_eq!(world.okta(&format!("/users/{LENA}/roles")).await, json!([]));
}

#[tokio::test]
async fn a_mapped_attribute_may_not_be_posted_while_profile_push_is_on() {
    let world = World::load("deleted-group--at-once").await;
    let id = world.tenant.access().app_id.clone();
    let mappings = world.okta(&format!("/mappings?targetId={id}")).await;
    let mapping = world.okta(&format!("/mappings/{}", mappings[0]["id"].as_str().unwrap())).await;
    assert!(mapping["properties"]["immutableId"]["expression"].is_string());
    let post =
        || world.okta_call(Method::POST, &world.row_path()).json(&json!({"profile": {"immutableId": "x"}})).send();
    let answer = post().await.unwrap();
    assert_eq!(answer.status(), 403);
    is_error(&body(answer).await, "E0000075");
    let off = json!({"update": {"profile": {"status": "DISABLED"}}});
    let put = world.okta_call(Method::PUT, &format!("/apps/{id}/features/USER_PROVISIONING")).json(&off).send().await;
    assert_eq!(put.unwrap().status(), 200);
    assert_eq!(post().await.unwrap().status(), 200);

    let world = World::load("deleted-replaced").await;
    let mapping = world.okta("/mappings/prm8oktaToO365aX1d7q").await;
    assert!(mapping["properties"].get("immutableId").is_none());
}

#[tokio::test]
async fn a_feature_put_changes_what_it_names_and_a_wrong_one_nothing() {
    let world = World::load("deactivation-deletes").await;
    let path = format!("/apps/{}/features/USER_PROVISIONING", world.tenant.access().app_id);
    let before = world.okta(&path).await;
    let put = |body: Value| world.okta_call(Method::PUT, &path).json(&body).send();
    let wrong = json!({"create": {"lifecycleCreate": {"status": "DISABLED"}}, "update": {"lifecycleDeactivate": {"status": "OFF"}}});
    let answer = put(wrong).await.unwrap();
    assert_eq!(answer.status(), 400);
    is_error(&body(answer).await, "E0000001");
    assert_eq!(world.okta(&path).await, before);
    assert_eq!(put(json!({"update": {"lifecycleDeactivate": {"status": "DISABLED"}}})).await.unwrap().status(), 200);
    let mut wanted = before;
    wanted["capabilities"]["update"]["lifecycleDeactivate"]["status"] = json!("DISABLED");
    assert_eq!(world.okta(&path).await, wanted);
}

#[tokio::test]
async fn an_assignment_that_okta_would_refuse_changes_nothing() {
    let world = World::load("deleted-replaced").await;
    assert_eq!(world.unassign().await.status(), 204);
    for (wrong, status, code) in [
        (json!({"scope": "USER"}), 400, "E0000001"),
        (json!({"id": "00uX"}), 404, "E0000007"),
        (json!({"id": SAM, "scope": "BOTH"}), 400, "E0000001"),
        (json!({"id": SAM, "profile": {"shoeSize": 9}}), 400, "E0000001"),
        (json!({"id": SAM, "profile": {"displayName": "x"}}), 403, "E0000075"),
        (json!({"id": SAM, "credentials": {"userName": ""}}), 400, "E0000001"),
        (json!([]), 400, "E0000003"),
    ] {
        let told = wrong.to_string();
        let answer = world.assign(wrong).await;
        assert_eq!(answer.status(), status, "{told}");
        is_error(&body(answer).await, code);
    }
    assert_eq!(world.row().await["errorCode"], "E0000007");
    assert!(world.writes().await.iter().skip(1).all(|w| w["effective"] == false));
}

#[tokio::test]
async fn the_log_is_bounded_filtered_and_polled() {
    let world = World::load("deleted-replaced").await;
    world.reassign().await;
    world.advance(2_000).await;
    let bounded = "/logs?since=2026-09-21T14:13:00Z&until=2026-09-22T00:00:00Z&limit=2";
    let answer = world.okta_call(Method::GET, bounded).send().await.unwrap();
    let next = |answer: &reqwest::Response| {
        let links: Vec<&str> = answer.headers().get_all("link").iter().map(|l| l.to_str().unwrap()).collect();
        let link = links.iter().find(|l| l.ends_with("rel=\"next\"")).map(|l| l.split('>').next().unwrap().to_owned());
        link.map(|l| l.split("/api/v1").nth(1).unwrap().to_owned())
    };
    let follow = next(&answer).unwrap();
    assert_eq!(body(answer).await.as_array().unwrap().len(), 2);
    let answer = world.okta_call(Method::GET, &follow).send().await.unwrap();
    assert_eq!(next(&answer), None, "a bounded question ends");
    assert_eq!(body(answer).await[0]["eventType"], "application.provision.user.push");
    let answer = world.okta_call(Method::GET, "/logs").send().await.unwrap();
    let follow = next(&answer).unwrap();
    let answer = world.okta_call(Method::GET, &follow).send().await.unwrap();
    assert!(next(&answer).is_some(), "polling never ends");
    assert_eq!(body(answer).await, json!([]));
    for wrong in ["since=yesterday", "limit=1001", "since=2026-01-01T00:00:00Z&after=x"] {
        is_error(&world.okta(&format!("/logs?{wrong}")).await, "E0000001");
    }
    is_error(&world.okta("/logs?filter=published gt \"2026\"").await, "E0000031");
}

#[tokio::test]
async fn event_hooks_are_kept_without_their_secret() {
    let world = World::load("healthy").await;
    let hook = json!({"name": "n", "events": {"type": "EVENT_TYPE", "items": ["application.user_membership.add"]},
        "channel": {"type": "HTTP", "version": "1.0.0", "config": {"uri": "https://bot.example/okta/events",
            "authScheme": {"type": "HEADER", "key": "Authorization", "value": "very-secret"}}}});
    let made = body(world.okta_call(Method::POST, "/eventHooks").json(&hook).send().await.unwrap()).await;
    assert!(!made.to_string().contains("very-secret"));
    let path = format!("/eventHooks/{}", made["id"].as_str().unwrap());
    let verified = world.okta_call(Method::POST, &format!("{path}/lifecycle/verify")).send().await.unwrap();
    assert_eq!(body(verified).await["verificationStatus"], "VERIFIED");
    assert_eq!(world.okta_call(Method::DELETE, &path).send().await.unwrap().status(), 204);
    is_error(&world.okta(&path).await, "E0000007");
    let wrong = world.okta_call(Method::POST, "/eventHooks").json(&json!({"name": "n"})).send().await.unwrap();
    is_error(&body(wrong).await, "E0000001");
}
