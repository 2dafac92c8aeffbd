//! Identifiers as newtypes, so that a barcode is never passed where a library code is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Code of a member library as the consortium writes it: `BJFU`, `BUU-CAS` (DOMAIN §7).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LibraryCode(Box<str>);

impl LibraryCode {
    /// Takes the code as it stands; whether a member has it is for `library::Members` to say.
    pub fn new(code: impl Into<Box<str>>) -> Self {
        Self(code.into())
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LibraryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Id of an entry of the union catalogue: 13 characters of Crockford base 32, stable from build to build.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EditionId(Box<str>);

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl EditionId {
    /// The id that belongs to a 64-bit key.
    pub fn from_key(key: u64) -> Self {
        let mut text = [0u8; 13];
        for (i, slot) in text.iter_mut().enumerate() {
            *slot = ALPHABET[(key >> (60 - 5 * i).min(63) & 31) as usize];
        }
        Self(String::from_utf8_lossy(&text).into())
    }

    /// The key of a well-formed id; `None` for any other text.
    pub fn key(&self) -> Option<u64> {
        if self.0.len() != 13 {
            return None;
        }
        let mut key = 0u64;
        for byte in self.0.bytes() {
            let digit = ALPHABET.iter().position(|&a| a == byte.to_ascii_lowercase())?;
            key = key.checked_mul(32)?.checked_add(digit as u64)?;
        }
        Some(key)
    }

    /// Takes the text of a URL as it stands.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EditionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An ISBN with a valid check digit, kept as the number of its 13-digit form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Isbn(pub u64);

impl Isbn {
    /// Reads an ISBN in any form: 13 or 10 digits, a 9-digit SBN, hyphens, spaces, full width, with a
    /// qualifier behind. `None` where the check digit is wrong.
    ///
    /// ```
    /// use indexer::bib::Isbn;
    /// assert_eq!(Isbn::parse("7-5339-1845-2 (精装)"), Some(Isbn(9787533918453)));
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let mut first = None;
        Self::each(text, |isbn| first = first.or(Some(isbn)));
        first
    }

    /// Every valid ISBN in a text, in its order: some libraries write two in one subfield.
    pub fn scan(text: &str) -> Vec<Self> {
        let mut found = Vec::new();
        Self::each(text, |isbn| found.push(isbn));
        found
    }

    /// Hands over every valid ISBN in a text, in its order.
    pub(crate) fn each(text: &str, mut see: impl FnMut(Self)) {
        each_number(text, |token| match digits_of(token).and_then(|d| Self::from_digits(d.get())) {
            Some(isbn) => see(isbn),
            // Two numbers with only a space between them.
            None => token
                .split(|b| *b == b' ')
                .filter_map(|t| Self::from_digits(digits_of(t)?.get()))
                .for_each(&mut see),
        });
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        match digits.len() {
            13 => Self::from_13(digits),
            10 => Self::from_10(digits),
            9 if !digits.contains(&b'X') => {
                let mut sbn = [b'0'; 10];
                sbn[1..].copy_from_slice(digits);
                Self::from_10(&sbn)
            }
            _ => None,
        }
    }

    fn from_13(digits: &[u8]) -> Option<Self> {
        if !(digits.starts_with(b"978") || digits.starts_with(b"979")) || digits.contains(&b'X') {
            return None;
        }
        let sum: u32 =
            digits.iter().enumerate().map(|(i, d)| u32::from(d - b'0') * (1 + 2 * (i as u32 % 2))).sum();
        let number = digits.iter().fold(0u64, |n, d| n * 10 + u64::from(d - b'0'));
        sum.is_multiple_of(10).then_some(Self(number))
    }

    fn from_10(digits: &[u8]) -> Option<Self> {
        let value = |d: u8| if d == b'X' { 10 } else { u32::from(d - b'0') };
        if digits[..9].contains(&b'X') {
            return None;
        }
        let sum: u32 = digits.iter().enumerate().map(|(i, d)| value(*d) * (10 - i as u32)).sum();
        if !sum.is_multiple_of(11) {
            return None;
        }
        let stem = digits[..9].iter().fold(978u64, |n, d| n * 10 + u64::from(d - b'0'));
        Some(Self(stem * 10 + check_digit_13(stem)))
    }
}

/// Check digit of a 13-digit number from its first twelve.
fn check_digit_13(twelve: u64) -> u64 {
    let mut rest = twelve;
    let mut sum = 0;
    for i in 0..12 {
        sum += rest % 10 * if i % 2 == 0 { 3 } else { 1 };
        rest /= 10;
    }
    (10 - sum % 10) % 10
}

/// A longer run of digits, hyphens and spaces is looked at in pieces.
const MAX_RUN: usize = 128;

/// Hands over the runs of digits, X, hyphens and spaces; full-width forms count.
fn each_number(text: &str, mut each: impl FnMut(&[u8])) {
    let mut run = [0u8; MAX_RUN];
    let mut len = 0;
    let mut close = |run: &[u8]| {
        if run.iter().filter(|b| b.is_ascii_digit()).count() >= 7 {
            each(run);
        }
    };
    for c in text.chars().take(500) {
        let narrow = match c {
            '！'..='～' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
            '‐' | '‑' | '–' | '—' | '−' => '-',
            '\u{3000}' | '\u{a0}' => ' ',
            other => other,
        };
        if !matches!(narrow, '0'..='9' | 'X' | 'x' | '-' | ' ') {
            close(&run[..len]);
            len = 0;
            continue;
        }
        if len == MAX_RUN {
            // Cut between two numbers where there is such a place.
            let cut = run.iter().rposition(|b| *b == b' ').map_or(MAX_RUN, |space| space + 1);
            close(&run[..cut]);
            run.copy_within(cut.., 0);
            len = MAX_RUN - cut;
        }
        run[len] = narrow.to_ascii_uppercase() as u8;
        len += 1;
    }
    close(&run[..len]);
}

/// Up to thirteen digits.
struct Digits {
    digits: [u8; 13],
    len: usize,
}

impl Digits {
    fn get(&self) -> &[u8] {
        &self.digits[..self.len]
    }
}

/// The digits of a run; `None` where they are too many for any number.
fn digits_of(run: &[u8]) -> Option<Digits> {
    let mut found = Digits { digits: [0; 13], len: 0 };
    for byte in run.iter().filter(|b| b.is_ascii_digit() || **b == b'X') {
        *found.digits.get_mut(found.len)? = *byte;
        found.len += 1;
    }
    Some(found)
}

impl Issn {
    /// Reads an ISSN in any form; `None` where the check digit is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let mut found = None;
        each_number(text, |token| {
            let mut words = token.split(|b| *b == b' ').chain([token]);
            found = found.or_else(|| words.find_map(|t| Self::from_digits(digits_of(t)?.get())));
        });
        found
    }

    fn from_digits(digits: &[u8]) -> Option<Self> {
        let eight: [u8; 8] = digits.try_into().ok()?;
        if eight[..7].contains(&b'X') {
            return None;
        }
        let value = |d: u8| if d == b'X' { 10 } else { u32::from(d - b'0') };
        let sum: u32 = eight.iter().enumerate().map(|(i, d)| value(*d) * (8 - i as u32)).sum();
        sum.is_multiple_of(11).then_some(Self(eight))
    }
}

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:013}", self.0)
    }
}

/// An ISSN with a valid check digit: eight characters without the hyphen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Issn(pub [u8; 8]);

impl fmt::Display for Issn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).map_err(|_| fmt::Error)?;
        write!(f, "{}-{}", &text[..4], &text[4..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbns_in_any_form() {
        for (given, expected) in [
            ("7-5339-1845-2", Some(9787533918453)),
            ("978-7-5339-1845-3", Some(9787533918453)),
            ("９７８７５３３９１８４５３", Some(9787533918453)),
            ("ISBN 9787533918453 (精装) : CNY18.00", Some(9787533918453)),
            ("7 5339 1845 2", Some(9787533918453)),
            ("753391845X", None),
            ("9787533918454", None),
            ("080442957X", Some(9780804429573)),
            ("0-8044-2957-x", Some(9780804429573)),
            ("CNY18.00", None),
            ("", None),
            ("340013818", Some(9780340013816)),
            ("XXXXXXXXXX", None),
        ] {
            assert_eq!(Isbn::parse(given), expected.map(Isbn), "{given}");
        }
        for text in [
            "7-5339-1845-2 9780804429573",
            "7-5339-1845-2；0-8044-2957-X",
            "7533918452(上册)978-0-8044-2957-3(下册)",
            "7533918452 (v.1) 080442957X (v.2)",
        ] {
            assert_eq!(Isbn::scan(text), [Isbn(9787533918453), Isbn(9780804429573)], "{text}");
        }
        assert_eq!(Isbn::scan(&"978-7-5339-1845-3 ".repeat(20)).len(), 20, "long runs are cut at no number");
    }

    #[test]
    fn issns_in_any_form() {
        for (given, expected) in [
            ("0378-5955", Some("0378-5955")),
            ("ISSN 2434561x", Some("2434-561X")),
            ("0378-5954", None),
            ("1000", None),
        ] {
            assert_eq!(Issn::parse(given).map(|i| i.to_string()).as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn edition_ids_round_trip() {
        for key in [0, 1, 31, 32, u64::MAX, 0x0123_4567_89ab_cdef] {
            assert_eq!(EditionId::from_key(key).key(), Some(key), "{key:x}");
        }
        assert_eq!(EditionId::new("zzzzzzzzzzzzz").key(), None);
        assert_eq!(EditionId::new("三国").key(), None);
    }
}
