//! The filter languages of both vendors over JSON records: SCIM-like for Okta, OData for Graph.
//!
//! Never guesses: text that is not understood is an error, so that a caller cannot read "nothing found" into it.
//! Begin with [`parse`] and [`Expr::holds`].
use std::iter::Peekable;
use std::vec::IntoIter;

use serde_json::Value;

use crate::sandbox::clock::parse_time;

/// Which language a filter is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `profile.email eq "a@x.example"`
    Okta,
    /// `userPrincipalName eq 'a@x.example'`
    Graph,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Test { path: Vec<String>, op: Op, values: Vec<String> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    Starts,
    Contains,
    Present,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Comma,
    Word(String),
    Text(String),
}

type Tokens = Peekable<IntoIter<Token>>;

/// Reads a whole filter; `None` when any part of it is not understood.
pub(crate) fn parse(text: &str, dialect: Dialect) -> Option<Expr> {
    let mut tokens = tokens(text, dialect)?.into_iter().peekable();
    let expr = any_of(&mut tokens, dialect)?;
    tokens.next().is_none().then_some(expr)
}

fn tokens(text: &str, dialect: Dialect) -> Option<Vec<Token>> {
    let quote = if dialect == Dialect::Okta { '"' } else { '\'' };
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '(' => out.push(Token::Open),
            ')' => out.push(Token::Close),
            ',' => out.push(Token::Comma),
            c if c.is_whitespace() => {}
            c if c == quote => {
                let mut inner = String::new();
                loop {
                    match chars.next()? {
                        '\\' if dialect == Dialect::Okta => inner.push(chars.next()?),
                        c if c == quote => {
                            // Graph doubles a quote inside a text.
                            if dialect == Dialect::Graph && chars.next_if_eq(&quote).is_some() {
                                inner.push(quote);
                            } else {
                                break;
                            }
                        }
                        c => inner.push(c),
                    }
                }
                out.push(Token::Text(inner));
            }
            c => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && !"(),\"'".contains(*c)) {
                    word.push(c);
                }
                out.push(Token::Word(word));
            }
        }
    }
    Some(out)
}

fn keyword(tokens: &mut Tokens, wanted: &str) -> bool {
    tokens.next_if(|t| matches!(t, Token::Word(w) if w.eq_ignore_ascii_case(wanted))).is_some()
}

fn any_of(tokens: &mut Tokens, dialect: Dialect) -> Option<Expr> {
    let mut parts = vec![all_of(tokens, dialect)?];
    while keyword(tokens, "or") {
        parts.push(all_of(tokens, dialect)?);
    }
    if parts.len() == 1 { parts.pop() } else { Some(Expr::Or(parts)) }
}

fn all_of(tokens: &mut Tokens, dialect: Dialect) -> Option<Expr> {
    let mut parts = vec![single(tokens, dialect)?];
    while keyword(tokens, "and") {
        parts.push(single(tokens, dialect)?);
    }
    if parts.len() == 1 { parts.pop() } else { Some(Expr::And(parts)) }
}

fn single(tokens: &mut Tokens, dialect: Dialect) -> Option<Expr> {
    if keyword(tokens, "not") {
        return Some(Expr::Not(Box::new(single(tokens, dialect)?)));
    }
    if tokens.next_if_eq(&Token::Open).is_some() {
        let inner = any_of(tokens, dialect)?;
        tokens.next_if_eq(&Token::Close)?;
        return Some(inner);
    }
    let Token::Word(word) = tokens.next()? else { return None };
    if dialect == Dialect::Graph && tokens.next_if_eq(&Token::Open).is_some() {
        return call(tokens, &word);
    }
    let path = path(&word, dialect);
    test(tokens, path, dialect)
}

/// `startswith(a,'b')` and `list/any(v:v eq 'x')`; the opening parenthesis is gone already.
fn call(tokens: &mut Tokens, name: &str) -> Option<Expr> {
    if let Some(list) = name.strip_suffix("/any") {
        let Token::Word(bound) = tokens.next()? else { return None };
        let (variable, inner) = bound.split_once(':')?;
        let mut whole = path(list, Dialect::Graph);
        let mut rest = path(inner, Dialect::Graph);
        if rest.is_empty() || rest.remove(0) != variable {
            return None;
        }
        whole.extend(rest);
        let found = test(tokens, whole, Dialect::Graph)?;
        tokens.next_if_eq(&Token::Close)?;
        return Some(found);
    }
    let op = match name.to_ascii_lowercase().as_str() {
        "startswith" => Op::Starts,
        "contains" => Op::Contains,
        _ => return None,
    };
    let (Token::Word(property), Token::Comma, value) = (tokens.next()?, tokens.next()?, tokens.next()?) else {
        return None;
    };
    let Token::Text(value) = value else { return None };
    tokens.next_if_eq(&Token::Close)?;
    Some(Expr::Test { path: path(&property, Dialect::Graph), op, values: vec![value] })
}

fn test(tokens: &mut Tokens, path: Vec<String>, dialect: Dialect) -> Option<Expr> {
    let Token::Word(op) = tokens.next()? else { return None };
    let op = match op.to_ascii_lowercase().as_str() {
        "eq" => Op::Eq,
        "ne" => Op::Ne,
        "gt" => Op::Gt,
        "ge" => Op::Ge,
        "lt" => Op::Lt,
        "le" => Op::Le,
        "sw" if dialect == Dialect::Okta => Op::Starts,
        "co" if dialect == Dialect::Okta => Op::Contains,
        "pr" if dialect == Dialect::Okta => return Some(Expr::Test { path, op: Op::Present, values: Vec::new() }),
        "in" if dialect == Dialect::Graph => return list(tokens).map(|values| Expr::Test { path, op: Op::Eq, values }),
        _ => return None,
    };
    let value = value(tokens)?;
    Some(Expr::Test { path, op, values: vec![value] })
}

fn list(tokens: &mut Tokens) -> Option<Vec<String>> {
    tokens.next_if_eq(&Token::Open)?;
    let mut values = vec![value(tokens)?];
    while tokens.next_if_eq(&Token::Comma).is_some() {
        values.push(value(tokens)?);
    }
    tokens.next_if_eq(&Token::Close)?;
    Some(values)
}

fn value(tokens: &mut Tokens) -> Option<String> {
    match tokens.next()? {
        Token::Text(text) | Token::Word(text) => Some(text),
        Token::Open | Token::Close | Token::Comma => None,
    }
}

fn path(word: &str, dialect: Dialect) -> Vec<String> {
    let separator = if dialect == Dialect::Okta { '.' } else { '/' };
    word.split(separator).map(ToOwned::to_owned).collect()
}

impl Expr {
    /// Every `(path, operator)` of the filter, so that a caller refuses what the vendor would refuse.
    pub(crate) fn tests(&self) -> Vec<(String, Op)> {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::tests).collect(),
            Self::Not(inner) => inner.tests().into_iter().chain([(String::new(), Op::Ne)]).collect(),
            Self::Test { path, op, .. } => vec![(path.join("."), *op)],
        }
    }

    /// Does the record satisfy the filter? `exact` tells for which paths upper and lower case differ.
    pub(crate) fn holds(&self, record: &Value, exact: fn(&str) -> bool) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|p| p.holds(record, exact)),
            Self::Or(parts) => parts.iter().any(|p| p.holds(record, exact)),
            Self::Not(inner) => !inner.holds(record, exact),
            Self::Test { path, op, values } => {
                let mut found = Vec::new();
                reach(record, path, &mut found);
                let exact = exact(&path.join("."));
                match op {
                    Op::Present => found.iter().any(|v| !v.is_null()),
                    Op::Ne => !found.iter().any(|v| values.iter().any(|w| compare(v, Op::Eq, w, exact))),
                    _ => {
                        (found.is_empty() && *op == Op::Eq && values.iter().any(|v| v == "null"))
                            || found.iter().any(|v| values.iter().any(|w| compare(v, *op, w, exact)))
                    }
                }
            }
        }
    }
}

/// Values at a path; a list on the way means each of its members.
fn reach<'a>(record: &'a Value, path: &[String], found: &mut Vec<&'a Value>) {
    if let Value::Array(members) = record {
        for member in members {
            reach(member, path, found);
        }
        return;
    }
    match path.split_first() {
        None => found.push(record),
        Some((key, rest)) => {
            if let Some(inner) = record.get(key) {
                reach(inner, rest, found);
            }
        }
    }
}

fn compare(value: &Value, op: Op, wanted: &str, exact: bool) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Null => return op == Op::Eq && wanted == "null",
        other => other.to_string(),
    };
    let (a, b) = if exact { (text, wanted.to_owned()) } else { (text.to_lowercase(), wanted.to_lowercase()) };
    let order = || match (parse_time(&a.to_uppercase()), parse_time(&b.to_uppercase())) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(&b),
    };
    match op {
        Op::Eq => a == b,
        Op::Ne => a != b,
        Op::Gt => order().is_gt(),
        Op::Ge => order().is_ge(),
        Op::Lt => order().is_lt(),
        Op::Le => order().is_le(),
        Op::Starts => a.starts_with(&b),
        Op::Contains => a.contains(&b),
        Op::Present => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graph(filter: &str) -> bool {
        let record = json!({"id": "1", "mail": "A@x.example", "proxyAddresses": ["SMTP:a@x.example", "smtp:b@x.example"],
            "onPremisesImmutableId": "aB+/=", "surname": "O'Neil", "deletedDateTime": null,
            "targetResources": [{"id": "7"}], "activityDateTime": "2026-01-02T03:04:05Z"});
        parse(filter, Dialect::Graph).expect(filter).holds(&record, |p| p == "onPremisesImmutableId")
    }

    #[test]
    fn graph_filters() {
        assert!(graph("mail eq 'a@X.example'"));
        assert!(graph("proxyAddresses/any(p:p eq 'smtp:a@x.example')"));
        assert!(!graph("proxyAddresses/any(p:p eq 'smtp:c@x.example')"));
        assert!(graph("onPremisesImmutableId eq 'aB+/='"));
        assert!(!graph("onPremisesImmutableId eq 'ab+/='"));
        assert!(graph("surname eq 'O''Neil' and (id eq '2' or startswith(mail,'a@'))"));
        assert!(graph("id in ('3','1')"));
        assert!(graph("deletedDateTime eq null"));
        assert!(graph("targetResources/any(t:t/id eq '7') and activityDateTime ge 2026-01-02T03:04:05.000Z"));
        assert!(graph("not (id eq '2')"));
    }

    #[test]
    fn okta_filters() {
        let record = json!({"eventType": "app.office365.api.error", "target": [{"id": "00u1"}, {"id": "0oa1"}],
            "profile": {"email": "a@x.example"}});
        let holds = |text: &str| parse(text, Dialect::Okta).expect(text).holds(&record, |_| true);
        assert!(holds(r#"eventType sw "app.office365" and target.id eq "00u1" and target.id eq "0oa1""#));
        assert!(!holds(r#"profile.email eq "A@x.example""#));
        assert!(holds("profile.email pr and not (profile.login pr)"));
    }

    #[test]
    fn what_is_not_understood_is_no_filter() {
        for wrong in
            ["mail eq", "mail like 'x'", "mail eq 'x", "mail eq 'x' and", "any(p:p eq 'x')", "endswith(mail,'x')"]
        {
            assert_eq!(parse(wrong, Dialect::Graph), None, "{wrong}");
        }
    }
}
