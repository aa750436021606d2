use super::super::fake::{World, intake};
use super::*;
use crate::surface::slack::settings::Settings;
use axum::http::Request as HttpRequest;
use ring::hmac::{HMAC_SHA256, Key, sign};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn signed(body: &[u8], at: i64, secret: &str) -> String {
    let text = [format!("v0:{at}:").as_bytes(), body].concat();
    let tag = sign(&Key::new(HMAC_SHA256, secret.as_bytes()), &text);
    format!("v0={}", crate::domain::ids::hex(tag.as_ref()))
}

async fn send(headers: &[(&str, &str)], body: Vec<u8>) -> (StatusCode, String, Arc<World>) {
    let (intake, world) = intake(Settings::default());
    let door = Door { verifier: Arc::new(Verifier::new(SECRET)), intake };
    let mut request = HttpRequest::builder().method("POST").uri(PATH);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = taken(State(door), request.body(Body::from(body)).unwrap()).await;
    let status = response.status();
    let text = to_bytes(response.into_body(), LARGEST).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap(), world)
}

async fn send_signed(body: Vec<u8>) -> (StatusCode, String, Arc<World>) {
    let at = now();
    let signature = signed(&body, at, SECRET);
    send(&[("x-slack-signature", &signature), ("x-slack-request-timestamp", &at.to_string())], body).await
}

fn paste() -> Vec<u8> {
    br#"{"type":"event_callback","team_id":"T01","event":{"type":"message","channel":"C01","user":"U01","ts":"1.1","text":"it failed"}}"#.to_vec()
}

#[tokio::test]
async fn what_slack_signed_is_taken() {
    let (status, text, world) = send_signed(paste()).await;
    assert_eq!((status, text.as_str(), world.bodies().len()), (StatusCode::OK, "", 1));
    let (status, text, _) = send_signed(br#"{"type":"url_verification","challenge":"3eZbrw1a"}"#.to_vec()).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "3eZbrw1a"));
    let (status, _, world) = send_signed(b"command=%2Freanchor&text=help&user_id=U01&channel_id=C01".to_vec()).await;
    assert_eq!((status, world.bodies().len()), (StatusCode::OK, 1));
    assert_eq!(send_signed(b"ssl_check=1&token=x".to_vec()).await.0, StatusCode::OK);
}

#[tokio::test]
async fn what_slack_did_not_sign_is_refused_before_it_is_read() {
    let at = now();
    let text = at.to_string();
    let (good, other) = (signed(&paste(), at, SECRET), signed(&paste(), at, "another"));
    let (old, late) = ((at - 301).to_string(), signed(&paste(), at - 301, SECRET));
    let cases: [&[(&str, &str)]; 5] = [
        &[("x-slack-signature", &other), ("x-slack-request-timestamp", &text)],
        &[("x-slack-signature", &late), ("x-slack-request-timestamp", &old)],
        &[("x-slack-signature", &good)],
        &[("x-slack-request-timestamp", &text)],
        &[],
    ];
    for headers in cases {
        let (status, text, world) = send(headers, paste()).await;
        assert_eq!((status, text.as_str()), (StatusCode::UNAUTHORIZED, ""), "{headers:?}");
        assert!(world.bodies().is_empty(), "{headers:?}");
    }
    let changed = [paste(), b" ".to_vec()].concat();
    let headers = [("x-slack-signature", good.as_str()), ("x-slack-request-timestamp", text.as_str())];
    assert_eq!(send(&headers, changed).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_huge_body_and_one_that_is_no_text_are_refused() {
    assert_eq!(send_signed(vec![b'{'; 5 * 1024 * 1024]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let binary = [&b"{\"type\":\"\xff"[..], b"\"}"].concat();
    let (status, _, world) = send_signed(binary.clone()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(world.bodies().is_empty());
    let unsigned = [("x-slack-signature", "v0=00"), ("x-slack-request-timestamp", "1")];
    assert_eq!(send(&unsigned, binary).await.0, StatusCode::UNAUTHORIZED);
    for nothing in [&b""[..], b"{", b"payload=%7B", b"a=b"] {
        assert_eq!(send_signed(nothing.to_vec()).await.0, StatusCode::BAD_REQUEST, "{nothing:?}");
    }
}
