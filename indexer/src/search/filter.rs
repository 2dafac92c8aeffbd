//! The filters of a query as sets: libraries, types, languages, classes, years.
//!
//! Each kind stays apart, because a facet counts within the *other* filters. It knows no words.

use crate::index::class_form;
use crate::search::docs::Docs;
use crate::search::segment::{Segment, Sets, find};
use crate::search::{Catalogue, Query};

/// The filters there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Library,
    Type,
    Language,
    Class,
    Year,
}

/// The sets of one segment; `None` where a filter is not set.
pub(crate) struct Filters([Option<Docs>; 5]);

impl Filters {
    pub(crate) fn of(segment: &Segment, query: &Query) -> tantivy::Result<Self> {
        let any = |sets: &Sets, values: &mut dyn Iterator<Item = &str>| {
            let mut docs = None;
            for value in values {
                let own = find(sets, value).cloned().unwrap_or_else(Docs::none);
                docs = Some(match docs {
                    None => own,
                    Some(docs) => Docs::or(docs, own),
                });
            }
            docs
        };
        let mut classes = None;
        for class in &query.classes {
            let form = class_form(class);
            if form.is_empty() {
                continue;
            }
            let own = segment.term(segment.fields.class, &form)?;
            classes = Some(match classes {
                None => own,
                Some(docs) => Docs::or(docs, own),
            });
        }
        Ok(Self([
            any(&segment.libraries, &mut query.libraries.iter().map(|l| l.as_str())),
            any(&segment.kinds, &mut query.types.iter().map(|t| t.code())),
            any(&segment.languages, &mut query.languages.iter().map(String::as_str)),
            classes,
            years(segment, query),
        ]))
    }

    /// What passes all filters but one.
    pub(crate) fn pass(&self, docs: &Docs, but: Option<Kind>) -> Docs {
        let mut docs = docs.clone();
        for (n, filter) in self.0.iter().enumerate() {
            if let Some(filter) = filter.as_ref().filter(|_| but.is_none_or(|kind| kind as usize != n)) {
                docs = docs.and(filter);
            }
        }
        docs
    }

    /// Whether this filter is set.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.0[kind as usize].is_some()
    }
}

fn years(segment: &Segment, query: &Query) -> Option<Docs> {
    if query.from.is_none() && query.to.is_none() {
        return None;
    }
    Some(segment.within_years(query.from.unwrap_or(i16::MIN), query.to.unwrap_or(i16::MAX)))
}

/// Whether any filter is set.
pub(crate) fn any(query: &Query) -> bool {
    !query.libraries.is_empty()
        || !query.types.is_empty()
        || !query.languages.is_empty()
        || !query.classes.is_empty()
        || query.from.is_some()
        || query.to.is_some()
}

impl Catalogue {
    /// What passes the filters of `query` in every segment.
    pub(crate) fn pass(&self, docs: &[Docs], query: &Query) -> tantivy::Result<Vec<Docs>> {
        let each = self.segments.iter().zip(docs);
        each.map(|(segment, docs)| Ok(Filters::of(segment, query)?.pass(docs, None))).collect()
    }
}
