//! Who may talk to the page: this machine's own browser, under this machine's name, from this page (SAFETY E3).
//!
//! Never lets a POST through that does not carry the token of this start, and never answers without the headers that keep
//! everything from elsewhere out. Begin with [`judge`].

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Method, StatusCode};

/// Header in which the page sends the token back.
pub(super) const TOKEN: HeaderName = HeaderName::from_static("x-reanchor-token");

/// Everything comes from this address, nothing is inline, nobody may frame it.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// Why a request is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused(pub(super) StatusCode, pub(super) &'static str);

/// Whether a request may go on.
pub(super) fn judge(method: &Method, headers: &HeaderMap, token: &str) -> Result<(), Refused> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(host) = text(HOST).filter(|host| loopback(host)) else {
        return Err(Refused(StatusCode::FORBIDDEN, "Host must be 127.0.0.1 or localhost; nothing was changed"));
    };
    if headers.contains_key(ORIGIN) && text(ORIGIN).and_then(|origin| origin.strip_prefix("http://")) != Some(host) {
        return Err(Refused(StatusCode::FORBIDDEN, "Origin must be this page; nothing was changed"));
    }
    if method == Method::GET || method == Method::HEAD {
        return Ok(());
    }
    if text(TOKEN) == Some(token) {
        Ok(())
    } else {
        Err(Refused(StatusCode::FORBIDDEN, "the token of this page is missing or old: reload; nothing was changed"))
    }
}

/// Whether `host` names this machine's own loopback, with or without a port.
fn loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |p| p.0);
    matches!(name, "127.0.0.1" | "localhost")
}

/// Adds the headers that every answer carries.
pub(super) fn seal(headers: &mut HeaderMap) {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn another_host_name_is_refused_even_when_it_resolves_here() {
        for host in ["evil.example", "127.0.0.1.evil.example:7878", "localhost:evil", ""] {
            let headers = headers(&[(HOST, host)]);
            assert_eq!(judge(&Method::GET, &headers, "t").unwrap_err().0, StatusCode::FORBIDDEN, "{host}");
        }
        assert!(judge(&Method::GET, &HeaderMap::new(), "t").is_err(), "no host at all");
        assert_eq!(judge(&Method::GET, &headers(&[(HOST, "127.0.0.1:7878")]), "t"), Ok(()));
    }

    #[test]
    fn a_page_of_another_port_is_another_origin() {
        let from = |origin| headers(&[(HOST, "127.0.0.1:7878"), (ORIGIN, origin), (TOKEN, "t")]);
        assert_eq!(judge(&Method::POST, &from("http://127.0.0.1:7878"), "t"), Ok(()));
        for origin in ["http://127.0.0.1:9999", "https://127.0.0.1:7878", "null", "http://evil.example"] {
            assert!(judge(&Method::POST, &from(origin), "t").is_err(), "{origin}");
        }
    }

    #[test]
    fn a_post_needs_the_token_of_this_start() {
        assert!(judge(&Method::POST, &headers(&[(HOST, "localhost:7878")]), "t").is_err());
        assert!(judge(&Method::POST, &headers(&[(HOST, "localhost:7878"), (TOKEN, "old")]), "t").is_err());
        assert_eq!(judge(&Method::POST, &headers(&[(HOST, "localhost:7878"), (TOKEN, "t")]), "t"), Ok(()));
    }
}
