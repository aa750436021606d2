//! Names from tables: a line of headings (CSV, tabs, `|`) tells what the cells below it hold.
//!
//! Never takes a cell of which the heading is not known. Begin with [`names`].

use super::fields::Found;
use super::names::is_name;
use crate::domain::diagnosis::FieldName;
use std::ops::Range;

/// Headings, letters only and in lower case, with what they announce.
const HEADINGS: &[(&str, FieldName)] = &[
    ("user", FieldName::User),
    ("username", FieldName::User),
    ("userdisplayname", FieldName::User),
    ("displayname", FieldName::User),
    ("name", FieldName::User),
    ("fullname", FieldName::User),
    ("person", FieldName::User),
    ("employee", FieldName::User),
    ("identity", FieldName::User),
    ("target", FieldName::User),
    ("targetuser", FieldName::User),
    ("targetdisplayname", FieldName::User),
    ("appuser", FieldName::User),
    ("benutzer", FieldName::User),
    ("usuario", FieldName::User),
    ("utilisateur", FieldName::User),
    ("app", FieldName::App),
    ("application", FieldName::App),
    ("appname", FieldName::App),
    ("appinstance", FieldName::App),
    ("applicationname", FieldName::App),
    ("targetsystem", FieldName::App),
    ("targetapp", FieldName::App),
    ("group", FieldName::Group),
    ("groupname", FieldName::Group),
    ("status", FieldName::HttpStatus),
    ("statuscode", FieldName::HttpStatus),
    ("httpstatus", FieldName::HttpStatus),
    ("httpstatuscode", FieldName::HttpStatus),
];

/// Lines that are searched for headings.
const LINES: usize = 12;
/// Signs that part cells, the first that a line holds twice.
const SIGNS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Cells of a line that are looked at.
const CELLS: usize = 40;

/// Takes what the first row below a line of headings holds.
pub(super) fn names(found: &mut Found<'_>) {
    let text = found.text;
    let Some((headings, sign, below)) = heading(text) else { return };
    let rows = lines(text.get(below..).unwrap_or_default()).map(|row| row.start + below..row.end + below);
    let ruled =
        |row: &Range<usize>| text.get(row.clone()).unwrap_or_default().bytes().any(|b| b.is_ascii_alphanumeric());
    let Some(row) = rows.take(3).find(ruled) else { return };
    let cells = cells(text, row, sign);
    if cells.len() < headings.len() {
        return;
    }
    for (name, cell) in headings.iter().zip(cells) {
        let Some(name) = name else { continue };
        let value = text.get(cell.clone()).unwrap_or_default();
        if fits(*name, value) {
            found.put(*name, cell);
        }
    }
}

fn fits(name: FieldName, value: &str) -> bool {
    let plain = !value.contains(['@', '{', '=']) && value.len() < 100 && value.len() > 1;
    match name {
        FieldName::User => {
            is_name(value)
                && plain
                && value.contains([' ', ','])
                && value.chars().next().is_some_and(char::is_uppercase)
        }
        FieldName::HttpStatus => {
            value.len() == 3 && value.starts_with(['4', '5']) && value.bytes().all(|b| b.is_ascii_digit())
        }
        _ => plain && value.bytes().any(|b| b.is_ascii_alphabetic()),
    }
}

/// The headings of the first line that holds a known one among three cells or more, the sign that parts its
/// cells, and where it ends.
fn heading(text: &str) -> Option<(Vec<Option<FieldName>>, u8, usize)> {
    // A block at a time, so that many bytes are compared at once.
    let count = |bytes: &[u8], sign: u8| {
        let of = |block: &[u8]| usize::from(block.iter().fold(0_u8, |n, b| n + u8::from(*b == sign)));
        bytes.chunks(255).map(of).sum::<usize>()
    };
    let signs: Vec<u8> = SIGNS.into_iter().filter(|sign| count(text.as_bytes(), *sign) > 1).collect();
    if signs.is_empty() {
        return None;
    }
    for line in lines(text).take(LINES) {
        let bytes = text.as_bytes().get(line.clone())?;
        let Some(sign) = signs.iter().copied().find(|sign| count(bytes, *sign) > 1) else {
            continue;
        };
        if bytes.len() > 2048 {
            continue;
        }
        let names: Vec<Option<FieldName>> =
            cells(text, line.clone(), sign).into_iter().map(|c| known(text.get(c).unwrap_or_default())).collect();
        if names.len() >= 3 && names.iter().any(Option::is_some) {
            return Some((names, sign, line.end));
        }
    }
    None
}

fn known(cell: &str) -> Option<FieldName> {
    if cell.len() > 40 {
        return None;
    }
    // `actor.displayName` and `target0.displayName` are different people: only the second is the subject.
    let (owner, last) = cell.rsplit_once('.').unwrap_or(("", cell));
    let is = |part: &[u8], word: &str| part.eq_ignore_ascii_case(word.as_bytes());
    let owner = owner.as_bytes();
    if owner.get(..5).is_some_and(|first| is(first, "actor")) || owner.windows(5).any(|part| is(part, "group")) {
        return None;
    }
    let plain = || last.bytes().filter(u8::is_ascii_alphabetic).map(|b| b.to_ascii_lowercase());
    HEADINGS.iter().find(|(heading, _)| plain().eq(heading.bytes())).map(|(_, name)| *name)
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..start + line.trim_end_matches(['\n', '\r']).len()
    })
}

/// The cells of a line, without blanks and quotation marks around them; quoted signs part nothing. The empty cells
/// outside the outer `|` are left out.
fn cells(text: &str, line: Range<usize>, sign: u8) -> Vec<Range<usize>> {
    let mut found = Vec::with_capacity(8);
    let (mut start, mut quoted) = (line.start, false);
    for (n, byte) in text.as_bytes().get(line.clone()).unwrap_or_default().iter().enumerate() {
        if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == sign && !quoted && found.len() < CELLS {
            found.push(start..line.start + n);
            start = line.start + n + 1;
        }
    }
    if found.len() < CELLS {
        found.push(start..line.end);
    }
    let empty = |c: &Range<usize>| text.get(c.clone()).is_none_or(|c| c.trim().is_empty());
    if sign == b'|' && found.first().is_some_and(empty) {
        found.remove(0);
    }
    if sign == b'|' && found.last().is_some_and(empty) {
        found.pop();
    }
    found.into_iter().map(|c| trimmed(text, c)).collect()
}

fn trimmed(text: &str, at: Range<usize>) -> Range<usize> {
    let value = text.get(at.clone()).unwrap_or_default();
    let sign = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*');
    let start = at.start + (value.len() - value.trim_start_matches(sign).len());
    start..start.max(at.start + value.trim_end_matches(sign).len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(FieldName, &str)> {
        let mut found = Found::new(text);
        names(&mut found);
        found.at.iter().map(|(n, at)| (*n, &text[at.clone()])).collect()
    }

    #[test]
    fn cells_are_named_by_their_headings() {
        let want = [(FieldName::User, "Ada Byron"), (FieldName::App, "Box")];
        for text in [
            "time,user,app,reason\n2025,Ada Byron,Box,\"Matching user not found, sorry\"\n",
            "export:\n\"Timestamp\";\"Display name\";\"Application\"\n\"x\";\"Ada Byron\";\"Box\"",
            "| User | App | Error |\n|---|---|---|\n| Ada Byron | Box | x |",
            "User\tApp\tError\nAda Byron\tBox\tx",
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        assert_eq!(read("Name,Status,Reason\n\"Byron, Ada\",404,x")[0].1, "Byron, Ada");
    }

    #[test]
    fn what_is_no_table_gives_nothing() {
        for text in [
            "user, app, and error\nhi there",
            "a,b,c\nAda Byron,x,y",
            "",
            "user,app,x",
            "actor.displayName,x,y\nAda Byron,1,2",
        ] {
            assert!(read(text).is_empty(), "{text}");
        }
    }
}
