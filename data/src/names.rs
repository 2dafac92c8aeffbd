//! Names in the three languages of the pages, and the shape of the tables they are kept in.

use std::collections::BTreeMap;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lang {
    /// 简体中文
    ZhHans,
    /// 繁體中文
    ZhHant,
    /// English
    En,
}

/// One thing's names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names {
    hans: &'static str,
    hant: &'static str,
    en: &'static str,
}

impl Names {
    pub(crate) fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::ZhHans => self.hans,
            Lang::ZhHant => self.hant,
            Lang::En => self.en,
        }
    }
}

/// Reads rows `code TAB zh-Hans TAB zh-Hant TAB en`.
pub(crate) fn table(text: &'static str) -> BTreeMap<&'static str, Names> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        let code = cells.next()?;
        Some((code, Names { hans: cells.next()?, hant: cells.next()?, en: cells.next()? }))
    })
    .collect()
}
