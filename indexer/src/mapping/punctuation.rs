//! ISBD punctuation around the parts of a description.

/// Takes the punctuation off that only joins this part to the next: ` / : ; = ,` and a final full stop.
///
/// A full stop that belongs to an abbreviation of one letter (`J.`, `Ph. D.`) or to an ellipsis stays.
pub(super) fn trim_isbd(text: &str) -> &str {
    if has_nothing_to_trim(text.as_bytes()) {
        return text;
    }
    let mut rest = text.trim();
    loop {
        let before = rest;
        rest = rest.trim_end_matches(|c: char| matches!(c, '/' | ':' | ';' | '=' | ',') || c.is_whitespace());
        if rest.ends_with('.') && !ends_with_abbreviation(rest) {
            rest = rest[..rest.len() - 1].trim_end();
        }
        if rest == before {
            break;
        }
    }
    rest.trim_start_matches(|c: char| matches!(c, '=' | '/' | ';' | ':' | ',') || c.is_whitespace())
}

/// Letters, digits and Han at both ends, which is how most parts look.
fn has_nothing_to_trim(text: &[u8]) -> bool {
    let is_han = |lead: &u8| (0xE4..=0xE9).contains(lead);
    let first = text.first().is_some_and(|b| b.is_ascii_alphanumeric() || is_han(b));
    let last = match text {
        [.., b] if b.is_ascii() => b.is_ascii_alphanumeric(),
        [.., lead, _, _] => is_han(lead),
        _ => false,
    };
    first && last
}

fn ends_with_abbreviation(text: &str) -> bool {
    if text.ends_with("..") {
        return true;
    }
    let stem = &text[..text.len() - 1];
    let last_word = stem.rsplit(|c: char| c.is_whitespace() || c == '.').next().unwrap_or(stem);
    last_word.chars().count() == 1 && last_word.chars().all(char::is_alphabetic) && last_word.is_ascii()
}

/// Takes brackets off that enclose the whole text: `[北京]` → `北京`.
pub(super) fn trim_brackets(text: &str) -> &str {
    let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
    match inner {
        Some(inner) if !inner.contains(['[', ']']) => inner.trim(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isbd_punctuation_goes_and_abbreviations_stay() {
        for (given, expected) in [
            ("三国演义 /", "三国演义"),
            ("Java简明教程.", "Java简明教程"),
            ("= Romance of the three kingdoms :", "Romance of the three kingdoms"),
            ("Smith, J.", "Smith, J."),
            ("And then ...", "And then ..."),
            ("C++ ;", "C++"),
            ("", ""),
            (" / ", ""),
            ("U.S.A.", "U.S.A."),
            ("家", "家"),
        ] {
            assert_eq!(trim_isbd(given), expected, "{given:?}");
        }
        assert_eq!(trim_brackets("[北京]"), "北京");
        assert_eq!(trim_brackets("[美]史密斯[著]"), "[美]史密斯[著]");
    }
}
