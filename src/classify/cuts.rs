//! Phrases that were cut off: the console shortens a message to 255 characters, people shorten it with `…`.
//!
//! Never guesses from a few letters: at least twelve, and half of the phrase, must stand before the cut.
//!
//! Begin with [`Cuts::before`].

use crate::domain::starts::hashed;

/// Letters and digits that must be left of a phrase.
const LEAST: usize = 12;
/// Longest phrase that is looked at.
const LONGEST: usize = 96;

/// Letters by which almost every place is dismissed where no phrase begins.
const BEGINNING: usize = 8;
/// Bits that tell which beginnings there are.
const SLOTS: usize = 1 << 15;

/// The phrases that may open a report, sorted, so that all with a given beginning lie together.
pub(super) struct Cuts {
    sorted: Vec<(Vec<u8>, usize)>,
    /// One bit for each hash of a beginning.
    starts: Vec<u64>,
}

impl Cuts {
    /// From squeezed phrases with their numbers.
    pub(super) fn new(phrases: impl Iterator<Item = (Vec<u8>, usize)>) -> Self {
        let mut sorted: Vec<(Vec<u8>, usize)> = phrases.filter(|(p, _)| p.len() > LEAST).collect();
        sorted.sort();
        let mut starts = vec![0_u64; SLOTS / 64];
        for (phrase, _) in &sorted {
            if let Some((word, bit)) = phrase.first_chunk().copied().map(slot)
                && let Some(word) = starts.get_mut(word)
            {
                *word |= bit;
            }
        }
        Self { sorted, starts }
    }

    /// Phrases of which a cut-off beginning ends at `end` of the squeezed text: (number, start).
    pub(super) fn before(&self, squeezed: &[u8], end: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let head = squeezed.get(..end).unwrap_or_default();
        let from = end.saturating_sub(LONGEST);
        let places = head.get(from..).unwrap_or_default().array_windows().enumerate();
        for (n, first) in places.take((end + 1).saturating_sub(LEAST).saturating_sub(from)) {
            let (word, bit) = slot(*first);
            if self.starts.get(word).is_none_or(|w| w & bit == 0) {
                continue;
            }
            let start = from + n;
            let Some(rest) = head.get(start..) else { break };
            let from = self.sorted.partition_point(|(p, _)| p.as_slice() < rest);
            let same = self.sorted.get(from..).unwrap_or_default().iter().take_while(|(p, _)| p.starts_with(rest));
            found.extend(same.filter(|(p, _)| rest.len() * 2 >= p.len()).map(|(_, number)| (*number, start)));
        }
        found
    }
}

fn slot(first: [u8; BEGINNING]) -> (usize, u64) {
    let slot = hashed(u64::from_le_bytes(first), u64::BITS - SLOTS.trailing_zeros());
    (slot / 64, 1 << (slot % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_phrase_is_found_and_a_short_rest_is_not() {
        let cuts = Cuts::new([(b"matchlngusernotfound".to_vec(), 7)].into_iter());
        let text = b"falledmatchlngusernotf";
        assert_eq!(cuts.before(text, text.len()), [(7, 6)]);
        assert!(cuts.before(&text[..15], 15).is_empty());
        assert!(cuts.before(b"", 0).is_empty());
    }
}
