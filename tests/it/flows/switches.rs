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

/// SAFETY D12: no step of any class lowers security for people, and a stop-gap comes last with its warning.
#[test]
fn no_advice_lowers_security() {
    for (name, text) in reanchor::config::embedded::RULES {
        let rule: toml::Table = text.parse().unwrap();
        let steps: Vec<&str> = rule["steps"].as_array().unwrap().iter().map(|step| step.as_str().unwrap()).collect();
        for step in &steps {
            let lower = step.to_lowercase();
            for bad in [
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
            ] {
                assert!(!lower.contains(bad), "{name}: {step}");
            }
        }
        if let Some(at) = steps.iter().position(|step| step.contains("RandomString")) {
            assert_eq!(at + 1, steps.len(), "{name}: the stop-gap comes last");
            assert!(
                steps[at].contains("stop-gap") && steps[at].contains("changes the sign-in names of all new people")
            );
        }
    }
    let steps = |class: &str| {
        let text = reanchor::config::embedded::RULES.iter().find(|(name, _)| *name == class).unwrap().1;
        text.parse::<toml::Table>().unwrap()["steps"].to_string()
    };
    for class in ["service-account-mfa", "conditional-access-blocked"] {
        let steps = steps(class);
        for part in [
            "app-based provisioning connection",
            "only the security owner",
            "named location",
            "Never exclude a human administrator",
        ] {
            assert!(steps.contains(part), "{class}: {part}");
        }
    }
    for class in ["upn-invalid-format", "upn-domain-unverified"] {
        assert!(steps(class).contains("RandomString"), "{class}");
    }
    // Only the switch that can hurt is switched off, never all of them.
    for (class, text) in
        reanchor::config::embedded::RULES.iter().filter(|(class, _)| class.starts_with("immutable-id-"))
    {
        let steps = text.parse::<toml::Table>().unwrap()["steps"].to_string();
        for switch in ["Create Users off", "Update User Attributes off", "all provisioning options", "all switches"] {
            assert!(!steps.contains(switch), "{class}: {switch}");
        }
    }
    assert!(steps("immutable-id-missing-or-mismatch").contains("Switch Deactivate Users off before any unassigning"));
}
