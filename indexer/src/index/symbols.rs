//! Texts in one or two bytes a symbol, where a symbol is a character, a word or a whole publisher.
//!
//! Which strings are symbols is learnt from a sample: characters first, then pairs of neighbours that come often
//! enough to pay. A character that is no symbol is written out in four bytes. Reading is a look-up a symbol, about
//! as quick as checking the text for valid UTF-8 would be. It knows nothing of what the texts say.

use rustc_hash::FxHashMap;

/// Symbols with a code of one byte; codes of two bytes begin with a byte above them.
const SHORT: usize = 200;
/// Says that a character is written out.
const ESCAPE: u8 = 0xff;
/// Symbols there are at most.
const MOST: usize = SHORT + (ESCAPE as usize - SHORT) * 256;
/// Bytes of a symbol.
const LONGEST: usize = 32;
/// Rounds in which neighbours are joined.
const ROUNDS: usize = 5;
/// A joined symbol must come this often in the sample to be more than chance.
const LEAST: u32 = 4;

/// The symbols of a generation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Symbols {
    /// By code.
    texts: Vec<Box<str>>,
    /// The same behind one another, and where each ends: read far oftener than anything else here.
    joined: String,
    ends: Vec<u32>,
    codes: FxHashMap<Box<str>, u16>,
    /// Bytes of the longest symbol that begins with a character.
    longest: FxHashMap<char, usize>,
}

impl Symbols {
    /// The symbols by their codes; more than there are codes are ignored.
    pub(crate) fn new(mut texts: Vec<Box<str>>) -> Self {
        texts.truncate(MOST);
        let mut symbols = Self::default();
        for (code, text) in (0u16..).zip(&texts) {
            symbols.codes.insert(text.clone(), code);
            symbols.joined.push_str(text);
            symbols.ends.push(symbols.joined.len() as u32);
            if let Some(first) = text.chars().next() {
                let longest = symbols.longest.entry(first).or_default();
                *longest = text.len().max(*longest);
            }
        }
        symbols.texts = texts;
        symbols
    }

    /// Learns symbols from a sample.
    pub(crate) fn learnt(sample: &[String]) -> Self {
        let mut symbols = Self::default();
        for _ in 0..ROUNDS {
            let mut counts: FxHashMap<Box<str>, u32> = FxHashMap::default();
            let mut joined = String::new();
            for text in sample {
                let mut before = "";
                for symbol in symbols.cut(text) {
                    *counts.entry(symbol.into()).or_default() += 1;
                    if !before.is_empty() && before.len() + symbol.len() <= LONGEST {
                        joined.clear();
                        joined.push_str(before);
                        joined.push_str(symbol);
                        match counts.get_mut(joined.as_str()) {
                            Some(n) => *n += 1,
                            None => {
                                counts.insert(joined.as_str().into(), 1);
                            }
                        }
                    }
                    before = symbol;
                }
            }
            symbols = Self::new(best(counts));
        }
        symbols
    }

    /// The symbols by their codes.
    pub(crate) fn texts(&self) -> &[Box<str>] {
        &self.texts
    }

    /// Cuts a text into symbols and single characters, the longest first.
    fn cut<'a>(&self, text: &'a str) -> impl Iterator<Item = &'a str> {
        let mut rest = text;
        std::iter::from_fn(move || {
            let first = rest.chars().next()?;
            let mut end = self.longest.get(&first).copied().unwrap_or(0).min(rest.len());
            while end > first.len_utf8() {
                if rest.is_char_boundary(end) && self.codes.contains_key(&rest[..end]) {
                    break;
                }
                end -= 1;
            }
            let (symbol, after) = rest.split_at(end.max(first.len_utf8()));
            rest = after;
            Some(symbol)
        })
    }

    /// Appends the codes of a text.
    pub(crate) fn write(&self, text: &str, into: &mut Vec<u8>) {
        for symbol in self.cut(text) {
            match self.codes.get(symbol).map(|&code| usize::from(code)) {
                Some(code) if code < SHORT => into.push(code as u8),
                Some(code) => {
                    let [low, high] = ((code - SHORT) as u16).to_le_bytes();
                    into.extend([SHORT as u8 + high, low]);
                }
                None => {
                    for c in symbol.chars() {
                        into.push(ESCAPE);
                        into.extend_from_slice(&u32::from(c).to_le_bytes()[..3]);
                    }
                }
            }
        }
    }

    fn symbol(&self, code: usize) -> Option<&str> {
        let start = if code == 0 { 0 } else { *self.ends.get(code - 1)? };
        self.joined.get(start as usize..*self.ends.get(code)? as usize)
    }

    /// Writes the text of some codes in place of what is there; `None` where they are none of ours.
    pub(crate) fn read_into(&self, mut codes: &[u8], text: &mut String) -> Option<()> {
        text.clear();
        text.reserve(codes.len() * 4);
        while let Some((&first, rest)) = codes.split_first() {
            codes = rest;
            if usize::from(first) < SHORT {
                text.push_str(self.symbol(usize::from(first))?);
            } else if first == ESCAPE {
                let (&[a, b, c], rest) = codes.split_first_chunk()?;
                text.push(char::from_u32(u32::from_le_bytes([a, b, c, 0]))?);
                codes = rest;
            } else {
                let (&low, rest) = codes.split_first()?;
                let code = SHORT + (usize::from(first) - SHORT) * 256 + usize::from(low);
                text.push_str(self.symbol(code)?);
                codes = rest;
            }
        }
        Some(())
    }
}

/// The strings that are worth a code, those that come most first.
fn best(counts: FxHashMap<Box<str>, u32>) -> Vec<Box<str>> {
    let mut worth: Vec<(u64, Box<str>, u32)> = counts
        .into_iter()
        .filter(|(text, n)| *n >= LEAST || text.chars().nth(1).is_none())
        .map(|(text, n)| (u64::from(n) * (text.len() as u64).saturating_sub(1).max(1), text, n))
        .collect();
    worth.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    worth.truncate(MOST);
    worth.sort_unstable_by(|a, b| b.2.cmp(&a.2).then_with(|| a.1.cmp(&b.1)));
    worth.into_iter().map(|(_, text, _)| text).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(symbols: &Symbols, codes: &[u8]) -> Option<String> {
        let mut text = "left over".to_owned();
        symbols.read_into(codes, &mut text).map(|()| text)
    }

    #[test]
    fn what_comes_often_is_short() {
        let sample: Vec<String> =
            (0..50).map(|n| format!("三国演义{n}\u{1e}罗贯中\u{1e}人民文学出版社")).collect();
        let symbols = Symbols::learnt(&sample);
        let mut codes = Vec::new();
        symbols.write(&sample[7], &mut codes);
        assert_eq!(read(&symbols, &codes).as_ref(), Some(&sample[7]));
        assert!(codes.len() * 8 < sample[7].len(), "{} bytes of {}", codes.len(), sample[7].len());
        assert_eq!(Symbols::learnt(&sample).texts(), symbols.texts(), "the same sample, the same symbols");
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            sample in prop::collection::vec("[三国志a-c ]{0,12}", 0..20), text in "\\PC{0,20}[三国志a-c ]{0,9}",
        ) {
            let symbols = Symbols::learnt(&sample);
            let mut codes = Vec::new();
            symbols.write(&text, &mut codes);
            prop_assert_eq!(read(&symbols, &codes), Some(text));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = read(&Symbols::learnt(&["三国志三国志".to_owned()]), &bytes);
        }
    }
}
