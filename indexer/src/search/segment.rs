//! One segment of an open generation: posting lists as sets, and the sets that filters and counts need.
//!
//! The sets of libraries, types, languages and main classes, and each document's year, are read once at opening and
//! kept: any number of libraries, no mask of 64. It knows fields and terms, not queries.

use std::sync::OnceLock;

use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet, SegmentReader, Term};

use crate::index::Layer;
use crate::index::lanes::{Dealing, Segment as SegmentInfo};
use crate::index::retired::Retired;
use crate::index::schema::Fields;
use crate::search::docs::{Docs, bit};
use crate::search::gathered::Gathered;
use crate::search::headings::Headings;
use crate::search::lately::Lately;
use crate::search::pairs::Pairs;
use crate::search::words::Words;
use crate::search::years::Years;

/// Values of a closed field, in term order, each with its documents.
pub(crate) type Sets = Vec<(String, Docs)>;

/// Prefix searches take at most this many terms: beyond it a prefix says too little to be meant.
pub(crate) const MOST_TERMS: usize = 50_000;
/// Letters that may stand behind the digits of a class: a language, a country.
const LONGEST_WORD: usize = 4;

pub(crate) struct Segment {
    pub(crate) reader: SegmentReader,
    pub(crate) fields: Fields,
    pub(crate) max: u32,
    pub(crate) libraries: Sets,
    pub(crate) kinds: Sets,
    pub(crate) languages: Sets,
    pub(crate) years: Years,
    pub(crate) main_classes: Sets,
    pub(crate) authors: Option<Headings>,
    pub(crate) subjects: Option<Headings>,
    /// Which layer it belongs to.
    pub(crate) layer: usize,
    lately: Lately,
    /// The pairs of the title, the author and the subject field.
    pairs: [OnceLock<Pairs>; 3],
    start: u32,
    lane: u32,
    before: u32,
    dealing: Dealing,
    /// Documents whose entries are no longer in force, one bit each; empty where there are none.
    retired: Vec<u64>,
    n_in_force: u32,
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
            years: Years::default(),
            main_classes: Vec::new(),
            authors: fast.str("author_heading")?.map(Headings::of),
            subjects: fast.str("subject_heading")?.map(Headings::of),
            layer,
            lately: Lately::new(reader.max_doc()),
            pairs: Default::default(),
            start: layer_info.start,
            lane: info.lane,
            before: info.before,
            dealing: layer_info.dealing(),
            retired: Vec::new(),
            n_in_force: reader.max_doc(),
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
        segment.years = segment.read_years()?;
        Ok(segment)
    }

    fn read_years(&self) -> tantivy::Result<Years> {
        let mut all = Vec::new();
        self.each_term(self.fields.year, "", |term, _| {
            all.extend(term.parse::<i16>());
            Ok(true)
        })?;
        let mut years = Years::new(all, self.max);
        self.each_term(self.fields.year, "", |term, docs| {
            if let Ok(year) = term.parse() {
                years.put(year, &docs()?);
            }
            Ok(true)
        })?;
        Ok(years)
    }

    /// The documents of a year.
    pub(crate) fn year(&self, year: i16) -> tantivy::Result<Docs> {
        self.term(self.fields.year, &year.to_string())
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
            self.n_in_force -= u32::from(!bit(&self.retired, doc));
            self.retired[doc as usize / 64] |= 1 << (doc % 64);
        }
    }

    /// The documents of some years, both ends included.
    pub(crate) fn within_years(&self, from: i16, to: i16) -> Docs {
        // No year looks like that. Readers refine and turn pages with the same range.
        let range = format!("{from}..{to}");
        if let Some(docs) = self.lately.get(self.fields.year, &range) {
            return docs;
        }
        let docs = self.years.within(from, to);
        self.lately.keep(self.fields.year, &range, &docs);
        docs
    }

    /// Whether any of its documents is no longer in force.
    pub(crate) fn has_retired(&self) -> bool {
        !self.retired.is_empty()
    }

    /// Whether these are all documents whose entries are in force.
    pub(crate) fn is_all(&self, docs: &Docs) -> bool {
        docs.len() == self.n_in_force
    }

    /// All documents whose entries are in force.
    pub(crate) fn all(&self) -> Docs {
        let all = Docs::all(self.max);
        if self.has_retired() { all.minus(&Docs::from_bits(Words::copied(&self.retired))) } else { all }
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

    /// The classes directly below one that has digits already or a letter: one character longer, but letters behind
    /// digits stand together, as TP312JA stands below TP312.
    pub(crate) fn classes_below(&self, class: &str) -> tantivy::Result<Sets> {
        let with_letters = class.ends_with(|c: char| c.is_ascii_digit());
        let is_word = |rest: &str| {
            with_letters && rest.len() <= LONGEST_WORD && rest.bytes().all(|b| b.is_ascii_uppercase())
        };
        let rest = |term: &str| term.get(class.len()..).unwrap_or_default().to_owned();
        let want =
            |term: &str| !rest(term).is_empty() && (rest(term).chars().count() == 1 || is_word(&rest(term)));
        let all = self.sets(self.fields.class, class, want)?;
        let mut below = Vec::with_capacity(all.len());
        for (n, (term, docs)) in all.iter().enumerate() {
            // In the order of terms those that go on stand behind it.
            let goes_on = |(other, _): &&(String, Docs)| other.starts_with(term.as_str());
            let mut own = docs.clone();
            if is_word(&rest(term)) {
                for (_, longer) in all[n + 1..].iter().take_while(goes_on) {
                    own = own.minus(longer);
                }
            }
            if !own.is_empty() {
                below.push((term.clone(), own));
            }
        }
        Ok(below)
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
                let postings = index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                Ok(self.collect(postings))
            };
            if !visit(term, &docs)? {
                break;
            }
        }
        Ok(())
    }

    /// Whether so many documents are kept as bits.
    fn is_common(&self, docs: u32) -> bool {
        Docs::are_many(docs.into(), self.max)
    }

    /// The documents of a posting list that are in force: whatever an answer is made of comes through here.
    fn collect(&self, postings: BlockSegmentPostings) -> Docs {
        let mut docs = Gathered::new(postings.doc_freq().into(), self.max);
        docs.add(postings);
        self.in_force(docs)
    }

    fn in_force(&self, docs: Gathered) -> Docs {
        match docs {
            Gathered::Many(mut words) => {
                words.iter_mut().zip(&self.retired).for_each(|(word, retired)| *word &= !retired);
                Docs::from_bits(words)
            }
            Gathered::Few(mut list) => {
                // One posting list is in order; several may have the same documents.
                if !list.is_sorted_by(|a, b| a < b) {
                    list.sort_unstable();
                    list.dedup();
                }
                if self.has_retired() {
                    list.retain(|&doc| !bit(&self.retired, doc));
                }
                Docs::List(list)
            }
        }
    }

    /// The documents of a term whose place in the postings is known.
    fn docs_of(&self, field: Field, text: &str, info: &TermInfo) -> tantivy::Result<Docs> {
        let common = self.is_common(info.doc_freq);
        if let Some(docs) = common.then(|| self.lately.get(field, text)).flatten() {
            return Ok(docs);
        }
        let index = self.reader.inverted_index(field)?;
        let docs = self.collect(index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?);
        if common {
            self.lately.keep(field, text, &docs);
        }
        Ok(docs)
    }

    /// The documents with a term.
    pub(crate) fn term(&self, field: Field, text: &str) -> tantivy::Result<Docs> {
        let index = self.reader.inverted_index(field)?;
        match index.get_term_info(&Term::from_field_text(field, text))? {
            Some(info) => self.docs_of(field, text, &info),
            None => Ok(Docs::none()),
        }
    }

    /// The documents with every one of the terms; the rarest leads and the others only leap.
    pub(crate) fn all_terms(&self, field: Field, terms: &[String]) -> tantivy::Result<Docs> {
        let index = self.reader.inverted_index(field)?;
        let mut infos = Vec::with_capacity(terms.len());
        for text in terms {
            match index.get_term_info(&Term::from_field_text(field, text))? {
                Some(info) => infos.push((info, text)),
                None => return Ok(Docs::none()),
            }
        }
        infos.sort_by_key(|(info, _)| info.doc_freq);
        let Some(((first, text), rest)) = infos.split_first() else { return Ok(Docs::none()) };
        let mut docs = self.docs_of(field, text, first)?;
        for (info, text) in rest {
            if docs.is_empty() {
                break;
            }
            let known = || self.is_common(info.doc_freq).then(|| self.lately.get(field, text)).flatten();
            if let Docs::List(list) = &mut docs {
                if let Some(known) = known() {
                    list.retain(|&doc| known.contains(doc));
                    continue;
                }
                let mut postings = index.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                list.retain(|&doc| {
                    if postings.doc() < doc {
                        postings.seek(doc);
                    }
                    postings.doc() == doc
                });
            } else {
                docs = docs.and(&self.docs_of(field, text, info)?);
            }
        }
        Ok(docs)
    }

    /// The pairs of a field that pinyin looks into.
    fn pairs(&self, field: Field) -> tantivy::Result<Option<&Pairs>> {
        let fields = [self.fields.title, self.fields.author, self.fields.subject];
        let Some(kept) = fields.iter().position(|&f| f == field).and_then(|n| self.pairs.get(n)) else {
            return Ok(None);
        };
        if let Some(pairs) = kept.get() {
            return Ok(Some(pairs));
        }
        let made = Pairs::of(&self.reader, field)?;
        Ok(Some(kept.get_or_init(|| made)))
    }

    /// The characters of `first` and of `second` that stand side by side somewhere in the field, both sorted.
    pub(crate) fn paired(
        &self,
        field: Field,
        first: &[char],
        second: &[char],
    ) -> tantivy::Result<(Vec<char>, Vec<char>)> {
        Ok(self.pairs(field)?.map_or_else(Default::default, |pairs| pairs.characters(first, second)))
    }

    /// The documents with any pair of a character of `first` before one of `second`, in one of the fields that
    /// pinyin looks into.
    pub(crate) fn any_pair(&self, field: Field, first: &[char], second: &[char]) -> tantivy::Result<Docs> {
        let Some(pairs) = self.pairs(field)? else { return Ok(Docs::none()) };
        let index = self.reader.inverted_index(field)?;
        let infos: Vec<TermInfo> = pairs.places(first, second).collect();
        let mut docs = Gathered::new(infos.iter().map(|info| u64::from(info.doc_freq)).sum(), self.max);
        for info in &infos {
            docs.add(index.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?);
        }
        Ok(self.in_force(docs))
    }
}

/// The set of a value, where there is one.
pub(crate) fn find<'a>(sets: &'a Sets, value: &str) -> Option<&'a Docs> {
    sets.binary_search_by(|(known, _)| known.as_str().cmp(value)).ok().map(|i| &sets[i].1)
}
