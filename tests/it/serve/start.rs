//! Start, addresses, and what may not start.

use super::house::{Bot, Tenant, refused};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_on_the_configuration_of_a_tenant_and_stops_when_asked() {
    let tenant = Tenant::start("healthy").await;
    for signal in ["TERM", "INT"] {
        let mut bot = Bot::start(&tenant.config_with("")).await;
        assert_eq!(bot.get(&format!("{}/healthz", bot.public)).await, (200, "ok\n".to_owned()));
        let (status, state) = bot.ready().await;
        assert_eq!((status, &state["ready"], &state["database"]), (200, &json!(true), &json!("ok")), "{state}");
        // What belongs to surfaces that are off, to the other address, or to the sandbox.
        for path in [
            "/slack/events",
            "/teams/messages",
            "/discord/interactions",
            "/okta/events",
            "/readyz",
            "/metrics",
            "/v1/diagnose",
            "/",
            "/sandbox",
            "/_sandbox/error",
            "/api/post",
        ] {
            assert_eq!(bot.get(&format!("{}{path}", bot.public)).await.0, 404, "GET {path}");
            let posted = bot.http.post(format!("{}{path}", bot.public)).body("{}").send().await.unwrap();
            assert_eq!(posted.status().as_u16(), 404, "POST {path}");
        }
        bot.signal(signal);
        assert_eq!(bot.ended().await.code(), Some(0), "{}", bot.log());
        assert!(bot.log().contains("stopped"), "{}", bot.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_people_of_the_sandbox_cannot_be_turned_on() {
    let tenant = Tenant::start("healthy").await;
    for section in ["[web]", "[console]", "[web]\nenabled = true", "[console]\nmode = \"http\""] {
        let (code, said) = refused(&tenant.config_with(section), &[]).await;
        assert_eq!(code, 2, "{said}");
        assert!(said.contains("actors of the sandbox") && said.contains("Nothing was started"), "{said}");
    }
    let (code, said) = refused(&tenant.config_with(""), &[("REANCHOR__WEB__PORT", "1")]).await;
    assert_eq!(code, 2, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_named_with_its_place() {
    let tenant = Tenant::start("healthy").await;
    let same = std::fs::read_to_string(tenant.folder.path().join("reanchor.env")).unwrap();
    let read = same.lines().find_map(|line| line.strip_prefix("OKTA_READ_TOKEN=")).unwrap().to_owned();
    let rules = tenant.folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("my-class.toml"), "idd = \"my-class\"\n").unwrap();
    let broken = format!("[rules]\ndir = '{}'", rules.display());
    for (more, env, code, parts) in [
        ("[slak]\nmode = \"http\"", vec![], 2, vec!["[slak]", "line "]),
        ("", vec![("REANCHOR__MODE__DEFAULT", "fixx")], 2, vec!["[mode] default", "observe, propose, fix"]),
        ("", vec![("REANCHOR__RUN__LEASE", "1s")], 2, vec!["[run] lease", "too short"]),
        ("", vec![("OKTA_WRITE_TOKEN", read.as_str())], 2, vec!["OKTA_WRITE_TOKEN", "equals OKTA_READ_TOKEN"]),
        ("[rules]\ndir = \"nowhere\"", vec![], 2, vec!["the folder of rules nowhere", "name a folder"]),
        (broken.as_str(), vec![], 2, vec!["[rules] dir", "my-class.toml:1: `idd`: unknown field"]),
        ("[[link]]\nokta = \"00u1\"\nfax = \"1\"", vec![], 2, vec!["[[link]] fax", "allowed"]),
        ("[[link]]\nokta = \"00u1\"\nslack = \"anna\"", vec![], 2, vec!["[[link]] slack", "T0123ABC/U0123ABC"]),
        ("", vec![("REANCHOR__STORE__URL", "sqlite:///no/such/folder/x.sqlite")], 1, vec!["/no/such/folder"]),
    ] {
        let (got, said) = refused(&tenant.config_with(more), &env).await;
        assert_eq!(got, code, "{said}");
        assert!(parts.iter().all(|part| said.contains(part)) && !said.contains(&read), "{said}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = refused(&tenant.config_with(""), &[("REANCHOR__SERVER__LISTEN", &address)]).await;
    assert!(code == 1 && said.contains(&address) && said.contains("in use"), "{code} {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_diagnosed_as_at_the_command_line() {
    let tenant = Tenant::start("healthy").await;
    let bot = Bot::start(&tenant.config_with("")).await;
    let text = "Automatic provisioning of user Ida Holm to app Box failed: Matching user not found.";
    let (status, answer) = bot.diagnose(text).await;
    let mut command = tokio::process::Command::new(super::house::BIN);
    let mut child = command
        .args(["diagnose", "--format", "json"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((status, &answer), (200, &line));
    assert_eq!(answer["class"], "okta-matching-user-not-found");
}
