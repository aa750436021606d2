//! Many fixed phrases of which those are told that stand at one place of a text.
//!
//! Small tables, because a place is looked at now and then, between other work, and what lies far away then costs more
//! than the looking: the first bytes choose a short list, and all phrases lie one behind the other.
//!
//! Never interprets what it finds, never allocates while it looks. Begin with [`Starts::new`].

/// How many first bytes choose a list, by their number: the most that a phrase has.
const LENGTHS: [usize; 4] = [8, 4, 2, 1];
/// Bytes by which all phrases of as many are told at once.
const SHARED: usize = 4;
/// Numbers whose bits tell which of those beginnings there are.
const LONG: usize = 1 << 8;
/// Numbers whose bits tell with which two bytes shorter phrases begin.
const SHORT: usize = 1 << 5;
/// Bytes of a place that are read as one number.
const WIDTH: usize = 8;

/// A set of phrases, each with the number that it was given with. Compares bytes as they are.
#[derive(Debug)]
pub struct Starts {
    long: Box<[u64; LONG]>,
    short: Box<[u64; SHORT]>,
    tables: Vec<Table>,
    entries: Vec<Entry>,
    /// The bytes of all phrases.
    bytes: Vec<u8>,
}

/// The phrases of about one length.
#[derive(Debug)]
struct Table {
    /// Selects the first bytes of a place, which choose a list.
    mask: u64,
    /// Whether none is shorter than a shared beginning.
    long: bool,
    /// How far a product is moved to make the number of a list of it.
    shift: u32,
    /// For each list where it begins in the entries; one more at the end.
    lists: Vec<u32>,
}

/// A phrase as a list holds it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Its first bytes, at most [`WIDTH`].
    beginning: u64,
    /// Selects as many of a place.
    mask: u64,
    /// As it was given.
    number: u32,
    /// Its first byte among those of all.
    at: u32,
    len: u32,
}

impl Starts {
    /// From phrases with their numbers (below 2^32). An empty phrase is found nowhere.
    pub fn new<P: AsRef<[u8]>>(phrases: impl IntoIterator<Item = (usize, P)>) -> Self {
        let mut set = Self {
            long: Box::new([0; LONG]),
            short: Box::new([0; SHORT]),
            tables: Vec::new(),
            entries: Vec::new(),
            bytes: Vec::new(),
        };
        let mut own: [Vec<Entry>; LENGTHS.len()] = Default::default();
        for (number, phrase) in phrases {
            let phrase = phrase.as_ref();
            let Some(table) = LENGTHS.iter().position(|length| *length <= phrase.len()) else { continue };
            let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
            let (at, len) = (small(set.bytes.len()), small(phrase.len()));
            own[table].push(Entry {
                beginning: word(phrase),
                mask: mask(phrase.len()),
                number: small(number),
                at,
                len,
            });
            set.bytes.extend_from_slice(phrase);
            match *phrase {
                _ if phrase.len() >= SHARED => note(&mut set.long, shared(word(phrase))),
                // Whatever follows.
                [only] => (0..=u8::MAX).for_each(|next| note(&mut set.short, two(word(&[only, next])))),
                _ => note(&mut set.short, two(word(phrase))),
            }
        }
        for (length, entries) in LENGTHS.into_iter().zip(own).filter(|(_, entries)| !entries.is_empty()) {
            set.add(length, entries);
        }
        set
    }

    fn add(&mut self, length: usize, mut own: Vec<Entry>) {
        let lists = (8 * own.len()).next_power_of_two();
        let (mask, long) = (mask(length), length >= SHARED);
        let mut table = Table { mask, long, shift: u64::BITS - lists.trailing_zeros(), lists: Vec::new() };
        own.sort_by_key(|entry| (table.list(entry.beginning), std::cmp::Reverse(entry.len)));
        let first = self.entries.len();
        let start = |list: usize| first + own.partition_point(|entry| table.list(entry.beginning) < list);
        table.lists = (0..=lists).map(|list| u32::try_from(start(list)).unwrap_or(u32::MAX)).collect();
        self.entries.extend(own);
        self.tables.push(table);
    }

    /// Calls `found` with the number of every phrase that stands at the beginning of the text.
    pub fn each(&self, text: &[u8], found: impl FnMut(usize)) {
        let word = word(text);
        // Almost every place is told by its first bytes.
        let (long, short) = (is_noted(&self.long, shared(word)), is_noted(&self.short, two(word)));
        if long || short {
            self.tell(text, word, (long, short), found);
        }
    }

    /// The same where a phrase of some length, of which the first bytes are `word`, may stand.
    fn tell(&self, text: &[u8], word: u64, (long, short): (bool, bool), mut found: impl FnMut(usize)) {
        for table in self.tables.iter().filter(|table| if table.long { long } else { short }) {
            let list = table.list(word);
            let Some([from, to]) = table.lists.get(list..).and_then(|rest| rest.first_chunk()) else { continue };
            if from == to {
                continue;
            }
            for entry in self.entries.get(*from as usize..*to as usize).unwrap_or_default() {
                let len = entry.len as usize;
                if word & entry.mask != entry.beginning || text.len() < len {
                    continue;
                }
                let whole = || self.bytes.get(entry.at as usize..entry.at as usize + len);
                if len <= WIDTH || whole().is_some_and(|phrase| begins_with(text, phrase)) {
                    found(entry.number as usize);
                }
            }
        }
    }

    /// Bytes that the tables and phrases take.
    pub fn memory(&self) -> usize {
        let lists: usize = self.tables.iter().map(|table| size_of_val(&*table.lists)).sum();
        size_of_val(&*self.long) + size_of_val(&*self.short) + lists + size_of_val(&*self.entries) + self.bytes.len()
    }
}

impl Table {
    /// The list of a place.
    fn list(&self, word: u64) -> usize {
        hashed(word & self.mask, self.shift)
    }
}

/// Selects the first `len` bytes of a number, of which there is one at least.
pub(crate) fn mask(len: usize) -> u64 {
    u64::MAX >> (8 * WIDTH.saturating_sub(len))
}

/// The bytes of a place by which long phrases are told at once.
fn shared(word: u64) -> u64 {
    word & 0xFFFF_FFFF
}

/// The bytes of a place by which short phrases are told at once.
fn two(word: u64) -> u64 {
    word & 0xFFFF
}

/// Notes a beginning by a bit of a table.
fn note<const N: usize>(bits: &mut [u64; N], beginning: u64) {
    let slot = slot::<N>(beginning);
    bits[slot / 64] |= 1 << (slot % 64);
}

/// Whether the bit of a beginning is set, which another may have set as well.
fn is_noted<const N: usize>(bits: &[u64; N], beginning: u64) -> bool {
    let slot = slot::<N>(beginning);
    bits[slot / 64] >> (slot % 64) & 1 == 1
}

fn slot<const N: usize>(beginning: u64) -> usize {
    hashed(beginning, u64::BITS - (64 * N).trailing_zeros())
}

/// Whether a text whose first bytes are those of a long phrase begins with the whole of it. Most that do not are told by
/// the last bytes.
pub(super) fn begins_with(text: &[u8], phrase: &[u8]) -> bool {
    let there = text.get(..phrase.len()).unwrap_or_default();
    there.last_chunk::<WIDTH>() == phrase.last_chunk() && there == phrase
}

/// The highest bits of a product, so that beginnings which differ in one byte lie apart.
#[expect(clippy::cast_possible_truncation, reason = "a few bits are left")]
pub(crate) fn hashed(beginning: u64, shift: u32) -> usize {
    (beginning.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> shift) as usize
}

/// The first bytes of a text as a number; a shorter text is filled up with zeros.
pub(crate) fn word(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => filled_up(text),
    }
}

/// Only the end of a text is shorter.
#[cold]
fn filled_up(text: &[u8]) -> u64 {
    text.iter().rev().fold(0, |word, b| word << 8 | u64::from(*b))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes words of so many letters out of two.
    pub(crate) fn letters() -> impl FnMut(usize) -> String {
        let mut seed = 7_u32;
        move |n| {
            let mut letter = |_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if seed >> 30 == 0 { 'b' } else { 'a' }
            };
            (0..n).map(&mut letter).collect()
        }
    }

    fn found(phrases: &[&str], text: &str) -> Vec<usize> {
        let mut all = Vec::new();
        Starts::new(phrases.iter().enumerate().map(|(n, p)| (n, p.as_bytes()))).each(text.as_bytes(), |n| all.push(n));
        all.sort_unstable();
        all
    }

    fn plain(phrases: &[&str], text: &str) -> Vec<usize> {
        let stands = |(_, p): &(usize, &&str)| !p.is_empty() && text.as_bytes().starts_with(p.as_bytes());
        phrases.iter().enumerate().filter(stands).map(|(n, _)| n).collect()
    }

    #[test]
    fn all_phrases_at_a_place_are_told() {
        let phrases =
            ["a", "ab", "abc", "abcd", "abcdefg", "abcdefgh", "abcdefghi", "", "x\0", "user", "user", "users are"];
        for text in
            ["", "a", "ab", "abc", "abcdefg", "abcdefghijk", "x", "x\0", "x\0y", "user", "users are", "users ar", "ü"]
        {
            assert_eq!(found(&phrases, text), plain(&phrases, text), "{text}");
        }
        assert!(found(&[], "abc").is_empty());
        assert_eq!(found(&["user"], "user"), [0]);
    }

    #[test]
    fn what_is_told_is_what_a_plain_comparison_tells() {
        let mut letters = letters();
        let phrases: Vec<String> = (0..80).map(|n| letters(1 + n % 11)).collect();
        let phrases: Vec<&str> = phrases.iter().map(String::as_str).collect();
        for n in 0..400 {
            let text = letters(n % 14);
            assert_eq!(found(&phrases, &text), plain(&phrases, &text), "{text}");
        }
    }
}
