//! Sets of common terms that were asked for lately: `出版社` need not be unpacked anew for each reader.
//!
//! Bounded in bytes, the oldest leave first. A set is never wrong: a segment does not change. It knows no terms of
//! its own and no queries.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use tantivy::schema::Field;

use crate::search::docs::Docs;

/// Sets that are kept for a segment, at most …
const MOST: usize = 128;
/// … and as many as need no more memory than this.
const MOST_BYTES: usize = 8 << 20;

/// The sets lately used of one segment.
pub(crate) struct Lately {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    sets: FxHashMap<(Field, Box<str>), Docs>,
    order: VecDeque<(Field, Box<str>)>,
}

impl Lately {
    /// For sets of a segment of `max` documents.
    pub(crate) fn new(max: u32) -> Self {
        let bytes = (max as usize / 8).max(64);
        Self { room: (MOST_BYTES / bytes).min(MOST), kept: Mutex::default() }
    }

    /// The set of a term, where it is kept.
    pub(crate) fn get(&self, field: Field, term: &str) -> Option<Docs> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.sets.get(&(field, Box::from(term))).cloned()
    }

    /// Keeps the set of a term.
    pub(crate) fn keep(&self, field: Field, term: &str, docs: &Docs) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (field, Box::from(term));
        if self.room == 0 || kept.sets.insert(key.clone(), docs.clone()).is_some() {
            return;
        }
        kept.order.push_back(key);
        if kept.order.len() > self.room
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.sets.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_leaves() {
        let lately = Lately::new(1_000);
        let field = Field::from_field_id(3);
        for n in 0..=MOST {
            lately.keep(field, &n.to_string(), &Docs::from_list(vec![n as u32], 1_000));
        }
        assert!(lately.get(field, "0").is_none());
        assert!(lately.get(field, "1").is_some_and(|docs| docs.contains(1)));
        assert!(lately.get(Field::from_field_id(4), "1").is_none());
    }
}
