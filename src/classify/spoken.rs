//! Whether an error is spoken of in a sentence (`no CountViolation so far`, `the page about InvalidSoftMatch`) and not
//! shown by something, and whether a text has the looks of code. Forms, not phrases: both hold in any language.
//!
//! Only asked where nothing in the text is evidence of an instance. Begin with [`is_spoken_of`] and [`is_code`].

use std::ops::Range;

/// Words before an error that show or announce it.
const SHOWN: &[&str] = &[
    "says",
    "say",
    "said",
    "saying",
    "shows",
    "show",
    "showing",
    "showed",
    "gives",
    "give",
    "giving",
    "gave",
    "gets",
    "get",
    "getting",
    "got",
    "gotten",
    "returns",
    "return",
    "returned",
    "returning",
    "answers",
    "answered",
    "throws",
    "throw",
    "threw",
    "throwing",
    "fails",
    "fail",
    "failed",
    "failing",
    "hits",
    "hit",
    "hitting",
    "reports",
    "reported",
    "see",
    "sees",
    "seeing",
    "receive",
    "receives",
    "received",
    "receiving",
    "reads",
    "logs",
    "logged",
    "prints",
    "complains",
    "stopped",
    "update",
    "updating",
    "create",
    "creating",
    "verify",
    "remove",
    "assign",
    "errorcode",
    "type",
    "then",
    "missing",
    "lacks",
    "needs",
    "stops",
    "dies",
    "died",
    "because",
    "due",
    "to",
    "quarantine",
    "red",
    "reason",
    "status",
    "message",
    "code",
    "result",
    "outcome",
    "errors",
    "response",
    "task",
    "tasks",
    "log",
    "state",
    "pt",
    "portal",
    "provisioning",
    "export",
    "import",
    "push",
    "sync",
    "step",
    "user",
    "app",
    "group",
    "job",
    "okta",
    "entra",
    "graph",
    "azure",
    "connect",
    "now",
    "sagt",
    "zeigt",
    "meldet",
    "gibt",
    "liefert",
    "wirft",
    "kommt",
    "bekomme",
    "bekommen",
    "bekommt",
    "erhalte",
    "erhalten",
    "erscheint",
    "steht",
    "sehe",
    "affiche",
    "donne",
    "renvoie",
    "retourne",
    "indique",
    "dit",
    "dice",
    "muestra",
    "da",
    "devuelve",
    "sale",
    "arroja",
    "marca",
    "aparece",
    "mostra",
    "diz",
    "retorna",
    "restituisce",
    "geeft",
    "toont",
    "zegt",
    "krijg",
    "krijgt",
    "krijgen",
    "meldt",
    "pokazuje",
    "zwraca",
    "mówi",
];

/// Words that join what failed and its error: they show it only where the sentence says that something failed.
const JOINING: &[&str] = &["with", "mit", "avec", "con", "com", "met", "med", "on", "as", "in", "z", "for", "by"];

/// Beginnings of words for what went wrong.
const FAILED: &[&str] = &[
    "fail",
    "error",
    "stuck",
    "reject",
    "refus",
    "abort",
    "stop",
    "died",
    "dies",
    "bounce",
    "end",
    "blow",
    "blew",
    "choke",
    "fehl",
    "schl",
    "schei",
    "abgebrochen",
    "\u{e9}cho",
    "echou",
    "plante",
    "bloqu",
    "falla",
    "fall",
    "falha",
    "erro",
    "fallis",
    "mislukt",
    "faal",
    "kwarantanna",
    "quarant",
    "can't",
    "cannot",
    "broke",
    "block",
];

/// Words that make an error a thing in a sentence.
const DETERMINERS: &[&str] = &[
    "a", "an", "the", "this", "that", "another", "same", "these", "those", "ein", "eine", "einen", "einem", "einer",
    "der", "die", "das", "den", "dem", "des", "un", "une", "le", "la", "les", "el", "los", "las", "um", "uma", "o",
    "os", "il", "lo", "gli", "uno", "una", "het", "de", "een", "l", "weird", "strange", "annoying", "usual", "dreaded",
    "old", "good", "famous", "classic",
];

/// Words for an error, which may stand between it and the word that shows it.
const ERRORS: &[&str] = &["error", "fehler", "erreur", "erro", "errore", "fout"];

/// Words that say that there is none.
const NONE: &[&str] =
    &["no", "kein", "keine", "keinen", "aucun", "aucune", "ning\u{fa}n", "nenhum", "nessun", "geen", "zero"];

/// Words behind an error that say that it is over, in languages that need no other word for it.
const PAST: &[&str] =
    &["war", "waren", "\u{e9}tait", "\u{e9}taient", "era", "eran", "fue", "fueron", "foi", "foram", "stava"];

/// Words that begin a condition.
const IFS: &[&str] =
    &["if", "si", "se", "wenn", "falls", "je\u{15b}li", "hvis", "om", "jos", "pokud", "suppose", "assuming"];

/// Words behind one that make it a report (`wenn ich den Nutzer zuweise`).
const TRIED: &[&str] =
    &["i", "we", "ich", "wir", "je", "j'ai", "on", "nous", "yo", "jeg", "vi", "jag", "ja", "me", "me,"];

/// Longest stretch before an error that is looked at, in bytes.
const BEFORE: usize = 160;

/// Whether a sentence begins with a condition that nobody says to have met.
pub(super) fn is_condition(sentence: &str) -> bool {
    let mut words = sentence.trim_start_matches(|c: char| !c.is_alphanumeric()).split([' ', ',']);
    let is =
        |word: Option<&str>, list: &[&str]| word.is_some_and(|word| list.iter().any(|w| w.eq_ignore_ascii_case(word)));
    is(words.next(), IFS) && !is(words.next(), TRIED)
}

/// What encloses an error.
const QUOTES: [char; 11] = [' ', '"', '\'', '`', '*', '_', '\u{ab}', '\u{bb}', '\u{201c}', '\u{201d}', '\u{201e}'];

/// Whether the error at `span` is spoken of in a sentence: it stands behind a word that neither shows nor announces it.
/// Only names of errors (with a capital or a sign in them) are looked at, not sentences that are errors themselves.
pub(super) fn is_spoken_of(text: &str, span: &Range<usize>) -> bool {
    let name = text.get(span.clone()).unwrap_or_default();
    let named = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.split(' ').count() <= 4;
    if !named {
        return false;
    }
    let behind = text.get(span.end..).unwrap_or_default().trim_start_matches(QUOTES);
    if PAST.iter().any(|w| behind.strip_prefix(w).is_some_and(|rest| rest.starts_with([' ', ',', '.']))) {
        return true;
    }
    let from = text.ceil_char_boundary(span.start.saturating_sub(BEFORE));
    let head = text.get(from..span.start).unwrap_or_default();
    let line = head.rsplit('\n').next().unwrap_or_default();
    let mut rest = line.trim_end_matches(QUOTES);
    if rest.len() == line.len() && !rest.ends_with('\'') {
        return false;
    }
    let mut determined = false;
    loop {
        let start = rest
            .rfind(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '\u{2019}'))
            .map_or(0, |at| rest.ceil_char_boundary(at + 1));
        let word = rest.get(start..).unwrap_or_default();
        // The beginning of the sentence, a sign, somebody who is called.
        if word.is_empty() || rest.get(..start).is_some_and(|h| h.ends_with('@')) {
            return determined;
        }
        let is = |list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word));
        if is(NONE) {
            return true;
        }
        let owner = word.ends_with("'s") || word.ends_with("\u{2019}s");
        let error = is(ERRORS);
        if error || owner || is(DETERMINERS) {
            determined |= !error;
            rest = rest.get(..start).unwrap_or_default().trim_end_matches([' ', '\'', '\u{2019}']);
            continue;
        }
        if is(JOINING) {
            let sentence = rest.get(..start).unwrap_or_default();
            return !sentence.split(' ').any(|said| FAILED.iter().any(|f| starts_with(said, f)));
        }
        // A name or code before it is what failed.
        let capital = word.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
        return !is(SHOWN) && (!capital || determined);
    }
}

fn starts_with(word: &str, beginning: &str) -> bool {
    word.get(..beginning.len()).is_some_and(|head| head.eq_ignore_ascii_case(beginning))
}

/// Least weight of the signs of code that counts.
const SIGNS: usize = 8;
/// So many bytes need one more.
const EACH: usize = 14;

/// Whether a text has so many brackets, bars and signs of equality that it is code, a query or a template.
pub(super) fn is_code(text: &str) -> bool {
    let weight = |b: u8| match b {
        b'{' | b'}' | b';' | b'|' | b'$' | b'\\' => 2,
        // These stand in prose and in names of objects as well.
        b'(' | b')' | b'[' | b']' | b'=' => 1,
        _ => 0,
    };
    let sum: usize = text.bytes().map(weight).sum();
    sum >= SIGNS && sum * EACH >= text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &str) -> bool {
        let error = ["CountViolation", "Matching user not found"].into_iter().find(|e| text.contains(e)).unwrap();
        let at = text.find(error).unwrap();
        is_spoken_of(text, &(at..at + error.len()))
    }

    #[test]
    fn a_thing_in_a_sentence_is_spoken_of() {
        for text in [
            "No CountViolation so far",
            "the page about CountViolation is out",
            "The CountViolation of yesterday was licensing",
            "le CountViolation d'hier",
            "O erro CountViolation da Iben sumiu",
            "Bisher kein einziger \"Matching user not found\" seit der Umstellung",
            "It is not a \"Matching user not found\" case",
            "we would be looking at a CountViolation for each",
            "Okta daría CountViolation",
            "Update: \"Matching user not found\" war nur die alte UPN",
            "Il problema di ieri con Matching user not found",
        ] {
            assert!(spoken(text), "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_not_spoken_of() {
        for text in [
            "CountViolation on sg-m365-e3",
            "Error: CountViolation",
            "the portal shows CountViolation since noon",
            "we are getting a CountViolation on the group",
            "Fehler CountViolation bei der Gruppe",
            "the push fails with CountViolation",
            "user > Licenses > CountViolation",
            "Box: \"Matching user not found\"",
            "Office 365 CountViolation",
            "@here CountViolation",
        ] {
            assert!(!spoken(text), "{text}");
        }
    }

    #[test]
    fn a_condition_is_not_a_report() {
        for text in
            ["If the push shows CountViolation", "se amanh\u{e3} aparecer X", "Wenn Okta X meldet", "> Falls X kommt"]
        {
            assert!(is_condition(text), "{text}");
        }
        for text in ["Wenn ich sie zuweise, kommt X", "Iffy: X", "X, if that helps", "", "Ifs and buts"] {
            assert!(!is_condition(text), "{text}");
        }
    }

    #[test]
    fn code_is_known_by_its_signs() {
        assert!(is_code("{app=\"okta\"} |= \"CountViolation\" | json | line_format \"{{.login}}\""));
        assert!(is_code("if (e.code === 'CountViolation') { return null; }"));
        assert!(!is_code(
            "Export Errors: CountViolation (3), group E3 (Berlin) [sg-m365-e3] since Monday, please look at it"
        ));
        assert!(!is_code(""));
    }
}
