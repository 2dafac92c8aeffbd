//! Years out of dates as cataloguers write them (DOMAIN §2.1, field 210 `$d`).

const FIRST: i16 = 1000;
const LAST: i16 = 2100;

/// The first plausible year: `2013`, `1985.07`, `c1998`, `[2005?]`, `民国23[1934]`, `２０１３`.
///
/// A year in Western digits wins over one of the Republic, which counts from 1912 (民国元年).
pub(super) fn year(text: &str) -> Option<i16> {
    let runs = digit_runs(text);
    let western = runs.iter().find(|(_, digits)| digits.len() == 4).and_then(|(_, d)| plausible(d));
    western.or_else(|| republic(text)).or_else(|| {
        let long = runs.iter().find(|(_, d)| d.len() == 6 || d.len() == 8)?;
        plausible(&long.1[..4])
    })
}

/// A year at fixed positions of coded data: 100/9–12, 008/07–10. `19uu` is no year.
pub(super) fn coded_year(text: &str) -> Option<i16> {
    if text.len() == 4 && text.bytes().all(|b| b.is_ascii_digit()) { plausible(text) } else { None }
}

fn plausible(digits: &str) -> Option<i16> {
    digits.parse().ok().filter(|year| (FIRST..=LAST).contains(year))
}

fn republic(text: &str) -> Option<i16> {
    let rest = text.split("民国").nth(1).or_else(|| text.split("民國").nth(1))?;
    if rest.trim_start().starts_with('元') {
        return Some(1912);
    }
    let (position, digits) = digit_runs(rest).into_iter().next()?;
    let near = position <= 3;
    let n: i16 = digits.parse().ok().filter(|n| (1..=120).contains(n))?;
    near.then_some(1911 + n)
}

/// Runs of digits with the index of their first character; full-width digits count as digits.
fn digit_runs(text: &str) -> Vec<(usize, String)> {
    let mut runs: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (i, c) in text.chars().enumerate().take(80) {
        let narrow = match c {
            '０'..='９' => char::from_u32(c as u32 - 0xFF10 + 0x30).unwrap_or(c),
            other => other,
        };
        if narrow.is_ascii_digit() {
            if !open {
                runs.push((i, String::new()));
            }
            if let Some((_, run)) = runs.last_mut() {
                run.push(narrow);
            }
        }
        open = narrow.is_ascii_digit();
    }
    runs
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
