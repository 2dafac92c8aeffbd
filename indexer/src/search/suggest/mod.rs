//! What a reader may be about to type: titles, authors and subjects of the catalogue, and the reading in pinyin.
//!
//! Nothing is stored for this. Terms, initials and texts that the index has anyway give the candidates, the ones
//! held most come first, and each says how many hits it has when it is searched in the field of its kind. Bounded
//! everywhere: of very many candidates only some are looked at. It orders no results.

mod gather;
mod headings;
mod pairs;
mod titles;
mod typed;

use std::sync::OnceLock;

use crate::index::Error;
use crate::search::suggest::gather::{Access, Ways};
use crate::search::suggest::pairs::Pairs;
use crate::search::suggest::typed::Typed;
use crate::search::{Catalogue, Query, SearchField, answering, catalogue, find, grammar};

/// Most suggestions of one answer.
pub const MOST_SUGGESTIONS: usize = 20;

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Of what kind.
    pub kind: SuggestionKind,
    /// As the catalogue writes it.
    pub text: String,
    /// Hits of the text as it stands in the field of its kind.
    pub hits: u64,
}

/// Kinds of completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SuggestionKind {
    /// A title proper.
    Title,
    /// An access point of a person or body.
    Author,
    /// A subject heading.
    Subject,
    /// What was typed, read as pinyin.
    Pinyin,
}

impl SuggestionKind {
    /// Its name in the API.
    pub fn name(self) -> &'static str {
        self.field().name()
    }

    /// Where its text is to be searched.
    pub fn field(self) -> SearchField {
        match self {
            Self::Title => SearchField::Title,
            Self::Author => SearchField::Author,
            Self::Subject => SearchField::Subject,
            Self::Pinyin => SearchField::Pinyin,
        }
    }
}

/// So many times what is shown is looked at, for some of it is read otherwise as a rule.
const SPARE: usize = 3;

/// A text of the catalogue that may be meant.
struct Candidate {
    /// How well it answers; the greater the better.
    rank: u8,
    text: String,
}

impl Catalogue {
    /// Completions of what was typed, at most `limit`, each with at least one hit.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, Error> {
        let engine = |e| Error::engine(self.dir())(e);
        catalogue::guarded(self.dir(), || suggest(self, typed, limit.min(MOST_SUGGESTIONS)).map_err(engine))
    }
}

fn suggest(catalogue: &Catalogue, typed: &str, limit: usize) -> tantivy::Result<Vec<Suggestion>> {
    let Some(asked) = Typed::read(typed).filter(|_| limit > 0) else { return Ok(Vec::new()) };
    let mut kinds = Vec::new();
    for (kind, access) in [
        (SuggestionKind::Title, Access::Title),
        (SuggestionKind::Author, Access::Author),
        (SuggestionKind::Subject, Access::Subject),
    ] {
        let ways = Ways::of(catalogue, &asked, access)?;
        let mut found = match access {
            Access::Title => titles::titles(catalogue, &asked, &ways, SPARE * limit)?,
            _ => headings::headings(catalogue, &asked, &ways, access, SPARE * limit)?,
        };
        asked.usual_first(&mut found);
        found.truncate(limit);
        kinds.push((kind, found));
    }
    share(&mut kinds, limit);
    let mut suggestions = Vec::new();
    for (kind, candidates) in kinds {
        for candidate in candidates {
            let hits = hits(catalogue, &candidate.text, kind.field())?;
            if hits > 0 {
                suggestions.push(Suggestion { kind, text: candidate.text, hits });
            }
        }
    }
    if asked.may_be_initials() {
        let query = Query { text: asked.typed.clone(), field: SearchField::Pinyin, ..Query::default() };
        let hits = answering::reckon(catalogue, &query)?.found.total();
        if hits > 0 {
            suggestions.truncate(limit - 1);
            suggestions.push(Suggestion { kind: SuggestionKind::Pinyin, text: asked.typed, hits });
        }
    }
    Ok(suggestions)
}

/// Gives each kind its share of the places and what others leave; the kind with the best answer comes first.
fn share(kinds: &mut [(SuggestionKind, Vec<Candidate>)], limit: usize) {
    let mut places = [limit.div_ceil(2), limit.div_ceil(3), limit / 5];
    let mut left = limit;
    for (places, (_, found)) in places.iter_mut().zip(kinds.iter()) {
        *places = (*places).min(found.len()).min(left);
        left -= *places;
    }
    for (places, (_, found)) in places.iter_mut().zip(kinds.iter()) {
        let more = (found.len() - *places).min(left);
        *places += more;
        left -= more;
    }
    for (places, (_, found)) in places.into_iter().zip(kinds.iter_mut()) {
        found.truncate(places);
    }
    kinds.sort_by_key(|(_, found)| std::cmp::Reverse(found.first().map(|c| c.rank)));
}

/// What a search for the text finds as it stands; words of letters may be read as pinyin besides.
fn hits(catalogue: &Catalogue, text: &str, field: SearchField) -> tantivy::Result<u64> {
    Ok(find::find(catalogue, &grammar::read(text, field))?.total())
}

/// What is made once, when somebody first types.
#[derive(Default)]
pub(crate) struct Suggesting {
    pairs: [OnceLock<Pairs>; 3],
}

impl Suggesting {
    fn pairs(&self, catalogue: &Catalogue, access: Access) -> tantivy::Result<&Pairs> {
        let slot = &self.pairs[access as usize];
        if let Some(known) = slot.get() {
            return Ok(known);
        }
        let made = Pairs::of(catalogue, |segment| access.field(segment))?;
        Ok(slot.get_or_init(|| made))
    }
}
