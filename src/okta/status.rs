//! The feed of Okta's status page (Atom, as Okta publishes it, or RSS 2.0): incidents that Okta has not closed.
//!
//! Never sends a credential, never follows a redirect, never takes an answer that is no feed for "no incident". Age closes
//! nothing: an incident is over when Okta says so (one of them stood open for 341 days and had been resolved long before).
//! Begin with [`StatusFeed`], then [`incidents`].

use super::error::{not_asked, unusable};
use crate::domain::incident::{Incident, Vendor};
use crate::domain::time::At;
use crate::ports::clock::Clock;
use crate::ports::directory::Answer;
use crate::ports::error::System;
use crate::ports::signals::IncidentFeed;
use crate::wire::address::Base;
use crate::wire::send::{Ask, Repeat, Wire};
use async_trait::async_trait;
use quick_xml::Reader;
use quick_xml::events::Event;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, Url};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// Items that are looked at; a feed has its newest first.
const MOST: usize = 50;
/// Longest wait for the status page: a run may wait for it before its first change.
const PATIENCE: Duration = Duration::from_secs(5);
/// Characters of one value that are kept.
const KEPT: usize = 4_000;
const OP: &str = "read the feed of the status page";

/// The feed at its address.
pub struct StatusFeed {
    wire: Wire,
    url: Url,
}

impl StatusFeed {
    /// Builds the client; sends nothing.
    pub fn new(url: &str, call_timeout: Duration, clock: Arc<dyn Clock>) -> Answer<Self> {
        let base = Base::parse(url).map_err(|flaw| not_asked(OP, format!("[incident] okta_rss {flaw}")))?;
        let wire = Wire::new(System::Okta, call_timeout.min(PATIENCE), clock, base.is_loopback())?;
        Ok(Self { wire, url: base.url() })
    }
}

#[async_trait]
impl IncidentFeed for StatusFeed {
    fn vendor(&self) -> Vendor {
        Vendor::Okta
    }

    async fn open(&self) -> Answer<Vec<Incident>> {
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/atom+xml, application/rss+xml, application/xml, text/xml"),
        );
        let url = self.url.clone();
        let ask = Ask {
            op: OP,
            method: Method::GET,
            url,
            headers,
            body: None,
            bucket: "status",
            repeat: Repeat::OnlyIfRefused,
        };
        let reply = self.wire.send(&ask).await?;
        if reply.status != 200 {
            let mut error = unusable(OP, "the status page does not answer with its feed");
            error.status = Some(reply.status);
            return Err(error);
        }
        let text = String::from_utf8_lossy(&reply.body);
        let items = items(&text).ok_or_else(|| unusable(OP, "the answer is no feed"))?;
        Ok(incidents(items))
    }
}

/// One `<item>` or `<entry>`: its title, what it says, its date.
#[derive(Debug, Default, PartialEq, Eq)]
struct Item {
    title: String,
    text: String,
    date: String,
    id: String,
}

/// The items of a feed, in its order; `None` when the text is neither an RSS nor an Atom feed.
fn items(text: &str) -> Option<Vec<Item>> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<String> = Vec::new();
    let mut items: Vec<Item> = Vec::new();
    let mut feed = false;
    loop {
        let piece = match reader.read_event().ok()? {
            Event::Start(tag) => {
                let name = tag.name().as_ref().to_ascii_lowercase();
                feed |= (path == ["rss"] && name == "channel") || (path.is_empty() && name == "feed");
                if is_item(&name) && !path.iter().any(|outer| is_item(outer)) {
                    if items.len() == MOST {
                        return feed.then_some(items);
                    }
                    items.push(Item::default());
                }
                path.push(name);
                continue;
            }
            Event::End(_) => {
                path.pop();
                continue;
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(name) => entity(&name).to_string(),
            Event::Eof => return (feed && path.is_empty()).then_some(items),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
        };
        // What stands deeper, such as the markup in an Atom text, belongs to its field.
        let field = path.iter().position(|part| is_item(part)).and_then(|at| path.get(at + 1));
        if let (Some(item), Some(field)) = (items.last_mut(), field) {
            let into = match field.as_str() {
                "title" => &mut item.title,
                "description" | "content:encoded" | "content" | "summary" => &mut item.text,
                "pubdate" | "published" => &mut item.date,
                "updated" if item.date.is_empty() => &mut item.date,
                "guid" | "id" => &mut item.id,
                _ => continue,
            };
            into.push_str(&piece);
            into.truncate(into.floor_char_boundary(KEPT));
        }
    }
}

fn is_item(name: &str) -> bool {
    matches!(name, "item" | "entry")
}

/// A character reference or one of XML's own entities; any other name stands for a gap (no entity is ever expanded).
fn entity(name: &quick_xml::events::BytesRef<'_>) -> char {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return c;
    }
    match name.xml10_content().as_ref() {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        "apos" => '\'',
        _ => ' ',
    }
}

/// The open ones among the items.
fn incidents(items: Vec<Item>) -> Vec<Incident> {
    let open = items.into_iter().filter_map(|item| {
        let about = plain(&item.text);
        let title = plain(&item.title);
        is_open(&title, &about).then(|| Incident {
            vendor: Vendor::Okta,
            id: None,
            title,
            about,
            since: instant(item.date.trim()),
        })
    });
    open.collect()
}

/// The date of an RSS item or of an Atom entry.
fn instant(text: &str) -> Option<At> {
    if let Some(at) = At::parse(text) {
        return Some(at);
    }
    let at = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(At)
}

/// The text of a piece of HTML, white space made single.
fn plain(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        out.push_str(before);
        out.push(' ');
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words that close an incident, in lower case.
const CLOSED: [&str; 4] = ["resolved", "completed", "closed", "restored to normal"];
/// Words before them that take that back.
const NOT_YET: [&str; 10] = ["not", "until", "once", "when", "being", "be", "unless", "before", "partially", "yet"];
/// What an item must speak of to be an incident at all.
const TROUBLE: [&str; 12] = [
    "incident",
    "issue",
    "disruption",
    "degrad",
    "outage",
    "investigat",
    "identified",
    "impact",
    "error",
    "delay",
    "unavailab",
    "monitoring",
];

/// Whether an item tells of trouble that Okta has not closed.
fn is_open(title: &str, about: &str) -> bool {
    let text = format!("{title} {about}").to_lowercase();
    TROUBLE.iter().any(|word| text.contains(word)) && !CLOSED.iter().any(|word| says(&text, word))
}

/// Whether the text says the word as a fact: standing alone, and not "not resolved", "once resolved" …
fn says(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + word.len()..).unwrap_or_default());
        let alone = !before.ends_with(char::is_alphanumeric) && !after.starts_with(char::is_alphanumeric);
        let sentence = before.rsplit(['.', ':', ';', '!', '?']).next().unwrap_or_default();
        let mut last = sentence.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).rev().take(3);
        alone && !last.any(|before| NOT_YET.contains(&before))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(items: &str) -> String {
        format!(r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Status</title>{items}</channel></rss>"#)
    }

    fn open(items_xml: &str) -> Vec<String> {
        incidents(items(&feed(items_xml)).unwrap()).into_iter().map(|incident| incident.title).collect()
    }

    #[test]
    fn what_okta_has_not_closed_is_open_whatever_its_age() {
        let item = |title: &str, text: &str| {
            format!(
                "<item><title>{title}</title><description><![CDATA[<p><b>{text}</b></p>]]></description>\
                     <pubDate>Thu, 03 Oct 2024 22:38:00 GMT</pubDate></item>"
            )
        };
        let old = item("O365 OIN Provisioning Setup Issue", "We are investigating");
        assert_eq!(open(&old), ["O365 OIN Provisioning Setup Issue"]);
        assert_eq!(incidents(items(&feed(&old)).unwrap())[0].since.unwrap().text(), "2024-10-03 22:38:00 UTC");
        assert!(open(&item("Provisioning issue", "Resolved: the service works. Earlier: investigating")).is_empty());
        assert!(open(&item("Provisioning issue", "Signing in was not affected. Resolved at noon")).is_empty());
        assert!(open(&item("[Resolved] Provisioning issue", "details")).is_empty());
        assert_eq!(open(&item("Provisioning issue", "It has not been resolved")).len(), 1);
        assert_eq!(open(&item("Provisioning issue", "unresolved so far")).len(), 1);
        assert_eq!(open(&item("Provisioning issue", "An update follows once it is resolved")).len(), 1);
        assert!(open(&item("Our new logo", "Look at it")).is_empty());
    }

    #[test]
    fn an_atom_feed_is_read_as_okta_publishes_it() {
        let atom = |entries: &str| {
            format!(
                r#"<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Okta</title>
                <updated>2026-11-02T08:00:00.000Z</updated>{entries}</feed>"#
            )
        };
        let entry = |title: &str, content: &str| {
            format!(
                "<entry><title>{title}</title><id>a1</id><updated>2026-10-30T14:05:00.000Z</updated>{content}</entry>"
            )
        };
        let html = r#"<content type="html">&lt;p&gt;Provisioning to Office 365 is slow.&lt;/p&gt;</content>"#;
        let markup = r#"<content type="xhtml"><div><p>Provisioning to Office 365 is <b>slow</b>.</p></div></content>"#;
        for content in [html, markup] {
            let all = incidents(items(&atom(&entry("Service Degradation", content))).unwrap());
            assert_eq!(all.len(), 1, "{content}");
            assert_eq!(all[0].title, "Service Degradation");
            assert!(all[0].about.contains("Provisioning to Office 365"), "{}", all[0].about);
            assert_eq!(all[0].since.unwrap().text(), "2026-10-30 14:05:00 UTC");
        }
        assert!(incidents(items(&atom(&entry("Resolved Service Disruption", html))).unwrap()).is_empty());
        assert_eq!(items(&atom("")), Some(Vec::new()), "a feed without entries is a quiet one");
        assert_eq!(items("<feed><entry><title>Service Disruption</title>"), None, "half a feed is none");
    }

    #[test]
    fn escaped_html_and_entities_are_read_as_text() {
        let xml = "<item><title>A &amp; B issue &#x2013; x</title><description>&lt;p&gt;Imp&amp;act&lt;/p&gt;</description></item>";
        let all = incidents(items(&feed(xml)).unwrap());
        assert_eq!((all[0].title.as_str(), all[0].about.as_str()), ("A & B issue – x", "Imp&act"));
    }

    #[test]
    fn what_is_no_feed_is_no_answer() {
        for wrong in ["", "<html><body>sign in</body></html>", "<rss><channel>", "{}", "<rss></rss>", "<feed/>"] {
            assert_eq!(items(wrong), None, "{wrong}");
        }
        assert_eq!(items(&feed("")), Some(Vec::new()));
        let bomb = format!(
            r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>{}"#,
            feed("<item><title>issue &b;</title></item>").trim_start_matches(r#"<?xml version="1.0"?>"#)
        );
        assert!(items(&bomb).is_none_or(|items| items[0].title.len() < 16));
        let many = "<item><title>issue</title></item>".repeat(500);
        assert_eq!(open(&many).len(), MOST);
    }
}
