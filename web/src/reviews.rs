//! What the generation in force leaves to a person, for `lianmu cluster review` and the first page of admins.

use indexer::cluster::GROUP_CAP;
use indexer::index::Review;
use serde::Serialize;

use crate::error::WebError;
use crate::i18n::{Lang, grouped};
use crate::open::Open;

/// An entry beside which others stand although something speaks for one entry.
#[derive(Serialize)]
pub(crate) struct ReviewSays {
    pub(crate) entry: String,
    pub(crate) title: Option<String>,
    pub(crate) reason: &'static str,
    /// How many others there are, and one of them.
    pub(crate) n_others: u32,
    pub(crate) other: String,
}

impl ReviewSays {
    fn of(review: &Review, open: &Open) -> Result<Self, WebError> {
        let entry = open.catalogue.entry(&review.entry).map_err(WebError::internal)?;
        Ok(Self {
            entry: review.entry.to_string(),
            title: entry.and_then(|entry| entry.bib.title),
            reason: review.reason.name(),
            n_others: review.n_others,
            other: review.other.to_string(),
        })
    }

    /// What the entry is called: its title, else its id.
    pub(crate) fn name(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.entry)
    }

    /// Why a person is asked.
    pub(crate) fn sentence(&self, lang: Lang) -> String {
        let (n, cap) = (grouped(self.n_others.into()), grouped(GROUP_CAP as u64));
        lang.fill(&format!("review.{}", self.reason), &[("n", &n), ("cap", &cap)])
    }
}

/// The first reviews of a generation, and how many there are in all.
pub(crate) fn reviews(open: &Open, at_most: usize) -> Result<(Vec<ReviewSays>, usize), WebError> {
    let all = &open.catalogue.manifest().union.reviews;
    let first = all.iter().take(at_most).map(|review| ReviewSays::of(review, open));
    Ok((first.collect::<Result<_, _>>()?, all.len()))
}
