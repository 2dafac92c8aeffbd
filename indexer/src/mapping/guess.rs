//! Guesses a library's holdings profile from a sample of its records, and shows why (DOMAIN §2.2).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::marc::Record;

use super::engine::looks_like_clc;
use super::profile::{FieldProfile, Grouping, HoldingsProfile, Role};
use super::range::expand;
use super::{Dialect, dialect};

/// As many values of one subfield are looked at.
const MAX_VALUES: usize = 20_000;

/// A guessed profile and what it rests on; a person confirms it.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The profile.
    pub profile: HoldingsProfile,
    /// One line a subfield that was given a meaning.
    pub evidence: Vec<Evidence>,
    /// Records looked at.
    pub n_records: usize,
}

/// Why a subfield was given its meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Tag of the field.
    pub tag: String,
    /// Code of the subfield.
    pub code: char,
    /// The meaning given.
    pub role: Role,
    /// Share of its values that speak for it, 0 to 1.
    pub share: f64,
    /// What speaks for it, as a sentence.
    pub because: &'static str,
    /// Up to five values.
    pub examples: Vec<String>,
}

/// Looks at the candidate fields (9xx, 852, 866) of a sample and gives their subfields a meaning.
///
/// Without any sign the profile is the default of the commonest dialect of the sample.
pub fn guess_profile<'a>(sample: impl IntoIterator<Item = &'a Record>) -> Guess {
    let mut columns = Columns::default();
    for record in sample {
        columns.add(record);
    }
    let dialect = columns.commonest_dialect();
    let mut evidence = Vec::new();
    let mut fields = Vec::new();
    for tag in columns.tags() {
        let found = columns.evidence(&tag);
        // A field is a holdings field if it says where a copy stands.
        if found.iter().any(|e| matches!(e.role, Role::Class | Role::CallNumber | Role::Barcode)) {
            fields.push(columns.field_profile(&tag, &found, dialect));
            evidence.extend(found);
        }
    }
    let profile = if fields.is_empty() {
        HoldingsProfile::default_for(dialect)
    } else {
        HoldingsProfile::with_fields(&format!("guessed-{}", fields[0].tag), fields)
    };
    Guess { profile, evidence, n_records: columns.n_records }
}

#[derive(Default)]
struct Columns {
    n_records: usize,
    by_subfield: BTreeMap<(String, char), Column>,
    // Tags whose opening subfield, no barcode, occurs again within one field.
    repeating: HashMap<(String, char), usize>,
    first_codes: HashMap<String, BTreeMap<char, usize>>,
    dialects: HashMap<Dialect, usize>,
}

#[derive(Default)]
struct Column {
    values: Vec<String>,
    n_values: usize,
    equals_class: usize,
    distinct: HashSet<String>,
}

impl Columns {
    fn add(&mut self, record: &Record) {
        self.n_records += 1;
        *self.dialects.entry(dialect(record)).or_default() += 1;
        let class = [b"690", b"084"].iter().find_map(|tag| record.field(tag)?.first('a')).map(str::trim);
        for field in record.fields().filter(|f| is_candidate(&f.tag())) {
            let tag = field.tag_text();
            let mut seen = BTreeSet::new();
            for (i, (code, text)) in field.subfields().enumerate() {
                if i == 0 {
                    *self.first_codes.entry(tag.clone()).or_default().entry(code).or_default() += 1;
                }
                if !seen.insert(code) {
                    *self.repeating.entry((tag.clone(), code)).or_default() += 1;
                }
                if !text.trim().is_empty() {
                    self.by_subfield.entry((tag.clone(), code)).or_default().add(text.trim(), class);
                }
            }
        }
    }

    fn commonest_dialect(&self) -> Dialect {
        let best = self.dialects.iter().max_by_key(|(dialect, n)| (**n, dialect.name()));
        best.map_or(Dialect::Cnmarc, |(dialect, _)| *dialect)
    }

    fn tags(&self) -> Vec<String> {
        let tags: BTreeSet<&String> = self.by_subfield.keys().map(|(tag, _)| tag).collect();
        tags.into_iter().cloned().collect()
    }

    fn evidence(&self, tag: &str) -> Vec<Evidence> {
        let of_tag = self.by_subfield.iter().filter(|((t, _), _)| t == tag);
        of_tag
            .filter_map(|((tag, code), column)| {
                let (role, share, because) = column.role()?;
                let examples = column.values.iter().take(5).cloned().collect();
                Some(Evidence { tag: tag.clone(), code: *code, role, share, because, examples })
            })
            .collect()
    }

    fn field_profile(&self, tag: &str, evidence: &[Evidence], dialect: Dialect) -> FieldProfile {
        let subfields: BTreeMap<char, Role> = evidence.iter().map(|e| (e.code, e.role)).collect();
        let opening = self.first_codes.get(tag).and_then(|codes| codes.iter().max_by_key(|(_, n)| **n));
        let repeats = opening.is_some_and(|(code, _)| {
            subfields.get(code) != Some(&Role::Barcode)
                && self.repeating.contains_key(&(tag.to_owned(), *code))
        });
        FieldProfile {
            tag: tag.to_owned(),
            grouping: if repeats { Grouping::Group } else { Grouping::Field },
            joint: if dialect.is_unimarc_family() || tag == "905" { "/" } else { " " }.to_owned(),
            subfields,
        }
    }
}

fn is_candidate(tag: &[u8; 3]) -> bool {
    tag[0] == b'9' || matches!(tag, b"852" | b"866" | b"096")
}

impl Column {
    fn add(&mut self, text: &str, class: Option<&str>) {
        self.n_values += 1;
        self.equals_class += usize::from(class.is_some_and(|c| c == text));
        if self.values.len() < MAX_VALUES {
            self.distinct.insert(text.to_owned());
            self.values.push(text.to_owned());
        }
    }

    fn share(&self, test: impl Fn(&str) -> bool) -> f64 {
        let n = self.values.iter().filter(|v| test(v)).count();
        n as f64 / self.values.len().max(1) as f64
    }

    /// The evidence table of DOMAIN §2.2, strongest sign first.
    fn role(&self) -> Option<(Role, f64, &'static str)> {
        let equal = self.equals_class as f64 / self.n_values.max(1) as f64;
        let complete = self.share(|v| v.contains('/') && looks_like_clc(v));
        let class = self.share(|v| !v.contains('/') && looks_like_clc(v));
        let copies = self.share(|v| v.len() <= 3 && v.bytes().all(|b| b.is_ascii_digit()));
        let range = self.share(|v| expand(v).len() > 1);
        let barcode = self.share(looks_like_barcode);
        let book = self.share(looks_like_book_number);
        let distinct = self.distinct.len() as f64 / self.values.len().max(1) as f64;
        if complete > 0.6 {
            Some((Role::CallNumber, complete, "has a slash and starts with a class"))
        } else if equal > 0.6 {
            Some((Role::Class, equal, "equals the class of 690 $a"))
        } else if range > 0.3 {
            Some((Role::Barcode, range, "is a range of barcodes"))
        } else if barcode > 0.8 && distinct > 0.9 && self.values.len() > 1 {
            Some((Role::Barcode, barcode, "is long, made of digits, and never the same twice"))
        } else if copies > 0.8 && self.distinct.len() <= 20 {
            Some((Role::Copies, copies, "is a small number"))
        } else if class > 0.8 {
            Some((Role::Class, class, "looks like a class of the Chinese Library Classification"))
        } else if self.distinct.len() <= 20 && self.values.len() >= 3 * self.distinct.len() {
            Some((Role::Location, 1.0 - distinct, "has few different values"))
        } else if book > 0.6 {
            Some((Role::BookNumber, book, "looks like a book number"))
        } else {
            None
        }
    }
}

/// Five or more characters, digits with a short prefix of letters.
fn looks_like_barcode(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    text.len() >= 5
        && text.len() - digits.len() <= 4
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// `123`, `L591`, `0809R`, `8.5C`, `57:2`.
fn looks_like_book_number(text: &str) -> bool {
    text.len() <= 10
        && text.bytes().any(|b| b.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'=' | b'.' | b'-' | b'(' | b')'))
}
