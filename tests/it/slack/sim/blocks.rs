//! The limits of Block Kit, from its published reference: what Slack answers `invalid_blocks` or `msg_blocks_too_long` to.

use serde_json::Value;
use std::collections::BTreeSet;

/// Text over which Slack refuses the blocks of one message.
const ALL_TEXT: usize = 13_000;

/// What is wrong, by place.
#[derive(Default)]
struct Check {
    wrong: Vec<String>,
    ids: BTreeSet<String>,
    actions: BTreeSet<String>,
    text: usize,
    /// Inputs and the like stand in a view only.
    view: bool,
}

/// Checks the blocks of a message. `Err`: Slack's code, and why.
pub(crate) fn check_message(blocks: &Value) -> Result<(), (&'static str, Vec<String>)> {
    let mut check = Check::default();
    check.all(blocks, 50);
    if !check.wrong.is_empty() {
        return Err(("invalid_blocks", check.wrong));
    }
    if check.text > ALL_TEXT {
        return Err(("msg_blocks_too_long", vec![format!("{} characters of text", check.text)]));
    }
    Ok(())
}

/// Checks a modal or a home tab.
pub(crate) fn check_view(view: &Value) -> Result<(), Vec<String>> {
    let mut check = Check { view: true, ..Check::default() };
    let modal = view["type"] == "modal";
    check.when(modal || view["type"] == "home", "view.type", "modal or home");
    if modal {
        check.text_object(&view["title"], "view.title", (1, 24), true);
        for key in ["submit", "close"] {
            if !view[key].is_null() {
                check.text_object(&view[key], key, (1, 24), true);
            }
        }
    }
    check.length(&view["callback_id"], "callback_id", 255);
    check.length(&view["external_id"], "external_id", 255);
    check.length(&view["private_metadata"], "private_metadata", 3000);
    check.all(&view["blocks"], 100);
    let inputs = list(&view["blocks"]).iter().any(|block| block["type"] == "input");
    check.when(!inputs || !modal || !view["submit"].is_null(), "view.submit", "needed where there is an input");
    if check.wrong.is_empty() { Ok(()) } else { Err(check.wrong) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn chars(value: &Value) -> usize {
    value.as_str().map_or(0, |text| text.chars().count())
}

impl Check {
    fn when(&mut self, ok: bool, at: &str, what: &str) {
        if !ok {
            self.wrong.push(format!("{at}: {what}"));
        }
    }

    fn length(&mut self, value: &Value, at: &str, max: usize) {
        let ok = value.is_null() || (value.is_string() && chars(value) <= max);
        self.when(ok, at, &format!("a text of at most {max} characters"));
    }

    fn count(&mut self, value: &Value, at: &str, (min, max): (usize, usize)) {
        let n = list(value).len();
        self.when(value.is_array() && n >= min && n <= max, at, &format!("{min} to {max} of them, not {n}"));
    }

    /// `plain`: plain_text only.
    fn text_object(&mut self, object: &Value, at: &str, (min, max): (usize, usize), plain: bool) {
        let n = chars(&object["text"]);
        self.text += n;
        let kind = object["type"].as_str().unwrap_or_default();
        self.when(kind == "plain_text" || (kind == "mrkdwn" && !plain), at, &format!("a text object, not `{kind}`"));
        self.when(
            object["text"].is_string() && n >= min && n <= max,
            at,
            &format!("{min} to {max} characters, not {n}"),
        );
        self.when(object["emoji"].is_null() || kind == "plain_text", at, "emoji is for plain_text");
        self.when(object["verbatim"].is_null() || kind == "mrkdwn", at, "verbatim is for mrkdwn");
        self.keys(object, at, &["type", "text", "emoji", "verbatim"]);
    }

    fn keys(&mut self, object: &Value, at: &str, allowed: &[&str]) {
        let strangers: Vec<&str> = object
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys())
            .map(String::as_str)
            .filter(|key| !allowed.contains(key))
            .collect();
        self.when(strangers.is_empty(), at, &format!("unknown keys {strangers:?}"));
    }

    fn all(&mut self, blocks: &Value, max: usize) {
        self.count(blocks, "blocks", (0, max));
        for (at, block) in list(blocks).iter().enumerate() {
            self.block(block, &format!("blocks[{at}]"));
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        self.length(&block["block_id"], &format!("{at}.block_id"), 255);
        if let Some(id) = block["block_id"].as_str() {
            let new = self.ids.insert(id.to_owned());
            self.when(new, at, "its block_id is used twice");
        }
        match block["type"].as_str().unwrap_or_default() {
            "section" => self.section(block, at),
            "divider" => self.keys(block, at, &["type", "block_id"]),
            "header" => {
                self.keys(block, at, &["type", "block_id", "text", "level"]);
                self.text_object(&block["text"], at, (1, 150), true);
            }
            "context" => {
                self.keys(block, at, &["type", "block_id", "elements"]);
                self.count(&block["elements"], at, (1, 10));
                for element in list(&block["elements"]) {
                    match element["type"].as_str() {
                        Some("image") => self.image(element, at),
                        _ => self.text_object(element, at, (1, 3000), false),
                    }
                }
            }
            "actions" => {
                self.keys(block, at, &["type", "block_id", "elements"]);
                self.count(&block["elements"], at, (1, 25));
                for element in list(&block["elements"]) {
                    self.element(element, at);
                }
            }
            "rich_text" => {
                self.keys(block, at, &["type", "block_id", "elements"]);
                self.count(&block["elements"], at, (1, 1000));
                for element in list(&block["elements"]) {
                    self.rich(element, at);
                }
            }
            "input" => self.input(block, at),
            "image" => self.image(block, at),
            "table" => self.table(block, at),
            "markdown" => {
                self.keys(block, at, &["type", "block_id", "text"]);
                self.length(&block["text"], at, 12_000);
                self.text += chars(&block["text"]);
            }
            other => self.when(false, at, &format!("unsupported type: {other}")),
        }
    }

    fn section(&mut self, block: &Value, at: &str) {
        self.keys(block, at, &["type", "block_id", "text", "fields", "accessory", "expand"]);
        self.when(!block["text"].is_null() || !block["fields"].is_null(), at, "text or fields");
        if !block["text"].is_null() {
            self.text_object(&block["text"], at, (1, 3000), false);
        }
        if !block["fields"].is_null() {
            self.count(&block["fields"], at, (1, 10));
            for field in list(&block["fields"]) {
                self.text_object(field, at, (1, 2000), false);
            }
        }
        if !block["accessory"].is_null() {
            self.element(&block["accessory"], at);
        }
    }

    fn image(&mut self, image: &Value, at: &str) {
        self.when(image["alt_text"].is_string(), at, "an image has an alt_text");
        self.length(&image["alt_text"], at, 2000);
        self.length(&image["image_url"], at, 3000);
    }

    fn table(&mut self, block: &Value, at: &str) {
        self.keys(block, at, &["type", "block_id", "rows", "column_settings"]);
        self.count(&block["rows"], at, (1, 100));
        for row in list(&block["rows"]) {
            self.count(row, at, (1, 20));
            for cell in list(row) {
                match cell["type"].as_str() {
                    Some("raw_text") => {
                        self.when(chars(&cell["text"]) > 0, at, "a cell has text");
                        self.text += chars(&cell["text"]);
                    }
                    Some("rich_text") => {
                        for element in list(&cell["elements"]) {
                            self.rich(element, at);
                        }
                    }
                    other => self.when(false, at, &format!("unsupported cell {other:?}")),
                }
            }
        }
    }

    fn input(&mut self, block: &Value, at: &str) {
        let keys = ["type", "block_id", "label", "element", "hint", "optional", "dispatch_action"];
        self.keys(block, at, &keys);
        self.when(self.view, at, "an input stands in a view");
        self.text_object(&block["label"], at, (1, 2000), true);
        if !block["hint"].is_null() {
            self.text_object(&block["hint"], at, (1, 2000), true);
        }
        self.element(&block["element"], at);
    }

    fn element(&mut self, element: &Value, at: &str) {
        let kind = element["type"].as_str().unwrap_or_default();
        let action = element["action_id"].as_str().unwrap_or_default().to_owned();
        self.length(&element["action_id"], at, 255);
        if !action.is_empty() {
            let new = self.actions.insert(action);
            self.when(new, at, "an action_id is used twice");
        }
        match kind {
            "button" => {
                let keys = ["type", "action_id", "text", "value", "url", "style", "confirm", "accessibility_label"];
                self.keys(element, at, &keys);
                self.text_object(&element["text"], at, (1, 75), true);
                self.length(&element["value"], at, 2000);
                self.length(&element["url"], at, 3000);
                self.length(&element["accessibility_label"], at, 75);
                let style = element["style"].as_str();
                self.when(element["style"].is_null() || matches!(style, Some("primary" | "danger")), at, "style");
                self.confirm(&element["confirm"], at);
            }
            "plain_text_input" => {
                self.when(self.view, at, "a text input stands in a view");
                self.length(&element["initial_value"], at, 3000);
                let max = element["max_length"].as_u64().unwrap_or(3000);
                self.when((1..=3000).contains(&max), at, "max_length");
                self.placeholder(element, at);
            }
            "static_select" | "radio_buttons" | "checkboxes" | "overflow" => {
                let most = if kind == "static_select" {
                    100
                } else if kind == "overflow" {
                    5
                } else {
                    10
                };
                self.count(&element["options"], at, (1, most));
                for option in list(&element["options"]) {
                    self.text_object(&option["text"], at, (1, 75), kind == "static_select");
                    self.when(chars(&option["value"]) > 0, at, "an option has a value");
                    self.length(&option["value"], at, 150);
                }
                self.placeholder(element, at);
                self.confirm(&element["confirm"], at);
            }
            "image" => self.image(element, at),
            other => self.when(false, at, &format!("unsupported element: {other}")),
        }
    }

    fn placeholder(&mut self, element: &Value, at: &str) {
        if !element["placeholder"].is_null() {
            self.text_object(&element["placeholder"], at, (1, 150), true);
        }
    }

    fn confirm(&mut self, confirm: &Value, at: &str) {
        if confirm.is_null() {
            return;
        }
        self.keys(confirm, at, &["title", "text", "confirm", "deny", "style"]);
        self.text_object(&confirm["title"], at, (1, 100), true);
        self.text_object(&confirm["text"], at, (1, 300), false);
        self.text_object(&confirm["confirm"], at, (1, 30), true);
        self.text_object(&confirm["deny"], at, (1, 30), true);
    }

    fn rich(&mut self, element: &Value, at: &str) {
        match element["type"].as_str().unwrap_or_default() {
            "rich_text_section" | "rich_text_quote" | "rich_text_preformatted" => {
                self.when(element["elements"].is_array(), at, "elements");
                for leaf in list(&element["elements"]) {
                    self.leaf(leaf, at);
                }
            }
            "rich_text_list" => {
                let style = element["style"].as_str().unwrap_or_default();
                self.when(matches!(style, "bullet" | "ordered"), at, "the style of a list");
                for inner in list(&element["elements"]) {
                    self.rich(inner, at);
                }
            }
            other => self.when(false, at, &format!("unsupported rich text: {other}")),
        }
    }

    fn leaf(&mut self, leaf: &Value, at: &str) {
        self.text += chars(&leaf["text"]);
        match leaf["type"].as_str().unwrap_or_default() {
            "text" => self.when(chars(&leaf["text"]) > 0, at, "a text of at least one character"),
            "link" => self.when(chars(&leaf["url"]) > 0, at, "a link has a url"),
            "user" => self.when(leaf["user_id"].is_string(), at, "user_id"),
            "emoji" => self.when(leaf["name"].is_string(), at, "name"),
            "date" => self.when(leaf["timestamp"].is_i64() && leaf["format"].is_string(), at, "timestamp and format"),
            "channel" | "usergroup" | "broadcast" | "color" => {}
            other => self.when(false, at, &format!("unsupported element of rich text: {other}")),
        }
    }
}
