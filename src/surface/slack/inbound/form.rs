//! The forms (`application/x-www-form-urlencoded`) in which commands and interactions come over HTTP.
//!
//! Never fails: what is no encoding is kept as it is. Begin with [`form`].

use super::lenient::{Flag, Text};
use super::payload::Command;
use std::borrow::Cow;

/// What a form (`application/x-www-form-urlencoded`) is.
#[derive(Debug)]
pub enum Form<'a> {
    /// The JSON of an interaction.
    Interaction(Cow<'a, str>),
    /// A slash command.
    Command(Box<Command<'a>>),
    /// Slack asks whether the certificate is good.
    Check,
    /// Nothing we know.
    Unknown,
}

/// Takes a form apart.
pub fn form(body: &str) -> Form<'_> {
    let mut command = Command::default();
    for pair in body.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let slot = match name {
            "payload" => return Form::Interaction(decoded(value)),
            "ssl_check" => return Form::Check,
            "is_enterprise_install" => {
                command.is_enterprise_install = Flag(value == "true");
                continue;
            }
            "team_id" => &mut command.team_id,
            "enterprise_id" => &mut command.enterprise_id,
            "channel_id" => &mut command.channel_id,
            "user_id" => &mut command.user_id,
            "user_name" => &mut command.user_name,
            "command" => &mut command.command,
            "text" => &mut command.text,
            "response_url" => &mut command.response_url,
            "trigger_id" => &mut command.trigger_id,
            _ => continue,
        };
        *slot = Text::from(decoded(value));
    }
    if command.command.is_empty() { Form::Unknown } else { Form::Command(Box::new(command)) }
}

/// Undoes the percent encoding; what is not UTF-8 then becomes a visible stand-in.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || b == b'+') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, more @ ..] = rest {
        rest = more;
        match (byte, hex(more)) {
            (b'+', _) => out.push(b' '),
            (b'%', Some(value)) => {
                out.push(value);
                rest = more.get(2..).unwrap_or_default();
            }
            (byte, _) => out.push(*byte),
        }
    }
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// The byte that two hexadecimal digits stand for.
fn hex(text: &[u8]) -> Option<u8> {
    let [high, low, ..] = text else { return None };
    let digit = |digit: u8| char::from(digit).to_digit(16).and_then(|n| u8::try_from(n).ok());
    Some((digit(*high)? << 4) | digit(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_a_command_or_an_interaction() {
        let body = "token=x&team_id=T01&channel_id=C01&user_id=U01&user_name=anna&command=%2Freanchor&text=deny+ab%26c+50%25+%C3%A9&is_enterprise_install=true&trigger_id=1.2";
        let Form::Command(command) = form(body) else { panic!("{body}") };
        assert_eq!((&*command.command, &*command.text), ("/reanchor", "deny ab&c 50% é"));
        assert!(command.is_enterprise_install.0);
        let Form::Interaction(json) = form("payload=%7B%22type%22%3A%22x%22%7D") else { panic!() };
        assert_eq!(json, r#"{"type":"x"}"#);
        assert!(matches!(form("ssl_check=1&token=x"), Form::Check));
        for text in ["", "&&&", "a=b", "=", "text=x"] {
            assert!(matches!(form(text), Form::Unknown), "{text}");
        }
    }

    #[test]
    fn a_broken_encoding_is_kept_as_it_is() {
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("%ff+"), "\u{fffd} ");
        assert_eq!(decoded("plain"), "plain");
    }
}
