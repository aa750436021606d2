//! The Entra token endpoint and the power of its tokens.
//!
//! Never takes another grant than client credentials with a secret. Begin with [`issue`].
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::denied;
use crate::sandbox::access::Access;
use crate::sandbox::clock::aadsts_time;
use crate::sandbox::core::{Core, Grant};
use crate::sandbox::fresh::secret;
use crate::sandbox::wire::{Call, Reply, pairs};

/// Name of the token call.
pub(crate) const OP: &str = "graph.token";
const LIFE_SECONDS: i64 = 3_599;
const SCOPE: &str = "https://graph.microsoft.com/.default";
/// Answers a token request.
pub(crate) fn issue(core: &mut Core, access: &Access, call: &Call) -> Reply {
    let form = pairs(&String::from_utf8_lossy(&call.body));
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    // The tenant of the configuration, also where the directory behind it is another one.
    if call.arg(0) != access.tenant_id && call.arg(0) != core.world.entra.tenant {
        let text = format!("AADSTS90002: Tenant '{}' not found.", call.arg(0));
        return refused(core, call, (400, "invalid_request", 90_002), &text);
    }
    if field("grant_type") != "client_credentials" {
        let text = "AADSTS70003: The app requested an unsupported grant type.";
        return refused(core, call, (400, "unsupported_grant_type", 70_003), text);
    }
    if field("scope") != SCOPE {
        let text = "AADSTS70011: The provided value for the input parameter 'scope' is not valid.";
        return refused(core, call, (400, "invalid_scope", 70_011), text);
    }
    let clients = [
        (&access.graph_read_client_id, &access.graph_read_client_secret, false),
        (&access.graph_write_client_id, &access.graph_write_client_secret, true),
    ];
    let Some((id, right, may_write)) = clients.into_iter().find(|c| c.0 == field("client_id")) else {
        let text = "AADSTS700016: Application with that identifier was not found in the directory.";
        return refused(core, call, (400, "unauthorized_client", 700_016), text);
    };
    if right != field("client_secret") {
        let text = "AADSTS7000215: Invalid client secret provided.";
        return refused(core, call, (401, "invalid_client", 7_000_215), text);
    }
    grant(core, call, id, may_write)
}

fn grant(core: &mut Core, call: &Call, client: &str, may_write: bool) -> Reply {
    let Some(signature) = secret(43) else {
        return refused(
            core,
            call,
            (503, "temporarily_unavailable", 90_033),
            "AADSTS90033: A transient error has occurred.",
        );
    };
    let now = core.world.now;
    let roles = if may_write { &core.rights.graph_write } else { &core.rights.graph_read };
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox"}));
    let claims = part(&json!({"aud": "https://graph.microsoft.com", "appid": client, "tid": core.world.entra.tenant,
        "roles": roles, "iat": now / 1_000, "nbf": now / 1_000, "exp": now / 1_000 + LIFE_SECONDS}));
    let token = format!("{head}.{claims}.{signature}");
    core.grants.retain(|_, g| g.expires > now);
    core.grants.insert(token.clone(), Grant { may_write, expires: now + LIFE_SECONDS * 1_000 });
    Reply::ok(json!({"token_type": "Bearer", "expires_in": LIFE_SECONDS, "ext_expires_in": LIFE_SECONDS,
                     "access_token": token}))
}

fn refused(core: &mut Core, call: &Call, (status, error, number): (u16, &str, u32), text: &str) -> Reply {
    let trace = core.wire_ids.guid();
    let at = aadsts_time(core.world.now);
    let text = format!("{text} Trace ID: {trace} Correlation ID: {} Timestamp: {at}", call.request_id);
    Reply::error(
        status,
        json!({"error": error, "error_description": text, "error_codes": [number], "timestamp": at,
               "trace_id": trace, "correlation_id": call.request_id}),
    )
}

/// `Some` = the refusal.
pub(crate) fn authorise(core: &Core, call: &Call) -> Option<Reply> {
    let token = call.authorization.strip_prefix("Bearer ").unwrap_or_default();
    let grant = core.grants.get(token);
    let text = match grant {
        None if token.is_empty() => "Access token is empty.",
        None => "Access token validation failure. Invalid signature.",
        Some(grant) if grant.expires <= core.world.now => "Access token has expired or is not yet valid.",
        Some(grant) if call.method != "GET" && !grant.may_write => return Some(denied(&core.world, call)),
        Some(_) => return None,
    };
    let mut reply = super::error(&core.world, call, (401, "InvalidAuthenticationToken"), text);
    reply.headers.push(("www-authenticate", "Bearer realm=\"\", error=\"invalid_token\"".to_owned()));
    Some(reply)
}
