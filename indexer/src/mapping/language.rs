//! Languages and the groups that Chinese libraries file books under (DOMAIN §2.4).

/// 中文, 西文, 日文, 俄文, 韩文, 民文: the shelf a language belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LanguageGroup {
    Chinese,
    Western,
    Japanese,
    Russian,
    Korean,
    Minority,
    Other,
}

/// The group of a MARC language code.
pub(super) fn group_of_code(code: &str) -> Option<LanguageGroup> {
    Some(match code {
        "chi" | "zho" | "lzh" | "cmn" | "yue" | "wuu" | "nan" => LanguageGroup::Chinese,
        "jpn" => LanguageGroup::Japanese,
        "rus" | "ukr" | "bel" | "bul" | "srp" | "scc" | "mac" | "mkd" => LanguageGroup::Russian,
        "kor" => LanguageGroup::Korean,
        "tib" | "bod" | "mon" | "uig" | "kaz" | "kir" | "zha" | "iii" | "mnc" | "sit" => {
            LanguageGroup::Minority
        }
        "ara" | "heb" | "hin" | "tha" | "per" | "fas" | "urd" | "ben" | "tam" | "bur" | "mya" | "khm"
        | "lao" | "amh" | "arm" | "hye" | "geo" | "kat" | "nep" | "san" | "sin" | "tel" => {
            LanguageGroup::Other
        }
        _ => return None,
    })
}

/// The group that the letters of a title speak for.
pub(super) fn group_of_script(text: &str) -> Option<LanguageGroup> {
    let mut group = None;
    for c in text.chars() {
        let of_letter = match c {
            'ぁ'..='ヿ' => return Some(LanguageGroup::Japanese),
            '가'..='힣' => return Some(LanguageGroup::Korean),
            '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => {
                LanguageGroup::Chinese
            }
            'Ѐ'..='ӿ' => LanguageGroup::Russian,
            '\u{0F00}'..='\u{0FFF}' | '\u{1800}'..='\u{18AF}' => LanguageGroup::Minority,
            '\u{0590}'..='\u{06FF}' | '\u{0900}'..='\u{0EFF}' => LanguageGroup::Other,
            _ if c.is_alphabetic() => LanguageGroup::Western,
            _ => continue,
        };
        // A Chinese title may begin with a Latin word: Han anywhere decides.
        if of_letter == LanguageGroup::Chinese || group.is_none() {
            group = Some(of_letter);
        }
    }
    group
}

/// The language that a script alone tells.
pub(super) fn language_of_script(text: &str) -> Option<&'static str> {
    match group_of_script(text)? {
        LanguageGroup::Chinese => Some("chi"),
        LanguageGroup::Japanese => Some("jpn"),
        LanguageGroup::Korean => Some("kor"),
        _ => None,
    }
}

/// Splits codes that were written without a break (`chieng`) and drops what is no code.
pub(super) fn push_codes(text: &str, languages: &mut Vec<String>) {
    // As it is nearly always: one code, as it should be written.
    if text.len() == 3 && text.bytes().all(|b| b.is_ascii_lowercase()) {
        return push_code(text, languages);
    }
    let lower = text.trim().to_ascii_lowercase();
    let glued = lower.len().is_multiple_of(3) && lower.bytes().all(|b| b.is_ascii_lowercase());
    if !glued {
        let word = lower.split(|c: char| !c.is_ascii_lowercase()).find(|w| w.len() == 3);
        languages.extend(word.filter(|w| !languages.iter().any(|l| l == w)).map(str::to_owned));
        return;
    }
    for code in lower.as_bytes().chunks_exact(3) {
        push_code(&String::from_utf8_lossy(code), languages);
    }
}

fn push_code(code: &str, languages: &mut Vec<String>) {
    if !matches!(code, "und" | "zxx" | "mul") && !languages.iter().any(|known| known == code) {
        languages.push(code.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_scripts() {
        let mut languages = Vec::new();
        for text in ["chieng", "CHI", "jpn ", "und", "12"] {
            push_codes(text, &mut languages);
        }
        assert_eq!(languages, ["chi", "eng", "jpn"]);
        assert_eq!(group_of_script("Java简明教程"), Some(LanguageGroup::Chinese));
        assert_eq!(group_of_script("三国志の世界"), Some(LanguageGroup::Japanese));
        assert_eq!(group_of_script("Война и мир"), Some(LanguageGroup::Russian));
        assert_eq!(group_of_script("བོད་ཡིག"), Some(LanguageGroup::Minority));
        assert_eq!(group_of_script("123"), None);
        assert_eq!(group_of_code("kaz"), Some(LanguageGroup::Minority));
        assert_eq!(group_of_code("ukr"), Some(LanguageGroup::Russian));
        assert_eq!(group_of_code("fre"), None);
    }
}
