//! Both directories side by side, and what could not be read.

use crate::domain::notice::{PublicText, SideRow};
use crate::domain::settings::Sharing;
use crate::domain::tenant::{EntraUser, Facts, Reading};

/// A value, or only whether there is one where the channel may not see it.
fn value(text: Option<&str>, sharing: Sharing) -> PublicText {
    match (text, sharing) {
        (None, _) => PublicText::words("none"),
        (Some(text), Sharing::Full) => PublicText::foreign(text),
        (Some(_), Sharing::Minimal | Sharing::None) => PublicText::words("set"),
    }
}

fn unknown() -> PublicText {
    PublicText::words("not readable")
}

fn nothing() -> PublicText {
    PublicText::new()
}

fn row(label: &str, okta: PublicText, entra: PublicText, differs: bool) -> SideRow {
    SideRow { label: label.to_owned(), okta, entra, differs }
}

/// One line for each question that both directories can answer.
pub(super) fn rows(facts: &Facts, sharing: Sharing) -> Vec<SideRow> {
    let okta = &facts.okta;
    let app_user = okta.app_user.known().map(Option::as_ref);
    let row_of = app_user.flatten();
    let attributes = okta.app.known().map(|app| &app.attributes);
    let anchor = row_of.zip(attributes).and_then(|(row, a)| row.anchor(a));
    let linked = facts.entra.by_external_id.known().and_then(Option::as_ref);
    let named = |user: &&EntraUser| row_of.is_some_and(|row| user.answers_to(&row.user_name));
    let by_name = facts.entra.by_name.known().and_then(|all| all.iter().find(named).or(all.first()));
    let live = linked.or(by_name);
    let assigned = match (&okta.app_user, row_of) {
        (Reading::Unread(_), _) => unknown(),
        (Reading::Known(_), None) => PublicText::words("not assigned"),
        (Reading::Known(_), Some(row)) => {
            let sync = row.sync_state.as_deref().unwrap_or("no syncState");
            PublicText::words(row.scope.text()).and(", ").and_foreign(&row.status).and(", ").and_foreign(sync)
        }
    };
    let external = row_of.and_then(|row| row.external_id.as_ref()).map(crate::domain::ids::EntraId::as_str);
    let user_name = row_of.map(|row| row.user_name.as_str());
    let upn = live.map(EntraUser::plain_upn);
    let entra_anchor = live.and_then(|user| user.anchor.as_deref());
    let upn_differs = matches!((user_name, upn), (Some(a), Some(b)) if !a.eq_ignore_ascii_case(b));
    let mut rows = vec![
        row("Account", PublicText::foreign(&okta.user.status), account_state(live, linked.is_some()), false),
        row("Assignment", assigned, nothing(), false),
        row(
            "Object id",
            value(external, sharing),
            by_external_id(facts, sharing),
            external.is_some() && linked.is_none(),
        ),
        row("User name", value(user_name, sharing), value(upn, sharing), upn_differs),
        row("Anchor", value(anchor, sharing), value(entra_anchor, sharing), live.is_some() && anchor != entra_anchor),
    ];
    rows.push(row("Holders of the name", nothing(), holders(&facts.entra.by_name, sharing), false));
    rows.push(row("Holders of the anchor", nothing(), holders(&facts.entra.by_anchor, sharing), false));
    rows.push(row("deletedItems", nothing(), holders(&facts.entra.deleted, sharing), false));
    if let Some(switches) = okta.switches.known() {
        let on = |yes| if yes { "on" } else { "off" };
        let text = format!(
            "Create {}, Update {}, Deactivate {}",
            on(switches.create),
            on(switches.update),
            on(switches.deactivate)
        );
        rows.push(row("Provisioning", PublicText::words(text), nothing(), false));
    }
    rows.push(row("Domain", app_domain(facts), domain_kind(facts), false));
    rows.push(row("Licences", nothing(), licences(live), false));
    rows
}

fn account_state(live: Option<&EntraUser>, linked: bool) -> PublicText {
    let Some(user) = live else { return PublicText::words("no live account") };
    let enabled = match user.enabled {
        Some(true) => "enabled",
        Some(false) => "sign-in blocked",
        None => "enabled: not readable",
    };
    let which = if linked { "" } else { " (not the linked account: the one that holds the name)" };
    let synced = if user.synced == Some(true) { ", synced from on-premises" } else { "" };
    PublicText::foreign(user.user_type.as_deref().unwrap_or("no userType")).and(format!(", {enabled}{synced}{which}"))
}

fn by_external_id(facts: &Facts, sharing: Sharing) -> PublicText {
    match &facts.entra.by_external_id {
        Reading::Unread(_) => unknown(),
        Reading::Known(Some(user)) => match sharing {
            Sharing::Full => PublicText::words("found: ").and_foreign(&user.name),
            Sharing::Minimal | Sharing::None => PublicText::words("found"),
        },
        Reading::Known(None) => PublicText::words("not found"),
    }
}

fn holders(users: &Reading<Vec<EntraUser>>, sharing: Sharing) -> PublicText {
    let users = match users {
        Reading::Unread(_) => return unknown(),
        Reading::Known(users) => users,
    };
    if users.is_empty() {
        return PublicText::words("nobody");
    }
    if sharing != Sharing::Full {
        return PublicText::words(users.len().to_string());
    }
    let mut text = PublicText::new();
    for (n, user) in users.iter().enumerate() {
        text = text.and(if n == 0 { "" } else { "; " }).and_foreign(&user.name).and(" ").and_foreign(user.id.as_str());
        if let Some(at) = user.deleted {
            text = text.and(", deleted ").and_time(at);
        }
    }
    text
}

fn app_domain(facts: &Facts) -> PublicText {
    match facts.okta.app.known() {
        Some(app) => PublicText::foreign(app.domain.as_deref().unwrap_or("none")),
        None => unknown(),
    }
}

fn domain_kind(facts: &Facts) -> PublicText {
    let (Some(app), Some(domains)) = (facts.okta.app.known(), facts.entra.domains.known()) else { return unknown() };
    let found =
        domains.iter().find(|domain| app.domain.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&domain.name)));
    PublicText::words(match found {
        Some(domain) if domain.federated => "federated",
        Some(_) => "managed",
        None => "not a domain of this tenant",
    })
}

fn licences(live: Option<&EntraUser>) -> PublicText {
    let Some(user) = live else { return nothing() };
    PublicText::words(format!("{} direct, {} by group", user.direct_licences.len(), user.group_licences.len()))
}

/// Every look-up that failed, with its reason.
pub(super) fn unread(facts: &Facts) -> Vec<PublicText> {
    let okta = &facts.okta;
    let entra = &facts.entra;
    let all: [(&str, Option<&str>); 17] = [
        ("the app", okta.app.unread()),
        ("the assignment", okta.app_user.unread()),
        ("the provisioning switches", okta.switches.unread()),
        ("Okta admin roles", okta.admin_roles.unread()),
        ("groups", okta.granting_groups.unread()),
        ("the System Log", okta.events.unread()),
        ("the object that externalId names", entra.by_external_id.unread()),
        ("live holders of the name", entra.by_name.unread()),
        ("live holders of the anchor", entra.by_anchor.unread()),
        ("deletedItems", entra.deleted.unread()),
        ("the directory audit", entra.deletion.unread()),
        ("domains", entra.domains.unread()),
        ("directory synchronization", entra.tenant_synced.unread()),
        ("licences", entra.skus.unread()),
        ("other people of the app", entra.witnesses.unread()),
        ("Entra roles", entra.roles.values().find_map(Reading::unread)),
        ("the Okta user", (okta.user.status == "UNREADABLE").then_some("Okta did not answer")),
    ];
    all.into_iter()
        .filter_map(|(what, why)| why.map(|why| PublicText::words(format!("{what}: ")).and_foreign(why)))
        .collect()
}
