//! The HTTP status of a failed call: three digits that a word beside them makes one.
//!
//! Never takes a number for a status by its digits alone: 404 users, line 503 and port 443 are none.
//!
//! Begin with [`find`].

use super::before::Before;
use super::words::Words;
use std::ops::Range;

/// Letters and digits right before a number that make it a status, whatever follows.
const NAMED: &[&str] =
    &["status", "statusis", "statuscode", "code", "http", "http10", "http11", "http2", "http20", "http3", "httperror"];

/// Words before a number that make it a status where no count of something follows.
const LIKELY: &[&str] = &[
    "error",
    "err",
    "fehler",
    "erreur",
    "errore",
    "erro",
    "a",
    "an",
    "the",
    "got",
    "get",
    "gets",
    "getting",
    "gave",
    "gives",
    "giving",
    "returned",
    "returns",
    "returning",
    "with",
    "throws",
    "threw",
    "throwing",
    "answers",
    "answered",
    "answer",
    "response",
    "responded",
    "responds",
    "still",
    "only",
    "mit",
    "ein",
    "einen",
    "un",
    "une",
    "con",
    "avec",
    "com",
    "um",
];

/// Words that may follow such a number.
const GOES_ON: &[&str] = &[
    "when",
    "on",
    "from",
    "for",
    "and",
    "in",
    "at",
    "error",
    "errors",
    "while",
    "but",
    "since",
    "response",
    "responses",
    "again",
    "back",
    "by",
    "to",
    "or",
    "after",
    "every",
    "is",
    "das",
    "beim",
    "bei",
    "von",
    "sur",
    "pour",
    "para",
    "al",
    "en",
    "desde",
    "depuis",
    "as",
    "with",
    "if",
    "because",
    "here",
    "now",
    "aus",
    "zurück",
];

/// Words before a number that tells of a place.
const PLACES: &[&str] =
    &["line", "port", "page", "room", "step", "zeile", "seite", "record", "item", "ticket", "issue", "building"];

/// What a status is called, in one word or by the first two.
const REASONS: &[(&str, &str)] = &[
    ("bad", "request"),
    ("bad", "gateway"),
    ("unauthorized", ""),
    ("forbidden", ""),
    ("not", "found"),
    ("not", "acceptable"),
    ("method", "not"),
    ("conflict", ""),
    ("precondition", "failed"),
    ("unprocessable", "entity"),
    ("unprocessable", "content"),
    ("too", "many"),
    ("client", "error"),
    ("server", "error"),
    ("internal", "server"),
    ("service", "unavailable"),
    ("gateway", "timeout"),
    ("badrequest", ""),
    ("badgateway", ""),
    ("notfound", ""),
    ("toomanyrequests", ""),
    ("internalservererror", ""),
    ("serviceunavailable", ""),
    ("gatewaytimeout", ""),
];

/// The status that a text tells of: the first that is named so, else the first that is likely one.
pub(super) fn find(words: &Words<'_>) -> Option<Range<usize>> {
    let mut likely = None;
    for i in 0..words.len() {
        let Some(word) = words.get(i).filter(|w| w.len() == 3) else { continue };
        let digits = words.str(i).as_bytes();
        if !matches!(digits, [b'4' | b'5', second, third] if second.is_ascii_digit() && third.is_ascii_digit()) {
            continue;
        }
        if is_named(words, i) || has_reason(words, i) {
            return Some(word.start..word.end);
        }
        if likely.is_none() && is_likely(words, i) {
            likely = Some(word.start..word.end);
        }
    }
    likely
}

/// `E0000075`, `Request_BadRequest`.
fn is_code(word: &str) -> bool {
    let (head, tail) = word.split_once('_').unwrap_or_default();
    word.starts_with("E0000") || [head, tail].iter().all(|part| part.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// `status: 404`, `"code": 403`, `-> 403`.
fn is_named(words: &Words<'_>, i: usize) -> bool {
    let gap = words.gap_before(i);
    let between =
        gap.bytes().all(|b| b.is_ascii_whitespace() || b":='\"`*#([{|>-".contains(&b)) && !gap.contains("\n\n");
    let named = || {
        let before = words.get(i).map(|w| Before::of(words.text, w.start));
        before.is_some_and(|before| NAMED.iter().any(|name| before.ends_with(name)))
    };
    let thrown = || words.str(i.wrapping_sub(1)).ends_with("Exception") && gap.starts_with(':');
    // Okta's own code or Graph's, then the status.
    let after_code = || gap == ", " && is_code(words.str(i.wrapping_sub(1)));
    ["->", "→", "=>", "⇒"].iter().any(|arrow| gap.trim_end().ends_with(arrow))
        || after_code()
        || (between && !gap.is_empty() && (named() || thrown()))
}

/// `403 Forbidden`, `(404) Not Found`, `400 : Bad Request`.
fn has_reason(words: &Words<'_>, i: usize) -> bool {
    let near = |gap: &str| gap.len() <= 5 && gap.chars().all(|c| " :-–—()[]_\"'|".contains(c));
    let next = |n: usize, word: &str| words.str(i + n).eq_ignore_ascii_case(word);
    let after = || REASONS.iter().any(|(first, second)| next(1, first) && (second.is_empty() || next(2, second)));
    // `Forbidden - 403`, `Not Found (404)`
    let before = || {
        REASONS.iter().any(|(first, second)| {
            let whole = words.before(i, 1, second) && words.before(i, 2, first);
            if second.is_empty() { words.before(i, 1, first) } else { whole }
        })
    };
    (near(words.gap_after(i)) && (after() || begins_an_answer(words, i)))
        || (near(words.gap_before(i)) && words.gap_before(i).contains(['-', '–', '(', ':', '[']) && before())
}

/// `400 AADSTS50079: …`, `403 E0000038 "…"`, `429 on POST /api/…`.
fn begins_an_answer(words: &Words<'_>, i: usize) -> bool {
    let called = |n: usize| matches!(words.str(i + n), "POST" | "PATCH" | "PUT" | "GET" | "DELETE");
    let next = words.str(i + 1);
    next.starts_with("AADSTS") || next.starts_with("E0000") || called(1) || (called(2) && words.gap_after(i) == " ")
}

/// `returned 403`, `got a 404 on`, `(404)`, `403` on a line of its own.
fn is_likely(words: &Words<'_>, i: usize) -> bool {
    let (before, after) = (words.gap_before(i), words.gap_after(i));
    // `403 {"errorCode": …`, `recibe 400 "Invalid Data Format"`
    if [" {\"", " {\n", "\n{\"", "\n{\n", " \"", " “", " «"]
        .iter()
        .any(|sign| after == *sign || (sign.len() == 3 && after.starts_with(sign)))
    {
        return !PLACES.iter().any(|p| words.str(i.wrapping_sub(1)).eq_ignore_ascii_case(p));
    }
    let first = i == 0 || before.ends_with('\n') || before.ends_with('}');
    let last = i + 1 >= words.len() || after.starts_with('\n') || after.starts_with("\r\n");
    if (first && last)
        || (before.ends_with('(') && after.starts_with(')'))
        || (before.ends_with('[') && after.starts_with(']'))
    {
        return !words.str(i.wrapping_sub(1)).ends_with('s');
    }
    // `Graph-Antwort 400: …`
    let introduces = before == " " && after.starts_with(':') && {
        let word = words.str(i.wrapping_sub(1));
        word.len() > 3
            && word.ends_with(char::is_alphabetic)
            && !word.ends_with('s')
            && !PLACES.iter().any(|p| word.eq_ignore_ascii_case(p))
    };
    if introduces {
        return true;
    }
    // `403 when the flow assigns the app`
    if first && GOES_ON.iter().any(|w| words.str(i + 1).eq_ignore_ascii_case(w)) && after == " " {
        return true;
    }
    let goes_on = after != " " || GOES_ON.iter().any(|w| words.str(i + 1).eq_ignore_ascii_case(w));
    let led = before.bytes().all(|b| b.is_ascii_whitespace() || b":'\"`*(".contains(&b)) && !before.contains('\n');
    led && goes_on && !after.starts_with('%') && LIKELY.iter().any(|w| words.before(i, 1, w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_known_by_the_words_beside_it() {
        let texts = [
            "Code: 404",
            "GET /users/x -> 404",
            "status=404",
            "\"statusCode\": 404",
            "HttpStatusCode : 404",
            "http_status: 404",
            "HTTP/2.0 404",
            "HTTP 404",
            "Status code\n404\n",
            "(404) Not Found",
            "404 : Not Found",
            "404 - Not Found - 187 ms",
            "404 Client Error: Not Found for url",
            "StatusCode: 404, ReasonPhrase",
            "the server returned an error: (404)",
            "graph returned 404 for it",
            "we get a 404 on every push",
            "failed with 404.",
            "Fehler 404",
            "{\"a\":1}404",
            "GET https://x\n404\n{}",
            "response status is \"404\"",
            "Not Found - 404 - 187 ms",
            "a.b.ProvisioningException: 404 x",
            "failed: 404 AADSTS50079",
            "Graph-Antwort 404: {}",
            "404 when the flow assigns it",
            "(Request_BadRequest, 404)",
            "404 auf POST /api/v1/apps/0oa/users",
            "Joiner: 404 {\"errorCode\":\"E0000038\"}",
            "kommt für l.frey (suspended) 404 E0000038",
            "el conector recibe 404 \"Invalid Data Format\" en",
        ];
        for text in texts {
            assert_eq!(find(&Words::whole(text)).map(|at| &text[at]), Some("404"), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_none() {
        let texts = [
            "404 users are gone",
            "with 404 users",
            "at line 503: x",
            "port 443 is open",
            "room 404, floor 4",
            "got 500 licences",
            "AADSTS50126 (50126)",
            "errors (412)",
            "4040 not found",
            "$404 Not",
            "users 404/500",
            "room 404 \"Ada\"",
            "some_code, 404 users",
        ];
        for text in texts {
            assert_eq!(find(&Words::whole(text)), None, "{text}");
        }
    }
}
