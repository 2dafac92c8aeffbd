//! The bits of large sets, in memory that is used again.
//!
//! A query makes and drops dozens of sets of a hundred kilobytes and more. An allocator gives such memory back, and
//! the system clears each page that it lends anew: that took an eighth of all time under load.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Words that are kept for the next set, at most: so many and …
const MOST: usize = 64;
/// … not more than this together, 24 MB: the sets of two searches among ten million.
const MOST_WORDS: usize = 3 << 20;
/// What is smaller than this is quickly allocated, 4 KB.
const SMALL: usize = 512;

/// A bit for each document of a segment.
#[derive(Debug)]
pub(crate) struct Words(Vec<u64>);

#[derive(Default)]
struct Free {
    all: Vec<Vec<u64>>,
    n_words: usize,
}

static FREE: Mutex<Free> = Mutex::new(Free { all: Vec::new(), n_words: 0 });

fn free() -> MutexGuard<'static, Free> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Free {
    /// An empty vector with room for `n_words`, if there is one that is not much too large.
    fn take(&mut self, n_words: usize) -> Option<Vec<u64>> {
        let fits = |words: &Vec<u64>| (n_words..=n_words * 2).contains(&words.capacity());
        let at = self.all.iter().rposition(fits)?;
        let mut words = self.all.swap_remove(at);
        self.n_words -= words.capacity();
        words.clear();
        Some(words)
    }

    fn keep(&mut self, words: Vec<u64>) {
        if self.all.len() < MOST && self.n_words + words.capacity() <= MOST_WORDS {
            self.n_words += words.capacity();
            self.all.push(words);
        }
    }
}

impl Words {
    /// An empty vector with room for so many words.
    fn with_room(n_words: usize) -> Vec<u64> {
        let used = (n_words >= SMALL).then(|| free().take(n_words)).flatten();
        used.unwrap_or_else(|| Vec::with_capacity(n_words))
    }

    /// So many words, all the same.
    pub(crate) fn all(word: u64, n_words: usize) -> Self {
        let mut words = Self::with_room(n_words);
        words.resize(n_words, word);
        Self(words)
    }

    /// The same words.
    pub(crate) fn copied(from: &[u64]) -> Self {
        let mut words = Self::with_room(from.len());
        words.extend_from_slice(from);
        Self(words)
    }

    /// Sets a document's bit; one beyond the end has none.
    pub(crate) fn set(&mut self, doc: u32) {
        if let Some(word) = self.0.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    /// Each word made of the words of two sets; the shorter one ends it.
    pub(crate) fn of_both(a: &[u64], b: &[u64], make: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = Self::with_room(a.len().min(b.len()));
        words.extend(a.iter().zip(b).map(|(&a, &b)| make(a, b)));
        Self(words)
    }
}

impl Clone for Words {
    fn clone(&self) -> Self {
        Self::copied(self)
    }
}

impl Drop for Words {
    fn drop(&mut self) {
        if self.0.capacity() >= SMALL {
            free().keep(std::mem::take(&mut self.0));
        }
    }
}

impl Deref for Words {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.0
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut [u64] {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_memory_holds_nothing_of_the_set_before() {
        for word in [u64::MAX, 0, 7] {
            let words = Words::all(word, SMALL + 1);
            assert!(words.iter().all(|&w| w == word) && words.len() == SMALL + 1);
            let both = Words::of_both(&words, &Words::all(3, SMALL), |a, b| a & b);
            assert!(both.iter().all(|&w| w == word & 3) && both.len() == SMALL);
            assert_eq!(both.clone()[..], both[..]);
        }
    }

    #[test]
    fn only_so_much_is_kept() {
        let mut free = Free::default();
        for _ in 0..MOST + 1 {
            free.keep(Vec::with_capacity(SMALL));
        }
        assert_eq!(free.all.len(), MOST);
        free.keep(Vec::with_capacity(MOST_WORDS));
        assert!(free.n_words < MOST_WORDS);
        assert!(free.take(SMALL / 4).is_none(), "much too large");
        assert!(free.take(SMALL).is_some() && free.take(MOST_WORDS).is_none());
    }
}
