//! The files of the page, compiled in. Nothing is read from disk and nothing comes from elsewhere.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// One file of the page.
pub(super) struct Asset {
    /// Its name under `/page/`.
    pub(super) name: &'static str,
    /// Its media type.
    kind: &'static str,
    /// Its text.
    pub(super) text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $kind:expr,)*) => {
        /// Every file, by name.
        pub(super) const ASSETS: &[Asset] =
            &[$(Asset { name: $name, kind: $kind, text: include_str!(concat!("page/", $name)) },)*];
    };
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

assets! {
    "index.html": HTML,
    "case.html": HTML,
    "tokens.css": CSS,
    "style.css": CSS,
    "card.css": CSS,
    "panel.css": CSS,
    "case.css": CSS,
    "app.js": JS,
    "net.js": JS,
    "dom.js": JS,
    "chat.js": JS,
    "card.js": JS,
    "dialog.js": JS,
    "panel.js": JS,
    "case.js": JS,
    "mark.svg": SVG,
}

/// The file of this name.
pub(super) fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

impl IntoResponse for &'static Asset {
    fn into_response(self) -> Response {
        let mut response = self.text.into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_weighs_less_than_150_kb_and_names_no_other_host() {
        let weight: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
        assert!(weight <= 150 * 1024, "{weight} bytes");
        for asset in ASSETS {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://"), "{} names an address", asset.name);
            assert!(!text.contains("innerHTML") && !text.contains("insertAdjacentHTML"), "{}", asset.name);
        }
    }
}
