//! Addresses: the configured base of a vendor, paths built from encoded parts, and the origin check of a `next` link.
//!
//! Never joins unencoded text into a URL: an id that could walk out of its path (`..`) gives no URL at all.
//! Begin with [`Base`].

use reqwest::Url;
use std::net::IpAddr;

/// What is wrong with a configured address; the texts continue the name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Cannot be read as a URL.
    #[error("is not a URL; allowed: https://host")]
    NotUrl,
    /// Neither https nor loopback.
    #[error("is not https; allowed: https://host, and http:// only to a loopback address")]
    NotHttps,
    /// `user:password@`
    #[error("contains a user name or a password; allowed: https://host without them")]
    Credentials,
    /// Query or fragment.
    #[error("has a query or a fragment; allowed: https://host and a path")]
    Query,
    /// A path where none is allowed.
    #[error("has a path; allowed: https://host alone")]
    Path,
}

/// A vendor's base address: https, or http to this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    url: Url,
}

impl Base {
    /// Reads a configured address. A slash at its end does not matter.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let url = Url::parse(text.trim()).map_err(|_| Flaw::NotUrl)?;
        if !url.has_host() {
            return Err(Flaw::NotUrl);
        }
        if !(url.scheme() == "https" || (url.scheme() == "http" && loopback(&url))) {
            return Err(Flaw::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Flaw::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Flaw::Query);
        }
        Ok(Self { url })
    }

    /// As [`Base::parse`], and the address is a host alone.
    pub fn parse_host(text: &str) -> Result<Self, Flaw> {
        let base = Self::parse(text)?;
        if base.url.path().trim_end_matches('/').is_empty() { Ok(base) } else { Err(Flaw::Path) }
    }

    /// Whether it points to this machine (`127.0.0.0/8`, `::1`, `localhost`).
    pub fn is_loopback(&self) -> bool {
        loopback(&self.url)
    }

    /// The host in lower case.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The path, without a slash at its end.
    pub fn path(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }

    /// The address itself, for a base that is a full endpoint.
    pub fn url(&self) -> Url {
        self.url.clone()
    }

    /// The address of a resource below the base. Parts and values are percent-encoded here; names of the query are taken
    /// as they are. `None` when a part is empty or is `.` or `..`, which a URL parser would resolve.
    pub fn at(&self, parts: &[&str], query: &[(&str, &str)]) -> Option<Url> {
        let mut text = self.path().to_owned();
        for part in parts {
            if matches!(*part, "" | "." | "..") {
                return None;
            }
            text.push('/');
            text.push_str(&encode(part));
        }
        let mut url = self.url.clone();
        url.set_path(&text);
        if !query.is_empty() {
            let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
            url.set_query(Some(&pairs.join("&")));
        }
        Some(url)
    }

    /// The address that a vendor gave for its next page, when it has the same scheme, host and port and no credentials.
    /// `None` otherwise: the token must not be sent there.
    pub fn next(&self, link: &str) -> Option<Url> {
        let url = Url::parse(link).ok()?;
        let same = url.origin() == self.url.origin() && url.username().is_empty() && url.password().is_none();
        same.then_some(url)
    }
}

fn loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Percent-encodes everything but letters, digits and `-._~` (RFC 3986, unreserved).
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(nibble)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_loopback_are_addresses() {
        for good in
            ["https://x.okta.com", "https://x.okta.com/", "http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9"]
        {
            assert!(Base::parse_host(good).is_ok(), "{good}");
        }
        for (bad, flaw) in [
            ("http://x.okta.com", Flaw::NotHttps),
            ("http://127.0.0.1.evil.example", Flaw::NotHttps),
            ("ftp://127.0.0.1", Flaw::NotHttps),
            ("x.okta.com", Flaw::NotUrl),
            ("https://a:b@x.okta.com", Flaw::Credentials),
            ("https://x.okta.com?a=b", Flaw::Query),
            ("https://x.okta.com/api", Flaw::Path),
        ] {
            assert_eq!(Base::parse_host(bad).unwrap_err(), flaw, "{bad}");
        }
    }

    #[test]
    fn parts_and_values_are_encoded_and_dots_give_no_address() {
        let base = Base::parse("https://graph.example/v1.0/").unwrap();
        let url = base.at(&["users", "a b#EXT#/x"], &[("$filter", "a eq 'o''b+/='")]).unwrap();
        assert_eq!(
            url.as_str(),
            "https://graph.example/v1.0/users/a%20b%23EXT%23%2Fx?$filter=a%20eq%20%27o%27%27b%2B%2F%3D%27"
        );
        assert!(base.at(&["users", ".."], &[]).is_none());
        assert!(base.at(&["users", ""], &[]).is_none());
        assert!(base.at(&["users", "%2e%2e"], &[]).unwrap().as_str().ends_with("/users/%252e%252e"));
    }

    #[test]
    fn a_next_link_of_another_origin_is_no_address() {
        let base = Base::parse("https://x.okta.com").unwrap();
        assert!(base.next("https://x.okta.com/api/v1/users?after=1").is_some());
        assert!(base.next("https://X.okta.com:443/api").is_some());
        for foreign in [
            "http://x.okta.com/api",
            "https://x.okta.com:8443/api",
            "https://x.okta.com@evil.example/",
            "https://user@x.okta.com/api",
            "https://evil.example/",
            "/api/v1/users",
            "",
        ] {
            assert!(base.next(foreign).is_none(), "{foreign}");
        }
    }
}
