//! Which family a record belongs to, by what its fields look like (DOMAIN §2.5, CONTRACT §4).
//!
//! Decided per record: a file may mix Western books in MARC21 with Chinese ones in CNMARC.

use crate::marc::{Field, Record};

/// The format a record follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// UNIMARC as Chinese libraries use it.
    Cnmarc,
    /// UNIMARC of others, Taiwan's CMARC with 681 too.
    Unimarc,
    /// MARC21.
    Marc21,
}

impl Dialect {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cnmarc => "cnmarc",
            Self::Unimarc => "unimarc",
            Self::Marc21 => "marc21",
        }
    }

    /// The dialect with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Cnmarc, Self::Unimarc, Self::Marc21].into_iter().find(|d| d.name() == name)
    }

    /// Whether it is of the UNIMARC family.
    pub fn is_unimarc_family(self) -> bool {
        self != Self::Marc21
    }
}

/// Decides by the scores of DOMAIN §2.5; a tie is MARC21, since CONTRACT §4 calls "all else" so.
pub fn dialect(record: &Record) -> Dialect {
    let mut family = 0i32;
    let mut marc21 = 0i32;
    let mut chinese = false;
    let mut seen = SeenTags::default();
    for field in record.fields() {
        let tag = field.tag();
        if !is_sign(&tag) {
            continue;
        }
        let (for_family, for_marc21) = score(&field, &tag);
        // A sign counts once: twenty local subjects in 690 do not make a record Chinese.
        if for_family + for_marc21 > 0 && seen.first(tag) {
            family += for_family;
            marc21 += for_marc21;
        }
        chinese = chinese || speaks_chinese(&field, &tag);
    }
    let leader = record.leader();
    family += i32::from(leader.at(23) == b' ' && leader.at(20) == b'4');
    marc21 += i32::from(leader.0.ends_with(b"4500")) + i32::from(leader.at(9) == b'a');
    // A blank at the end of the leader alone is no sign.
    match family > marc21 && family >= 2 {
        true if chinese => Dialect::Cnmarc,
        true => Dialect::Unimarc,
        false => Dialect::Marc21,
    }
}

/// Tags that are looked at here.
const SIGNS: [&[u8; 3]; 27] = [
    b"008", b"010", b"020", b"040", b"091", b"100", b"101", b"102", b"105", b"106", b"200", b"210", b"215",
    b"225", b"245", b"260", b"264", b"300", b"490", b"650", b"651", b"690", b"692", b"701", b"702", b"711",
    b"712",
];

/// The same and 801 and 905, a bit for each number of three digits.
static IS_SIGN: [u64; 16] = {
    let mut bits = [0u64; 16];
    let mut i = 0;
    while i < SIGNS.len() {
        let number = number(SIGNS[i]);
        bits[number / 64] |= 1 << (number % 64);
        i += 1;
    }
    bits[801 / 64] |= 1 << (801 % 64);
    bits[905 / 64] |= 1 << (905 % 64);
    bits
};

fn is_sign(tag: &[u8; 3]) -> bool {
    let number = number(tag);
    IS_SIGN[number / 64] >> (number % 64) & 1 == 1
}

/// The number of a tag; of other tags some number, for they score nothing.
const fn number(tag: &[u8; 3]) -> usize {
    const fn digit(b: u8) -> usize {
        (b.wrapping_sub(b'0') % 10) as usize
    }
    digit(tag[0]) * 100 + digit(tag[1]) * 10 + digit(tag[2])
}

/// Which tags have been met; those that score are all numbers.
#[derive(Default)]
struct SeenTags([u64; 16]);

impl SeenTags {
    fn first(&mut self, tag: [u8; 3]) -> bool {
        let number = number(&tag);
        let bit = 1u64 << (number % 64);
        let is_first = self.0[number / 64] & bit == 0;
        self.0[number / 64] |= bit;
        is_first
    }
}

fn score(field: &Field<'_>, tag: &[u8; 3]) -> (i32, i32) {
    match tag {
        b"200" => (3, 0),
        b"100" => match field.first('a') {
            Some(text) if starts_with_a_date(text) => (3, 0),
            Some(_) if matches!(field.indicators()[0], b'0' | b'1' | b'3') => (0, 1),
            _ => (0, 0),
        },
        b"101" | b"102" | b"105" | b"106" | b"210" | b"215" | b"225" | b"690" | b"801" => (1, 0),
        b"010" => (if field.first('a').is_some_and(looks_like_isbn) { 2 } else { 0 }, 0),
        b"701" | b"702" | b"711" | b"712" => (i32::from(tag != b"711"), 0),
        b"245" => (0, 3),
        b"008" => (0, if (38..=42).contains(&field.value().chars().count()) { 3 } else { 0 }),
        b"020" | b"260" | b"264" | b"300" | b"490" | b"040" | b"650" | b"651" => (0, 1),
        _ => (0, 0),
    }
}

/// 100 `$a` of the UNIMARC family opens with the date entered on file, eight digits.
fn starts_with_a_date(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits >= 8
}

fn looks_like_isbn(text: &str) -> bool {
    let digits = text.chars().take(17).filter(char::is_ascii_digit).count();
    digits >= 9 && text.starts_with(|c: char| c.is_ascii_digit())
}

/// Signs of a Chinese catalogue: 100/22–24 `chi`, 690 692 091 905, 801 `$a CN`.
fn speaks_chinese(field: &Field<'_>, tag: &[u8; 3]) -> bool {
    match tag {
        b"690" | b"692" | b"091" | b"905" => true,
        b"100" => field.first('a').and_then(|a| a.get(22..25)) == Some("chi"),
        b"801" => field.first('a').is_some_and(|a| a.trim().eq_ignore_ascii_case("CN")),
        _ => false,
    }
}
