//! What Slack takes, and whether a list of blocks keeps to it. Slack refuses a message as a whole, with little said about the
//! reason; so everything is checked here before it is sent.
//!
//! Never repairs anything. Begin with [`check`].

use serde_json::Value;
use std::collections::BTreeSet;

/// Blocks of a message.
pub const MESSAGE_BLOCKS: usize = 50;
/// Blocks of a modal or the home tab.
pub const VIEW_BLOCKS: usize = 100;
/// Characters of all texts of a message.
pub const MESSAGE_CHARS: usize = 10_000;
/// Bytes of all blocks of a message as JSON. Messages of about 13,200 characters are refused; what exactly is counted is not
/// published, so the containers are counted too.
pub const MESSAGE_BYTES: usize = 12_500;
/// The fallback text of a message.
pub const FALLBACK: usize = 3_000;
/// The text of a header.
pub const HEADER: usize = 150;
/// Elements of a context block.
pub const CONTEXT: usize = 10;
/// Elements of an actions block.
pub const ACTIONS: usize = 25;
/// The title of a modal and the labels of its buttons.
pub const VIEW_TITLE: usize = 24;
/// Any other single text.
const TEXT: usize = 3_000;
const ID: usize = 255;
const LABEL: usize = 75;
const VALUE: usize = 2_000;
const CONFIRM_TITLE: usize = 100;
const CONFIRM_TEXT: usize = 300;
const CONFIRM_BUTTON: usize = 30;
const TABLE_ROWS: usize = 100;
const TABLE_CELLS: usize = 20;
const FIELDS: usize = 10;
const FIELD: usize = 2_000;

/// Where blocks are to stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Where {
    /// In a message.
    #[default]
    Message,
    /// In a modal or the home tab, which take no table.
    View,
}

/// Everything that Slack would not take, each in one sentence; empty when all is well.
pub fn check(blocks: &[Value], place: Where) -> Vec<String> {
    let mut seen = Seen { place, ..Seen::default() };
    let most = if place == Where::Message { MESSAGE_BLOCKS } else { VIEW_BLOCKS };
    if blocks.is_empty() || blocks.len() > most {
        seen.wrong.push(format!("{} blocks, 1 to {most} are taken", blocks.len()));
    }
    for block in blocks {
        seen.block(block);
    }
    let chars: usize = blocks.iter().map(chars).sum();
    let bytes: usize = blocks.iter().map(bytes).sum();
    if place == Where::Message && (chars > MESSAGE_CHARS || bytes > MESSAGE_BYTES) {
        seen.wrong.push(format!("{chars} characters in {bytes} bytes are too many for one message"));
    }
    if seen.tables > 1 {
        seen.wrong.push(format!("{} tables in one message", seen.tables));
    }
    seen.wrong
}

/// Characters of all texts in a value.
pub fn chars(value: &Value) -> usize {
    match value {
        Value::Object(all) => all
            .iter()
            .map(|(key, one)| match one {
                Value::String(text) if key == "text" => text.chars().count(),
                one => chars(one),
            })
            .sum(),
        Value::Array(all) => all.iter().map(chars).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Length of a value as JSON.
pub fn bytes(value: &Value) -> usize {
    value.to_string().len()
}

#[derive(Default)]
struct Seen {
    place: Where,
    block_ids: BTreeSet<String>,
    action_ids: BTreeSet<String>,
    tables: usize,
    wrong: Vec<String>,
}

impl Seen {
    fn block(&mut self, block: &Value) {
        if let Some(id) = block.get("block_id") {
            let id = id.as_str().unwrap_or_default().to_owned();
            if id.is_empty() || id.len() > ID || !self.block_ids.insert(id.clone()) {
                self.wrong.push(format!("the block_id {id:?} is empty, too long or used twice"));
            }
        }
        match kind(block) {
            "header" => self.text(&block["text"], HEADER, "header"),
            "divider" => {}
            "context" => {
                self.count(&block["elements"], CONTEXT, "context");
                each(&block["elements"]).for_each(|one| self.text(one, TEXT, "context"));
            }
            "section" => self.section(block),
            "rich_text" => self.rich_text(block),
            "actions" => {
                self.count(&block["elements"], ACTIONS, "actions");
                each(&block["elements"]).for_each(|one| self.element(one));
            }
            "table" => self.table(block),
            "input" if self.place == Where::View => {
                self.text(&block["label"], 2_000, "label of an input");
                self.element(&block["element"]);
            }
            other => self.wrong.push(format!("a block of the type {other:?} is not taken here")),
        }
    }

    fn section(&mut self, block: &Value) {
        let fields = &block["fields"];
        if !block["text"].is_null() {
            self.text(&block["text"], TEXT, "section");
        } else if fields.is_null() {
            self.wrong.push("a section without text and fields".to_owned());
        }
        if !fields.is_null() {
            self.count(fields, FIELDS, "fields");
            each(fields).for_each(|one| self.text(one, FIELD, "field"));
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"]);
        }
    }

    fn rich_text(&mut self, block: &Value) {
        self.count(&block["elements"], usize::MAX, "rich_text");
        for part in each(&block["elements"]) {
            match kind(part) {
                "rich_text_section" | "rich_text_preformatted" | "rich_text_quote" => self.pieces(part),
                "rich_text_list" => {
                    self.count(&part["elements"], usize::MAX, "rich_text_list");
                    each(&part["elements"]).for_each(|item| self.pieces(item));
                }
                other => self.wrong.push(format!("{other:?} is no part of rich text")),
            }
        }
    }

    fn pieces(&mut self, part: &Value) {
        self.count(&part["elements"], usize::MAX, kind(part));
        for piece in each(&part["elements"]) {
            match kind(piece) {
                "text" | "link" => {
                    let text = piece["text"].as_str().unwrap_or_default();
                    self.length(text, TEXT, "piece of rich text");
                }
                "date" => {
                    if piece["timestamp"].as_i64().is_none() || piece["fallback"].as_str().is_none() {
                        self.wrong.push("a date without its instant or fallback".to_owned());
                    }
                }
                other => self.wrong.push(format!("{other:?} is no piece of our rich text")),
            }
        }
    }

    fn table(&mut self, block: &Value) {
        if self.place == Where::View {
            self.wrong.push("a table in a view".to_owned());
        }
        self.tables += 1;
        self.count(&block["rows"], TABLE_ROWS, "rows");
        for row in each(&block["rows"]) {
            self.count(row, TABLE_CELLS, "cells");
            for cell in each(row) {
                match kind(cell) {
                    "rich_text" => self.rich_text(cell),
                    _ => self.length(cell["text"].as_str().unwrap_or_default(), VALUE, "cell"),
                }
            }
        }
    }

    fn element(&mut self, element: &Value) {
        if kind(element) != "button" && kind(element) != "plain_text_input" {
            self.wrong.push(format!("an element of the type {:?}", kind(element)));
        }
        let id = element["action_id"].as_str().unwrap_or_default().to_owned();
        if id.is_empty() || id.len() > ID || !self.action_ids.insert(id.clone()) {
            self.wrong.push(format!("the action_id {id:?} is empty, too long or used twice"));
        }
        if kind(element) != "button" {
            return;
        }
        self.text(&element["text"], LABEL, "label of a button");
        let value = element["value"].as_str().unwrap_or_default();
        if value.len() > VALUE || element["url"].as_str().is_some_and(|url| url.len() > TEXT) {
            self.wrong.push("the value or address of a button is too long".to_owned());
        }
        if !matches!(element["style"].as_str(), None | Some("primary" | "danger")) {
            self.wrong.push(format!("a button in the style {}", element["style"]));
        }
        let confirm = &element["confirm"];
        if !confirm.is_null() {
            self.text(&confirm["title"], CONFIRM_TITLE, "title of a confirmation");
            self.text(&confirm["text"], CONFIRM_TEXT, "text of a confirmation");
            self.text(&confirm["confirm"], CONFIRM_BUTTON, "label of a confirmation");
            self.text(&confirm["deny"], CONFIRM_BUTTON, "label of a confirmation");
        }
    }

    fn text(&mut self, object: &Value, most: usize, what: &str) {
        if !matches!(kind(object), "plain_text" | "mrkdwn") || (what == "header" && kind(object) != "plain_text") {
            self.wrong.push(format!("{what}: {:?} is no text", kind(object)));
        }
        self.length(object["text"].as_str().unwrap_or_default(), most, what);
    }

    fn length(&mut self, text: &str, most: usize, what: &str) {
        let count = text.chars().count();
        if count == 0 || count > most {
            self.wrong.push(format!("{what}: {count} characters, 1 to {most} are taken"));
        }
    }

    fn count(&mut self, list: &Value, most: usize, what: &str) {
        let count = list.as_array().map_or(0, Vec::len);
        if count == 0 || count > most {
            self.wrong.push(format!("{what}: {count} elements, 1 to {most} are taken"));
        }
    }
}

fn kind(value: &Value) -> &str {
    value["type"].as_str().unwrap_or_default()
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn text(len: usize) -> Value {
        json!({ "type": "plain_text", "text": "x".repeat(len) })
    }

    fn button(id: &str, label: usize) -> Value {
        json!({ "type": "button", "action_id": id, "text": text(label), "value": "v" })
    }

    fn piece(len: usize) -> Value {
        json!({ "type": "rich_text", "elements": [{ "type": "rich_text_section", "elements":
            [{ "type": "text", "text": "x".repeat(len) }] }] })
    }

    #[test]
    fn each_limit_is_held_at_its_edge() {
        let row = |cells: usize| vec![json!({ "type": "raw_text", "text": "x" }); cells];
        let table = |rows: usize, cells| json!({ "type": "table", "rows": vec![row(cells); rows] });
        let confirm = |title, body, label| {
            let mut button = button("a", 5);
            button["confirm"] =
                json!({ "title": text(title), "text": text(body), "confirm": text(label), "deny": text(label) });
            json!({ "type": "actions", "elements": [button] })
        };
        let actions = |n: usize, label| {
            let all: Vec<Value> = (0..n).map(|n| button(&format!("a{n}"), label)).collect();
            json!({ "type": "actions", "elements": all })
        };
        let fits = [
            json!({ "type": "header", "text": text(150) }),
            json!({ "type": "context", "elements": vec![text(1); 10] }),
            json!({ "type": "section", "text": text(3_000) }),
            json!({ "type": "section", "fields": vec![text(900); 10] }),
            piece(3_000),
            actions(25, 75),
            table(100, 2),
            table(1, 20),
            confirm(100, 300, 30),
        ];
        let too_much = [
            json!({ "type": "header", "text": text(151) }),
            json!({ "type": "header", "text": { "type": "mrkdwn", "text": "x" } }),
            json!({ "type": "context", "elements": vec![text(1); 11] }),
            json!({ "type": "context", "elements": [] }),
            json!({ "type": "section" }),
            json!({ "type": "section", "text": text(3_001) }),
            json!({ "type": "section", "text": text(0) }),
            json!({ "type": "section", "fields": vec![text(1); 11] }),
            json!({ "type": "section", "fields": [text(2_001)] }),
            piece(3_001),
            piece(0),
            actions(26, 75),
            actions(1, 76),
            actions(0, 1),
            table(101, 2),
            table(1, 21),
            confirm(101, 300, 30),
            confirm(100, 301, 30),
            confirm(100, 300, 31),
            json!({ "type": "input", "label": text(1), "element": button("a", 1) }),
            json!({ "type": "unheard_of" }),
        ];
        for block in fits {
            assert_eq!(check(std::slice::from_ref(&block), Where::Message), Vec::<String>::new(), "{block:.120}");
        }
        for block in too_much {
            assert!(!check(std::slice::from_ref(&block), Where::Message).is_empty(), "{block:.120}");
        }
    }

    #[test]
    fn a_message_as_a_whole_has_limits_too() {
        let divider = json!({ "type": "divider" });
        assert!(check(&vec![divider.clone(); 50], Where::Message).is_empty());
        assert_eq!(check(&vec![divider.clone(); 51], Where::Message).len(), 1);
        assert!(check(&vec![divider; 100], Where::View).is_empty());
        assert_eq!(check(&[], Where::Message).len(), 1);
        assert!(check(&vec![piece(2_500); 4], Where::Message).is_empty());
        assert_eq!(check(&[vec![piece(2_500); 4], vec![piece(1)]].concat(), Where::Message).len(), 1);
        let table = json!({ "type": "table", "rows": [[{ "type": "raw_text", "text": "x" }]] });
        assert_eq!(check(&[table.clone(), table.clone()], Where::Message).len(), 1);
        assert_eq!(check(&[table], Where::View).len(), 1);
    }

    #[test]
    fn ids_are_used_once() {
        let with = |id: &str| json!({ "type": "divider", "block_id": id });
        assert!(check(&[with("a"), with("b")], Where::Message).is_empty());
        assert_eq!(check(&[with("a"), with("a")], Where::Message).len(), 1);
        assert_eq!(check(&[with(&"x".repeat(256))], Where::Message).len(), 1);
        let twice = json!({ "type": "actions", "elements": [button("a", 1), button("a", 1)] });
        assert_eq!(check(&[twice], Where::Message).len(), 1);
    }
}
