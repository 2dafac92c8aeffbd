//! The gate: whether a prepared run may come in force by itself, or is held until a person has looked.
//!
//! Pure: it sees what the run would do and how its records compare with the archives, and gives a reason that can
//! be shown. It knows neither files nor the archive, and what is held stays held until someone decides.

use indexer::bib::LibraryCode;

use crate::reason::said;
use crate::settings;

/// Under so many records in the archive, and on a first run, shares say nothing.
const FEW: u64 = 20;
/// Share of the records that must be another library's, byte for byte.
const SAME_RECORDS: f64 = 0.5;
/// Likeness of location codes at which two sets come from one house, and at which they do not.
const SAME_CODES: f64 = 0.7;
const OTHER_CODES: f64 = 0.1;

/// What the gate looks at.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Records in force before the run.
    pub records_before: u64,
    /// Whether the library never had any.
    pub is_first: bool,
    /// Records that the run would change.
    pub changed: u64,
    /// Records that the run would drop.
    pub deleted: u64,
    /// Whether nothing at all to read came, although files did.
    pub is_empty: bool,
    /// The first file that breaks off, and how.
    pub half_read: Option<String>,
    /// How the records compare with those that the library has.
    pub own: Likeness,
    /// How they compare with the records of other libraries.
    pub others: Vec<(LibraryCode, Likeness)>,
}

/// How much a set is like the records of a library; shares between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Likeness {
    /// Share of the set's records that the library has byte for byte.
    pub records: f64,
    /// Overlap of the location codes, where both have enough to compare.
    pub codes: Option<f64>,
    /// Whether the set's commonest location code is the library's own code.
    pub names_it: bool,
}

/// What the gate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may come in force.
    Pass,
    /// A person must look.
    Held {
        /// Why, as a sentence without full stop.
        reason: String,
    },
}

/// Judges a run.
pub fn judge(evidence: &Evidence, settings: &settings::Gate) -> Verdict {
    let reason = half_read(evidence)
        .or_else(|| empty(evidence))
        .or_else(|| foreign(evidence))
        .or_else(|| too_different(evidence, settings));
    reason.map_or(Verdict::Pass, |reason| Verdict::Held { reason })
}

fn half_read(evidence: &Evidence) -> Option<String> {
    evidence.half_read.clone()
}

fn empty(evidence: &Evidence) -> Option<String> {
    evidence.is_empty.then(|| said("empty", &[]))
}

fn foreign(evidence: &Evidence) -> Option<String> {
    let (code, likeness) = evidence
        .others
        .iter()
        .max_by(|(_, a), (_, b)| rank(a).total_cmp(&rank(b)))
        .filter(|(_, other)| is_foreign(evidence, other))?;
    let (library, share) = (code.as_str(), format!("{:.0}", likeness.records * 100.0));
    Some(if likeness.records >= SAME_RECORDS {
        said("same-records", &[("library", library), ("share", &share)])
    } else {
        said("same-locations", &[("library", library)])
    })
}

fn rank(likeness: &Likeness) -> f64 {
    likeness.records + likeness.codes.unwrap_or(0.0) / 10.0
}

fn is_foreign(evidence: &Evidence, other: &Likeness) -> bool {
    // Whoever has the same records already shares them with the other library.
    if other.records >= SAME_RECORDS && evidence.own.records < SAME_RECORDS {
        return true;
    }
    let of_other_house = evidence.own.codes.is_some_and(|codes| codes < OTHER_CODES);
    let like_other = other.codes.is_some_and(|codes| codes > SAME_CODES);
    like_other && !evidence.own.names_it && (of_other_house || evidence.is_first && other.names_it)
}

fn too_different(evidence: &Evidence, settings: &settings::Gate) -> Option<String> {
    if evidence.is_first || evidence.records_before < FEW {
        return None;
    }
    let before = evidence.records_before;
    let beyond = |code, n: u64, most: f64| {
        let share = n as f64 / before as f64;
        let values = [
            ("n", n.to_string()),
            ("of", before.to_string()),
            ("share", format!("{:.1}", share * 100.0)),
            ("limit", format!("{:.1}", most * 100.0)),
        ];
        (share > most).then(|| said(code, &values.each_ref().map(|(name, value)| (*name, value.as_str()))))
    };
    beyond("drop", evidence.deleted, settings.max_drop)
        .or_else(|| beyond("change", evidence.changed, settings.max_change))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: settings::Gate = settings::Gate { max_drop: 0.05, max_change: 0.5 };

    fn night() -> Evidence {
        Evidence { records_before: 1000, ..Evidence::default() }
    }

    fn like(records: f64, codes: Option<f64>) -> Likeness {
        Likeness { records, codes, names_it: false }
    }

    fn other(likeness: Likeness) -> Vec<(LibraryCode, Likeness)> {
        vec![(LibraryCode::new("NLC"), Likeness::default()), (LibraryCode::new("BUPT"), likeness)]
    }

    #[track_caller]
    fn check(evidence: Evidence, expect: Option<&str>) {
        match (judge(&evidence, &GATE), expect) {
            (Verdict::Pass, None) => {}
            (Verdict::Held { reason }, Some(word)) if reason.contains(word) => {}
            (verdict, _) => panic!("{verdict:?} instead of {expect:?} for {evidence:?}"),
        }
    }

    #[test]
    fn shares_count_from_twenty_records_and_from_the_second_run_on() {
        check(night(), None);
        check(Evidence { deleted: 50, changed: 500, ..night() }, None);
        check(Evidence { deleted: 51, ..night() }, Some("51 of 1000 records (5.1 %) would be gone"));
        check(Evidence { changed: 501, ..night() }, Some("501 of 1000 records (50.1 %) would change"));
        check(Evidence { deleted: 19, changed: 19, records_before: 19, ..night() }, None);
        check(Evidence { deleted: 2, records_before: 20, ..night() }, Some("gone"));
        check(Evidence { deleted: 51, is_first: true, records_before: 0, ..night() }, None);
        let lenient = settings::Gate { max_drop: 1.0, max_change: 1.0 };
        assert_eq!(judge(&Evidence { deleted: 1000, ..night() }, &lenient), Verdict::Pass);
    }

    #[test]
    fn half_read_and_empty_files_are_held_at_any_size() {
        for (records_before, is_first) in [(0, true), (3, false), (1000, false)] {
            let evidence = Evidence { records_before, is_first, ..Evidence::default() };
            let half = Some("a.mrc ends inside a record".to_owned());
            check(Evidence { half_read: half, ..evidence.clone() }, Some("inside a record"));
            check(Evidence { is_empty: true, ..evidence }, Some("empty"));
        }
    }

    #[test]
    fn another_librarys_file_is_known_by_its_records_or_its_locations() {
        let first = Evidence { is_first: true, ..Evidence::default() };
        for (own, foreign, first_run, expect) in [
            // The very file, before and after the library had records of its own.
            (like(0.0, None), like(1.0, None), true, Some("those of BUPT, byte for byte")),
            (like(0.0, Some(0.0)), like(0.9, Some(0.9)), false, Some("BUPT")),
            // Records copied from each other.
            (like(0.9, None), like(0.8, None), false, None),
            (like(0.0, None), like(0.3, None), true, None),
            // A newer file of the other library.
            (like(0.0, Some(0.02)), like(0.1, Some(0.95)), false, Some("locations")),
            (like(0.0, Some(0.5)), like(0.1, Some(0.95)), false, None),
            // Two libraries that call their rooms the same.
            (like(0.0, None), like(0.0, Some(0.95)), true, None),
        ] {
            let base = if first_run { first.clone() } else { night() };
            check(Evidence { own, others: other(foreign), ..base }, expect);
        }
        let named = Likeness { records: 0.0, codes: Some(0.95), names_it: true };
        check(Evidence { others: other(named), ..first }, Some("BUPT"));
    }
}
