//! The member libraries: table, overrides, pinyin filter.
