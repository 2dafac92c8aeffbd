//! Answers of the API that took long, kept as they were written: a reading room asks for the same books.
//!
//! They are of one generation, one table of members and one state of freshness; when any of these changes, all are
//! dropped, so a kept answer is never an old one.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use indexer::library::Members;
use indexer::search::Query;
use lru::LruCache;

use crate::i18n::Lang;
use crate::state::Open;

/// Answers kept at most.
const MOST: NonZeroUsize = NonZeroUsize::new(512).unwrap();
/// A longer one is not kept, so that all together take 16 MB at most.
const MOST_BYTES: usize = 32 << 10;
/// What is found quicker than this is quickly found again.
const WORTH_KEEPING: Duration = Duration::from_micros(500);
/// After this name stands how long the search took: the one thing that differs from time to time.
///
/// Inside a text its quotation marks would be escaped.
const TOOK: &str = "\"took_ms\":";

/// An answer as JSON, without the time it took.
#[derive(Debug)]
pub(crate) struct Written {
    head: Box<str>,
    tail: Box<str>,
}

impl Written {
    /// Takes the time out of a document.
    fn of(json: &str) -> Option<Self> {
        let (head, rest) = json.split_once(TOOK)?;
        let tail = &rest[rest.find([',', '}'])?..];
        Some(Self { head: head.into(), tail: tail.into() })
    }

    /// The document of a search that took so long.
    pub(crate) fn with_time(&self, took: Duration) -> String {
        let ms = (took.as_secs_f64() * 1e4).round() / 10.0;
        format!("{}{TOOK}{ms:?}{}", self.head, self.tail)
    }
}

/// What they depend on besides the question.
type Basis = (Weak<Open>, Weak<Members>);
type Kept = LruCache<(Query, Lang), Arc<Written>>;

/// The answers that were asked for lately.
pub(crate) struct Answers(Mutex<(Basis, Kept)>);

impl Default for Answers {
    fn default() -> Self {
        Self(Mutex::new((Basis::default(), LruCache::new(MOST))))
    }
}

impl Answers {
    fn with<T>(&self, open: &Arc<Open>, members: &Arc<Members>, act: impl FnOnce(&mut Kept) -> T) -> T {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (basis, kept) = &mut *answers;
        if basis.0.as_ptr() != Arc::as_ptr(open) || basis.1.as_ptr() != Arc::as_ptr(members) {
            *basis = (Arc::downgrade(open), Arc::downgrade(members));
            kept.clear();
        }
        act(kept)
    }

    /// The answer to a question, if it is kept.
    pub(crate) fn get(
        &self,
        open: &Arc<Open>,
        members: &Arc<Members>,
        asked: &(Query, Lang),
    ) -> Option<Arc<Written>> {
        self.with(open, members, |kept| kept.get(asked).cloned())
    }

    /// Keeps an answer that took so long, if that is worth it.
    pub(crate) fn keep(
        &self,
        open: &Arc<Open>,
        members: &Arc<Members>,
        asked: (Query, Lang),
        json: &str,
        took: Duration,
    ) {
        if took < WORTH_KEEPING || json.len() > MOST_BYTES {
            return;
        }
        if let Some(written) = Written::of(json) {
            self.with(open, members, |kept| kept.put(asked, Arc::new(written)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn the_time_is_this_search_s_own_and_nothing_else_changes() {
        let json = r#"{"query":"\"took_ms\":7","took_ms":12.5,"total":0,"records":[{"title":"took_ms"}]}"#;
        let written = Written::of(json).unwrap();
        assert_eq!(written.with_time(Duration::from_micros(12_500)), json);
        let quick = written.with_time(Duration::from_micros(3));
        assert_eq!(quick, json.replace("12.5", "0.0"));
        assert!(Written::of("{}").is_none());
    }
}
