//! MARC-8 of ASCII and East Asian characters, as American libraries wrote Chinese for decades.

use std::collections::HashMap;
use std::sync::LazyLock;

const TO_EACC: &[u8] = b"\x1B$1";
const TO_ASCII: &[u8] = b"\x1B(B";

static CODES: LazyLock<HashMap<char, [u8; 3]>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for line in crate::marc8::EACC.lines() {
        let mut cells = line.split('\t').filter_map(|cell| u32::from_str_radix(cell, 16).ok());
        let (Some(code), Some(c)) = (cells.next(), cells.next().and_then(char::from_u32)) else { continue };
        let [_, bytes @ ..] = code.to_be_bytes();
        // The first code of a character is its usual one.
        codes.entry(c).or_insert(bytes);
    }
    codes
});

/// Whether the set has this character.
pub(super) fn has(c: char) -> bool {
    CODES.contains_key(&c)
}

/// Writes a text; it begins and ends in ASCII. What the set does not have is left out.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 6);
    let mut in_eacc = false;
    for c in text.chars() {
        let code = CODES.get(&c).filter(|_| !c.is_ascii());
        if code.is_some() != in_eacc {
            bytes.extend_from_slice(if in_eacc { TO_ASCII } else { TO_EACC });
            in_eacc = !in_eacc;
        }
        match code {
            Some(code) => bytes.extend_from_slice(code),
            None => bytes.extend(u8::try_from(c).ok().filter(u8::is_ascii)),
        }
    }
    if in_eacc {
        bytes.extend_from_slice(TO_ASCII);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_stand_between_escapes() {
        assert_eq!(encode("a中b"), b"a\x1B$1\x21\x30\x34\x1B(Bb");
        assert!(has('国') && has('國') && !has('𠮷'));
    }
}
