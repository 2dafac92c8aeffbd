//! One segment of an open generation: posting lists as sets, and the sets that filters and counts need.
//!
//! The sets of libraries, types, languages, years and main classes are read once at opening and kept: any
//! number of libraries, no mask of 64. It knows fields and terms, not queries.

use tantivy::columnar::StrColumn;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, SegmentReader, TERMINATED, Term};

use crate::index::Layer;
use crate::index::lanes::{Dealing, Segment as SegmentInfo};
use crate::index::retired::Retired;
use crate::index::schema::Fields;
use crate::search::docs::Docs;

/// Values of a closed field, in term order, each with its documents.
pub(crate) type Sets = Vec<(String, Docs)>;

/// The place of no year.
pub(crate) const NO_YEAR: u16 = u16::MAX;

/// Prefix searches take at most this many terms: beyond it a prefix says too little to be meant.
pub(crate) const MOST_TERMS: usize = 50_000;

pub(crate) struct Segment {
    pub(crate) reader: SegmentReader,
    pub(crate) fields: Fields,
    pub(crate) max: u32,
    pub(crate) libraries: Sets,
    pub(crate) kinds: Sets,
    pub(crate) languages: Sets,
    pub(crate) years: Vec<(i16, Docs)>,
    /// For each document the place of its year in `years`, `NO_YEAR` where it has none.
    pub(crate) year_of: Vec<u16>,
    pub(crate) main_classes: Sets,
    pub(crate) authors: Option<StrColumn>,
    pub(crate) subjects: Option<StrColumn>,
    /// Which layer it belongs to.
    pub(crate) layer: usize,
    start: u32,
    lane: u32,
    before: u32,
    dealing: Dealing,
    /// Documents whose entries are no longer in force, one bit each; empty where there are none.
    retired: Vec<u64>,
}

impl Segment {
    /// Opens a segment of a layer; the first of `place` says which.
    pub(crate) fn open(
        reader: SegmentReader,
        fields: Fields,
        (layer, layer_info, info): (usize, &Layer, &SegmentInfo),
        retired: &Retired,
    ) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let mut segment = Self {
            max: reader.max_doc(),
            libraries: Vec::new(),
            kinds: Vec::new(),
            languages: Vec::new(),
            years: Vec::new(),
            year_of: Vec::new(),
            main_classes: Vec::new(),
            authors: fast.str("author_heading")?,
            subjects: fast.str("subject_heading")?,
            layer,
            start: layer_info.start,
            lane: info.lane,
            before: info.before,
            dealing: layer_info.dealing(),
            retired: Vec::new(),
            fields,
            reader,
        };
        for number in retired.within(layer_info.start..layer_info.end()) {
            segment.forget(number);
        }
        let fields = segment.fields.clone();
        let any = |_: &str| true;
        segment.libraries = segment.sets(fields.library, "", any)?;
        segment.kinds = segment.sets(fields.kind, "", any)?;
        segment.languages = segment.sets(fields.language, "", any)?;
        segment.main_classes = segment.sets(fields.class, "", |term| term.chars().nth(1).is_none())?;
        let years = segment.sets(fields.year, "", any)?;
        segment.years =
            years.into_iter().filter_map(|(year, docs)| Some((year.parse().ok()?, docs))).collect();
        segment.years.sort_by_key(|&(year, _)| year);
        segment.year_of = vec![NO_YEAR; segment.max as usize];
        for (place, (_, docs)) in (0..NO_YEAR).zip(&segment.years) {
            for doc in docs.iter() {
                if let Some(year) = segment.year_of.get_mut(doc as usize) {
                    *year = place;
                }
            }
        }
        Ok(segment)
    }

    /// The entry's number.
    pub(crate) fn number(&self, doc: u32) -> Option<u32> {
        self.start.checked_add(self.own_number(doc)?)
    }

    /// The entry's number within the layer.
    pub(crate) fn own_number(&self, doc: u32) -> Option<u32> {
        self.dealing.entry(self.lane, self.before.checked_add(doc)?)
    }

    /// The document at a place of a lane, where it stands in this segment.
    pub(crate) fn document(&self, lane: u32, nth: u32) -> Option<u32> {
        let doc = nth.checked_sub(self.before)?;
        (lane == self.lane && doc < self.max).then_some(doc)
    }

    fn forget(&mut self, number: u32) {
        let (lane, nth) = self.dealing.place(number - self.start);
        if let Some(doc) = self.document(lane, nth) {
            self.retired.resize((self.max as usize).div_ceil(64), 0);
            self.retired[doc as usize / 64] |= 1 << (doc % 64);
        }
    }

    /// Whether any of its documents is no longer in force.
    pub(crate) fn has_retired(&self) -> bool {
        !self.retired.is_empty()
    }

    /// All documents whose entries are in force.
    pub(crate) fn all(&self) -> Docs {
        let all = Docs::all(self.max);
        if self.has_retired() { all.minus(&Docs::from_bits(self.retired.clone())) } else { all }
    }

    /// All terms with a prefix that are wanted, each with its documents.
    pub(crate) fn sets(
        &self,
        field: Field,
        prefix: &str,
        want: impl Fn(&str) -> bool,
    ) -> tantivy::Result<Sets> {
        let mut sets = Vec::new();
        self.each_term(field, prefix, |term, docs| {
            if want(term) {
                let docs = docs()?;
                // A term that only retired entries have is none.
                if !docs.is_empty() {
                    sets.push((term.to_owned(), docs));
                }
            }
            Ok(sets.len() < MOST_TERMS)
        })?;
        Ok(sets)
    }

    /// Calls `visit` with each term that begins with `prefix`, in order, until it says stop.
    pub(crate) fn each_term(
        &self,
        field: Field,
        prefix: &str,
        mut visit: impl FnMut(&str, &dyn Fn() -> tantivy::Result<Docs>) -> tantivy::Result<bool>,
    ) -> tantivy::Result<()> {
        let index = self.reader.inverted_index(field)?;
        let mut stream = index.terms().range().ge(prefix).into_stream()?;
        while stream.advance() {
            let Some(rest) = stream.key().strip_prefix(prefix.as_bytes()) else { break };
            let _ = rest;
            let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
            let info = stream.value();
            let docs = || -> tantivy::Result<Docs> {
                let postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                Ok(self.collect(postings))
            };
            if !visit(term, &docs)? {
                break;
            }
        }
        Ok(())
    }

    /// The documents of a posting list that are in force: whatever an answer is made of comes through here.
    fn collect(&self, mut postings: impl DocSet) -> Docs {
        if postings.size_hint() as usize * 64 > self.max as usize {
            let mut words = vec![0u64; (self.max as usize).div_ceil(64)];
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if let Some(word) = words.get_mut(doc as usize / 64) {
                    *word |= 1 << (doc % 64);
                }
                doc = postings.advance();
            }
            words.iter_mut().zip(&self.retired).for_each(|(word, retired)| *word &= !retired);
            return Docs::from_bits(words);
        }
        let mut list = Vec::with_capacity(postings.size_hint() as usize);
        let mut doc = postings.doc();
        while doc != TERMINATED {
            list.push(doc);
            doc = postings.advance();
        }
        if self.has_retired() {
            list.retain(|&doc| self.retired.get(doc as usize / 64).is_none_or(|w| w >> (doc % 64) & 1 == 0));
        }
        Docs::from_list(list, self.max)
    }

    /// The documents with a term.
    pub(crate) fn term(&self, field: Field, text: &str) -> tantivy::Result<Docs> {
        let index = self.reader.inverted_index(field)?;
        let term = Term::from_field_text(field, text);
        Ok(match index.read_postings(&term, IndexRecordOption::Basic)? {
            Some(postings) => self.collect(postings),
            None => Docs::none(),
        })
    }

    /// The documents with every one of the terms; the rarest leads and the others only leap.
    pub(crate) fn all_terms(&self, field: Field, terms: &[String]) -> tantivy::Result<Docs> {
        let index = self.reader.inverted_index(field)?;
        let mut infos = Vec::with_capacity(terms.len());
        for text in terms {
            match index.get_term_info(&Term::from_field_text(field, text))? {
                Some(info) => infos.push(info),
                None => return Ok(Docs::none()),
            }
        }
        infos.sort_by_key(|info| info.doc_freq);
        let Some((first, rest)) = infos.split_first() else { return Ok(Docs::none()) };
        let mut docs = self.collect(index.read_postings_from_terminfo(first, IndexRecordOption::Basic)?);
        for info in rest {
            if docs.is_empty() {
                break;
            }
            let mut postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
            if let Docs::List(list) = &mut docs {
                list.retain(|&doc| {
                    if postings.doc() < doc {
                        postings.seek(doc);
                    }
                    postings.doc() == doc
                });
            } else {
                docs = docs.and(&self.collect(postings));
            }
        }
        Ok(docs)
    }
}

/// The set of a value, where there is one.
pub(crate) fn find<'a>(sets: &'a Sets, value: &str) -> Option<&'a Docs> {
    sets.binary_search_by(|(known, _)| known.as_str().cmp(value)).ok().map(|i| &sets[i].1)
}
