//! What is repeated, how long it waits, and where a token may go. Told through the Okta client; Graph uses the same wire.

use super::fake::{Canned, Fake, Hand, Seen, dropping};
use super::okta::{access, app, person, reader, refused, writer};
use reanchor::domain::tenant::Scope;
use reanchor::okta::{Access, Reader, Writer};
use reanchor::ports::directory::{OktaRead, OktaWrite};
use reanchor::ports::error::Kind;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const DATE: &str = "Sun, 22 Nov 2026 07:43:05 GMT"; // 1795333385

fn group(id: usize) -> serde_json::Value {
    json!([{"id": format!("00g{id}"), "type": "OKTA_GROUP"}])
}

#[tokio::test]
async fn pages_are_followed_on_the_same_origin() {
    let fake = Fake::start(|seen: &Seen| {
        let host = seen.header("host");
        let answer = Canned::json(200, &group(seen.nth)).with("link", &format!("<http://{host}/x>; rel=\"self\""));
        if seen.nth == 2 {
            return answer;
        }
        answer.with("link", &format!("<http://{host}/api/v1/users/00u1/groups?after=a%2Bb{}>; rel=\"next\"", seen.nth))
    })
    .await;
    let groups = reader(&fake).groups_of(&person()).await.unwrap();
    assert_eq!(groups.iter().map(|g| g.id.as_str()).collect::<Vec<_>>(), ["00g0", "00g1", "00g2"]);
    let seen = fake.seen();
    assert_eq!(seen[1].query, "after=a%2Bb0");
    assert!(seen.iter().all(|s| s.header("authorization") == "SSWS 00read"));
}

#[tokio::test]
async fn the_token_never_follows_a_link_or_a_redirect_to_another_origin() {
    let foreign = Fake::start(|_: &Seen| Canned::json(200, &json!([]))).await;
    let (one, two) = (foreign.url.clone(), foreign.url.clone());
    let linking = Fake::start(move |_: &Seen| {
        Canned::json(200, &group(1)).with("link", &format!("<{one}/api/v1/users/00u1/groups?after=x>; rel=\"next\""))
    })
    .await;
    let error = reader(&linking).groups_of(&person()).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unexpected);
    assert!(!format!("{error} {error:?}").contains(&foreign.url));
    let sending = Fake::start(move |_: &Seen| Canned::empty(302).with("location", &two)).await;
    assert_eq!(reader(&sending).groups_of(&person()).await.unwrap_err().status, Some(302));
    assert_eq!((foreign.count(), linking.count(), sending.count()), (0, 1, 1));
}

#[tokio::test]
async fn a_list_without_an_end_is_an_error() {
    let fake = Fake::start(|seen: &Seen| {
        Canned::json(200, &json!([])).with("link", &format!("<http://{}/again>; rel=\"next\"", seen.header("host")))
    })
    .await;
    assert_eq!(reader(&fake).groups_of(&person()).await.unwrap_err().kind, Kind::Unexpected);
    assert_eq!(fake.count(), 50);
}

#[tokio::test]
async fn a_refused_read_waits_for_the_reset_on_the_servers_clock() {
    let fake = Fake::start(|seen: &Seen| match seen.nth {
        0 => Canned::json(429, &refused("E0000047")).with("date", DATE).with("x-rate-limit-reset", "1795333387"),
        _ => Canned::json(200, &group(1)),
    })
    .await;
    let clock = Hand::still();
    let okta = Reader::new(access(&fake.url, "00read"), clock.clone()).unwrap();
    let user = person();
    let call = okta.groups_of(&user);
    let hand = async {
        clock.someone_waits().await;
        assert_eq!((clock.waits(), fake.count()), (vec![2_250], 1));
        clock.advance(2_249);
        tokio::task::yield_now().await;
        assert_eq!(fake.count(), 1);
        clock.advance(1);
    };
    let (groups, ()) = tokio::join!(call, hand);
    assert_eq!((groups.unwrap().len(), fake.count()), (1, 2));
}

#[tokio::test]
async fn a_reset_that_is_too_far_closes_the_bucket_without_waiting() {
    let fake = Fake::start(|seen: &Seen| match seen.path.as_str() {
        "/api/v1/apps/0oa1/groups" => Canned::json(200, &json!([])),
        _ => Canned::json(429, &refused("E0000047")).with("date", DATE).with("x-rate-limit-reset", "1795333445"),
    })
    .await;
    let clock = Hand::jumping();
    let okta = Reader::new(access(&fake.url, "00read"), clock.clone()).unwrap();
    for _ in 0..2 {
        let error = okta.groups_of(&person()).await.unwrap_err();
        assert_eq!((error.kind.clone(), error.status), (Kind::Throttled { after_ms: 60_250 }, Some(429)));
        assert!(!error.may_have_landed());
    }
    assert_eq!((clock.waits().len(), fake.count()), (0, 1));
    okta.app_groups(&app()).await.unwrap();
    clock.advance(60_250);
    okta.groups_of(&person()).await.unwrap_err();
    assert_eq!(fake.count(), 3);
}

#[tokio::test]
async fn three_tries_are_all() {
    let busy = Fake::start(|_: &Seen| Canned::json(429, &refused("E0000047")).with("x-rate-limit-limit", "0")).await;
    let clock = Hand::jumping();
    let okta = Reader::new(access(&busy.url, "00read"), clock.clone()).unwrap();
    assert_eq!(okta.groups_of(&person()).await.unwrap_err().kind, Kind::Throttled { after_ms: 2_000 });
    assert_eq!((busy.count(), clock.waits()), (3, vec![500, 1_000]));
    for status in [500, 502, 503, 504] {
        // Okta sends its limits with every answer; only a refusal for the rate has to wait for them
        let ill = Fake::start(move |_: &Seen| {
            Canned::html(status).with("date", DATE).with("x-rate-limit-reset", "1795333445")
        })
        .await;
        let error = reader(&ill).groups_of(&person()).await.unwrap_err();
        assert_eq!((error.kind.clone(), error.status, ill.count()), (Kind::Unexpected, Some(status), 3));
    }
}

#[tokio::test]
async fn a_write_is_repeated_only_when_it_was_refused_for_its_rate() {
    for status in [500, 502, 503, 504] {
        let ill = Fake::start(move |_: &Seen| Canned::json(status, &refused("E0000009"))).await;
        let error = writer(&ill).convert(&app(), &person(), Scope::User).await.unwrap_err();
        assert!(error.may_have_landed());
        assert_eq!(ill.count(), 1, "{status}");
    }
    let busy = Fake::start(|seen: &Seen| match seen.nth {
        0 => Canned::json(429, &refused("E0000047")).with("retry-after", "1.5"),
        _ => Canned::json(200, &json!({})),
    })
    .await;
    writer(&busy).convert(&app(), &person(), Scope::User).await.unwrap();
    assert_eq!(busy.count(), 2);
}

#[tokio::test]
async fn a_write_waits_no_longer_than_its_lease_was_checked_for() {
    let fake = Fake::start(|_: &Seen| Canned::json(429, &refused("E0000047")).with("retry-after", "3")).await;
    let clock = Hand::jumping();
    let write = Writer::new(access(&fake.url, "00write"), clock.clone()).unwrap();
    let error = write.unassign(&app(), &person()).await.unwrap_err();
    assert_eq!((error.kind, fake.count(), clock.waits().len()), (Kind::Throttled { after_ms: 3_000 }, 1, 0));
    // somebody moved the clock far while the write waited: it is not sent late
    let soon = Fake::start(|_: &Seen| Canned::json(429, &refused("E0000047")).with("retry-after", "1")).await;
    let still = Hand::still();
    let write = Writer::new(access(&soon.url, "00write"), still.clone()).unwrap();
    let (app, user) = (app(), person());
    let (answer, ()) = tokio::join!(write.unassign(&app, &user), async {
        still.someone_waits().await;
        still.advance(600_000);
    });
    assert_eq!((answer.unwrap_err().kind, soon.count()), (Kind::Throttled { after_ms: 0 }, 1));
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_for_a_read_and_never_for_a_write() {
    for start in ["", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n[{\"id\":"] {
        let (url, count) = dropping(start).await;
        let okta = Reader::new(access(&url, "00read"), Hand::jumping()).unwrap();
        assert_eq!(okta.groups_of(&person()).await.unwrap_err().kind, Kind::Unreachable);
        assert_eq!(count.load(Ordering::SeqCst), 3);
        let write = Writer::new(access(&url, "00write"), Hand::jumping()).unwrap();
        let error = write.unassign(&app(), &person()).await.unwrap_err();
        assert!(error.kind == Kind::Unreachable && error.may_have_landed(), "{error}");
        assert_eq!(count.load(Ordering::SeqCst), 4);
    }
}

#[tokio::test]
async fn nobody_listening_is_unreachable_and_names_no_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let clock = Hand::jumping();
    let okta = Reader::new(access(&url, "00read"), clock.clone()).unwrap();
    let error = okta.groups_of(&person()).await.unwrap_err();
    assert_eq!((error.kind.clone(), clock.waits()), (Kind::Unreachable, vec![500, 1_000]));
    assert!(error.detail.contains("refused"), "{error}");
    assert!(!format!("{error} {error:?}").contains("127.0.0.1"));
}

#[tokio::test]
async fn a_slow_answer_is_given_up_once_and_for_all() {
    let fake = Fake::start(|_: &Seen| Canned::json(200, &json!([])).after(Duration::from_secs(30))).await;
    let quick = |token| Access { call_timeout: Duration::from_millis(150), ..access(&fake.url, token) };
    let okta = Reader::new(quick("00read"), Hand::jumping()).unwrap();
    assert_eq!(okta.groups_of(&person()).await.unwrap_err().kind, Kind::Unreachable);
    let write = Writer::new(quick("00write"), Hand::jumping()).unwrap();
    assert!(write.unassign(&app(), &person()).await.unwrap_err().may_have_landed());
    assert_eq!(fake.count(), 2);
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let big = Arc::new(format!("[\"{}\"]", "a".repeat(5 * 1024 * 1024)));
    let fake = Fake::start(move |_: &Seen| Canned::text(200, "application/json", &big)).await;
    let error = reader(&fake).groups_of(&person()).await.unwrap_err();
    assert_eq!((error.kind.clone(), fake.count()), (Kind::Unexpected, 1));
    assert!(error.detail.contains("4 MiB"), "{error}");
}

#[tokio::test]
async fn what_is_not_the_documented_json_is_never_an_answer() {
    for body in ["", "null", "{}", "<html></html>", "[", "\"x\"", "[{}]", "[null]", "[{\"id\": {}}]", "\u{feff}[]"] {
        let fake = Fake::start(move |_: &Seen| Canned::text(200, "application/json", body)).await;
        let error = reader(&fake).groups_of(&person()).await.unwrap_err();
        assert_eq!(error.kind, Kind::Unexpected, "{body}");
    }
}
