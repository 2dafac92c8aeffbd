//! What the pages of a consortium say until its staff write their own: Markdown in three languages.

/// The pages there are, in the order in which they are offered.
pub const SLUGS: [&str; 6] = ["guide", "rules", "faq", "downloads", "collections", "about"];

const TEXTS: [(&str, &str, &str); 18] = [
    ("guide", "zh-Hans", include_str!("../pages/guide.zh-Hans.md")),
    ("guide", "zh-Hant", include_str!("../pages/guide.zh-Hant.md")),
    ("guide", "en", include_str!("../pages/guide.en.md")),
    ("rules", "zh-Hans", include_str!("../pages/rules.zh-Hans.md")),
    ("rules", "zh-Hant", include_str!("../pages/rules.zh-Hant.md")),
    ("rules", "en", include_str!("../pages/rules.en.md")),
    ("faq", "zh-Hans", include_str!("../pages/faq.zh-Hans.md")),
    ("faq", "zh-Hant", include_str!("../pages/faq.zh-Hant.md")),
    ("faq", "en", include_str!("../pages/faq.en.md")),
    ("downloads", "zh-Hans", include_str!("../pages/downloads.zh-Hans.md")),
    ("downloads", "zh-Hant", include_str!("../pages/downloads.zh-Hant.md")),
    ("downloads", "en", include_str!("../pages/downloads.en.md")),
    ("collections", "zh-Hans", include_str!("../pages/collections.zh-Hans.md")),
    ("collections", "zh-Hant", include_str!("../pages/collections.zh-Hant.md")),
    ("collections", "en", include_str!("../pages/collections.en.md")),
    ("about", "zh-Hans", include_str!("../pages/about.zh-Hans.md")),
    ("about", "zh-Hant", include_str!("../pages/about.zh-Hant.md")),
    ("about", "en", include_str!("../pages/about.en.md")),
];

/// The text of a page in a language.
pub fn markdown(slug: &str, lang: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(s, l, _)| *s == slug && *l == lang).map(|(.., text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_there_in_every_language() {
        for slug in SLUGS {
            for lang in ["zh-Hans", "zh-Hant", "en"] {
                assert!(markdown(slug, lang).is_some_and(|text| text.len() > 20), "{slug} {lang}");
            }
        }
    }
}
