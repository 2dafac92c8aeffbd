//! Material type (资料类型): the table of DOMAIN §2.4, first match wins.

use crate::bib::MaterialType;
use crate::marc::Leader;

use super::Dialect;
use super::language::{LanguageGroup, group_of_code, group_of_script};

/// What the pass over the fields noted for this decision.
#[derive(Clone, Debug, Default)]
pub(super) struct Signs {
    /// 105/4–7 m or v, 328, 502, 学位论文 in the general designation.
    pub(super) thesis: bool,
    /// m in 008/24–27, which are the contents of a book only.
    pub(super) thesis_in_008: bool,
    /// 110/0 c or 008/21 n.
    pub(super) newspaper: bool,
    /// 200 `$b` / 245 `$h`: 录像, 录音, sound recording.
    pub(super) audiovisual: bool,
    /// 线装 in extent or edition.
    pub(super) thread_bound: bool,
}

/// Chinese books before 1912 are 古籍; Western ones before 1800 are kept with them, later ones are books.
const LAST_RARE_CHINESE: i16 = 1911;
const LAST_RARE_WESTERN: i16 = 1799;

pub(super) fn material_type(
    leader: &Leader,
    dialect: Dialect,
    signs: &Signs,
    language: Option<&str>,
    title: Option<&str>,
    year: Option<i16>,
) -> MaterialType {
    let (kind, level) = (leader.at(6).to_ascii_lowercase(), leader.at(7).to_ascii_lowercase());
    if let Some(aside) = not_bibliographic(kind, dialect) {
        return aside;
    }
    let group = language
        .and_then(group_of_code)
        .or_else(|| language.filter(|l| l.len() == 3).map(|_| LanguageGroup::Western))
        .or_else(|| title.and_then(group_of_script));
    let is_book = matches!(kind, b'a' | b't') && matches!(level, b'm' | b'a' | b'c');
    if signs.thesis || (signs.thesis_in_008 && is_book) {
        return MaterialType::Thesis;
    }
    if level == b's' && signs.newspaper {
        return MaterialType::Newspaper;
    }
    if matches!(level, b's' | b'i') {
        return match group {
            None | Some(LanguageGroup::Chinese) => MaterialType::SerialChi,
            Some(LanguageGroup::Western) => MaterialType::SerialWes,
            Some(_) => MaterialType::SerialOth,
        };
    }
    if signs.audiovisual {
        return MaterialType::Audiovisual;
    }
    match (kind, dialect.is_unimarc_family()) {
        (b'g' | b'i' | b'j', _) => return MaterialType::Audiovisual,
        (b'l', true) | (b'm', false) => return MaterialType::Electronic,
        (b'e' | b'f', _) => return MaterialType::Map,
        (b'c' | b'd', _) => return MaterialType::Score,
        (b'k' | b'r', _) => return MaterialType::Graphic,
        _ => {}
    }
    if is_rare(signs, group, year) {
        return MaterialType::Rare;
    }
    match (kind, group) {
        (b'a' | b'b' | b't' | b' ', Some(group)) => book(group),
        (b'a' | b'b' | b't', None) => MaterialType::BookChi,
        _ => MaterialType::Other,
    }
}

fn not_bibliographic(kind: u8, dialect: Dialect) -> Option<MaterialType> {
    match (kind, dialect.is_unimarc_family()) {
        (b'x' | b'y' | b'z', true) | (b'z', false) => Some(MaterialType::Authority),
        (b'u' | b'v' | b'x' | b'y', false) => Some(MaterialType::Holdings),
        _ => None,
    }
}

fn is_rare(signs: &Signs, group: Option<LanguageGroup>, year: Option<i16>) -> bool {
    let last = match group {
        Some(LanguageGroup::Western | LanguageGroup::Russian) => LAST_RARE_WESTERN,
        _ => LAST_RARE_CHINESE,
    };
    signs.thread_bound || year.is_some_and(|year| year <= last)
}

fn book(group: LanguageGroup) -> MaterialType {
    match group {
        LanguageGroup::Chinese => MaterialType::BookChi,
        LanguageGroup::Western => MaterialType::BookWes,
        LanguageGroup::Japanese => MaterialType::BookJpn,
        LanguageGroup::Russian => MaterialType::BookRus,
        LanguageGroup::Korean => MaterialType::BookKor,
        LanguageGroup::Minority => MaterialType::BookMin,
        LanguageGroup::Other => MaterialType::Other,
    }
}
