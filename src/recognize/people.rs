//! Names of people in prose: how well a name stands where that of the subject would.
//!
//! Never takes the name of who writes, signs, reports or approves. Begin with [`rank`].

use super::lexicon::Roles;
use super::names::token_at;
use super::words::Words;
use std::ops::Range;

/// Words before which the name of a person stands.
const AFTER: &[&str] = &[
    "for",
    "took",
    "joiner",
    "starter",
    "leaver",
    "user",
    "of",
    "on",
    "bei",
    "für",
    "pour",
    "para",
    "per",
    "por",
    "voor",
    "offboarding",
    "onboarding",
    "identity",
    "object",
    "displayname",
    "employee",
    "contractor",
    "colleague",
    "worker",
    "person",
    "creating",
    "updating",
    "deleting",
    "deactivating",
    "disabling",
    "reactivating",
    "provisioning",
    "assigning",
    "syncing",
    "named",
    "called",
    "affected",
    "affects",
    "affecting",
    "concerns",
    "betrifft",
    "betroffen",
    "benutzer",
    "benutzerin",
    "nutzer",
    "nutzerin",
    "mitarbeiter",
    "mitarbeiterin",
    "kollege",
    "kollegin",
    "kollegen",
    "usuario",
    "usuaria",
    "utilisateur",
    "utilisatrice",
    "utente",
    "gebruiker",
    "usuário",
    "empleado",
    "empleada",
    "salarié",
    "frau",
    "herr",
    "mr",
    "mrs",
    "ms",
    "mme",
    "e.g",
    "eg",
    "hire",
    "intern",
    "trainee",
    "student",
    "teacher",
    "nurse",
    "against",
    "about",
    "does",
];

/// Labels of a person, where a sign or `is` follows them.
const LABELS: &[&str] = &[
    "user",
    "name",
    "displayname",
    "display_name",
    "username",
    "identity",
    "employee",
    "worker",
    "person",
    "affected",
    "who",
    "benutzer",
    "mitarbeiter",
    "mitarbeiterin",
    "usuario",
    "usuaria",
    "utilisateur",
    "utilisatrice",
    "utente",
    "gebruiker",
    "nom",
    "nombre",
    "nome",
    "target",
    "object",
    "subject",
    "fullname",
    "cn",
    "betroffen",
    "betroffene",
    "personne",
    "persona",
    "starter",
    "joiner",
    "leaver",
    "member",
    "sourceidentity",
    "user(s)",
    "users",
    "anzeigename",
];

/// Words before `name` that make it the name of something else.
const OF_THINGS: &[&str] = &[
    "app",
    "application",
    "group",
    "policy",
    "rule",
    "job",
    "file",
    "host",
    "server",
    "tenant",
    "domain",
    "template",
    "server",
    "connector",
    "agent",
    "company",
    "product",
    "sku",
    "plan",
];

/// Greetings: who is greeted is not the subject.
const GREETINGS: &[&str] = &["hi", "hello", "hallo", "hola", "bonjour", "dear", "hey", "moin", "salut", "ciao", "olá"];

/// Words before the name of who writes or acts and is not the subject.
const NOT_AFTER: &[&str] = &[
    "thanks",
    "regards",
    "cheers",
    "best",
    "sincerely",
    "br",
    "vg",
    "mfg",
    "grüße",
    "gruß",
    "gruss",
    "saludos",
    "cordialement",
    "merci",
    "danke",
    "gracias",
    "obrigado",
    "obrigada",
    "cc",
    "from",
    "by",
    "ping",
    "asked",
    "reporter",
    "requester",
    "requestor",
    "assignee",
    "approver",
    "owner",
    "manager",
    "actor",
    "author",
];

/// Words after which a line or sentence that began with a name goes on.
const GOES_ON: &[&str] = &[
    "is", "has", "had", "was", "cannot", "can't", "gets", "got", "shows", "fails", "failed", "still", "keeps", "never",
    "won't", "doesn't", "isn't", "didn't", "does", "did", "kann", "hat", "bekommt", "wird", "ist", "no", "ne", "n'a",
    "est", "está", "não", "changed", "moved", "joined", "left", "returned",
];

/// Words after a genitive that make its owner the subject.
const OWNED: &[&str] = &[
    "account",
    "mailbox",
    "push",
    "profile",
    "update",
    "user",
    "task",
    "provisioning",
    "licence",
    "license",
    "assignment",
    "object",
    "upn",
    "login",
    "anchor",
    "immutable",
    "o365",
    "m365",
    "office",
];

/// What the words of the lists here may be.
pub(super) fn roles() -> Vec<(&'static str, Roles)> {
    let lists = [
        (AFTER, Roles::BEFORE_PERSON),
        (LABELS, Roles::PERSON_LABEL),
        (GREETINGS, Roles::OTHER_PERSON),
        (NOT_AFTER, Roles::OTHER_PERSON),
        (GOES_ON, Roles::GOES_ON),
    ];
    lists.iter().flat_map(|(list, role)| list.iter().map(|word| (*word, *role))).collect()
}

/// How well a name stands where that of the subject would: 0 best, `None` not at all. `login` is the address in the
/// text, if there is one.
pub(super) fn rank(words: &Words<'_>, first: usize, last: usize, login: Option<&str>) -> Option<u8> {
    if signs(words, first) {
        return None;
    }
    let name = words.get(first).zip(words.get(last)).and_then(|(a, b)| words.text.get(a.start..b.end))?;
    if is_beside_login(words, first, last) || login.is_some_and(|login| fits_login(login, name)) {
        return Some(0);
    }
    let before = words.gap_before(first).trim_end_matches([' ', '\u{a0}']);
    if is_labelled(words, first) {
        return Some(1);
    }
    let apart = before.contains(['\n', '.', '=', ',']);
    if (is_announced(words, first) && !apart) || words.before(first, 1, "e.g") {
        return Some(1);
    }
    if before.is_empty()
        && ["de", "von", "di", "da", "van", "a", "à"].iter().any(|w| words.str(first.wrapping_sub(1)) == *w)
    {
        return Some(2);
    }
    let after = words.gap_after(last);
    let tail = words.get(last).and_then(|w| words.text.get(w.end..)).unwrap_or_default();
    let listed = before.ends_with(['/', '·', '→', '|', '•', ',', ':', '-', '–', '—', '(', '\t', ';']);
    let cell = before.ends_with(',') && after == ",";
    let ends = cell
        || after.trim_start_matches(' ').starts_with(['\n', '/', '·', '→', '|', '(', '-', '–', '—', '\t', ')', ';']);
    let closed = tail.trim_start().is_empty() || ends || tail.starts_with(" in error") || after.starts_with(':');
    if listed && closed {
        return Some(2);
    }
    let sentence = before.is_empty() || before.ends_with(['\n', '.', '!', '?', '>']);
    let goes_on = after == " "
        && words.roles(last + 1).any(Roles::GOES_ON)
        && GOES_ON.iter().any(|w| words.str(last + 1).eq_ignore_ascii_case(w));
    let parted = before.ends_with('.') && after.trim_start_matches(' ').starts_with(['/', '|', '·', '→']);
    (sentence && (goes_on || parted)).then_some(3)
}

/// Whether a name with the surname first stands where that of the subject would: beside its login or after its label.
pub(super) fn rank_turned(words: &Words<'_>, first: usize, last: usize, login: Option<&str>) -> bool {
    let name =
        words.get(first).zip(words.get(last)).and_then(|(a, b)| words.text.get(a.start..b.end)).unwrap_or_default();
    let placed = || is_labelled(words, first) || is_beside_login(words, first, last);
    !signs(words, first) && (login.is_some_and(|login| fits_login(login, name)) || placed())
}

/// Whether the name belongs to who writes, signs, reports or approves.
fn signs(words: &Words<'_>, first: usize) -> bool {
    if !words.roles_before(first).any(Roles::OTHER_PERSON) && !words.gap_before(first).ends_with('@') {
        return false;
    }
    let greeted = GREETINGS.iter().any(|w| words.before(first, 1, w)) && !words.gap_before(first).contains(',');
    let by = greeted || NOT_AFTER.iter().any(|w| words.before(first, 1, w));
    let at = words.get(first).is_some_and(|w| words.text.get(..w.start).is_some_and(|t| t.ends_with('@')));
    by || at
}

/// `Ada Byron (ada@…)`, `Ada Byron <ada@…>`, `ada@… (Ada Byron)`, `ada@…, Ada Byron`.
fn is_beside_login(words: &Words<'_>, first: usize, last: usize) -> bool {
    let is_login = |at: usize| words.text.get(token_at(words.text, at)).unwrap_or_default().contains('@');
    let opening = words.gap_after(last).trim().trim_end_matches("mailto");
    let after =
        matches!(opening, "(" | "<" | "," | "/" | "(<" | "|" | ";" | "-" | "–" | "·" | "[" | "\",\"" | "\";\"" | "=")
            || words.gap_after(last) == "\t";
    if after && words.get(last + 1).is_some_and(|w| is_login(w.start)) {
        return true;
    }
    let before = words.gap_before(first);
    let closing = matches!(before.trim(), "(" | "/" | "|" | ";" | "\",\"" | "\";\"" | "> (" | "=") || before == "\t";
    closing
        && first
            .checked_sub(1)
            .and_then(|p| words.get(p))
            .is_some_and(|w| words.text.get(..w.start).is_some_and(|t| t.ends_with('@')))
}

/// `user: Ada Byron`, `Display name = Ada Byron`, `user is Ada Byron`.
fn is_labelled(words: &Words<'_>, first: usize) -> bool {
    let gap = words.gap_before(first);
    let is = ["is", "was", "ist", "es", "est", "heißt"].iter().any(|w| words.before(first, 1, w)) && gap == " ";
    let signed = gap.contains([':', '=', '|', '\t', '\n', '"'])
        && gap.len() <= 8
        && !gap.contains([',', '.', ';', '{', '}', '(', '/']);
    if !is && !signed {
        return false;
    }
    let Some(label) = first.checked_sub(if is { 2 } else { 1 }) else { return false };
    let word = words.str(label);
    let word = word.rsplit('.').next().unwrap_or(word);
    let named = words.roles(label).any(Roles::PERSON_LABEL) && LABELS.iter().any(|l| word.eq_ignore_ascii_case(l));
    // On a line of its own only a label that fills the line counts.
    let own_line = !gap.contains('\n')
        || gap.contains([':', '='])
        || words.gap_before(label).is_empty()
        || words.gap_before(label).contains('\n')
        || word.eq_ignore_ascii_case("name");
    named
        && own_line
        && !is_of_thing(words, first, word)
        && !OF_THINGS.iter().any(|thing| words.before(label, 1, thing) || words.before(label, 2, thing))
}

/// Bytes before a JSON name that tell what it is the name of.
const OBJECT: usize = 160;

/// Whether a `displayName` is that of an app or a group.
fn is_of_thing(words: &Words<'_>, first: usize, label: &str) -> bool {
    let Some(at) = words.get(first).filter(|_| label.eq_ignore_ascii_case("displayname")).map(|w| w.start) else {
        return false;
    };
    let from = words.text.ceil_char_boundary(at.saturating_sub(OBJECT));
    let object = words.text.get(from..at).unwrap_or_default();
    let object = object.rfind(['{', '\n']).map_or(object, |i| object.get(i..).unwrap_or_default());
    ["AppInstance", "targetSystem", "Group", "group", "servicePrincipal", "initiatedBy"]
        .iter()
        .any(|thing| object.contains(thing))
}

/// After a word that announces a person: `for`, `employee`, `license to`.
fn is_announced(words: &Words<'_>, first: usize) -> bool {
    let given = words.before(first, 1, "to")
        && ["license", "licence", "assigned", "assign", "assigning", "licences", "licenses"]
            .iter()
            .any(|w| words.before(first, 2, w));
    let shown = words.before(first, 1, "name") && words.before(first, 2, "display") && !words.before(first, 3, "group");
    let announced = words.roles_before(first).any(Roles::BEFORE_PERSON);
    given || shown || (announced && AFTER.iter().any(|w| words.before(first, 1, w)))
}

/// The range of a name without a genitive ending, and whether it had one before something of a user.
pub(super) fn genitive(words: &Words<'_>, at: Range<usize>, last: usize) -> (Range<usize>, bool) {
    let name = words.text.get(at.clone()).unwrap_or_default();
    let short = name.strip_suffix("'s").or_else(|| name.strip_suffix("’s"));
    let owned = short.is_some() && OWNED.iter().any(|w| words.str(last + 1).eq_ignore_ascii_case(w));
    (at.start..at.start + short.map_or(name.len(), str::len), owned)
}

/// Whether an address is made of a name: `ada.byron@…`, `abyron@…`, `byron.a@…`.
pub(super) fn fits_login(login: &str, name: &str) -> bool {
    let local = login.split('@').next().unwrap_or_default();
    let local = folded(local);
    let mut parts = name.split([' ', '-', ',']).map(folded).filter(|p| p.len() > 1);
    let Some(first) = parts.next() else { return false };
    let Some(last) = parts.next_back().filter(|l| l.len() >= 3) else { return false };
    let initial = first.get(..1).unwrap_or_default();
    let both = |a: &str, b: &str| local.contains(a) && local.contains(b);
    both(&first, &last)
        || local.strip_suffix(&last).is_some_and(|rest| rest == initial)
        || local.strip_prefix(&last).is_some_and(|rest| rest == initial)
        || last.get(..1).is_some_and(|i| first.len() >= 3 && (local.strip_prefix(&first).is_some_and(|rest| rest == i)))
}

/// Letters without accents, in lower case.
fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            'à'..='å' | 'À'..='Å' | 'ā' | 'ă' | 'ą' => out.push('a'),
            'è'..='ë' | 'È'..='Ë' | 'ē' | 'ę' | 'ě' => out.push('e'),
            'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'ı' | 'İ' => out.push('i'),
            'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'ő' => out.push('o'),
            'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'ů' | 'ű' => out.push('u'),
            'ç' | 'Ç' | 'ć' | 'č' | 'Č' | 'Ć' => out.push('c'),
            'ñ' | 'Ñ' | 'ń' | 'ň' => out.push('n'),
            'ł' | 'Ł' => out.push('l'),
            'ř' | 'Ř' => out.push('r'),
            'ś' | 'š' | 'Š' | 'Ś' | 'ş' | 'Ş' => out.push('s'),
            'ż' | 'ź' | 'ž' | 'Ž' | 'Ż' | 'Ź' => out.push('z'),
            'ý' | 'ÿ' => out.push('y'),
            'ğ' => out.push('g'),
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_made_of_a_name() {
        for (login, name) in [
            ("ada.byron@a.de", "Ada Byron"),
            ("abyron@a.de", "Ada Byron"),
            ("byrona@a.de", "Ada Byron"),
            ("k.dietrich@a.de", "Karl-Heinz Dietrich"),
            ("oceane.lefevre@a.fr", "Océane Lefèvre"),
            ("soren.ulrich2@a.dk", "Søren Ulrich"),
            ("ada.byron@a.de", "Byron, Ada"),
            ("maria.garcia4@a.de", "Maria Garcia"),
        ] {
            assert!(fits_login(login, name), "{login} {name}");
        }
        for (login, name) in [
            ("ada.byron@a.de", "Bea Miller"),
            ("svc@a.de", "Ada Byron"),
            ("byron@a.de", "Tom Li"),
            ("b@a.de", "Conflict Gone"),
        ] {
            assert!(!fits_login(login, name), "{login} {name}");
        }
    }
}
