//! Pinyin: readings of characters, the syllables of a query in Latin letters, sort keys and initials of titles.
//!
//! Syllables are toneless and write ü as `v`. For finding, a character has all its readings, and those of every
//! character that folds to it; for sorting and initials it has one, by the words it stands in.

mod query;
mod readings;
mod title;

pub use query::{Piece, is_pinyin_like, split_query};
pub use readings::{
    all_syllables, chars_of_prefix, chars_of_syllable, is_common, is_syllable, reads_as, syllables,
};
pub use title::{initials, reading, sort_key};
