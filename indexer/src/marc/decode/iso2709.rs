//! ISO 2709 record → fields: by the directory where it is right, else by what can be seen (DOMAIN §1.2).
//!
//! `sound` has the short way for records without a flaw, `recover` the places of fields in those with a wrong
//! directory. What nobody can read is an error.

use memchr::{memchr, memchr_iter};

use crate::charset::Charset;

use super::super::{Flaw, FlawCode, Leader, RawRecord, Record, Tag};
use super::text::TextDecoder;
use super::{ParseOptions, recover, sound};

const RT: u8 = 0x1D;
pub(super) const FT: u8 = 0x1E;
const SF: u8 = 0x1F;
pub(super) const ENTRY: usize = 12;

/// Leader, directory and data of a record, as slices of its bytes.
pub(super) struct Parts<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) leader: Leader,
    pub(super) directory: &'a [u8],
    // Index of the first byte of data.
    pub(super) base: usize,
    // Index after the last byte of data, record terminator excluded.
    pub(super) end: usize,
}

/// A field's place: tag, and its bytes without the field terminator.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) tag: Tag,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) fn parse(raw: &RawRecord, options: &ParseOptions, record: &mut Record) -> Result<(), Flaw> {
    let unreadable = Flaw { code: FlawCode::Unreadable, at: raw.offset };
    let parts = split(raw, record).ok_or(unreadable)?;
    record.set_leader(parts.leader);
    let text = &parts.bytes[parts.base..parts.end];
    let order = order(&parts);
    if order == Order::No {
        let places = recover::places(&parts, raw, record).ok_or(unreadable)?;
        let decoder = TextDecoder::new(raw, text, || declared(&parts, places.iter().copied()), options);
        push_fields(&parts, places.iter().copied(), raw, decoder, record);
    } else {
        let decoder = TextDecoder::new(raw, text, || declared(&parts, exact_places(&parts)), options);
        let tags = parts.directory.chunks_exact(ENTRY).map(tag);
        let sound = order == Order::AsTheyStand && sound::push_fields(&decoder.whole(text), tags, record);
        if sound {
            decoder.finish(record);
        } else {
            push_fields(&parts, exact_places(&parts), raw, decoder, record);
        }
    }
    if record.n_fields() == 0 {
        record.flaw(FlawCode::NoFields, raw.offset);
    }
    Ok(())
}

/// Finds leader, directory and data.
fn split<'a>(raw: &'a RawRecord, record: &mut Record) -> Option<Parts<'a>> {
    let bytes = raw.bytes.as_slice();
    if bytes.len() < 25 {
        return None;
    }
    let (leader, head) = leader(bytes, raw, record)?;
    let end = bytes.iter().rposition(|&b| b != RT)? + 1;
    let stated =
        leader.0[12..].first_chunk().and_then(number::<5>).map(|base| base + head - 24).filter(|&base| {
            base > head
                && base <= bytes.len()
                && bytes[base - 1] == FT
                && memchr(FT, &bytes[head..base - 1]).is_none()
        });
    let base = match stated {
        Some(base) => base,
        None => {
            let directory_end = head + memchr(FT, bytes.get(head..end)?)?;
            record.flaw(FlawCode::WrongBaseAddress, raw.offset + 12);
            directory_end + 1
        }
    };
    // A record without data ends with its directory.
    let end = end.max(base);
    Some(Parts { bytes, leader, directory: &bytes[head..base - 1], base, end })
}

/// The leader and where the directory begins; one character more or less is put right.
fn leader(bytes: &[u8], raw: &RawRecord, record: &mut Record) -> Option<(Leader, usize)> {
    let fits = |shift: usize, of: usize| {
        bytes.get(10 + shift - of..12 + shift - of) == Some(b"22".as_slice())
            && bytes.get(20 + shift - of..22 + shift - of) == Some(b"45".as_slice())
    };
    let mut leader = [b' '; 24];
    let head = if !fits(0, 0) && fits(1, 0) {
        leader.copy_from_slice(bytes.get(1..25)?);
        25
    } else if !fits(0, 0) && fits(0, 1) {
        leader[1..].copy_from_slice(bytes.get(..23)?);
        23
    } else {
        leader.copy_from_slice(bytes.get(..24)?);
        24
    };
    if head != 24 {
        record.flaw(FlawCode::ShiftedLeader, raw.offset);
    }
    if leader.iter().any(|b| !(b' '..0x7F).contains(b)) {
        record.flaw(FlawCode::DamagedLeader, raw.offset);
        leader.iter_mut().filter(|b| !(b' '..0x7F).contains(*b)).for_each(|b| *b = b' ');
    }
    Some((Leader(leader), head))
}

/// How far the directory is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Every entry lands on a field, every field is in it, in the order in which they stand.
    AsTheyStand,
    /// The same, in another order.
    Shuffled,
    /// It is wrong.
    No,
}

fn order(parts: &Parts<'_>) -> Order {
    if !parts.directory.len().is_multiple_of(ENTRY) {
        return Order::No;
    }
    let data = &parts.bytes[parts.base..parts.end];
    let mut covered = 0;
    let mut in_order = true;
    for entry in parts.directory.chunks_exact(ENTRY) {
        let Some((length, start)) = length_and_start(entry) else { return Order::No };
        let end = start + length;
        let whole =
            length > 0 && end <= data.len() && data[end - 1] == FT && (start == 0 || data[start - 1] == FT);
        if !whole {
            return Order::No;
        }
        in_order &= start == covered;
        covered += length;
    }
    // Where the fields follow each other, as many terminators as fields leave none inside of a field.
    let n_fields = parts.directory.len() / ENTRY;
    match covered == data.len() {
        true if in_order && memchr_iter(FT, data).count() == n_fields => Order::AsTheyStand,
        true if !in_order && none_holds_another(parts, data) => Order::Shuffled,
        _ => Order::No,
    }
}

fn none_holds_another(parts: &Parts<'_>, data: &[u8]) -> bool {
    parts.directory.chunks_exact(ENTRY).filter_map(length_and_start).all(|(length, start)| {
        data.get(start..(start + length).saturating_sub(1)).is_some_and(|field| memchr(FT, field).is_none())
    })
}

fn exact_places<'a>(parts: &'a Parts<'_>) -> impl Iterator<Item = Place> + 'a {
    parts.directory.chunks_exact(ENTRY).filter_map(|entry| {
        let (length, start) = length_and_start(entry)?;
        let start = parts.base + start;
        Some(Place { tag: tag(entry), start, end: start + length - 1 })
    })
}

pub(super) fn tag(entry: &[u8]) -> Tag {
    [entry[0], entry[1], entry[2]]
}

#[inline]
pub(super) fn length_and_start(entry: &[u8]) -> Option<(usize, usize)> {
    let entry: &[u8; ENTRY] = entry.first_chunk()?;
    let &[_, _, _, l0, l1, l2, l3, s0, s1, s2, s3, s4] = entry;
    Some((number(&[l0, l1, l2, l3])?, number(&[s0, s1, s2, s3, s4])?))
}

// Without a branch per digit: this is asked for every field.
#[inline]
fn number<const N: usize>(digits: &[u8; N]) -> Option<usize> {
    let step = |(sum, ok), &b: &u8| {
        let digit = b.wrapping_sub(b'0');
        (sum * 10 + usize::from(digit), ok & (digit < 10))
    };
    let (sum, ok) = digits.iter().fold((0usize, true), step);
    ok.then_some(sum)
}

/// What the record itself says about its charset: a hint (DOMAIN §3).
fn declared(parts: &Parts<'_>, places: impl Iterator<Item = Place>) -> Option<Charset> {
    let mut marc21 = false;
    for place in places {
        match &place.tag {
            b"100" => {
                let field = &parts.bytes[place.start..place.end];
                let coded = field.get(2..4).filter(|s| *s == b"\x1Fa").and_then(|_| field.get(4..));
                if let Some(charset) = coded.and_then(unimarc_charset) {
                    return Some(charset);
                }
            }
            b"008" | b"245" => marc21 = true,
            _ => {}
        }
    }
    match parts.leader.at(9) {
        b'a' => Some(Charset::Utf8),
        b' ' if marc21 => Some(Charset::Marc8),
        _ => None,
    }
}

/// UNIMARC 100/26–29, where 100 `$a` is the coded data and no person's name.
fn unimarc_charset(coded: &[u8]) -> Option<Charset> {
    if !coded.get(..8)?.iter().all(u8::is_ascii_digit) {
        return None;
    }
    match coded.get(26..30)? {
        b"50  " => Some(Charset::Utf8),
        [b'0', b'1' | b'3', _, _] => Some(Charset::Iso5426),
        _ => None,
    }
}

fn push_fields(
    parts: &Parts<'_>,
    places: impl Iterator<Item = Place>,
    raw: &RawRecord,
    mut decoder: TextDecoder<'_>,
    record: &mut Record,
) {
    places.for_each(|place| push_field(parts, place, raw, &mut decoder, record));
    decoder.finish(record);
}

fn push_field(
    parts: &Parts<'_>,
    place: Place,
    raw: &RawRecord,
    decoder: &mut TextDecoder<'_>,
    record: &mut Record,
) {
    let field = &parts.bytes[place.start..place.end];
    let at = raw.offset + place.start as u64;
    let first = memchr(SF, field);
    decoder.begin_field();
    if place.tag.starts_with(b"00") || first.is_none() {
        let text = match first {
            // A control number wrapped in a subfield.
            Some(sf) => {
                record.flaw(FlawCode::OddIndicators, at);
                field.get(sf + 2..).unwrap_or_default()
            }
            None => field,
        };
        record.push_control(place.tag, |out| decoder.append(text, at, out));
        return;
    }
    let first = first.unwrap_or(0);
    if first != 2 {
        record.flaw(FlawCode::OddIndicators, at);
    }
    let indicator = |i: usize| match field.get(i) {
        Some(&b) if i < first && (b' '..0x7F).contains(&b) => b,
        _ => b' ',
    };
    record.push_data(place.tag, [indicator(0), indicator(1)]);
    let mut any = false;
    for piece in field[first + 1..].split(|&b| b == SF) {
        push_subfield(piece, at, any, decoder, record);
        any = true;
    }
}

fn push_subfield(piece: &[u8], at: u64, any: bool, decoder: &mut TextDecoder<'_>, record: &mut Record) {
    match piece {
        [] | [_] => record.flaw_once(FlawCode::EmptySubfield, at),
        [code, text @ ..] if (b'!'..0x7F).contains(code) => {
            record.push_subfield(*code as char, |out| decoder.append(text, at, out));
        }
        literal => {
            record.flaw_once(FlawCode::BadSubfieldCode, at);
            if any {
                record.extend_subfield(|out| decoder.append(literal, at, out));
            } else {
                record.push_subfield('a', |out| decoder.append(literal.trim_ascii_start(), at, out));
            }
        }
    }
}
