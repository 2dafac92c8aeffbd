//! Whether copies may be lent, from the words a library uses (DOMAIN §2.2).

use crate::bib::{Bib, Lendable, MaterialType};

use super::HoldingsProfile;
use super::words::find_word;

/// Decides from location and status; a forbidding word beats a permitting one (`阅览外借处` is asked about).
pub(super) fn lendable(
    profile: &HoldingsProfile,
    bib: &Bib,
    location: Option<&str>,
    status: Option<&str>,
) -> Lendable {
    let texts = [location, status];
    let found = |words: &[String]| {
        let mut texts = texts.iter().flatten();
        texts.find_map(|text| find_word(text, words.iter().map(String::as_str)).map(str::to_owned))
    };
    if let Some(reason) = found(&profile.not_lent) {
        return Lendable::No { reason };
    }
    if bib.material_type == MaterialType::Rare {
        return Lendable::No { reason: "古籍".to_owned() };
    }
    match found(&profile.lent) {
        Some(_) => Lendable::Yes,
        None => Lendable::Unknown,
    }
}
