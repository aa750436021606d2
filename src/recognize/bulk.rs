//! A pasted request of the inbound provisioning API (`bulkUpload`) against the contract of that API.
//!
//! Checked: the content type, the schemas of the message and of each user, `Operations` (at least 1, at most 50), and in each
//! operation `method`, `path`, `bulkId` (unique) and `data`. SCIM itself allows more; the API of Entra does not.
//! Never repeats a value of the payload. Begin with [`check`].

use super::json::{self, Node, Value};
use crate::domain::bulk::{BulkCheck, CONTENT_TYPE, MOST_OPERATIONS, Mistake};
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::LazyLock;

const MESSAGE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// How many opening braces are tried for the beginning of the payload.
const TRIES: usize = 16;

#[expect(clippy::expect_used, reason = "a constant expression, compiled by a test")]
static HEADER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)content-type["']?\s*[:=]\s*["']?([a-z0-9][a-z0-9.+-]*/[a-z0-9.+-]+)"#)
        .expect("constant regular expression")
});

/// Whether it is worth looking closer.
pub fn may_be(text: &str) -> bool {
    text.len() > 20
        && text.contains('{')
        && (text.contains("\"Operations\"") || text.contains("messages:2.0:BulkRequest"))
}

/// Checks the payload in a text; `None` when there is none.
pub fn check(text: &str) -> Option<BulkCheck> {
    if !may_be(text) {
        return None;
    }
    let (start, root) = payload(text)?;
    let mut found = Found { text, mistakes: Vec::new(), more: 0 };
    let header = HEADER.captures(text.get(..start).unwrap_or_default()).and_then(|found| found.get(1));
    if let Some(header) = header.filter(|header| !header.as_str().eq_ignore_ascii_case(CONTENT_TYPE)) {
        found.add("Content-Type", header.start(), format!("the header must be Content-Type: {CONTENT_TYPE}"));
    }
    let operations = match root {
        Err(flaw) => {
            found.add("", flaw.at, format!("this is not JSON: {}", flaw.what));
            None
        }
        Ok(root) => found.message(&root),
    };
    Some(BulkCheck {
        operations,
        content_type: header.map(|header| header.as_str().to_ascii_lowercase()),
        mistakes: found.mistakes,
        more: found.more,
    })
}

/// Where the payload begins, and what it is: the first object that reads as one with `schemas` or operations; else the first
/// that begins like an object with names.
fn payload(text: &str) -> Option<(usize, Result<Node, json::Flaw>)> {
    let braces = text.match_indices('{').map(|(at, _)| at).take(TRIES);
    let mut broken = None;
    for at in braces {
        match json::parse(text, at) {
            // A user inside a broken payload has schemas too, and is not the payload.
            Ok(node) if operations_of(&node).is_some() || (broken.is_none() && node.get("schemas").is_some()) => {
                return Some((at, Ok(node)));
            }
            Ok(_) => {}
            Err(flaw) => {
                let named =
                    text.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with(['"', '\'', '\u{201c}']));
                if named && broken.is_none() {
                    broken = Some((at, Err(flaw)));
                }
            }
        }
    }
    broken
}

/// The member that is or should be `Operations`: name as written, where the name begins, value.
fn operations_of(root: &Node) -> Option<(&str, usize, &Node)> {
    let Value::Object(members) = &root.value else { return None };
    let found = members.iter().find(|(name, _, _)| name.eq_ignore_ascii_case("Operations"))?;
    Some((&found.0, found.1, &found.2))
}

struct Found<'t> {
    text: &'t str,
    mistakes: Vec<Mistake>,
    more: usize,
}

impl Found<'_> {
    fn add(&mut self, pointer: &str, at: usize, what: impl Into<String>) {
        if self.mistakes.len() >= BulkCheck::MOST {
            self.more += 1;
            return;
        }
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.rsplit_once('\n').map_or(before, |(_, line)| line);
        self.mistakes.push(Mistake {
            pointer: pointer.to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            what: what.into(),
        });
    }

    /// The outer object; how many operations it has.
    fn message(&mut self, root: &Node) -> Option<usize> {
        match root.get("schemas") {
            Some(schemas) if names(schemas, MESSAGE) => {}
            Some(schemas) => self.add("/schemas", schemas.at, format!("must be [\"{MESSAGE}\"]")),
            None => self.add("", root.at, format!("schemas is missing: [\"{MESSAGE}\"]")),
        }
        if let Some(limit) = root.get("failOnErrors").filter(|v| !matches!(v.value, Value::Number | Value::Null)) {
            self.add("/failOnErrors", limit.at, "must be a number or null");
        }
        let Some((name, at, node)) = operations_of(root) else {
            self.add("", root.at, "Operations is missing: the list of what to do");
            return None;
        };
        if name != "Operations" {
            self.add(&format!("/{}", escaped(name)), at, "must be written Operations, with a capital O");
        }
        let Some(items) = node.items() else {
            self.add("/Operations", node.at, "must be a list");
            return None;
        };
        if items.is_empty() {
            self.add("/Operations", node.at, "is empty: at least one operation is needed");
        }
        let mut ids = BTreeMap::new();
        for (n, item) in items.iter().enumerate() {
            self.operation(n, item, &mut ids);
        }
        if let Some(first) = items.get(MOST_OPERATIONS) {
            let what = format!(
                "{} operations: at most {MOST_OPERATIONS} are allowed in one request; this is the first too many",
                items.len()
            );
            self.add(&format!("/Operations/{MOST_OPERATIONS}"), first.at, what);
        }
        Some(items.len())
    }

    fn operation<'n>(&mut self, n: usize, item: &'n Node, ids: &mut BTreeMap<&'n str, usize>) {
        let at = |name: &str| format!("/Operations/{n}/{name}");
        if !matches!(item.value, Value::Object(_)) {
            self.add(&format!("/Operations/{n}"), item.at, "must be an object");
            return;
        }
        self.exactly(
            item,
            &at("method"),
            ("method", "POST"),
            "the service finds out by itself whether to create or to update",
        );
        self.exactly(item, &at("path"), ("path", "/Users"), "the API takes users only");
        match item.get("bulkId") {
            None => {
                self.add(&format!("/Operations/{n}"), item.at, "bulkId is missing: a text that no other operation has");
            }
            Some(id) => match id.text() {
                None | Some("") => self.add(&at("bulkId"), id.at, "must be a text that is not empty"),
                Some(text) => {
                    if let Some(first) = ids.insert(text, n) {
                        ids.insert(text, first);
                        self.add(
                            &at("bulkId"),
                            id.at,
                            format!("is the one of /Operations/{first} again; each needs its own"),
                        );
                    }
                }
            },
        }
        match item.get("data") {
            None => self.add(&format!("/Operations/{n}"), item.at, "data is missing: the user"),
            Some(data) if !matches!(data.value, Value::Object(_)) => {
                self.add(&at("data"), data.at, "must be an object: the user");
            }
            Some(data) => match data.get("schemas") {
                Some(schemas) if names(schemas, USER) => {}
                Some(schemas) => self.add(
                    &at("data/schemas"),
                    schemas.at,
                    format!("must name {USER}, and the schema of each extension"),
                ),
                None => self.add(
                    &at("data"),
                    data.at,
                    format!("schemas is missing: it names {USER} and the schema of each extension"),
                ),
            },
        }
    }

    fn exactly(&mut self, item: &Node, pointer: &str, (name, wanted): (&str, &str), why: &str) {
        match item.get(name) {
            None => {
                let whole = pointer.trim_end_matches(name).trim_end_matches('/');
                self.add(whole, item.at, format!("{name} is missing: it must be \"{wanted}\""));
            }
            Some(node) if node.text() == Some(wanted) => {}
            Some(node) => self.add(pointer, node.at, format!("must be \"{wanted}\": {why}")),
        }
    }
}

/// Whether a list of schemas names this one.
fn names(schemas: &Node, wanted: &str) -> bool {
    schemas.items().is_some_and(|items| items.iter().any(|item| item.text() == Some(wanted)))
}

/// A name inside a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(id: &str) -> String {
        format!(
            r#"{{"method": "POST", "bulkId": "{id}", "path": "/Users", "data": {{"schemas": ["{USER}"], "externalId": "{id}"}}}}"#
        )
    }

    fn payload(operations: &[String]) -> String {
        format!(
            "{{\n\"schemas\": [\"{MESSAGE}\"],\n\"Operations\": [\n{}\n],\n\"failOnErrors\": null\n}}",
            operations.join(",\n")
        )
    }

    fn places(text: &str) -> Vec<(String, usize)> {
        check(text).unwrap().mistakes.into_iter().map(|m| (m.pointer, m.line)).collect()
    }

    #[test]
    fn a_good_payload_has_no_mistakes() {
        let text = payload(&[operation("a"), operation("b")]);
        let checked = check(&text).unwrap();
        assert_eq!((checked.operations, checked.is_clean(), checked.content_type), (Some(2), true, None));
        let curl = format!("curl -X POST -H 'Content-Type: Application/SCIM+json' -d '{text}'");
        assert!(check(&curl).unwrap().is_clean());
        assert_eq!(check("the Operations of today"), None);
        assert_eq!(check(r#"{"a": 1}"#), None);
    }

    #[test]
    fn each_part_of_the_contract_is_checked_and_its_place_is_told() {
        let good = payload(&[operation("a"), operation("b")]);
        assert_eq!(good.lines().nth(3).unwrap(), format!("{},", operation("a")));
        for (from, to, pointer, line) in [
            ("BulkRequest", "BulkResponse", "/schemas", 2),
            ("\"schemas\": [\"urn:ietf:params:scim:api", "\"schema\": [\"urn:ietf:params:scim:api", "", 1),
            ("\"Operations\"", "\"operations\"", "/operations", 3),
            ("\"failOnErrors\": null", "\"failOnErrors\": \"1\"", "/failOnErrors", 7),
            ("\"method\": \"POST\"", "\"method\": \"PATCH\"", "/Operations/0/method", 4),
            ("\"method\": \"POST\", ", "", "/Operations/0", 4),
            ("\"/Users\"", "\"/Users/7\"", "/Operations/0/path", 4),
            ("\"bulkId\": \"a\", ", "", "/Operations/0", 4),
            ("\"bulkId\": \"a\"", "\"bulkId\": 7", "/Operations/0/bulkId", 4),
            ("\"bulkId\": \"a\"", "\"bulkId\": \"b\"", "/Operations/1/bulkId", 5),
            ("core:2.0:User", "core:2.0:Group", "/Operations/0/data/schemas", 4),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good, "{from}");
            assert_eq!(places(&text), [(pointer.to_owned(), line)], "{from} -> {to}");
        }
    }

    #[test]
    fn the_header_and_broken_json_are_told_with_line_and_column() {
        let text = format!("POST /bulkUpload\nContent-Type: application/json\n\n{}", payload(&[operation("a")]));
        let checked = check(&text).unwrap();
        assert_eq!(checked.content_type.as_deref(), Some("application/json"));
        let mistake = &checked.mistakes[0];
        assert_eq!((mistake.pointer.as_str(), mistake.line, mistake.column), ("Content-Type", 2, 15));
        let broken = payload(&[operation("a")]).replacen("\"path\": \"/Users\",", "\"path\": \"/Users\"", 1);
        let checked = check(&broken).unwrap();
        assert_eq!((checked.operations, checked.mistakes[0].line), (None, 4));
        assert!(checked.mistakes[0].what.contains("comma or }"), "{checked:?}");
    }

    #[test]
    fn fifty_operations_are_allowed_and_fifty_one_are_not() {
        let many = |n: usize| payload(&(0..n).map(|i| operation(&format!("id{i}"))).collect::<Vec<_>>());
        assert!(check(&many(50)).unwrap().is_clean());
        assert_eq!(places(&many(51)), [("/Operations/50".to_owned(), 54)]);
        assert_eq!(places(&payload(&[])), [("/Operations".to_owned(), 3)]);
    }

    #[test]
    fn many_mistakes_stay_a_short_list_and_no_value_is_repeated() {
        let all: Vec<String> =
            (0..300).map(|_| r#"{"method": "PUT", "path": "/Secret/anna@x.example"}"#.to_owned()).collect();
        let checked = check(&payload(&all)).unwrap();
        assert_eq!((checked.mistakes.len(), checked.more), (BulkCheck::MOST, 300 * 4 + 1 - BulkCheck::MOST));
        let said = checked.lines().join("\n");
        assert!(!said.contains("Secret") && !said.contains("anna"), "{said}");
    }

    #[test]
    fn a_template_before_the_payload_is_not_taken_for_it() {
        let text = format!(
            "POST /servicePrincipals/{{sp}}/synchronization/jobs/{{job}}/bulkUpload\n{}",
            payload(&[operation("a")])
        );
        assert!(check(&text).unwrap().is_clean());
    }
}
