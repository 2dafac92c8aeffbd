//! Outline of the Chinese Library Classification (中国图书馆分类法), in our own words.
//!
//! The main classes and their first division; what is deeper is named by the nearest class above it.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::names::{Lang, Names, table};

static CLASSES: LazyLock<HashMap<&'static str, Names>> =
    LazyLock::new(|| table(include_str!("../tables/clc.tsv")));

/// Name of a class; `None` where the outline does not go that deep.
pub fn name(class: &str, lang: Lang) -> Option<&'static str> {
    CLASSES.get(class).map(|names| names.of(lang))
}

/// The nearest class at or above this one that has a name: `TP312JA` is under `TP31`.
pub fn nearest(class: &str, lang: Lang) -> Option<(&str, &'static str)> {
    let ends = class.char_indices().map(|(i, c)| i + c.len_utf8()).rev();
    ends.map(|end| &class[..end]).find_map(|prefix| Some((prefix, name(prefix, lang)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names() {
        assert_eq!(name("TP", Lang::ZhHans), Some("自动化、计算机"));
        assert_eq!(nearest("TP312JA/8.5C", Lang::En), Some(("TP31", "Software")));
        assert_eq!(nearest("I247.5", Lang::ZhHant), Some(("I2", "中國文學")));
        assert_eq!(nearest("乱", Lang::En), None);
        assert_eq!(
            "ABCDEFGHIJKNOPQRSTUVXZ".chars().filter(|c| name(&c.to_string(), Lang::En).is_none()).count(),
            0
        );
    }
}
