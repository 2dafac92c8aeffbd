//! Code tables of MARC-8, EACC and ISO 5426 as text, one character a line; origin in `tables/README.md`.
//!
//! Codes are in hexadecimal, separated by tabs. Who decodes with them builds what shape it needs.

/// Single-byte graphic sets: final byte of the escape sequence, 7-bit code, code point, `+` for a combining mark.
pub const SINGLE_BYTE_SETS: &str = include_str!("../tables/marc8.tsv");

/// East Asian Character Code: three 7-bit bytes, code point.
pub const EACC: &str = include_str!("../tables/eacc.tsv");

/// ISO 5426, the right half of a UNIMARC record: 7-bit code, code point, `+` for a combining mark.
pub const ISO_5426: &str = include_str!("../tables/iso5426.tsv");
