//! Holdings of a record by its library's profile (DOMAIN §2.2).
//!
//! Fields are read in the order of the profile. A later field may say more about copies that an earlier one
//! named (905 the call number and a range of barcodes, 985 the location of each): a barcode counts once.

use rustc_hash::FxHashMap;

use crate::bib::{Bib, Holding, Lendable, MaterialType};
use crate::marc::{Field, Record};

use super::lendable::lendable;
use super::profile::{FieldProfile, Grouping, HoldingsProfile, Role};
use super::range::expand_into;

/// As many barcodes are kept of one holding; further copies are only counted.
const MAX_BARCODES: usize = 500;

/// As many holdings are kept of one record of one library, and as many groups of one field.
const MAX_HOLDINGS: usize = 500;

/// The holdings, and the class number that they mention, for records that have none elsewhere.
pub(super) fn read<'a>(
    record: &'a Record,
    bib: &Bib,
    profile: &HoldingsProfile,
) -> (Vec<Holding>, Option<&'a str>) {
    let mut holdings: Vec<Holding> = Vec::new();
    let mut class = None;
    for field_profile in &profile.fields {
        let Ok(tag) = <[u8; 3]>::try_from(field_profile.tag.as_bytes()) else { continue };
        let mut owners = None;
        for field in record.fields().filter(|f| f.tag() == tag) {
            each_copy(&field, field_profile, |copy| {
                class = class.or(copy.class);
                let Some(mut new) = copy.into_holding(profile, bib, &field_profile.joint) else { return };
                if !holdings.is_empty() && owners.is_none() {
                    owners = Some(owners_of(&holdings));
                }
                if let Some(owners) = &owners {
                    claim(&mut holdings, owners, &mut new);
                }
                if !(is_coverage_only(&new) && cover(&mut holdings, &mut new)) {
                    merge(&mut holdings, new);
                }
            });
        }
        holdings.retain(|h| h.copies > 0);
    }
    if holdings.is_empty() && !matches!(bib.material_type, MaterialType::Authority | MaterialType::Holdings) {
        holdings.push(without_items(bib, class));
    }
    (holdings, class)
}

/// Which holding has a barcode, before the fields of the next tag are read.
fn owners_of(holdings: &[Holding]) -> FxHashMap<String, usize> {
    let pairs = holdings.iter().enumerate();
    pairs.flat_map(|(i, h)| h.barcodes.iter().map(move |barcode| (barcode.clone(), i))).collect()
}

/// Takes the copies that a new holding names from the ones that had them, and the call number with them.
fn claim(holdings: &mut [Holding], owners: &FxHashMap<String, usize>, new: &mut Holding) {
    let mut call_number = None;
    for barcode in &new.barcodes {
        let Some(owner) = owners.get(barcode).and_then(|i| holdings.get_mut(*i)) else { continue };
        let Some(place) = owner.barcodes.iter().position(|b| b == barcode) else { continue };
        owner.barcodes.swap_remove(place);
        owner.copies = owner.copies.saturating_sub(1);
        new.location = new.location.take().or_else(|| owner.location.clone());
        call_number = call_number.or_else(|| owner.call_number.clone());
    }
    if new.call_number.is_none() && !new.barcodes.is_empty() {
        new.call_number = call_number.or_else(|| holdings.iter().find_map(|h| h.call_number.clone()));
    }
}

fn is_coverage_only(new: &Holding) -> bool {
    new.coverage.is_some() && new.call_number.is_none() && new.location.is_none() && new.barcodes.is_empty()
}

/// 866 belongs to the 852 before it.
fn cover(holdings: &mut [Holding], new: &mut Holding) -> bool {
    let open = holdings.iter_mut().find(|h| h.coverage.is_none() && h.copies > 0);
    open.map(|holding| holding.coverage = new.coverage.take()).is_some()
}

/// A record without any item: the library has it, and its class says roughly where.
fn without_items(bib: &Bib, class: Option<&str>) -> Holding {
    Holding {
        location: None,
        call_number: bib.clc.first().cloned().or_else(|| class.map(str::to_owned)),
        copies: 0,
        barcodes: Vec::new(),
        coverage: None,
        lendable: match bib.material_type {
            MaterialType::Rare => Lendable::No { reason: "古籍".to_owned() },
            _ => Lendable::Unknown,
        },
    }
}

#[derive(Default)]
struct Copy<'a> {
    locations: Vec<&'a str>,
    class: Option<&'a str>,
    book_number: Option<&'a str>,
    call_number: Option<&'a str>,
    prefix: Option<&'a str>,
    suffix: Option<&'a str>,
    copies: Option<u16>,
    barcodes: Vec<String>,
    // Items beyond those whose barcodes are kept.
    n_more: u16,
    coverage: Vec<&'a str>,
    status: Vec<&'a str>,
}

/// Hands over the groups of a field: one, or as many as its opening subfield occurs.
///
/// `$b1$b2$d…` is one group of two barcodes (variant B), `$b1$d…$b2$d…` are two groups.
fn each_copy<'a>(field: &Field<'a>, profile: &FieldProfile, mut see: impl FnMut(Copy<'a>)) {
    let mut copy: Option<Copy<'a>> = None;
    let mut n_copies = 0;
    let mut opening = None;
    let mut before = None;
    for (code, text) in field.subfields() {
        let Some(role) = profile.subfields.get(&code) else { continue };
        let again = opening == Some(code) && !(before == Some(code) && *role == Role::Barcode);
        if opening.is_none() || (again && profile.grouping == Grouping::Group && n_copies < MAX_HOLDINGS) {
            opening = Some(code);
            n_copies += 1;
            if let Some(done) = copy.replace(Copy::default()) {
                see(done);
            }
        }
        before = Some(code);
        if let Some(copy) = &mut copy {
            copy.put(*role, text.trim());
        }
    }
    if let Some(last) = copy {
        see(last);
    }
}

impl<'a> Copy<'a> {
    fn put(&mut self, role: Role, text: &'a str) {
        if text.is_empty() {
            return;
        }
        match role {
            Role::Location => self.locations.push(text),
            Role::Barcode if self.barcodes.len() >= MAX_BARCODES => {
                self.n_more = self.n_more.saturating_add(1)
            }
            Role::Barcode => expand_into(text, &mut self.barcodes),
            Role::Class => self.class = self.class.or(Some(text)),
            Role::BookNumber => self.book_number = self.book_number.or(Some(text)),
            Role::CallNumber => self.call_number = self.call_number.or(Some(text)),
            Role::Copies => self.copies = self.copies.or(number_of_copies(text)),
            Role::CopiesOrCallNumber => match number_of_copies(text) {
                Some(n) => self.copies = self.copies.or(Some(n)),
                None => self.call_number = self.call_number.or(Some(text)),
            },
            Role::Prefix => self.prefix = self.prefix.or(Some(text)),
            Role::Suffix => self.suffix = self.suffix.or(Some(text)),
            Role::Coverage => self.coverage.push(text),
            Role::Status => self.status.push(text),
        }
    }

    fn into_holding(self, profile: &HoldingsProfile, bib: &Bib, joint: &str) -> Option<Holding> {
        let call_number = self.assembled_call_number(joint);
        let location = joined(self.locations.iter().map(|code| profile.location_name(code)));
        let coverage = joined(self.coverage.iter().copied());
        if call_number.is_none() && location.is_none() && coverage.is_none() && self.barcodes.is_empty() {
            return None;
        }
        let status = joined(self.status.iter().copied());
        let n_items = u16::try_from(self.barcodes.len()).unwrap_or(u16::MAX).saturating_add(self.n_more);
        let n_copies = self.copies.unwrap_or(0).max(n_items).max(1);
        let mut barcodes = self.barcodes;
        barcodes.truncate(MAX_BARCODES);
        Some(Holding {
            lendable: lendable(profile, bib, location.as_deref(), status.as_deref()),
            location,
            call_number,
            copies: n_copies,
            barcodes,
            coverage,
        })
    }

    fn assembled_call_number(&self, joint: &str) -> Option<String> {
        let bare = match (self.call_number, self.class, self.book_number) {
            (Some(complete), _, _) => [complete, "", ""],
            (None, Some(class), Some(book)) => [class, joint, book],
            (None, Some(part), None) | (None, None, Some(part)) => [part, "", ""],
            (None, None, None) => return None,
        };
        let mut text = String::with_capacity(bare.iter().map(|part| part.len()).sum());
        if let Some(prefix) = self.prefix {
            text.push_str(prefix);
            text.push(' ');
        }
        bare.iter().for_each(|part| text.push_str(part));
        if let Some(suffix) = self.suffix {
            text.push(' ');
            text.push_str(suffix);
        }
        Some(text)
    }
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(part);
    }
    (!text.is_empty()).then_some(text)
}

fn number_of_copies(text: &str) -> Option<u16> {
    (text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Copies at the same place under the same call number are one holding.
fn merge(holdings: &mut Vec<Holding>, new: Holding) {
    let has_room = holdings.len() < MAX_HOLDINGS;
    let same = holdings.iter_mut().find(|h| {
        (&h.location, &h.call_number, &h.coverage, &h.lendable)
            == (&new.location, &new.call_number, &new.coverage, &new.lendable)
    });
    match same {
        Some(known) => {
            known.copies = known.copies.saturating_add(new.copies);
            let room = MAX_BARCODES.saturating_sub(known.barcodes.len());
            known.barcodes.extend(new.barcodes.into_iter().take(room));
        }
        None if has_room => holdings.push(new),
        None => {}
    }
}
