//! What a doctor asks: what may the credential do, and what time is it there?

use super::Reader;
use crate::domain::time::At;
use crate::ports::directory::Answer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::BTreeSet;

impl Reader {
    /// The application permissions that the access token names; `None` when the token does not tell. The token is not
    /// checked: it came from the token endpoint itself, and nothing is decided by what it says.
    pub async fn permissions(&self) -> Answer<Option<BTreeSet<String>>> {
        let token = self.0.token().await?;
        Ok(permissions(token.expose()))
    }

    /// Graph's clock, from the `Date` header of an answer; `None` when it sends none.
    pub async fn date(&self) -> Answer<Option<At>> {
        self.0.date().await
    }
}

fn permissions(token: &str) -> Option<BTreeSet<String>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    // A token for an app without any permission has no such claim.
    let roles = claims.get("roles").map_or(Some(&[][..]), |roles| roles.as_array().map(Vec::as_slice))?;
    Some(roles.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_read_from_the_claims_and_from_nothing_else() {
        let token = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        let found = permissions(&token(r#"{"roles":["User.Read.All","Domain.Read.All"]}"#)).unwrap();
        assert_eq!(found, ["Domain.Read.All", "User.Read.All"].map(str::to_owned).into());
        assert_eq!(permissions(&token("{}")), Some(BTreeSet::new()));
        for opaque in ["", "abc", "a.b.c", &token("[]x"), &token(r#"{"roles":"User.Read.All"}"#)] {
            assert_eq!(permissions(opaque), None, "{opaque}");
        }
    }
}
