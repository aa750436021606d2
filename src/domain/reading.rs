//! A message made readable: chat mangling undone, with the way back to the text as received, and the squeezed form in
//! which fixed phrases are looked for.
//!
//! Holds values only; `recognize` makes them and `classify` reads them. Never loses the way back: every offset into the
//! clean text can be turned into one of the text as received.
//!
//! Begin with [`Reading`], then [`squeeze_byte`] (why phrases survive any line break, quote or markdown sign).

use super::diagnosis::{Cut, Fields};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// One stretch of the clean text and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// First byte in the clean text.
    pub clean: usize,
    /// First byte in the text as received.
    pub received: usize,
    /// Bytes in the text as received; differs from the clean length when something was replaced.
    pub received_len: usize,
    /// Whether the bytes are the same on both sides, so that offsets inside can be carried over.
    pub verbatim: bool,
}

/// The way back from the clean text. Empty: both texts are the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WayBack(pub Vec<Stretch>);

impl WayBack {
    /// Where the range of the clean text stood in the text as received. A range inside something that was replaced
    /// grows to the whole of what was replaced.
    pub fn range(&self, clean: Range<usize>) -> Range<usize> {
        if self.0.is_empty() {
            return clean;
        }
        let start = self.at(clean.start, false);
        let end = if clean.end > clean.start { self.at(clean.end - 1, true) } else { start };
        start..end.max(start)
    }

    /// The way back of a text that was undone twice: `self` leads from the first clean text, `later` from the second to
    /// the first. `len` is the length of the first.
    #[must_use]
    pub fn then(&self, later: &Self, len: usize) -> Self {
        let mut both: Vec<Stretch> = Vec::new();
        for outer in &later.0 {
            let within = outer.received..outer.received + outer.received_len;
            if !outer.verbatim || within.is_empty() || self.0.is_empty() {
                let at = self.range(within);
                both.push(Stretch { received: at.start, received_len: at.len(), ..*outer });
                continue;
            }
            let first = self.0.partition_point(|s| s.clean <= within.start).saturating_sub(1);
            for (i, inner) in self.0.iter().enumerate().skip(first).take_while(|(_, s)| s.clean < within.end) {
                let end = self.0.get(i + 1).map_or(len, |next| next.clean).min(within.end);
                let start = inner.clean.max(within.start);
                if start < end {
                    let moved = if inner.verbatim { start - inner.clean } else { 0 };
                    let received_len = if inner.verbatim { end - start } else { inner.received_len };
                    both.push(Stretch {
                        clean: outer.clean + (start - within.start),
                        received: inner.received + moved,
                        received_len,
                        verbatim: inner.verbatim,
                    });
                }
            }
        }
        Self(both)
    }

    fn at(&self, offset: usize, last: bool) -> usize {
        let i = self.0.partition_point(|s| s.clean <= offset).saturating_sub(1);
        let Some(s) = self.0.get(i) else { return offset };
        match (s.verbatim, last) {
            (true, false) => s.received + (offset - s.clean).min(s.received_len),
            (true, true) => s.received + (offset - s.clean + 1).min(s.received_len),
            (false, false) => s.received,
            (false, true) => s.received + s.received_len,
        }
    }
}

/// A message with chat mangling undone.
#[derive(Clone, Debug)]
pub struct Reading<'t> {
    /// The text as received; all evidence and field values are slices of it.
    pub received: &'t str,
    /// What the person meant.
    pub clean: Cow<'t, str>,
    /// From clean offsets to received offsets.
    pub back: WayBack,
    /// Set when the middle of a very long message was left out.
    pub cut: Option<Cut>,
    runs: OnceCell<Runs>,
}

impl<'t> Reading<'t> {
    /// From the text as received, the clean text and the way back, and what was left out.
    pub fn new(received: &'t str, clean: Cow<'t, str>, back: WayBack, cut: Option<Cut>) -> Self {
        Self { received, clean, back, cut, runs: OnceCell::new() }
    }

    /// The runs of letters and digits of the clean text, found once.
    pub fn runs(&self) -> &Runs {
        self.runs.get_or_init(|| Runs::of(&self.clean))
    }
}

/// One part of a message that tells of one error.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// Range of the clean text.
    pub clean: Range<usize>,
    /// What was read out of it.
    pub fields: Fields,
    /// Signs that a failure really happened, as opposed to being talked about.
    pub instance: Instance,
    /// From the first to the last value, relative to the part, when the whole stretch was printed by a machine: what
    /// people say stands before and after it.
    pub printed: Option<Range<usize>>,
}

/// Signs that a failure really happened. Counted by `recognize`, weighed by `classify`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent observations about a text")]
pub struct Instance {
    /// An Okta task line with a name in it (`Automatic … of user X to app Y failed`, `Could not push profile for …`).
    pub task_line: bool,
    /// Machine output: `httpStatusCode=404`, `"code": "…"`, `Status: 400 (BadRequest)`, an HTTP status line.
    pub machine: bool,
    /// A request, trace, correlation or tracking id.
    pub call_id: bool,
    /// Any other guid or vendor id.
    pub id: bool,
    /// An e-mail or login.
    pub login: bool,
    /// A person's display name beside an error.
    pub name: bool,
    /// A time stamp with seconds.
    pub time: bool,
}

impl Instance {
    /// Whether the bot may answer by itself on this alone.
    pub fn is_evidence(self) -> bool {
        self.task_line || self.machine || self.call_id || self.id || self.login || (self.name && self.time)
    }

    /// Whether the only evidence is the wording of a machine, which people quote also when they ask or explain.
    pub fn is_only_words(self) -> bool {
        self.machine && !(self.task_line || self.call_id || self.id || self.login || self.name || self.time)
    }
}

impl Instance {
    /// What is there, in words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.task_line, "an Okta task line"),
            (self.machine, "machine output"),
            (self.call_id, "the id of a call"),
            (self.id, "the id of an object"),
            (self.login, "a login"),
            (self.name, "a name"),
            (self.time, "a time"),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, what)| what)
    }
}

/// Squeezed form of a byte, or `None` when it is dropped.
///
/// Fixed phrases are compared in squeezed form: only letters and digits, in lower case, with `0` taken for `o` and `1`
/// and `i` for `l`. So a phrase is found whatever line breaks, quotation marks, markdown signs, invisible characters
/// or escapes stand between its letters, and also when it was typed off a screenshot.
pub const fn squeeze_byte(byte: u8) -> Option<u8> {
    match byte {
        b'0' => Some(b'o'),
        b'1' | b'i' | b'I' => Some(b'l'),
        b'2'..=b'9' | b'a'..=b'z' => Some(byte),
        b'A'..=b'Z' => Some(byte + 32),
        _ => None,
    }
}

const SQUEEZED: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut i = 0;
    while i < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "i < 256")]
        if let Some(b) = squeeze_byte(i as u8) {
            table[i] = b;
        }
        i += 1;
    }
    table
};

/// Which of at most 64 bytes are letters or digits, a bit each from the lowest.
fn kept_in(block: &[u8]) -> u64 {
    let mut all = [0; 64];
    let block = block.first_chunk().unwrap_or_else(|| {
        for (to, from) in all.iter_mut().zip(block) {
            *to = *from;
        }
        &all
    });
    // Many bytes are compared at once, and then each eight answers gathered in one byte.
    let kept = block.map(|b| u8::from(b.is_ascii_alphanumeric()));
    let (eights, _) = kept.as_chunks();
    let gathered = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    eights.iter().zip((0..64).step_by(8)).fold(0, |bits, (eight, shift)| bits | gathered(eight) << shift)
}

/// Appends the squeezed form of `text` to `out`.
pub fn squeeze(text: &str, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + text.len(), 0);
    let written = squeeze_into(text, out.get_mut(start..).unwrap_or_default()).unwrap_or(0);
    out.truncate(start + written);
}

/// Squeezes into a fixed buffer; returns the length, or `None` when the text is longer than the buffer.
pub fn squeeze_into(text: &str, out: &mut [u8]) -> Option<usize> {
    if text.len() > out.len() {
        return None;
    }
    let mut n = 0;
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    for eight in eights {
        // What is written behind the squeezed bytes has no meaning.
        let Some(to) = out.get_mut(n..).and_then(|out| out.first_chunk_mut::<8>()) else { break };
        let mut count = 0;
        for b in eight {
            let s = SQUEEZED[usize::from(*b)];
            to[count % 8] = s;
            count += usize::from(s != 0);
        }
        n += count;
    }
    for b in rest {
        let s = SQUEEZED[usize::from(*b)];
        if let Some(slot) = out.get_mut(n) {
            *slot = s;
        }
        n += usize::from(s != 0);
    }
    Some(n)
}

/// A run of letters and digits, and where it begins in the text and in its squeezed form: it has the same length in
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First byte in the text.
    pub clean: u32,
    /// First byte in the squeezed form.
    pub squeezed: u32,
    /// Bytes, in both.
    pub len: u32,
}

impl Run {
    /// Behind its last byte in the text.
    pub fn end(&self) -> usize {
        (self.clean + self.len) as usize
    }
}

/// The runs of letters and digits of a text, in order: what leads from its squeezed form back to it.
#[derive(Clone, Debug, Default)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// Of a text of at most 4 GiB.
    pub fn of(text: &str) -> Self {
        let mut runs = Vec::with_capacity(text.len() / 4);
        // Where one begins or ends is taken from 64 bytes at once: a look at each byte would be guessed wrong at each of
        // those places. `start` is where the next one to end begins.
        let (mut before, mut base, mut start, mut squeezed) = (0, 0_u32, 0_u32, 0_u32);
        for block in text.as_bytes().chunks(64) {
            let kept = kept_in(block);
            let behind = kept << 1 | before;
            let (mut begins, mut ends) = (kept & !behind, !kept & behind);
            let mut next = || {
                let first = base + begins.trailing_zeros();
                begins &= begins.wrapping_sub(1);
                first
            };
            if before == 0 {
                start = next();
            }
            while ends != 0 {
                let len = base + ends.trailing_zeros() - start;
                ends &= ends - 1;
                runs.push(Run { clean: start, squeezed, len });
                squeezed += len;
                start = next();
            }
            before = kept >> 63;
            base = base.saturating_add(64);
        }
        if before == 1 {
            runs.push(Run { clean: start, squeezed, len: base - start });
        }
        Self(runs)
    }

    /// The runs with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Run)> {
        self.0.iter().copied().enumerate()
    }

    /// The runs in the part `range` of the text, as ranges of that part; a run that reaches over an end of the part is cut
    /// there.
    pub fn within(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let first = self.0.partition_point(|run| run.end() <= range.start);
        let rest = self.0.get(first..).unwrap_or_default().iter();
        let inside = rest.take_while(move |run| (run.clean as usize) < range.end);
        inside
            .map(move |run| (run.clean as usize).max(range.start) - range.start..run.end().min(range.end) - range.start)
    }

    /// Number of the run in which a byte of the squeezed form stands.
    pub fn at(&self, squeezed: usize) -> usize {
        self.0.partition_point(|run| run.squeezed as usize <= squeezed).saturating_sub(1)
    }

    /// As [`Runs::at`], for a byte that stands in the run `from` or not far behind it.
    pub fn near(&self, from: usize, squeezed: usize) -> usize {
        let mut at = from;
        while self.0.get(at + 1).is_some_and(|run| run.squeezed as usize <= squeezed) {
            at += 1;
        }
        at
    }

    /// Where a run begins in the text.
    pub fn begins(&self, run: usize) -> usize {
        self.0.get(run).map_or(0, |run| run.clean as usize)
    }

    /// Where a run ends in the text.
    pub fn ends(&self, run: usize) -> usize {
        self.0.get(run).map_or(0, Run::end)
    }

    /// Where a byte of the squeezed form, which stands in this run, stands in the text.
    pub fn clean(&self, run: usize, squeezed: usize) -> usize {
        self.0.get(run).map_or(0, |run| run.clean as usize + squeezed.saturating_sub(run.squeezed as usize))
    }
}

/// Whether an ellipsis stands in the text, as one character or as dots.
pub fn is_shortened(text: &str) -> bool {
    // Two dots side by side are looked for a block at a time, without leaving it early: the compiler compares many bytes
    // at once that way.
    let bytes = text.as_bytes();
    let behind = bytes.get(1..).unwrap_or_default();
    let dots = |(a, b): (&[u8], &[u8])| {
        a.iter().zip(b).fold(0, |found, (a, b)| found | u8::from(*a == b'.') & u8::from(*b == b'.')) > 0
    };
    let dotted = bytes.chunks(64).zip(behind.chunks(64)).any(dots);
    (dotted && text.contains("...")) || (!text.is_ascii() && text.contains('…'))
}

/// Where a text may have been cut off, as positions in its squeezed form: before each ellipsis, at its end, and where a
/// value of a System Log event ends (Okta cuts the reason of a failure at 255 characters without a sign). `end` is the
/// length of the squeezed form.
pub fn cut_points(text: &str, end: usize) -> Vec<usize> {
    let log = text.contains("FAILURE");
    if !log && !is_shortened(text) {
        return vec![end];
    }
    let bytes = text.as_bytes();
    let mut points = Vec::new();
    let mut count = 0;
    for (i, b) in bytes.iter().enumerate() {
        let rest = bytes.get(i..).unwrap_or_default();
        let cut = match b {
            b'.' => rest.starts_with(b"..."),
            0xE2 => rest.starts_with("…".as_bytes()),
            b'"' if log => matches!(rest.get(1), Some(b',' | b'}' | b'\n')),
            _ => false,
        };
        if cut && points.last() != Some(&count) {
            points.push(count);
        }
        count += usize::from(SQUEEZED[usize::from(*b)] != 0);
    }
    if points.last() != Some(&count) {
        points.push(count);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_survives_breaks_quotes_and_screenshots() {
        let mut a = Vec::new();
        let mut b = Vec::new();
        squeeze("Request_ResourceNotFound 50126", &mut a);
        squeeze("*Request\\_Resource\u{200b}Not\nFound* “5O l26”", &mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn cuts_are_before_an_ellipsis_and_at_the_end() {
        let points = |text: &str| cut_points(text, text.bytes().filter(u8::is_ascii_alphanumeric).count());
        assert_eq!(points("ab… cd... e.f"), [2, 4, 6]);
        assert_eq!(points("ab...."), [2]);
        assert_eq!(points("FAILURE \"ab\",\"c\":1"), [9, 11]);
        assert_eq!(points(""), [0]);
    }

    #[test]
    fn the_buffer_form_is_the_same() {
        let text = "Hellö, W0rld 1";
        let mut v = Vec::new();
        squeeze(text, &mut v);
        let mut buf = [0_u8; 64];
        let n = squeeze_into(text, &mut buf).unwrap();
        assert_eq!(&buf[..n], &v[..]);
        let runs = Runs::of(text);
        assert_eq!(runs.iter().map(|(_, run)| run.squeezed).collect::<Vec<_>>(), [0, 4, 9]);
        let back: String = (0..n).map(|i| char::from(text.as_bytes()[runs.clean(runs.at(i), i)])).collect();
        assert!((0..n).all(|i| runs.near(0, i) == runs.at(i)));
        assert_eq!(back, "HellW0rld1");
        assert_eq!(squeeze_into(text, &mut [0_u8; 3]), None);
    }

    #[test]
    fn runs_are_those_of_a_look_at_each_byte() {
        let plain = |text: &str| {
            let mut runs: Vec<Run> = Vec::new();
            let kept = text.bytes().zip(0_u32..).filter(|(b, _)| squeeze_byte(*b).is_some());
            for ((_, clean), squeezed) in kept.zip(0_u32..) {
                match runs.last_mut().filter(|run| run.end() == clean as usize) {
                    Some(run) => run.len += 1,
                    None => runs.push(Run { clean, squeezed, len: 1 }),
                }
            }
            runs
        };
        let every: String = (0..=255).map(char::from).collect();
        let long = "ab-".repeat(100) + &"x".repeat(200) + "é…" + &"y".repeat(61);
        for text in [&every, &long, ""] {
            for from in 0..text.len() {
                let text = text.get(from..).unwrap_or("é");
                assert_eq!(Runs::of(text).0, plain(text), "{text}");
            }
        }
        let within = |range| Runs::of("ab cd ef").within(range).collect::<Vec<_>>();
        assert_eq!(within(1..7), [0..1, 2..4, 5..6]);
        assert!(within(2..3).is_empty());
    }
}
