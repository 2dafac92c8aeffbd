//! MARC-8 and ISO 5426: one or two graphic sets at a time, switched by escape sequences, marks before letters.
//!
//! Follows the "MARC-8 Encoding Environment" of MARC 21 specifications, part 3. The UNIMARC family works alike
//! with ISO 5426 in the right half: ISO 5427 and 5428 carry the same final bytes there as in MARC-8.

use std::sync::LazyLock;

use super::clean;
use super::decode::Damage;

const ESC: u8 = 0x1B;
const N_SETS: usize = 128;
const ASCII: u8 = b'B';
const ANSEL: u8 = b'E';
const EACC: u8 = b'1';
// No escape sequence names ISO 5426 in MARC-8; its registered final byte P is free there.
const ISO_5426: u8 = b'P';
// Marks that may wait for their base letter; a longer row is noise.
const MAX_MARKS: usize = 8;

/// Which sets the two halves of the code mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sets {
    g0: u8,
    g1: u8,
}

impl Sets {
    /// A MARC 21 field begins like this.
    pub(super) const MARC8: Self = Self { g0: ASCII, g1: ANSEL };
    /// A UNIMARC field declared as ISO 646 + ISO 5426 begins like this.
    pub(super) const ISO_5426: Self = Self { g0: ASCII, g1: ISO_5426 };

    /// Subfield codes are ASCII, so the left half is ASCII again behind each of them.
    pub(super) fn begin_subfield(&mut self) {
        self.g0 = ASCII;
    }
}

/// Character and whether it combines with the letter that follows.
type Entry = (char, bool);

struct Tables {
    single: Vec<Option<Box<[Option<Entry>; 128]>>>,
    // Indexed by the three bytes less 0x21, base 94; 0 where there is no character.
    eacc: Vec<u32>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(Tables::load);

impl Tables {
    fn load() -> Self {
        let mut tables = Self { single: (0..N_SETS).map(|_| None).collect(), eacc: vec![0; 94 * 94 * 94] };
        for line in data::marc8::SINGLE_BYTE_SETS.lines() {
            if let Some((set, rest)) = line.split_once('\t') {
                tables.add(set.as_bytes().first().copied().unwrap_or(0), rest);
            }
        }
        for line in data::marc8::ISO_5426.lines() {
            tables.add(ISO_5426, line);
        }
        for line in data::marc8::EACC.lines() {
            let parsed = line.split_once('\t').and_then(|(code, point)| Some((hex(code)?, hex(point)?)));
            if let Some((code, point)) = parsed
                && let Some(slot) = eacc_slot([(code >> 16) as u8, (code >> 8) as u8, code as u8])
            {
                tables.eacc[slot] = point;
            }
        }
        tables
    }

    fn add(&mut self, set: u8, row: &str) {
        let mut cells = row.split('\t');
        let code = cells.next().and_then(hex);
        let c = cells.next().and_then(hex).and_then(char::from_u32);
        let combines = cells.next() == Some("+");
        if let (Some(code), Some(c), Some(table)) = (code, c, self.single.get_mut(usize::from(set))) {
            let table = table.get_or_insert_with(|| Box::new([None; 128]));
            table[(code & 0x7F) as usize] = Some((c, combines));
        }
    }

    fn single(&self, set: u8, code: u8) -> Option<Entry> {
        let code = code & 0x7F;
        if set == ASCII {
            return (0x21..0x7F).contains(&code).then_some((char::from(code), false));
        }
        self.single.get(usize::from(set))?.as_ref()?[usize::from(code)]
    }

    fn knows(&self, set: u8) -> bool {
        matches!(set, ASCII | EACC) || matches!(self.single.get(usize::from(set)), Some(Some(_)))
    }
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

fn eacc_slot(code: [u8; 3]) -> Option<usize> {
    code.into_iter().try_fold(0, |slot, byte| {
        let digit = usize::from((byte & 0x7F).checked_sub(0x21)?);
        (digit < 94).then_some(slot * 94 + digit)
    })
}

/// What ANSEL says of a byte of the right half: the character, and whether it is a mark.
pub(super) fn ansel(byte: u8) -> Option<(char, bool)> {
    TABLES.single(ANSEL, byte)
}

/// The same for ISO 5426.
pub(super) fn iso_5426(byte: u8) -> Option<(char, bool)> {
    TABLES.single(ISO_5426, byte)
}

/// Whether these bytes hold an escape sequence of MARC-8.
pub(super) fn has_escape(bytes: &[u8]) -> bool {
    memchr::memchr_iter(ESC, bytes).any(|at| parse_escape(&bytes[at..]).is_some())
}

struct Escape {
    length: usize,
    set: u8,
    right_half: bool,
}

fn parse_escape(bytes: &[u8]) -> Option<Escape> {
    let (length, set, right_half) = match *bytes {
        [ESC, b's', ..] => (2, ASCII, false),
        [ESC, set @ (b'g' | b'b' | b'p'), ..] => (2, set, false),
        [ESC, b'$', half @ (b'(' | b',' | b')' | b'-'), set, ..] => (4, set, matches!(half, b')' | b'-')),
        [ESC, b'$', set, ..] => (3, set, false),
        [ESC, half @ (b'(' | b',' | b')' | b'-'), b'!', set, ..] => (4, set, matches!(half, b')' | b'-')),
        [ESC, half @ (b'(' | b',' | b')' | b'-'), set, ..] => (3, set, matches!(half, b')' | b'-')),
        _ => return None,
    };
    TABLES.knows(set).then_some(Escape { length, set, right_half })
}

/// Appends the text of one subfield; `sets` goes on to the next.
pub(super) fn decode(sets: &mut Sets, bytes: &[u8], out: &mut String) -> Damage {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 4);
    let mut marks: Vec<char> = Vec::new();
    let mut damage = Damage::default();
    let tables = &*TABLES;
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        if sets.g0 == EACC && marks.is_empty() {
            let n = eacc_run(tables, rest, &mut text);
            rest = &rest[n..];
            if n > 0 {
                continue;
            }
        }
        if marks.is_empty() && sets.g0 == ASCII {
            let n = rest.iter().take_while(|b| (0x20..0x7F).contains(*b)).count();
            text.push_str(std::str::from_utf8(&rest[..n]).unwrap_or_default());
            rest = &rest[n..];
            if n > 0 {
                continue;
            }
        }
        let (read, step) = step(*sets, rest);
        match step {
            Step::Switch { set, right_half: false } => sets.g0 = set,
            Step::Switch { set, right_half: true } => sets.g1 = set,
            Step::Mark(mark) if marks.len() < MAX_MARKS => marks.push(mark),
            Step::Char(c) | Step::Mark(c) => {
                text.push(c);
                text.extend(marks.drain(..));
            }
            Step::Nothing => damage.controls += u32::from(!matches!(byte, 0x88 | 0x89)),
            Step::Unknown => {
                damage.replaced += 1;
                text.push('\u{FFFD}');
            }
        }
        rest = &rest[read.clamp(1, rest.len())..];
    }
    text.extend(marks);
    damage.controls += clean::push_clean(&text, out);
    damage
}

// The usual case at speed: ideographs up to the next escape; returns the bytes read.
fn eacc_run(tables: &Tables, bytes: &[u8], text: &mut String) -> usize {
    let mut read = 0;
    for code in bytes.chunks_exact(3) {
        let is_left_half = code.iter().all(|b| (0x21..0x7F).contains(b));
        let slot = is_left_half.then(|| eacc_slot([code[0], code[1], code[2]])).flatten();
        let point = slot.map_or(0, |slot| tables.eacc[slot]);
        let Some(c) = char::from_u32(point).filter(|_| point != 0) else { break };
        text.push(c);
        read += 3;
    }
    read
}

enum Step {
    Char(char),
    Mark(char),
    Switch { set: u8, right_half: bool },
    Nothing,
    Unknown,
}

// What stands at the front of `rest`, and how many bytes it takes.
fn step(sets: Sets, rest: &[u8]) -> (usize, Step) {
    let byte = rest[0];
    match byte {
        ESC => match parse_escape(rest) {
            Some(Escape { length, set, right_half }) => (length, Step::Switch { set, right_half }),
            None => (1, Step::Nothing),
        },
        0x00..=0x1F | 0x20 | 0x7F => (1, Step::Char(char::from(byte))),
        0x8D => (1, Step::Char('\u{200D}')),
        0x8E => (1, Step::Char('\u{200C}')),
        0x80..=0x9F => (1, Step::Nothing),
        0xA0 => (1, Step::Char(' ')),
        _ => {
            let set = if byte < 0x80 { sets.g0 } else { sets.g1 };
            if set == EACC { eacc_step(rest) } else { (1, single_step(set, byte)) }
        }
    }
}

fn single_step(set: u8, byte: u8) -> Step {
    match TABLES.single(set, byte) {
        Some((c, true)) => Step::Mark(c),
        Some((c, false)) => Step::Char(c),
        None => Step::Unknown,
    }
}

// Three bytes of one half are a character; ASCII among them means that the way back to ASCII was forgotten.
fn eacc_step(rest: &[u8]) -> (usize, Step) {
    let slot = rest.first_chunk::<3>().and_then(|&code| {
        let same_half = code.iter().all(|b| b & 0x80 == code[0] & 0x80);
        if same_half { eacc_slot(code) } else { None }
    });
    match slot.map(|slot| TABLES.eacc[slot]) {
        Some(0) => (3, Step::Unknown),
        Some(point) => (3, char::from_u32(point).map_or(Step::Unknown, Step::Char)),
        None if rest[0] < 0x80 => (1, Step::Char(char::from(rest[0]))),
        None => (1, Step::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> (String, Damage) {
        let mut out = String::new();
        let damage = decode(&mut Sets::MARC8.clone(), bytes, &mut out);
        (out, damage)
    }

    #[test]
    fn marc8_reads() {
        let table: [(&[u8], &str); 12] = [
            (b"Qu\xE2ebec", "Québec"),
            (b"pr\xE2ec\xE2ed\xE2e de la fl\xE3ute", "précédé de la flûte"),
            (b"\xB1\xE2od\xE2z", "łódź"),
            (b"V\xEF\xBFx", "V\u{FFFD}x\u{310}"),
            (b"Kuang hs\xE8u \xE3\xF2a", "Kuang hsü ậ"),
            (b"\x1B$1!0!!0\"\x1B(B = 1, 2", "一丁 = 1, 2"),
            (b"\x1B(N\x6D\x4F\x53\x4B\x57\x41\x1B(B", "Москва"),
            (b"\x1B(2`\x1B(B", "א"),
            (b"\x1Bga\x1BsB\x1Bp2\x1Bs\x1Bb2\x1Bs", "αB²₂"),
            (b"\x88The \x89Odyssey", "The Odyssey"),
            (b"x\x1B", "x"),
            (b"caf\xE2", "caf\u{301}"),
        ];
        for (bytes, expect) in table {
            assert_eq!(text(bytes).0, expect, "{bytes:02X?}");
        }
    }

    #[test]
    fn damage_is_counted() {
        assert_eq!(text(b"\x1B$1\x7E\x7E\x7E\x1B(B").1, Damage { replaced: 1, controls: 0 });
        assert_eq!(text(b"a\x01\x1B").1, Damage { replaced: 0, controls: 2 });
        assert_eq!(text(b"\x88The \x89").1, Damage::default());
    }

    #[test]
    fn iso_5426_reads() {
        let mut out = String::new();
        decode(&mut Sets::ISO_5426.clone(), b"Z\xC9ahlung \xC2ecole \xCFc", &mut out);
        assert_eq!(out, "Zählung école č");
    }

    #[test]
    fn the_right_half_holds_to_the_end_of_the_field() {
        let mut sets = Sets::MARC8;
        let mut out = String::new();
        decode(&mut sets, b"\x1B)N\xCD\x1B(N\x4D", &mut out);
        sets.begin_subfield();
        decode(&mut sets, b"\xCDM", &mut out);
        assert_eq!(out, "мммM");
    }
}
