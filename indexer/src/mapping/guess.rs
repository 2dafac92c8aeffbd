//! Guesses a library's holdings profile from a sample of its records, and shows why (DOMAIN §2.2).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

use crate::bib::Holding;
use crate::marc::Record;

use super::engine::looks_like_clc;
use super::profile::{FieldProfile, Grouping, HoldingsProfile, Role};
use super::range::expand;
use super::{Dialect, dialect, map};

/// As many values of one subfield are looked at.
const MAX_VALUES: usize = 20_000;

/// As many examples are shown, and as many records tried for them.
const N_EXAMPLES: usize = 5;
const N_TRIED: usize = 50;

/// A guessed profile and what it rests on; a person confirms it.
#[derive(Clone, Debug, PartialEq)]
pub struct Guess {
    /// The profile.
    pub profile: HoldingsProfile,
    /// One line a subfield that was given a meaning.
    pub evidence: Vec<Evidence>,
    /// Up to five holdings as they are read with this profile.
    pub examples: Vec<Holding>,
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
    /// Number of its values in the sample.
    pub n_values: usize,
    /// What speaks for it, as a sentence.
    pub because: &'static str,
    /// Up to five values.
    pub examples: Vec<String>,
}

impl fmt::Display for Evidence {
    /// `905 $d is the class number: in 97 % of 512 values it equals the class of 690 $a (TP312, I247.5)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tag, code, role, because, n_values, .. } = self;
        let percent = self.share * 100.0;
        let examples = self.examples.join(", ");
        let role = role.phrase();
        write!(
            f,
            "{tag} ${code} is the {role}: in {percent:.0} % of {n_values} values it {because} ({examples})"
        )
    }
}

/// Looks at the candidate fields (9xx, 852, 866) of a sample and gives their subfields a meaning.
///
/// Without any sign the profile is the default of the commonest dialect of the sample.
pub fn guess_profile<'a>(sample: impl IntoIterator<Item = &'a Record>) -> Guess {
    let mut columns = Columns::default();
    let mut first = Vec::new();
    for record in sample {
        columns.add(record);
        if first.len() < N_TRIED {
            first.push(record);
        }
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
    let examples = examples(&first, dialect, &profile);
    Guess { profile, evidence, examples, n_records: columns.n_records }
}

/// What the profile makes of the first records, for a person to look at.
fn examples(records: &[&Record], dialect: Dialect, profile: &HoldingsProfile) -> Vec<Holding> {
    let read = records.iter().flat_map(|record| map(record, dialect, profile).holdings);
    read.filter(|holding| holding.copies > 0).take(N_EXAMPLES).collect()
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
    equals_control_number: usize,
    equals_n_barcodes: usize,
    distinct: HashSet<String>,
}

impl Columns {
    fn add(&mut self, record: &Record) {
        self.n_records += 1;
        *self.dialects.entry(dialect(record)).or_default() += 1;
        let classes: Vec<&str> = [b"690", b"084", b"090", b"050", b"082"]
            .iter()
            .filter_map(|tag| record.field(tag)?.first('a'))
            .map(str::trim)
            .collect();
        let control_number = record.field(b"001").map_or("", |f| f.value().trim());
        for field in record.fields().filter(|f| is_candidate(&f.tag())) {
            let tag = field.tag_text();
            let mut seen = BTreeSet::new();
            let n_barcodes: usize = field.subfields().map(|(_, text)| n_barcodes(text.trim())).sum();
            for (i, (code, text)) in field.subfields().enumerate() {
                let text = text.trim();
                if i == 0 {
                    *self.first_codes.entry(tag.clone()).or_default().entry(code).or_default() += 1;
                }
                if !seen.insert(code) {
                    *self.repeating.entry((tag.clone(), code)).or_default() += 1;
                }
                if !text.is_empty() {
                    let column = self.by_subfield.entry((tag.clone(), code)).or_default();
                    column.equals_class += usize::from(classes.contains(&text));
                    column.equals_control_number += usize::from(control_number == text);
                    column.equals_n_barcodes += usize::from(text.parse() == Ok(n_barcodes));
                    column.add(text);
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
                let (role, share, because) = column.role(*code)?;
                let examples = column.distinct_values(N_EXAMPLES);
                let n_values = column.n_values;
                Some(Evidence { tag: tag.clone(), code: *code, role, share, n_values, because, examples })
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
    fn add(&mut self, text: &str) {
        self.n_values += 1;
        if self.values.len() < MAX_VALUES {
            self.distinct.insert(text.to_owned());
            self.values.push(text.to_owned());
        }
    }

    fn share(&self, test: impl Fn(&str) -> bool) -> f64 {
        let n = self.values.iter().filter(|v| test(v)).count();
        n as f64 / self.values.len().max(1) as f64
    }

    /// The first different values.
    fn distinct_values(&self, n: usize) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in &self.values {
            if values.len() < n && !values.contains(value) {
                values.push(value.clone());
            }
        }
        values
    }

    /// The evidence table of DOMAIN §2.2, strongest sign first.
    fn role(&self, code: char) -> Option<(Role, f64, &'static str)> {
        let of_all = |n: usize| n as f64 / self.n_values.max(1) as f64;
        if of_all(self.equals_control_number) > 0.3 {
            return None; // a link to the record itself
        }
        let equal = of_all(self.equals_class);
        let complete = self.share(looks_complete);
        let class = self.share(|v| !v.contains('/') && looks_like_clc(v));
        let range = self.share(|v| expand(v).len() > 1);
        let barcode = self.share(looks_like_barcode);
        let book = self.share(looks_like_book_number);
        let distinct = self.distinct.len() as f64 / self.values.len().max(1) as f64;
        let few = self.distinct.len() <= 20;
        if complete > 0.6 {
            Some((Role::CallNumber, complete, "begins with a class and goes on behind it"))
        } else if equal > 0.6 {
            Some((Role::Class, equal, "equals the class elsewhere in the record"))
        } else if range > 0.3 {
            Some((Role::Barcode, range, "is a range of barcodes"))
        } else if barcode > 0.8 && distinct > 0.9 && self.values.len() > 1 {
            Some((Role::Barcode, barcode, "is long, made of digits, and never the same twice"))
        } else if let Some((share, because)) = self.copies(code).filter(|_| few) {
            Some((Role::Copies, share, because))
        } else if class > 0.8 {
            Some((Role::Class, class, "looks like a class of the Chinese Library Classification"))
        } else if few && self.values.len() >= 3 * self.distinct.len() {
            Some((Role::Location, 1.0 - distinct, "repeats one of few values"))
        } else if book > 0.6 {
            Some((Role::BookNumber, book, "looks like a book number"))
        } else {
            None
        }
    }

    /// A small number that is no code (`01`) and counts the barcodes, or stands where copies usually do.
    fn copies(&self, code: char) -> Option<(f64, &'static str)> {
        let small =
            self.share(|v| v.len() <= 3 && !v.starts_with('0') && v.bytes().all(|b| b.is_ascii_digit()));
        let counts = self.equals_n_barcodes as f64 / self.n_values.max(1) as f64;
        if small <= 0.8 {
            None
        } else if counts > 0.6 && code != 'a' {
            Some((counts, "equals the number of barcodes"))
        } else {
            (code == 'f').then_some((small, "is a small number where copies usually stand"))
        }
    }
}

/// How many items a value stands for: none, if it is no barcode.
fn n_barcodes(text: &str) -> usize {
    match expand(text).len() {
        1 => usize::from(looks_like_barcode(text)),
        n => n,
    }
}

/// A class and a book number in one: `TP312JA/8.5C`, `QA76.73 .J38`.
fn looks_complete(text: &str) -> bool {
    if text.contains('/') {
        return looks_like_clc(text);
    }
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let has_class =
        (1..=3).contains(&letters) && text.as_bytes().get(letters).is_some_and(u8::is_ascii_digit);
    has_class && text.contains([' ', '.']) && text.rsplit([' ', '.']).next().is_some_and(is_cutter)
}

fn is_cutter(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_uppercase()) && bytes.next().is_some_and(|b| b.is_ascii_digit())
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
