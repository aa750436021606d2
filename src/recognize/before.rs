//! What stands before a value, to tell by which label it is named.
//!
//! Never looks further back than a label is long. Begin with [`Before::of`].

/// Bytes before a value in which a label may stand.
const REACH: usize = 60;

/// Letters and digits before a value, without regard to case, and the sign right before it.
pub(super) struct Before<'t> {
    /// The last bytes before the value.
    near: &'t [u8],
    /// The last letters and digits among them, in lower case.
    last: [u8; LAST],
    /// The byte right before the value; a blank where it begins the text.
    pub(super) sign: u8,
}

/// Letters by which most labels are told apart.
const LAST: usize = 4;

impl<'t> Before<'t> {
    pub(super) fn of(text: &'t str, at: usize) -> Self {
        let head = text.get(..at).unwrap_or_default().as_bytes();
        let near = head.get(head.len().saturating_sub(REACH)..).unwrap_or_default();
        let mut last = [b' '; LAST];
        for (slot, letter) in last.iter_mut().rev().zip(letters(near)) {
            *slot = letter;
        }
        Self { near, last, sign: head.last().copied().unwrap_or(b' ') }
    }

    pub(super) fn ends_with(&self, word: &str) -> bool {
        let word = word.as_bytes();
        match word.last_chunk() {
            Some(end) => *end == self.last && word.iter().rev().copied().eq(letters(self.near).take(word.len())),
            None => self.last.ends_with(word),
        }
    }
}

/// Letters and digits in lower case, from behind.
fn letters(near: &[u8]) -> impl Iterator<Item = u8> {
    near.iter().rev().filter(|b| b.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase)
}
