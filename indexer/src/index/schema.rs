//! Every field of the index, its analyser and its reason.
//!
//! Nothing is stored and nothing is scored here: entries live in their own file (`pack`), ranking compares the
//! stored normal forms. So every field is `Basic` without norms, which is the smallest and the fastest to write.

use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};

use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};

use crate::index::terms::{Grams, WholeValues};

/// Version of everything a generation's folder holds, but for the terms themselves.
pub(crate) const FORMAT_VERSION: u32 = 4;

/// Analyser of titles: grams with edge marks.
pub(crate) const TITLE_GRAMS: &str = "grams-with-edges";
/// Analyser of all other gram fields.
pub(crate) const GRAMS: &str = "grams";
/// Analyser of fields whose values are terms already, separated by `terms::VALUE`.
pub(crate) const VALUES: &str = "values";

/// The fields, by name.
#[derive(Clone)]
pub(crate) struct Fields {
    /// Titles of all kinds and the series that are searched as titles: grams and edge marks.
    pub(crate) title: Field,
    /// Access points and statement of responsibility: grams.
    pub(crate) author: Field,
    /// Subject headings: grams.
    pub(crate) subject: Field,
    /// Publishers: grams.
    pub(crate) publisher: Field,
    /// Series: grams.
    pub(crate) series: Field,
    /// Notes, contents, abstract: words, by jieba, since recall matters less there than bytes.
    pub(crate) note: Field,
    /// ISBN, ISSN and 统一书号, each behind a letter of its own, so that one look-up serves all.
    pub(crate) number: Field,
    /// Call numbers in the form in which they are compared: whole, searched by prefix.
    pub(crate) call: Field,
    /// Classes and all their prefixes, so that a prefix is one posting list.
    pub(crate) class: Field,
    /// Codes of the holding libraries.
    pub(crate) library: Field,
    /// Material type.
    pub(crate) kind: Field,
    /// Languages.
    pub(crate) language: Field,
    /// Year: few values, so a set for each is kept in memory and a range is their union.
    pub(crate) year: Field,
    /// Initials of whole titles (`t…`), names (`n…`) and subjects (`s…`); readings as catalogued of titles (`p…`) and
    /// names (`q…`) where ours differ.
    pub(crate) initials: Field,
    /// Access points for the facet, folded, behind `VALUE` as written where that differs; fast.
    pub(crate) author_heading: Field,
    /// Subjects for the facet, likewise; fast.
    pub(crate) subject_heading: Field,
}

/// The schema and its fields.
pub(crate) fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let analysed = |name: &str| {
        TextOptions::default().set_indexing_options(
            TextFieldIndexing::default()
                .set_tokenizer(name)
                .set_index_option(IndexRecordOption::Basic)
                .set_fieldnorms(false),
        )
    };
    let fast = || TextOptions::default().set_fast("raw");
    let fields = Fields {
        title: builder.add_text_field("title", analysed(TITLE_GRAMS)),
        author: builder.add_text_field("author", analysed(GRAMS)),
        subject: builder.add_text_field("subject", analysed(GRAMS)),
        publisher: builder.add_text_field("publisher", analysed(GRAMS)),
        series: builder.add_text_field("series", analysed(GRAMS)),
        note: builder.add_text_field("note", analysed(VALUES)),
        number: builder.add_text_field("number", analysed(VALUES)),
        call: builder.add_text_field("call", analysed(VALUES)),
        class: builder.add_text_field("class", analysed(VALUES)),
        library: builder.add_text_field("library", analysed(VALUES)),
        kind: builder.add_text_field("kind", analysed(VALUES)),
        language: builder.add_text_field("language", analysed(VALUES)),
        year: builder.add_text_field("year", analysed(VALUES)),
        initials: builder.add_text_field("initials", analysed(VALUES)),
        author_heading: builder.add_text_field("author_heading", fast()),
        subject_heading: builder.add_text_field("subject_heading", fast()),
    };
    (builder.build(), fields)
}

/// Makes the analysers known to an index: before it is written and before it is read.
pub(crate) fn register(known: &TokenizerManager) {
    known.register(TITLE_GRAMS, TextAnalyzer::from(Grams::new(true)));
    known.register(GRAMS, TextAnalyzer::from(Grams::new(false)));
    known.register(VALUES, TextAnalyzer::from(WholeValues::default()));
}
