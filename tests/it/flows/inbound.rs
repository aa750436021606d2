//! Seed 003: the inbound job is read live and shown, an empty log is explained, a payload is checked; nothing is restarted.

use crate::support::{Setup, World};

const SP: &str = "5b2e8c14-6a90-4d37-8f1b-c3d7e9a04f62";
const JOB: &str = "API2AAD.3f6c9a1e58b24d079e4ba1c27d805f93.d80e6b27-41fa-4c95-b3a8-7e2c1f095da6";

fn shows(scenario: &str, parts: &'static [&'static str]) {
    World::run(scenario, async |w| {
        w.paste_error("anna").await;
        let card = w.read().await;
        for part in parts {
            assert!(card.contains(part), "{part}\n{card}");
        }
        assert!(w.writes().await.is_empty(), "a job is never restarted");
    });
}

#[test]
fn a_quarantine_is_shown_with_reason_error_since_and_next_attempt() {
    shows(
        "inbound-quarantine",
        &[
            "Quarantine",
            "In quarantine since ",
            "reason EncounteredQuarantineException",
            "Next attempt: ",
            "Its error: NotificationEmailMissing",
            "What Restart provisioning would do",
            "The bot does not restart jobs.",
            "enter the notification e-mail",
        ],
    );
}

#[test]
fn the_failures_behind_a_quarantine_are_listed() {
    shows(
        "inbound-quarantine--escrow",
        &["EncounteredEscrowProportionThreshold", "AzureActiveDirectoryInvalidUserPrincipalName", "worker 701900"],
    );
}

#[test]
fn a_restart_that_would_delete_people_is_warned_of() {
    shows("inbound-quarantine--deletes", &["TooManyDeletes", "would let these deletions through"]);
}

#[test]
fn an_accepted_upload_without_a_log_is_explained_by_the_live_job() {
    shows(
        "inbound-logs-empty",
        &["Paused", "choose Start provisioning", "here the job does not run", "Nothing is lost"],
    );
    shows(
        "inbound-logs-empty--late",
        &["Active", "5 to 10 minutes", "provisioning agent is inactive: restart the agent"],
    );
}

#[test]
fn refused_names_are_read_from_the_log_and_the_stop_gap_comes_last() {
    shows("inbound-upn-invalid", &["AzureActiveDirectoryInvalidUserPrincipalName", "4. Only as a stop-gap, and last"]);
    shows("inbound-upn-invalid--domain", &["AzureActiveDirectoryInvalidDomain", "5. Only as a stop-gap, and last"]);
}

#[test]
fn a_job_that_cannot_be_read_is_not_called_empty_or_fine() {
    World::run("inbound-logs-empty", async |w| {
        w.fault("graph.sync_job.get", 1, "refuse").await;
        w.fault("graph.provisioning_log.list", 1, "refuse").await;
        w.fault("graph.provisioning_log.list", 2, "refuse").await;
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(card.contains("The job could not be read: ") && card.contains("Its log could not be read: "), "{card}");
        assert!(!card.contains("Its log is empty"), "{card}");
        w.clear_faults().await;
        w.press("anna", "Look again").await;
        assert!(w.read().await.contains("here the job does not run"));
    });
}

#[test]
fn without_a_job_the_card_says_how_to_name_one_and_then_shows_it() {
    let setup = Setup { job: false, ..Setup::default() };
    World::run_with("inbound-logs-empty--late", setup, async |w| {
        w.paste_error("anna").await;
        let case = w.case().await.id;
        assert!(w.read().await.contains(&format!("/reanchor job {case} <service principal id> <job id>")));
        for (who, why) in [("dave", "A3"), ("guest", "A7")] {
            w.command(who, &format!("job {case} {SP} {JOB}")).await;
            assert!(w.whispers(who).last().unwrap().contains(why), "{:?}", w.whispers(who));
            assert!(!w.read().await.contains("The inbound job, live"));
        }
        w.command("anna", &format!("job {case} {SP} {JOB}")).await;
        assert!(w.read().await.contains("The inbound job, live:\n  API2AAD."), "{}", w.read().await);
    });
}

#[test]
fn a_job_is_shown_to_the_one_who_asks_and_to_nobody_else() {
    World::run("inbound-quarantine", async |w| {
        w.command("dave", &format!("job {SP}")).await;
        assert!(w.whispers("dave").last().unwrap().contains("Refused (A3)"));
        w.command("anna", &format!("job {SP}")).await;
        let told = w.whispers("anna").pop().unwrap();
        assert!(told.contains("EncounteredQuarantineException") && told.contains("does not restart jobs"), "{told}");
        assert!(w.cases().await.is_empty() && w.notes().is_empty());
        w.command("anna", "job 00000000-0000-4000-8000-000000000000").await;
        assert!(w.whispers("anna").pop().unwrap().contains("Graph has no such job"));
        w.mention("anna", &format!("job {SP}")).await;
        assert!(w.whispers("anna").pop().unwrap().contains("A mention cannot"));
    });
}

fn payload(count: usize, path: &str) -> String {
    let one = |n: usize| {
        format!(
            "{{\"method\": \"POST\", \"bulkId\": \"{n}\", \"path\": \"{path}\", \"data\": {{\"schemas\": [\"urn:ietf:params:scim:schemas:core:2.0:User\"]}}}}"
        )
    };
    let all: Vec<String> = (0..count).map(one).collect();
    format!(
        "{{\"schemas\": [\"urn:ietf:params:scim:api:messages:2.0:BulkRequest\"],\n\"Operations\": [\n{}\n]}}",
        all.join(",\n")
    )
}

#[test]
fn a_payload_is_checked_when_somebody_asks_and_beside_its_error() {
    World::run("healthy", async |w| {
        w.paste("anna", &payload(1, "/People")).await;
        assert!(w.list_card().is_none() && w.cases().await.is_empty(), "nobody asked");
        w.command("anna", &format!("diagnose {}", payload(1, "/People"))).await;
        let card = reanchor::card::plain::text(&w.list_card().unwrap());
        assert!(card.contains("/Operations/0/path") && card.contains("line 3, column "), "{card}");
        w.command("anna", &format!("diagnose Content-Type: application/scim+json\n{}", payload(50, "/Users"))).await;
        assert!(reanchor::card::plain::text(&w.list_card().unwrap()).contains("No mistake was found."));
        w.paste("anna", &format!("{}\n{}", w.error_text().await, payload(1, "/People"))).await;
        assert_eq!(w.case().await.beside.bulk, None, "nobody asked, and the error is another one");
        let error = "our HR client calls /bulkUpload with Content-Type: application/json and gets HTTP 400 'Invalid Data Format'";
        w.command("anna", &format!("diagnose {error}\n{}", payload(51, "/Users"))).await;
        let card = w.read().await;
        assert_eq!(w.case().await.diagnosis.class.as_str(), "inbound-invalid-data-format");
        assert!(card.contains("The pasted payload:") && card.contains("/Operations/50"), "{card}");
        assert!(card.contains("the header must be Content-Type: application/scim+json"), "{card}");
    });
}

#[test]
fn a_refused_and_an_expired_upload_are_told_apart() {
    World::run("healthy", async |w| {
        let path = format!("POST .../servicePrincipals/{SP}/synchronization/jobs/{JOB}/bulkUpload");
        w.paste("anna", &format!("HTTP/1.1 403 Forbidden {path} Authorization_RequestDenied Insufficient privileges to complete the operation.")).await;
        assert_eq!(w.case().await.diagnosis.class.as_str(), "inbound-forbidden-upload");
        assert!(w.read().await.contains("SynchronizationData-User.Upload"));
        w.paste("anna", &format!("HTTP/1.1 401 Unauthorized {path} {{\"error\":{{\"code\":\"InvalidAuthenticationToken\",\"message\":\"Access token has expired or is not yet valid.\"}}}}")).await;
        assert_eq!(w.case().await.diagnosis.class.as_str(), "access-token-expired");
        let card = w.read().await;
        assert!(card.contains("Get a new access token") && card.contains("The inbound job, live"), "{card}");
    });
}

/// What the tenant's own API says to an upload of the HR client.
async fn upload(w: &World, media: &str, body: &str, write: bool) -> (u16, String) {
    let token = if write { w.write_token().await } else { w.graph_token().await };
    let url = format!("{}/servicePrincipals/{SP}/synchronization/jobs/{JOB}/bulkUpload", w.tenant.access().graph_url);
    let request = w.http.post(url).bearer_auth(token);
    let reply = request.header("content-type", media).body(body.to_owned()).send().await.unwrap();
    (reply.status().as_u16(), reply.text().await.unwrap())
}

const SCIM: &str = "application/scim+json";

/// 202, and the log stays empty: because the job is paused, and then because the log is late.
#[test]
fn an_upload_to_a_paused_job_waits_until_it_is_started_and_the_log_has_it_minutes_later() {
    World::run("inbound-logs-empty", async |w| {
        assert_eq!(upload(w, SCIM, &payload(2, "/Users"), true).await, (202, String::new()));
        w.advance(60 * 60_000).await;
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(card.contains("Paused") && card.contains("Its log is empty"), "{card}");
        assert!(
            !w.writes().await.iter().any(|write| write["op"] == "graph.sync_job.restart"),
            "the bot starts nothing"
        );
        // Somebody starts it in the portal.
        let access = w.tenant.access();
        let url = format!("{}/servicePrincipals/{SP}/synchronization/jobs/{JOB}/restart", access.graph_url);
        let write = w.write_token().await;
        assert_eq!(w.http.post(url).bearer_auth(write).send().await.unwrap().status().as_u16(), 204);
        assert!(w.writes().await.iter().any(|write| write["op"] == "graph.sync_job.restart"), "and a restart is seen");
        w.press("anna", "Look again").await;
        let card = w.read().await;
        assert!(card.contains("Active") && card.contains("Its log is empty"), "{card}");
        w.advance(7 * 60_000).await;
        w.press("anna", "Look again").await;
        let card = w.read().await;
        assert!(card.contains("Newest entry of its log") && !card.contains("Its log is empty"), "{card}");
    });
}

/// What the checker calls a mistake is what the API refuses, and nothing else.
#[test]
fn the_checker_and_the_api_agree_about_a_payload() {
    World::run("inbound-logs-empty--late", async |w| {
        let no_id = payload(2, "/Users").replace("\"bulkId\": \"1\", ", "");
        let twice = payload(2, "/Users").replace("\"bulkId\": \"1\"", "\"bulkId\": \"0\"");
        let get = payload(1, "/Users").replace("POST", "PATCH");
        let bare = payload(1, "/Users").replace("schemas\": [\"urn:ietf:params:scim:schemas", "x\": [\"urn");
        let broken = payload(1, "/Users").replace("\n]}", "");
        for (media, body) in [
            (SCIM, payload(1, "/Users")),
            (SCIM, payload(50, "/Users")),
            (SCIM, payload(51, "/Users")),
            ("application/json", payload(1, "/Users")),
            (SCIM, payload(0, "/Users")),
            (SCIM, payload(1, "/Groups")),
            (SCIM, no_id),
            (SCIM, twice),
            (SCIM, get),
            (SCIM, bare),
            (SCIM, broken),
        ] {
            let checked = reanchor::recognize::bulk::check(&format!("Content-Type: {media}\n{body}")).unwrap();
            let (status, answer) = upload(w, media, &body, true).await;
            assert_eq!(checked.is_clean(), status == 202, "{media}\n{body}\n{status} {answer}\n{:?}", checked.lines());
            assert!(status == 202 || (status == 400 && answer.contains("Invalid Data Format")), "{status} {answer}");
        }
        let (status, answer) = upload(w, SCIM, &payload(1, "/Users"), false).await;
        assert_eq!((status, answer.contains("Authorization_RequestDenied")), (403, true));
    });
}
