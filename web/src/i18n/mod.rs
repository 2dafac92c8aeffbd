//! What the pages say, in three languages, and which of them a reader gets.
//!
//! A text is asked for by its key; `{name}` in it is filled in, `{n|one|many}` chooses by number. It knows
//! nothing of pages or of catalogue data.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Lang {
    /// 简体中文
    #[default]
    ZhHans,
    /// 繁體中文
    ZhHant,
    /// English
    En,
}

type Texts = HashMap<String, String>;

static TEXTS: LazyLock<[Texts; 3]> = LazyLock::new(|| {
    [
        include_str!("../../i18n/zh-Hans.toml"),
        include_str!("../../i18n/zh-Hant.toml"),
        include_str!("../../i18n/en.toml"),
    ]
    .map(texts)
});

fn texts(source: &str) -> Texts {
    // The files are part of the program and a test reads them: what does not parse is simply not there.
    let table: toml::Table = source.parse().unwrap_or_default();
    let mut texts = Texts::new();
    for (section, keys) in &table {
        for (key, value) in keys.as_table().into_iter().flatten() {
            if let Some(text) = value.as_str() {
                texts.insert(format!("{section}.{key}"), text.to_owned());
            }
        }
    }
    texts
}

impl Lang {
    /// All languages, in the order in which they are offered.
    pub(crate) const ALL: [Lang; 3] = [Lang::ZhHans, Lang::ZhHant, Lang::En];

    /// BCP 47 tag, as in `?lang=` and `lang=""`.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Lang::ZhHans => "zh-Hans",
            Lang::ZhHant => "zh-Hant",
            Lang::En => "en",
        }
    }

    /// Its own name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Lang::ZhHans => "简体",
            Lang::ZhHant => "繁體",
            Lang::En => "English",
        }
    }

    /// The language with this tag, in any of the ways browsers write it.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let mut parts = tag.split('-');
        match parts.next()? {
            "en" => Some(Lang::En),
            "zh" => {
                let hant = parts.any(|p| matches!(p, "hant" | "tw" | "hk" | "mo"));
                Some(if hant { Lang::ZhHant } else { Lang::ZhHans })
            }
            _ => None,
        }
    }

    /// What was asked for wins, then what was chosen before, then what the browser prefers.
    pub(crate) fn choose(asked: Option<&str>, cookie: Option<&str>, accept: Option<&str>) -> Self {
        asked
            .and_then(Self::from_tag)
            .or_else(|| cookie.and_then(Self::from_tag))
            .or_else(|| accept.and_then(Self::accepted))
            .unwrap_or_default()
    }

    /// The language of the terminal; English where the environment names none of ours.
    pub(crate) fn of_terminal() -> Self {
        let mut named =
            ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(|name| std::env::var(name).ok());
        let named = named.find(|value| !value.is_empty()).unwrap_or_default();
        let tag = named.split('.').next().unwrap_or_default().replace('_', "-");
        Self::from_tag(&tag).unwrap_or(Self::En)
    }

    fn accepted(header: &str) -> Option<Self> {
        let mut offers: Vec<(f32, Lang)> = header
            .split(',')
            .take(32)
            .filter_map(|offer| {
                let (tag, weight) = offer.split_once(";q=").unwrap_or((offer, "1"));
                let weight: f32 = weight.trim().parse().ok()?;
                Some((weight, Self::from_tag(tag)?)).filter(|(weight, _)| *weight > 0.0)
            })
            .collect();
        // Stable: of equal weight the first one named wins.
        offers.sort_by(|a, b| b.0.total_cmp(&a.0));
        offers.first().map(|(_, lang)| *lang)
    }

    fn texts(self) -> &'static Texts {
        &TEXTS[self as usize]
    }

    /// The text of a key; the key itself where there is none, which a test rules out.
    pub(crate) fn t(self, key: &str) -> &str {
        self.find(key).unwrap_or(key)
    }

    /// The text of a key that may not be there, such as the name of a rare language.
    pub(crate) fn find(self, key: &str) -> Option<&'static str> {
        self.texts().get(key).map(String::as_str)
    }

    /// The text of a key with its gaps filled.
    pub(crate) fn fill(self, key: &str, gaps: &[(&str, &str)]) -> String {
        fill(self.t(key), gaps)
    }

    /// The name of a coded value, the code itself where it has none; classes and languages have tables of names.
    pub(crate) fn label(self, section: &str, code: &str) -> String {
        let name = match section {
            "class" => data::clc::name(code, self.of_tables()),
            "language" => data::languages::name(code, self.of_tables()),
            _ => self.find(&format!("{section}.{code}")),
        };
        name.unwrap_or(code).to_owned()
    }

    /// What the daemon says of a run or a source, in this language where it has a code.
    pub(crate) fn reason(self, text: &str) -> String {
        let Some(reason) = daemon::reason::read(text) else { return text.to_owned() };
        let said = |(name, value): &(&'static str, String)| {
            let is_reason = matches!(*name, "last" | "why");
            (*name, if is_reason { self.reason(value) } else { value.clone() })
        };
        let values: Vec<(&str, String)> = reason.values.iter().map(said).collect();
        let gaps: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.fill(&format!("reason.{}", reason.code), &gaps)
    }

    fn of_tables(self) -> data::names::Lang {
        match self {
            Lang::ZhHans => data::names::Lang::ZhHans,
            Lang::ZhHant => data::names::Lang::ZhHant,
            Lang::En => data::names::Lang::En,
        }
    }
}

/// A number with its thousands set apart.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn fill(text: &str, gaps: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((gap, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let mut parts = gap.split('|');
        let name = parts.next().unwrap_or_default();
        let value = gaps.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| *value);
        match (parts.next(), parts.next()) {
            (Some(one), Some(many)) => filled.push_str(if value == "1" { one } else { many }),
            _ => filled.push_str(value),
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::collections::BTreeSet;
    use std::path::Path;

    use indexer::bib::MaterialType;
    use indexer::pipeline::FaultKind;
    use indexer::search::{SearchField, Sort};

    use super::*;

    #[test]
    fn chooses_by_wish_then_cookie_then_browser() {
        let check = |asked, cookie, accept, expect: Lang| {
            assert_eq!(Lang::choose(asked, cookie, accept), expect, "{asked:?} {cookie:?} {accept:?}");
        };
        check(None, None, None, Lang::ZhHans);
        check(Some("en"), Some("zh-Hant"), Some("zh-CN"), Lang::En);
        check(Some("xx"), Some("zh-Hant"), Some("en"), Lang::ZhHant);
        check(None, None, Some("zh-TW,zh;q=0.9,en;q=0.8"), Lang::ZhHant);
        check(None, None, Some("zh-HK"), Lang::ZhHant);
        check(None, None, Some("fr-FR,en;q=0.5,zh;q=0.8"), Lang::ZhHans);
        check(None, None, Some("en-GB,zh;q=0"), Lang::En);
        check(None, None, Some(";q=,,;q=nan"), Lang::ZhHans);
    }

    #[test]
    fn fills_gaps() {
        let check = |text, gaps: &[(&str, &str)], expect| assert_eq!(fill(text, gaps), expect);
        check("共 {n} 种", &[("n", "446")], "共 446 种");
        check("{n} {n|library|libraries}", &[("n", "1")], "1 library");
        check("{n} {n|library|libraries}", &[("n", "46")], "46 libraries");
        check("“{q}”", &[("q", "{n}")], "“{n}”");
        check("open {", &[], "open {");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(100), "100");
    }

    fn keys(lang: Lang) -> BTreeSet<&'static str> {
        lang.texts().keys().map(String::as_str).collect()
    }

    fn gaps(text: &str) -> BTreeSet<String> {
        let inside = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        inside.map(|gap| gap.split('|').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_languages_say_the_same_things() {
        let all = keys(Lang::ZhHans);
        assert!(all.len() > 200, "the locale files did not parse");
        for lang in Lang::ALL {
            assert_eq!(keys(lang), all, "{lang:?}");
            for key in &all {
                assert_eq!(gaps(lang.t(key)), gaps(Lang::ZhHans.t(key)), "gaps of {key} in {lang:?}");
            }
        }
    }

    #[test]
    fn every_reason_of_the_daemon_has_its_words() {
        for lang in Lang::ALL {
            for code in daemon::reason::codes() {
                assert!(lang.find(&format!("reason.{code}")).is_some(), "{code} in {lang:?}");
            }
        }
        let text =
            "no good run since 2026-11-25 01:00 UTC; the last one: cannot write /x: database or disk is full";
        let told = Lang::ZhHans.reason(text);
        assert!(told.contains("2026-11-25 01:00 UTC") && told.contains("磁盘已满"), "{told}");
        assert_eq!(Lang::ZhHans.reason("timed out"), "timed out");
    }

    /// Keys that stand in the code or the templates as a whole: `"search.found"`.
    fn named_in_source() -> BTreeSet<String> {
        let mut named = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("src"), root.join("templates")];
        while let Some(folder) = folders.pop() {
            for file in std::fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]").next().unwrap();
                named.extend(text.split('"').map(str::to_owned));
            }
        }
        named
    }

    #[test]
    fn every_key_used_exists_and_every_key_is_used() {
        let named = named_in_source();
        let all = keys(Lang::ZhHans);
        let sections: BTreeSet<&str> = all.iter().map(|k| k.split('.').next().unwrap()).collect();
        for word in &named {
            let Some((section, key)) = word.split_once('.') else { continue };
            let is_key = sections.contains(section)
                && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'))
                && !key.is_empty()
                && !matches!(key, "html" | "js" | "css");
            assert!(!is_key || all.contains(word.as_str()), "{word} is used, but no locale has it");
        }
        // Sections whose keys are put together from codes.
        let coded = [
            "type",
            "field",
            "sort",
            "advice",
            "marc_unimarc",
            "marc_marc21",
            "ground",
            "shown",
            "account_role",
            "fine_kind",
            "day_kind",
            "origin",
            "source_kind",
            "source_state",
            "run_state",
            "run_mode",
            "phase",
            "reason",
            "review",
            "purchase_state",
            "delivery",
            "branch_worry",
            "message_kind",
            "counter_act",
            "counter_why",
            "counter_did",
            "slip_kind",
            "slip_paper",
            "holdings_role",
            "fault",
            "fault_advice",
        ];
        for key in all {
            let section = key.split('.').next().unwrap();
            assert!(coded.contains(&section) || named.contains(key), "{key} is in the locales, but unused");
        }
    }

    #[test]
    fn every_code_has_a_name() {
        for lang in Lang::ALL {
            let codes = MaterialType::ALL.iter().map(|t| format!("type.{}", t.code()));
            let fields = SearchField::ALL.iter().map(|f| format!("field.{}", f.name()));
            let faults = FaultKind::ALL
                .iter()
                .flat_map(|f| ["fault", "fault_advice"].map(|s| format!("{s}.{}", f.name())));
            let sorts = Sort::ALL.iter().map(|s| format!("sort.{}", s.name()));
            for key in codes.chain(fields).chain(sorts).chain(faults) {
                assert!(lang.find(&key).is_some(), "{key} in {lang:?}");
            }
        }
    }
}
