//! JSON with places: where in the text each value begins.
//!
//! Never fails without naming the place, never goes deeper than [`DEPTH`], takes time linear in the text. Begin with
//! [`parse`].

/// Deepest nesting that is read.
const DEPTH: usize = 64;

/// A value and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) value: Value,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Members in the order of the text: name, where the name begins, value.
    Object(Vec<(String, usize, Node)>),
    Array(Vec<Node>),
    Text(String),
    Number,
    Bool,
    Null,
}

/// Where the text stops being JSON, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl Node {
    /// The member of that name, the last one where there are several (as most readers do).
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.value {
            Value::Object(members) => members.iter().rev().find(|(known, _, _)| known == name).map(|(_, _, node)| node),
            Value::Array(_) | Value::Text(_) | Value::Number | Value::Bool | Value::Null => None,
        }
    }

    pub(super) fn items(&self) -> Option<&[Self]> {
        match &self.value {
            Value::Array(items) => Some(items),
            Value::Object(_) | Value::Text(_) | Value::Number | Value::Bool | Value::Null => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Object(_) | Value::Array(_) | Value::Number | Value::Bool | Value::Null => None,
        }
    }
}

/// Reads the value that begins at `start` (a byte offset); what follows it is not looked at.
pub(super) fn parse(text: &str, start: usize) -> Result<Node, Flaw> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: start };
    reader.value(0)
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn flaw<T>(&self, what: &'static str) -> Result<T, Flaw> {
        Err(Flaw { at: self.at.min(self.text.len()), what })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek().is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Flaw> {
        if depth > DEPTH {
            return self.flaw("the values are nested too deeply");
        }
        self.space();
        let at = self.at;
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool)?,
            Some(b'f') => self.word("false", Value::Bool)?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'\'') => return self.flaw("single quotation marks are not JSON; use \""),
            Some(0xE2) if self.rest().starts_with(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}']) => {
                return self.flaw("typographic quotation marks are not JSON; use \"");
            }
            Some(_) => return self.flaw("a value is expected here"),
            None => return self.flaw("the payload ends before it is complete"),
        };
        Ok(Node { at, value })
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Flaw> {
        if !self.rest().starts_with(word) {
            return self.flaw("a value is expected here");
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Flaw> {
        let start = self.at;
        while self.peek().is_some_and(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
            self.at += 1;
        }
        let number = self.text.get(start..self.at).unwrap_or_default();
        if serde_json::from_str::<serde_json::Number>(number).is_err() {
            self.at = start;
            return self.flaw("this is not a number");
        }
        Ok(Value::Number)
    }

    fn string(&mut self) -> Result<String, Flaw> {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    let literal = self.text.get(start..self.at).unwrap_or_default();
                    let Ok(text) = serde_json::from_str(literal) else {
                        self.at = start;
                        return self.flaw("this text has an escape that JSON does not know");
                    };
                    return Ok(text);
                }
                b'\\' => self.at += 2,
                0..=0x1f => {
                    return self.flaw("a line break or control character stands inside a text; write it as \\n");
                }
                _ => self.at += 1,
            }
        }
        self.at = start;
        self.flaw("a text begins here and does not end")
    }

    fn array(&mut self, depth: usize) -> Result<Value, Flaw> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::Array(items));
                }
                Some(_) => return self.flaw("a comma or ] is missing before this"),
                None => return self.flaw("the payload ends before it is complete"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Flaw> {
        let mut members = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(members));
        }
        loop {
            self.space();
            let at = self.at;
            match self.peek() {
                Some(b'"') => {}
                Some(b'}') => return self.flaw("a comma stands before the closing }"),
                Some(_) => return self.flaw("a name in quotation marks is expected here"),
                None => return self.flaw("the payload ends before it is complete"),
            }
            let name = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return self.flaw("a colon is missing before this");
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            members.push((name, at, node));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(members));
                }
                Some(_) => return self.flaw("a comma or } is missing before this"),
                None => return self.flaw("the payload ends before it is complete"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_where_they_begin() {
        let text = r#"x {"a": [1, "b\n", null], "c": {"d": true}}"#;
        let node = parse(text, 2).unwrap();
        let a = node.get("a").unwrap().items().unwrap();
        assert_eq!((a.len(), a[0].at, a[1].text(), &a[2].value), (3, 9, Some("b\n"), &Value::Null));
        assert_eq!(node.get("c").unwrap().get("d").unwrap().value, Value::Bool);
        assert_eq!(node.get("z"), None);
    }

    #[test]
    fn a_flaw_names_its_place() {
        for (text, at, part) in [
            ("{\"a\": 1,}", 8, "comma stands before"),
            ("{\"a\" 1}", 5, "colon"),
            ("{\"a\": \u{201c}b\u{201d}}", 6, "typographic"),
            ("{'a': 1}", 1, "quotation marks"),
            ("[1 2]", 3, "comma or ]"),
            ("{\"a\": \"b", 6, "does not end"),
            ("{\"a\": ", 6, "ends before"),
            ("{\"a\": \"\\q\"}", 6, "escape"),
            ("{\"a\": 01}", 6, "not a number"),
        ] {
            let flaw = parse(text, 0).unwrap_err();
            assert_eq!(flaw.at, at, "{text}");
            assert!(flaw.what.contains(part), "{text}: {}", flaw.what);
        }
        assert!(parse(&"[".repeat(5_000), 0).unwrap_err().what.contains("deeply"));
    }

    #[test]
    fn a_text_cut_anywhere_gives_a_flaw_and_no_panic() {
        let text = r#"{"ä": ["\u00e4", {"b": -1.5e3}], "c": "“x”"}"#;
        for end in (0..text.len()).filter(|i| text.is_char_boundary(*i)) {
            assert!(parse(&text[..end], 0).is_err(), "{end}");
        }
        assert!(parse(text, 0).is_ok());
    }
}
