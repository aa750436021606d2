//! What stands before a value, to tell by which label it is named.
//!
//! Never looks further back than a label is long. Begin with [`Before::of`].

/// Letters and digits before a value, in lower case, and the character right before it.
pub(super) struct Before([u8; 28], pub(super) char);

impl Before {
    pub(super) fn of(text: &str, at: usize) -> Self {
        let mut buf = [b' '; 28];
        let head = text.get(..at).unwrap_or_default();
        let mut slot = buf.iter_mut().rev();
        for b in head.bytes().rev().take(60).filter(u8::is_ascii_alphanumeric) {
            match slot.next() {
                Some(s) => *s = b.to_ascii_lowercase(),
                None => break,
            }
        }
        Self(buf, head.chars().next_back().unwrap_or(' '))
    }

    pub(super) fn ends_with(&self, word: &str) -> bool {
        // Most words are told apart by their last letter.
        self.0.last() == word.as_bytes().last() && self.0.ends_with(word.as_bytes())
    }
}
