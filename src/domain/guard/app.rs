//! Rules about the app instance, the Entra tenant behind it, its switches and its seats.

use super::{Outcome, Verdict, app, known, switches, violation};
use crate::domain::ids::{AppId, EntraId};
use crate::domain::notice::PublicText;
use crate::domain::tenant::{Facts, Reading, Sku};

pub(super) fn right_app(facts: &Facts, id: &AppId, user_name: &str) -> Verdict {
    let app = app(facts)?;
    if app.id != *id || app.name != "office365" || app.status != "ACTIVE" {
        let fact = PublicText::words("the app is ").and_foreign(&app.name).and(", ").and_foreign(&app.status);
        return violation("D1", Outcome::Refuse, fact, "fixes are made for an active office365 app only");
    }
    let domain = user_name.rsplit_once('@').map_or("", |(_, domain)| domain);
    match &app.domain {
        Some(own) if own.eq_ignore_ascii_case(domain) => Ok(()),
        Some(own) => {
            let fact = PublicText::words("the user name is in the domain ")
                .and_foreign(domain)
                .and(", this app serves ")
                .and_foreign(own);
            violation(
                "D3",
                Outcome::Refuse,
                fact,
                "use the app instance of that domain, or correct the user name in Okta",
            )
        }
        None => violation(
            "C1a",
            Outcome::Refuse,
            PublicText::words("the app names no domain"),
            "set the Microsoft 365 domain in the app's general settings",
        ),
    }
}

pub(super) fn tenant_owns_domain(facts: &Facts) -> Verdict {
    let app = app(facts)?;
    let domains = known(&facts.entra.domains, "C1a", "the domains of the Entra tenant")?;
    let owns = |name: &str| domains.iter().any(|domain| domain.verified && domain.name.eq_ignore_ascii_case(name));
    let tenant_matches = app.ms_tenant.as_deref().is_none_or(|tenant| {
        owns(tenant)
            || owns(&format!("{tenant}.onmicrosoft.com"))
            || tenant.eq_ignore_ascii_case(facts.tenant_id.as_str())
    });
    if app.domain.as_deref().is_some_and(owns) && tenant_matches {
        return Ok(());
    }
    let fact = PublicText::words("this looks like the wrong tenant: the app's domain ")
        .and_foreign(app.domain.as_deref().unwrap_or("(none)"))
        .and(" is not among the domains of the Entra tenant that the bot reads");
    violation(
        "C1a",
        Outcome::Refuse,
        fact,
        "correct tenant_id in the bot's configuration, or the domain in the Okta app",
    )
}

pub(super) fn witness_found(facts: &Facts) -> Verdict {
    let witnesses = known(&facts.entra.witnesses, "C1b", "other people of the app")?;
    if witnesses.iter().any(|witness| witness.found) {
        return Ok(());
    }
    let fact = if witnesses.is_empty() {
        PublicText::words(
            "nobody else is linked to this app, so it cannot be proved that the Entra tenant is the right one",
        )
    } else {
        PublicText::words("this looks like the wrong tenant: other people of the app are not found in it either")
    };
    violation("C1b", Outcome::Refuse, fact, "check that the bot reads the Entra tenant that the Okta app pushes to")
}

pub(super) fn create_on(facts: &Facts) -> Verdict {
    if switches(facts, "D3")?.create {
        return Ok(());
    }
    let fact =
        PublicText::words("Create Users is switched off in the app: Okta could neither link nor create the account");
    violation("D3", Outcome::Advise, fact, "switch Create Users on (Provisioning > To App), then Look again")
}

pub(super) fn seats_free(facts: &Facts, licences: &[String], holder: Option<&EntraId>) -> Verdict {
    let skus = known(&facts.entra.skus, "D3", "the licences of the tenant")?;
    let lists = [&facts.entra.by_name, &facts.entra.by_anchor, &facts.entra.deleted];
    let held: Vec<&str> = lists
        .into_iter()
        .filter_map(Reading::known)
        .flatten()
        .filter(|user| Some(&user.id) == holder && user.deleted.is_none())
        .flat_map(|user| user.direct_licences.iter().chain(&user.group_licences))
        .map(String::as_str)
        .collect();
    let named =
        |wanted: &str, sku: &Sku| wanted.eq_ignore_ascii_case(&sku.id) || wanted.eq_ignore_ascii_case(&sku.name);
    if let Some(unknown) = licences.iter().find(|wanted| !skus.iter().any(|sku| named(wanted, sku))) {
        let fact = PublicText::words("free seats cannot be counted: the tenant has no licence ").and_foreign(unknown);
        let how = "give the person a licence that the tenant owns (Okta: the assignment's licences), then Look again";
        return violation("D3", Outcome::Advise, fact, how);
    }
    for sku in skus {
        let wanted = licences.iter().any(|wanted| named(wanted, sku));
        if wanted && !held.contains(&sku.id.as_str()) && sku.consumed >= sku.enabled {
            let fact = PublicText::words("no seat is free for ")
                .and_foreign(&sku.name)
                .and(format!(" ({} of {} in use)", sku.consumed, sku.enabled));
            return violation("D3", Outcome::Advise, fact, "free or buy a seat, then Look again");
        }
    }
    Ok(())
}
