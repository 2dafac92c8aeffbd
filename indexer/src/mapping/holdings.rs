//! Holdings of a record by its library's profile (DOMAIN §2.2).

use crate::bib::{Bib, Holding, Lendable, MaterialType};
use crate::marc::{Field, Record};

use super::lendable::lendable;
use super::profile::{FieldProfile, Grouping, HoldingsProfile, Role};
use super::range::expand;

/// As many barcodes are kept of one holding; further copies are only counted.
const MAX_BARCODES: usize = 500;

pub(super) fn read(record: &Record, bib: &Bib, profile: &HoldingsProfile) -> Vec<Holding> {
    let mut holdings: Vec<Holding> = Vec::new();
    for field_profile in &profile.fields {
        let Ok(tag) = <[u8; 3]>::try_from(field_profile.tag.as_bytes()) else { continue };
        for field in record.fields_tagged(&tag) {
            for copy in copies(&field, field_profile) {
                if let Some(holding) = copy.into_holding(profile, bib, &field_profile.joint) {
                    merge(&mut holdings, holding);
                }
            }
        }
    }
    if holdings.is_empty() && !matches!(bib.material_type, MaterialType::Authority | MaterialType::Holdings) {
        holdings.push(without_items(bib));
    }
    holdings
}

/// A record without any item: the library has it, and its class says roughly where.
fn without_items(bib: &Bib) -> Holding {
    Holding {
        location: None,
        call_number: bib.clc.first().cloned(),
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
    coverage: Vec<&'a str>,
    status: Vec<&'a str>,
}

/// The groups of a field: one, or as many as its opening subfield occurs.
fn copies<'a>(field: &Field<'a>, profile: &FieldProfile) -> Vec<Copy<'a>> {
    let mut copies: Vec<Copy<'a>> = Vec::new();
    let mut opening = None;
    for (code, text) in field.subfields() {
        let Some(role) = profile.subfields.get(&code) else { continue };
        let opens = match opening {
            None => true,
            // A barcode that repeats is one more copy of the same group (variant B).
            Some(first) => profile.grouping == Grouping::Group && first == code && *role != Role::Barcode,
        };
        if opens {
            opening = Some(code);
            copies.push(Copy::default());
        }
        if let Some(copy) = copies.last_mut() {
            copy.put(*role, text.trim());
        }
    }
    copies
}

impl<'a> Copy<'a> {
    fn put(&mut self, role: Role, text: &'a str) {
        if text.is_empty() {
            return;
        }
        match role {
            Role::Location => self.locations.push(text),
            Role::Barcode => self.barcodes.extend(expand(text)),
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
        let location = (!self.locations.is_empty()).then(|| self.locations.join(" "));
        let coverage = (!self.coverage.is_empty()).then(|| self.coverage.join(" "));
        if call_number.is_none() && location.is_none() && coverage.is_none() && self.barcodes.is_empty() {
            return None;
        }
        let status = (!self.status.is_empty()).then(|| self.status.join(" "));
        let n_copies =
            self.copies.unwrap_or(0).max(u16::try_from(self.barcodes.len()).unwrap_or(u16::MAX)).max(1);
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
            (Some(complete), _, _) => complete.to_owned(),
            (None, Some(class), Some(book)) => format!("{class}{joint}{book}"),
            (None, Some(part), None) | (None, None, Some(part)) => part.to_owned(),
            (None, None, None) => return None,
        };
        let parts = [self.prefix, Some(bare.as_str()), self.suffix];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

fn number_of_copies(text: &str) -> Option<u16> {
    (text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Copies at the same place under the same call number are one holding.
fn merge(holdings: &mut Vec<Holding>, new: Holding) {
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
        None => holdings.push(new),
    }
}
