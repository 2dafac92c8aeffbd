//! The class tree with counts: the classes directly below a given one, each with its entries.

use std::collections::BTreeMap;

use crate::bib::LibraryCode;
use crate::index::{Error, class_form};
use crate::search::segment::find;
use crate::search::{Catalogue, catalogue};

impl Catalogue {
    /// Entries of each class directly below `class`, of one library or of all, in shelf order; the main classes for
    /// an empty text. The first number is that of the class itself.
    pub fn classes(
        &self,
        class: &str,
        library: Option<&LibraryCode>,
    ) -> Result<(u64, Vec<(String, u64)>), Error> {
        let engine = |e| Error::engine(self.dir())(e);
        catalogue::guarded(self.dir(), || below(self, &class_form(class), library).map_err(engine))
    }
}

fn below(
    catalogue: &Catalogue,
    class: &str,
    library: Option<&LibraryCode>,
) -> tantivy::Result<(u64, Vec<(String, u64)>)> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut all = 0;
    for segment in &catalogue.segments {
        let held = match library {
            None => None,
            Some(library) => match find(&segment.libraries, library.as_str()) {
                None => continue,
                held => held,
            },
        };
        let count = |docs: &crate::search::docs::Docs| {
            held.map_or_else(|| u64::from(docs.len()), |held| docs.and_count(held))
        };
        let own = if class.is_empty() { segment.all() } else { segment.term(segment.fields.class, class)? };
        all += count(&own);
        let deeper = if class.is_empty() { None } else { Some(segment.classes_below(class)?) };
        for (value, docs) in deeper.as_ref().unwrap_or(&segment.main_classes) {
            *counts.entry(value.clone()).or_default() += count(docs);
        }
    }
    Ok((all, counts.into_iter().filter(|(_, n)| *n > 0).collect()))
}
