//! A zstd frame of a small record without what every such frame says: ten bytes of head become two.
//!
//! The short form: one more than twice the length of the content, plus one where the block is not compressed, as a
//! LEB128 varint, and the content of the only block. A frame that is not of that kind stands behind a zero, as it is.
//! See RFC 8878, 3.1.1.

const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Frame header descriptor: a single segment, no checksum, no dictionary; the upper two bits say how long the
/// length is.
const SINGLE_SEGMENT: u8 = 0x20;
/// Types of blocks.
const RAW: u32 = 0;
const COMPRESSED: u32 = 2;
const LAST_BLOCK: u32 = 1;

/// The short form of a frame.
pub(crate) fn short(frame: &[u8]) -> Vec<u8> {
    let Some((length, is_raw, content)) = only_block(frame) else {
        return [&[0], frame].concat();
    };
    let mut out = Vec::with_capacity(content.len() + 3);
    let mut head = (length << 1 | u64::from(is_raw)) + 1;
    while head >= 0x80 {
        out.push(head as u8 | 0x80);
        head >>= 7;
    }
    out.push(head as u8);
    out.extend_from_slice(content);
    out
}

/// Length of the content, whether it is stored as it is, and the only block.
fn only_block(frame: &[u8]) -> Option<(u64, bool, &[u8])> {
    let (descriptor, rest) = frame.strip_prefix(&MAGIC)?.split_first()?;
    let (length, rest) = match descriptor ^ SINGLE_SEGMENT {
        0x00 => (u64::from(*rest.first()?), &rest[1..]),
        0x40 => (u64::from(u16::from_le_bytes(*rest.first_chunk()?)) + 256, &rest[2..]),
        _ => return None,
    };
    let (head, content) = rest.split_first_chunk::<3>()?;
    let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
    let (kind, size) = (head >> 1 & 3, (head >> 3) as usize);
    let fits = head & LAST_BLOCK != 0 && matches!(kind, RAW | COMPRESSED) && size == content.len();
    fits.then_some((length, kind == RAW, content))
}

/// The frame whose short form this is; `None` where it is none. What is in it is not looked at.
pub(crate) fn whole(short: &[u8]) -> Option<Vec<u8>> {
    let (mut head, mut n_head) = (0u64, 0);
    loop {
        let byte = *short.get(n_head)?;
        head |= u64::from(byte & 0x7f) << (7 * n_head);
        n_head += 1;
        if byte & 0x80 == 0 {
            break;
        }
        if n_head > 3 {
            return None;
        }
    }
    let content = &short[n_head..];
    let Some(head) = head.checked_sub(1) else { return Some(content.to_vec()) };
    let (length, kind) = (head >> 1, if head & 1 == 1 { RAW } else { COMPRESSED });
    let mut frame = Vec::with_capacity(content.len() + 10);
    frame.extend_from_slice(&MAGIC);
    match length {
        0..256 => frame.extend_from_slice(&[SINGLE_SEGMENT, length as u8]),
        _ => {
            frame.push(SINGLE_SEGMENT | 0x40);
            frame.extend_from_slice(&u16::try_from(length - 256).ok()?.to_le_bytes());
        }
    }
    let block = u32::try_from(content.len()).ok().filter(|n| *n < 1 << 21)? << 3 | kind << 1 | LAST_BLOCK;
    frame.extend_from_slice(&block.to_le_bytes()[..3]);
    frame.extend_from_slice(content);
    Some(frame)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use zstd::bulk::compress;

    use super::*;

    #[test]
    fn frames_come_back_and_are_shorter() {
        let words = "红楼梦 / 曹雪芹著. 北京 : 人民文学出版社, 1996".as_bytes();
        for (content, saved) in [
            (words.to_vec(), 8),
            (words[..9].to_vec(), 8),
            (words.repeat(9), 8),
            (Vec::new(), 8),
            (words.repeat(4_000), -1),
            (vec![7; 900], 8),
        ] {
            let frame = compress(&content, 9).expect("compressed");
            let short = short(&frame);
            assert_eq!(frame.len() as i64 - short.len() as i64, saved, "{} bytes", content.len());
            assert_eq!(whole(&short).expect("a frame"), frame);
        }
    }

    proptest! {
        #[test]
        fn anything_is_a_frame_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(whole(&short(&bytes)), Some(bytes.clone()));
            let _ = whole(&bytes);
        }
    }
}
