//! No error shows a token, a secret, an address or what a vendor echoed.

use super::fake::{Canned, Counted, Fake, Hand, Seen};
use super::{graph, okta};
use reanchor::domain::ids::{EntraId, OktaUserId};
use reanchor::domain::tenant::Scope;
use reanchor::okta as okta_client;
use reanchor::ports::directory::{EntraRead, EntraWrite, Find, OktaRead, OktaWrite};
use reanchor::ports::error::PortError;
use serde_json::json;
use std::io::Write;
use std::sync::{Arc, Mutex};

const ID: &str = "9dfb369b-ab13-4fae-a276-55daa05f1119";
const UPN: &str = "very.secret.person@x.example";

/// Answers that repeat all they were sent, in every place that a client might copy from.
fn echo(seen: &Seen, status: u16, shape: usize) -> Canned {
    let auth = seen.header("authorization").split(' ').next_back().unwrap_or_default().to_owned();
    let all = format!("{auth} {} {} {} {UPN}", seen.path, seen.query, seen.body);
    let body = match shape {
        0 => json!({"errorCode": auth, "errorSummary": all, "errorId": auth, "errorCauses": [{"errorSummary": all}]}),
        1 => {
            json!({"errorCode": "E0000001", "errorSummary": all, "errorId": "oae1", "errorCauses": {"errorSummary": all}})
        }
        2 => json!({"error": {"code": auth, "message": all, "innerError": {"request-id": auth}}}),
        3 => json!({"error": {"code": "Request_BadRequest", "message": all, "details": [{"message": all}]}}),
        4 => json!({"error": all, "error_description": all, "trace_id": auth}),
        _ => return Canned::text(status, "text/html", &all),
    };
    Canned::json(status, &body).with("x-okta-request-id", &auth).with("request-id", &auth)
}

fn clean(error: &PortError, secrets: &[&str], url: &str) {
    let host = url.trim_start_matches("http://");
    let shown = format!("{error} {error:?}");
    for secret in secrets.iter().chain(&[host, UPN, "://", "/api/v1", "/v1.0"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn no_error_of_okta_shows_a_secret() {
    let secrets = ["00readTokenABCDEFGH", "00writeTokenABCDEFG"];
    for status in [200_u16, 204, 301, 400, 401, 403, 404, 405, 409, 429, 500, 503] {
        for shape in 0..6 {
            let fake = Fake::start(move |seen: &Seen| echo(seen, status, shape)).await;
            let read = okta_client::Reader::new(okta::access(&fake.url, secrets[0]), Hand::jumping()).unwrap();
            let write = okta_client::Writer::new(okta::access(&fake.url, secrets[1]), Hand::jumping()).unwrap();
            let (app, user) = (okta::app(), okta::person());
            let errors = [
                read.user(&user).await.err(),
                read.app_user(&app, &user).await.err(),
                read.users_by_address(UPN).await.err(),
                read.groups_of(&OktaUserId::new("..")).await.err(),
                read.switches(&app).await.err(),
                write.convert(&app, &user, Scope::User).await.err(),
                write.unassign(&app, &user).await.err(),
            ];
            assert!(errors.iter().flatten().count() >= 4, "{status} {shape}");
            errors.iter().flatten().for_each(|error| clean(error, &secrets, &fake.url));
        }
    }
}

#[tokio::test]
async fn no_error_of_graph_shows_a_secret() {
    let secrets = ["s3cr+t&~", "s3cr%2Bt%26~", "tok-secret-value"];
    for status in [200_u16, 301, 400, 401, 403, 404, 409, 429, 500, 503] {
        for shape in 0..6 {
            for at_token in [true, false] {
                let fake = Fake::start(move |seen: &Seen| {
                    if seen.path.ends_with("/token") && !at_token {
                        return Canned::json(200, &json!({"access_token": "tok-secret-value", "expires_in": 3600}));
                    }
                    echo(seen, status, shape)
                })
                .await;
                let chance = Arc::new(Counted::default());
                let read =
                    reanchor::graph::Reader::new(graph::access(&fake.url), Hand::jumping(), chance.clone()).unwrap();
                let write = reanchor::graph::Writer::new(graph::access(&fake.url), Hand::jumping(), chance).unwrap();
                let id = EntraId::new(ID);
                let errors = [
                    read.user(&id).await.err(),
                    read.find(&Find::Address(UPN.to_owned())).await.err(),
                    read.roles(&id).await.err(),
                    read.user(&EntraId::new(UPN)).await.err(),
                    write.restore(&id).await.err(),
                ];
                assert!(errors.iter().flatten().count() >= 3, "{status} {shape} {at_token}");
                errors.iter().flatten().for_each(|error| clean(error, &secrets, &fake.url));
            }
        }
    }
}

#[test]
fn what_the_clients_are_made_of_does_not_print_its_secret() {
    assert!(!format!("{:?}", okta::access("https://x.okta.com", "00abc")).contains("00abc"));
    assert!(!format!("{:?}", graph::access("https://x.example")).contains("s3cr"));
    let bad =
        okta_client::Reader::new(okta::access("https://x.okta.com", "00a\u{7f}bc"), Hand::jumping()).err().unwrap();
    assert!(!format!("{bad} {bad:?}").contains("00a"));
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_names_the_request_and_nothing_more() {
    let log = Log::default();
    let writer = log.clone();
    let listening = || {
        let writer = writer.clone();
        let all = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        tracing::Dispatch::new(all.with_writer(move || writer.clone()).finish())
    };
    // with a single listener, tracing asks only the thread that meets a call site first, and the tests beside this one
    // do not listen; with two it asks both
    let second = listening();
    let guard = tracing::dispatcher::set_default(&listening());
    tracing::callsite::rebuild_interest_cache();
    let fake = Fake::start(|seen: &Seen| {
        if seen.path.ends_with("/token") {
            return Canned::json(200, &json!({"access_token": "tok-secret-value", "expires_in": 3600}));
        }
        Canned::json(404, &json!({"error": {"code": "Request_ResourceNotFound", "message": seen.query}}))
            .with("request-id", "req-1")
            .with("x-okta-request-id", "okta-1")
    })
    .await;
    let okta = okta_client::Reader::new(okta::access(&fake.url, "00readTokenABCDEFGH"), Hand::jumping()).unwrap();
    okta.users_by_address(UPN).await.unwrap_err();
    let chance = Arc::new(Counted::default());
    let entra = reanchor::graph::Reader::new(graph::access(&fake.url), Hand::jumping(), chance).unwrap();
    entra.find(&Find::Address(UPN.to_owned())).await.unwrap_err();
    drop((guard, second));
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<&str> = text.lines().filter(|line| line.contains("reanchor::")).collect();
    for part in
        ["okta.request_id=\"okta-1\"", "graph.request_id=\"req-1\"", "client_request_id", "status=404", "find users"]
    {
        assert!(ours.iter().any(|line| line.contains(part)), "{part} in {text}");
    }
    for secret in ["00readToken", "tok-secret-value", "s3cr", UPN, "very.secret", "://", "/v1"] {
        assert!(!ours.iter().any(|line| line.contains(secret)), "{secret} in {text}");
    }
}
