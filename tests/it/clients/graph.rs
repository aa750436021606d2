//! The Graph client: tokens, ids, what it asks and what it makes of the answers.

use super::fake::{Canned, Counted, Fake, Hand, Seen};
use reanchor::domain::ids::EntraId;
use reanchor::graph::{Access, Reader, Writer};
use reanchor::ports::directory::{EntraRead, EntraWrite, Find};
use reanchor::ports::error::Kind;
use reanchor::ports::secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

const ID: &str = "9dfb369b-ab13-4fae-a276-55daa05f1119";
const OTHER: &str = "1cfb369b-ab13-4fae-a276-55daa05f1119";

pub(super) fn access(url: &str) -> Access {
    Access {
        base_url: format!("{url}/v1.0"),
        token_url: format!("{url}/tenant/oauth2/v2.0/token"),
        client_id: "client-1".to_owned(),
        client_secret: Secret::new("s3cr+t&~"),
        call_timeout: Duration::from_secs(5),
    }
}

fn reader_on(fake: &Fake, clock: Arc<Hand>) -> Reader {
    Reader::new(access(&fake.url), clock, Arc::new(Counted::default())).unwrap()
}

fn reader(fake: &Fake) -> Reader {
    reader_on(fake, Hand::jumping())
}

fn id() -> EntraId {
    EntraId::new(ID)
}

fn token(nth: usize) -> Canned {
    Canned::json(200, &json!({"token_type": "Bearer", "expires_in": "3599", "access_token": format!("tok-{nth}")}))
}

fn refused(status: u16, code: &str) -> Canned {
    Canned::json(status, &json!({"error": {"code": code, "message": "no", "innererror": {"request-id": "req-in"}}}))
}

fn user(id: &str, upn: &str) -> Value {
    json!({"id": id, "userPrincipalName": upn, "accountEnabled": null, "proxyAddresses": null, "mail": null})
}

fn page(items: &[Value]) -> Canned {
    Canned::json(200, &json!({"@odata.context": "x", "value": items}))
}

/// A fake that gives out tokens and answers the rest by `answer`.
async fn graph(answer: impl Fn(&Seen) -> Canned + Send + Sync + 'static) -> Fake {
    Fake::start(move |seen: &Seen| if seen.path.ends_with("/token") { token(seen.nth) } else { answer(seen) }).await
}

fn calls(fake: &Fake) -> Vec<Seen> {
    fake.seen().into_iter().filter(|seen| !seen.path.ends_with("/token")).collect()
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let fake = graph(|_: &Seen| page(&[])).await;
    let clock = Hand::jumping();
    let entra = reader_on(&fake, clock.clone());
    entra.skus().await.unwrap();
    clock.advance(3_478_000);
    entra.skus().await.unwrap();
    assert_eq!(fake.count(), 3);
    clock.advance(1_000);
    entra.skus().await.unwrap();
    let seen = fake.seen();
    assert_eq!(seen.len(), 5);
    assert_eq!(
        seen[0].body,
        "client_id=client-1&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_secret=s3cr%2Bt%26~&grant_type=client_credentials"
    );
    assert_eq!(seen[0].header("content-type"), "application/x-www-form-urlencoded");
    let auth: Vec<&str> = seen.iter().map(|s| s.header("authorization")).collect();
    assert_eq!(auth, ["", "Bearer tok-0", "Bearer tok-0", "", "Bearer tok-3"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_reads_and_writes() {
    let fake = graph(|seen: &Seen| match (seen.header("authorization"), seen.method.as_str()) {
        ("Bearer tok-0", _) => refused(401, "InvalidAuthenticationToken"),
        (_, "POST") => Canned::json(200, &json!({"id": ID})),
        _ => page(&[]),
    })
    .await;
    reader(&fake).skus().await.unwrap();
    assert_eq!(fake.count(), 4);
    let dead = graph(|_: &Seen| refused(401, "InvalidAuthenticationToken")).await;
    let write = Writer::new(access(&dead.url), Hand::jumping(), Arc::new(Counted::default())).unwrap();
    let error = write.restore(&id()).await.unwrap_err();
    assert_eq!((error.kind.clone(), dead.count()), (Kind::Denied, 4));
    assert!(!error.may_have_landed());
    let other = graph(|_: &Seen| refused(401, "Authentication_MissingOrMalformed")).await;
    assert_eq!(reader(&other).skus().await.unwrap_err().kind, Kind::Denied);
    assert_eq!(other.count(), 2);
}

#[tokio::test]
async fn the_token_endpoints_refusals_are_told_apart() {
    let oauth =
        json!({"error": "invalid_client", "error_description": "AADSTS7000215: s3cr+t&~", "error_codes": [7_000_215]});
    for (answer, kind, code) in [
        (Canned::json(401, &oauth), Kind::Denied, Some("AADSTS7000215")),
        (Canned::html(401), Kind::Unexpected, None),
        (Canned::html(200), Kind::Unexpected, None),
        (Canned::json(200, &json!({"access_token": "a\nb"})), Kind::Unexpected, None),
    ] {
        let fake = Fake::start(move |_: &Seen| answer.clone()).await;
        let error = reader(&fake).skus().await.unwrap_err();
        assert_eq!((error.kind.clone(), error.code.as_deref(), fake.count()), (kind, code, 1), "{error}");
    }
}

#[tokio::test]
async fn each_call_has_an_id_of_its_own() {
    let fake = graph(|_: &Seen| page(&[])).await;
    let entra = reader(&fake);
    entra.skus().await.unwrap();
    entra.domains().await.unwrap();
    let ids: BTreeSet<String> = calls(&fake).iter().map(|s| s.header("client-request-id").to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| EntraId::parse(id).is_some()));
    assert!(fake.seen().iter().all(|s| s.header("user-agent").starts_with("reanchor/")));
}

#[tokio::test]
async fn only_a_404_of_graph_itself_means_absent() {
    for code in ["Request_ResourceNotFound", "ResourceNotFound", "Directory_ObjectNotFound"] {
        let fake = graph(move |_: &Seen| refused(404, code)).await;
        assert!(reader(&fake).user(&id()).await.unwrap().is_none());
        assert!(reader(&fake).deleted_user(&id()).await.unwrap().is_none());
        assert_eq!(reader(&fake).roles(&id()).await.unwrap_err().kind, Kind::Gone);
    }
    for answer in [
        Canned::html(404),
        Canned::empty(404),
        Canned::json(404, &json!({"error": "not found"})),
        Canned::json(404, &json!({"errorCode": "E0000007"})),
        refused(404, "UnknownError"),
        Canned::json(202, &user(ID, "a@x.example")),
        Canned::html(200),
        Canned::json(200, &user(OTHER, "a@x.example")),
        Canned::json(200, &json!({"id": ID})),
    ] {
        let shown = format!("{answer:?}");
        let fake = graph(move |_: &Seen| answer.clone()).await;
        assert!(reader(&fake).user(&id()).await.is_err(), "{shown}");
        assert!(reader(&fake).deleted_user(&id()).await.is_err(), "{shown}");
    }
}

#[tokio::test]
async fn only_an_object_id_is_a_key() {
    let fake = graph(|_: &Seen| Canned::json(200, &user(ID, "a@x.example"))).await;
    for key in ["a@x.example", "$a@x.example", "me", "..", ""] {
        let odd = EntraId::new(key);
        assert_eq!(reader(&fake).user(&odd).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(reader(&fake).deleted_user(&odd).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(reader(&fake).roles(&odd).await.unwrap_err().kind, Kind::Invalid);
        assert_eq!(reader(&fake).deletion(&odd).await.unwrap_err().kind, Kind::Invalid);
    }
    assert_eq!(fake.count(), 0);
    let read = reader(&fake).user(&EntraId::new(ID.to_uppercase())).await.unwrap().unwrap();
    assert_eq!(read.id.as_str(), ID);
    let seen = calls(&fake).remove(0);
    assert_eq!(seen.path, format!("/v1.0/users/{ID}"));
    assert!(seen.param("$select").unwrap().contains("onPremisesImmutableId,"));
}

#[tokio::test]
async fn an_address_is_looked_for_in_every_place_and_each_user_is_given_once() {
    let strange = "$o'brien+a/b=#EXT#@x.example";
    let fake = graph(move |seen: &Seen| {
        let quoted = "$o''brien+a/b=#EXT#@x.example";
        let filter = seen.param("$filter").unwrap();
        if filter == format!("userPrincipalName eq '{quoted}'") {
            page(&[user(ID, "z@x.example")])
        } else if filter == format!("proxyAddresses/any(p:p eq 'SMTP:{quoted}')") {
            page(&[user(ID, "z@x.example"), user(OTHER, "y@x.example")])
        } else {
            let rest = [format!("mail eq '{quoted}'"), format!("proxyAddresses/any(p:p eq 'smtp:{quoted}')")];
            assert!(rest.contains(&filter), "{filter}");
            page(&[])
        }
    })
    .await;
    let found = reader(&fake).find(&Find::Address(format!(" {strange} "))).await.unwrap();
    assert_eq!(found.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), [OTHER, ID]);
    assert_eq!(calls(&fake).len(), 4);
    assert!(calls(&fake).iter().all(|s| s.header("consistencylevel").is_empty()));
    assert_eq!(reader(&fake).find(&Find::Address(" ".to_owned())).await.unwrap_err().kind, Kind::Invalid);
    assert_eq!(reader(&fake).find_deleted(&Find::Anchor(String::new())).await.unwrap_err().kind, Kind::Invalid);
}

#[tokio::test]
async fn one_failing_place_fails_the_whole_look_up() {
    let fake = graph(|seen: &Seen| {
        if seen.param("$filter").unwrap().starts_with("mail") {
            refused(403, "Authorization_RequestDenied")
        } else {
            page(&[])
        }
    })
    .await;
    assert_eq!(reader(&fake).find(&Find::Address("a@x.example".to_owned())).await.unwrap_err().kind, Kind::Denied);
}

#[tokio::test]
async fn an_anchor_is_compared_byte_for_byte() {
    let fake = graph(|seen: &Seen| {
        assert_eq!(seen.param("$filter").unwrap(), "onPremisesImmutableId eq 'RDH+Rne/PkiofrZ2nbYu7Q=='");
        assert!(seen.query.contains("RDH%2BRne%2FPkiofrZ2nbYu7Q%3D%3D"), "{}", seen.query);
        let with = |id: &str, anchor: &str| {
            let mut value = user(id, "a@x.example");
            value["onPremisesImmutableId"] = json!(anchor);
            value
        };
        page(&[with(ID, "rdh+Rne/PkiofrZ2nbYu7Q=="), with(OTHER, "RDH+Rne/PkiofrZ2nbYu7Q==")])
    })
    .await;
    let found = reader(&fake).find(&Find::Anchor("RDH+Rne/PkiofrZ2nbYu7Q==".to_owned())).await.unwrap();
    assert_eq!(found.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), [OTHER]);
}

fn deleted(id: &str, upn: &str) -> Value {
    let mut value = user(id, upn);
    value["deletedDateTime"] = json!("2026-11-20T00:00:00Z");
    value["onPremisesImmutableId"] = json!("anchor==");
    value
}

#[tokio::test]
async fn deleted_users_are_found_behind_their_prefix_on_every_page() {
    let fake = graph(|seen: &Seen| {
        assert_eq!(seen.path, "/v1.0/directory/deletedItems/microsoft.graph.user");
        let next = format!("http://{}{}?$skiptoken=2", seen.header("host"), seen.path);
        if seen.query.contains("skiptoken") {
            return page(&[deleted(ID, &format!("{}A@x.example", ID.replace('-', ""))), deleted(OTHER, "b@x.example")]);
        }
        Canned::json(200, &json!({"value": [], "@odata.nextLink": next}))
    })
    .await;
    let by_name = reader(&fake).find_deleted(&Find::Address("a@X.example".to_owned())).await.unwrap();
    assert_eq!(by_name.iter().map(|u| (u.id.as_str(), u.upn.as_str())).collect::<Vec<_>>(), [(ID, "A@x.example")]);
    let by_anchor = reader(&fake).find_deleted(&Find::Anchor("anchor==".to_owned())).await.unwrap();
    assert_eq!(by_anchor.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), [OTHER, ID]);
}

#[tokio::test]
async fn a_list_cut_short_or_continued_elsewhere_is_an_error() {
    let foreign = Fake::start(|_: &Seen| page(&[])).await;
    let url = foreign.url.clone();
    let away =
        graph(move |_: &Seen| Canned::json(200, &json!({"value": [], "@odata.nextLink": format!("{url}/v1.0/x")})))
            .await;
    let look = Find::Address("a@x.example".to_owned());
    assert_eq!(reader(&away).find_deleted(&look).await.unwrap_err().kind, Kind::Unexpected);
    assert_eq!(foreign.count(), 0);
    let endless = graph(|seen: &Seen| {
        Canned::json(200, &json!({"value": [], "@odata.nextLink": format!("http://{}/v1.0/x", seen.header("host"))}))
    })
    .await;
    assert!(reader(&endless).find_deleted(&look).await.unwrap_err().detail.contains("100 pages"));
    for odd in [json!({}), json!({"value": null}), json!({"value": {}}), json!([])] {
        let fake = graph(move |_: &Seen| Canned::json(200, &odd)).await;
        assert_eq!(reader(&fake).find_deleted(&look).await.unwrap_err().kind, Kind::Unexpected);
    }
}

#[tokio::test]
async fn a_deleted_group_is_not_a_deleted_user() {
    let fake = graph(|_: &Seen| Canned::json(200, &json!({"@odata.type": "#microsoft.graph.group", "id": ID}))).await;
    assert!(reader(&fake).deleted_user(&id()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_fraction_in_retry_after_is_honoured_and_a_long_wait_is_handed_back() {
    let fake = graph(|seen: &Seen| match seen.nth {
        1 => refused(429, "TooManyRequests").with("retry-after", "2.128"),
        _ => page(&[]),
    })
    .await;
    let clock = Hand::jumping();
    reader_on(&fake, clock.clone()).skus().await.unwrap();
    assert_eq!(clock.waits(), [2_128]);
    let long = graph(|_: &Seen| refused(429, "TooManyRequests").with("retry-after", "31")).await;
    assert_eq!(reader(&long).skus().await.unwrap_err().kind, Kind::Throttled { after_ms: 31_000 });
}

#[tokio::test]
async fn roles_need_every_source_and_eligibility_has_a_second_one() {
    let held = json!([{"id": "r", "displayName": "User Administrator", "roleTemplateId": null}]);
    let given = |name: Value| json!([{"roleDefinitionId": "def-1", "roleDefinition": name}]);
    let answer = move |seen: &Seen| {
        let last = seen.path.rsplit('/').next().unwrap();
        let items = match last {
            "microsoft.graph.directoryRole" => held.clone(),
            "roleAssignments" => given(json!({"displayName": "Global Reader"})),
            "roleEligibilityScheduleInstances" => return refused(400, "UnknownError"),
            "roleEligibilitySchedules" => given(json!(null)),
            other => panic!("{other}"),
        };
        if last.starts_with("role") {
            assert_eq!(seen.param("$filter").unwrap(), format!("principalId eq '{ID}'"));
        }
        Canned::json(200, &json!({"value": items}))
    };
    let fake = graph(answer.clone()).await;
    let roles = reader(&fake).roles(&id()).await.unwrap();
    assert_eq!(
        (roles.held, roles.assigned_or_eligible),
        (vec!["User Administrator".to_owned()], vec!["Global Reader".to_owned(), "def-1".to_owned()])
    );
    assert!(reader(&fake).assignments(&id()).await.unwrap().held.is_empty());
    for broken in ["microsoft.graph.directoryRole", "roleAssignments", "roleEligibilitySchedules"] {
        let answer = answer.clone();
        let fake =
            graph(
                move |seen: &Seen| {
                    if seen.path.ends_with(broken) { refused(403, "Authorization_RequestDenied") } else { answer(seen) }
                },
            )
            .await;
        assert_eq!(reader(&fake).roles(&id()).await.unwrap_err().kind, Kind::Denied, "{broken}");
    }
}

#[tokio::test]
async fn the_last_deletion_of_exactly_this_object_is_told() {
    let fake = graph(|seen: &Seen| {
        let filter = format!("activityDisplayName eq 'Delete user' and targetResources/any(t:t/id eq '{ID}')");
        assert_eq!(seen.param("$filter").unwrap(), filter);
        let event = |day: &str, target: &str, by: Value| {
            json!({"activityDateTime": format!("2026-11-{day}T00:00:00.1234567Z"), "result": "success", "initiatedBy": by,
                   "targetResources": [{"id": target}]})
        };
        page(&[
            event("02", ID, json!({"user": {"userPrincipalName": "svc_OKTA_sync_0oa1@x.example"}, "app": null})),
            event("03", ID, json!({"app": {"displayName": "Portal"}, "user": null})),
            event("04", OTHER, json!(null)),
        ])
    })
    .await;
    let last = reader(&fake).deletion(&id()).await.unwrap().unwrap();
    assert_eq!((last.by.as_str(), last.by_provisioning), ("Portal", false));
    let none = graph(|_: &Seen| page(&[])).await;
    assert!(reader(&none).deletion(&id()).await.unwrap().is_none());
}

#[tokio::test]
async fn the_tenant_its_domains_and_licences_are_read() {
    let fake = graph(|seen: &Seen| match seen.path.as_str() {
        "/v1.0/organization" => page(&[json!({"id": "t", "onPremisesSyncEnabled": null})]),
        "/v1.0/domains" => page(&[json!({"id": "x.example", "authenticationType": "Federated", "isInitial": false, "isVerified": true})]),
        _ => page(&[json!({"skuId": "s", "skuPartNumber": "E3", "consumedUnits": "7", "prepaidUnits": {"enabled": 9, "warning": null}})]),
    })
    .await;
    let entra = reader(&fake);
    assert!(!entra.tenant_synced().await.unwrap());
    let domain = entra.domains().await.unwrap().remove(0);
    assert!(domain.federated && domain.verified && !domain.initial);
    let sku = entra.skus().await.unwrap().remove(0);
    assert_eq!((sku.consumed, sku.enabled), (7, 9));
    assert!(calls(&fake)[2].query.is_empty());
}

#[tokio::test]
async fn a_restore_sends_no_body_and_is_sent_once() {
    let fake = graph(|_: &Seen| Canned::json(200, &json!({"id": ID}))).await;
    let write = Writer::new(access(&fake.url), Hand::jumping(), Arc::new(Counted::default())).unwrap();
    write.restore(&id()).await.unwrap();
    let seen = calls(&fake).remove(0);
    assert_eq!((seen.method.as_str(), seen.body.as_str(), seen.header("content-length")), ("POST", "", "0"));
    assert_eq!(seen.path, format!("/v1.0/directory/deletedItems/{ID}/restore"));
    for (answer, kind) in [
        (refused(503, "ServiceUnavailable"), Kind::Unexpected),
        (refused(404, "Request_ResourceNotFound"), Kind::Gone),
        (Canned::html(404), Kind::Unexpected),
        (refused(400, "ObjectConflict"), Kind::Conflict),
        (refused(403, "Authorization_RequestDenied"), Kind::Denied),
    ] {
        let fake = graph(move |_: &Seen| answer.clone()).await;
        let write = Writer::new(access(&fake.url), Hand::jumping(), Arc::new(Counted::default())).unwrap();
        assert_eq!(write.restore(&id()).await.unwrap_err().kind, kind);
        assert_eq!(calls(&fake).len(), 1);
    }
}

#[tokio::test]
async fn the_proof_counts_only_when_graph_and_the_token_endpoint_agree() {
    for (by_token, by_graph, proof) in
        [("p", "p", Some("p")), ("p", "q", None), ("", "p", None), ("p", "", None), ("", "", None)]
    {
        let fake = Fake::start(move |seen: &Seen| {
            let (answer, value) =
                if seen.path.ends_with("/token") { (token(0), by_token) } else { (page(&[]), by_graph) };
            if value.is_empty() { answer } else { answer.with("x-reanchor-sandbox", value) }
        })
        .await;
        assert_eq!(reader(&fake).proof().await.unwrap().as_deref(), proof);
    }
}
