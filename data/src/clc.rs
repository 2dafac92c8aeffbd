//! Outline of the Chinese Library Classification (中国图书馆分类法), in our own words.
//!
//! The main classes and their first division; what is deeper is named by the nearest class above it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::names::{Lang, Names, table};

static CLASSES: LazyLock<BTreeMap<&'static str, Names>> =
    LazyLock::new(|| table(include_str!("../tables/clc.tsv")));

/// Name of a class; `None` where the outline does not go that deep.
pub fn name(class: &str, lang: Lang) -> Option<&'static str> {
    CLASSES.get(class).map(|names| names.of(lang))
}

/// The nearest class at or above this one that has a name: `TP312JA` is under `TP312`.
pub fn nearest(class: &str, lang: Lang) -> Option<(&str, &'static str)> {
    let ends = class.char_indices().map(|(i, c)| i + c.len_utf8()).rev();
    ends.map(|end| &class[..end]).find_map(|prefix| Some((prefix, name(prefix, lang)?)))
}

/// The class above in the outline; `None` for a main class and for what the outline does not hold.
pub fn parent(class: &str) -> Option<&'static str> {
    let (class, _) = CLASSES.get_key_value(class)?;
    let (last, _) = class.char_indices().next_back()?;
    nearest(&class[..last], Lang::En).map(|(above, _)| above)
}

/// The classes directly below, in shelf order; the main classes for an empty text.
pub fn children(class: &str) -> Vec<&'static str> {
    CLASSES.keys().copied().filter(|code| parent(code).unwrap_or_default() == class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names() {
        assert_eq!(name("TP", Lang::ZhHans), Some("自动化、计算机技术"));
        assert_eq!(nearest("TP312JA/8.5C", Lang::En), Some(("TP312", "Programming languages")));
        assert_eq!(nearest("I247.5", Lang::ZhHant), Some(("I24", "小說")));
        assert_eq!(nearest("乱", Lang::En), None);
        assert_eq!(
            "ABCDEFGHIJKNOPQRSTUVXZ".chars().filter(|c| name(&c.to_string(), Lang::En).is_none()).count(),
            0
        );
    }

    #[test]
    fn the_outline_is_a_tree_of_22_main_classes() {
        let mut reached = children("");
        assert_eq!(reached.len(), 22);
        assert!(reached.iter().all(|class| class.len() == 1));
        let mut at = 0;
        while let Some(class) = reached.get(at) {
            reached.extend(children(class));
            at += 1;
        }
        assert_eq!(reached.len(), CLASSES.len());
        assert!(reached.len() > 250);
        assert_eq!(parent("TP312"), Some("TP31"));
        assert_eq!((parent("K"), parent("K?")), (None, None));
        assert!(children("TP3").contains(&"TP39") && !children("TP3").contains(&"TP391"));
    }
}
