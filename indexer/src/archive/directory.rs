//! A record of ISO 2709 without what can be computed from the rest of it, and back, byte for byte.
//!
//! The directory of a record repeats the length and place of each field in nine digits, and the leader repeats the
//! lengths of both: hardly any of it compresses, and all of it follows from the fields. A record whose digits are
//! not what would be computed is left as it is: this module knows the frame of a record, not what is right.
//!
//! The short form: bytes 5 to 11 and 17 to 23 of the leader, the tags, 0x1E, and the fields each with its 0x1E.

const LEADER: usize = 24;
const FIELD_END: u8 = 0x1e;
const RECORD_END: u8 = 0x1d;

/// Appends the short form of `bytes`; appends nothing and says no where it would not give `bytes` back.
pub(super) fn shorten(bytes: &[u8], out: &mut Vec<u8>, check: &mut Vec<u8>) -> bool {
    let start = out.len();
    if put_short(bytes, out).is_some() {
        check.clear();
        if restore(&out[start..], check).is_some() && check == bytes {
            return true;
        }
    }
    out.truncate(start);
    false
}

fn put_short(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let base = digits(bytes.get(12..17)?)?;
    let directory = bytes.get(LEADER..base.checked_sub(1)?)?;
    let fields = bytes.get(base..bytes.len().checked_sub(1)?)?;
    out.extend_from_slice(&bytes[5..12]);
    out.extend_from_slice(&bytes[17..LEADER]);
    for entry in directory.chunks_exact(12) {
        out.extend_from_slice(&entry[..3]);
    }
    out.push(FIELD_END);
    out.extend_from_slice(fields);
    Some(())
}

/// Appends the record whose short form this is.
pub(super) fn restore(short: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (leader, rest) = short.split_at_checked(14)?;
    let n_tags = memchr::memchr(FIELD_END, rest)?;
    let (tags, fields) = (&rest[..n_tags], &rest[n_tags + 1..]);
    if tags.len() % 3 != 0 {
        return None;
    }
    let base = LEADER + tags.len() * 4 + 1;
    out.reserve(base + fields.len() + 1);
    put_digits::<5>(out, base + fields.len() + 1);
    out.extend_from_slice(&leader[..7]);
    put_digits::<5>(out, base);
    out.extend_from_slice(&leader[7..]);
    let mut ends = memchr::memchr_iter(FIELD_END, fields);
    let mut offset = 0;
    for tag in tags.chunks_exact(3) {
        let end = ends.next()? + 1;
        out.extend_from_slice(tag);
        put_digits::<4>(out, end - offset);
        put_digits::<5>(out, offset);
        offset = end;
    }
    if offset != fields.len() {
        return None;
    }
    out.push(FIELD_END);
    out.extend_from_slice(fields);
    out.push(RECORD_END);
    Some(())
}

fn digits(bytes: &[u8]) -> Option<usize> {
    bytes
        .iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + usize::from(byte - b'0')))
}

// The last `N` digits: where a number has more, what comes out is not the record that went in, and `shorten` sees it.
fn put_digits<const N: usize>(out: &mut Vec<u8>, mut number: usize) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]

    use proptest::prelude::*;

    use super::*;

    fn record(fields: &[(&str, &str)]) -> Vec<u8> {
        let (mut directory, mut data) = (String::new(), Vec::new());
        for (tag, body) in fields {
            directory += &format!("{tag}{:04}{:05}", body.len() + 1, data.len());
            data.extend_from_slice(body.as_bytes());
            data.push(FIELD_END);
        }
        let base = LEADER + directory.len() + 1;
        let length = base + data.len() + 1;
        let mut bytes = format!("{length:05}nam0 22{base:05}   450 {directory}\x1e").into_bytes();
        bytes.extend(data);
        bytes.push(RECORD_END);
        bytes
    }

    fn round_trip(bytes: &[u8]) -> Option<usize> {
        let mut short = b"before".to_vec();
        if !shorten(bytes, &mut short, &mut Vec::new()) {
            assert_eq!(short, b"before");
            return None;
        }
        let mut back = b"already".to_vec();
        restore(&short[6..], &mut back).unwrap();
        assert_eq!(&back[7..], bytes);
        Some(short.len() - 6)
    }

    #[test]
    fn a_record_comes_back_and_is_shorter() {
        let bytes = record(&[
            ("001", "012005000123"),
            ("200", "1 \x1fa红楼梦\x1ff曹雪芹著"),
            ("905", "  \x1fdI242.4"),
        ]);
        assert_eq!(round_trip(&bytes), Some(bytes.len() - 10 - 3 * 9 - 1));
        assert_eq!(round_trip(&record(&[])), Some(15));
    }

    #[test]
    fn what_is_not_as_it_should_be_stays_as_it_is() {
        let good = record(&[("001", "012005000123"), ("200", "1 \x1fa红楼梦")]);
        for at in (0..5).chain(12..17).chain((27..36).chain(39..49)) {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            assert_eq!(round_trip(&bytes), None, "byte {at}");
        }
        assert_eq!(round_trip(&good[..good.len() - 1]), None);
        assert_eq!(round_trip(&[&good[..], b"\r\n"].concat()), None);
        let long = "书".repeat(40_000);
        assert_eq!(round_trip(&record(&[("200", &long)])), None, "longer than its digits can say");
    }

    proptest! {
        #[test]
        fn anything_comes_back(
            fields in prop::collection::vec(("[0-9a-z]{3}", "[^\x1d\x1e]{0,30}"), 0..8),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            anything in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(tag, body)| (tag.as_str(), body.as_str())).collect();
            let mut bytes = record(&fields);
            if damage.is_empty() {
                prop_assert!(round_trip(&bytes).is_some());
            }
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            round_trip(&bytes);
            round_trip(&anything);
            let _ = restore(&anything, &mut Vec::new());
        }
    }
}
