//! Seed 002: what the live provisioning switches say about an error, and that signing in is another flow.

use crate::support::World;

const SSO: &str = "Signing in (SSO) is a separate flow and goes on working.";

fn says(scenario: &str, words: &'static str) {
    World::run(scenario, async |w| {
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(card.contains(words) && card.contains(SSO), "{card}");
        assert!(w.writes().await.is_empty());
    });
}

#[test]
fn create_off_is_why_nobody_is_found() {
    says("create-users-off", "Create Users is off in Okta (read now)");
}

#[test]
fn update_off_is_why_a_retry_changes_nothing() {
    says("update-users-off", "Update User Attributes is off in Okta (read now)");
}

#[test]
fn deactivate_off_is_why_the_account_stays() {
    says("deactivate-users-off", "Deactivate Users is off in Okta (read now)");
}

#[test]
fn a_switch_that_is_on_or_was_not_read_is_not_blamed() {
    World::run("update-users-off", async |w| {
        w.fault("okta.features.get", 1, "refuse").await;
        w.paste_error("anna").await;
        let card = w.read().await;
        assert!(!card.contains("is off in Okta"), "{card}");
        assert!(card.contains("the provisioning switches: "), "what was not read is said:\n{card}");
    });
    World::run("deleted-replaced", async |w| {
        w.paste_error("anna").await;
        assert!(!w.read().await.contains("is off in Okta"));
    });
}

#[test]
fn the_switches_of_office_365_say_nothing_about_another_app() {
    World::run("create-users-off", async |w| {
        let text = w.error_text().await.replace("Microsoft Office 365", "Box");
        w.paste("anna", &text).await;
        assert!(!w.read().await.contains("is off in Okta"));
    });
}

#[test]
fn every_card_with_advice_says_what_still_works() {
    for (name, text) in reanchor::config::embedded::RULES {
        let rule: toml::Table = text.parse().unwrap();
        assert!(!rule["still_works"].as_str().unwrap().is_empty(), "{name}");
    }
    World::run("service-account-mfa", async |w| {
        w.paste_error("anna").await;
        assert!(w.read().await.contains("What still works:\n  Single sign-on and federation work for everybody"));
    });
}

/// What a class advises, as its rule file says.
fn steps_of(text: &str) -> Vec<String> {
    let rule: toml::Table = text.parse().unwrap();
    rule["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap().to_owned()).collect()
}

/// Words of an advice that would lower security.
const LOWERS: [&str; 12] = [
    "disable mfa",
    "switch mfa off",
    "turn off mfa",
    "turn mfa off",
    "switch off mfa",
    "disable multi-factor",
    "switch multi-factor",
    "disable conditional access",
    "switch conditional access off",
    "disable security defaults",
    "switch security defaults off",
    "turn off security defaults",
];

/// How the steps of a class break SAFETY D12: no step lowers security for people, an exclusion is the security owner's, for
/// one account and limited, a stop-gap comes last with its warning, and only the switch that can hurt is switched off.
fn lowers_security(class: &str, steps: &[String]) -> Option<String> {
    let all = steps.join(" ");
    if let Some(bad) = LOWERS.iter().find(|bad| all.to_lowercase().contains(**bad)) {
        return Some(format!("{class}: {bad}"));
    }
    let needed: &[&str] = match class {
        "service-account-mfa" | "conditional-access-blocked" => &[
            "app-based provisioning connection",
            "only the security owner",
            "named location",
            "Never exclude a human administrator",
        ],
        "upn-invalid-format" | "upn-domain-unverified" => &["RandomString"],
        "immutable-id-missing-or-mismatch" => &["Switch Deactivate Users off before any unassigning"],
        _ => &[],
    };
    if let Some(part) = needed.iter().find(|part| !all.contains(**part)) {
        return Some(format!("{class}: {part} is not said"));
    }
    let all_switches = ["Create Users off", "Update User Attributes off", "all provisioning options", "all switches"];
    if let Some(bad) = all_switches.iter().find(|bad| class.starts_with("immutable-id-") && all.contains(**bad)) {
        return Some(format!("{class}: {bad}"));
    }
    let at = steps.iter().position(|step| step.contains("RandomString"))?;
    let warned = steps[at].contains("stop-gap") && steps[at].contains("changes the sign-in names of all new people");
    (at + 1 != steps.len() || !warned).then(|| format!("{class}: the stop-gap comes last, with its warning"))
}

#[test]
fn no_advice_lowers_security() {
    let rules = reanchor::config::embedded::RULES;
    for (class, text) in rules {
        assert_eq!(lowers_security(class, &steps_of(text)), None);
    }
    let steps = |class: &str| steps_of(rules.iter().find(|(name, _)| *name == class).unwrap().1);
    // The check sees each of these.
    for (class, was, is) in [
        ("service-account-mfa", "only the security owner", "somebody"),
        ("service-account-mfa", "named location", "name"),
        ("service-account-mfa", "Never exclude a human administrator", "Exclude the administrators"),
        ("conditional-access-blocked", "app-based provisioning connection", "old connection"),
        ("conditional-access-blocked", "Never exclude a human administrator", "Disable conditional access"),
        ("upn-invalid-format", "stop-gap", "solution"),
        ("upn-domain-unverified", "changes the sign-in names of all new people", "helps"),
        ("immutable-id-missing-or-mismatch", "Deactivate Users off before", "all provisioning options off before"),
    ] {
        let wrong: Vec<String> = steps(class).iter().map(|step| step.replace(was, is)).collect();
        assert_ne!(wrong, steps(class), "{class}: {was}");
        assert!(lowers_security(class, &wrong).is_some(), "{class}: {is}");
    }
    let mut first = steps("upn-invalid-format");
    first.reverse();
    assert!(lowers_security("upn-invalid-format", &first).is_some(), "the stop-gap first");
}
