//! Words whose reading is not the first reading of each character: 重庆, 音乐, 长江.
//!
//! Single characters come from the crate `pinyin`. Origin: `tables/README.md`.

/// Rows `word TAB syllables with tone numbers`, in simplified characters.
pub const PHRASES: &str = include_str!("../tables/pinyin_phrases.tsv");
