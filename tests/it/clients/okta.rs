//! The Okta client: what it asks and what it makes of the answers.

use super::fake::{Canned, Fake, Hand, Seen};
use reanchor::domain::ids::{AppId, OktaUserId};
use reanchor::domain::tenant::Scope;
use reanchor::domain::time::At;
use reanchor::okta::{Access, Reader, Writer};
use reanchor::ports::directory::{Assignment, OktaRead, OktaWrite};
use reanchor::ports::error::Kind;
use reanchor::ports::secret::Secret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

pub(super) fn access(url: &str, token: &str) -> Access {
    Access { org_url: url.to_owned(), token: Secret::new(token), call_timeout: Duration::from_secs(5) }
}

pub(super) fn reader(fake: &Fake) -> Reader {
    Reader::new(access(&fake.url, "00read"), Hand::jumping()).unwrap()
}

pub(super) fn writer(fake: &Fake) -> Writer {
    Writer::new(access(&fake.url, "00write"), Hand::jumping()).unwrap()
}

pub(super) fn app() -> AppId {
    AppId::new("0oa1")
}

pub(super) fn person() -> OktaUserId {
    OktaUserId::new("00u1")
}

pub(super) fn refused(code: &str) -> Value {
    json!({"errorCode": code, "errorSummary": "no", "errorId": "oae1", "errorCauses": {"errorSummary": "odd"}})
}

fn user(id: &str, login: &str, email: impl Into<Value>) -> Value {
    let email: Value = email.into();
    json!({"id": id, "status": "ACTIVE", "profile": {"login": login, "email": email, "firstName": "Ann", "lastName": "Lee"}})
}

#[tokio::test]
async fn only_a_404_of_okta_itself_means_absent() {
    let fake = Fake::start(|seen: &Seen| match seen.path.as_str() {
        "/api/v1/users/00u1" => Canned::json(404, &refused("E0000007")),
        "/api/v1/users/00u2" => Canned::html(404),
        "/api/v1/users/00u3" => Canned::json(404, &refused("E0000008")),
        "/api/v1/users/00u4" => Canned::json(404, &json!({"message": "no route"})),
        "/api/v1/users/00u5" => Canned::empty(404),
        _ => Canned::json(404, &refused("E0000048")),
    })
    .await;
    let okta = reader(&fake);
    assert!(okta.user(&person()).await.unwrap().is_none());
    assert!(okta.app_user(&app(), &person()).await.unwrap().is_none());
    assert!(okta.app(&app()).await.unwrap().is_none());
    for (id, kind) in
        [("00u2", Kind::Unexpected), ("00u3", Kind::Invalid), ("00u4", Kind::Unexpected), ("00u5", Kind::Unexpected)]
    {
        let error = okta.user(&OktaUserId::new(id)).await.unwrap_err();
        assert_eq!((error.kind.clone(), error.status), (kind, Some(404)), "{id}: {error}");
    }
    // whose roles cannot be read is not somebody without roles
    assert_eq!(okta.admin_roles(&person()).await.unwrap_err().kind, Kind::Gone);
    assert!(okta.groups_of(&person()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_user_is_asked_for_by_id_only_and_must_be_the_one() {
    let fake = Fake::start(|_: &Seen| Canned::json(200, &user("00u9", "me@x.example", json!(null)))).await;
    let okta = reader(&fake);
    for other in ["me", "anna", "a@x.example", "..", "00u1/../me", ""] {
        assert!(okta.user(&OktaUserId::new(other)).await.unwrap().is_none());
    }
    assert_eq!(fake.count(), 0);
    assert_eq!(okta.user(&person()).await.unwrap_err().kind, Kind::Unexpected);
    assert_eq!(okta.app_user(&AppId::new(".."), &person()).await.unwrap_err().kind, Kind::Invalid);
    assert_eq!(fake.count(), 1);
}

#[tokio::test]
async fn an_address_is_looked_up_both_ways_and_read_again_by_id() {
    let fake = Fake::start(|seen: &Seen| {
        let by = |name: &str| seen.param(name).unwrap_or_default();
        let old = user("00u2", "old@x.example", json!(null));
        match (seen.path.as_str(), by("filter").as_str(), by("search").as_str()) {
            ("/api/v1/users/00u1", ..) => Canned::json(200, &user("00u1", "O'Brien+\"x\"@x.example", json!(null))),
            // the index was behind: the user has another login now
            ("/api/v1/users/00u2", ..) => Canned::json(200, &old),
            (_, "profile.login eq \"o'brien+\\\"x\\\"@x.example\"", _) => Canned::json(200, &json!([])),
            (_, _, "profile.login eq \"o'brien+\\\"x\\\"@x.example\"") => Canned::json(
                200,
                &json!([
                    user("00u1", "O'Brien+\"x\"@x.example", json!(null)),
                    user("00u2", "o'brien+\"x\"@x.example", json!(5))
                ]),
            ),
            (_, _, "") if !seen.query.contains("filter") => panic!("{seen:?}"),
            _ => Canned::json(200, &json!([])),
        }
    })
    .await;
    let found = reader(&fake).users_by_address(" o'brien+\"x\"@x.example ").await.unwrap();
    assert_eq!(found.iter().map(|u| u.id.as_str()).collect::<Vec<_>>(), ["00u1"]);
    assert!(reader(&fake).users_by_address("  ").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_name_must_be_equal_as_a_whole() {
    let fake = Fake::start(|seen: &Seen| {
        if seen.path == "/api/v1/users/00u1" {
            return Canned::json(200, &user("00u1", "a@x.example", json!(null)));
        }
        assert_eq!(seen.param("search").unwrap(), "profile.firstName eq \"ann\" and profile.lastName eq \"LEE\"");
        Canned::json(200, &json!([user("00u1", "a@x.example", json!(null))]))
    })
    .await;
    assert_eq!(reader(&fake).users_by_name(" ann  LEE").await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_app_comes_with_its_schema_and_its_mappings() {
    let fake = Fake::start(|seen: &Seen| {
        let mapping = |id: &str, source: &str, target: &str| {
            json!({"id": id, "source": {"id": "oty1", "type": source}, "target": {"id": target, "type": "appuser"}})
        };
        let body = match seen.path.as_str() {
            "/api/v1/apps/0oa1" => json!({"id": "0oa1", "name": "office365", "label": null, "status": "ACTIVE",
                "settings": {"app": {"domain": "x.example", "msftTenant": "x.onmicrosoft.com"}}}),
            "/api/v1/meta/schemas/apps/0oa1/default" => json!({"definitions": {"custom": {"properties":
                {"immutableId": {"title": "Immutable ID"}, "licenses": {"title": "Licenses"}}}, "base": null}}),
            "/api/v1/mappings" => {
                assert_eq!(seen.param("targetId").unwrap(), "0oa1");
                json!([mapping("prm1", "user", "0oa1"), mapping("prm2", "appuser", "oty1"), mapping("prm3", "user", "0oa2")])
            }
            "/api/v1/mappings/prm1" => json!({"properties": {"licenses": null,
                "immutableId": {"expression": "user.x", "pushStatus": "DONT_PUSH"}, "city": {"expression": "user.city"}}}),
            other => panic!("{other}"),
        };
        Canned::json(200, &body)
    })
    .await;
    let app = reader(&fake).app(&app()).await.unwrap().unwrap();
    assert_eq!(app.attributes.anchor.as_deref(), Some("immutableId"));
    assert_eq!((app.attributes.roles, app.mapped), (None, vec!["city".to_owned(), "immutableId".to_owned()]));
    assert_eq!(app.domain.as_deref(), Some("x.example"));
}

#[tokio::test]
async fn an_app_without_provisioning_has_all_switches_off_and_nothing_else_has() {
    let fake = Fake::start(|seen: &Seen| match seen.nth {
        0 => Canned::json(400, &refused("E0000001")),
        1 => Canned::json(404, &refused("E0000007")),
        _ => Canned::json(200, &json!({"name": "USER_PROVISIONING", "status": "ENABLED", "capabilities": null})),
    })
    .await;
    let okta = reader(&fake);
    let off = okta.switches(&app()).await.unwrap();
    assert!(!off.create && !off.update && !off.deactivate);
    assert_eq!(okta.switches(&app()).await.unwrap_err().kind, Kind::Gone);
    assert_eq!(okta.switches(&app()).await.unwrap_err().kind, Kind::Unexpected);
}

#[tokio::test]
async fn events_are_the_newest_about_person_and_app_oldest_first() {
    let fake = Fake::start(|seen: &Seen| {
        let filter = seen.param("filter").unwrap();
        assert_eq!(seen.param("since").unwrap(), "2026-11-22T07:00:00Z");
        assert_eq!(seen.param("sortOrder").unwrap(), "DESCENDING");
        assert!(filter.ends_with(" and target.id eq \"0oa1\" and target.id eq \"00u1\""), "{filter}");
        let kind = if filter.contains("office365") {
            "app.office365.api.error.push.profile"
        } else {
            "application.provision.user.push_profile"
        };
        let event = |at: &str, other: &str| {
            json!({"published": at, "eventType": kind, "version": 0, "actor": {"detailEntry": null},
                   "outcome": {"result": "FAILURE", "reason": null},
                   "target": [{"id": "0oa1", "type": "AppInstance"}, {"id": other, "type": "User"}]})
        };
        let minute = if filter.contains("office365") { "10" } else { "20" };
        Canned::json(
            200,
            &json!([event(&format!("2026-11-22T07:{minute}:00.000Z"), "00u1"), event("2026-11-22T07:30:00Z", "00u2")]),
        )
    })
    .await;
    let since = At::parse("2026-11-22T07:00:00.500Z").unwrap();
    let events = reader(&fake).events(&app(), &person(), since).await.unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["app.office365.api.error.push.profile", "application.provision.user.push_profile"]);
}

#[tokio::test]
async fn lists_of_groups_roles_and_rows_are_read_with_nulls() {
    let fake = Fake::start(|seen: &Seen| {
        let body = match seen.path.as_str() {
            "/api/v1/users/00u1/groups" => json!([{"id": "00g1", "type": "OKTA_GROUP", "profile": {"name": null}}]),
            "/api/v1/apps/0oa1/groups" => json!([{"id": "00g2", "priority": null}]),
            "/api/v1/groups" => json!([{"id": "00g3", "type": "OKTA_GROUP", "profile": {"name": "Help"}},
                                       {"id": "00g4", "type": "OKTA_GROUP", "profile": {"name": "help"}}]),
            "/api/v1/users/00u1/roles" => json!([{"type": "SUPER_ADMIN", "label": "Super"}, {"type": "CUSTOM", "label": "Mine"}]),
            "/api/v1/apps/0oa1/users" => {
                assert_eq!(seen.param("limit").unwrap(), "2");
                let row = |id: &str| json!({"id": id, "scope": "GROUP", "status": "PROVISIONED", "created": "2026-01-01T00:00:00.000Z",
                    "externalId": "9DFB369B-AB13-4FAE-A276-55DAA05F1119", "syncState": null, "credentials": {"userName": "a@x.example"}});
                json!([row("00u1"), row("00u2"), row("00u3")])
            }
            other => panic!("{other}"),
        };
        Canned::json(200, &body)
    })
    .await;
    let okta = reader(&fake);
    assert_eq!(okta.groups_of(&person()).await.unwrap()[0].name, "");
    assert_eq!(okta.app_groups(&app()).await.unwrap()[0].as_str(), "00g2");
    assert_eq!(okta.groups_by_name("Help").await.unwrap().len(), 1);
    assert_eq!(okta.admin_roles(&person()).await.unwrap(), ["SUPER_ADMIN", "Mine"]);
    let rows = okta.app_users(&app(), 2).await.unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].external_id.as_ref().unwrap().as_str(), "9dfb369b-ab13-4fae-a276-55daa05f1119");
}

#[tokio::test]
async fn writes_use_their_own_token_and_send_what_they_say() {
    let fake = Fake::start(|seen: &Seen| match seen.method.as_str() {
        "DELETE" => Canned::empty(204),
        _ => Canned::json(200, &json!({"id": "00u1"})),
    })
    .await;
    let (okta, write) = (reader(&fake), writer(&fake));
    okta.app_groups(&app()).await.unwrap_err();
    write.convert(&app(), &person(), Scope::User).await.unwrap();
    write.unassign(&app(), &person()).await.unwrap();
    let profile: BTreeMap<String, Value> = [("licenses".to_owned(), json!(["E3"]))].into();
    let what = Assignment { user_name: "a@x.example".to_owned(), profile };
    write.assign(&app(), &person(), &what).await.unwrap();
    let seen = fake.seen();
    let auth: Vec<&str> = seen.iter().map(|s| s.header("authorization")).collect();
    assert_eq!(auth, ["SSWS 00read", "SSWS 00write", "SSWS 00write", "SSWS 00write"]);
    for one in &seen {
        assert_eq!(one.header("accept"), "application/json");
        assert_eq!(one.header("user-agent"), concat!("reanchor/", env!("CARGO_PKG_VERSION")));
    }
    assert_eq!(
        (seen[1].path.as_str(), seen[1].body.as_str()),
        ("/api/v1/apps/0oa1/users/00u1", "{\"scope\":\"USER\"}")
    );
    assert_eq!((seen[2].query.as_str(), seen[2].body.as_str()), ("sendEmail=false", ""));
    let sent: Value = serde_json::from_str(&seen[3].body).unwrap();
    assert_eq!(
        sent,
        json!({"id": "00u1", "scope": "USER", "credentials": {"userName": "a@x.example"}, "profile": {"licenses": ["E3"]}})
    );
    assert_eq!(seen[3].header("content-type"), "application/json");
}

#[tokio::test]
async fn an_unassignment_of_nothing_is_success_but_a_proxys_404_is_not() {
    let fake = Fake::start(|seen: &Seen| match seen.nth {
        0 => Canned::json(404, &refused("E0000007")),
        1 => Canned::html(404),
        2 => Canned::json(403, &refused("E0000046")).with("x-okta-request-id", "Zreq-1"),
        _ => Canned::html(200),
    })
    .await;
    let write = writer(&fake);
    write.unassign(&app(), &person()).await.unwrap();
    let page = write.unassign(&app(), &person()).await.unwrap_err();
    assert!(page.kind == Kind::Unexpected && page.may_have_landed());
    let group = write.unassign(&app(), &person()).await.unwrap_err();
    assert_eq!((group.kind.clone(), group.request_id.as_deref()), (Kind::Conflict, Some("Zreq-1")));
    assert!(write.convert(&app(), &person(), Scope::Group).await.unwrap_err().may_have_landed());
}

#[tokio::test]
async fn the_clock_and_the_proof_come_from_headers() {
    let fake = Fake::start(|seen: &Seen| {
        let answer = Canned::json(200, &json!([])).with("date", "Sun, 22 Nov 2026 07:43:05 GMT");
        if seen.nth == 1 { answer.with("x-reanchor-sandbox", "p1") } else { answer }
    })
    .await;
    let okta = reader(&fake);
    assert_eq!(okta.clock().await.unwrap(), At::parse("2026-11-22T07:43:05Z"));
    assert_eq!(okta.proof().await.unwrap().as_deref(), Some("p1"));
    assert_eq!(okta.proof().await.unwrap(), None);
}

#[tokio::test]
async fn everybody_who_left_the_app_is_listed_or_nobody() {
    let gone = |count: usize| {
        move |seen: &Seen| {
            let asked = seen.query.split('&').find_map(|part| part.strip_prefix("limit=")).unwrap();
            let event = |n: usize| {
                json!({"published": "2026-03-03T10:00:00.000Z", "target": [
                    {"id": format!("00u{n}"), "type": "User", "alternateId": format!("p{n}@a.example")},
                    {"id": "0oa1", "type": "AppInstance"}]})
            };
            Canned::json(200, &(0..count.min(asked.parse().unwrap())).map(event).collect::<Value>())
        }
    };
    let since = At::parse("2026-03-03T09:00:00Z").unwrap();
    let some = Fake::start(gone(150)).await;
    assert_eq!(reader(&some).leavers(&app(), since).await.unwrap().len(), 150);
    let many = Fake::start(gone(1_200)).await;
    let error = reader(&many).leavers(&app(), since).await.unwrap_err();
    assert!(error.detail.contains("not all of them were read"), "{error:?}");
}
