//! Names of the languages that catalogues commonly code, by ISO 639-2/B.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::names::{Lang, Names, table};

static LANGUAGES: LazyLock<BTreeMap<&'static str, Names>> =
    LazyLock::new(|| table(include_str!("../tables/languages.tsv")));

/// Name of a language; `None` for a code that is not in the table.
pub fn name(code: &str, lang: Lang) -> Option<&'static str> {
    LANGUAGES.get(code).map(|names| names.of(lang))
}

/// All codes of the table, in order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    LANGUAGES.keys().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_names() {
        assert_eq!(name("tib", Lang::ZhHans), Some("藏文"));
        assert_eq!(name("ita", Lang::ZhHant), Some("義大利文"));
        assert_eq!(name("zzz", Lang::En), None);
        assert!(codes().count() >= 80);
        assert!(codes().all(|code| code.len() == 3 && name(code, Lang::En).is_some_and(str::is_ascii)));
    }
}
