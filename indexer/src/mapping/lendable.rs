//! Whether copies may be lent, from the words a library uses (DOMAIN §2.2).

use crate::bib::{Bib, Lendable, MaterialType};

use super::HoldingsProfile;

/// Decides from location and status; a forbidding word beats a permitting one (`阅览外借处` is asked about).
pub(super) fn lendable(
    profile: &HoldingsProfile,
    bib: &Bib,
    location: Option<&str>,
    status: Option<&str>,
) -> Lendable {
    let texts = [location, status];
    let found = |words: &[String]| {
        texts.iter().flatten().find_map(|text| {
            let lower = text.to_lowercase();
            words.iter().find(|word| !word.is_empty() && lower.contains(word.as_str())).cloned()
        })
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
