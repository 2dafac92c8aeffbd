//! Years out of dates as cataloguers write them (DOMAIN §2.1, field 210 `$d`).

const FIRST: i16 = 1000;
const LAST: i16 = 2100;

/// A date is short; a year in the middle of a long text is something else.
const MAX_CHARS: usize = 80;

/// The first plausible year: `2013`, `1985.07`, `c1998`, `[2005?]`, `民国23[1934]`, `２０１３`.
///
/// A year in Western digits wins over one of the Republic, which counts from 1912 (民国元年).
pub(super) fn year(text: &str) -> Option<i16> {
    let mut glued = None;
    let mut run = (0u32, 0u32);
    for c in text.chars().take(MAX_CHARS).chain([' ']) {
        if let Some(digit) = digit_of(c) {
            run = (run.0 + 1, if run.0 < 8 { run.1 * 10 + digit } else { run.1 });
            continue;
        }
        match run {
            (4, n) => {
                if let Some(year) = plausible(n) {
                    return Some(year);
                }
            }
            (6, n) => glued = glued.or(plausible(n / 100)),
            (8, n) => glued = glued.or(plausible(n / 10_000)),
            _ => {}
        }
        run = (0, 0);
    }
    republic(text).or(glued)
}

/// A year at fixed positions of coded data: 100/9–12, 008/07–10. `19uu` is no year.
pub(super) fn coded_year(text: &str) -> Option<i16> {
    let all_digits = text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten().and_then(plausible)
}

fn plausible(number: u32) -> Option<i16> {
    i16::try_from(number).ok().filter(|year| (FIRST..=LAST).contains(year))
}

/// `民国23年`, `民國元年`, `民国二十三年`: 1911 and as many.
fn republic(text: &str) -> Option<i16> {
    let (_, rest) = text.split_once("民国").or_else(|| text.split_once("民國"))?;
    let mut number = 0i16;
    for c in rest.chars().filter(|c| !c.is_whitespace() && *c != '[').take(4) {
        match (c, digit_of(c)) {
            ('元', _) if number == 0 => return Some(1912),
            ('十', _) => number = number.max(1) * 10,
            // 二十三: the digit behind a ten is added, 23: it is appended.
            (_, Some(digit)) if number % 10 == 0 && !c.is_ascii_digit() => number += digit as i16,
            (_, Some(digit)) => number = number * 10 + digit as i16,
            _ => break,
        }
        if number > 120 {
            return None;
        }
    }
    (number > 0).then_some(1911 + number)
}

/// Western digits of either width, and Chinese ones written one by one: 一九八五.
fn digit_of(c: char) -> Option<u32> {
    match c {
        '0'..='9' => Some(c as u32 - '0' as u32),
        '０'..='９' => Some(c as u32 - '０' as u32),
        '〇' | '○' | '零' => Some(0),
        _ => "一二三四五六七八九".chars().position(|d| d == c).map(|i| i as u32 + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_as_written() {
        for (given, expected) in [
            ("2013", Some(2013)),
            ("1985.07", Some(1985)),
            ("2012.06-2013.01", Some(2012)),
            ("[2005?]", Some(2005)),
            ("民国23[1934]", Some(1934)),
            ("民国23年", Some(1934)),
            ("民國元年", Some(1912)),
            ("２０１３", Some(2013)),
            ("c1998.", Some(1998)),
            ("201305", Some(2013)),
            ("民国二十三年", Some(1934)),
            ("民国十年[1921]", Some(1921)),
            ("民國三十八年", Some(1949)),
            ("一九八五年", Some(1985)),
            ("二〇〇三", Some(2003)),
            ("20130612", Some(2013)),
            ("民国999年", None),
            ("99999999999999999999", None),
            ("19--", None),
            ("清光绪间", None),
            ("9999", None),
            ("", None),
        ] {
            assert_eq!(year(given), expected, "{given:?}");
        }
        assert_eq!(coded_year("19uu"), None);
        assert_eq!(coded_year("1999"), Some(1999));
    }
}
