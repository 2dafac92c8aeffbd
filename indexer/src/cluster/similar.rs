//! How alike two folded texts are, without allocating: edit distance bit by bit, and shared words.
//!
//! Both are symmetric, and both look at the first 128 characters or 24 words only.

/// Longer texts are compared by their beginning; the width of the bit vectors.
const MAX_CHARS: usize = 128;

/// Slots of the table of characters; a power of two, twice as many as characters.
const SLOTS: usize = 256;

/// One minus the edit distance over the length of the longer text.
pub(super) fn similarity(a: &str, b: &str) -> f32 {
    if a == b { 1.0 } else { Chars::of(a).similarity(&Chars::of(b)) }
}

/// Characters that must be changed, added or dropped between two texts.
pub(super) fn edits(a: &str, b: &str) -> usize {
    distance(Chars::of(a).get(), Chars::of(b).get())
}

/// The first characters of a text.
pub(super) struct Chars {
    chars: [char; MAX_CHARS],
    len: usize,
}

impl Chars {
    pub(super) fn of(text: &str) -> Self {
        Self::collect(text.chars())
    }

    /// Title and subtitle in one, with a blank between where they are words.
    pub(super) fn whole(title: &str, other: &str, words: bool) -> Self {
        let blank = (words && !other.is_empty()).then_some(' ');
        Self::collect(title.chars().chain(blank).chain(other.chars()))
    }

    fn collect(text: impl Iterator<Item = char>) -> Self {
        let mut found = Self { chars: ['\0'; MAX_CHARS], len: 0 };
        for (slot, c) in found.chars.iter_mut().zip(text) {
            *slot = c;
            found.len += 1;
        }
        found
    }

    pub(super) fn get(&self) -> &[char] {
        &self.chars[..self.len]
    }

    pub(super) fn similarity(&self, other: &Self) -> f32 {
        let longer = self.len.max(other.len);
        if longer == 0 {
            return 1.0;
        }
        1.0 - distance(self.get(), other.get()) as f32 / longer as f32
    }

    /// One slip: a character changed, lost or added, or two that changed places.
    pub(super) fn is_typo_of(&self, other: &Self) -> bool {
        let (a, b) = (self.get(), other.get());
        let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let tail = a[same..].iter().rev().zip(b[same..].iter().rev()).take_while(|(x, y)| x == y).count();
        let (x, y) = (&a[same..a.len() - tail], &b[same..b.len() - tail]);
        a.len().min(b.len()) >= 2 && (x.len() <= 1 && y.len() <= 1 || is_swapped(x, y))
    }

    /// Whether `other` begins with this, at the end of a word.
    pub(super) fn begins(&self, other: &Self) -> bool {
        let (own, whole) = (self.get(), other.get());
        whole.starts_with(own) && whole.get(own.len()).is_none_or(|c| *c == ' ' || !c.is_ascii_alphanumeric())
    }
}

/// Two neighbours, or two characters with some between them.
fn is_swapped(x: &[char], y: &[char]) -> bool {
    let n = x.len();
    n == y.len() && (2..=4).contains(&n) && x[0] == y[n - 1] && x[n - 1] == y[0] && x[1..n - 1] == y[1..n - 1]
}

fn distance(a: &[char], b: &[char]) -> usize {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len());
    }
    bit_parallel(a, b)
}

/// Myers' algorithm: one column of the matrix of edit distances in two bit vectors.
fn bit_parallel(pattern: &[char], text: &[char]) -> usize {
    let mut chars = ['\0'; SLOTS];
    let mut masks = [0u128; SLOTS];
    for (i, &c) in pattern.iter().enumerate() {
        let slot = slot_of(&chars, &masks, c);
        chars[slot] = c;
        masks[slot] |= 1 << i;
    }
    let last = 1u128 << (pattern.len() - 1);
    let (mut up, mut down) = (u128::MAX, 0u128);
    let mut score = pattern.len();
    for &c in text {
        let mask = masks[slot_of(&chars, &masks, c)];
        let diagonal = ((mask & up).wrapping_add(up) ^ up) | mask | down;
        let mut right_up = down | !(diagonal | up);
        let mut right_down = up & diagonal;
        score += usize::from(right_up & last != 0);
        score -= usize::from(right_down & last != 0);
        right_up = right_up << 1 | 1;
        right_down <<= 1;
        up = right_down | !(diagonal | right_up);
        down = right_up & diagonal;
    }
    score
}

fn slot_of(chars: &[char; SLOTS], masks: &[u128; SLOTS], c: char) -> usize {
    let mut slot = (c as usize).wrapping_mul(0x9E37) % SLOTS;
    while masks[slot] != 0 && chars[slot] != c {
        slot = (slot + 1) % SLOTS;
    }
    slot
}

/// Shared words over the words of the text with more of them, and over those of the text with fewer.
pub(super) fn shared_words(a: &str, b: &str) -> (f32, f32) {
    shared(&Words::of(a.chars()), &Words::of(b.chars()))
}

/// The same of texts that are characters already.
pub(super) fn shared_words_of(a: &Chars, b: &Chars) -> (f32, f32) {
    shared(&Words::of(a.get().iter().copied()), &Words::of(b.get().iter().copied()))
}

const MAX_WORDS: usize = 24;

/// Sorted hashes of words.
struct Words {
    hashes: [u32; MAX_WORDS],
    len: usize,
}

impl Words {
    fn of(text: impl Iterator<Item = char>) -> Self {
        let mut found = Self { hashes: [0; MAX_WORDS], len: 0 };
        let mut hash = 0u32;
        for c in text.chain([' ']) {
            if c != ' ' {
                hash = (hash ^ c as u32).wrapping_add(1).wrapping_mul(0x9E37_79B1).rotate_left(13);
            } else if hash != 0 && found.len < MAX_WORDS {
                found.hashes[found.len] = hash;
                found.len += 1;
                hash = 0;
            }
        }
        found.hashes[..found.len].sort_unstable();
        found
    }
}

fn shared(a: &Words, b: &Words) -> (f32, f32) {
    let (n, m) = (a.len, b.len);
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < n && j < m {
        match a.hashes[i].cmp(&b.hashes[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => (i, j, shared) = (i + 1, j + 1, shared + 1),
        }
    }
    let over = |n: usize| if n == 0 { 0.0 } else { shared as f32 / n as f32 };
    (over(n.max(m)), over(n.min(m)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The textbook matrix.
    fn plain(a: &str, b: &str) -> usize {
        let b: Vec<char> = b.chars().collect();
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.chars().enumerate() {
            let mut corner = row[0];
            row[0] = i + 1;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = (corner + usize::from(x != *y)).min(above + 1).min(row[j] + 1);
                corner = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("三国演义", "", 4),
            ("三国演义", "三国志演义", 1),
            ("三国演义", "三国演艺", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((edits(a, b), edits(b, a)), (expected, expected), "{a} {b}");
        }
        assert_eq!(similarity("三国演义", "三国演艺"), 0.75);
    }

    #[test]
    fn words_are_shared() {
        assert_eq!(shared_words("history of rome", "rome history"), (2.0 / 3.0, 1.0));
        assert_eq!(shared_words("", "rome"), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn the_distance_is_the_textbook_one(a in "[abc三国演义]{0,100}", b in "[abc三国演义]{0,100}") {
            prop_assert_eq!(edits(&a, &b), plain(&a, &b));
        }
    }
}
