//! Where the fields of an ISO 2709 record are when its directory is not to be trusted (DOMAIN §1.2).
//!
//! The order: fields split at their terminators and paired with the tags; fields cut where the directory says; tags
//! in front of the fields themselves. Looks at no text.

use memchr::{memchr, memchr_iter};

use super::super::{FlawCode, Leader, RawRecord, Record};
use super::iso2709::{ENTRY, FT, Parts, Place, length_and_start, tag};

/// The places of the fields when the directory is not to be trusted; nothing where not one of them has a tag of digits
/// and the leader is none either: such bytes only happen to have the terminators of a record.
pub(super) fn places(parts: &Parts<'_>, raw: &RawRecord, record: &mut Record) -> Option<Vec<Place>> {
    let places = recovered(parts, raw, record)?;
    let is_tag = |place: &Place| place.tag.iter().all(u8::is_ascii_digit);
    let is_noise = !places.is_empty() && !places.iter().any(is_tag) && !is_plausible(&parts.leader);
    (!is_noise).then_some(places)
}

fn recovered(parts: &Parts<'_>, raw: &RawRecord, record: &mut Record) -> Option<Vec<Place>> {
    let segments = segments(parts);
    let at = raw.offset + (parts.base - parts.directory.len()) as u64;
    if parts.directory.is_empty() {
        let places = inline_tags(parts, &segments);
        if !places.is_empty() {
            record.flaw(FlawCode::OddDirectory, at);
        } else if !segments.is_empty() {
            return None;
        }
        return Some(places);
    }
    let width = entry_width(parts.directory.len(), segments.len());
    if width != Some(ENTRY) && !parts.directory.len().is_multiple_of(ENTRY) {
        record.flaw(FlawCode::OddDirectory, at);
    }
    if parts.end > parts.base && parts.bytes[parts.end - 1] != FT {
        record.flaw(FlawCode::MissingFieldTerminator, raw.offset + parts.end as u64);
    }
    if let Some(width) = width {
        if !is_by_directory(parts, &segments) {
            record.flaw(FlawCode::WrongDirectory, at);
        }
        let tags = parts.directory.chunks_exact(width).map(tag);
        return Some(tags.zip(segments).map(|(tag, (start, end))| Place { tag, start, end }).collect());
    }
    record.flaw(FlawCode::LossyDirectory, at);
    let places = by_directory(parts, &segments);
    if places.is_empty() && !is_plausible(&parts.leader) {
        return None;
    }
    Some(places)
}

fn segments(parts: &Parts<'_>) -> Vec<(usize, usize)> {
    let mut start = parts.base;
    let mut segments = Vec::new();
    for at in memchr_iter(FT, &parts.bytes[parts.base..parts.end]) {
        segments.push((start, parts.base + at));
        start = parts.base + at + 1;
    }
    if start < parts.end {
        segments.push((start, parts.end));
    }
    segments
}

/// The width of a directory entry with which there are as many entries as fields.
fn entry_width(directory: usize, n_segments: usize) -> Option<usize> {
    (n_segments > 0 && directory.is_multiple_of(n_segments))
        .then(|| directory / n_segments)
        .filter(|width| (ENTRY - 1..=ENTRY + 3).contains(width))
}

/// Whether the directory's numbers say the same as the field terminators, but for a missing last one.
fn is_by_directory(parts: &Parts<'_>, segments: &[(usize, usize)]) -> bool {
    parts.directory.chunks(ENTRY).zip(segments).all(|(entry, &(start, end))| {
        entry.len() == ENTRY
            && length_and_start(entry)
                .is_some_and(|(length, from)| parts.base + from == start && start + length == end + 1)
    })
}

/// Fields where the directory says, cut at the first terminator; those outside of the record are left out.
fn by_directory(parts: &Parts<'_>, segments: &[(usize, usize)]) -> Vec<Place> {
    let data = &parts.bytes[parts.base..parts.end];
    let mut places: Vec<Place> = parts
        .directory
        .chunks_exact(ENTRY)
        .filter_map(|entry| {
            let (length, start) = length_and_start(entry)?;
            let start = if start < data.len() { start } else { return None };
            let slice = &data[start..(start + length).min(data.len())];
            let slice = &slice[slice.iter().take_while(|&&b| b == FT).count()..];
            let start = slice.as_ptr() as usize - data.as_ptr() as usize;
            let length = memchr(FT, slice).unwrap_or(slice.len());
            Some(Place { tag: tag(entry), start: parts.base + start, end: parts.base + start + length })
        })
        .collect();
    // Numbers that fit nowhere: better the fields in order than nothing.
    let n_whole = places.iter().filter(|p| segments.contains(&(p.start, p.end))).count();
    if n_whole * 2 < segments.len().min(places.len()) || places.is_empty() {
        let tags = parts.directory.chunks_exact(ENTRY).map(tag);
        let paired: Vec<Place> =
            tags.zip(segments).map(|(tag, &(start, end))| Place { tag, start, end }).collect();
        if paired.len() > n_whole {
            places = paired;
        }
    }
    places
}

/// Fields that carry their tags themselves, after an empty directory.
fn inline_tags(parts: &Parts<'_>, segments: &[(usize, usize)]) -> Vec<Place> {
    segments
        .iter()
        .filter(|&&(start, end)| {
            end - start > 3 && parts.bytes[start..start + 3].iter().all(u8::is_ascii_digit)
        })
        .map(|&(start, end)| Place { tag: tag(&parts.bytes[start..start + 3]), start: start + 3, end })
        .collect()
}

fn is_plausible(leader: &Leader) -> bool {
    leader.0[..5].iter().all(u8::is_ascii_digit)
        && leader.0[5..7].iter().all(|b| b.is_ascii_alphabetic() || *b == b' ')
}
